// SPDX-License-Identifier: GPL-2.0
/*
 * TCP's packets that are put together: several journeys, or parts of one, in the skb that
 * carries them; what becomes of the skbs that were merged, and when one is closed first.
 */
#include "kselftest_harness.h"

#include "segments.h"

/* -- TCP, put together again -- */

static void cut_and_merge(struct test *t, unsigned int nr_first, uint32_t wrong_merged,
			  uint32_t wrong_later)
{
	const unsigned int nr[] = { nr_first, SEGMENTS - nr_first };
	unsigned int i, n;

	send_whole(t, 0x10, 0, SUPER);
	gone(t, 0x10);
	for (i = 0; i < SEGMENTS; i++)
		at(t, "veth_xmit", SEGMENT(i));
	for (i = 0, n = 0; n < 2 && nr[n]; i += nr[n++]) {
		gro(t, i, nr[n]);
		at(t, "__netif_receive_skb_core", segments(i, nr[n], wrong_merged));
		at(t, "ip_rcv", segments(i, nr[n], wrong_merged ? wrong_merged : wrong_later));
		receive(t, segments(i, nr[n], wrong_merged ? wrong_merged : wrong_later));
	}
	flush(t);
}

TEST_F(regroup, merged_again_by_gro)
{
	cut_and_merge(&self->t, SEGMENTS, 0, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, merged_again_otherwise)
{
	cut_and_merge(&self->t, 17, 0, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, merged_again_across_the_end_of_the_sequence_numbers)
{
	sequence = 0 - 3 * MSS;
	cut_and_merge(&self->t, 17, 0, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, changed_at_the_merge)
{
	struct test *t = &self->t;

	cut_and_merge(t, 17, WRONG(30 * MSS), 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "napi_gro_receive", "__netif_receive_skb_core");
}

TEST_F(regroup, changed_after_the_merge)
{
	struct test *t = &self->t;

	cut_and_merge(t, 17, 0, WRONG(5 * MSS));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "__netif_receive_skb_core", "ip_rcv");
}

TEST_F(regroup, three_journeys_in_one_skb)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "__netif_receive_skb_core", segments(0, 3, 0));
	at(t, "ip_rcv", segments(0, 3, 0));
	receive(t, segments(0, 3, 0));
	EXPECT_ALL_INTACT(t, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_STREQ("tcp_queue_rcv", t->seen[i].end_point);
		EXPECT_EQ(0, strncmp("ip_output veth_xmit napi_gro_receive", t->seen[i].hops, 36));
		EXPECT_TRUE(strstr(t->seen[i].hops, "__netif_receive_skb_core ip_rcv tcp_v4_rcv "
				   "tcp_queue_rcv")) {
			TH_LOG("%s", t->seen[i].hops);
		}
	}
}

/* Long before the flush: they are over with the skb that carries them. */
TEST_F(regroup, the_carried_are_complete_with_their_carrier)
{
	struct test *t = &self->t;

	send_three(t);
	gro(t, 0, 3);
	receive(t, segments(0, 3, 0));
	journey_advance(t->engine, t->ts + 20 * MSEC);
	EXPECT_EQ(3, t->nr_seen);
}

/* Where the records end, with the carrier under way. */
TEST_F(regroup, the_carried_are_told_of_with_their_carrier)
{
	struct test *t = &self->t;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_rcv", segments(0, 3, 0));
	flush(t);
	EXPECT_EQ(3, t->nr_seen);
}

/* What was seen last of a part is less than the part, and less than it had been. */
TEST_F(regroup, a_part_is_truncated_before_the_merge)
{
	struct test *t = &self->t;
	struct hop hop = tcp(SEGMENT_SKB(1), MSS, MSS - 100);
	unsigned int i;

	send_three(t);
	hop.flags = SKBTRACE_F_TRUNCATED;
	at(t, "br_handle_frame", hop);
	at(t, "ip_rcv", segments(0, 3, 0));
	receive(t, segments(0, 3, 0));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < t->nr_seen; i++)
		EXPECT_EQ(i == 1 ? VERDICT_CHANGED : VERDICT_UNVERIFIED,
			  t->seen[i].verdict.payload) {
			TH_LOG("%u: %s", i, t->seen[i].verdict.why);
		}
	EXPECT_EQ(VERDICT_TRUNCATED, t->seen[1].verdict.changes[0].how);
}

