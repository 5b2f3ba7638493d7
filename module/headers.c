// SPDX-License-Identifier: GPL-2.0
/*
 * From skb->data to the payload: which flow an skb belongs to and where its
 * payload lies, wherever in the stack it is.
 *
 * Offsets are bytes behind skb->data and may be negative (a network header
 * that has been pulled).  No header is believed further than the skb is long,
 * and no chain of them is longer than a fixed number.
 */
#include <linux/icmp.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "hop.h"
#include "payload.h"
#include "probes.h"

#define VLAN_TAGS_MAX		4
#define IPV6_HEADERS_MAX	8

/* Ports, as UDP has them, verification tag and checksum. */
#define SCTP_HEADER		12

/* All headers that are copied out of fragments fit in here. */
union header_buffer {
	struct ethhdr eth;
	struct vlan_hdr vlan;
	struct arphdr arp;
	struct iphdr ip;
	struct ipv6hdr ipv6;
	struct ipv6_opt_hdr opt;
	struct frag_hdr frag;
	struct tcphdr tcp;
	struct udphdr udp;
};

/*
 * Like skb_header_pointer(), but for what has been pulled too.  @offset and
 * @len come from headers: neither is trusted.
 */
static const void *header_at(const struct sk_buff *skb, int offset, int len,
			     union header_buffer *buffer)
{
	if (offset < 0 && -offset > skb->data - skb->head)
		return NULL;
	if (likely(len <= (int)skb_headlen(skb) - offset))
		return skb->data + offset;
	if (offset < 0 || skb_copy_bits(skb, offset, buffer, len) < 0)
		return NULL;
	return buffer;
}

static void set_payload(struct hop *hop, enum skbtrace_payload kind,
			int offset, int end)
{
	int available = hop->skb->len;

	if (end > available) {
		end = available;
		hop->flags |= SKBTRACE_F_TRUNCATED;
	}
	if (offset < 0) {
		/*
		 * skb->data is inside the payload: its beginning is taken
		 * already (TCP does so where segments overlap).
		 */
		hop->tcp_seq -= offset;
		offset = 0;
	}
	hop->payload = kind;
	hop->payload_off = min(offset, available);
	hop->payload_len = max(end - offset, 0);
}

/* What a checksum covers begins at @offset and must be here to its end. */
static void set_checksummed(struct hop *hop, int offset, int end)
{
	if (end <= (int)hop->skb->len && end > offset && !hop->appended) {
		hop->l4_off = offset;
		hop->l4_len = end - offset;
	}
}

static void parse_transport(struct hop *hop, int offset, int end)
{
	union header_buffer buffer;
	const struct tcphdr *th;
	const struct udphdr *uh;

	switch (hop->l4proto) {
	case IPPROTO_TCP:
		th = header_at(hop->skb, offset, sizeof(*th), &buffer);
		if (!th || th->doff < sizeof(*th) / 4)
			break;
		hop->sport = th->source;
		hop->dport = th->dest;
		hop->tcp_seq = ntohl(th->seq);
		hop->tcp_flags = ((const u8 *)th)[13];
		hop->flags |= SKBTRACE_F_PORTS;
		set_checksummed(hop, offset, end);
		set_payload(hop, SKBTRACE_PAYLOAD_TRANSPORT,
			    offset + th->doff * 4, end);
		return;
	case IPPROTO_UDP:
		uh = header_at(hop->skb, offset, sizeof(*uh), &buffer);
		if (!uh)
			break;
		hop->sport = uh->source;
		hop->dport = uh->dest;
		hop->flags |= SKBTRACE_F_PORTS;
		/* A jumbogram's length is 0 (RFC 2675). */
		if (uh->check)
			set_checksummed(hop, offset, uh->len ?
					offset + ntohs(uh->len) : end);
		else
			hop->csum = SKBTRACE_CSUM_NONE;
		set_payload(hop, SKBTRACE_PAYLOAD_TRANSPORT,
			    offset + (int)sizeof(*uh), end);
		return;
	case IPPROTO_SCTP:
		/*
		 * Its checksum is in the header, and computed as late as TCP's
		 * and UDP's: the header is no payload (RFC 9260, 3).
		 */
		uh = header_at(hop->skb, offset, SCTP_HEADER, &buffer);
		if (!uh)
			break;
		hop->sport = uh->source;
		hop->dport = uh->dest;
		hop->flags |= SKBTRACE_F_PORTS;
		set_payload(hop, SKBTRACE_PAYLOAD_TRANSPORT,
			    offset + SCTP_HEADER, end);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		/* Both have 8 bytes: RFC 792, RFC 4443. */
		if (end - offset < (int)sizeof(struct icmphdr))
			break;
		set_checksummed(hop, offset, end);
		set_payload(hop, SKBTRACE_PAYLOAD_TRANSPORT,
			    offset + (int)sizeof(struct icmphdr), end);
		return;
	}
	set_payload(hop, SKBTRACE_PAYLOAD_NETWORK, offset, end);
}

