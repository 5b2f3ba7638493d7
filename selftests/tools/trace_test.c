// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of traces that were recorded once, so that a change of the engine
 * that makes something else of them is noticed.
 *
 * traces/record.sh makes the traces anew; then what is expected here must be
 * looked at and set again.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "journey/journey.h"
#include "source/source.h"
#include "traces.h"

TRACE(http);
TRACE(pedit);
TRACE(gro);
TRACE(fragments);
TRACE(drop);

/* What is counted of a trace. */
struct counts {
	unsigned int journeys;
	unsigned int intact, changed, unverified;
	unsigned int delivered, dropped;
	unsigned int hops, lives;
	unsigned int cut;		/* journeys that had parts */
	unsigned int merged;		/* hops that found a packet put together rightly */
	unsigned int ignored;		/* records that are of no journey */
	unsigned int repeated;		/* hops that another journey has too */
};

FIXTURE(trace)
{
	int fd;
	struct source *source;
	struct names *names;
	struct merge *merge;
	struct journey_engine *engine;
	uint64_t missed;
	uint64_t lost;
	struct counts counts;
	char after[64], before[64];	/* of the last change */
	char why[256];			/* of the last that is not intact */
};

FIXTURE_VARIANT(trace)
{
	const char *bytes, *end;
	struct counts counts;
	const char *after, *before;
};

/* A page of 3000 bytes, in one packet; its way is that of the document's scenario 3. */
FIXTURE_VARIANT_ADD(trace, http) {
	trace_http, trace_http_end,
	.counts = {
		.journeys = 14, .intact = 14, .delivered = 14, .hops = 416,
		.lives = 20,
	},
};

/* Of the page's packet one byte is changed when it leaves the bridge. */
FIXTURE_VARIANT_ADD(trace, pedit) {
	trace_pedit, trace_pedit_end,
	.counts = {
		.journeys = 13, .intact = 12, .changed = 1, .delivered = 12, .dropped = 1,
		.hops = 391, .lives = 20,
	},
	.after = "__dev_queue_xmit@calmveth2_peer",
	.before = "dev_hard_start_xmit@calmveth2_peer",
};

/* 6000 bytes in segments, merged by the bridge's port, cut again, merged again. */
FIXTURE_VARIANT_ADD(trace, gro) {
	trace_gro, trace_gro_end,
	.counts = {
		.journeys = 16, .intact = 16, .delivered = 16, .hops = 494,
		.lives = 32, .cut = 2, .merged = 4,
	},
};

/* Two of IPv4 and two of IPv6, in three fragments each. */
FIXTURE_VARIANT_ADD(trace, fragments) {
	trace_fragments, trace_fragments_end,
	.counts = {
		.journeys = 4, .intact = 4, .delivered = 4, .hops = 356,
		.lives = 20, .cut = 4, .merged = 4,
	},
};

/* Three datagrams, dropped on input; the rest is ICMPv6. */
FIXTURE_VARIANT_ADD(trace, drop) {
	trace_drop, trace_drop_end,
	.counts = {
		.journeys = 5, .intact = 5, .delivered = 2, .dropped = 3, .hops = 140,
		.lives = 5,
	},
};

static void name_hop(char *text, size_t size, const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;

	snprintf(text, size, "%s@%.16s", point_of(record->point)->symbol, record->dev);
}

static void count_journey(void *context, const struct journey *journey)
{
	FIXTURE_DATA(trace) *self = context;
	struct counts *counts = &self->counts;
	bool cut = false;
	struct verdict verdict;
	uint32_t i;

	verdict_of(journey, self->missed, &verdict);
	counts->journeys++;
	counts->intact += verdict.payload == VERDICT_INTACT;
	counts->changed += verdict.payload == VERDICT_CHANGED;
	counts->unverified += verdict.payload == VERDICT_UNVERIFIED;
	counts->delivered += journey->end == JOURNEY_DELIVERED;
	counts->dropped += journey->end == JOURNEY_DROPPED;
	counts->hops += journey->nr_hops;
	counts->repeated += journey->nr_repeated;
	counts->lives += journey->nr_lives;
	for (i = 0; i < journey->nr_hops; i++) {
		const struct journey_hop *hop = &journey->hops[i];
		const struct skbtrace_record *record = &hop->record;

		counts->merged += hop->joint == JOURNEY_JOINT_SAME;
		cut |= hop->previous != JOURNEY_NO_HOP && record->payload_len &&
		       record->payload_len < journey->hops[hop->previous].record.payload_len;
	}
	counts->cut += cut;
	if (verdict.payload != VERDICT_INTACT)
		snprintf(self->why, sizeof(self->why), "%s", verdict.why);
	if (verdict.nr_changes) {
		name_hop(self->after, sizeof(self->after), journey, verdict.changes[0].after);
		name_hop(self->before, sizeof(self->before), journey, verdict.changes[0].before);
	}
}

