// SPDX-License-Identifier: GPL-2.0
/*
 * What a record costs the reader does not grow with what it has to remember. Built
 * as the reader is, without sanitizers: a million open journeys, and their cost.
 */
#include <time.h>

#include "kselftest_harness.h"

/* For MANY, and never more than half full, because that is part of what is measured. */
#define SKBS_MAX	(1u << 22)
#include "hops.h"

#define MANY		1000000

/* A busy machine takes more than the usual 30 s to come up with gigabytes. */
#define TIMEOUT_S	300

FIXTURE(cost)
{
	struct test *few, *many;
};

FIXTURE_SETUP(cost)
{
	self->few = malloc(sizeof(*self->few));
	self->many = malloc(sizeof(*self->many));
	if (!self->few || !self->many)
		abort();
}

FIXTURE_TEARDOWN(cost)
{
	free(self->few);
	free(self->many);
}

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

TEST_F_TIMEOUT(cost, does_not_grow_with_open_journeys, TIMEOUT_S)
{
	const struct journey_config config = { 1 << 20, 1 << 24, 1 << 16, 10 * SEC };
	double cost_few, cost_many;

	test_begin_with(self->few, &config);
	cost_few = cost_ns(self->few, 100);
	flush(self->few);
	EXPECT_EQ(100, self->few->nr_seen);
	test_end(self->few);
	test_begin_with(self->many, &config);
	cost_many = cost_ns(self->many, MANY);
	flush(self->many);
	EXPECT_EQ(MANY, self->many->nr_seen);
	test_end(self->many);
	TH_LOG("%.0f ns a record with 100 open, %.0f with %d", cost_few, cost_many, MANY);
	/* Caches make a difference, but not one of 10000 times as many. */
	EXPECT_LT(cost_many, 5 * cost_few);
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

TEST_F_TIMEOUT(cost, of_merging_does_not_grow_with_open_journeys, TIMEOUT_S)
{
	const struct journey_config config = { 1 << 20, 1 << 24, 1 << 16, 10 * SEC };
	double cost_few, cost_many;

	test_begin_with(self->few, &config);
	cost_few = merge_cost_ns(self->few, 100);
	flush(self->few);
	EXPECT_EQ(100 + 80000, self->few->nr_seen);
	test_end(self->few);
	test_begin_with(self->many, &config);
	cost_many = merge_cost_ns(self->many, 100000);
	flush(self->many);
	EXPECT_EQ(100000 + 80000, self->many->nr_seen);
	test_end(self->many);
	TH_LOG("%.0f ns a record with 100 open, %.0f with 100000", cost_few, cost_many);
	EXPECT_LT(cost_many, 5 * cost_few);
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

TEST_F_TIMEOUT(cost, does_not_grow_with_what_might_be_cut, TIMEOUT_S)
{
	double cost_few, cost_many;

	test_begin(self->few);
	cost_few = arrival_cost_ns(self->few, 1);
	test_end(self->few);
	test_begin(self->many);
	cost_many = arrival_cost_ns(self->many, 5000);
	test_end(self->many);
	TH_LOG("%.0f ns a record with 1 open, %.0f with 5000", cost_few, cost_many);
	EXPECT_LT(cost_many, 5 * cost_few);
}

TEST_HARNESS_MAIN
