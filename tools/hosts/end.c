// SPDX-License-Identifier: GPL-2.0
/* The departures and arrivals of a journey. */
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "journey/compare.h"

/* FIN and SYN count in the stream. */
#define TCP_NUMBERED	0x03

static bool is_looked_at(const struct skbtrace_record *record)
{
	return point_of(record->point)->kind == POINT_ENTRY &&
	       record->payload != SKBTRACE_PAYLOAD_NONE;
}

static bool is_at(const struct skbtrace_record *record, const char *symbol)
{
	return !strcmp(point_of(record->point)->symbol, symbol);
}

/* Is a packet on its way out, or to another port of a bridge? */
static bool is_sending(const struct skbtrace_record *record)
{
	const char *symbol = point_of(record->point)->symbol;

	return strstr(symbol, "xmit") || strstr(symbol, "output") || strstr(symbol, "forward");
}

/* What the host's own protocols make did not come to it. */
static bool is_made_here(const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);

	return point->role == ROLE_BIRTH || point->data == POINT_SEGMENT ||
	       point->data == POINT_BYTES;
}

static enum end_kind kind_of(const struct skbtrace_record *record)
{
	if (!(record->flags & SKBTRACE_F_FLOW) || record->payload < SKBTRACE_PAYLOAD_NETWORK)
		return END_OTHER;
	if (record->flags & SKBTRACE_F_FRAGMENT)
		return packet_is_tcp(record) ? END_OTHER : END_FRAGMENT;
	if (!packet_is_tcp(record))
		return END_DATAGRAM;
	/* Of TCP what has no bytes has numbers of its own in IPv4, or if it begins or ends. */
	return record->payload_len || record->ip_id || record->tcp_flags & TCP_NUMBERED ?
	       END_STREAM : END_OTHER;
}

static struct end end_of(const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;
	struct end end = {
		.ts_ns = record->ts_ns,
		.flow = packet_flow_hash(record),
		.hosts = packet_hosts_hash(record),
		.hop = hop,
		.start = span_of(record).start,
		.len = record->payload_len,
		.ip_id = record->ip_id,
		.point = record->point,
		.gso_segs = record->gso_size ? record->gso_segs : 0,
		.kind = kind_of(record),
		.l4proto = record->l4proto,
		.tcp_flags = record->tcp_flags,
		.ttl = record->ttl,
		.again = journey->retransmission,
		.in_tunnel = record->depth,
		.is_fragment = record->flags & SKBTRACE_F_FRAGMENT,
	};

	if (end.kind == END_STREAM)
		end.start = record->tcp_seq;
	/* Of what is broken the digest says nothing. */
	end.digested = compare_has_digest(record) &&
		       !(record->flags & (PACKET_BROKEN | SKBTRACE_F_DEEP));
	end.crc = end.digested ? record->crc32c : 0;
	return end;
}

/* Does the packet leave the host here?  It was not seen again, not even as a copy. */
static bool is_departure(const struct journey *journey, uint32_t hop, const bool *goes_on)
{
	const struct journey_life *life = journey->hops[hop].life;

	if (goes_on[hop] || life->last_hop != hop || life->phase == LIFE_TAP ||
	    life->phase == LIFE_MERGED || life->end == JOURNEY_DELIVERED)
		return false;
	/* Some drivers drop what they have sent. */
	return is_at(&journey->hops[hop].record, "dev_hard_start_xmit") ||
	       (is_sending(&journey->hops[hop].record) && life->end != JOURNEY_DROPPED);
}

/**
 * ends_of() - find where a packet came to a host, and where it left it
 * @journey: its journey there, complete
 * @found: called with each; its @part and @host are to be set
 * @context: passed to @found
 *
 * Return: 0; or what @found returned, if that was something else; or -1 if there is no
 * memory.
 */
int ends_of(const struct journey *journey, end_found found, void *context)
{
	bool few[64] = { false }, *goes_on = few;
	struct end end;
	uint32_t hop;
	int ret = 0;

	if (journey->nr_hops > sizeof(few)) {
		goes_on = calloc(journey->nr_hops, sizeof(*goes_on));
		if (!goes_on)
			return -1;
	}
	for (hop = 0; hop < journey->nr_hops; hop++) {
		const struct journey_hop *now = &journey->hops[hop];

		if (is_looked_at(&now->record) && now->previous != JOURNEY_NO_HOP &&
		    now->life->phase != LIFE_TAP)
			goes_on[now->previous] = true;
	}
	for (hop = 0; hop < journey->nr_hops && !ret; hop++) {
		const struct journey_hop *now = &journey->hops[hop];

		if (!is_looked_at(&now->record) || now->life->phase == LIFE_TAP)
			continue;
		end = end_of(journey, hop);
		end.outward = is_sending(&now->record);
		if (now->previous == JOURNEY_NO_HOP && !is_made_here(&now->record))
			ret = found(context, &end, false);
		if (!ret && is_departure(journey, hop, goes_on)) {
			end.sent = now->life->end != JOURNEY_DROPPED &&
				   is_at(&now->record, "dev_hard_start_xmit");
			ret = found(context, &end, true);
		}
	}
	if (goes_on != few)
		free(goes_on);
	return ret;
}
