/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of journeys when records are lost, and when there are too many. */
#include <time.h>

#include "kselftest_harness.h"

#include "hops.h"

FIXTURE(limits)
{
	struct test t;
};

FIXTURE_SETUP(limits)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(limits)
{
	test_end(&self->t);
}

TEST_F(limits, losses_concern_what_was_under_way)
{
	struct test *t = &self->t;
	const struct journey_loss loss = { 2 * SEC, 3 * SEC, 5, 1 };

	feed(t, HOP("ip_send_skb", .skb = 0x10, .ip_id = 1, .ts = 1 * SEC));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10, .ip_id = 1));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("ip_send_skb", .skb = 0x20, .ip_id = 2, .ts = 2 * SEC - 1));
	journey_lost(t->engine, &loss);
	feed(t, HOP("ip_rcv", .skb = 0x20, .ip_id = 2, .ts = 2 * SEC + 1));
	feed(t, HOP("ip_send_skb", .skb = 0x30, .ip_id = 3));
	feed(t, HOP("ip_rcv", .skb = 0x30, .ip_id = 3));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x30, .ip_id = 3));
	feed(t, HOP("kfree_skbmem", .skb = 0x30));
	feed(t, HOP("ip_send_skb", .skb = 0x40, .ip_id = 4, .ts = 3 * SEC + 1));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x40, .ip_id = 4));
	flush(t);
	ASSERT_EQ(4, t->nr_seen);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[1].verdict.payload);
	EXPECT_STREQ("5 records lost on cpu1 while it was under way", t->seen[1].verdict.why);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[2].verdict.payload);
	EXPECT_EQ(VERDICT_INTACT, t->seen[3].verdict.payload);
}

TEST_F(limits, after_a_loss_a_packet_must_prove_itself)
{
	struct test *t = &self->t;
	const struct journey_loss loss = { 2 * SEC, 3 * SEC, 5, 1 };

	/* Its free, and the birth of the next, may be among what was lost. */
	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 1, .ts = 1 * SEC));
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 1));
	journey_lost(t->engine, &loss);
	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 2, .ts = 3 * SEC));
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 1));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_EQ(0, t->seen[0].verdict.nr_changes);
	EXPECT_EQ(0, t->seen[1].verdict.nr_changes);
	EXPECT_EQ(0, t->seen[2].verdict.nr_changes);
}

TEST_F(limits, many_losses_are_taken_together)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		struct journey_loss loss = { i * SEC, i * SEC + 1, 1, i % 2 };

		journey_lost(t->engine, &loss);
	}
	feed(t, HOP("ip_rcv", .skb = 0x10, .ts = 100 * SEC));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10));
	feed(t, HOP("ip_rcv", .skb = 0x20, .ts = 2000 * SEC));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x20));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[0].verdict.payload);
	EXPECT_EQ(VERDICT_INTACT, t->seen[1].verdict.payload);
}

TEST(too_many_journeys)
{
	const struct journey_config config = { 10, 1 << 20, 1024, 10 * SEC };
	struct test t;
	uint64_t i;

	test_begin_with(&t, &config);
	for (i = 1; i <= 30; i++)
		feed(&t, HOP("ip_rcv", .skb = i * 0x10, .ip_id = i));
	EXPECT_EQ(20, t.nr_seen);
	EXPECT_EQ(20, journey_counts(t.engine)->closed_early);
	EXPECT_EQ(0, t.seen[0].id);
	EXPECT_TRUE(t.seen[0].closed_early);
	EXPECT_EQ(VERDICT_UNVERIFIED, t.seen[0].verdict.payload);
	flush(&t);
	EXPECT_EQ(30, t.nr_seen);
	EXPECT_FALSE(t.seen[29].closed_early);
	test_end(&t);
}

TEST(parked_lives_are_bounded)
{
	const struct journey_config config = { 10, 1 << 20, 1024, 10 * SEC };
	struct test t;
	uint64_t i;

	test_begin_with(&t, &config);
	for (i = 1; i <= 100; i++) {
		send_tcp(&t, i * 0x10, i * 0x10 + 8, 1000);
		deliver_tcp(&t, i * 0x10, i * 0x10 + 8, 1000);
	}
	flush(&t);
	EXPECT_EQ(100, t.nr_seen);
	/* Only the latest are remembered; the others' free is of an unknown skb. */
	for (i = 1; i <= 100; i++)
		feed(&t, HOP("kfree_skbmem", .skb = i * 0x10));
	EXPECT_EQ(90, journey_counts(t.engine)->unknown);
	test_end(&t);
}

TEST(too_many_hops)
{
	const struct journey_config config = { 100, 64, 16, 10 * SEC };
	struct test t;
	int i;

	test_begin_with(&t, &config);
	/* One that goes round and round. */
	for (i = 0; i < 20; i++)
		feed(&t, HOP("br_handle_frame", .skb = 0x10, .ip_id = 1));
	ASSERT_EQ(1, t.nr_seen);
	EXPECT_EQ(16, t.seen[0].nr_hops);
	EXPECT_TRUE(t.seen[0].closed_early);
	/* Many, together. */
	for (i = 1; i <= 100; i++)
		feed(&t, HOP("ip_rcv", .skb = i * 0x100, .ip_id = 100 + i));
	EXPECT_GE(t.nr_seen, 90);
	flush(&t);
	EXPECT_EQ(102, t.nr_seen);
	test_end(&t);
}

