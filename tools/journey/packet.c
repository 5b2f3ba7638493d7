// SPDX-License-Identifier: GPL-2.0
/*
 * Is it the same packet?  Asked of two records, when the skb pointer alone
 * does not say: the pointer may have been used again, or the packet may have
 * moved to another skb.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "packet.h"

/**
 * packet_is_tcp() - is a record of a TCP segment
 * @record: of an entry
 */
bool packet_is_tcp(const struct skbtrace_record *record)
{
	return (record->flags & SKBTRACE_F_FLOW) && record->l4proto == IPPROTO_TCP;
}

/**
 * packet_same_hosts() - have two records the same addresses and protocol
 * @a: one
 * @b: the other
 */
bool packet_same_hosts(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->protocol == b->protocol && a->l4proto == b->l4proto &&
	       ((a->flags ^ b->flags) & SKBTRACE_F_FLOW) == 0 &&
	       !memcmp(a->saddr, b->saddr, sizeof(a->saddr)) &&
	       !memcmp(a->daddr, b->daddr, sizeof(a->daddr));
}

/**
 * packet_same_device() - are two records of one device
 * @a: one
 * @b: the other
 */
bool packet_same_device(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->netns == b->netns && !strncmp(a->dev, b->dev, SKBTRACE_NAME_LEN);
}

/**
 * packet_share_host() - have two records the source or the destination in common
 * @a: one
 * @b: the other
 *
 * What translates addresses at one place translates one of them.  Out of one tunnel and
 * into another both are others.
 */
bool packet_share_host(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return !memcmp(a->saddr, b->saddr, sizeof(a->saddr)) ||
	       !memcmp(a->daddr, b->daddr, sizeof(a->daddr));
}

/**
 * packet_same_datagram() - are two records of one skb of one IP datagram, whole or in
 *	fragments
 * @a: one
 * @b: the other
 *
 * Its addresses may be translated, where it is put together of fragments or cut into
 * them.  IPv6 numbers fragments only: there the device is to be the same, too, as it is
 * where that happens, and is not in front of a tunnel and in it.
 */
bool packet_same_datagram(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	if (packet_same_hosts(a, b))
		return true;
	if (a->protocol != b->protocol || a->l4proto != b->l4proto ||
	    !(a->flags & b->flags & SKBTRACE_F_FLOW) || a->depth != b->depth)
		return false;
	if (a->ip_id && b->ip_id)
		return a->ip_id == b->ip_id;
	return a->protocol == ETH_P_IPV6 && packet_same_device(a, b) &&
	       packet_share_host(a, b);
}

/**
 * packet_same_flow() - have two records the same addresses, protocol and ports
 * @a: one
 * @b: the other
 *
 * Packets without addresses (ARP, STP) are of the same flow if they are of the
 * same protocol.
 */
bool packet_same_flow(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return packet_same_hosts(a, b) && ((a->flags ^ b->flags) & SKBTRACE_F_PORTS) == 0 &&
	       a->sport == b->sport && a->dport == b->dport;
}

static bool same_length(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->payload == b->payload && a->payload_len == b->payload_len;
}

/**
 * packet_same_bytes() - have two records a payload, and the same
 * @a: one
 * @b: the other
 *
 * Return: true if both digests are there, cover a byte at least, and agree.
 */
bool packet_same_bytes(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return (a->flags & b->flags & SKBTRACE_F_DIGEST) && same_length(a, b) &&
	       a->digest_len && a->digest_len == b->digest_len && a->crc32c == b->crc32c;
}

static bool same_ip_id(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->ip_id && a->ip_id == b->ip_id && a->protocol == b->protocol &&
	       a->frag_off == b->frag_off;
}

/**
 * packet_proven_same() - are two records beyond doubt of the same packet
 * @a: one
 * @b: the other, of the same skb or of the same flow
 *
 * Return: true if they agree in something that another packet would differ in:
 * the bytes, the place in the TCP stream, the identification in the IP header.
 */
bool packet_proven_same(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	if (packet_same_bytes(a, b))
		return true;
	if (!same_length(a, b))
		return false;
	if (packet_is_tcp(a) && packet_is_tcp(b) && a->tcp_seq == b->tcp_seq)
		return true;
	return same_ip_id(a, b);
}

/* Do two stretches of a TCP stream touch?  Trimming and merging leave that so. */
static bool tcp_overlap(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	int32_t distance = (int32_t)(b->tcp_seq - a->tcp_seq);

	if (distance < 0)
		return (int64_t)b->payload_len > -(int64_t)distance;
	return distance == 0 || (int64_t)a->payload_len > distance;
}

