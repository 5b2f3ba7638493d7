/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the network header to the payload: the flow of a packet, and where its
 * innermost payload lies (README, "What is compared").
 *
 * Inline is what nearly all packets need, IP with TCP, UDP or ICMP, since each
 * hop comes here; walk_on() goes through everything else, and uses the same
 * functions for it.  Headers are written to by those who share the packet, so
 * what is checked is read once.
 */
#ifndef SKBTRACE_PARSE_H
#define SKBTRACE_PARSE_H

#include <linux/if_ether.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <skbtrace/record.h>

#include "config.h"
#include "locate.h"
#include "probes.h"

struct sock;

/* No bound is reached by packets that anybody means: deeper ones are payload. */
#define WALK_DEPTH_MAX		4	/* encapsulations */
#define WALK_HEADERS_MAX	16	/* headers between the first and the payload */

/* Where there is no transport checksum that could be verified. */
#define NO_CHECKSUM_AT		INT_MIN

/**
 * struct walk - how far the headers of a packet have been read
 * @skb: the packet; its lengths add up
 * @record: what is found goes here
 * @config: the parameters in force
 * @offset: of the header that is next, bytes behind skb->data
 * @end: of the packet, likewise, as far as is known
 * @network: of the innermost IP header, likewise
 * @checksum_at: of the transport header, likewise, if all that its checksum
 *	covers may be here; else NO_CHECKSUM_AT
 * @flags: of the record
 * @tcp_seq: of the record
 * @protocol: ethertype of what is next, or of the IP header that was last
 * @l4proto: what is next behind that, IPPROTO_*
 * @trust: lengths in headers are the packet's
 * @to_protocol: the packet has been handed to its transport protocol
 * @is_part: an IP fragment of a packet
 * @has_more: segments that the header does not know of follow
 * @payload: enum skbtrace_payload
 * @tunnel: enum skbtrace_tunnel
 * @depth: encapsulations so far
 * @headers: headers that walk_on() has seen so far
 */
struct walk {
	const struct sk_buff *skb;
	struct skbtrace_record *record;
	const struct config *config;
	int offset;
	int end;
	int network;
	int checksum_at;
	u32 flags;
	u32 tcp_seq;
	__be16 protocol;
	u8 l4proto;
	bool trust;
	bool to_protocol;
	bool is_part;
	bool has_more;
	u8 payload;
	u8 tunnel;
	u8 depth;
	u8 headers;
};

/**
 * enum walk_next - what is at the offset of a walk
 * @NEXT_PAYLOAD: the payload
 * @NEXT_NETWORK: a header whose ethertype is known
 * @NEXT_TRANSPORT: a header whose IPPROTO_* is known
 * @NEXT_OTHER_NETWORK: a header of an ethertype that is not IP
 * @NEXT_OTHER_TRANSPORT: a header that is none of TCP, UDP, ICMP
 * @NEXT_PORT: what is behind a UDP header with a port that a tunnel may have
 * @NEXT_ICMP_ERROR: what an ICMP error quotes
 */
enum walk_next {
	NEXT_PAYLOAD,
	NEXT_NETWORK,
	NEXT_TRANSPORT,
	NEXT_OTHER_NETWORK,
	NEXT_OTHER_TRANSPORT,
	NEXT_PORT,
	NEXT_ICMP_ERROR,
};

void walk_on(struct walk *walk, enum walk_next next);

/* Compilers make a loop of a memset(). */
static __always_inline void zero_16(void *to)
{
	u64 *words = to;

	words[0] = 0;
	words[1] = 0;
}

static __always_inline void put_ipv4(__u8 to[16], __be32 address)
{
	u64 *words = (u64 *)to;

	words[0] = 0;
	words[1] = 0;
	*(__be32 *)to = address;
}

static __always_inline void put_ipv6(__u8 to[16], const struct in6_addr *address)
{
	memcpy(to, address, 16);
}

static __always_inline enum walk_next payload_is(struct walk *walk,
						 enum skbtrace_payload kind)
{
	walk->payload = kind;
	return NEXT_PAYLOAD;
}

/*
 * The packet ends where its header says.  On its way out the length is not set
 * yet; that of a GSO packet may be stale, or 0 (BIG TCP).  When it has reached
 * its protocol padding is cut off, and TCP may have appended the next segments
 * (tcp_add_backlog()), of which its header does not know.
 */
static __always_inline void ends_at(struct walk *walk, int end)
{
	if (likely(walk->trust)) {
		if (likely(end <= walk->end))
			walk->end = end;
		else
			walk->flags |= SKBTRACE_F_TRUNCATED;
	} else if (walk->to_protocol && end < walk->end) {
		walk->has_more = true;
	}
}