TEST_F(regroup, three_journeys_changed_at_the_merge)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_rcv", segments(0, 3, WRONG(2 * MSS)));
	receive(t, segments(0, 3, WRONG(2 * MSS)));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < 3; i++)
		EXPECT_CHANGED(t, i, "napi_gro_receive", "ip_rcv");
}

TEST_F(regroup, three_journeys_changed_after_the_merge)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "__netif_receive_skb_core", segments(0, 3, 0));
	at(t, "ip_rcv", segments(0, 3, WRONG(MSS)));
	receive(t, segments(0, 3, WRONG(MSS)));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < 3; i++)
		EXPECT_CHANGED(t, i, "__netif_receive_skb_core", "ip_rcv");
}

TEST_F(regroup, only_one_of_three_is_changed_before_the_merge)
{
	struct test *t = &self->t;
	const uint32_t wrong = WRONG(MSS + 1);
	unsigned int i;

	send_three(t);
	for (i = 0; i < 3; i++) {
		at(t, "napi_gro_receive", segment_with(i, wrong));
		if (i)
			feed(t, HOP("napi_skb_free_stolen_head", .skb = SEGMENT_SKB(i)));
	}
	at(t, "ip_rcv", segments(0, 3, wrong));
	receive(t, segments(0, 3, wrong));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_INTACT(t, 0);
	EXPECT_CHANGED(t, 1, "veth_xmit", "napi_gro_receive");
	EXPECT_INTACT(t, 2);
}

TEST_F(regroup, the_carrier_is_dropped)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_rcv", segments(0, 3, 0));
	feed(t, HOP("kfree_skb_reason", .skb = SEGMENT_SKB(0), .reason = REASON_NETFILTER));
	gone(t, SEGMENT_SKB(0));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < 3; i++) {
		EXPECT_SEEN(t, i, VERDICT_INTACT, JOURNEY_DROPPED);
		EXPECT_STREQ("kfree_skb_reason", t->seen[i].end_point);
	}
}

/* As TCP does with its backlog: the skbs have arrived at it one by one. */
TEST_F(regroup, merged_in_the_backlog)
{
	struct test *t = &self->t;
	unsigned int i;

	send_three(t);
	for (i = 0; i < 3; i++) {
		at(t, "tcp_v4_rcv", SEGMENT(i));
		if (i)
			feed(t, HOP("kfree_skb_partial", .skb = SEGMENT_SKB(i)));
	}
	at(t, "tcp_queue_rcv", segments(0, 3, 0));
	gone(t, SEGMENT_SKB(0));
	EXPECT_ALL_INTACT(t, 3);
}

TEST_F(regroup, merged_in_steps)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 6; i++)
		at(t, "veth_xmit", SEGMENT(i));
	for (i = 0; i < 6; i += 2) {
		gro(t, i, 2);
		at(t, "ip_rcv", segments(i, 2, 0));
		at(t, "tcp_v4_rcv", segments(i, 2, 0));
	}
	for (i = 2; i < 6; i += 2)
		feed(t, HOP("kfree_skb_partial", .skb = SEGMENT_SKB(i)));
	at(t, "tcp_queue_rcv", segments(0, 6, 0));
	gone(t, SEGMENT_SKB(0));
	EXPECT_ALL_INTACT(t, 6);
}