/*
 * Where an IP packet ends.  On its way out its length is not set yet; a GSO
 * packet of more than 64 KiB (BIG TCP) says 0.  When it has reached its
 * protocol padding is cut off, and TCP may have appended the next segments
 * (tcp_add_backlog()), of which its header does not know.
 */
static int packet_end(struct hop *hop, int offset, u32 says)
{
	int len = hop->skb->len;

	if (hop->point->data == DATA_NET_TX || !says)
		return len;
	if (hop->point->data == DATA_TRANSPORT) {
		hop->appended = offset + (int)says < len;
		return len;
	}
	return offset + says;
}

static bool parse_ipv4(struct hop *hop, int offset)
{
	union header_buffer buffer;
	const struct iphdr *iph;
	int end;

	iph = header_at(hop->skb, offset, sizeof(*iph), &buffer);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return false;
	hop->protocol = ETH_P_IP;
	hop->saddr.s6_addr32[0] = iph->saddr;
	hop->daddr.s6_addr32[0] = iph->daddr;
	hop->flags |= SKBTRACE_F_FLOW;
	hop->ip_id = ntohs(iph->id);
	hop->ttl = iph->ttl;
	hop->l4proto = iph->protocol;
	end = packet_end(hop, offset, ntohs(iph->tot_len));
	if (iph->frag_off & htons(IP_MF | IP_OFFSET)) {
		hop->flags |= SKBTRACE_F_FRAGMENT;
		hop->frag_off = (ntohs(iph->frag_off) & IP_OFFSET) * 8;
	}
	offset += iph->ihl * 4;
	if (hop->frag_off)
		set_payload(hop, SKBTRACE_PAYLOAD_NETWORK, offset, end);
	else
		parse_transport(hop, offset, end);
	return true;
}

static bool parse_ipv6(struct hop *hop, int offset)
{
	union header_buffer buffer;
	const struct ipv6hdr *ip6h;
	const struct ipv6_opt_hdr *opt;
	const struct frag_hdr *frag;
	u32 payload_len;
	int i, end;
	u8 next;

	ip6h = header_at(hop->skb, offset, sizeof(*ip6h), &buffer);
	if (!ip6h || ip6h->version != 6)
		return false;
	hop->protocol = ETH_P_IPV6;
	hop->saddr = ip6h->saddr;
	hop->daddr = ip6h->daddr;
	hop->flags |= SKBTRACE_F_FLOW;
	hop->ttl = ip6h->hop_limit;
	next = ip6h->nexthdr;
	payload_len = ntohs(ip6h->payload_len);
	end = packet_end(hop, offset,
			 payload_len ? payload_len + sizeof(*ip6h) : 0);
	offset += sizeof(*ip6h);

	for (i = 0; i < IPV6_HEADERS_MAX && !hop->frag_off; i++) {
		switch (next) {
		case NEXTHDR_HOP:
		case NEXTHDR_ROUTING:
		case NEXTHDR_DEST:
			opt = header_at(hop->skb, offset, sizeof(*opt), &buffer);
			if (!opt)
				goto out;
			next = opt->nexthdr;
			offset += ipv6_optlen(opt);
			continue;
		case NEXTHDR_AUTH:
			opt = header_at(hop->skb, offset, sizeof(*opt), &buffer);
			if (!opt)
				goto out;
			next = opt->nexthdr;
			offset += (opt->hdrlen + 2) * 4;
			continue;
		case NEXTHDR_FRAGMENT:
			frag = header_at(hop->skb, offset, sizeof(*frag),
					 &buffer);
			if (!frag)
				goto out;
			next = frag->nexthdr;
			hop->ip_id = ntohl(frag->identification);
			hop->flags |= SKBTRACE_F_FRAGMENT;
			hop->frag_off = ntohs(frag->frag_off) & IP6_OFFSET;
			offset += sizeof(*frag);
			continue;
		}
		break;
	}
out:
	hop->l4proto = next;
	if (hop->frag_off)
		set_payload(hop, SKBTRACE_PAYLOAD_NETWORK, offset, end);
	else
		parse_transport(hop, offset, end);
	return true;
}

/* ARP ends where its addresses do, whatever padding the frame has. */
static int arp_end(const struct hop *hop, int offset)
{
	union header_buffer buffer;
	const struct arphdr *arp;

	arp = header_at(hop->skb, offset, sizeof(*arp), &buffer);
	if (!arp)
		return hop->skb->len;
	return offset + (int)sizeof(*arp) + 2 * (arp->ar_hln + arp->ar_pln);
}

