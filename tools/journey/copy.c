// SPDX-License-Identifier: GPL-2.0
/* A journey that outlives the call in which the engine gives it away. */
#include <stdlib.h>
#include <string.h>

#include "copy.h"

/**
 * journey_copy() - copy a journey
 * @journey: the journey, complete
 *
 * Return: the copy, with all that may be read of a journey that is complete, in one piece
 * of memory; or NULL if there is none.
 */
struct journey *journey_copy(const struct journey *journey)
{
	size_t hops = journey->nr_hops * sizeof(*journey->hops);
	size_t lives = journey->nr_lives * sizeof(*journey->lives);
	struct journey *copy = malloc(sizeof(*copy) + hops + lives);
	const struct journey_life *from;
	struct journey_life *to;
	uint32_t i;

	if (!copy)
		return NULL;
	*copy = *journey;
	copy->hops = (struct journey_hop *)(copy + 1);
	if (hops)
		memcpy(copy->hops, journey->hops, hops);
	to = (struct journey_life *)((char *)copy->hops + hops);
	copy->lives = lives ? to : NULL;
	for (from = journey->lives; from; from = from->next) {
		/* By number, as they are linked. */
		to[from->number] = *from;
		to[from->number].next = from->next ? &to[from->next->number] : NULL;
		to[from->number].journey = copy;
		/* Those are of other journeys. */
		to[from->number].carrier = NULL;
	}
	for (i = 0; i < copy->nr_hops; i++)
		copy->hops[i].life = &to[journey->hops[i].life->number];
	return copy;
}

/**
 * journey_copy_free() - free a copy
 * @journey: the copy, or NULL
 */
void journey_copy_free(struct journey *journey)
{
	free(journey);
}