/* Of two packets that were cut up, what comes last of one and first of the other. */
TEST_F(regroup, merged_across_two_packets_that_were_cut)
{
	struct test *t = &self->t;
	unsigned int i;

	send_whole(t, 0x10, 0, 4 * MSS);
	gone(t, 0x10);
	for (i = 0; i < 4; i++)
		at(t, "veth_xmit", SEGMENT(i));
	send_whole(t, 0x20, 4 * MSS, 4 * MSS);
	gone(t, 0x20);
	for (i = 4; i < 8; i++)
		at(t, "veth_xmit", SEGMENT(i));
	gro(t, 0, 6);
	at(t, "ip_rcv", segments(0, 6, 0));
	receive(t, segments(0, 6, 0));
	gro(t, 6, 2);
	at(t, "ip_rcv", segments(6, 2, 0));
	receive(t, segments(6, 2, 0));
	EXPECT_ALL_INTACT(t, 2);
	/* Two of its segments are in one skb: its hops are to be told once. */
	EXPECT_STREQ("__tcp_transmit_skb skb_clone:return ip_queue_xmit ip_output "
		     "__dev_queue_xmit kfree_skbmem veth_xmit veth_xmit veth_xmit veth_xmit "
		     "napi_gro_receive napi_skb_free_stolen_head "
		     "napi_gro_receive napi_skb_free_stolen_head "
		     "ip_rcv tcp_v4_rcv tcp_queue_rcv kfree_skbmem "
		     "napi_gro_receive napi_gro_receive napi_skb_free_stolen_head "
		     "ip_rcv tcp_v4_rcv tcp_queue_rcv kfree_skbmem", t->seen[1].hops);
}

TEST_F(regroup, changed_after_a_merge_across_two_packets)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 8; i += 4) {
		send_whole(t, 0x10, i * MSS, 4 * MSS);
		gone(t, 0x10);
		gro(t, i, 4);
	}
	at(t, "ip_rcv", segments(0, 8, 0));
	receive(t, segments(0, 8, WRONG(5 * MSS)));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_CHANGED(t, 0, "ip_rcv", "tcp_v4_rcv");
	EXPECT_CHANGED(t, 1, "ip_rcv", "tcp_v4_rcv");
}

/* -- what becomes of the skbs that were merged into another -- */

FIXTURE(part)
{
	struct test t;
};

FIXTURE_VARIANT(part)
{
	bool freed_first, freed_later, used_before, used_after;
};

FIXTURE_VARIANT_ADD(part, freed_before) { .freed_first = true };
FIXTURE_VARIANT_ADD(part, freed_after) { .freed_later = true };
FIXTURE_VARIANT_ADD(part, never_freed) { };
FIXTURE_VARIANT_ADD(part, used_again_at_once) { .freed_first = true, .used_before = true };
FIXTURE_VARIANT_ADD(part, used_again_unseen) { .used_before = true };
FIXTURE_VARIANT_ADD(part, used_again_later) { .freed_first = true, .used_after = true };
FIXTURE_VARIANT_ADD(part, used_again_later_unseen) { .used_after = true };

FIXTURE_SETUP(part)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(part)
{
	test_end(&self->t);
}

TEST_F(part, becomes_of_it)
{
	struct test *t = &self->t;
	const uint64_t skb = SEGMENT_SKB(1);

	at(t, "ip_output", SEGMENT(0));
	at(t, "ip_output", SEGMENT(1));
	at(t, "napi_gro_receive", SEGMENT(0));
	at(t, "napi_gro_receive", SEGMENT(1));
	if (variant->freed_first)
		gone(t, skb);
	if (variant->used_before) {
		feed(t, HOP("ip_send_skb", .skb = skb, .ip_id = 99));
		feed(t, HOP("__udp_enqueue_schedule_skb", .skb = skb, .ip_id = 99));
	}
	at(t, "ip_rcv", segments(0, 2, 0));
	if (variant->used_after) {
		feed(t, HOP("ip_send_skb", .skb = skb, .ip_id = 99));
		feed(t, HOP("__udp_enqueue_schedule_skb", .skb = skb, .ip_id = 99));
	}
	at(t, "tcp_v4_rcv", segments(0, 2, 0));
	at(t, "tcp_queue_rcv", segments(0, 2, 0));
	gone(t, SEGMENT_SKB(0));
	if (variant->freed_later)
		gone(t, skb);
	EXPECT_ALL_INTACT(t, variant->used_before || variant->used_after ? 3 : 2);
	EXPECT_STREQ("tcp_queue_rcv", t->seen[1].end_point);
	/* Of another skb: not in this one's journey. */
	EXPECT_EQ(NULL, strstr(t->seen[1].hops, "udp"));
}

