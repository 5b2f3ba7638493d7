// SPDX-License-Identifier: GPL-2.0
/* What left a host and did not come to where the rest of its flow did. */
#include "lib/clock.h"
#include "match.h"

/* So long after it should have come nobody waits for it any more. */
#define AWAITED_NS	((int64_t)NSEC_PER_SEC)

/* BIG TCP; and what is looked at of a stream for one packet. */
#define LONGEST		(512u << 10)
#define PIECES_MAX	1024

/* Which hosts the packets of a flow have come to, by flow and host that they left. */
static uint64_t way_of(const struct end *departure)
{
	return packet_mix(departure->flow, departure->host);
}

/* Flows by the hosts that they leave, and that have not got them from another. */
static int learn_leaving(const struct join *join, struct index *leaving)
{
	uint32_t i;

	for (i = 0; i < join->nr_departures; i++)
		if (!join->parts[join->departures[i].part].came &&
		    index_add(leaving, way_of(&join->departures[i]), 0, i))
			return -1;
	index_sort(leaving);
	return 0;
}

/* What a host sends itself, and gets back, is one journey there: it does not arrive. */
static bool leaves(const struct index *leaving, const struct end *departure, unsigned int host)
{
	uint64_t key = packet_mix(departure->flow, host);
	uint32_t i = index_first(leaving, key, 0);

	return i < leaving->nr && leaving->entries[i].key == key;
}

static int learn_ways(const struct join *join, struct index *ways)
{
	uint32_t i;

	for (i = 0; i < join->nr_crossings; i++) {
		const struct crossing *crossing = &join->crossings[i];

		if (crossing->departure != END_NONE &&
		    index_add(ways, way_of(&join->departures[crossing->departure]),
			      crossing->to, i))
			return -1;
	}
	index_sort(ways);
	return 0;
}

static bool is_numbered(const struct end *end)
{
	return end->ip_id || (end->kind == END_STREAM && end->len);
}

/* TCP has sent these bytes before or again, and something of that came. */
static bool came_again(const struct join *join, const struct end *departure)
{
	uint64_t key = match_pieces_key(departure);
	uint32_t i, nr = 0;

	if (departure->kind != END_STREAM || departure->ip_id)
		return false;
	for (i = index_first(&join->sent, key, departure->start);
	     i < join->sent.nr && join->sent.entries[i].key == key &&
	     join->sent.entries[i].start == departure->start && nr < 64; i++, nr++)
		if (join->came[join->sent.entries[i].end] &&
		    join->departures[join->sent.entries[i].end].host == departure->host)
			return true;
	return false;
}

/* What was merged with others, and not compared, may have it. */
static bool may_have_come(const struct join *join, const struct end *departure, unsigned int to)
{
	uint64_t key = match_pieces_key(departure);
	uint32_t from = departure->start > LONGEST ? departure->start - LONGEST : 0;
	uint32_t i, nr = 0;

	if (departure->kind != END_STREAM)
		return false;
	for (i = index_first(&join->received, key, from);
	     i < join->received.nr && join->received.entries[i].key == key &&
	     join->received.entries[i].start < departure->start + departure->len &&
	     nr < PIECES_MAX; i++, nr++) {
		uint32_t number = join->received.entries[i].end;
		const struct end *arrival = &join->arrivals[number];

		if (arrival->host == to && arrival->start + arrival->len > departure->start &&
		    (join->crossed[number] == END_NONE ||
		     join->crossings[join->crossed[number]].result == CROSSING_UNKNOWN) &&
		    match_is_possible(join, departure, arrival))
			return true;
	}
	return nr == PIECES_MAX;
}

/* What else may have become of it. */
static const char *doubt(const struct join *join, const struct end *departure, unsigned int to)
{
	const struct join_host *host = &join->hosts[to];

	if (came_again(join, departure))
		return "or what TCP sent in its place was";
	if (!is_numbered(departure))
		return "or it came with other bytes: nothing numbers the packets of its flow";
	if (host->has_fragments && (departure->kind == END_STREAM || departure->in_tunnel))
		return "or it came in fragments, which are not looked into";
	if (departure->kind == END_DATAGRAM && (departure->gso_segs > 1 || host->has_merged))
		return "or it was cut up or merged on the way";
	return NULL;
}

static bool lost_records(const struct join_host *host, int64_t from_ns, int64_t to_ns)
{
	uint32_t i;

	for (i = 0; i < host->nr_losses; i++)
		if ((int64_t)host->losses[i].from_ns <= to_ns &&
		    (int64_t)host->losses[i].to_ns >= from_ns)
			return true;
	return false;
}

static int lose(struct join *join, uint32_t nr, unsigned int to)
{
	const struct end *departure = &join->departures[nr];
	const struct join_host *host = &join->hosts[to];
	struct offset offset = join_offset(join, departure->host, to, departure->ts_ns);
	struct crossing crossing = { .result = CROSSING_LOST, .departure = nr, .arrival = END_NONE,
				     .nr_departures = 1, .to = to };
	int64_t from_ns, to_ns;

	/* It is to be certain that the host was traced then. */
	if (!offset_is_known(&offset))
		return 0;
	from_ns = departure->ts_ns + offset.low;
	to_ns = departure->ts_ns + offset.high + AWAITED_NS;
	if (from_ns < (int64_t)host->begin_ns || to_ns > (int64_t)host->end_ns)
		return 0;
	if (may_have_come(join, departure, to))
		return 0;
	if (lost_records(host, from_ns, to_ns))
		crossing.why = "records of the host that it was sent to are lost";
	else
		crossing.why = doubt(join, departure, to);
	return join_cross(join, &crossing);
}

/**
 * lost_all() - find what was lost between two hosts
 * @join: the joiner, when each arrival has been looked at
 *
 * Return: 0, or -1 if there is no memory.
 */
int lost_all(struct join *join)
{
	struct index ways = { NULL, 0, 0 }, leaving = { NULL, 0, 0 };
	uint32_t nr, way;
	int ret = learn_ways(join, &ways) ? -1 : learn_leaving(join, &leaving);

	for (nr = 0; nr < join->nr_departures && !ret; nr++) {
		const struct end *departure = &join->departures[nr];
		uint64_t key = way_of(departure);

		if (!departure->sent || join->came[nr] || departure->kind == END_OTHER)
			continue;
		way = index_first(&ways, key, 0);
		if (way == ways.nr || ways.entries[way].key != key)
			continue;
		/* If its flow has come to several hosts it was to come to one of them. */
		if (index_first(&ways, key, ways.entries[way].start + 1) < ways.nr &&
		    ways.entries[index_first(&ways, key, ways.entries[way].start + 1)].key == key)
			continue;
		if (!leaves(&leaving, departure, ways.entries[way].start))
			ret = lose(join, nr, ways.entries[way].start);
	}
	index_free(&leaving);
	index_free(&ways);
	return ret;
}
