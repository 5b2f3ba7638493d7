// SPDX-License-Identifier: GPL-2.0
/*
 * TCP's packets that are cut up: in any order, with one missing, sent again, translated,
 * not digested as a whole. A change is told at the hop where it was.
 */
#include "kselftest_harness.h"

#include "segments.h"

/* -- TCP, cut up -- */

static void cut_up(struct test *t, unsigned int step, unsigned int without, uint32_t wrong_from,
		   uint32_t wrong_later)
{
	unsigned int i, n;

	send_whole(t, 0x10, 0, SUPER);
	gone(t, 0x10);
	for (n = 0, i = 0; n < SEGMENTS; n++, i = (i + step) % SEGMENTS) {
		if (i == without)
			continue;
		at(t, "dev_hard_start_xmit", segment_with(i, wrong_from));
		at(t, "veth_xmit", segment_with(i, wrong_from ? wrong_from : wrong_later));
	}
	for (i = 0; i < SEGMENTS; i++)
		if (i != without)
			receive(t, segment_with(i, wrong_from ? wrong_from : wrong_later));
	flush(t);
}

TEST_F(regroup, cut_into_45)
{
	struct test *t = &self->t;

	cut_up(t, 1, SEGMENTS, 0, 0);
	EXPECT_ALL_INTACT(t, 1);
	/* What TCP keeps, the clone that travels, the segments. */
	EXPECT_EQ(SEGMENTS + 2, t->seen[0].nr_lives);
}

TEST_F(regroup, cut_and_sent_out_of_order)
{
	cut_up(&self->t, 7, SEGMENTS, 0, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, cut_across_the_end_of_the_sequence_numbers)
{
	sequence = 0 - 20 * MSS - 100;
	cut_up(&self->t, 7, SEGMENTS, 0, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, freed_when_all_segments_are_on_their_way)
{
	struct test *t = &self->t;
	unsigned int i;

	send_whole(t, 0x10, 0, SUPER);
	for (i = 0; i < SEGMENTS; i++)
		at(t, "dev_hard_start_xmit", SEGMENT(i));
	gone(t, 0x10);
	for (i = 0; i < SEGMENTS; i++)
		receive(t, SEGMENT(i));
	EXPECT_ALL_INTACT(t, 1);
}

TEST_F(regroup, changed_while_it_was_cut)
{
	struct test *t = &self->t;

	cut_up(t, 1, SEGMENTS, WRONG(20 * MSS + 3), 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "__dev_queue_xmit", "dev_hard_start_xmit");
}

TEST_F(regroup, changed_while_it_was_cut_out_of_order)
{
	struct test *t = &self->t;

	cut_up(t, 7, SEGMENTS, WRONG(SUPER - 1), 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "__dev_queue_xmit", "dev_hard_start_xmit");
}

TEST_F(regroup, a_segment_is_changed)
{
	struct test *t = &self->t;

	cut_up(t, 1, SEGMENTS, 0, WRONG(20 * MSS + 3));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "dev_hard_start_xmit", "veth_xmit");
}

TEST_F(regroup, a_segment_is_missing)
{
	struct test *t = &self->t;

	cut_up(t, 1, 30, 0, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
	EXPECT_STREQ("payload went from 65160 bytes at seq 1000 to 1448 bytes at seq 1000 at "
		     "dev_hard_start_xmit: not all of its parts were seen",
		     t->seen[0].verdict.why);
}

TEST_F(regroup, a_segment_is_missing_and_another_changed)
{
	struct test *t = &self->t;

	cut_up(t, 1, 30, 0, WRONG(20 * MSS));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "dev_hard_start_xmit", "veth_xmit");
}

TEST_F(regroup, cut_and_sent_again)
{
	struct test *t = &self->t;
	unsigned int i, round;

	for (round = 0; round < 2; round++) {
		send_whole(t, 0x10, 0, 3 * MSS);
		gone(t, 0x10);
		for (i = 0; i < 3; i++)
			at(t, "veth_xmit", SEGMENT(i));
		for (i = 0; i < 3; i++)
			if (round)
				receive(t, SEGMENT(i));
			else
				feed(t, HOP("kfree_skb", .skb = SEGMENT_SKB(i)));
		for (i = 0; i < 3; i++)
			gone(t, SEGMENT_SKB(i));
	}
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_INTACT, JOURNEY_DROPPED);
	EXPECT_INTACT(t, 1);
	EXPECT_TRUE(t->seen[1].retransmission);
	EXPECT_EQ(5, t->seen[1].nr_lives);
}

/* -- out of order, and sent again -- */

