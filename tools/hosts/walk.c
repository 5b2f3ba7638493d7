// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that were cut up or merged between two hosts, or in the devices: the least
 * stretch of the stream that both hosts have whole packets of is compared, their CRCs
 * combined.
 */
#include "lib/clock.h"
#include "lib/crc32c.h"
#include "match.h"

/* Of one beginning so many are looked at, and so many packets in one stretch. */
#define CANDIDATES_MAX	16
#define PIECES_MAX	1024

/* What is sent again in the place of what was lost comes so long after, at the most. */
#define AGAIN_NS	((int64_t)(60 * NSEC_PER_SEC))

/**
 * struct walk - along the packets that have left, and those that came
 * @join: the joiner
 * @arrival: what is to be on the way
 * @first: the departure that it begins with
 * @key: of the stream or datagram
 * @sent: where departures are found
 * @received: where arrivals are
 * @departures: those on the way, since both sides met last
 * @nr_departures: how many
 * @arrivals: likewise
 * @nr_arrivals: how many
 * @ambiguous: one of them might be another one, with other bytes
 * @undigested: of one the bytes are not known
 * @tainted: one is of a stretch that has been compared already, and was not right
 */
struct walk {
	const struct join *join;
	const struct end *arrival;
	const struct end *first;
	uint64_t key;
	const struct index *sent;
	const struct index *received;
	uint32_t departures[PIECES_MAX];
	uint32_t nr_departures;
	uint32_t arrivals[PIECES_MAX];
	uint32_t nr_arrivals;
	bool ambiguous;
	bool undigested;
	bool tainted;
};

/* Sequence numbers go round. */
static int32_t distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

static int64_t how_long(const struct join *join, const struct end *departure,
			const struct end *arrival)
{
	struct offset offset = join_offset(join, departure->host, arrival->host,
					   departure->ts_ns);
	int64_t time = offset_between(departure->ts_ns, arrival->ts_ns);

	if (!offset_is_known(&offset))
		return 0;
	time -= offset.low + (offset.high - offset.low) / 2;
	return time < 0 ? -time : time;
}

static bool may_be_on_way(const struct walk *walk, const struct end *departure)
{
	return departure->host == walk->first->host &&
	       how_long(walk->join, departure, walk->arrival) <= AGAIN_NS;
}

/* The departure to go on with from @start. */
static uint32_t next_departure(struct walk *walk, uint32_t start)
{
	const struct join *join = walk->join;
	uint32_t i, best = END_NONE, nr = 0;
	int64_t time, best_time = 0;

	for (i = index_first(walk->sent, walk->key, start);
	     i < walk->sent->nr && walk->sent->entries[i].key == walk->key &&
	     walk->sent->entries[i].start == start && nr < CANDIDATES_MAX; i++, nr++) {
		const struct end *end = &join->departures[walk->sent->entries[i].end];

		if (!end->len || !may_be_on_way(walk, end))
			continue;
		time = how_long(join, end, walk->arrival);
		if (best != END_NONE && join->departures[best].len == end->len &&
		    join->departures[best].crc != end->crc)
			walk->ambiguous = true;
		/* The one that it begins with stays, whatever is nearer. */
		if (end == walk->first || best == END_NONE ||
		    (time < best_time && &join->departures[best] != walk->first)) {
			best = walk->sent->entries[i].end;
			best_time = time;
		}
	}
	return best;
}

/* What was compared whole has the bytes that it left with, for all that matters here. */
static const struct end *as_it_left(const struct join *join, uint32_t nr)
{
	const struct crossing *crossing;

	if (join->crossed[nr] == END_NONE)
		return &join->arrivals[nr];
	crossing = &join->crossings[join->crossed[nr]];
	if (crossing->result > CROSSING_CHANGED || crossing->nr_arrivals > 1 ||
	    join->departures[crossing->departure].len != join->arrivals[nr].len)
		return &join->arrivals[nr];
	return &join->departures[crossing->departure];
}

