// SPDX-License-Identifier: GPL-2.0
/* Which arrival is of which departure, and has it the same bytes? */
#include <stdlib.h>

#include "lib/clock.h"
#include "match.h"

#define TCP_SYN	0x02

/* Of one key so many are looked at, at the most. */
#define CANDIDATES_MAX	256



/**
 * match_pieces_key() - a number for the stream or datagram that an end is a piece of
 * @end: the end
 */
uint64_t match_pieces_key(const struct end *end)
{
	if (end->kind == END_STREAM)
		return packet_mix(end->flow, END_STREAM);
	return packet_mix(packet_mix(end->hosts, end->ip_id), END_FRAGMENT);
}

static uint64_t datagram_key(const struct end *end)
{
	uint64_t key = packet_mix(packet_mix(end->flow, end->ip_id), END_DATAGRAM);

	/* Of those without a number only the ones with the same bytes are looked for. */
	return end->ip_id ? key : packet_mix(key, (uint64_t)end->len << 32 | end->crc);
}

/**
 * match_key() - a number for what an arrival and its departure have in common, if they are
 *	of one packet that came as it left
 * @end: one of them
 */
uint64_t match_key(const struct end *end)
{
	if (end->kind != END_STREAM)
		return datagram_key(end);
	/* What only acknowledges stands where the last one did, however many there are. */
	return end->len ? match_pieces_key(end) :
	       packet_mix(packet_mix(end->flow, END_OTHER), end->ip_id);
}

static bool has_pieces(const struct end *end)
{
	return end->ip_id && (end->kind == END_FRAGMENT || end->kind == END_DATAGRAM);
}

static int add(struct index *whole, struct index *pieces, const struct end *end, uint32_t nr)
{
	if ((end->kind == END_STREAM || end->kind == END_DATAGRAM) &&
	    index_add(whole, match_key(end), end->start, nr))
		return -1;
	if (has_pieces(end) && index_add(pieces, match_pieces_key(end), end->start, nr))
		return -1;
	return 0;
}

/**
 * match_index() - make departures and arrivals ready to be found
 * @join: all of them
 * @flows: learns which flows have other addresses where they arrive
 * @hosts: likewise of addresses alone
 *
 * Return: 0, or -1 if there is no memory.
 */
int match_index(struct join *join, struct translations *flows, struct translations *hosts)
{
	uint32_t i;

	for (i = 0; i < join->nr_departures; i++) {
		const struct end *end = &join->departures[i];

		if (add(&join->sent, &join->sent_pieces, end, i) ||
		    index_add(&join->ids, translate_id(end), 0, i))
			return -1;
		if (unnumbered_add(&join->unnumbered, end, i))
			return -1;
	}
	index_sort(&join->sent);
	index_sort(&join->sent_pieces);
	index_sort(&join->ids);
	index_sort(&join->unnumbered);
	if (translations_learn(flows, join, false) || translations_learn(hosts, join, true))
		return -1;
	for (i = 0; i < join->nr_arrivals; i++) {
		struct end *end = &join->arrivals[i];

		/* What is not known stays as it is, and finds nothing. */
		translate(flows, end->host, &end->flow);
		translate(hosts, end->host, &end->hosts);
		if (add(&join->received, &join->received_pieces, end, i))
			return -1;
		if (unnumbered_add(&join->came_unnumbered, end, i))
			return -1;
	}
	index_sort(&join->came_unnumbered);
	index_sort(&join->received);
	index_sort(&join->received_pieces);
	return 0;
}

/**
 * match_same_bytes() - have two ends the same bytes
 * @a: one
 * @b: the other
 */
bool match_same_bytes(const struct end *a, const struct end *b)
{
	return a->start == b->start && a->len == b->len &&
	       (!a->len || (a->digested && b->digested && a->crc == b->crc));
}

/**
 * match_is_possible() - can an arrival be of a departure, as far as time tells
 * @join: the joiner
 * @departure: the one
 * @arrival: the other
 */
