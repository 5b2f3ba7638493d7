// SPDX-License-Identifier: GPL-2.0
/* What was recorded last: what is wanted of it is given, the rest is forgotten. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "record/past.h"

#define NR_CPUS		3
#define GIVEN_MAX	100000

/* What was given, a line a record; and where another time began. */
static struct {
	uint64_t ts_ns[GIVEN_MAX];
	unsigned int nr;
	unsigned int begins[100];
	unsigned int nr_begins;
	uint64_t last_index[NR_CPUS];
} given;

static int begin(void *context, struct error *error)
{
	given.begins[given.nr_begins++] = given.nr;
	return 0;
}

static int take(void *context, unsigned int cpu, const struct skbtrace_record *records, size_t nr,
		struct error *error)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (records[i].cpu != cpu || records[i].index <= given.last_index[cpu])
			abort();
		given.last_index[cpu] = records[i].index;
		given.ts_ns[given.nr++] = records[i].ts_ns;
	}
	return 0;
}

static const struct past_ops ops = { .begin = begin, .records = take };

FIXTURE(past)
{
	struct past *past;
	struct error error;
	struct compressor *compressor;
};

FIXTURE_VARIANT(past)
{
	bool compressed;
};

FIXTURE_VARIANT_ADD(past, plain) { .compressed = false };
FIXTURE_VARIANT_ADD(past, compressed) { .compressed = true };

FIXTURE_SETUP(past)
{
	memset(&given, 0, sizeof(given));
	if (variant->compressed) {
		self->compressor = compressor_open_best(&self->error);
		if (!self->compressor)
			SKIP(return, "%s", self->error.text);
	}
	self->past = past_new(64 << 20, self->compressor, &ops, NULL);
	ASSERT_NE(NULL, self->past);
}

FIXTURE_TEARDOWN(past)
{
	past_free(self->past);
	compressor_close(self->compressor);
}

/* A record each nanosecond, from @from to @to, on one CPU after the other. */
static int add(struct past *past, uint64_t from, uint64_t to)
{
	struct error error;
	uint64_t ns;

	for (ns = from; ns < to; ns++) {
		struct skbtrace_record record = {
			.ts_ns = ns, .index = ns, .cpu = ns % NR_CPUS, .skb = ns * 2654435761u,
		};

		if (past_add(past, &record, &error))
			return -1;
	}
	return 0;
}

static bool was_given(uint64_t ns)
{
	unsigned int i;

	for (i = 0; i < given.nr; i++)
		if (given.ts_ns[i] == ns)
			return true;
	return false;
}

TEST_F(past, what_nobody_wants_is_left_out)
{
	ASSERT_EQ(0, add(self->past, 1, 10001));
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_EQ(0, given.nr);
	EXPECT_EQ(0, given.nr_begins);
	EXPECT_EQ(10000, past_counts(self->past)->left_out);
}

TEST_F(past, what_is_wanted_is_given_to_the_record)
{
	ASSERT_EQ(0, add(self->past, 1, 5000));
	past_want(self->past, 3000, 6000);
	ASSERT_EQ(0, add(self->past, 5000, 10001));
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_EQ(3001, given.nr);
	EXPECT_EQ(1, given.nr_begins);
	EXPECT_TRUE(was_given(3000));
	EXPECT_TRUE(was_given(6000));
	EXPECT_FALSE(was_given(2999));
	EXPECT_FALSE(was_given(6001));
	EXPECT_EQ(3001, past_counts(self->past)->given);
	EXPECT_EQ(6999, past_counts(self->past)->left_out);
	EXPECT_EQ(0, past_counts(self->past)->cut);
}

TEST_F(past, times_apart_begin_anew)
{
	ASSERT_EQ(0, add(self->past, 1, 10001));
	past_want(self->past, 8000, 8010);
	past_want(self->past, 100, 110);
	past_want(self->past, 105, 120);
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_EQ(21 + 11, given.nr);
	ASSERT_EQ(2, given.nr_begins);
	EXPECT_EQ(0, given.begins[0]);
	EXPECT_EQ(21, given.begins[1]);
}

TEST_F(past, one_that_joins_two)
{
	ASSERT_EQ(0, add(self->past, 1, 10001));
	past_want(self->past, 100, 110);
	past_want(self->past, 200, 210);
	past_want(self->past, 300, 310);
	past_want(self->past, 105, 205);
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_EQ(111 + 11, given.nr);
	EXPECT_EQ(2, given.nr_begins);
}

TEST_F(past, a_time_goes_on)
{
	uint64_t ns;

	/* Each want prolongs the time, which is given meanwhile: it begins once. */
	for (ns = 1; ns < 50000; ns += 1000) {
		ASSERT_EQ(0, add(self->past, ns, ns + 1000));
		past_want(self->past, ns, ns + 1500);
		ASSERT_EQ(0, past_forget(self->past, ns, &self->error));
	}
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_EQ(50000, given.nr);
	EXPECT_EQ(1, given.nr_begins);
}

TEST_F(past, many_times)
{
	uint64_t ns;

	/* More than are kept apart: more is given than was wanted, never less. */
	ASSERT_EQ(0, add(self->past, 1, 40001));
	for (ns = 1; ns < 40000; ns += 100)
		past_want(self->past, ns, ns + 9);
	ASSERT_EQ(0, past_forget(self->past, UINT64_MAX, &self->error));
	EXPECT_LE(400 * 10, given.nr);
	for (ns = 1; ns < 40000; ns += 100)
		EXPECT_TRUE(was_given(ns) && was_given(ns + 9));
}

/* 1 MB: what is older than the last 3 blocks is gone, and that is said. */
TEST(memory_is_bounded)
{
	struct past *past = past_new(1 << 20, NULL, &ops, NULL);
	struct error error;

	memset(&given, 0, sizeof(given));
	ASSERT_EQ(0, add(past, 1, 100001));
	past_want(past, 50000, 100000);
	ASSERT_EQ(0, past_forget(past, UINT64_MAX, &error));
	EXPECT_LE(3 * 1024, given.nr);
	EXPECT_GE(5 * 1024, given.nr);
	EXPECT_EQ(1, past_counts(past)->cut);
	EXPECT_EQ(50001 - given.nr, past_counts(past)->missing_ns + 1);
	EXPECT_EQ(100000, past_counts(past)->given + past_counts(past)->left_out);
	past_free(past);
}

TEST_HARNESS_MAIN
