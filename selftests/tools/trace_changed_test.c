// SPDX-License-Identifier: GPL-2.0
/*
 * A byte is changed at each hop of recorded traces in turn: that is told, there, once, and
 * of no packet that does not come there.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "changes.h"
#include "traces.h"

TRACE(http);
TRACE(pedit);
TRACE(gro);
TRACE(fragments);
TRACE(drop);

FIXTURE(changes)
{
	int fd;
	struct source *source;
	struct changes changes;
};

FIXTURE_VARIANT(changes)
{
	const char *bytes, *end;
	unsigned int least;	/* hops at which a byte can be changed */
};

FIXTURE_VARIANT_ADD(changes, http) { trace_http, trace_http_end, 100 };
FIXTURE_VARIANT_ADD(changes, pedit) { trace_pedit, trace_pedit_end, 70 };
/* Segments that are merged, cut and merged again. */
FIXTURE_VARIANT_ADD(changes, gro) { trace_gro, trace_gro_end, 120 };
FIXTURE_VARIANT_ADD(changes, fragments) { trace_fragments, trace_fragments_end, 250 };
FIXTURE_VARIANT_ADD(changes, drop) { trace_drop, trace_drop_end, 100 };

FIXTURE_SETUP(changes)
{
	size_t size = variant->end - variant->bytes;
	struct error error = { "" };
	char path[64];

	self->fd = syscall(SYS_memfd_create, "skbtrace", 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(size, write(self->fd, variant->bytes, size));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	self->source = file_open(path, &error);
	ASSERT_NE(NULL, self->source) {
		TH_LOG("%s", error.text);
	}
	ASSERT_EQ(0, changes_open(&self->changes, self->source));
}

FIXTURE_TEARDOWN(changes)
{
	changes_close(&self->changes);
	source_close(self->source);
	close(self->fd);
}

TEST_F(changes, are_told_where_they_are)
{
	struct changes *c = &self->changes;
	unsigned int nr_right = 0;
	uint32_t hop, random = 1;
	size_t i;

	for (i = 0; i < c->nr_journeys; i++) {
		for (hop = 1; hop < c->journeys[i].nr; hop++) {
			enum changes_outcome outcome;

			random = random * 1664525 + 1013904223;
			outcome = changes_try(c, i, hop, random >> 4);
			nr_right += outcome == CHANGES_RIGHT;
			EXPECT_LE(outcome, CHANGES_RIGHT) {
				TH_LOG("journey %zu, hop %u, byte %u", i, hop, random >> 4);
			}
		}
	}
	EXPECT_LE(variant->least, nr_right);
}

#define SOME	40

/* With less recorded less is known, but nothing else is said. */
#define TRY_SOME(open_some) do {							\
	const struct changes *all = &self->changes;					\
	unsigned int nr_changed = 0, nr_right = 0, nr_expected = 0, n;			\
	struct changes some;								\
	uint32_t random = 1;								\
	size_t i;									\
											\
	for (i = 0; i < all->nr_journeys; i++)						\
		nr_expected += all->journeys[i].verdict.payload == VERDICT_CHANGED;	\
	for (n = 0; n < SOME; n++) {							\
		open_some(&some, all, n);						\
		for (i = 0; i < some.nr_journeys; i++) {				\
			enum changes_outcome outcome;					\
			uint32_t hop;							\
											\
			nr_changed += some.journeys[i].verdict.payload == VERDICT_CHANGED; \
			if (some.journeys[i].nr < 2)					\
				continue;						\
			random = random * 1664525 + 1013904223;				\
			hop = 1 + (random >> 8) % (some.journeys[i].nr - 1);		\
			outcome = changes_try(&some, i, hop, random >> 4);		\
			nr_right += outcome == CHANGES_RIGHT;				\
			EXPECT_LE(outcome, CHANGES_UNVERIFIED) {			\
				TH_LOG("some %u, journey %zu, hop %u, byte %u", n, i,	\
				       hop, random >> 4);				\
			}								\
		}									\
		changes_close(&some);							\
	}										\
	EXPECT_LE(nr_changed, SOME * nr_expected);					\
	EXPECT_LE(10, nr_right);							\
} while (0)

TEST_F(changes, are_not_told_elsewhere_with_some_points)
{
	TRY_SOME(changes_open_some);
}

TEST_F(changes, are_not_told_elsewhere_at_some_devices)
{
	TRY_SOME(changes_open_devices);
}

TEST_HARNESS_MAIN