bool match_is_possible(const struct join *join, const struct end *departure,
		       const struct end *arrival)
{
	int64_t time = offset_between(departure->ts_ns, arrival->ts_ns);
	struct offset offset;

	if (departure->host == arrival->host || departure->kind == END_OTHER)
		return false;
	offset = join_offset(join, departure->host, arrival->host, departure->ts_ns);
	return time >= offset.low && time - TRANSIT_NS <= offset.high;
}

/**
 * match_may_be_reverse() - may it be that a packet went the other way, as far as one can
 *	tell without clocks
 * @join: the joiner
 * @departure: where it left one host
 * @arrival: where it came to the other
 *
 * Return: true if it may have been made where it is said to have come to; or if both hosts
 * only pass it on, and it may have left the one, and come to the other, last.
 */
bool match_may_be_reverse(const struct join *join, const struct end *departure,
			  const struct end *arrival)
{
	/* No router makes it live longer. */
	if (departure->ttl && arrival->ttl && departure->ttl != arrival->ttl)
		return departure->ttl < arrival->ttl;
	return arrival->outward || (join->parts[departure->part].has_arrivals &&
				    join->parts[arrival->part].has_departures);
}

/**
 * match_came_after() - did an arrival come after the departure, for certain
 * @join: the joiner
 * @departure: the one
 * @arrival: the other
 */
bool match_came_after(const struct join *join, const struct end *departure,
		      const struct end *arrival)
{
	struct offset offset;

	if (!match_may_be_reverse(join, departure, arrival))
		return true;
	offset = join_offset(join, departure->host, arrival->host, departure->ts_ns);
	return offset_is_known(&offset) &&
	       offset_between(departure->ts_ns, arrival->ts_ns) >= offset.high;
}

/* How near a departure is to an arrival that it may be of: the less the nearer. */
struct nearness {
	unsigned int other_id;
	unsigned int routers;
	unsigned int taken;
	uint64_t time;
};

static struct nearness nearness_of(const struct join *join, uint32_t nr,
				   const struct end *arrival)
{
	const struct end *departure = &join->departures[nr];
	struct offset offset = join_offset(join, departure->host, arrival->host,
					   departure->ts_ns);
	int64_t time = offset_between(departure->ts_ns, arrival->ts_ns);

	if (offset_is_known(&offset))
		time -= offset.low + (offset.high - offset.low) / 2;
	return (struct nearness){
		.other_id = departure->ip_id != arrival->ip_id,
		.routers = departure->ttl && arrival->ttl && departure->ttl >= arrival->ttl ?
			   departure->ttl - arrival->ttl : 255,
		.taken = join->came[nr],
		.time = time < 0 ? -time : time,
	};
}

static bool is_nearer(const struct nearness *a, const struct nearness *b)
{
	if (a->other_id != b->other_id)
		return a->other_id < b->other_id;
	if (a->routers != b->routers)
		return a->routers < b->routers;
	if (a->taken != b->taken)
		return a->taken < b->taken;
	return a->time < b->time;
}

/**
 * struct candidates - the departures that an arrival may be of, whole
 * @nr: how many
 * @same: the nearest with the same bytes, or END_NONE
 * @other: the nearest with others
 * @differ: there are several with other bytes, and not the same others
 * @undigested: of one at least the bytes are not known
 * @several: of one host there are several
 */
struct candidates {
	uint32_t nr;
	uint32_t same;
	uint32_t other;
	bool differ;
	bool undigested;
	bool several;
};

static void consider(const struct join *join, struct candidates *candidates, uint32_t nr,
		     const struct end *arrival)
{
	const struct end *departure = &join->departures[nr];
	struct nearness nearness = nearness_of(join, nr, arrival), best;
	uint32_t *chosen = &candidates->other;

	candidates->nr++;
	if (match_same_bytes(departure, arrival))
		chosen = &candidates->same;
	else if (departure->len && !departure->digested)
		candidates->undigested = true;
	if (*chosen != END_NONE) {
		best = nearness_of(join, *chosen, arrival);
		candidates->several |= departure->host == join->departures[*chosen].host;
		if (chosen == &candidates->other &&
		    !match_same_bytes(departure, &join->departures[*chosen]))
			candidates->differ = true;
		if (!is_nearer(&nearness, &best))
			return;
	}
	*chosen = nr;
}

