// SPDX-License-Identifier: GPL-2.0
/* Streams merged by time, and what is missing in them. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "lib/list.h"
#include "source/source.h"

#define STREAMS_MAX	8

/* A source in memory: what is @ready can be read, the rest comes later. */
struct memory {
	struct source source;
	unsigned int cpus[STREAMS_MAX];
	struct skbtrace_record *records[STREAMS_MAX];
	size_t nr[STREAMS_MAX];
	size_t ready[STREAMS_MAX];
	size_t done[STREAMS_MAX];
};

static ssize_t memory_read(struct source *source, unsigned int stream,
			   struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct memory *memory = container_of(source, struct memory, source);
	size_t left = memory->ready[stream] - memory->done[stream];

	if (nr > left)
		nr = left;
	if (nr)
		memcpy(records, memory->records[stream] + memory->done[stream],
		       nr * sizeof(*records));
	memory->done[stream] += nr;
	return nr;
}

static const struct source_ops memory_ops = { .read = memory_read };

static void memory_begin(struct memory *memory, unsigned int nr_streams)
{
	unsigned int i;

	memset(memory, 0, sizeof(*memory));
	memory->source.ops = &memory_ops;
	memory->source.nr_streams = nr_streams;
	memory->source.cpus = memory->cpus;
	for (i = 0; i < nr_streams; i++)
		memory->cpus[i] = i;
}

static void memory_end(struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < STREAMS_MAX; i++)
		free(memory->records[i]);
}

static void add(struct memory *memory, unsigned int stream, uint64_t ts, uint64_t index)
{
	size_t n = memory->nr[stream]++;
	struct skbtrace_record *record;

	memory->records[stream] = realloc(memory->records[stream], (n + 1) * sizeof(*record));
	record = &memory->records[stream][n];
	memset(record, 0, sizeof(*record));
	record->ts_ns = ts;
	record->index = index;
	record->cpu = stream;
	memory->ready[stream]++;
}

TEST(in_the_order_of_time)
{
	const size_t nr_records = 20000;
	uint64_t next[STREAMS_MAX] = { 0 }, ts = 0, last = 0;
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;
	size_t i;

	memory_begin(&memory, STREAMS_MAX);
	srandom(1);
	for (i = 0; i < nr_records; i++) {
		/* Long runs on one CPU, and short ones. */
		unsigned int stream = random() % 7 ? ts / 900 % STREAMS_MAX :
						     random() % STREAMS_MAX;

		ts += random() % 3;
		add(&memory, stream, ts, next[stream]++);
	}
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	memset(next, 0, sizeof(next));
	for (i = 0; i < nr_records; i++) {
		ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
		ASSERT_NE(NULL, item.record);
		ASSERT_LE(last, item.record->ts_ns);
		ASSERT_EQ(next[item.record->cpu], item.record->index);
		next[item.record->cpu]++;
		last = item.record->ts_ns;
	}
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));
	merge_free(merge);
	memory_end(&memory);
}

TEST(without_streams)
{
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;

	memory_begin(&memory, 0);
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));
	merge_free(merge);
}

