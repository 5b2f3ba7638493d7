/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that are cut into several and put together, with digests of real
 * bytes: what was not changed is never called so, what was is at the right hop.
 */
#include "kselftest_harness.h"

#include "hops.h"

#define MSS		1448
#define SEGMENTS	45
#define SUPER		(SEGMENTS * MSS)

FIXTURE(regroup)
{
	struct test t;
};

FIXTURE_SETUP(regroup)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(regroup)
{
	test_end(&self->t);
}

/* Of the first byte; the tests are processes of their own. */
static uint32_t sequence = 1000;

static struct hop tcp(uint64_t skb, uint32_t from, uint32_t len)
{
	return HOP(.skb = skb, .l4proto = IPPROTO_TCP, .flow = 7, .seq = sequence + from,
		   .ip_id = 1 + from % 65535, .bytes = { from, len },
		   .gso_size = len > MSS ? MSS : 0);
}

static void at(struct test *t, const char *point, struct hop hop)
{
	hop.point = point;
	feed(t, hop);
}

static void gone(struct test *t, uint64_t skb)
{
	feed(t, HOP("kfree_skbmem", .skb = skb));
}

/* From the socket to the device, as a clone of what TCP keeps. */
static void send_whole(struct test *t, uint64_t skb, uint32_t from, uint32_t len)
{
	const uint64_t original = skb + 8;

	at(t, "__tcp_transmit_skb", tcp(original, from, len));
	feed(t, HOP("skb_clone:return", .skb = original, .ret = skb));
	at(t, "ip_queue_xmit", tcp(skb, from, len));
	at(t, "ip_output", tcp(skb, from, len));
	at(t, "__dev_queue_xmit", tcp(skb, from, len));
}

static void receive(struct test *t, struct hop hop)
{
	at(t, "tcp_v4_rcv", hop);
	at(t, "tcp_queue_rcv", hop);
	gone(t, hop.skb);
}

/* The segment of that number; those of the first packet come first. */
#define SEGMENT_SKB(i)	(0x100000 + 0x100 * (uint64_t)(i))
#define SEGMENT(i)	tcp(SEGMENT_SKB(i), (i) * MSS, MSS)

static struct hop segment_with(unsigned int i, uint32_t wrong)
{
	struct hop hop = SEGMENT(i);

	hop.wrong = wrong;
	return hop;
}

/* A packet of @nr segments at once, as GSO sends and GRO receives it. */
static struct hop segments(unsigned int i, unsigned int nr, uint32_t wrong)
{
	struct hop hop = tcp(SEGMENT_SKB(i), i * MSS, nr * MSS);

	hop.wrong = wrong;
	return hop;
}

#define EXPECT_SEEN(t, i, _payload, _end) do {					\
	const struct seen *s_ = &(t)->seen[i];					\
										\
	EXPECT_EQ(_payload, s_->verdict.payload) {				\
		TH_LOG("journey %u: %s: %s", (unsigned int)(i), s_->verdict.why, s_->hops); \
	}									\
	EXPECT_EQ(_end, s_->end) {						\
		TH_LOG("journey %u ended at %s: %s", (unsigned int)(i), s_->end_point, s_->hops); \
	}									\
} while (0)

#define EXPECT_INTACT(t, i)	EXPECT_SEEN(t, i, VERDICT_INTACT, JOURNEY_DELIVERED)

#define EXPECT_ALL_INTACT(t, nr) do {						\
	unsigned int i_;							\
										\
	flush(t);								\
	ASSERT_EQ(nr, (t)->nr_seen);						\
	for (i_ = 0; i_ < (nr); i_++)						\
		EXPECT_INTACT(t, i_);						\
} while (0)

#define EXPECT_CHANGED(t, i, _after, _before) do {				\
	const struct seen *c_ = &(t)->seen[i];					\
										\
	EXPECT_SEEN(t, i, VERDICT_CHANGED, JOURNEY_DELIVERED);			\
	EXPECT_EQ(1, c_->verdict.nr_changes) {					\
		TH_LOG("journey %u: %s", (unsigned int)(i), c_->verdict.why);	\
	}									\
	EXPECT_STREQ(_after, c_->after);					\
	EXPECT_STREQ(_before, c_->before);					\
} while (0)

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

