/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_FILTER_H
#define SKBTRACE_TOOLS_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "expression.h"
#include "journey/journey.h"
#include "source/source.h"

/**
 * struct filter - what is to be shown
 * @devices: globs of device names, see filter_globs_match(); NULL for all
 * @points: globs of symbols and groups, likewise
 * @netns: name or inode number of a network namespace, NULL for all
 * @has_pid: only packets that a process of @pid had to do with
 * @pid: process number
 * @expression: which packets, NULL for all
 *
 * Only showing is filtered: journeys are made of all records.
 */
struct filter {
	const char *devices;
	const char *points;
	const char *netns;
	bool has_pid;
	uint32_t pid;
	const struct expression *expression;
};

bool filter_globs_match(const char *globs, const char *name, const char *group);
bool filter_is_netns(const struct filter *filter, struct names *names, uint32_t netns);
bool filter_point(const struct filter *filter, const struct skbtrace_record *record);
bool filter_packet(const struct filter *filter, const struct skbtrace_record *record);
bool filter_record(const struct filter *filter, struct names *names,
		   const struct skbtrace_record *record);
bool filter_journey(const struct filter *filter, struct names *names,
		    const struct journey *journey);

#endif /* SKBTRACE_TOOLS_FILTER_H */
