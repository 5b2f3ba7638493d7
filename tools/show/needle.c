// SPDX-License-Identifier: GPL-2.0
/* The journeys that are looked for among a hundred thousand. */
#include <string.h>

#include "filter.h"
#include "needle.h"

static bool is_intact(const struct journey *journey, const struct verdict *verdict)
{
	(void)journey;
	return verdict->payload == VERDICT_INTACT;
}

static bool is_changed(const struct journey *journey, const struct verdict *verdict)
{
	(void)journey;
	return verdict->payload == VERDICT_CHANGED;
}

static bool is_unverified(const struct journey *journey, const struct verdict *verdict)
{
	(void)journey;
	return verdict->payload == VERDICT_UNVERIFIED;
}

static bool is_truncated(const struct journey *journey, const struct verdict *verdict)
{
	uint32_t i;

	(void)journey;
	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].how == VERDICT_TRUNCATED ||
		    verdict->changes[i].how == VERDICT_EMPTIED)
			return true;
	return false;
}

/* Of a flood some copies may have arrived nevertheless. */
static bool is_dropped(const struct journey *journey, const struct verdict *verdict)
{
	(void)verdict;
	return journey->end == JOURNEY_DROPPED || journey->nr_dropped;
}

static bool is_retransmitted(const struct journey *journey, const struct verdict *verdict)
{
	(void)verdict;
	return journey->retransmission;
}

/* No verdict, but something that became of a packet. */
#define NO_PAYLOAD	-1

static const struct {
	const char *name;
	bool (*is)(const struct journey *journey, const struct verdict *verdict);
	int payload;
} kinds[] = {
	{ "changed", is_changed, VERDICT_CHANGED },
	{ "unverified", is_unverified, VERDICT_UNVERIFIED },
	{ "dropped", is_dropped, NO_PAYLOAD },
	{ "truncated", is_truncated, NO_PAYLOAD },
	{ "retransmitted", is_retransmitted, NO_PAYLOAD },
	{ "intact", is_intact, VERDICT_INTACT },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

/**
 * needle_parse_only() - which kinds of journeys
 * @needle: set
 * @words: names of kinds, with ',' between them
 * @error: set if one is none
 *
 * Return: 0 or -1.
 */
int needle_parse_only(struct needle *needle, const char *words, struct error *error)
{
	while (*words) {
		size_t len = strcspn(words, ",");
		unsigned int i;

		for (i = 0; i < NR_KINDS; i++)
			if (strlen(kinds[i].name) == len && !strncmp(kinds[i].name, words, len))
				break;
		if (i == NR_KINDS)
			return error_set(error, "--only: \"%.*s\" is none of changed, unverified, "
					 "dropped, truncated, retransmitted, intact", (int)len,
					 words);
		needle->only |= 1u << i;
		words += len;
		words += *words == ',';
	}
	return needle->only ? 0 : error_set(error, "--only: which journeys?");
}

/**
 * needle_parse_between() - journeys that have been at one point and then at another
 * @needle: set
 * @words: both, with ',' between them; written to, and kept
 * @error: set if they are not
 *
 * Return: 0 or -1.
 */
int needle_parse_between(struct needle *needle, char *words, struct error *error)
{
	char *comma = strchr(words, ',');

	if (!comma || comma == words || !comma[1] || strchr(comma + 1, ','))
		return error_set(error, "--between: \"%s\" is not two points: "
				 "--between veth_xmit,br_handle_frame", words);
	*comma = '\0';
	needle->from = words;
	needle->to = comma + 1;
	return 0;
}

static bool is_at(const struct journey_hop *hop, const char *globs)
{
	const struct point *point = point_of(hop->record.point);

	return !(hop->record.flags & SKBTRACE_F_HIDDEN) &&
	       filter_globs_match(globs, point->symbol, point->group);
}

static bool is_between(const struct needle *needle, const struct journey *journey)
{
	bool began = false;
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		if (began && is_at(&journey->hops[i], needle->to))
			return true;
		began |= is_at(&journey->hops[i], needle->from);
	}
	return false;
}

/**
 * needle_check_call() - can calls of applications be looked for so
 * @needle: what is looked for
 * @error: set if not
 *
 * Return: 0 or -1.
 */
int needle_check_call(const struct needle *needle, struct error *error)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS; i++)
		if (needle->only & 1u << i && kinds[i].payload == NO_PAYLOAD)
			return error_set(error, "--only %s: packets are, messages are not",
					 kinds[i].name);
	if (needle->has_id)
		return error_set(error, "--id: a message has a number without a dot");
	if (needle->from)
		return error_set(error, "--between: messages have been at no points");
	return 0;
}

/**
 * needle_is_verdict() - is what has that verdict looked for
 * @needle: what is looked for, which needle_check_call() has found right
 * @payload: the verdict
 */
bool needle_is_verdict(const struct needle *needle, enum verdict_payload payload)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS; i++)
		if (needle->only & 1u << i && kinds[i].payload == (int)payload)
			return true;
	return !needle->only;
}

/**
 * needle_wants_changed() - is a change by itself what is looked for, whatever its journey
 * @needle: what is looked for
 */
bool needle_wants_changed(const struct needle *needle)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS; i++)
		if (kinds[i].is == is_changed)
			return needle->only & 1u << i && !needle->has_id && !needle->from;
	return false;
}

/**
 * needle_is_set() - is something looked for
 * @needle: what
 */
bool needle_is_set(const struct needle *needle)
{
	return needle->only || needle->has_id || needle->has_call || needle->from ||
	       needle->min_latency_ns;
}

/**
 * needle_is_wanted() - is a journey one that is looked for
 * @needle: what is looked for
 * @journey: the journey
 * @verdict: what verdict_of() says of it
 */
bool needle_is_wanted(const struct needle *needle, const struct journey *journey,
		      const struct verdict *verdict)
{
	bool is = !needle->only;
	unsigned int i;

	for (i = 0; !is && i < NR_KINDS; i++)
		is = needle->only & 1u << i && kinds[i].is(journey, verdict);
	return is && (!needle->has_id || journey->id == needle->id) &&
	       journey->last_ns - journey->first_ns >= needle->min_latency_ns &&
	       (!needle->from || is_between(needle, journey));
}
