/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_INDEX_H
#define SKBTRACE_TOOLS_INDEX_H

#include <stdint.h>

/**
 * struct index_entry - an end, and what it is found by
 * @key: what is to be the same
 * @start: the first byte, or what else sets those of one key in order
 * @end: number of the end
 */
struct index_entry {
	uint64_t key;
	uint32_t start;
	uint32_t end;
};

/**
 * struct index - ends, sorted by key, by start and by number
 * @entries: the entries
 * @nr: how many
 */
struct index {
	struct index_entry *entries;
	uint32_t nr;
	/* private: */
	uint32_t room;
};

int index_add(struct index *index, uint64_t key, uint32_t start, uint32_t end);
void index_sort(struct index *index);
void index_free(struct index *index);
uint32_t index_first(const struct index *index, uint64_t key, uint32_t start);

#endif /* SKBTRACE_TOOLS_INDEX_H */
