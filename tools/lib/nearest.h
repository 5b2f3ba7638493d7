/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_NEAREST_H
#define SKBTRACE_TOOLS_NEAREST_H

#include <stddef.h>

#define NEAREST_NAMES		3
#define NEAREST_NAME_LEN	64

/**
 * struct nearest - the names that are most like one that was mistyped
 * @name: that
 * @names: the most similar, the best first, "" where there are fewer
 * @distances: of each, in letters that differ
 */
struct nearest {
	const char *name;
	char names[NEAREST_NAMES][NEAREST_NAME_LEN];
	unsigned int distances[NEAREST_NAMES];
};

void nearest_begin(struct nearest *nearest, const char *name);
void nearest_offer(struct nearest *nearest, const char *candidate);
const char *nearest_text(const struct nearest *nearest, char *text, size_t size);

#endif /* SKBTRACE_TOOLS_NEAREST_H */