static bool is_tainted(const struct join *join, uint32_t nr)
{
	return join->crossed[nr] != END_NONE && as_it_left(join, nr) == &join->arrivals[nr] &&
	       join->crossings[join->crossed[nr]].result != CROSSING_SAME;
}

/* The arrival to go on with from @start; @arrival's own turn must come. */
static uint32_t next_arrival(struct walk *walk, uint32_t start)
{
	const struct end *arrival = walk->arrival;
	const struct join *join = walk->join;
	uint32_t i, best = END_NONE, nr = 0;
	int64_t time, best_time = 0;

	if (start == arrival->start)
		return arrival - join->arrivals;
	for (i = index_first(walk->received, walk->key, start);
	     i < walk->received->nr && walk->received->entries[i].key == walk->key &&
	     walk->received->entries[i].start == start && nr < CANDIDATES_MAX; i++, nr++) {
		const struct end *end = &join->arrivals[walk->received->entries[i].end];

		if (!end->len || end->host != arrival->host ||
		    (distance(start, arrival->start) > 0 &&
		     distance(start + end->len, arrival->start) < 0))
			continue;
		time = offset_between(arrival->ts_ns, end->ts_ns);
		if (time < 0)
			time = -time;
		if (time > AGAIN_NS)
			continue;
		if (best != END_NONE && join->arrivals[best].len == end->len &&
		    as_it_left(join, best)->crc !=
		    as_it_left(join, walk->received->entries[i].end)->crc)
			walk->ambiguous = true;
		if (best == END_NONE || time < best_time) {
			best = walk->received->entries[i].end;
			best_time = time;
		}
	}
	return best;
}

static void begin(struct walk *walk)
{
	walk->nr_departures = 0;
	walk->nr_arrivals = 0;
	walk->ambiguous = false;
	walk->undigested = false;
	walk->tainted = false;
}

/* Go on until both sides meet behind the arrival.  Return: false if they do not. */
static bool meet(struct walk *walk)
{
	const struct join *join = walk->join;
	uint32_t sent = walk->first->start, came = sent, nr;

	begin(walk);
	do {
		if (distance(sent, came) >= 0) {
			nr = next_departure(walk, sent);
			if (nr == END_NONE || walk->nr_departures == PIECES_MAX)
				return false;
			walk->departures[walk->nr_departures++] = nr;
			walk->undigested |= !join->departures[nr].digested;
			sent += join->departures[nr].len;
		} else {
			nr = next_arrival(walk, came);
			if (nr == END_NONE || walk->nr_arrivals == PIECES_MAX)
				return false;
			walk->arrivals[walk->nr_arrivals++] = nr;
			walk->undigested |= !as_it_left(join, nr)->digested;
			walk->tainted |= is_tainted(join, nr);
			came += join->arrivals[nr].len;
		}
		/* What lies before it is of no interest. */
		if (sent == came && distance(sent, walk->arrival->start) >= 0)
			begin(walk);
	} while (sent != came || distance(sent, walk->arrival->start) >= 0);
	return true;
}

static bool is_same(const struct walk *walk)
{
	const struct join *join = walk->join;
	uint32_t sent = 0, came = 0, i;

	for (i = 0; i < walk->nr_departures; i++) {
		const struct end *end = &join->departures[walk->departures[i]];

		sent = crc32c_combine(sent, end->crc, end->len);
	}
	for (i = 0; i < walk->nr_arrivals; i++) {
		const struct end *end = as_it_left(join, walk->arrivals[i]);

		came = crc32c_combine(came, end->crc, end->len);
	}
	return sent == came;
}

