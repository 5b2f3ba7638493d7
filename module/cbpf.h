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

/* Does the program end with @insn, and reject? */
static inline bool insn_rejects(const struct sock_filter *insn)
{
	return insn->code == (BPF_RET | BPF_K) && !insn->k;
}

/* What @filter says from @insn on of the IP packet at @p, of which there may be more. */
static inline enum packet_verdict
program_verdict(const struct program *filter, const struct sock_filter *insn,
		const struct sk_buff *skb, const u8 *p)
{
	return cbpf_run(insn, filter->uses_memory, p, skb_tail_pointer(skb) - p,
			skb->len + (u32)(skb->data - p)) ?
	       PACKET_ADMITTED : PACKET_REJECTED;
}

/* The IP header, where an skb that program_start() knows has it. */
static __always_inline const u8 *
program_packet(const struct point *point, const struct sk_buff *skb)
{
	if (point->data == DATA_LINK)
		return skb->data + ETH_HLEN;
	if (point->data == DATA_TRANSPORT)
		return skb_network_header(skb);
	return skb->data;
}

/**
 * program_start() - where filter= begins for a packet
 * @filter: the program in force, of at least one instruction
 * @point: where the packet is
 * @skb: the packet
 *
 * With a filter most packets end here, at each hop: what most of them are is
 * looked for, IPv4 in the linear part.  Others are packet_verdict_of_any()'s.
 *
 * Context: any, in rcu_read_lock().
 * Return: the first instruction that matters, NULL if it is another packet.
 */
static __always_inline const struct sock_filter *
program_start(const struct program *filter, const struct point *point,
	      const struct sk_buff *skb)
{
	const u8 *end = skb_tail_pointer(skb);
	const u8 *p = program_packet(point, skb);
	__be16 protocol = skb->protocol;

	/* Before anything is read that an skb may lie about. */
	if (unlikely(skb->data < skb->head || end > skb_end_pointer(skb) ||
		     end - p < IPV4_HEADERS))
		return NULL;
	if (point->data == DATA_LINK) {
		if (!skb->dev || skb->dev->type != ARPHRD_ETHER)
			return NULL;
		protocol = ((const struct ethhdr *)skb->data)->h_proto;
	} else if (point->data != DATA_TRANSPORT && point->data != DATA_NET) {
		return NULL;
	}
	if (unlikely(protocol != htons(ETH_P_IP) || *p >> 4 != 4))
		return NULL;
	return filter->insns + filter->start[0][p[cbpf_protocol_at(4)]];
}

#endif /* SKBTRACE_MODULE_CBPF_H */
