/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "record --only": what the module records is followed while it is kept in memory, and of
 * that only the time around journeys that are looked for goes to files.
 */
#ifndef SKBTRACE_TOOLS_TRAP_H
#define SKBTRACE_TOOLS_TRAP_H

#include "output.h"
#include "show/filter.h"
#include "show/needle.h"

/**
 * struct trap_config - what to wait for, and what to keep
 * @filter: of which packets
 * @needle: which journeys
 * @before_ns: how much before the first hop of such a journey
 * @after_ns: how much after its last
 * @count: after how many of them to end, 0 for never
 * @memory: bytes to keep records in
 * @until_ns: the time to end at, if the source is live
 */
struct trap_config {
	const struct filter *filter;
	const struct needle *needle;
	uint64_t before_ns;
	uint64_t after_ns;
	uint64_t count;
	uint64_t memory;
	uint64_t until_ns;
};

/**
 * struct trap_counts - what came of it
 * @journeys: that were looked for
 * @left_out: records that were not of their time, or not of the packets looked for
 * @lost: records that were lost
 * @cut: how often what was before could not be kept
 * @missing_ns: how much of that was missing at most
 */
struct trap_counts {
	uint64_t journeys;
	uint64_t left_out;
	uint64_t lost;
	uint64_t cut;
	uint64_t missing_ns;
};

int trap(const struct trap_config *config, struct source *source, struct output *output,
	 struct trap_counts *counts, struct error *error);

#endif /* SKBTRACE_TOOLS_TRAP_H */