/* All that has not been compared yet is now. */
static int take(struct join *join, struct walk *walk, struct crossing *crossing)
{
	uint32_t i;

	crossing->departure = walk->departures[0];
	crossing->nr_departures = walk->nr_departures;
	crossing->arrival = walk->arrival - join->arrivals;
	crossing->nr_arrivals = 0;
	for (i = 0; i < walk->nr_arrivals; i++) {
		uint32_t nr = walk->arrivals[i];

		if (join->crossed[nr] != END_NONE)
			continue;
		if (!crossing->nr_arrivals++)
			crossing->arrival = nr;
		join->crossed[nr] = join->nr_crossings;
		join_tie(join, join->departures[walk->departures[0]].part,
			 join->arrivals[nr].part);
	}
	for (i = 0; i < walk->nr_departures; i++) {
		join->came_as[walk->departures[i]] = join->nr_crossings;
		join->came[walk->departures[i]]++;
		join_tie(join, join->departures[walk->departures[0]].part,
			 join->departures[walk->departures[i]].part);
	}
	return join_cross(join, crossing);
}

static void judge(const struct walk *walk, struct crossing *crossing)
{
	crossing->result = CROSSING_UNKNOWN;
	if (walk->undigested)
		crossing->why = "its payload was not digested on both hosts";
	else if (is_same(walk))
		crossing->result = CROSSING_SAME;
	else if (walk->tainted)
		crossing->why = "another part of it has not the bytes that were sent";
	else if (walk->ambiguous)
		crossing->why = "parts of it were sent several times, with different bytes";
	else if (!match_came_after(walk->join, walk->first, walk->arrival))
		crossing->why = "it is not known on which of the hosts it was first";
	else if (match_was_lost(walk->join, walk->first->host, walk->arrival))
		crossing->why = "records of the host that sent it are lost: it may be another packet";
	else
		crossing->result = CROSSING_CHANGED;
}

/**
 * walk_from() - find out what an arrival is of that did not leave as it came
 * @join: the joiner
 * @arrival: number of the arrival
 *
 * Return: 0, or -1 if there is no memory.
 */
int walk_from(struct join *join, uint32_t arrival)
{
	const struct end *end = &join->arrivals[arrival];
	bool is_stream = end->kind == END_STREAM;
	struct walk walk = {
		.join = join, .arrival = end, .key = match_pieces_key(end),
		.sent = is_stream ? &join->sent : &join->sent_pieces,
		.received = is_stream ? &join->received : &join->received_pieces,
	};
	struct crossing crossing = { .arrival = arrival, .departure = END_NONE, .nr_arrivals = 1,
				     .nr_departures = 1, .to = end->host };
	struct crossing other = crossing;
	struct walk wrong;
	uint32_t i, nr = 0, nr_met = 0;

	if (!end->len || end->kind == END_OTHER || (!is_stream && !end->ip_id))
		return 0;
	/* What begins not behind it, the nearest first. */
	for (i = index_first(walk.sent, walk.key, end->start + 1);
	     i-- && walk.sent->entries[i].key == walk.key && nr < CANDIDATES_MAX; nr++) {
		const struct end *first = &join->departures[walk.sent->entries[i].end];

		if (distance(first->start, end->start) >= (int64_t)first->len ||
		    !match_is_possible(join, first, end))
			continue;
		if (crossing.departure == END_NONE)
			crossing.departure = walk.sent->entries[i].end;
		walk.first = first;
		if (!meet(&walk))
			continue;
		judge(&walk, &other);
		if (other.result == CROSSING_SAME)
			return take(join, &walk, &other);
		/* It may have been made on the host: other bytes say nothing. */
		if (!end->outward && !nr_met++) {
			crossing = other;
			wrong = walk;
		}
	}
	if (nr_met > 1 && !is_stream && crossing.result == CROSSING_CHANGED) {
		crossing.result = CROSSING_UNKNOWN;
		crossing.why = "several packets of its flow have its number, and others bytes";
	}
	if (nr_met)
		return take(join, &wrong, &crossing);
	if (crossing.departure == END_NONE || end->outward)
		return 0;
	crossing.result = CROSSING_UNKNOWN;
	crossing.why = "not all parts of it were seen on both hosts";
	return match_cross(join, &crossing);
}