/* -- TCP, put together again -- */

/* Segments [first, first + nr) as GRO takes them; all but the first are freed. */
static void gro(struct test *t, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		at(t, "napi_gro_receive", SEGMENT(i));
		if (i > first)
			feed(t, HOP("napi_skb_free_stolen_head", .skb = SEGMENT_SKB(i)));
	}
}

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

/* Three packets of their own; @i is the first of theirs that is merged. */
static void send_three(struct test *t)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		at(t, "ip_output", SEGMENT(i));
		at(t, "veth_xmit", SEGMENT(i));
	}
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

/* What was seen last of a part is less than the part; what it was before is not known. */
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
	ASSERT_LE(1, t->nr_seen);
	for (i = 0; i < t->nr_seen; i++)
		EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[i].verdict.payload);
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

/* -- a router: merged, and cut again -- */

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

/* -- IP fragments -- */

#define FRAGMENT	1480
#define DATAGRAM	4000		/* payload: three fragments, with UDP's header */
#define DATAGRAM_SKB(id) (0x1000 * (uint64_t)(id))
#define FRAGMENT_SKB(id, i) (DATAGRAM_SKB(id) + 0x100 * ((i) + 1))

struct ip {
	unsigned int protocol;
	const char *send, *output, *finish, *rcv, *deliver, *udp;
};

static const struct ip ipv4 = {
	ETH_P_IP, "ip_send_skb", "ip_output", "ip_finish_output2", "ip_rcv", "ip_local_deliver",
	"udp_rcv"
};

static const struct ip ipv6 = {
	ETH_P_IPV6, "ip6_send_skb", "ip6_output", "ip6_finish_output2", "ipv6_rcv", "ip6_input",
	"udpv6_rcv"
};

/* The datagram of that number; each has bytes of its own. */
static struct hop datagram(const struct ip *ip, uint64_t skb, uint32_t id)
{
	return HOP(.skb = skb, .protocol = ip->protocol, .ip_id = ip == &ipv6 ? 0 : id,
		   .bytes = { DATAGRAM * (id % 8), DATAGRAM });
}

/* Its fragment number 0, 1 or 2. */
static struct hop fragment(const struct ip *ip, uint32_t id, unsigned int i)
{
	struct hop hop = datagram(ip, FRAGMENT_SKB(id, i), id);

	hop.ip_id = id;
	hop.flags = SKBTRACE_F_FRAGMENT;
	hop.frag_off = i * FRAGMENT;
	hop.bytes.from += i ? i * FRAGMENT - 8 : 0;
	hop.bytes.len = !i ? FRAGMENT - 8 : i == 1 ? FRAGMENT : DATAGRAM + 8 - 2 * FRAGMENT;
	return hop;
}

/* Which datagram is sent on a second CPU. */
static uint32_t on_cpu_1;

static unsigned int cpu_of(uint32_t id)
{
	return id == on_cpu_1;
}

static void send_datagram(struct test *t, const struct ip *ip, uint32_t id)
{
	struct hop hop = datagram(ip, DATAGRAM_SKB(id), id);

	hop.cpu = cpu_of(id);
	at(t, ip->send, hop);
	at(t, ip->output, hop);
}

static void send_fragment(struct test *t, const struct ip *ip, uint32_t id, unsigned int i,
			  uint32_t wrong)
{
	struct hop hop = fragment(ip, id, i);

	hop.wrong = wrong;
	hop.cpu = cpu_of(id);
	at(t, ip->finish, hop);
	at(t, "veth_xmit", hop);
	at(t, ip->rcv, hop);
}

/* Fragments 0, 1 and 2 in that order; @into is the one whose skb has all then. */
static void reassemble(struct test *t, const struct ip *ip, uint32_t id,
		       const unsigned int *order, unsigned int into, uint32_t wrong)
{
	struct hop hop = datagram(ip, FRAGMENT_SKB(id, into), id), part;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		part = fragment(ip, id, order[i]);
		part.wrong = wrong;
		at(t, ip->deliver, part);
	}
	hop.wrong = wrong;
	at(t, ip->udp, hop);
	at(t, "__udp_enqueue_schedule_skb", hop);
	for (i = 0; i < 3; i++)
		gone(t, FRAGMENT_SKB(id, i));
}