static __always_inline enum walk_next walk_ipv4(struct walk *walk)
{
	struct skbtrace_record *record = walk->record;
	struct header_buffer buffer;
	const struct iphdr *iph;
	u16 says, frag_off;
	u8 first;

	iph = header_at(walk->skb, walk->offset, sizeof(*iph), &buffer);
	if (unlikely(!iph))
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	first = READ_ONCE(*(const u8 *)iph);
	if (unlikely((u8)(first - 0x45) > 0x4f - 0x45))	/* version 4, >= 5 words */
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	put_ipv4(record->saddr, iph->saddr);
	put_ipv4(record->daddr, iph->daddr);
	record->ip_id = ntohs(iph->id);
	record->ttl = iph->ttl;
	walk->flags |= SKBTRACE_F_FLOW;
	walk->network = walk->offset;
	walk->l4proto = iph->protocol;
	says = ntohs(iph->tot_len);
	if (likely(says))
		ends_at(walk, walk->offset + says);
	frag_off = iph->frag_off;
	walk->offset += (first & 0xf) * 4;
	if (unlikely(frag_off & htons(IP_MF | IP_OFFSET))) {
		walk->flags |= SKBTRACE_F_FRAGMENT;
		walk->is_part = true;
		record->frag_off = (ntohs(frag_off) & IP_OFFSET) * 8;
		if (record->frag_off)
			return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	}
	return NEXT_TRANSPORT;
}

static __always_inline enum walk_next walk_ipv6(struct walk *walk)
{
	struct skbtrace_record *record = walk->record;
	struct header_buffer buffer;
	const struct ipv6hdr *ip6h;
	u16 says;

	ip6h = header_at(walk->skb, walk->offset, sizeof(*ip6h), &buffer);
	if (unlikely(!ip6h || READ_ONCE(*(const u8 *)ip6h) >> 4 != 6))
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	put_ipv6(record->saddr, &ip6h->saddr);
	put_ipv6(record->daddr, &ip6h->daddr);
	record->ip_id = 0;
	record->ttl = ip6h->hop_limit;
	walk->flags |= SKBTRACE_F_FLOW;
	walk->network = walk->offset;
	walk->l4proto = ip6h->nexthdr;
	walk->offset += sizeof(*ip6h);
	says = ntohs(ip6h->payload_len);
	if (likely(says))
		ends_at(walk, walk->offset + says);
	return NEXT_TRANSPORT;
}

static __always_inline enum walk_next walk_network(struct walk *walk)
{
	if (likely(walk->protocol == htons(ETH_P_IP)))
		return walk_ipv4(walk);
	if (likely(walk->protocol == htons(ETH_P_IPV6)))
		return walk_ipv6(walk);
	return NEXT_OTHER_NETWORK;
}

/* Two ports, which all transport protocols have at the same place. */
static __always_inline void put_ports(struct walk *walk, const void *header)
{
	BUILD_BUG_ON(offsetof(struct skbtrace_record, dport) !=
		     offsetof(struct skbtrace_record, sport) + 2);
	*(u32 *)&walk->record->sport = READ_ONCE(*(const u32 *)header);
	walk->flags |= SKBTRACE_F_PORTS;
}

static __always_inline enum walk_next walk_udp(struct walk *walk)
{
	struct skbtrace_record *record = walk->record;
	struct header_buffer buffer;
	const struct udphdr *uh;
	u16 says;

	uh = header_at(walk->skb, walk->offset, sizeof(*uh), &buffer);
	if (unlikely(!uh))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	put_ports(walk, uh);
	walk->checksum_at = walk->offset;
	/* What is said is not believed where IP's length is not, and not beyond it. */
	says = ntohs(uh->len);
	if (likely(says >= sizeof(*uh) && walk->offset + says <= walk->end &&
		   !skb_is_gso(walk->skb)))
		walk->end = walk->offset + says;
	walk->offset += sizeof(*uh);
	if (unlikely(walk->config->tunnel_ports >> (ntohs(record->dport) & 63) & 1))
		return NEXT_PORT;
	return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
}

static __always_inline enum walk_next walk_tcp(struct walk *walk)
{
	struct header_buffer buffer;
	const struct tcphdr *th;
	u8 doff;

	th = header_at(walk->skb, walk->offset, sizeof(*th), &buffer);
	if (unlikely(!th))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	doff = READ_ONCE(((const u8 *)th)[12]) >> 4;
	if (unlikely(doff < sizeof(*th) / 4))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	put_ports(walk, th);
	walk->tcp_seq = ntohl(th->seq);
	walk->record->tcp_flags = ((const u8 *)th)[13];
	walk->checksum_at = walk->offset;
	walk->offset += doff * 4;
	return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
}

/* Unreachable, source quench, redirect, time exceeded, parameter problem. */
#define ICMP_ERRORS	(1u << ICMP_DEST_UNREACH | 1u << ICMP_SOURCE_QUENCH | \
			 1u << ICMP_REDIRECT | 1u << ICMP_TIME_EXCEEDED |     \
			 1u << ICMP_PARAMETERPROB)