TEST(losses_are_told_before_they_matter)
{
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;

	memory_begin(&memory, 2);
	add(&memory, 0, 100, 0);
	add(&memory, 0, 900, 7);
	add(&memory, 1, 200, 0);
	add(&memory, 1, 800, 1);
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(100, item.record->ts_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	ASSERT_EQ(NULL, item.record);
	EXPECT_EQ(0, item.loss.cpu);
	EXPECT_EQ(6, item.loss.count);
	EXPECT_EQ(100, item.loss.from_ns);
	EXPECT_EQ(900, item.loss.to_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(200, item.record->ts_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(800, item.record->ts_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(900, item.record->ts_ns);
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));
	merge_free(merge);
	memory_end(&memory);
}

TEST(what_was_overwritten_before)
{
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;

	/* Chosen to begin there: nothing is missing. */
	memory_begin(&memory, 1);
	add(&memory, 0, 100, 50);
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_NE(NULL, item.record);
	merge_free(merge);

	/* All that is left: what was before is gone. */
	memory.source.from_oldest = true;
	memory.done[0] = 0;
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	ASSERT_EQ(NULL, item.record);
	EXPECT_EQ(0, item.loss.count);
	EXPECT_EQ(0, item.loss.from_ns);
	EXPECT_EQ(100, item.loss.to_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(100, item.record->ts_ns);
	merge_free(merge);
	memory_end(&memory);
}

TEST(what_is_lost_before_the_first_is_counted)
{
	uint64_t first[2] = { 40, 7 };
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;

	memory_begin(&memory, 2);
	memory.source.first = first;
	add(&memory, 0, 100, 50);
	add(&memory, 1, 200, 7);
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	ASSERT_EQ(NULL, item.record);
	EXPECT_EQ(10, item.loss.count);
	EXPECT_EQ(0, item.loss.cpu);
	EXPECT_EQ(100, item.loss.to_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(100, item.record->ts_ns);
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(200, item.record->ts_ns);
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));
	merge_free(merge);
	memory_end(&memory);
}

TEST(live_records_wait_for_those_that_may_come)
{
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;
	uint64_t complete;
	int i;

	memory_begin(&memory, 2);
	memory.source.is_live = true;
	for (i = 0; i < 1000; i++)
		add(&memory, 0, 1000 + i, i);
	add(&memory, 1, 1500, 0);
	memory.ready[1] = 0;
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));

	ASSERT_EQ(0, merge_drain(merge, &error));
	/* The clock is far on, so both are complete until a moment ago. */
	complete = merge_complete_ns(merge);
	EXPECT_LT(2000, complete);
	for (i = 0; i < 400; i++)
		ASSERT_EQ(1, merge_next(merge, 1399, &item, &error));
	EXPECT_EQ(0, merge_next(merge, 1399, &item, &error));

	/* What comes late is still sorted in, if nothing younger was asked for. */
	memory.ready[1] = 1;
	ASSERT_EQ(0, merge_drain(merge, &error));
	for (i = 0; i < 101; i++) {
		ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
		EXPECT_EQ(0, item.record->cpu);
	}
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	EXPECT_EQ(1500, item.record->ts_ns);
	EXPECT_EQ(1, item.record->cpu);
	merge_free(merge);
	memory_end(&memory);
}

TEST(a_live_stream_that_lost_records)
{
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;

	memory_begin(&memory, 1);
	memory.source.is_live = true;
	add(&memory, 0, 100, 0);
	add(&memory, 0, UINT64_MAX - 1, 9);
	memory.ready[0] = 1;
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(0, merge_drain(merge, &error));
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	memory.ready[0] = 2;
	ASSERT_EQ(0, merge_drain(merge, &error));
	ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
	ASSERT_EQ(NULL, item.record);
	EXPECT_EQ(8, item.loss.count);
	/* The ring was empty after the first: nothing was lost before. */
	EXPECT_LT(100, item.loss.from_ns);
	merge_free(merge);
	memory_end(&memory);
}

TEST(what_is_left_is_read_after_the_end)
{
	const unsigned int nr_records = 140000;	/* more than is held of one in 8 */
	struct memory memory;
	struct merge_item item;
	struct merge *merge;
	struct error error;
	unsigned int i;

	memory_begin(&memory, 8);
	memory.source.is_live = true;
	memory.records[0] = calloc(nr_records, sizeof(struct skbtrace_record));
	ASSERT_NE(NULL, memory.records[0]);
	for (i = 0; i < nr_records; i++) {
		memory.records[0][i].ts_ns = i;
		memory.records[0][i].index = i;
	}
	memory.ready[0] = nr_records;
	merge = merge_new(&memory.source, &error);
	ASSERT_NE(NULL, merge);
	ASSERT_EQ(0, merge_drain(merge, &error));
	EXPECT_GT(nr_records, memory.done[0]);
	merge_end(merge);
	for (i = 0; i < nr_records; i++) {
		ASSERT_EQ(1, merge_next(merge, UINT64_MAX, &item, &error));
		ASSERT_EQ(i, item.record->index);
	}
	EXPECT_EQ(0, merge_next(merge, UINT64_MAX, &item, &error));
	merge_free(merge);
	memory_end(&memory);
}

TEST_HARNESS_MAIN
