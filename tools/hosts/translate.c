// SPDX-License-Identifier: GPL-2.0
/*
 * Where addresses are translated between two hosts: which flow that arrives is which that
 * left.  What translates leaves alone what numbers the packets: TCP's sequence numbers, the
 * number in the IP header; and the payload.  So the packets of a flow that are not damaged
 * say what it was, and then it is known of the others.
 */
#include <stdlib.h>

#include "translate.h"

#define TCP_SYN	0x02
#define TCP_ACK	0x10

/* Departures that are looked at for one arrival: if there are more it says nothing. */
#define CANDIDATES_MAX	16

/* A payload that says by itself whose it is, where nothing numbers the packets. */
#define TELLING_LEN	16

/**
 * translate_id() - a number for what is the same of a packet whatever its addresses are
 * @end: where it was seen
 *
 * Return: the number, 0 if nothing of it is like no other's.
 */
uint64_t translate_id(const struct end *end)
{
	uint64_t id = packet_mix(end->kind, end->l4proto);

	switch (end->kind) {
	case END_STREAM:
		id = packet_mix(id, end->start);
		if (!end->len)
			return end->tcp_flags & TCP_SYN ?
			       packet_mix(id, end->tcp_flags & (TCP_SYN | TCP_ACK)) : 0;
		break;
	case END_DATAGRAM:
		if (!end->ip_id && end->len < TELLING_LEN)
			return 0;
		id = packet_mix(id, end->ip_id);
		break;
	case END_FRAGMENT:
		id = packet_mix(id, (uint64_t)end->ip_id << 32 | end->start);
		break;
	default:
		return 0;
	}
	if (!end->digested || !end->len)
		return 0;
	return packet_mix(id, (uint64_t)end->len << 32 | end->crc) | 1;
}

static uint64_t flow_of(const struct end *end, bool by_hosts)
{
	return by_hosts ? end->hosts : end->flow;
}

/* Has a flow left another host as it is? */
static bool is_known(const struct translations *translations, uint64_t flow, unsigned int host)
{
	const struct index *known = &translations->known;
	uint32_t i = index_first(known, flow, 0);

	if (i < known->nr && known->entries[i].key == flow && known->entries[i].start == host)
		i = index_first(known, flow, host + 1);
	return i < known->nr && known->entries[i].key == flow;
}

/* Which flow an arrival left as, if its bytes and numbers say that of one alone. */
static bool find_flow(const struct join *join, const struct end *arrival, bool by_hosts,
		      uint64_t *flow)
{
	uint64_t id = translate_id(arrival);
	uint32_t i, nr = 0;
	bool found = false;

	if (!id)
		return false;
	for (i = index_first(&join->ids, id, 0);
	     i < join->ids.nr && join->ids.entries[i].key == id; i++) {
		const struct end *departure = &join->departures[join->ids.entries[i].end];

		if (departure->host == arrival->host)
			continue;
		if (nr++ == CANDIDATES_MAX ||
		    (found && flow_of(departure, by_hosts) != *flow))
			return false;
		*flow = flow_of(departure, by_hosts);
		found = true;
	}
	return found;
}

static int compare(const void *a, const void *b)
{
	const struct translation *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static int compare_to(const void *a, const void *b)
{
	const struct translation *x = a, *y = b;

	return (x->to > y->to) - (x->to < y->to);
}

static int vote(struct translations *translations, uint64_t from, uint64_t to, bool certain)
{
	if (translations->nr == translations->room) {
		uint32_t room = translations->room ? 2 * translations->room : 64;
		struct translation *maps = realloc(translations->maps, room * sizeof(*maps));

		if (!maps)
			return -1;
		translations->maps = maps;
		translations->room = room;
	}
	translations->maps[translations->nr++] = (struct translation){ from, to, 1, certain };
	return 0;
}

/* All votes are in: one flow may be one other, and no other may be that as well. */
static void count(struct translations *translations)
{
	struct translation *maps = translations->maps;
	uint32_t i, nr = 0;

	if (!translations->nr)
		return;
	qsort(maps, translations->nr, sizeof(*maps), compare);
	for (i = 1; i < translations->nr; i++) {
		if (!compare(&maps[nr], &maps[i])) {
			maps[nr].votes++;
			maps[nr].certain |= maps[i].certain;
		} else {
			maps[++nr] = maps[i];
		}
	}
	translations->nr = nr + 1;
	for (i = 0; i < translations->nr; i++)
		maps[i].certain |= maps[i].votes > 1;
	qsort(maps, translations->nr, sizeof(*maps), compare_to);
	for (i = 1; i < translations->nr; i++)
		if (maps[i].to == maps[i - 1].to)
			maps[i].certain = maps[i - 1].certain = false;
	qsort(maps, translations->nr, sizeof(*maps), compare);
	for (i = 1; i < translations->nr; i++)
		if (maps[i].from == maps[i - 1].from)
			maps[i].certain = maps[i - 1].certain = false;
}

/**
 * translations_learn() - find out which flows have other addresses where they arrive
 * @translations: set to that
 * @join: departures and arrivals, and @ids of departures
 * @by_hosts: of addresses alone: fragments have no ports
 *
 * Return: 0, or -1 if there is no memory.
 */
int translations_learn(struct translations *translations, const struct join *join,
		       bool by_hosts)
{
	uint64_t flow;
	uint32_t i;

	for (i = 0; i < join->nr_departures; i++)
		if (index_add(&translations->known, flow_of(&join->departures[i], by_hosts),
			      join->departures[i].host, i))
			return -1;
	index_sort(&translations->known);
	for (i = 0; i < join->nr_arrivals; i++) {
		const struct end *arrival = &join->arrivals[i];

		if (arrival->kind == END_OTHER || is_known(translations, flow_of(arrival, by_hosts),
							  arrival->host))
			continue;
		if (find_flow(join, arrival, by_hosts, &flow) &&
		    vote(translations, flow_of(arrival, by_hosts), flow,
			 arrival->kind == END_STREAM))
			return -1;
	}
	count(translations);
	return 0;
}

/**
 * translations_free() - free what was learnt
 * @translations: that
 */
void translations_free(struct translations *translations)
{
	free(translations->maps);
	index_free(&translations->known);
}

/**
 * translate() - what a flow was when it left
 * @translations: what is known
 * @host: where it arrives
 * @flow: the flow as it arrives, set to that
 *
 * Return: false if that is not known for certain.
 */
bool translate(const struct translations *translations, unsigned int host, uint64_t *flow)
{
	uint32_t low = 0, high = translations->nr;

	if (is_known(translations, *flow, host))
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (translations->maps[middle].from < *flow)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == translations->nr || translations->maps[low].from != *flow ||
	    !translations->maps[low].certain)
		return false;
	*flow = translations->maps[low].to;
	return true;
}
