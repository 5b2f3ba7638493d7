// SPDX-License-Identifier: GPL-2.0
/*
 * What filter= says of a packet.
 *
 * The program is given the packet's own headers wherever they are: at most
 * hops, where skb->data is the link or the IP header, or not far behind it.
 * Who is rejected comes here at each hop, so this is done before anything else
 * is found out about the hop, and what it costs counts.  Where there is no IP
 * header yet (TCP has not handed its segment to IP), or it is not in the linear
 * part, the hop's headers are parsed first, and the program gets headers made
 * from what was found: a packet is admitted at its first hop, not at the first
 * that has a header.
 *
 * What is no IP packet is rejected, whatever the program would say of it.
 */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <skbtrace/cbpf.h>
#include <skbtrace/cbpf_flow.h>

#include "cbpf.h"
#include "compat.h"
#include "config.h"
#include "filter.h"
#include "hop.h"
#include "probes.h"

#define VLAN_TAGS_MAX	4

static bool is_at_link_header(const struct sk_buff *skb)
{
	return skb_mac_header_was_set(skb) &&
	       skb->data == skb_mac_header(skb) &&
	       skb->data != skb_network_header(skb);
}

/* On its way out an skb of another link type knows where IP begins. */
static bool has_ethernet_header(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;

	return !dev || dev->type == ARPHRD_ETHER ||
	       dev->type == ARPHRD_LOOPBACK;
}

static bool is_vlan(__be16 protocol)
{
	return protocol == htons(ETH_P_8021Q) ||
	       protocol == htons(ETH_P_8021AD);
}

/**
 * packet_verdict_of_any() - what filter= says of a packet by its headers
 * @filter: the program in force, of at least one instruction
 * @point: where the packet is
 * @skb: the packet
 *
 * It finds the IP header where headers_parse() does.  Nothing is read that is
 * not in the linear part, wherever the skb says that headers are.
 *
 * Context: any, in rcu_read_lock().
 */
enum packet_verdict packet_verdict_of_any(const struct program *filter,
					  const struct point *point,
					  const struct sk_buff *skb)
{
	const u8 *head = skb->head, *end = skb_tail_pointer(skb);
	const u8 *p = skb->data;
	__be16 protocol = skb->protocol;
	const struct sock_filter *insn;
	bool is_ipv6;
	u32 len;
	int i;

	if (end > skb_end_pointer(skb))
		return PACKET_UNREAD;
	switch (point->data) {
	case DATA_SEGMENT:
	case DATA_BYTES:
		return PACKET_UNREAD;
	case DATA_TRANSPORT:
		p = skb_network_header(skb);
		break;
	case DATA_AUTO:
		if (!is_at_link_header(skb))
			break;
		/* fall through */
	case DATA_LINK:
		if (!has_ethernet_header(skb)) {
			p = skb_network_header(skb);
			break;
		}
		if (p < head || p + ETH_HLEN > end)
			return PACKET_UNREAD;
		protocol = ((const struct ethhdr *)p)->h_proto;
		p += ETH_HLEN;
		break;
	}
	for (i = 0; unlikely(is_vlan(protocol)) && i < VLAN_TAGS_MAX; i++) {
		if (p < head || p + VLAN_HLEN > end)
			return PACKET_UNREAD;
		protocol = ((const struct vlan_hdr *)p)->h_vlan_encapsulated_proto;
		p += VLAN_HLEN;
	}
	if (p < head || p >= end)
		return PACKET_UNREAD;
	/* On its way out an IP packet may have no skb->protocol yet. */
	is_ipv6 = *p >> 4 == 6;
	if (protocol != (is_ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP)) &&
	    protocol)
		return PACKET_REJECTED;
	if (!is_ipv6 && *p >> 4 != 4)
		return PACKET_REJECTED;
	len = end - p;
	if (skb->data_len && len < (is_ipv6 ? IPV6_HEADERS : IPV4_HEADERS))
		return PACKET_UNREAD;
	insn = filter->insns;
	if (len >= (is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		insn += filter->start[is_ipv6][p[cbpf_protocol_at(is_ipv6 ? 6 : 4)]];
	return program_verdict(filter, insn, skb, p);
}

/**
 * flow_is_admitted() - does filter= admit a packet that it could not read
 * @hop: a hop whose headers have been parsed
 *
 * Context: any, in rcu_read_lock().
 */
bool flow_is_admitted(const struct hop *hop)
{
	const struct program *filter = &hop->config->filter;
	struct cbpf_flow flow = {
		.saddr = hop->saddr.s6_addr,
		.daddr = hop->daddr.s6_addr,
		.protocol = hop->protocol,
		.l4proto = hop->l4proto,
		.has_ports = !!(hop->flags & SKBTRACE_F_PORTS),
		.sport = ntohs(hop->sport),
		.dport = ntohs(hop->dport),
		.tcp_seq = hop->tcp_seq,
		.tcp_flags = hop->tcp_flags,
		.ttl = hop->ttl,
		.is_fragment = !!(hop->flags & SKBTRACE_F_FRAGMENT),
		.frag_off = hop->frag_off,
		.ip_id = hop->ip_id,
		.is_transport = hop->payload == SKBTRACE_PAYLOAD_TRANSPORT,
		.payload_len = hop->payload_len,
	};
	u8 header[CBPF_HEADER_MAX];
	u32 len, wire_len;

	if (!(hop->flags & SKBTRACE_F_FLOW))
		return false;
	len = cbpf_header(&flow, header, &wire_len);
	return cbpf_run(filter->insns, filter->uses_memory, header, len,
			wire_len);
}