/* Can one be the other in a tunnel?  Then it is longer by a header at least. */
static bool may_be_tunnel(const struct skbtrace_record *inner, const struct skbtrace_record *outer)
{
	const uint32_t least_header = 20;

	if (!(outer->flags & SKBTRACE_F_FLOW) ||
	    outer->payload_len < (uint64_t)inner->payload_len + least_header)
		return false;
	switch (outer->l4proto) {
	case IPPROTO_TCP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return false;
	default:
		return true;
	}
}

/**
 * packet_is_other() - has an skb pointer been used again for another packet
 * @last: the last that was seen of the skb
 * @now: what is seen of it now
 * @same_head: the skb's data are where they were
 *
 * For the case that the free in between was not seen.  Addresses may be
 * translated, data may move, bytes may be trimmed, merged or corrupted on the
 * way: all that is still the same packet.
 */
bool packet_is_other(const struct skbtrace_record *last, const struct skbtrace_record *now,
		     bool same_head)
{
	bool ids_differ = last->ip_id && now->ip_id && last->ip_id != now->ip_id;

	/* A malformed skb was not looked into: it tells nothing. */
	if (last->payload == SKBTRACE_PAYLOAD_NONE || now->payload == SKBTRACE_PAYLOAD_NONE)
		return false;
	if (packet_proven_same(last, now))
		return false;
	if (last->protocol != now->protocol &&
	    (last->protocol == ETH_P_ARP || now->protocol == ETH_P_ARP))
		return true;
	/* Put together from its fragments, or cut into them. */
	if (((last->flags ^ now->flags) & SKBTRACE_F_FRAGMENT) && packet_same_hosts(last, now))
		return ids_differ;
	if (packet_same_flow(last, now)) {
		if (packet_is_tcp(now))
			return !tcp_overlap(last, now);
		return ids_differ || last->frag_off != now->frag_off;
	}
	if (!last->payload_len && !now->payload_len)
		return ids_differ || (packet_is_tcp(last) && packet_is_tcp(now));
	/* Into or out of a tunnel the data stay where they are. */
	return !same_head || !(may_be_tunnel(last, now) || may_be_tunnel(now, last));
}

/**
 * packet_same_identity() - do two records name the same packet
 * @a: one
 * @b: the other
 *
 * Return: true if flow, identification, place in the stream and length agree.
 */
bool packet_same_identity(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return packet_same_flow(a, b) && same_length(a, b) && a->ip_id == b->ip_id &&
	       a->tcp_seq == b->tcp_seq && a->frag_off == b->frag_off;
}

/**
 * packet_identity_is_strong() - does another packet have another identity
 * @record: of an entry
 *
 * Return: false if the next packet of the flow may have the same identity:
 * nothing in the headers numbers it.
 */
bool packet_identity_is_strong(const struct skbtrace_record *record)
{
	return record->ip_id || (packet_is_tcp(record) && record->payload_len);
}

/**
 * packet_mix() - one round of a hash: cheap, and good enough for buckets
 * @hash: what was made of the words before
 * @word: the next
 */
uint64_t packet_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/**
 * packet_hosts_hash() - a number for who sends to whom with which protocol
 * @record: of an entry
 */
uint64_t packet_hosts_hash(const struct skbtrace_record *record)
{
	uint64_t address[4], hash;

	memcpy(address, record->saddr, 16);
	memcpy(address + 2, record->daddr, 16);
	hash = packet_mix(record->l4proto, record->protocol);
	hash = packet_mix(hash, address[0]);
	hash = packet_mix(hash, address[1]);
	hash = packet_mix(hash, address[2]);
	return packet_mix(hash, address[3]);
}

/**
 * packet_flow_hash() - a number for the flow of a record
 * @record: of an entry
 */
uint64_t packet_flow_hash(const struct skbtrace_record *record)
{
	return packet_mix(packet_hosts_hash(record), (uint32_t)record->sport << 16 | record->dport);
}

/**
 * packet_identity_hash() - a number for what packet_same_identity() compares
 * @record: of an entry
 */
uint64_t packet_identity_hash(const struct skbtrace_record *record)
{
	uint64_t hash = packet_flow_hash(record);

	hash = packet_mix(hash, (uint64_t)record->ip_id << 32 | record->tcp_seq);
	return packet_mix(hash, (uint64_t)record->frag_off << 32 | record->payload_len);
}