/* As tools/run.c has it. */
static struct journey_reasons reasons_of(struct names *names)
{
	struct journey_reasons reasons = {
		.unspecified = names_reason_number(names, "NOT_SPECIFIED"),
		.no_socket = names_reason_number(names, "NO_SOCKET"),
		.queue_purge = names_reason_number(names, "QUEUE_PURGE"),
		.socket_close = names_reason_number(names, "SOCKET_CLOSE"),
		.otherhost = names_reason_number(names, "OTHERHOST"),
	};

	reasons.consumed = reasons.unspecified == 2 ? 1 : -1;
	return reasons;
}

FIXTURE_SETUP(trace)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	size_t size = variant->end - variant->bytes;
	struct journey_reasons reasons;
	struct error error = { "" };
	char path[64], *points;

	self->fd = syscall(SYS_memfd_create, "skbtrace", 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(size, write(self->fd, variant->bytes, size));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	self->source = file_open(path, &error);
	ASSERT_NE(NULL, self->source) {
		TH_LOG("%s", error.text);
	}
	self->names = names_new(self->source, &error);
	ASSERT_NE(NULL, self->names);
	self->merge = merge_new(self->source, &error);
	ASSERT_NE(NULL, self->merge);
	points = source_text(self->source, SOURCE_POINTS, &error);
	ASSERT_NE(NULL, points);
	self->missed = names_missed(points) - self->source->missed_before;
	free(points);
	reasons = reasons_of(self->names);
	self->engine = journey_engine_new(&config, &reasons, count_journey, self);
	ASSERT_NE(NULL, self->engine);
}

FIXTURE_TEARDOWN(trace)
{
	journey_engine_free(self->engine);
	merge_free(self->merge);
	names_free(self->names);
	source_close(self->source);
	close(self->fd);
}

TEST_F(trace, comes_to_the_same)
{
	const struct counts *expected = &variant->counts, *counts = &self->counts;
	struct error error = { "" };
	struct merge_item item;
	int ret;

	while ((ret = merge_next(self->merge, UINT64_MAX, &item, &error)) > 0) {
		if (item.record) {
			ASSERT_EQ(0, journey_record(self->engine, item.record));
		} else {
			self->lost += item.loss.count;
			journey_lost(self->engine, &item.loss);
		}
	}
	ASSERT_EQ(0, ret) {
		TH_LOG("%s", error.text);
	}
	journey_flush(self->engine);
	self->counts.ignored = journey_counts(self->engine)->unknown +
			       journey_counts(self->engine)->late_returns;
	EXPECT_EQ(counts->hops, journey_counts(self->engine)->hops + counts->repeated);
	EXPECT_EQ(journey_counts(self->engine)->records,
		  journey_counts(self->engine)->hops + self->counts.ignored +
		  journey_counts(self->engine)->elsewhere +
		  journey_counts(self->engine)->no_room);
	/* Else the trace itself is no good. */
	ASSERT_EQ(0, self->lost);
	ASSERT_EQ(0, self->missed);

	EXPECT_EQ(expected->journeys, counts->journeys);
	EXPECT_EQ(expected->intact, counts->intact) {
		TH_LOG("%s", self->why);
	}
	EXPECT_EQ(expected->changed, counts->changed);
	EXPECT_EQ(expected->unverified, counts->unverified);
	EXPECT_EQ(expected->delivered, counts->delivered);
	EXPECT_EQ(expected->dropped, counts->dropped);
	EXPECT_EQ(expected->hops, counts->hops);
	EXPECT_EQ(expected->lives, counts->lives);
	EXPECT_EQ(expected->cut, counts->cut);
	EXPECT_EQ(expected->merged, counts->merged);
	EXPECT_EQ(expected->ignored, counts->ignored);
	EXPECT_STREQ(variant->after ? variant->after : "", self->after);
	EXPECT_STREQ(variant->before ? variant->before : "", self->before);
}

TEST_HARNESS_MAIN