/*
 * A TCP segment has another number each time that it is sent, if it has one: if one that
 * left has this one's, only those are meant.  Routers between leave it alone.
 */
static struct candidates find_candidates(const struct join *join, const struct end *arrival,
					 bool same_id)
{
	struct candidates candidates = { .same = END_NONE, .other = END_NONE };
	uint64_t key = match_key(arrival);
	const struct index *sent = &join->sent;
	uint32_t i;

	for (i = index_first(sent, key, arrival->start);
	     i < sent->nr && sent->entries[i].key == key &&
	     sent->entries[i].start == arrival->start && candidates.nr < CANDIDATES_MAX; i++) {
		const struct end *departure = &join->departures[sent->entries[i].end];

		if (!match_is_possible(join, departure, arrival) ||
		    departure->kind != arrival->kind ||
		    (arrival->kind == END_STREAM && departure->len != arrival->len) ||
		    (arrival->kind == END_STREAM && !arrival->len &&
		     (departure->ip_id != arrival->ip_id ||
		      (departure->tcp_flags ^ arrival->tcp_flags) & TCP_SYN)) ||
		    (same_id && departure->ip_id != arrival->ip_id))
			continue;
		consider(join, &candidates, sent->entries[i].end, arrival);
	}
	return candidates;
}

/**
 * match_was_lost() - were records of a host lost when it may have sent what has come
 * @join: the joiner
 * @host: the host
 * @arrival: what came to another
 */
bool match_was_lost(const struct join *join, unsigned int host, const struct end *arrival)
{
	const struct join_host *from = &join->hosts[host];
	struct offset offset = join_offset(join, arrival->host, host, arrival->ts_ns);
	int64_t last = arrival->ts_ns + offset.high, first = arrival->ts_ns + offset.low - TRANSIT_NS;
	uint32_t i;

	if (from->nr_losses && !offset_is_known(&offset))
		return true;
	for (i = 0; i < from->nr_losses; i++)
		if ((int64_t)from->losses[i].from_ns <= last &&
		    (int64_t)from->losses[i].to_ns >= first)
			return true;
	return false;
}

static void compare_lengths(struct crossing *crossing, const struct end *departure,
			    const struct end *arrival)
{
	crossing->how = VERDICT_OTHER;
	if (!arrival->len && departure->len)
		crossing->how = VERDICT_EMPTIED;
	else if (arrival->len < departure->len)
		crossing->how = VERDICT_TRUNCATED;
	else if (arrival->len > departure->len)
		crossing->how = VERDICT_EXTENDED;
	crossing->bytes = arrival->len < departure->len ? departure->len - arrival->len :
			  arrival->len - departure->len;
}

/* Its bytes are none that left: were they changed, or is it another packet? */
static void judge(const struct join *join, struct crossing *crossing,
		  const struct candidates *candidates, const struct end *arrival)
{
	const struct end *departure = &join->departures[candidates->other];

	crossing->departure = candidates->other;
	crossing->result = CROSSING_UNKNOWN;
	if (candidates->undigested || !arrival->digested)
		crossing->why = "its payload was not digested on both hosts";
	else if (arrival->kind != END_STREAM &&
		 (departure->gso_segs > 1 || arrival->gso_segs > 1))
		crossing->why = "it was cut up or merged on the way, by other numbers than TCP's";
	else if (candidates->several && arrival->kind != END_STREAM)
		crossing->why = "several packets of its flow have its number, and others bytes";
	else if (candidates->differ)
		crossing->why = "it was sent several times, with different bytes";
	else if (arrival->outward)
		crossing->why = "it may have been made where it is first seen";
	else if (!match_came_after(join, departure, arrival))
		crossing->why = "it is not known on which of the hosts it was first";
	else if (match_was_lost(join, departure->host, arrival))
		crossing->why = "records of the host that sent it are lost: it may be another packet";
	else
		crossing->result = CROSSING_CHANGED;
	if (crossing->result == CROSSING_CHANGED)
		compare_lengths(crossing, departure, arrival);
}