static const unsigned int in_order[] = { 0, 1, 2 };

FIXTURE(fragments)
{
	struct test t;
};

FIXTURE_VARIANT(fragments)
{
	const struct ip *ip;
};

FIXTURE_VARIANT_ADD(fragments, ipv4) { &ipv4 };
FIXTURE_VARIANT_ADD(fragments, ipv6) { &ipv6 };

FIXTURE_SETUP(fragments)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(fragments)
{
	test_end(&self->t);
}

TEST_F(fragments, in_any_order)
{
	static const unsigned int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct test *t = &self->t;
	unsigned int sent, rcvd, last, i, id = 0;

	for (sent = 0; sent < 6; sent++)
		for (rcvd = 0; rcvd < 6; rcvd++)
			for (last = 0; last < 2; last++) {
				id++;
				t->nr_seen = 0;
				send_datagram(t, variant->ip, id);
				for (i = 0; i < 3; i++)
					send_fragment(t, variant->ip, id, orders[sent][i], 0);
				gone(t, DATAGRAM_SKB(id));
				/* The first, or the one that came last. */
				reassemble(t, variant->ip, id, orders[rcvd],
					   last ? orders[rcvd][2] : 0, 0);
				flush(t);
				ASSERT_EQ(1, t->nr_seen) {
					TH_LOG("sent %u rcvd %u into %u", sent, rcvd, last);
				}
				EXPECT_INTACT(t, 0);
				EXPECT_EQ(4, t->seen[0].nr_lives);
			}
}

/* The whole's own skb becomes the first fragment. */
TEST_F(fragments, cut_in_place)
{
	struct test *t = &self->t;
	struct hop first = fragment(variant->ip, 5, 0);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	first.skb = DATAGRAM_SKB(5);
	at(t, variant->ip->finish, first);
	at(t, variant->ip->deliver, first);
	for (i = 1; i < 3; i++) {
		send_fragment(t, variant->ip, 5, i, 0);
		at(t, variant->ip->deliver, fragment(variant->ip, 5, i));
		gone(t, FRAGMENT_SKB(5, i));
	}
	at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(5), 5));
	gone(t, DATAGRAM_SKB(5));
	EXPECT_ALL_INTACT(t, 1);
	EXPECT_EQ(3, t->seen[0].nr_lives);
}

/* Another datagram is seen before the second fragment; that is not its own. */
TEST_F(fragments, cut_in_place_while_another_is_sent)
{
	struct test *t = &self->t;
	struct hop first = fragment(variant->ip, 5, 0);
	unsigned int id, i;

	send_datagram(t, variant->ip, 5);
	first.skb = DATAGRAM_SKB(5);
	at(t, variant->ip->finish, first);
	send_datagram(t, variant->ip, 6);
	for (i = 1; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	first.skb = DATAGRAM_SKB(6);
	first.ip_id = 6;
	first.bytes = fragment(variant->ip, 6, 0).bytes;
	at(t, variant->ip->finish, first);
	for (i = 1; i < 3; i++)
		send_fragment(t, variant->ip, 6, i, 0);
	for (id = 5; id < 7; id++) {
		at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(id), id));
		gone(t, DATAGRAM_SKB(id));
		gone(t, FRAGMENT_SKB(id, 1));
		gone(t, FRAGMENT_SKB(id, 2));
	}
	EXPECT_ALL_INTACT(t, 2);
	EXPECT_EQ(3, t->seen[0].nr_lives);
	EXPECT_EQ(3, t->seen[1].nr_lives);
}

/*
 * A bridge that listens itself (somebody runs tcpdump) sends a clone on and drops its
 * own: the first fragment, which had been the whole, before the second is seen.
 */
TEST_F(fragments, cut_in_place_and_dropped_by_a_bridge)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++) {
		uint64_t skb = i ? FRAGMENT_SKB(5, i) : DATAGRAM_SKB(5);
		struct hop hop = fragment(variant->ip, 5, i);

		hop.skb = skb;
		at(t, variant->ip->finish, hop);
		at(t, "br_handle_frame_finish", hop);
		feed(t, HOP("skb_clone:return", .skb = skb, .ret = skb + 8));
		hop.skb = skb + 8;
		at(t, "__br_forward", hop);
		hop.skb = skb;
		at(t, variant->ip->rcv, hop);
		feed(t, HOP("kfree_skb", .skb = skb, .reason = REASON_OTHERHOST));
		gone(t, skb);
		hop.skb = skb + 8;
		at(t, variant->ip->rcv, hop);
		at(t, variant->ip->deliver, hop);
		if (i)
			gone(t, skb + 8);
	}
	at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(5) + 8, 5));
	gone(t, DATAGRAM_SKB(5) + 8);
	EXPECT_ALL_INTACT(t, 1);
}

