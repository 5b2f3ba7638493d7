/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_VERDICT_H
#define SKBTRACE_TOOLS_VERDICT_H

#include "compare.h"
#include "life.h"

/* Changes of one journey that are named; more are counted. */
#define VERDICT_CHANGES	32

enum verdict_payload {
	VERDICT_INTACT,
	VERDICT_CHANGED,
	VERDICT_UNVERIFIED,
};

/**
 * struct verdict_change - a change of the payload
 * @after: the last hop that had it as it was
 * @before: the first hop that has it changed
 * @how: what became of it
 * @bytes: how many were cut off or added
 */
struct verdict_change {
	uint32_t after;
	uint32_t before;
	enum verdict_how how;
	uint32_t bytes;
};

/**
 * struct verdict - was the payload the same all the way
 * @payload: the verdict
 * @why: a sentence, "" if intact
 * @bad_csum: the first hop at which the packet's own checksum is bad, or
 *	JOURNEY_NO_HOP (verify_csum=1)
 * @nr_changes: how many changes, in order of time
 * @changes: the first VERDICT_CHANGES of them
 */
struct verdict {
	enum verdict_payload payload;
	char why[256];
	uint32_t bad_csum;
	uint32_t nr_changes;
	struct verdict_change changes[VERDICT_CHANGES];
	/* private: what came of the parts that the packet of a hop was cut into */
	uint32_t cut_at;
	uint32_t cut_first;
	enum journey_joint cut;
	/* where it went into something, or came out, that is not looked into; and what */
	uint32_t crossed_at;
	const char *crossed_why;
	bool began_within;	/* what that is was all that had been seen of it */
};

void verdict_of(const struct journey *journey, uint64_t missed, struct verdict *verdict);
const char *verdict_name(enum verdict_payload payload);
const char *verdict_how_name(enum verdict_how how);

#endif /* SKBTRACE_TOOLS_VERDICT_H */
