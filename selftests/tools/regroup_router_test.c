// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that a router merges and cuts again: each journey goes on with what is its
 * own, also when it is built anew, and a change is told once.
 */
#include "kselftest_harness.h"

#include "segments.h"

/* There are records of how segments are made. */
static bool tied;

static void forward_three(struct test *t, uint32_t wrong_in_one, uint32_t wrong_in_all,
			  unsigned int flow)
{
	struct hop hop = segments(0, 3, wrong_in_all);
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_rcv", segments(0, 3, 0));
	at(t, "ip_forward", hop);
	hop.flow = flow;
	at(t, "__dev_queue_xmit", hop);
	for (i = 0; tied && i < 3; i++)
		feed(t, HOP("skb_segment:return", .skb = SEGMENT_SKB(0), .ret = 0x1000 * (i + 1)));
	gone(t, SEGMENT_SKB(0));
	for (i = 0; i < 3; i++) {
		hop = segment_with(i, wrong_in_one ? wrong_in_one : wrong_in_all);
		hop.skb = 0x1000 * (i + 1);
		hop.flow = flow;
		at(t, "dev_hard_start_xmit", hop);
		receive(t, hop);
	}
	flush(t);
}

TEST_F(regroup, cut_again)
{
	struct test *t = &self->t;
	unsigned int i;

	forward_three(t, 0, 0, 7);
	EXPECT_ALL_INTACT(t, 3);
	/* The others went on with one segment, not with all. */
	for (i = 1; i < 3; i++)
		EXPECT_STREQ("ip_output veth_xmit napi_gro_receive napi_skb_free_stolen_head "
			     "ip_rcv ip_forward __dev_queue_xmit kfree_skbmem "
			     "dev_hard_start_xmit tcp_v4_rcv tcp_queue_rcv kfree_skbmem",
			     t->seen[i].hops);
}

TEST_F(regroup, cut_again_as_records_say)
{
	struct test *t = &self->t;
	unsigned int i;

	tied = true;
	forward_three(t, 0, 0, 9);
	EXPECT_ALL_INTACT(t, 3);
	for (i = 1; i < 3; i++)
		EXPECT_STREQ("tcp_queue_rcv", t->seen[i].end_point);
}

TEST_F(regroup, one_changed_when_cut_again_as_records_say)
{
	struct test *t = &self->t;

	tied = true;
	forward_three(t, WRONG(MSS + 5), 0, 7);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_CHANGED(t, 1, "__dev_queue_xmit", "dev_hard_start_xmit");
	EXPECT_INTACT(t, 2);
}

TEST_F(regroup, cut_again_and_address_translated)
{
	forward_three(&self->t, 0, 0, 9);
	EXPECT_ALL_INTACT(&self->t, 3);
}

/* Each segment of the carrier is rebuilt by XDP: what was merged goes on in it. */
static void rebuild_three(struct test *t, uint32_t wrong)
{
	struct hop hop;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "__dev_queue_xmit", segments(0, 3, 0));
	gone(t, SEGMENT_SKB(0));
	for (i = 0; i < 3; i++) {
		hop = SEGMENT(i);
		hop.skb = 0x1000 * (i + 1);
		at(t, "veth_xmit", hop);
		gone(t, hop.skb);
	}
	for (i = 0; i < 3; i++) {
		at(t, "napi_gro_receive", segment_with(i, wrong));
		receive(t, segment_with(i, wrong));
	}
	flush(t);
}

TEST_F(regroup, cut_again_and_built_anew)
{
	rebuild_three(&self->t, 0);
	EXPECT_ALL_INTACT(&self->t, 3);
}

TEST_F(regroup, changed_when_built_anew)
{
	struct test *t = &self->t;

	rebuild_three(t, WRONG(MSS + 1));
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_CHANGED(t, 1, "veth_xmit", "napi_gro_receive");
	EXPECT_INTACT(t, 2);
}

TEST_F(regroup, one_changed_when_cut_again)
{
	struct test *t = &self->t;

	forward_three(t, WRONG(MSS + 5), 0, 7);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_CHANGED(t, 1, "__dev_queue_xmit", "dev_hard_start_xmit");
	EXPECT_INTACT(t, 2);
}

/* The change is told once, not where the segments are compared again. */
TEST_F(regroup, all_changed_before_cut_again)
{
	struct test *t = &self->t;
	unsigned int i;

	forward_three(t, 0, WRONG(MSS + 5), 7);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < 3; i++)
		EXPECT_CHANGED(t, i, "ip_rcv", "ip_forward");
}

/* Two of the segments are of one journey: it goes on with both. */
TEST_F(regroup, the_second_of_two_changed_after_cut_again)
{
	struct test *t = &self->t;
	unsigned int i;

	at(t, "ip_output", SEGMENT(0));
	send_whole(t, 0x10, MSS, 2 * MSS);
	gone(t, 0x10);
	for (i = 1; i < 3; i++)
		at(t, "veth_xmit", SEGMENT(i));
	gro(t, 0, 3);
	at(t, "ip_forward", segments(0, 3, 0));
	gone(t, SEGMENT_SKB(0));
	for (i = 0; i < 3; i++) {
		struct hop hop = SEGMENT(i);

		hop.skb = 0x1000 * (i + 1);
		at(t, "dev_hard_start_xmit", hop);
		hop.wrong = WRONG(2 * MSS + 7);
		receive(t, hop);
	}
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_CHANGED(t, 1, "dev_hard_start_xmit", "tcp_v4_rcv");
}

TEST_F(regroup, cut_again_after_the_skb_was_used_again)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_forward", segments(0, 3, 0));
	gone(t, SEGMENT_SKB(0));
	/* Allocators give out what was freed last. */
	for (i = 0; i < 3; i++) {
		struct hop hop = SEGMENT(i);

		hop.skb = SEGMENT_SKB(2 - i);
		at(t, "veth_xmit", hop);
		receive(t, hop);
	}
	EXPECT_ALL_INTACT(t, 3);
}

TEST_HARNESS_MAIN
