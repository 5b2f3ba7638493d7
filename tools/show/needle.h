/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_NEEDLE_H
#define SKBTRACE_TOOLS_NEEDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "journey/journey.h"
#include "lib/error.h"

/**
 * struct needle - which journeys, by what became of them
 * @only: kinds of which a journey must be one, see needle_parse_only(); 0 for all
 * @from: the journey has a hop at this point (or of this group), and later
 * @to: one at that; both NULL for all, each a list of globs
 * @has_id: only the journey of number @id
 * @id: its number
 * @has_call: messages: only the call of number @call
 * @call: its number
 * @min_latency_ns: took at least so long from the first hop to the last
 */
struct needle {
	unsigned int only;
	const char *from;
	const char *to;
	bool has_id;
	uint64_t id;
	bool has_call;
	uint64_t call;
	uint64_t min_latency_ns;
};

int needle_parse_only(struct needle *needle, const char *words, struct error *error);
int needle_parse_between(struct needle *needle, char *words, struct error *error);
int needle_check_call(const struct needle *needle, struct error *error);
bool needle_is_verdict(const struct needle *needle, enum verdict_payload payload);
bool needle_wants_changed(const struct needle *needle);
bool needle_is_set(const struct needle *needle);
bool needle_is_wanted(const struct needle *needle, const struct journey *journey,
		      const struct verdict *verdict);

#endif /* SKBTRACE_TOOLS_NEEDLE_H */
