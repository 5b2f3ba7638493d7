// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes a packet carries, so that a packet can be compared with the parts
 * it was cut into or put together from: by segmentation offload, in software, and
 * GRO; by IP fragmentation and reassembly.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "packet.h"
#include "span.h"

/* UDP, ICMP and ICMPv6 headers: RFC 768, 792, 4443; SCTP's: RFC 9260. */
#define DATAGRAM_HEADER		8
#define SCTP_HEADER		12

/* gso_size of a packet whose segments are as long as they are: linux/skbuff.h. */
#define GSO_BY_FRAGS		0xffff

/* No link has a smaller MTU (RFC 1122, 3.3.3), so that is sent in one piece. */
#define NEVER_FRAGMENTED	512

static bool is_stream(const struct skbtrace_record *record)
{
	return packet_is_tcp(record) && !(record->flags & SKBTRACE_F_FRAGMENT);
}

static bool is_fragment(const struct skbtrace_record *record)
{
	return record->flags & SKBTRACE_F_FRAGMENT;
}

/* Where the payload of a datagram or of a fragment begins, behind the IP header. */
static uint32_t datagram_start(const struct skbtrace_record *record)
{
	if (record->frag_off)
		return record->frag_off;
	if (record->payload != SKBTRACE_PAYLOAD_TRANSPORT)
		return 0;
	return record->l4proto == IPPROTO_SCTP ? SCTP_HEADER : DATAGRAM_HEADER;
}

/**
 * span_of() - which bytes a hop has seen
 * @record: the hop
 *
 * Return: the span; of length 0 if they are not known: of what is not IP, of
 * TCP in IP fragments, whose header's length no record has.
 */
struct span span_of(const struct skbtrace_record *record)
{
	struct span span = { 0, 0, 0 };

	if (!(record->flags & SKBTRACE_F_FLOW) || (record->flags & PACKET_BROKEN) ||
	    record->payload < SKBTRACE_PAYLOAD_NETWORK)
		return span;
	if (is_stream(record)) {
		span.space = packet_flow_hash(record);
		span.start = record->tcp_seq;
		span.len = record->payload_len;
	} else if (record->l4proto != IPPROTO_TCP) {
		span.space = packet_mix(packet_hosts_hash(record), record->ip_id);
		span.start = datagram_start(record);
		span.len = record->payload_len;
	}
	return span;
}

/**
 * span_in() - which bytes a hop has seen, of a packet that was known before
 * @record: the hop
 * @last: the one before it
 *
 * An IPv6 datagram has a number only while it is in fragments.  Where they are put
 * together addresses may be translated.
 */
struct span span_in(const struct skbtrace_record *record, const struct skbtrace_record *last)
{
	struct span span = span_of(record);

	if (span.len && !is_stream(record) && !is_fragment(record) && is_fragment(last) &&
	    packet_same_datagram(record, last))
		span.space = span_of(last).space;
	return span;
}

/**
 * span_contains() - are all bytes of one span in another
 * @whole: the other
 * @part: the one
 */
bool span_contains(const struct span *whole, const struct span *part)
{
	uint32_t skipped = part->start - whole->start;

	return part->len && whole->space == part->space && skipped <= whole->len &&
	       part->len <= whole->len - skipped;
}

/**
 * span_is_same() - are two spans the same bytes
 * @a: one
 * @b: the other
 */
bool span_is_same(const struct span *a, const struct span *b)
{
	return a->space == b->space && a->start == b->start && a->len == b->len;
}

/**
 * span_piece_hash() - a number for where a span begins
 * @space: its space
 * @start: its start
 */
uint64_t span_piece_hash(uint64_t space, uint32_t start)
{
	return packet_mix(space, start);
}

/**
 * span_is_by_number() - is where a segment stands known by its number alone
 * @whole: a hop of the packet that it was made of
 *
 * SCTP's have lengths of their own.
 */
bool span_is_by_number(const struct skbtrace_record *whole)
{
	return whole->l4proto == IPPROTO_SCTP && whole->gso_size == GSO_BY_FRAGS;
}

/**
 * span_may_be_split() - may a packet be cut into several on its way
 * @record: a hop
 */
bool span_may_be_split(const struct skbtrace_record *record)
{
	if (!span_of(record).len || is_fragment(record))
		return false;
	if (span_is_by_number(record))
		return true;
	if (record->gso_size)
		return record->payload_len > record->gso_size;
	return !is_stream(record) && record->payload_len >= NEVER_FRAGMENTED;
}

/**
 * span_split_hash() - where the parts of a packet find it, should it be cut
 * @whole: a hop of the packet
 */
uint64_t span_split_hash(const struct skbtrace_record *whole)
{
	if (is_stream(whole) || whole->gso_size)
		return packet_flow_hash(whole);
	return packet_mix(packet_hosts_hash(whole), whole->ip_id);
}

/**
 * span_part_hash() - the span_split_hash() of what a packet may be a part of
 * @part: a hop of the packet
 *
 * An IPv6 datagram has a number only while it is in fragments.
 */
uint64_t span_part_hash(const struct skbtrace_record *part)
{
	if (!is_fragment(part))
		return packet_flow_hash(part);
	return packet_mix(packet_hosts_hash(part),
			  part->protocol == ETH_P_IP ? part->ip_id : 0);
}

/* Segments of a UDP packet are numbered by the IP header, if it is IPv4's. */
static uint32_t udp_segment_start(const struct skbtrace_record *whole,
				  const struct skbtrace_record *segment, uint32_t nr_before)
{
	if (whole->protocol == ETH_P_IP)
		nr_before = (uint16_t)(segment->ip_id - whole->ip_id);
	return DATAGRAM_HEADER + nr_before * whole->gso_size;
}

/**
 * span_of_segment() - which bytes of a packet a part of it has
 * @whole: a hop of the packet
 * @segment: a hop of what may be a part of it
 * @nr_before: how many parts of it are known already
 * @span: set to the bytes, counted as in @whole; if they are known by number, the first
 *	is the number
 *
 * Return: false if it is no part of it, or all of it.
 */
bool span_of_segment(const struct skbtrace_record *whole, const struct skbtrace_record *segment,
		     uint32_t nr_before, struct span *span)
{
	struct span all = span_of(whole);

	*span = span_of(segment);
	if (!all.len || span->len >= all.len)
		return false;
	if (is_stream(segment))
		return packet_same_hosts(whole, segment) && span_contains(&all, span);
	if (is_fragment(segment)) {
		if (!packet_same_datagram(whole, segment) ||
		    (whole->ip_id && whole->ip_id != segment->ip_id))
			return false;
	} else if (span_is_by_number(whole) && packet_same_flow(whole, segment)) {
		span->start = all.start + nr_before;
	} else if (whole->gso_size && segment->l4proto == IPPROTO_UDP &&
		   packet_same_flow(whole, segment)) {
		span->start = udp_segment_start(whole, segment, nr_before);
	} else {
		return false;
	}
	span->space = all.space;
	return span_contains(&all, span);
}
