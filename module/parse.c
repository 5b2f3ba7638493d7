// SPDX-License-Identifier: GPL-2.0
/*
 * The rarer headers between the network header and the payload.
 *
 * Each step of a walk moves its offset behind one header, and there are no more
 * than WALK_HEADERS_MAX.
 */
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "parse.h"
#include "tunnel.h"

#define IPPROTO_UDP_LITE	136

/* Ports, verification tag and checksum: RFC 9260, 3. */
#define SCTP_HEADER		12

/* The shortest header of DCCP; its 5th byte says how long it is: RFC 4340, 5.1. */
#define DCCP_HEADER		12

/* Where a walk goes on that meets more than IP with TCP, UDP or ICMP. */
DEFINE_PER_CPU(struct walk, walk_further);

static bool is_extension(u8 l4proto)
{
	return l4proto == NEXTHDR_HOP || l4proto == NEXTHDR_ROUTING ||
	       l4proto == NEXTHDR_DEST || l4proto == NEXTHDR_FRAGMENT;
}

static enum walk_next walk_extension(struct walk *walk)
{
	const struct ipv6_opt_hdr *opt;
	const struct frag_hdr *frag;

	if (walk->l4proto == NEXTHDR_FRAGMENT) {
		frag = header_at(walk->skb, walk->offset, sizeof(*frag));
		if (!frag)
			return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
		walk->l4proto = frag->nexthdr;
		walk->offset += sizeof(*frag);
		walk->record->ip_id = ntohl(frag->identification);
		walk->record->frag_off = ntohs(frag->frag_off) & IP6_OFFSET;
		/* One that is the whole packet is none: RFC 6946. */
		if (frag->frag_off & htons(IP6_OFFSET | IP6_MF))
			walk->flags |= SKBTRACE_F_FRAGMENT;
		return walk->record->frag_off ?
		       payload_is(walk, SKBTRACE_PAYLOAD_NETWORK) :
		       NEXT_TRANSPORT;
	}
	opt = header_at(walk->skb, walk->offset, sizeof(*opt));
	if (!opt)
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	walk->l4proto = opt->nexthdr;
	walk->offset += ipv6_optlen(opt);
	return NEXT_TRANSPORT;
}

/* Both IPs have it, and its words are of 4 bytes: RFC 4302. */
static enum walk_next walk_authentication(struct walk *walk)
{
	const struct ipv6_opt_hdr *opt;

	opt = header_at(walk->skb, walk->offset, sizeof(*opt));
	if (!opt)
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	walk->l4proto = opt->nexthdr;
	walk->offset += (opt->hdrlen + 2) * 4;
	return NEXT_TRANSPORT;
}

/*
 * What an skb has of the header of a transport protocol with ports, at least @min
 * bytes of it.  Its checksum may be computed late: it is no payload.
 */
static const u8 *with_ports(struct walk *walk, int min)
{
	const u8 *header = header_at(walk->skb, walk->offset, min);

	if (header)
		put_ports(walk, header);
	return header;
}

static enum walk_next walk_other_transport(struct walk *walk)
{
	const u8 *header;

	switch (walk->l4proto) {
	case IPPROTO_SCTP:
		if (!with_ports(walk, SCTP_HEADER))
			break;
		walk->offset += SCTP_HEADER;
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	case IPPROTO_UDP_LITE:
		if (!with_ports(walk, sizeof(struct udphdr)))
			break;
		walk->offset += sizeof(struct udphdr);
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	case IPPROTO_DCCP:
		header = with_ports(walk, DCCP_HEADER);
		if (!header || header[4] < DCCP_HEADER / 4)
			break;
		walk->offset += header[4] * 4;
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	case IPPROTO_AH:
		return walk_authentication(walk);
	}
	if (walk->protocol == htons(ETH_P_IPV6) && is_extension(walk->l4proto))
		return walk_extension(walk);
	/* The header of what is within is in another packet, or its end. */
	if (walk->flags & SKBTRACE_F_FRAGMENT)
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	return tunnel_of_transport(walk);
}

/* ARP ends where its addresses do, whatever padding the frame has. */
static enum walk_next walk_arp(struct walk *walk)
{
	const struct arphdr *arp;
	int end;

	arp = header_at(walk->skb, walk->offset, sizeof(*arp));
	if (arp) {
		end = walk->offset + (int)sizeof(*arp) +
		      2 * (arp->ar_hln + arp->ar_pln);
		if ((u32)end <= (u32)walk->end)
			walk->end = end;
		else
			walk->flags |= SKBTRACE_F_TRUNCATED;
	}
	return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
}

static enum walk_next walk_other_network(struct walk *walk)
{
	struct place place = { .offset = walk->offset,
			       .protocol = walk->protocol };

	if (is_vlan_protocol(walk->protocol)) {
		/* Within a tunnel: the frame's own tag is the one that counts. */
		place = locate_behind_tags(walk->skb, place);
		if (place.offset == walk->offset)
			return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
		walk->offset = place.offset;
		walk->protocol = place.protocol;
		return NEXT_NETWORK;
	}
	if (walk->protocol == htons(ETH_P_ARP))
		return walk_arp(walk);
	return tunnel_of_network(walk);
}

static enum walk_next walk_port(struct walk *walk)
{
	/* An encapsulation of which this is a part: compared as such a part. */
	if (walk->flags & SKBTRACE_F_FRAGMENT) {
		if (!is_tunnel_port(walk, ntohs(walk->record->dport)))
			return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
		walk->offset -= sizeof(struct udphdr);
		walk->flags &= ~SKBTRACE_F_PORTS;
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	}
	return tunnel_of_port(walk, ntohs(walk->record->dport));
}