TEST_F(regroup, the_first_comes_last)
{
	struct test *t = &self->t;

	send_three(t);
	gro(t, 1, 2);
	at(t, "tcp_v4_rcv", segments(1, 2, 0));
	at(t, "tcp_try_rmem_schedule", segments(1, 2, 0));
	at(t, "napi_gro_receive", SEGMENT(0));
	receive(t, SEGMENT(0));
	gone(t, SEGMENT_SKB(1));
	EXPECT_ALL_INTACT(t, 3);
}

TEST_F(regroup, the_second_was_lost_and_sent_again)
{
	struct test *t = &self->t;
	struct hop again = SEGMENT(1);

	send_three(t);
	feed(t, HOP("kfree_skb", .skb = SEGMENT_SKB(1)));
	gone(t, SEGMENT_SKB(1));
	again.skb = 0x5000;
	again.ip_id = 4321;
	at(t, "ip_output", again);
	at(t, "napi_gro_receive", SEGMENT(0));
	at(t, "napi_gro_receive", again);
	feed(t, HOP("napi_skb_free_stolen_head", .skb = 0x5000));
	at(t, "napi_gro_receive", SEGMENT(2));
	feed(t, HOP("napi_skb_free_stolen_head", .skb = SEGMENT_SKB(2)));
	receive(t, segments(0, 3, 0));
	flush(t);
	ASSERT_EQ(4, t->nr_seen);
	EXPECT_INTACT(t, 0);
	EXPECT_SEEN(t, 1, VERDICT_INTACT, JOURNEY_DROPPED);
	EXPECT_INTACT(t, 2);
	EXPECT_INTACT(t, 3);
}

/* While the first is still under way elsewhere. */
TEST_F(regroup, sent_again_too_early)
{
	struct test *t = &self->t;
	struct hop first = SEGMENT(1), again = SEGMENT(1);

	first.netns = 1;
	at(t, "ip_output", first);
	again.skb = 0x5000;
	again.ip_id = 4321;
	again.netns = 2;
	at(t, "ip_output", again);
	at(t, "napi_gro_receive", again);
	gone(t, 0x5000);
	{
		struct hop zero = SEGMENT(0), merged = segments(0, 2, 0);

		zero.netns = merged.netns = 2;
		at(t, "napi_gro_receive", zero);
		receive(t, merged);
	}
	first.netns = 2;
	at(t, "tcp_v4_rcv", first);
	feed(t, HOP("kfree_skb_reason", .skb = first.skb, .reason = 30));
	gone(t, first.skb);
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_INTACT, JOURNEY_DROPPED);
	EXPECT_INTACT(t, 1);
	EXPECT_INTACT(t, 2);
}

/* What is sent again is cut elsewhere than it was. */
TEST_F(regroup, sent_again_with_other_boundaries)
{
	struct test *t = &self->t;
	unsigned int i;

	send_whole(t, 0x10, 0, 4 * MSS);
	gone(t, 0x10);
	for (i = 0; i < 4; i++)
		at(t, "veth_xmit", SEGMENT(i));
	at(t, "__tcp_transmit_skb", tcp(0x30, 700, 2 * MSS));
	feed(t, HOP("skb_clone:return", .skb = 0x30, .ret = 0x38));
	at(t, "ip_output", tcp(0x38, 700, 2 * MSS));
	gone(t, 0x38);
	at(t, "veth_xmit", tcp(0x40, 700, MSS));
	at(t, "veth_xmit", tcp(0x50, 700 + MSS, MSS));
	for (i = 0; i < 4; i++)
		receive(t, SEGMENT(i));
	receive(t, tcp(0x40, 700, MSS));
	receive(t, tcp(0x50, 700 + MSS, MSS));
	EXPECT_ALL_INTACT(t, 2);
}

/* -- NAT -- */

TEST_F(regroup, translated_before_and_after)
{
	struct test *t = &self->t;
	struct hop hop = tcp(0x10, 0, 3 * MSS);
	unsigned int i;

	at(t, "ip_output", hop);
	hop.flow = 9;
	at(t, "__dev_queue_xmit", hop);
	gone(t, 0x10);
	for (i = 0; i < 3; i++) {
		hop = SEGMENT(i);
		hop.flow = 9;
		at(t, "veth_xmit", hop);
		at(t, "napi_gro_receive", hop);
		if (i)
			gone(t, hop.skb);
	}
	hop = segments(0, 3, 0);
	hop.flow = 9;
	at(t, "ip_rcv", hop);
	hop.flow = 11;
	receive(t, hop);
	EXPECT_ALL_INTACT(t, 1);
}

/* -- not all is digested -- */

