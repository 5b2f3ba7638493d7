// SPDX-License-Identifier: GPL-2.0
/* Datagrams of flows whose packets have no numbers, and that came with other bytes. */
#include "match.h"

/* Packets of one flow that are looked at, at the most: cost is to be bounded. */
#define SEEN_MAX	65536u

static bool is_unnumbered(const struct end *end)
{
	return end->kind == END_DATAGRAM && !end->ip_id && end->len;
}

/**
 * unnumbered_add() - make an end ready to be found, if it has no number
 * @index: those that have none
 * @end: the end
 * @nr: its number
 *
 * Return: 0, or -1 if there is no memory.
 */
int unnumbered_add(struct index *index, const struct end *end, uint32_t nr)
{
	return is_unnumbered(end) ? index_add(index, end->flow, 0, nr) : 0;
}

/* It is not settled whose bytes these are. */
static bool is_open(const struct join *join, uint32_t crossing)
{
	return crossing == END_NONE || join->crossings[crossing].result == CROSSING_UNKNOWN;
}

/* The departures that an arrival may be of, of those that are open.  Return: how many. */
static uint32_t open_departures(const struct join *join, const struct end *arrival,
				uint32_t *first)
{
	const struct index *index = &join->unnumbered;
	uint32_t i, nr = 0, seen = 0;

	for (i = index_first(index, arrival->flow, 0);
	     i < index->nr && index->entries[i].key == arrival->flow && nr < 2; i++) {
		uint32_t number = index->entries[i].end;

		/* So many at a time cannot be told apart. */
		if (seen++ == SEEN_MAX)
			return 2;
		if (!is_open(join, join->came_as[number]) ||
		    !match_is_possible(join, &join->departures[number], arrival))
			continue;
		if (!nr++)
			*first = number;
	}
	return nr;
}

/* The arrivals that may be of a departure, likewise. */
static uint32_t open_arrivals(const struct join *join, const struct end *departure)
{
	const struct index *index = &join->came_unnumbered;
	uint32_t i, nr = 0, seen = 0;

	for (i = index_first(index, departure->flow, 0);
	     i < index->nr && index->entries[i].key == departure->flow && nr < 2; i++) {
		uint32_t number = index->entries[i].end;

		if (seen++ == SEEN_MAX)
			return 2;
		nr += is_open(join, join->crossed[number]) &&
		      match_is_possible(join, departure, &join->arrivals[number]);
	}
	return nr;
}

/*
 * No number tells which it was, and its bytes are none that were sent in its flow.  All
 * that was is recorded, and all but one has come as it left: then it is that one.
 */
static bool is_the_only_one(const struct join *join, const struct end *departure,
			    const struct end *arrival)
{
	struct offset offset = join_offset(join, departure->host, arrival->host,
					   departure->ts_ns);

	return departure->len == arrival->len && departure->digested && arrival->digested &&
	       departure->gso_segs <= 1 && arrival->gso_segs <= 1 && offset_is_known(&offset) &&
	       !join->hosts[departure->host].missed &&
	       !arrival->outward && match_came_after(join, departure, arrival) &&
	       !match_was_lost(join, departure->host, arrival) &&
	       open_arrivals(join, departure) == 1;
}

/**
 * unnumbered_from() - find out what an arrival is of that has no number and no one's bytes
 * @join: the joiner
 * @nr: number of the arrival
 *
 * Return: 0, or -1 if there is no memory.
 */
int unnumbered_from(struct join *join, uint32_t nr)
{
	const struct end *arrival = &join->arrivals[nr];
	struct crossing crossing = {
		.result = CROSSING_UNKNOWN, .arrival = nr, .nr_departures = 1, .nr_arrivals = 1,
		.to = arrival->host, .departure = END_NONE,
		.why = "nothing numbers the packets of its flow, and none was sent with these bytes",
	};
	uint32_t nr_open;

	if (!is_unnumbered(arrival))
		return 0;
	nr_open = open_departures(join, arrival, &crossing.departure);
	if (!nr_open)
		return 0;
	if (nr_open == 1) {
		if (is_the_only_one(join, &join->departures[crossing.departure], arrival))
			crossing.result = CROSSING_CHANGED;
		return match_cross(join, &crossing);
	}
	crossing.departure = END_NONE;
	join->crossed[nr] = join->nr_crossings;
	return join_cross(join, &crossing);
}
