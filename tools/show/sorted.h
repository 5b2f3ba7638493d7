/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SORTED_H
#define SKBTRACE_TOOLS_SORTED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "show.h"

/* What is kept at most: so many journeys, and bytes of what is shown of them. */
#define SORTED_JOURNEYS	10000
#define SORTED_BYTES	(64u << 20)

/**
 * enum sorted_by - what journeys are sorted by
 * @SORTED_NOT: they are shown as they come
 * @SORTED_LATENCY: from the first hop to the last, the longest first
 * @SORTED_BYTES_OF: payload, the longest first
 * @SORTED_TIME: their beginning, the earliest first
 */
enum sorted_by {
	SORTED_NOT,
	SORTED_LATENCY,
	SORTED_BYTES_OF,
	SORTED_TIME,
};

struct sorted;

int sorted_parse(const char *word, enum sorted_by *by, struct error *error);
struct sorted *sorted_new(enum sorted_by by, uint64_t max);
void sorted_free(struct sorted *sorted);
int sorted_journey(struct sorted *sorted, struct show *show, const struct journey *journey,
		   const struct verdict *verdict);
void sorted_show(struct sorted *sorted, struct show *show);

#endif /* SKBTRACE_TOOLS_SORTED_H */
