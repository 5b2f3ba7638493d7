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
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <skbtrace/record.h>

#include "config.h"
#include "locate.h"
#include "probes.h"
#include "walk.h"

struct sock;

DECLARE_PER_CPU(struct walk, walk_further);

void walk_on(struct walk *walk, enum walk_next next);

/*
 * The packet ends where its header says.  On its way out the length is not set
 * yet; that of a GSO packet may be stale, or 0 (BIG TCP).  When it has reached
 * its protocol padding is cut off, and TCP may have appended the next segments
 * (tcp_add_backlog()), of which its header does not know.  Within a tunnel, where
 * @point is NULL, it was set before what is around it.
 */
static __always_inline void ends_at(struct walk *walk,
				    const struct point *point, int end)
{
	/* Most packets have no padding. */
	if (likely(end == walk->end))
		return;
	if ((point && point->data > DATA_LAST_EXACT) || walk->record->gso_size)
		return;
	if ((u32)end < (u32)walk->end)
		walk->end = end;
	else
		walk->flags |= SKBTRACE_F_TRUNCATED;
}

static __always_inline enum walk_next walk_ipv4(struct walk *walk,
						const struct point *point)
{
	struct skbtrace_record *record = walk->record;
	const struct iphdr *iph;
	__be16 frag_off;
	u16 says;
	u8 first;

	record->protocol = ETH_P_IP;
	if (unlikely(!has_header(walk, sizeof(*iph), &iph)))
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
		ends_at(walk, point, walk->offset + says);
	frag_off = iph->frag_off;
	walk->offset += (first & 0xf) * 4;
	if (unlikely(frag_off & htons(IP_MF | IP_OFFSET))) {
		walk->flags |= SKBTRACE_F_FRAGMENT;
		record->frag_off = (ntohs(frag_off) & IP_OFFSET) * 8;
		if (record->frag_off)
			return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	}
	return NEXT_TRANSPORT;
}

static __always_inline enum walk_next walk_ipv6(struct walk *walk,
						const struct point *point)
{
	struct skbtrace_record *record = walk->record;
	const struct ipv6hdr *ip6h;
	u16 says;

	record->protocol = ETH_P_IPV6;
	if (unlikely(!has_header(walk, sizeof(*ip6h), &ip6h) || READ_ONCE(*(const u8 *)ip6h) >> 4 != 6))
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
		ends_at(walk, point, walk->offset + says);
	return NEXT_TRANSPORT;
}

static __always_inline enum walk_next walk_network(struct walk *walk,
						   const struct point *point)
{
	if (likely(walk->protocol == htons(ETH_P_IP)))
		return walk_ipv4(walk, point);
	if (likely(walk->protocol == htons(ETH_P_IPV6)))
		return walk_ipv6(walk, point);
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
	const struct udphdr *uh;
	int end;

	if (unlikely(!has_header(walk, sizeof(*uh), &uh)))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	put_ports(walk, uh);
	walk->checksum_at = walk->offset;
	end = walk->offset + ntohs(uh->len);
	walk->offset += sizeof(*uh);
	/* What is said is believed if it is within, but for a GSO packet. */
	if (unlikely(end != walk->end)) {
		if (end >= walk->offset && (u32)end < (u32)walk->end &&
		    !record->gso_size)
			walk->end = end;
	}
	if (unlikely(walk->config->tunnel_ports >> (ntohs(record->dport) & 63) & 1))
		return NEXT_PORT;
	return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
}

