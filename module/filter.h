/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_FILTER_H
#define SKBTRACE_FILTER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <skbtrace/cbpf.h>

#include "config.h"
#include "device.h"
#include "locate.h"
#include "payload.h"

struct cpu_trace;
struct skbtrace_record;

/* An IP header and the longest transport header without options. */
#define IPV4_HEADERS	(20 + 20)
#define IPV6_HEADERS	(40 + 20)

/**
 * enum admission - does filter= admit a packet
 * @REJECTED: no, and there is no packet in it that it could admit
 * @ADMITTED: yes, or there is no filter
 * @ASK_INNER: not by its outermost header: if it is a tunnel, the innermost may say so
 * @ASK_RECORD: its header could not be read: what the parser finds will say so
 */
enum admission { REJECTED, ADMITTED, ASK_INNER, ASK_RECORD };

bool device_is_wanted(const struct device_list *list,
		      const struct net_device *dev);
bool devices_are_wanted(const struct config *config, struct devices at);
enum admission ask_filter(const struct program *filter,
			  const struct sk_buff *skb, struct place place);
bool record_is_admitted(const struct program *filter, enum admission admission,
			const struct skbtrace_record *record, u32 flags,
			const struct sk_buff *skb, int network);
bool flow_is_admitted(const struct program *filter,
		      const struct skbtrace_record *record, u32 flags);
bool flow_is_sampled(const struct config *config,
		     const struct skbtrace_record *record, u32 flags);
bool rate_allows(struct cpu_trace *trace, u32 max_rate);

/*
 * Is a list of globs sure to have no match?  Most names begin with another letter
 * than the globs, and with dev= most packets of a host are rejected by that.
 */
static __always_inline bool globs_lack(const struct globs *globs, char first)
{
	unsigned int i;

	for (i = 0; i < globs->nr; i++) {
		char c = globs->glob[i][0];

		if (c == first || c == '*' || c == '?' || c == '-')
			return false;
	}
	return true;
}

/**
 * surely_rejected() - does filter= reject a packet at the first look
 * @config: the parameters in force, with a program
 * @point: any point
 * @skb: the packet
 *
 * With a filter most packets of a host end here, at each hop: by the protocol of
 * an IP packet which is no tunnel.
 *
 * Context: any, in rcu_read_lock().
 * Return: false if it does not, or if ask_filter() has to say so.
 */
static __always_inline bool surely_rejected(const struct config *config,
					    const struct point *point,
					    const struct sk_buff *skb)
{
	const struct program *filter = &config->filter;
	const u8 *data = skb->data, *tail = skb_tail_pointer(skb), *p, *l4;
	__be16 protocol;
	u8 l4proto;
	int offset;

	/* Before anything is read that an skb may lie about. */
	if (unlikely(data < skb->head || data > tail ||
		     skb->tail > skb->end))
		return false;
	if (!locate_plainly(point, skb, tail - data, &offset, &protocol))
		return false;
	p = data + offset;
	if (likely(protocol == htons(ETH_P_IP))) {
		if (unlikely(tail - p < IPV4_HEADERS || *p != 0x45))
			return false;
		l4 = p + sizeof(struct iphdr);
		l4proto = p[9];
		if (!filter->rejects[0][l4proto])
			return false;
	} else {
		if (tail - p < IPV6_HEADERS || *p >> 4 != 6)
			return false;
		l4 = p + sizeof(struct ipv6hdr);
		l4proto = p[6];
		if (!filter->rejects[1][l4proto])
			return false;
	}
	/* In a fragment there may be anything: then it is asked for. */
	if (likely(l4proto == IPPROTO_UDP))
		return !(config->tunnel_ports >>
			 (ntohs(((const struct udphdr *)l4)->dest) & 63) & 1);
	return l4proto == IPPROTO_TCP || l4proto == IPPROTO_ICMP ||
	       l4proto == IPPROTO_ICMPV6;
}

#endif /* SKBTRACE_FILTER_H */