static void limited_digests(struct test *t, uint32_t digest_len)
{
	struct hop hop = tcp(0x10, 0, 3 * MSS);
	unsigned int i;

	hop.digest_len = digest_len;
	hop.no_digest = !digest_len;
	if (digest_len)
		hop.flags |= SKBTRACE_F_DIGEST_MAX;
	at(t, "ip_output", hop);
	gone(t, 0x10);
	for (i = 0; i < 3; i++) {
		hop.bytes.from = i * MSS;
		hop.bytes.len = MSS;
		hop.seq = sequence + i * MSS;
		hop.skb = SEGMENT_SKB(i);
		hop.gso_size = 0;
		at(t, "veth_xmit", hop);
		at(t, "napi_gro_receive", hop);
		if (i)
			gone(t, hop.skb);
	}
	hop.bytes.from = 0;
	hop.bytes.len = 3 * MSS;
	hop.seq = sequence;
	hop.skb = SEGMENT_SKB(0);
	receive(t, hop);
	flush(t);
}

TEST_F(regroup, digest_max)
{
	struct test *t = &self->t;

	limited_digests(t, 64);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
	EXPECT_STREQ("digest_max: only the first 64 of 4344 bytes were compared",
		     t->seen[0].verdict.why);
}

TEST_F(regroup, digest_0)
{
	struct test *t = &self->t;

	limited_digests(t, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
	EXPECT_STREQ("its payload was not digested (digest=0?)", t->seen[0].verdict.why);
}

/*
 * Of a socket whose device is not followed: the whole is first seen where it leaves the
 * host, in clear of what changed it before. TCP sends one segment again, which something
 * else changes before it is seen; later nothing does, or does.
 */
static void sent_again_unseen(struct test *t, bool cut, uint32_t wrong)
{
	struct hop whole = tcp(0x10, 0, 3 * MSS), again = SEGMENT(1);
	unsigned int i;

	whole.dev = again.dev = "r0";
	at(t, "__dev_queue_xmit", whole);
	for (i = 0; cut && i < 3; i++)
		feed(t, HOP("skb_segment:return", .skb = 0x10, .ret = SEGMENT_SKB(i)));
	if (cut)
		gone(t, 0x10);
	for (i = 0; cut && i < 3; i++) {
		at(t, "dev_hard_start_xmit", SEGMENT(i));
		receive(t, SEGMENT(i));
	}
	again.skb = 0x20;
	again.wrong = WRONG(MSS + 5);
	at(t, "__dev_queue_xmit", again);
	again.wrong = wrong;
	at(t, "dev_hard_start_xmit", again);
	receive(t, again);
	if (!cut)
		receive(t, whole);
	flush(t);
}

/* netem doubles it, and what both were cut into is alike. */
static void doubled_and_cut(struct test *t, uint32_t wrong)
{
	unsigned int i, twice;

	at(t, "__dev_queue_xmit", tcp(0x10, 0, 3 * MSS));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x20));
	for (twice = 0; twice < 2; twice++) {
		const uint64_t whole = twice ? 0x10 : 0x20;

		for (i = 0; i < 3; i++)
			feed(t, HOP("skb_segment:return", .skb = whole,
				    .ret = SEGMENT_SKB(i + 3 * twice)));
		gone(t, whole);
	}
	for (i = 0; i < 6; i++) {
		struct hop hop = segment_with(i % 3, wrong);

		hop.skb = SEGMENT_SKB(i);
		at(t, "dev_hard_start_xmit", hop);
		receive(t, hop);
	}
	flush(t);
}

TEST_F(regroup, doubled_and_cut)
{
	doubled_and_cut(&self->t, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, doubled_and_changed_when_cut)
{
	struct test *t = &self->t;

	doubled_and_cut(t, WRONG(MSS + 5));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_CHANGED, JOURNEY_DELIVERED);
	EXPECT_STREQ("__dev_queue_xmit", t->seen[0].after);
	EXPECT_STREQ("dev_hard_start_xmit", t->seen[0].before);
}

FIXTURE(again)
{
	struct test t;
};

FIXTURE_VARIANT(again)
{
	bool cut;
};

FIXTURE_VARIANT_ADD(again, cut) { true };
FIXTURE_VARIANT_ADD(again, under_way) { false };

FIXTURE_SETUP(again)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(again)
{
	test_end(&self->t);
}

TEST_F(again, and_not_changed_since)
{
	sent_again_unseen(&self->t, variant->cut, WRONG(MSS + 5));
	EXPECT_ALL_INTACT(&self->t, 2);
}

TEST_F(again, and_changed)
{
	struct test *t = &self->t;

	sent_again_unseen(t, variant->cut, WRONG(MSS + 6));
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_INTACT(t, 0);
	EXPECT_CHANGED(t, 1, "__dev_queue_xmit", "dev_hard_start_xmit");
}

TEST_HARNESS_MAIN