/**
 * match_cross() - an arrival is of a departure
 * @join: the joiner
 * @crossing: what is known of that
 *
 * Return: 0, or -1 if there is no memory.
 */
int match_cross(struct join *join, struct crossing *crossing)
{
	const struct end *departure = &join->departures[crossing->departure];
	const struct end *arrival = &join->arrivals[crossing->arrival];
	uint32_t *last = &join->came_as[crossing->departure];

	crossing->is_duplicate = join->came[crossing->departure] &&
				 join->crossings[*last].to == crossing->to &&
				 departure->len == arrival->len;
	*last = join->nr_crossings;
	join->came[crossing->departure]++;
	join->crossed[crossing->arrival] = join->nr_crossings;
	join_tie(join, departure->part, arrival->part);
	return join_cross(join, crossing);
}

/* It left as it came: one packet, one skb. */
static int match_whole(struct join *join, uint32_t nr)
{
	const struct end *arrival = &join->arrivals[nr];
	struct crossing crossing = { .arrival = nr, .nr_departures = 1, .nr_arrivals = 1,
				     .to = arrival->host };
	struct candidates candidates = { .nr = 0 };

	if (arrival->kind == END_STREAM && arrival->ip_id)
		candidates = find_candidates(join, arrival, true);
	if (!candidates.nr)
		candidates = find_candidates(join, arrival, false);
	if (!candidates.nr)
		return 0;
	if (candidates.same != END_NONE) {
		crossing.result = CROSSING_SAME;
		crossing.departure = candidates.same;
	} else {
		/* The host has sent another one, as far as one can tell. */
		if (arrival->outward && join->came[candidates.other])
			return 0;
		judge(join, &crossing, &candidates, arrival);
	}
	return match_cross(join, &crossing);
}

/* Its addresses are nobody's, but one packet alone has its numbers and its bytes. */
static int match_id(struct join *join, uint32_t nr)
{
	const struct end *arrival = &join->arrivals[nr];
	struct crossing crossing = { .arrival = nr, .nr_departures = 1, .nr_arrivals = 1,
				     .to = arrival->host, .departure = END_NONE };
	uint64_t id = translate_id(arrival);
	uint32_t i, seen = 0;

	if (!id || !arrival->len)
		return 0;
	for (i = index_first(&join->ids, id, 0);
	     i < join->ids.nr && join->ids.entries[i].key == id; i++) {
		uint32_t departure = join->ids.entries[i].end;

		if (seen++ == CANDIDATES_MAX)
			return 0;
		if (!match_is_possible(join, &join->departures[departure], arrival) ||
		    !match_same_bytes(&join->departures[departure], arrival))
			continue;
		if (crossing.departure != END_NONE &&
		    join->departures[crossing.departure].flow !=
		    join->departures[departure].flow)
			return 0;
		crossing.departure = departure;
	}
	if (crossing.departure == END_NONE)
		return 0;
	crossing.result = CROSSING_SAME;
	return match_cross(join, &crossing);
}

static int compare_times(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Arrivals by time, host by host: the first one of several goes to the first that left. */
static struct index by_time(const struct join *join)
{
	struct index index = { NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < join->nr_arrivals; i++)
		if (index_add(&index, join->arrivals[i].ts_ns, 0, i))
			break;
	if (index.nr)
		qsort(index.entries, index.nr, sizeof(*index.entries), compare_times);
	return index;
}

/**
 * match_all() - find what each arrival is of
 * @join: departures and arrivals, indexed, and what is known of clocks
 *
 * Return: 0, or -1 if there is no memory.
 */
int match_all(struct join *join)
{
	static int (* const ways[])(struct join *join, uint32_t nr) = {
		match_whole, walk_from, match_id, unnumbered_from,
	};
	struct index order = by_time(join);
	unsigned int way;
	uint32_t i;
	int ret = order.nr == join->nr_arrivals ? 0 : -1;

	/* What came whole helps to find out of what the rest is. */
	for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		for (i = 0; i < order.nr && !ret; i++)
			if (join->crossed[order.entries[i].end] == END_NONE)
				ret = ways[way](join, order.entries[i].end);
	index_free(&order);
	return ret;
}