/* Both versions' headers have 8 bytes: RFC 792, RFC 4443. */
static __always_inline enum walk_next walk_icmp(struct walk *walk)
{
	struct header_buffer buffer;
	const u8 *icmp;
	u8 type;

	icmp = header_at(walk->skb, walk->offset, sizeof(struct icmphdr), &buffer);
	if (unlikely(!icmp))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	type = READ_ONCE(*icmp);
	walk->checksum_at = walk->offset;
	walk->offset += sizeof(struct icmphdr);
	if (unlikely(walk->l4proto == IPPROTO_ICMP ?
		     type < 32 && ICMP_ERRORS >> type & 1 : type < 128))
		return NEXT_ICMP_ERROR;
	return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
}

static __always_inline enum walk_next walk_transport(struct walk *walk)
{
	switch (walk->l4proto) {
	case IPPROTO_UDP:
		return walk_udp(walk);
	case IPPROTO_TCP:
		return walk_tcp(walk);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return walk_icmp(walk);
	}
	return NEXT_OTHER_TRANSPORT;
}

/**
 * struct parsed - what parse() has found and no record has room for
 * @flags: of the record
 * @network: offset of the innermost IP header from skb->data; only if @flags
 *	have SKBTRACE_F_FLOW, and not where a socket told
 * @checksum_at: where the transport header is, or NO_CHECKSUM_AT
 */
struct parsed {
	u32 flags;
	int network;
	int checksum_at;
};

/* What has been found goes into the record. */
static __always_inline struct parsed finish_walk(const struct walk *walk)
{
	struct skbtrace_record *record = walk->record;
	struct parsed parsed = {
		.flags = walk->flags,
		.network = walk->network,
		.checksum_at = walk->checksum_at,
	};
	int offset = walk->offset;

	record->tcp_seq = walk->tcp_seq;
	if (unlikely(offset < 0)) {
		/*
		 * skb->data is inside the payload: its beginning is taken
		 * already (TCP does so where segments overlap).
		 */
		record->tcp_seq -= offset;
		offset = 0;
	} else if (unlikely(offset > walk->end)) {
		offset = walk->end > 0 ? walk->end : 0;
	}
	/* A header says how long it is itself, at most 2 KiB: this never is. */
	if (unlikely(offset > U16_MAX)) {
		parsed.flags |= SKBTRACE_F_TRUNCATED;
		offset = U16_MAX;
	}
	record->payload_off = offset;
	record->payload_len = walk->end > offset ? walk->end - offset : 0;
	record->payload = walk->payload;
	record->protocol = ntohs(walk->protocol);
	record->l4proto = walk->l4proto;
	record->tunnel = walk->tunnel;
	record->depth = walk->depth;
	if (unlikely(walk->is_part | walk->has_more))
		parsed.checksum_at = NO_CHECKSUM_AT;
	return parsed;
}

static __always_inline struct walk begin_walk(struct skbtrace_record *record,
					      const struct sk_buff *skb,
					      const struct config *config)
{
	struct walk walk = {
		.skb = skb,
		.record = record,
		.config = config,
		.end = skb->len,
		.checksum_at = NO_CHECKSUM_AT,
	};

	return walk;
}

/**
 * parse() - find flow and payload of a packet
 * @record: where to put them
 * @point: where the packet is: skb->data is at or before the transport header
 * @skb: the packet; its lengths add up
 * @place: what locate() says
 * @config: the parameters in force
 *
 * Context: any.
 */
static __always_inline struct parsed parse(struct skbtrace_record *record,
					   const struct point *point,
					   const struct sk_buff *skb,
					   const struct config *config,
					   struct place place)
{
	struct walk walk = begin_walk(record, skb, config);
	enum walk_next next;

	walk.offset = place.offset;
	walk.protocol = place.protocol;
	walk.flags = place.flags;
	walk.to_protocol = point->data == DATA_TRANSPORT;
	walk.trust = point->data != DATA_NET_TX && !walk.to_protocol &&
		     !skb_is_gso(skb);
	if (unlikely(place.flags & SKBTRACE_F_VLAN))
		record->vlan_tci = place.vlan_tci;
	next = walk_network(&walk);
	if (likely(next == NEXT_TRANSPORT))
		next = walk_transport(&walk);
	if (unlikely(next != NEXT_PAYLOAD)) {
		struct walk further = walk;

		walk_on(&further, next);
		walk = further;
	}
	return finish_walk(&walk);
}

struct parsed parse_socket(struct skbtrace_record *record,
			   const struct point *point, const struct sk_buff *skb,
			   const struct config *config, const struct sock *sk);

#endif /* SKBTRACE_PARSE_H */
