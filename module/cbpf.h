/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_MODULE_CBPF_H
#define SKBTRACE_MODULE_CBPF_H

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <skbtrace/cbpf.h>

#include "config.h"
#include "probes.h"

struct hop;

/* An IP header and the longest transport header without options. */
#define IPV4_HEADERS	(20 + 20)
#define IPV6_HEADERS	(40 + 20)

/**
 * enum packet_verdict - what filter= says of a packet
 * @PACKET_REJECTED: not to be recorded
 * @PACKET_ADMITTED: to be recorded, or there is no filter
 * @PACKET_UNREAD: there is no IP header that could be read
 */
enum packet_verdict { PACKET_REJECTED, PACKET_ADMITTED, PACKET_UNREAD };

enum packet_verdict packet_verdict_of_any(const struct program *filter,
					  const struct point *point,
					  const struct sk_buff *skb);
bool flow_is_admitted(const struct hop *hop);

/* What @filter says from @insn on of the IP packet at @p; up to @end it is here. */
static inline enum packet_verdict
program_verdict(const struct program *filter, const struct sock_filter *insn,
		const struct sk_buff *skb, const u8 *p, const u8 *end)
{
	/* Often that is all. */
	if (insn->code == (BPF_RET | BPF_K))
		return insn->k ? PACKET_ADMITTED : PACKET_REJECTED;
	return cbpf_run(insn, filter->uses_memory, p, end - p,
			skb->len + (u32)(skb->data - p)) ?
	       PACKET_ADMITTED : PACKET_REJECTED;
}

/**
 * packet_verdict() - what filter= says of a packet by its headers
 * @filter: the program in force, of at least one instruction
 * @point: where the packet is
 * @skb: the packet
 *
 * With a filter most packets end here, at each hop: what most of them are,
 * IPv4 in the linear part, is looked for first.
 *
 * Context: any, in rcu_read_lock().
 */
static __always_inline enum packet_verdict
packet_verdict(const struct program *filter, const struct point *point,
	       const struct sk_buff *skb)
{
	const u8 *end = skb_tail_pointer(skb), *p = skb->data;
	__be16 protocol = skb->protocol;

	if (point->data == DATA_LINK) {
		if (!skb->dev || skb->dev->type != ARPHRD_ETHER ||
		    p < skb->head || end - p < ETH_HLEN)
			return packet_verdict_of_any(filter, point, skb);
		protocol = ((const struct ethhdr *)p)->h_proto;
		p += ETH_HLEN;
	} else if (point->data == DATA_TRANSPORT) {
		p = skb_network_header(skb);
	} else if (point->data != DATA_NET) {
		return packet_verdict_of_any(filter, point, skb);
	}
	if (unlikely(protocol != htons(ETH_P_IP) || p < skb->head ||
		     end > skb_end_pointer(skb) || end - p < IPV4_HEADERS ||
		     *p >> 4 != 4))
		return packet_verdict_of_any(filter, point, skb);
	return program_verdict(filter, filter->insns +
			       filter->start[0][p[cbpf_protocol_at(4)]],
			       skb, p, end);
}

#endif /* SKBTRACE_MODULE_CBPF_H */