/* A million would take 3 GiB with ASan, most of it room for hops. */
#define MANY		300000

static double cost_ns(struct test *t, uint64_t nr_flows)
{
	const uint64_t nr_records = 400000;
	struct timespec begin, end;
	uint64_t i;

	for (i = 0; i < nr_flows; i++)
		feed(t, HOP("ip_rcv", .skb = i * 64 + 64, .ip_id = 1, .flow = i, .ts = SEC));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < nr_records; i++)
		feed(t, HOP("ip_output", .skb = i % nr_flows * 64 + 64, .ip_id = 1,
			    .flow = i % nr_flows, .ts = SEC));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / nr_records;
}

TEST(cost_does_not_grow_with_open_journeys)
{
	const struct journey_config config = { 1 << 20, 1 << 24, 1 << 16, 10 * SEC };
	struct test few, many;
	double cost_few, cost_many;

	test_begin_with(&few, &config);
	cost_few = cost_ns(&few, 100);
	flush(&few);
	EXPECT_EQ(100, few.nr_seen);
	test_end(&few);
	test_begin_with(&many, &config);
	cost_many = cost_ns(&many, MANY);
	flush(&many);
	EXPECT_EQ(MANY, many.nr_seen);
	test_end(&many);
	TH_LOG("%.0f ns a record with 100 open, %.0f with %d", cost_few, cost_many, MANY);
	/* Caches make a difference, but not one of 1000 times as many. */
	EXPECT_LT(cost_many, 20 * cost_few);
}

/* Two segments come, are merged and delivered, time and again. */
static double merge_cost_ns(struct test *t, uint64_t nr_flows)
{
	const uint32_t nr_merges = 40000, len = 100;
	struct timespec begin, end;
	uint32_t i;

	for (i = 0; i < nr_flows; i++)
		feed(t, HOP("ip_rcv", .skb = i * 64 + 64, .ip_id = 1, .flow = i, .ts = SEC));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < nr_merges; i++) {
		struct hop hop = { .skb = 16, .l4proto = IPPROTO_TCP, .seq = 2 * len * i };

		hop.point = "napi_gro_receive";
		feed(t, hop);
		hop.skb = 32;
		hop.seq += len;
		feed(t, hop);
		feed(t, HOP("kfree_skbmem", .skb = 32));
		hop = (struct hop){ "tcp_queue_rcv", .skb = 16, .l4proto = IPPROTO_TCP,
				    .seq = 2 * len * i, .len = 2 * len };
		feed(t, hop);
		feed(t, HOP("kfree_skbmem", .skb = 16));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) /
	       (5.0 * nr_merges);
}

TEST(cost_of_merging_does_not_grow_with_open_journeys)
{
	const struct journey_config config = { 1 << 20, 1 << 24, 1 << 16, 10 * SEC };
	struct test few, many;
	double cost_few, cost_many;

	test_begin_with(&few, &config);
	cost_few = merge_cost_ns(&few, 100);
	flush(&few);
	EXPECT_EQ(100 + 80000, few.nr_seen);
	test_end(&few);
	test_begin_with(&many, &config);
	cost_many = merge_cost_ns(&many, 100000);
	flush(&many);
	EXPECT_EQ(100000 + 80000, many.nr_seen);
	test_end(&many);
	TH_LOG("%.0f ns a record with 100 open, %.0f with 100000", cost_few, cost_many);
	EXPECT_LT(cost_many, 20 * cost_few);
}

/* Datagrams of one flow that might all be cut, and others that come from elsewhere. */
static double arrival_cost_ns(struct test *t, uint32_t nr_open)
{
	const uint32_t nr_records = 50000;
	struct timespec begin, end;
	uint32_t i;

	for (i = 0; i < nr_open; i++)
		feed(t, HOP("ip_rcv", .skb = i * 64 + 64, .ip_id = 1 + i, .len = 600, .ts = SEC));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < nr_records; i++)
		feed(t, HOP("ip_rcv", .skb = 16, .ip_id = 10000 + i, .crc = 1 + i, .ts = SEC + i));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / nr_records;
}

TEST(cost_does_not_grow_with_what_might_be_cut)
{
	struct test few, many;
	double cost_few, cost_many;

	test_begin(&few);
	cost_few = arrival_cost_ns(&few, 1);
	test_end(&few);
	test_begin(&many);
	cost_many = arrival_cost_ns(&many, 5000);
	test_end(&many);
	TH_LOG("%.0f ns a record with 1 open, %.0f with 5000", cost_few, cost_many);
	EXPECT_LT(cost_many, 20 * cost_few);
}

TEST_F(limits, many_lives_of_one_pointer)
{
	struct test *t = &self->t;
	struct timespec begin, end;
	uint64_t i;

	/* An allocator gives out again what was freed last; all within 10 ms. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < 50000; i++) {
		feed(t, HOP("ip_rcv", .skb = 0x10, .ts = SEC + i));
		feed(t, HOP("kfree_skbmem", .skb = 0x10, .ts = SEC + i));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	flush(t);
	EXPECT_EQ(50000, t->nr_seen);
	EXPECT_LT(end.tv_sec - begin.tv_sec, 10);
}

TEST_HARNESS_MAIN
