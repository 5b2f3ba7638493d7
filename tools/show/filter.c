// SPDX-License-Identifier: GPL-2.0
/* Which hops and journeys are shown. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "journey/journey.h"

/* Longer than any name that a glob could be of. */
#define GLOB_MAX	128

/**
 * filter_globs_match() - is a name in a list of globs
 * @globs: the list, with ',' between them; '-' before one excludes what it
 *	matches; the last that matches decides, and a list that begins with an
 *	exclusion begins with everything, as in the module's parameters
 * @name: the name
 * @group: another name it goes by, or NULL
 */
bool filter_globs_match(const char *globs, const char *name, const char *group)
{
	bool in = *globs == '-';
	char glob[GLOB_MAX];

	while (*globs) {
		size_t len = strcspn(globs, ",");
		bool exclude = *globs == '-';

		snprintf(glob, sizeof(glob), "%.*s", (int)(len - exclude), globs + exclude);
		if (!fnmatch(glob, name, 0) || (group && !fnmatch(glob, group, 0)))
			in = !exclude;
		globs += len;
		globs += *globs == ',';
	}
	return in;
}

static bool device_matches(const struct filter *filter, const struct skbtrace_record *record)
{
	char name[SKBTRACE_NAME_LEN + 1];

	if (!filter->devices)
		return true;
	snprintf(name, sizeof(name), "%.*s", SKBTRACE_NAME_LEN, record->dev);
	if (*name && filter_globs_match(filter->devices, name, NULL))
		return true;
	snprintf(name, sizeof(name), "%.*s", SKBTRACE_NAME_LEN, record->peer);
	return *name && filter_globs_match(filter->devices, name, NULL);
}

/**
 * filter_is_netns() - is a network namespace the one that the filter names
 * @filter: the filter, which names one
 * @names: names of network namespaces
 * @netns: inode number of a network namespace
 */
bool filter_is_netns(const struct filter *filter, struct names *names, uint32_t netns)
{
	char number[16];
	const char *name;

	snprintf(number, sizeof(number), "%u", netns);
	name = names_netns(names, netns);
	return !strcmp(filter->netns, number) || (name && !strcmp(filter->netns, name));
}

static bool netns_matches(const struct filter *filter, struct names *names,
			  const struct skbtrace_record *record)
{
	return !filter->netns || ((record->flags & SKBTRACE_F_NETNS) &&
				  filter_is_netns(filter, names, record->netns));
}

/* In interrupts the process is whom they interrupted: no concern of ours. */
static bool pid_matches(const struct filter *filter, const struct skbtrace_record *record)
{
	return !filter->has_pid ||
	       (record->context == SKBTRACE_TASK && record->pid == filter->pid);
}

/**
 * filter_point() - is a hop at this point to be shown
 * @filter: the filter
 * @record: the hop
 */
bool filter_point(const struct filter *filter, const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);

	if (record->flags & SKBTRACE_F_HIDDEN)
		return false;
	return !filter->points || filter_globs_match(filter->points, point->symbol, point->group);
}

static bool packet_matches(const struct filter *filter, const struct skbtrace_record *record)
{
	return !filter->expression || expression_matches(filter->expression, record);
}

/**
 * filter_packet() - is a hop to be saved
 * @filter: the filter
 * @record: the hop
 *
 * Return: true also for returns, clones and frees, which do not say what packet
 * they are of: without them journeys would have no end.
 */
bool filter_packet(const struct filter *filter, const struct skbtrace_record *record)
{
	return (record->flags & SKBTRACE_F_MESSAGE) || packet_matches(filter, record) ||
	       (record->payload == SKBTRACE_PAYLOAD_NONE && !(record->flags & SKBTRACE_F_FLOW));
}

/**
 * filter_record() - is a hop to be shown, that is shown by itself
 * @filter: the filter
 * @names: names of network namespaces
 * @record: the hop
 */
bool filter_record(const struct filter *filter, struct names *names,
		   const struct skbtrace_record *record)
{
	return filter_point(filter, record) && device_matches(filter, record) &&
	       pid_matches(filter, record) && netns_matches(filter, names, record) &&
	       packet_matches(filter, record);
}

/**
 * filter_journey() - is a journey to be shown
 * @filter: the filter
 * @names: names of network namespaces
 * @journey: the journey
 *
 * Return: true if it touched what the filter names: each at some hop.
 */
bool filter_journey(const struct filter *filter, struct names *names,
		    const struct journey *journey)
{
	bool device = false, netns = false, pid = false, point = false, packet = false;
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		device = device || device_matches(filter, record);
		netns = netns || netns_matches(filter, names, record);
		pid = pid || pid_matches(filter, record);
		point = point || filter_point(filter, record);
		packet = packet || packet_matches(filter, record);
	}
	return device && netns && pid && point && packet;
}
