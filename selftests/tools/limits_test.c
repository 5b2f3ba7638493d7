// SPDX-License-Identifier: GPL-2.0
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
	const struct source_loss loss = { 2 * SEC, 3 * SEC, 5, 1 };

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

/* Its free, and the birth of the next, may be among what was lost: lives have numbers. */
TEST_F(limits, after_a_loss_a_life_is_what_it_was)
{
	struct test *t = &self->t;
	const struct source_loss loss = { 2 * SEC, 3 * SEC, 5, 1 };

	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 1, .ts = 1 * SEC));
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 1));
	journey_lost(t->engine, &loss);
	feed(t, HOP("kfree_skbmem", .skb = 0x10, .unseen = 1));
	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 2, .ts = 3 * SEC));
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 3));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_EQ(0, t->seen[0].verdict.nr_changes);
	EXPECT_EQ(1, t->seen[1].verdict.nr_changes);
	EXPECT_EQ(0, t->seen[2].verdict.nr_changes);
}

TEST_F(limits, many_losses_are_taken_together)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		struct source_loss loss = { i * SEC, i * SEC + 1, 1, i % 2 };

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