TEST_F(fragments, changed_while_it_was_cut)
{
	struct test *t = &self->t;
	const uint32_t wrong = WRONG(5 * DATAGRAM + 2000);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, wrong);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, variant->ip, 5, in_order, 0, wrong);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->output, variant->ip->finish);
}

TEST_F(fragments, changed_in_a_fragment)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, variant->ip, 5, in_order, 2, WRONG(5 * DATAGRAM + 2000));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->rcv, variant->ip->deliver);
}

TEST_F(fragments, changed_when_reassembled)
{
	struct test *t = &self->t;
	struct hop hop = datagram(variant->ip, FRAGMENT_SKB(5, 2), 5);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	hop.wrong = WRONG(5 * DATAGRAM);
	at(t, "__udp_enqueue_schedule_skb", hop);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->rcv, "__udp_enqueue_schedule_skb");
}

/* One is dropped, so the others are given up. */
TEST_F(fragments, one_is_dropped)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	feed(t, HOP("kfree_skb", .skb = FRAGMENT_SKB(5, 1)));
	gone(t, FRAGMENT_SKB(5, 1));
	for (i = 0; i < 3; i += 2) {
		at(t, variant->ip->deliver, fragment(variant->ip, 5, i));
		feed(t, HOP("kfree_skb", .skb = FRAGMENT_SKB(5, i)));
		gone(t, FRAGMENT_SKB(5, i));
	}
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_INTACT, JOURNEY_DROPPED);
}

TEST_F(fragments, one_is_missing)
{
	struct test *t = &self->t;

	send_datagram(t, variant->ip, 5);
	send_fragment(t, variant->ip, 5, 0, 0);
	send_fragment(t, variant->ip, 5, 2, 0);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_OPEN);
	EXPECT_TRUE(strstr(t->seen[0].verdict.why, "not all of its parts were seen")) {
		TH_LOG("%s", t->seen[0].verdict.why);
	}
}

/* Only the receiving end is in sight. */
TEST_F(fragments, from_elsewhere)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 3; i++)
		at(t, variant->ip->rcv, fragment(variant->ip, 5, i));
	reassemble(t, variant->ip, 5, in_order, 2, 0);
	EXPECT_ALL_INTACT(t, 3);
}

/* One after the other, but on their way at the same time. */
TEST_F(fragments, of_two_datagrams_on_their_way)
{
	struct test *t = &self->t;
	unsigned int id, i;

	for (id = 5; id < 7; id++) {
		send_datagram(t, variant->ip, id);
		for (i = 0; i < 3; i++)
			send_fragment(t, variant->ip, id, i, 0);
		gone(t, DATAGRAM_SKB(id));
	}
	for (id = 5; id < 7; id++)
		reassemble(t, variant->ip, id, in_order, 0, 0);
	EXPECT_ALL_INTACT(t, 2);
}

static void interleave(struct test *t, const struct ip *ip)
{
	unsigned int id, i;

	send_datagram(t, ip, 5);
	send_datagram(t, ip, 6);
	for (i = 0; i < 3; i++)
		for (id = 5; id < 7; id++)
			send_fragment(t, ip, id, i, 0);
	for (id = 5; id < 7; id++)
		gone(t, DATAGRAM_SKB(id));
	for (id = 5; id < 7; id++)
		reassemble(t, ip, id, in_order, 0, 0);
	flush(t);
}

TEST_F(regroup, ipv4_datagrams_interleaved)
{
	interleave(&self->t, &ipv4);
	EXPECT_ALL_INTACT(&self->t, 2);
}

/* No number tells whose fragments they are, but the CPU does. */
TEST_F(regroup, ipv6_datagrams_interleaved)
{
	on_cpu_1 = 6;
	interleave(&self->t, &ipv6);
	EXPECT_ALL_INTACT(&self->t, 2);
}

