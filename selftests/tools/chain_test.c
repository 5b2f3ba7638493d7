// SPDX-License-Identifier: GPL-2.0
/* Several recordings of one host are read as one. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "lib/list.h"
#include "source/source.h"

/* A recording: of each of two CPUs, records with numbers from @first on. */
struct recording {
	struct source source;
	const char *host;
	unsigned int cpus[2];
	uint64_t first[2];
	uint64_t nr[2];
	uint64_t done[2];
	uint64_t ns;		/* of the first; the others a microsecond later each */
};

static ssize_t read_recording(struct source *source, unsigned int stream,
			      struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct recording *recording = container_of(source, struct recording, source);
	size_t i;

	for (i = 0; i < nr && recording->done[stream] < recording->nr[stream]; i++) {
		uint64_t n = recording->done[stream]++;

		records[i] = (struct skbtrace_record){
			.index = recording->first[stream] + n, .cpu = stream,
			.ts_ns = recording->ns + n * 1000, .life = 1 + recording->first[stream] + n,
			.abi = SKBTRACE_ABI, .point = 29,
		};
	}
	return i;
}

static char *text_of(struct source *source, enum source_text which, struct error *error)
{
	struct recording *recording = container_of(source, struct recording, source);

	return strdup(which == SOURCE_HOST ? recording->host :
		      which == SOURCE_NETNS ? "1 one\n" : which == SOURCE_POINTS ? "points\n" : "");
}

static void close_recording(struct source *source)
{
}

static const struct source_ops ops = {
	.read = read_recording, .text = text_of, .close = close_recording,
};

static void record(struct recording *recording, const char *host, uint64_t first, uint64_t nr,
		   uint64_t ns)
{
	*recording = (struct recording){
		.source = { .ops = &ops, .nr_streams = 2, .mono_ns = ns },
		.host = host, .cpus = { 0, 1 }, .first = { first, first }, .nr = { nr, nr },
		.ns = ns,
	};
	recording->source.cpus = recording->cpus;
}

#define ONE_LOAD	"name a\nboot 1\nload 5.0\n"
#define OTHER_LOAD	"name a\nboot 1\nload 6.0\n"

/* What comes of them: how many records, how many lost, and whether lives are apart. */
struct result {
	unsigned int nr;
	uint64_t lost;
	uint64_t last_index[2];
	uint64_t max_life;
	bool in_order;
};

static struct result read_both(struct recording *a, struct recording *b)
{
	struct source *sources[] = { &a->source, &b->source }, *chain;
	struct result result = { .in_order = true };
	struct merge_item item;
	uint64_t last_ns = 0;
	struct merge *merge;
	struct error error;

	chain = chain_open(sources, 2, &error);
	merge = chain ? merge_new(chain, &error) : NULL;
	if (!merge)
		abort();
	while (merge_next(merge, UINT64_MAX, &item, &error) > 0) {
		if (!item.record) {
			result.lost += item.loss.count;
			continue;
		}
		result.nr++;
		result.in_order &= item.record->ts_ns >= last_ns;
		last_ns = item.record->ts_ns;
		if (item.record->life > result.max_life)
			result.max_life = item.record->life;
		result.last_index[item.record->cpu] = item.record->index;
	}
	merge_free(merge);
	source_close(chain);
	return result;
}

/* As a rotation leaves them, whichever is named first. */
TEST(one_after_the_other)
{
	struct recording a, b;
	struct result result;

	record(&a, ONE_LOAD, 100, 50, 1000000);
	record(&b, ONE_LOAD, 150, 50, 2000000);
	result = read_both(&b, &a);
	EXPECT_EQ(200, result.nr);
	EXPECT_EQ(0, result.lost);
	EXPECT_TRUE(result.in_order);
	EXPECT_EQ(199, result.last_index[1]);
	EXPECT_EQ(200, result.max_life);
}

TEST(something_between_is_missing)
{
	struct recording a, b;
	struct result result;

	record(&a, ONE_LOAD, 100, 50, 1000000);
	record(&b, ONE_LOAD, 160, 50, 2000000);
	result = read_both(&a, &b);
	EXPECT_EQ(200, result.nr);
	EXPECT_EQ(20, result.lost);
}

/* Two that were made at a time. */
TEST(the_same_twice)
{
	struct recording a, b;
	struct result result;

	record(&a, ONE_LOAD, 100, 50, 1000000);
	record(&b, ONE_LOAD, 120, 50, 1020000);
	result = read_both(&a, &b);
	EXPECT_EQ(140, result.nr);
	EXPECT_EQ(0, result.lost);
	EXPECT_TRUE(result.in_order);
}

/* Lives are counted anew: those of one load are not those of the other. */
TEST(the_module_was_loaded_anew)
{
	struct recording a, b;
	struct result result;

	record(&a, ONE_LOAD, 100, 50, 1000000);
	record(&b, OTHER_LOAD, 0, 50, 2000000);
	result = read_both(&a, &b);
	EXPECT_EQ(200, result.nr);
	EXPECT_EQ(0, result.lost);
	EXPECT_LT(1ULL << 39, result.max_life);
	/* Also if its numbers go on by chance, and if nothing says which load it is. */
	record(&a, ONE_LOAD, 100, 50, 1000000);
	record(&b, "name a\nboot 1\n", 150, 50, 2000000);
	EXPECT_LT(1ULL << 39, read_both(&a, &b).max_life);
}

TEST_HARNESS_MAIN