/* Each segment that is merged frees the skb that the next one gets. */
TEST_F(regroup, one_skb_for_all_that_is_merged)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct hop hop = SEGMENT(i);

		hop.skb = i ? 0x20 : 0x10;
		at(t, "veth_xmit", hop);
		at(t, "napi_gro_receive", hop);
		if (i)
			feed(t, HOP("napi_skb_free_stolen_head", .skb = 0x20));
	}
	at(t, "ip_rcv", tcp(0x10, 0, 10 * MSS));
	receive(t, tcp(0x10, 0, 10 * MSS));
	EXPECT_ALL_INTACT(t, 10);
}

/* A skb on a list of fragments is looked at again when the list is cut. */
TEST_F(regroup, taken_apart_again)
{
	struct test *t = &self->t;

	at(t, "veth_xmit", SEGMENT(0));
	at(t, "veth_xmit", SEGMENT(1));
	at(t, "ip_rcv", segments(0, 2, 0));
	at(t, "ip_forward", segments(0, 2, 0));
	at(t, "ip_finish_output2", SEGMENT(0));
	at(t, "ip_finish_output2", SEGMENT(1));
	receive(t, SEGMENT(0));
	receive(t, SEGMENT(1));
	EXPECT_ALL_INTACT(t, 2);
}

/* -- limits -- */

TEST_F(regroup, the_carrier_goes_round_and_round)
{
	const struct journey_config config = { 64, 1 << 14, 32, 10 * SEC };
	struct test t;
	unsigned int i;

	test_begin_with(&t, &config);
	send_three(&t);
	gro(&t, 0, 3);
	for (i = 0; i < 100; i++)
		at(&t, "br_handle_frame", segments(0, 3, 0));
	flush(&t);
	ASSERT_LE(3, t.nr_seen);
	for (i = 0; i < t.nr_seen; i++) {
		EXPECT_GE(32, t.seen[i].nr_hops);
		EXPECT_EQ(0, t.seen[i].verdict.nr_changes);
	}
	/* That they are not followed to their end is said. */
	for (i = 0; i < 3; i++)
		EXPECT_EQ(VERDICT_UNVERIFIED, t.seen[i].verdict.payload);
	test_end(&t);
}

TEST_F(regroup, the_carrier_is_closed_first)
{
	struct test *t = &self->t;

	send_three(t);
	gro(t, 0, 3);
	at(t, "ip_rcv", segments(0, 3, 0));
	t->ts += 11 * SEC;
	journey_advance(t->engine, t->ts);
	journey_advance(t->engine, t->ts);
	EXPECT_EQ(3, t->nr_seen);
	/* Their skbs are known no more; nothing is added to what is given away. */
	receive(t, segments(0, 3, 0));
	gone(t, SEGMENT_SKB(1));
	flush(t);
	EXPECT_EQ(4, t->nr_seen);
}

TEST_F(regroup, the_carried_is_closed_first)
{
	const struct journey_config config = { 3, 1 << 14, 1 << 12, 10 * SEC };
	struct test t;
	uint64_t i;

	test_begin_with(&t, &config);
	for (i = 1; i < 4; i++)
		at(&t, "ip_output", SEGMENT(i));
	at(&t, "ip_rcv", segments(1, 3, 0));
	feed(&t, HOP("ip_send_skb", .skb = 0x10, .ip_id = 1));
	feed(&t, HOP("ip_send_skb", .skb = 0x20, .ip_id = 2));
	receive(&t, segments(1, 3, 0));
	flush(&t);
	EXPECT_LE(5, t.nr_seen);
	test_end(&t);
}

TEST_HARNESS_MAIN