/* The header that an ICMP error quotes, of which there may be the beginning alone. */
static int quoted_transport(const struct walk *walk, u8 l4proto, int offset)
{
	const u8 *p;

	switch (l4proto) {
	case IPPROTO_TCP:
		p = header_at(walk->skb, offset, 13);
		return p ? (p[12] >> 4) * 4 : sizeof(struct tcphdr);
	case IPPROTO_DCCP:
		p = header_at(walk->skb, offset, 5);
		return p ? p[4] * 4 : DCCP_HEADER;
	case IPPROTO_SCTP:
		return SCTP_HEADER;
	case IPPROTO_UDP:
	case IPPROTO_UDP_LITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	}
	return 0;
}

/*
 * Behind the header of an ICMP error: routers rewrite the headers that it quotes
 * as they do the error's own.  The flow is the error's.
 */
static enum walk_next walk_icmp_error(struct walk *walk)
{
	int offset = walk->offset;
	const u8 *p;
	bool is_later = false;
	u8 l4proto;

	payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	p = header_at(walk->skb, offset, sizeof(struct iphdr));
	if (!p)
		return NEXT_PAYLOAD;
	if (walk->l4proto == IPPROTO_ICMP) {
		if (*p >> 4 != 4 || (*p & 0xf) < 5)
			return NEXT_PAYLOAD;
		l4proto = p[9];
		is_later = *(const __be16 *)(p + 6) & htons(IP_OFFSET);
		offset += (*p & 0xf) * 4;
	} else {
		if (*p >> 4 != 6)
			return NEXT_PAYLOAD;
		l4proto = p[6];
		offset += sizeof(struct ipv6hdr);
		while (is_extension(l4proto) &&
		       walk->headers++ < WALK_HEADERS_MAX) {
			p = header_at(walk->skb, offset, 8);
			if (!p)
				break;
			if (l4proto == NEXTHDR_FRAGMENT) {
				is_later = *(const __be16 *)(p + 2) &
					   htons(IP6_OFFSET);
				offset += 8;
			} else {
				offset += (p[1] + 1) * 8;
			}
			l4proto = p[0];
		}
	}
	if (!is_later)
		offset += quoted_transport(walk, l4proto, offset);
	walk->flags |= SKBTRACE_F_ICMP_ERROR;
	walk->offset = offset < walk->end ? offset : walk->end;
	return NEXT_PAYLOAD;
}

/**
 * walk_on() - go through headers until the payload
 * @walk: where
 * @next: what is there
 *
 * Context: any.
 */
void walk_on(struct walk *walk, enum walk_next next)
{
	while (next != NEXT_PAYLOAD) {
		if (walk->headers++ == WALK_HEADERS_MAX) {
			walk->flags |= SKBTRACE_F_DEEP;
			payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
			break;
		}
		switch (next) {
		case NEXT_PAYLOAD:
			break;
		case NEXT_PORT:
			next = walk_port(walk);
			if (next != NEXT_NETWORK)
				break;
			/* fall through */
		case NEXT_NETWORK:
			next = walk_network(walk, NULL);
			if (next != NEXT_TRANSPORT)
				break;
			/* fall through */
		case NEXT_TRANSPORT:
			next = walk_transport(walk);
			break;
		case NEXT_OTHER_NETWORK:
			next = walk_other_network(walk);
			break;
		case NEXT_OTHER_TRANSPORT:
			next = walk_other_transport(walk);
			break;
		case NEXT_ICMP_ERROR:
			next = walk_icmp_error(walk);
			break;
		}
	}
	walk->record->protocol = ntohs(walk->protocol);
}

static bool socket_is_ipv6(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr);
#else
	return false;
#endif
}

/* Addresses and ports of a connection whose packet has no IP header yet. */
static void socket_flow(struct walk *walk, const struct sock *sk)
{
	struct skbtrace_record *record = walk->record;
	const struct inet_sock *inet = inet_sk(sk);

	if (socket_is_ipv6(sk)) {
		walk->protocol = htons(ETH_P_IPV6);
#if IS_ENABLED(CONFIG_IPV6)
		put_ipv6(record->saddr, &sk->sk_v6_rcv_saddr);
		put_ipv6(record->daddr, &sk->sk_v6_daddr);
#endif
	} else {
		walk->protocol = htons(ETH_P_IP);
		put_ipv4(record->saddr, inet->inet_saddr);
		put_ipv4(record->daddr, inet->inet_daddr);
	}
	record->protocol = ntohs(walk->protocol);
	record->sport = inet->inet_sport;
	record->dport = inet->inet_dport;
	record->ip_id = 0;
	record->ttl = 0;
	walk->l4proto = sk->sk_protocol;
	walk->flags |= SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
}

/**
 * parse_socket() - find flow and payload of a segment that TCP is sending
 * @record: where to put them
 * @point: where the segment is: at its TCP header, or without any header
 * @skb: the segment; its lengths add up
 * @config: the parameters in force
 * @sk: the socket that sends it
 * @flags: of the record, so far
 *
 * Context: any.
 * Return: flags for the record.
 */
u32 parse_socket(struct skbtrace_record *record, const struct point *point,
		 const struct sk_buff *skb, const struct config *config,
		 const struct sock *sk, u32 flags)
{
	struct walk walk = begin_walk(record, skb, config, flags);

	socket_flow(&walk, sk);
	if (point->data == DATA_SEGMENT) {
		walk_on(&walk, NEXT_TRANSPORT);
	} else {
		record->tcp_seq = TCP_SKB_CB(skb)->seq;
		record->tcp_flags = TCP_SKB_CB(skb)->tcp_flags;
		payload_is(&walk, SKBTRACE_PAYLOAD_TRANSPORT);
	}
	return finish_walk(&walk).flags;
}