/* An interrupt sends the second. */
TEST_F(regroup, ipv6_datagrams_nested)
{
	struct test *t = &self->t;
	unsigned int id, i;

	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (id = 6; id >= 5; id--) {
		for (i = 0; i < 3; i++)
			send_fragment(t, &ipv6, id, i, 0);
		gone(t, DATAGRAM_SKB(id));
	}
	for (id = 5; id < 7; id++)
		reassemble(t, &ipv6, id, in_order, 0, 0);
	EXPECT_ALL_INTACT(t, 2);
}

/* Nothing tells at all: there may be doubt, but not a change. */
TEST_F(regroup, ipv6_datagrams_in_doubt)
{
	struct test *t = &self->t;
	unsigned int id, i;

	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (id = 5; id < 7; id++)
		for (i = 0; i < 3; i++)
			send_fragment(t, &ipv6, id, i, 0);
	for (id = 5; id < 7; id++) {
		gone(t, DATAGRAM_SKB(id));
		reassemble(t, &ipv6, id, in_order, 0, 0);
	}
	flush(t);
	ASSERT_LE(2, t->nr_seen);
	for (i = 0; i < t->nr_seen; i++) {
		EXPECT_EQ(0, t->seen[i].verdict.nr_changes) {
			TH_LOG("%s: %s", t->seen[i].verdict.why, t->seen[i].hops);
		}
	}
}

/* The other is on its way, whole, and dropped. */
TEST_F(regroup, ipv6_datagram_beside_one_that_is_dropped)
{
	struct test *t = &self->t;
	unsigned int i;

	on_cpu_1 = 6;
	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (i = 0; i < 3; i++)
		send_fragment(t, &ipv6, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, &ipv6, 5, in_order, 0, 0);
	feed(t, HOP("kfree_skb", .skb = DATAGRAM_SKB(6), .cpu = 1));
	gone(t, DATAGRAM_SKB(6));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_INTACT(t, 0);
	EXPECT_SEEN(t, 1, VERDICT_INTACT, JOURNEY_DROPPED);
}

/* -- UDP GSO -- */

#define DATAGRAMS	5
#define DATAGRAM_SIZE	1000

static unsigned int udp_gso_without = DATAGRAMS;

static void udp_gso(struct test *t, const struct ip *ip, unsigned int step, uint32_t wrong)
{
	/* The last is shorter; out of order it would not fit where it comes. */
	const uint32_t less = step == 1 ? 300 : 0;
	struct hop hop = HOP(.skb = 0x10, .protocol = ip->protocol,
			     .ip_id = ip == &ipv4 ? 65533 : 0, .gso_size = DATAGRAM_SIZE,
			     .bytes = { 0, DATAGRAMS * DATAGRAM_SIZE - less });
	unsigned int i, n;

	at(t, ip->send, hop);
	at(t, ip->output, hop);
	gone(t, 0x10);
	for (n = 0, i = 0; n < DATAGRAMS; n++, i = (i + step) % DATAGRAMS) {
		struct hop part = hop;

		if (i == udp_gso_without)
			continue;
		part.skb = SEGMENT_SKB(i);
		if (part.ip_id)
			part.ip_id = (65533 + i) & 65535;
		part.gso_size = 0;
		part.bytes.from = i * DATAGRAM_SIZE;
		part.bytes.len = DATAGRAM_SIZE - (i == DATAGRAMS - 1 ? less : 0);
		part.wrong = wrong;
		at(t, "dev_hard_start_xmit", part);
		at(t, ip->udp, part);
		at(t, "__udp_enqueue_schedule_skb", part);
		gone(t, part.skb);
	}
	flush(t);
}

