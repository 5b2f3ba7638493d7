// SPDX-License-Identifier: GPL-2.0
/* By how much the clocks of hosts differ, as the packets tell that are like no others. */
#include "match.h"

#define TCP_SYN	0x02

/* What no other packet of the flow has, as far as one can tell from one. */
static bool same_packet(const struct end *a, const struct end *b)
{
	return match_same_bytes(a, b) && a->ip_id == b->ip_id &&
	       (a->kind != END_STREAM || !((a->tcp_flags ^ b->tcp_flags) & TCP_SYN));
}

static bool is_numbered(const struct end *end)
{
	return end->ip_id || (end->kind == END_STREAM && (end->len || end->tcp_flags & TCP_SYN));
}

static struct offsets *offsets_of(const struct join *join, unsigned int a, unsigned int b)
{
	return a < b ? join->offsets[a * join->nr_hosts + b] :
		       join->offsets[b * join->nr_hosts + a];
}

/**
 * join_offset() - by how much the clock of a host is ahead of another's
 * @join: all is joined
 * @from: the other
 * @to: the host
 * @from_ns: when, by the clock of @from
 */
struct offset join_offset(const struct join *join, unsigned int from, unsigned int to,
			  uint64_t from_ns)
{
	const struct offsets *offsets = offsets_of(join, from, to);
	struct offset offset = { OFFSET_MIN, OFFSET_MAX };

	if (from == to)
		return (struct offset){ 0, 0 };
	if (!offsets || !offsets->is_ready)
		return offset;
	if (from < to)
		return offset_at(offsets, from_ns);
	/*
	 * Windows go by the clock of the lesser number, which is not this one: by how much
	 * it is off is what is asked for.  Asked again by what is known then, it is.
	 */
	offset = offset_at(offsets, from_ns);
	if (offset_is_known(&offset))
		offset = offset_at(offsets, from_ns - offset.low);
	return (struct offset){ -offset.high, -offset.low };
}

/* How many of a range are this packet; the last of them. */
static uint32_t count_same(const struct index *index, const struct end *ends,
			   const struct end *wanted, unsigned int host, uint32_t *last)
{
	uint64_t key = match_key(wanted);
	uint32_t i, nr = 0;

	for (i = index_first(index, key, wanted->start);
	     i < index->nr && index->entries[i].key == key &&
	     index->entries[i].start == wanted->start && nr < 2; i++) {
		const struct end *end = &ends[index->entries[i].end];

		if (end->host == host && same_packet(end, wanted)) {
			*last = index->entries[i].end;
			nr++;
		}
	}
	return nr;
}

/* A packet that left one host once, and came to the other once, says something of clocks. */
static void learn_from(struct join *join, const struct end *arrival)
{
	unsigned int host;
	uint32_t nr = 0;

	if ((arrival->kind != END_STREAM && arrival->kind != END_DATAGRAM) ||
	    arrival->again || !is_numbered(arrival) ||
	    count_same(&join->received, join->arrivals, arrival, arrival->host, &nr) != 1)
		return;
	for (host = 0; host < join->nr_hosts; host++) {
		struct offsets *offsets = offsets_of(join, host, arrival->host);
		const struct end *departure;

		if (host == arrival->host || !offsets ||
		    count_same(&join->sent, join->departures, arrival, host, &nr) != 1)
			continue;
		departure = &join->departures[nr];
		if (departure->again || departure->kind != arrival->kind ||
		    match_may_be_reverse(join, departure, arrival))
			continue;
		if (host < arrival->host)
			offsets_forward(offsets, departure->ts_ns, arrival->ts_ns);
		else
			offsets_backward(offsets, departure->ts_ns, arrival->ts_ns);
	}
}

/**
 * match_clocks() - find out by how much the hosts' clocks differ
 * @join: departures and arrivals, indexed
 */
void match_clocks(struct join *join)
{
	unsigned int a, b;
	uint32_t i;

	for (i = 0; i < join->nr_arrivals; i++)
		learn_from(join, &join->arrivals[i]);
	for (a = 0; a < join->nr_hosts; a++)
		for (b = a + 1; b < join->nr_hosts; b++)
			if (offsets_of(join, a, b))
				offsets_ready(offsets_of(join, a, b));
}
