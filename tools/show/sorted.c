// SPDX-License-Identifier: GPL-2.0
/*
 * Journeys in another order than that in which they come.
 *
 * What is shown of each is kept, of as many as there is room for: a heap has the one on
 * top that is the first to go.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sorted.h"

/**
 * struct kept - what is shown of a journey
 * @rank: the higher the earlier it is shown
 * @order: which it was of all; of two of one rank the earlier is shown first
 * @text: what is shown
 * @len: its bytes
 */
struct kept {
	uint64_t rank;
	uint64_t order;
	char *text;
	size_t len;
};

/**
 * struct sorted - the journeys that are kept
 * @by: what they are sorted by
 * @max: how many at most
 * @heap: each is less than those at twice its place and one or two more
 * @nr: how many
 * @room: how many there is memory for
 * @bytes: of all @text
 * @seen: how many came
 */
struct sorted {
	enum sorted_by by;
	uint64_t max;
	struct kept *heap;
	uint64_t nr;
	uint64_t room;
	uint64_t bytes;
	uint64_t seen;
};

static const char * const names[] = {
	[SORTED_LATENCY] = "latency",
	[SORTED_BYTES_OF] = "bytes",
	[SORTED_TIME] = "time",
};

/**
 * sorted_parse() - what to sort by
 * @word: its name
 * @by: set to it
 * @error: set if it is none
 *
 * Return: 0 or -1.
 */
int sorted_parse(const char *word, enum sorted_by *by, struct error *error)
{
	unsigned int i;

	for (i = SORTED_LATENCY; i <= SORTED_TIME; i++)
		if (!strcmp(word, names[i])) {
			*by = i;
			return 0;
		}
	return error_set(error, "--sort: \"%s\" is not latency, bytes or time", word);
}

/**
 * sorted_new() - nothing is kept yet
 * @by: what to sort by
 * @max: how many journeys to keep, 0 for as many as may be
 *
 * Return: it, or NULL if there is no memory.
 */
struct sorted *sorted_new(enum sorted_by by, uint64_t max)
{
	struct sorted *sorted = calloc(1, sizeof(*sorted));

	if (sorted) {
		sorted->by = by;
		sorted->max = max && max < SORTED_JOURNEYS ? max : SORTED_JOURNEYS;
	}
	return sorted;
}

/**
 * sorted_free() - forget all
 * @sorted: what was kept, or NULL
 */
void sorted_free(struct sorted *sorted)
{
	uint64_t i;

	if (!sorted)
		return;
	for (i = 0; i < sorted->nr; i++)
		free(sorted->heap[i].text);
	free(sorted->heap);
	free(sorted);
}

static uint64_t rank_of(enum sorted_by by, const struct journey *journey)
{
	switch (by) {
	case SORTED_LATENCY:
		return journey->last_ns - journey->first_ns;
	case SORTED_BYTES_OF:
		return show_first(journey)->payload_len;
	default:
		return UINT64_MAX - journey->first_ns;
	}
}

static bool is_less(const struct kept *a, const struct kept *b)
{
	return a->rank < b->rank || (a->rank == b->rank && a->order > b->order);
}

static void swap(struct kept *a, struct kept *b)
{
	struct kept c = *a;

	*a = *b;
	*b = c;
}

static void sift_down(struct kept *heap, uint64_t nr)
{
	uint64_t i = 0, child;

	while ((child = 2 * i + 1) < nr) {
		if (child + 1 < nr && is_less(&heap[child + 1], &heap[child]))
			child++;
		if (!is_less(&heap[child], &heap[i]))
			return;
		swap(&heap[child], &heap[i]);
		i = child;
	}
}

static void drop_least(struct sorted *sorted)
{
	sorted->bytes -= sorted->heap[0].len;
	free(sorted->heap[0].text);
	sorted->heap[0] = sorted->heap[--sorted->nr];
	sift_down(sorted->heap, sorted->nr);
}

static int push(struct sorted *sorted, const struct kept *kept)
{
	uint64_t i;

	if (sorted->nr == sorted->room) {
		uint64_t room = sorted->room ? 2 * sorted->room : 64;
		struct kept *heap = realloc(sorted->heap, room * sizeof(*heap));

		if (!heap)
			return -1;
		sorted->heap = heap;
		sorted->room = room;
	}
	i = sorted->nr++;
	sorted->heap[i] = *kept;
	sorted->bytes += kept->len;
	while (i && is_less(&sorted->heap[i], &sorted->heap[(i - 1) / 2])) {
		swap(&sorted->heap[i], &sorted->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

/**
 * sorted_journey() - keep a journey, if it is one of the first
 * @sorted: what is kept
 * @show: how it is shown
 * @journey: the journey
 * @verdict: what became of its payload
 *
 * Return: 0, or -1 if there is no memory.
 */
int sorted_journey(struct sorted *sorted, struct show *show, const struct journey *journey,
		   const struct verdict *verdict)
{
	struct kept kept = { .rank = rank_of(sorted->by, journey), .order = sorted->seen++ };
	FILE *out, *text;
	int failed;

	if (sorted->nr == sorted->max && is_less(&kept, &sorted->heap[0]))
		return 0;
	text = open_memstream(&kept.text, &kept.len);
	if (!text)
		return -1;
	out = show_redirect(show, text);
	show->ops->journey(show, journey, verdict);
	show_redirect(show, out);
	failed = ferror(text);
	if ((fclose(text) | failed) || push(sorted, &kept)) {
		free(kept.text);
		return -1;
	}
	while (sorted->nr > sorted->max || (sorted->bytes > SORTED_BYTES && sorted->nr > 1))
		drop_least(sorted);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return is_less(a, b) ? 1 : -1;
}

/**
 * sorted_show() - show what was kept
 * @sorted: what was kept
 * @show: where to
 */
void sorted_show(struct sorted *sorted, struct show *show)
{
	uint64_t i;

	if (sorted->nr)
		qsort(sorted->heap, sorted->nr, sizeof(*sorted->heap), compare);
	for (i = 0; i < sorted->nr; i++)
		fwrite(sorted->heap[i].text, 1, sorted->heap[i].len, show->out);
	if (sorted->seen > sorted->nr && show->ops == &show_text_ops)
		fprintf(show->out, "sorted by %s: the first %" PRIu64 " of %" PRIu64
			" journeys\n\n", names[sorted->by], sorted->nr, sorted->seen);
}
