// SPDX-License-Identifier: GPL-2.0
/* Ends by key: made at once, then sorted, then searched. */
#include <stdlib.h>

#include "index.h"

/**
 * index_add() - add an entry
 * @index: an index that is not sorted yet
 * @key: see struct index_entry
 * @start: likewise
 * @end: likewise
 *
 * Return: 0, or -1 if there is no memory.
 */
int index_add(struct index *index, uint64_t key, uint32_t start, uint32_t end)
{
	if (index->nr == index->room) {
		uint32_t room = index->room ? 2 * index->room : 1024;
		struct index_entry *entries = realloc(index->entries, room * sizeof(*entries));

		if (!entries)
			return -1;
		index->entries = entries;
		index->room = room;
	}
	index->entries[index->nr++] = (struct index_entry){ key, start, end };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/**
 * index_sort() - make it ready to be searched
 * @index: the index
 */
void index_sort(struct index *index)
{
	if (index->nr)
		qsort(index->entries, index->nr, sizeof(*index->entries), compare);
}

/**
 * index_free() - free an index
 * @index: the index
 */
void index_free(struct index *index)
{
	free(index->entries);
}

/**
 * index_first() - the first entry of a key that does not begin before @start
 * @index: the index
 * @key: the key
 * @start: where
 *
 * Return: its number; what is there may be of another key, or behind the last.
 */
uint32_t index_first(const struct index *index, uint64_t key, uint32_t start)
{
	const struct index_entry wanted = { key, start, 0 };
	uint32_t low = 0, high = index->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&index->entries[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