TEST_F(fragments, udp_gso)
{
	udp_gso(&self->t, variant->ip, 1, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
	EXPECT_EQ(1 + DATAGRAMS, self->t.seen[0].nr_lives);
}

TEST_F(regroup, udp_gso_out_of_order)
{
	udp_gso(&self->t, &ipv4, 2, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

/* The others have as many bytes: what is seen before is not the same. */
TEST_F(fragments, udp_gso_without_the_second)
{
	struct test *t = &self->t;

	udp_gso_without = 1;
	udp_gso(t, variant->ip, 1, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

TEST_F(regroup, udp_gso_changed)
{
	struct test *t = &self->t;

	udp_gso(t, &ipv4, 1, WRONG(3456));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "ip_output", "dev_hard_start_xmit");
}

/* Nothing but their order tells which is which: it may be another. */
TEST_F(regroup, udp_gso_in_doubt)
{
	struct test *t = &self->t;

	udp_gso(t, &ipv6, 2, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
	t->nr_seen = 0;
	udp_gso(t, &ipv6, 1, WRONG(3456));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

/* -- at random -- */

/*
 * A stream of packets on its way over these points, regrouped in front of some
 * of them.  Between two of them a byte may be changed.
 */
enum regrouping { KEEP, CUT, MERGE, CUT_AGAIN };

static const struct stage {
	const char *point;
	enum regrouping before;
} stages[] = {
	{ "ip_output", KEEP },
	{ "__dev_queue_xmit", KEEP },
	{ "veth_xmit", CUT },
	{ "napi_gro_receive", KEEP },
	{ "__netif_receive_skb_core", MERGE },
	{ "ip_forward", KEEP },
	{ "dev_hard_start_xmit", CUT_AGAIN },
	{ "tcp_v4_rcv", KEEP },
	{ "tcp_queue_rcv", MERGE },
};

#define NR_STAGES	(sizeof(stages) / sizeof(stages[0]))
#define STREAM		4000		/* bytes, at the most */
#define PIECES		64

struct piece {
	uint64_t skb;
	uint32_t from, len;
};

struct stream {
	struct test t;
	unsigned int nr_journeys;
	uint32_t journeys[8];		/* where each begins, and the last ends */
	unsigned int nr;
	struct piece pieces[PIECES];
	struct piece all[NR_STAGES][PIECES];
	unsigned int nr_all[NR_STAGES];
	bool anywhere;			/* cut again where it was not cut before */
	uint64_t next_skb, freed[1024];
	unsigned int nr_freed;
};

static unsigned int below(unsigned int n)
{
	return n ? random() % n : 0;
}

static uint64_t new_skb(struct stream *s)
{
	return s->nr_freed ? s->freed[--s->nr_freed] : (s->next_skb += 0x100);
}

/* Seen or not, or later. */
static void free_piece(struct stream *s, uint64_t skb)
{
	if (below(4)) {
		gone(&s->t, skb);
		if (s->nr_freed < 1024)
			s->freed[s->nr_freed++] = skb;
	}
}

static bool is_begin(const struct stream *s, unsigned int stage, uint32_t byte)
{
	unsigned int i;

	for (i = 0; i < s->nr_all[stage]; i++)
		if (s->all[stage][i].from == byte)
			return true;
	return false;
}

/* Where the piece that begins at @from is to end, @end at the latest. */
static uint32_t cut_at(const struct stream *s, enum regrouping how, uint32_t from, uint32_t end)
{
	uint32_t to;

	if (how == CUT || s->anywhere)
		return below(3) ? from + 1 + below(end - from) : end;
	/* Where it had been put together: it is cut to the size that its parts had. */
	for (to = from + 1; to < end && !is_begin(s, 3, to); to++)
		;
	return to;
}

static void cut_pieces(struct stream *s, enum regrouping how)
{
	struct piece old[PIECES];
	unsigned int nr = s->nr, i;
	uint32_t from, to, end;

	memcpy(old, s->pieces, sizeof(old));
	s->nr = 0;
	for (i = 0; i < nr; i++) {
		from = old[i].from;
		end = from + old[i].len;
		to = cut_at(s, how, from, end);
		if (to == end || s->nr + nr - i + 4 >= PIECES) {
			s->pieces[s->nr++] = old[i];
			continue;
		}
		free_piece(s, old[i].skb);
		for (; from < end; from = to, to = cut_at(s, how, from, end)) {
			if (s->nr + nr - i + 2 >= PIECES)
				to = end;
			s->pieces[s->nr++] = (struct piece){ new_skb(s), from, to - from };
		}
	}
}

static void merge_pieces(struct stream *s)
{
	struct piece old[PIECES];
	unsigned int nr = s->nr, i;

	memcpy(old, s->pieces, sizeof(old));
	s->nr = 0;
	for (i = 0; i < nr; i++) {
		if (i && below(3)) {
			s->pieces[s->nr - 1].len += old[i].len;
			free_piece(s, old[i].skb);
		} else {
			s->pieces[s->nr++] = old[i];
		}
	}
}

static void pass_stage(struct stream *s, unsigned int stage, uint32_t wrong)
{
	unsigned int i, n, step = 1;

	if (stages[stage].before == MERGE)
		merge_pieces(s);
	else if (stages[stage].before != KEEP)
		cut_pieces(s, stages[stage].before);
	memcpy(s->all[stage], s->pieces, sizeof(s->pieces));
	s->nr_all[stage] = s->nr;
	/* Mostly in order, and at first: journeys are numbered as they begin. */
	if (stage && !below(3) && s->nr > 1)
		step = s->nr - 1;
	for (n = 0, i = 0; n < s->nr; n++, i = (i + step) % s->nr) {
		struct hop hop = tcp(s->pieces[i].skb, s->pieces[i].from, s->pieces[i].len);

		hop.wrong = wrong;
		hop.gso_size = hop.bytes.len > 1 ? 1 : 0;
		hop.ip_id = 0;
		at(&s->t, stages[stage].point, hop);
	}
}

/* Had a journey bytes in that piece? */
static bool shares(const struct stream *s, unsigned int journey, const struct piece *piece)
{
	return piece->from < s->journeys[journey + 1] &&
	       s->journeys[journey] < piece->from + piece->len;
}

/*
 * Which journeys may call themselves changed if a byte is, that late: all that
 * were in one packet with it, because what one that carried others is cut into
 * stays in its journey.
 */
static void find_related(const struct stream *s, unsigned int until, uint32_t byte, bool *related)
{
	unsigned int round, stage, i, j;
	bool any;

	for (j = 0; j < s->nr_journeys; j++)
		related[j] = byte - s->journeys[j] < s->journeys[j + 1] - s->journeys[j];
	for (round = 0; round < s->nr_journeys; round++)
		for (stage = 0; stage <= until; stage++)
			for (i = 0; i < s->nr_all[stage]; i++) {
				for (any = false, j = 0; j < s->nr_journeys; j++)
					any |= related[j] && shares(s, j, &s->all[stage][i]);
				for (j = 0; any && j < s->nr_journeys; j++)
					related[j] |= shares(s, j, &s->all[stage][i]);
			}
}

static void run_stream(struct stream *s, unsigned int changed_at, uint32_t *wrong)
{
	const struct journey_config config = { 64, 1 << 14, 1 << 12, 10 * SEC };
	unsigned int i;

	memset(s, 0, sizeof(*s));
	test_begin_with(&s->t, &config);
	sequence = below(3) ? (uint32_t)random() : 0u - below(STREAM);
	s->nr_journeys = 1 + below(5);
	for (i = 0; i < s->nr_journeys; i++) {
		uint32_t len = 1 + below(STREAM / 5 - 1);

		s->pieces[i] = (struct piece){ new_skb(s), s->journeys[i], len };
		s->journeys[i + 1] = s->journeys[i] + len;
	}
	s->nr = s->nr_journeys;
	*wrong = below(s->journeys[i]);
}

/* Is it the last stage before that one, or one of those before if @any is enough? */
static bool passed_before(unsigned int stage, const char *point, bool any)
{
	unsigned int i;

	for (i = 1; i <= stage; i++)
		if (!strcmp(stages[stage - i].point, point))
			return i == 1 || any;
	return false;
}

#define STREAM_LOG(s, round, i) \
	TH_LOG("round %u journey %u: %s; after %s before %s: %s", round, i, \
	       (s)->t.seen[i].verdict.why, (s)->t.seen[i].after, (s)->t.seen[i].before, \
	       (s)->t.seen[i].hops)

/* @anywhere: what is cut again need not be intact then, but is not called changed. */
#define STREAMS(_rounds, _anywhere) do {					\
	static struct stream s;							\
	unsigned int round, stage, i;						\
	int failed = 0;								\
										\
	for (round = 0; round < (_rounds) && !failed; round++) {		\
		unsigned int at_ = 0;						\
		uint32_t byte;							\
										\
		srandom(7878 + round);						\
		if (!below(3))							\
			at_ = 1 + below(NR_STAGES - 1);				\
		run_stream(&s, at_, &byte);					\
		s.anywhere = (_anywhere);					\
		for (stage = 0; stage < NR_STAGES; stage++)			\
			pass_stage(&s, stage, at_ && stage >= at_ ? WRONG(byte) : 0); \
		for (i = 0; i < s.nr; i++)					\
			gone(&s.t, s.pieces[i].skb);				\
		flush(&s.t);							\
		if (!s.anywhere)						\
			EXPECT_EQ(s.nr_journeys, s.t.nr_seen) {			\
				failed = 1;					\
			}							\
		for (i = 0; i < s.t.nr_seen && i < SEEN_MAX; i++) {		\
			const struct seen *seen = &s.t.seen[i];			\
			bool may[8] = { false }, must = false;			\
										\
			if (at_ && i < s.nr_journeys) {				\
				find_related(&s, at_, byte, may);		\
				must = byte - s.journeys[i] <			\
				       s.journeys[i + 1] - s.journeys[i];	\
			}							\
			if (seen->verdict.nr_changes) {				\
				EXPECT_TRUE(i >= 8 || may[i] || s.nr_journeys != s.t.nr_seen) { \
					failed = 1;				\
				}						\
				/* In doubt it may be found later than it was. */	\
				EXPECT_TRUE(passed_before(at_, seen->after, s.anywhere)) { \
					failed = 1;				\
				}						\
				EXPECT_STREQ(at_ ? stages[at_].point : "none",	\
					     seen->before) {			\
					failed = 1;				\
				}						\
				if (!s.anywhere)				\
					EXPECT_EQ(1, seen->verdict.nr_changes) { \
						failed = 1;			\
					}					\
			} else if (!s.anywhere) {				\
				EXPECT_FALSE(must) {				\
					failed = 1;				\
				}						\
				EXPECT_EQ(VERDICT_INTACT, seen->verdict.payload) { \
					failed = 1;				\
				}						\
			}							\
			if (!s.anywhere)					\
				EXPECT_EQ(JOURNEY_DELIVERED, seen->end) {	\
					failed = 1;				\
				}						\
			if (failed) {						\
				STREAM_LOG(&s, round, i);			\
				break;						\
			}							\
		}								\
		test_end(&s.t);							\
	}									\
} while (0)

TEST(streams_at_random)
{
	STREAMS(5000, false);
}

TEST(streams_cut_again_anywhere)
{
	STREAMS(5000, true);
}

/* -- limits -- */

TEST(freed_at_any_moment)
{
	static struct stream s;
	unsigned int round, stage, stop;
	uint32_t byte;

	for (round = 0; round < 500; round++) {
		srandom(round);
		run_stream(&s, 0, &byte);
		stop = below(NR_STAGES);
		for (stage = 0; stage <= stop; stage++)
			pass_stage(&s, stage, 0);
		test_end(&s.t);
	}
}

/* Journeys are closed while they carry others, or are carried. */
TEST(closed_while_merged)
{
	struct journey_config config = { 0, 1 << 14, 1 << 12, 10 * SEC };
	unsigned int round, stage, i, max;
	static struct stream s;
	uint32_t byte;

	for (round = 0; round < 2000; round++) {
		srandom(round);
		run_stream(&s, 0, &byte);
		test_end(&s.t);
		max = 1 + below(5);
		config.max_journeys = max;
		config.max_journey_hops = below(2) ? 1 << 12 : 4 + below(30);
		config.max_hops = below(2) ? 1 << 14 : 16 + below(64);
		test_begin_with(&s.t, &config);
		for (stage = 0; stage < NR_STAGES; stage++) {
			pass_stage(&s, stage, 0);
			if (!below(3))
				journey_advance(s.t.engine, s.t.ts + below(2) * SEC);
		}
		flush(&s.t);
		for (i = 0; i < s.t.nr_seen && i < SEEN_MAX; i++) {
			ASSERT_EQ(0, s.t.seen[i].verdict.nr_changes) {
				STREAM_LOG(&s, round, i);
			}
			ASSERT_GE(config.max_journey_hops + 1, s.t.seen[i].nr_hops);
		}
		test_end(&s.t);
	}
}

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