static __always_inline enum walk_next walk_tcp(struct walk *walk)
{
	const struct tcphdr *th;
	u8 doff;

	if (unlikely(!has_header(walk, sizeof(*th), &th)))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	doff = READ_ONCE(((const u8 *)th)[12]) >> 4;
	if (unlikely(doff < sizeof(*th) / 4))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	put_ports(walk, th);
	walk->record->tcp_seq = ntohl(th->seq);
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
	const u8 *icmp;
	u8 type;

	if (unlikely(!has_header(walk, sizeof(struct icmphdr), &icmp)))
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
 * @payload_len: the payload's, or less than 0 if there is none
 * @network: offset of the innermost IP header from skb->data; only if @flags
 *	have SKBTRACE_F_FLOW, and not where a socket told
 * @checksum_at: where the transport header is, or NO_CHECKSUM_AT
 */
struct parsed {
	u32 flags;
	int payload_len;
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

	/* Headers say how long they are, 2 KiB at the most: it never is that far. */
	if (unlikely((u32)offset > (u32)walk->end || offset > U16_MAX)) {
		if (offset < 0) {
			/*
			 * skb->data is inside the payload: its beginning is taken
			 * already (TCP does so where segments overlap).
			 */
			record->tcp_seq -= offset;
			offset = 0;
		} else {
			offset = walk->end;
		}
		if (offset > U16_MAX) {
			parsed.flags |= SKBTRACE_F_TRUNCATED;
			offset = U16_MAX;
		}
	}
	record->payload_off = offset;
	parsed.payload_len = walk->end - offset;
	record->payload_len = parsed.payload_len;
	record->l4proto = walk->l4proto;
	return parsed;
}

static __always_inline struct walk begin_walk(struct skbtrace_record *record,
					      const struct sk_buff *skb,
					      const struct config *config,
					      u32 flags)
{
	struct walk walk = {
		.skb = skb,
		.record = record,
		.config = config,
		.data = skb->data,
		.headlen = skb_headlen(skb),
		.end = skb->len,
		.checksum_at = NO_CHECKSUM_AT,
		.flags = flags,
	};

	record->tcp_seq = 0;
	return walk;
}

/* As locate(): where the walk begins. */
static __always_inline void walk_begin(struct walk *walk,
				       const struct point *point)
{
	struct place place;

	if (likely(locate_plainly(point, walk->skb, walk->headlen, &walk->offset,
				  &walk->protocol)))
		return;
	place = locate_rarer(point, walk->skb);
	walk->offset = place.offset;
	walk->protocol = place.protocol;
	if (place.is_truncated)
		walk->flags |= SKBTRACE_F_TRUNCATED;
	if (place.has_tag) {
		walk->flags |= SKBTRACE_F_VLAN;
		walk->record->vlan_tci = place.vlan_tci;
	}
}

/**
 * parse() - find flow and payload of a packet
 * @record: where to put them; its last bytes are put_last_bytes()
 * @point: where the packet is: skb->data is at or before the transport header
 * @skb: the packet; its lengths add up, and @record has its GSO size
 * @config: the parameters in force
 * @flags: of the record, so far
 *
 * Context: any.
 */
static __always_inline struct parsed parse(struct skbtrace_record *record,
					   const struct point *point,
					   const struct sk_buff *skb,
					   const struct config *config,
					   u32 flags)
{
	struct walk walk = begin_walk(record, skb, config, flags);
	enum walk_next next;

	walk_begin(&walk, point);
	next = walk_network(&walk, point);
	if (likely(next == NEXT_TRANSPORT))
		next = walk_transport(&walk);
	if (unlikely(next != NEXT_PAYLOAD)) {
		/* Not on the stack: an address that is taken costs each hop. */
		struct walk *further = this_cpu_ptr(&walk_further);

		*further = walk;
		walk_on(further, next);
		walk = *further;
	}
	/* The outermost tag is the one that is not in the data. */
	if (unlikely(skb_vlan_tag_present(skb))) {
		record->vlan_tci = skb_vlan_tag_get(skb);
		walk.flags |= SKBTRACE_F_VLAN;
	}
	return finish_walk(&walk);
}

u32 parse_socket(struct skbtrace_record *record, const struct point *point,
		 const struct sk_buff *skb, const struct config *config,
		 const struct sock *sk, u32 flags);

#endif /* SKBTRACE_PARSE_H */