static void parse_network(struct hop *hop, int offset, __be16 protocol)
{
	union header_buffer buffer;
	const struct vlan_hdr *vlan;
	int i;

	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (protocol != htons(ETH_P_8021Q) &&
		    protocol != htons(ETH_P_8021AD))
			break;
		vlan = header_at(hop->skb, offset, sizeof(*vlan), &buffer);
		if (!vlan)
			break;
		if (!(hop->flags & SKBTRACE_F_VLAN)) {
			hop->vlan_tci = ntohs(vlan->h_vlan_TCI);
			hop->flags |= SKBTRACE_F_VLAN;
		}
		protocol = vlan->h_vlan_encapsulated_proto;
		offset += sizeof(*vlan);
	}
	hop->protocol = ntohs(protocol);
	/* On its way out an IP packet may have no skb->protocol yet. */
	if ((hop->protocol == ETH_P_IP || !protocol) && parse_ipv4(hop, offset))
		return;
	if ((hop->protocol == ETH_P_IPV6 || !protocol) && parse_ipv6(hop, offset))
		return;
	set_payload(hop, SKBTRACE_PAYLOAD_LINK, offset,
		    hop->protocol == ETH_P_ARP ? arp_end(hop, offset) :
						 (int)hop->skb->len);
}

static void parse_link(struct hop *hop)
{
	const struct sk_buff *skb = hop->skb;
	union header_buffer buffer;
	const struct ethhdr *eth;

	/* On its way out an skb of another link type knows where it is. */
	if (hop->dev && hop->dev->type != ARPHRD_ETHER &&
	    hop->dev->type != ARPHRD_LOOPBACK) {
		parse_network(hop, skb_network_offset(skb), skb->protocol);
		return;
	}
	eth = header_at(skb, 0, sizeof(*eth), &buffer);
	if (!eth) {
		hop->flags |= SKBTRACE_F_TRUNCATED;
		return;
	}
	parse_network(hop, sizeof(*eth), eth->h_proto);
}

/* Addresses and ports of a connection whose packet has no header yet. */
static void parse_socket(struct hop *hop, bool ipv6)
{
	const struct inet_sock *inet = inet_sk(hop->sk);

	if (ipv6) {
		hop->protocol = ETH_P_IPV6;
#if IS_ENABLED(CONFIG_IPV6)
		hop->saddr = hop->sk->sk_v6_rcv_saddr;
		hop->daddr = hop->sk->sk_v6_daddr;
#endif
	} else {
		hop->protocol = ETH_P_IP;
		hop->saddr.s6_addr32[0] = inet->inet_saddr;
		hop->daddr.s6_addr32[0] = inet->inet_daddr;
	}
	hop->sport = inet->inet_sport;
	hop->dport = inet->inet_dport;
	hop->l4proto = hop->sk->sk_protocol;
	hop->flags |= SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
}

static bool socket_is_ipv6(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr);
#else
	return false;
#endif
}

/**
 * headers_parse() - find flow and payload of a hop
 * @hop: a hop with @point, @skb, @sk and @dev set
 *
 * What is not found stays as it is; an skb whose lengths do not add up is not
 * looked into and has SKBTRACE_F_MALFORMED.
 *
 * Context: any.
 */
void headers_parse(struct hop *hop)
{
	const struct sk_buff *skb = hop->skb;
	int offset;

	if (!skb_is_sound(skb)) {
		hop->flags |= SKBTRACE_F_MALFORMED;
		return;
	}
	if (skb_vlan_tag_present(skb)) {
		hop->vlan_tci = skb_vlan_tag_get(skb);
		hop->flags |= SKBTRACE_F_VLAN;
	}

	switch (hop->point->data) {
	case DATA_LINK:
		parse_link(hop);
		break;
	case DATA_NET:
	case DATA_NET_TX:
		parse_network(hop, 0, skb->protocol);
		break;
	case DATA_TRANSPORT:
		offset = skb_network_offset(skb);
		parse_network(hop, offset, skb->protocol);
		break;
	case DATA_SEGMENT:
		parse_socket(hop, socket_is_ipv6(hop->sk));
		parse_transport(hop, 0, skb->len);
		break;
	case DATA_BYTES:
		parse_socket(hop, socket_is_ipv6(hop->sk));
		hop->tcp_seq = TCP_SKB_CB(skb)->seq;
		hop->tcp_flags = TCP_SKB_CB(skb)->tcp_flags;
		set_payload(hop, SKBTRACE_PAYLOAD_TRANSPORT, 0, skb->len);
		break;
	case DATA_AUTO:
		if (skb_mac_header_was_set(skb) &&
		    skb->data == skb_mac_header(skb) &&
		    skb->data != skb_network_header(skb))
			parse_link(hop);
		else
			parse_network(hop, 0, skb->protocol);
		break;
	}
}
