/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where in an skb its headers are, wherever in the stack it is.
 *
 * Offsets are bytes behind skb->data and may be negative (a network header
 * that has been pulled).  No header is believed further than the skb is long.
 */
#ifndef SKBTRACE_LOCATE_H
#define SKBTRACE_LOCATE_H

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <skbtrace/record.h>

#include "probes.h"

/**
 * struct place - where the header behind link header and VLAN tags is
 * @offset: bytes behind skb->data
 * @protocol: its ethertype, 0 if it is not known
 * @has_tag: there is a VLAN tag in front of it
 * @is_truncated: there is nothing
 * @vlan_tci: of the outermost tag, if @has_tag
 *
 * It fits into a register: a larger one would be returned in memory, for which gcc
 * makes a stack frame at each hop.
 */
struct place {
	s32 offset : 24;
	u32 has_tag : 1;
	u32 is_truncated : 1;
	__be16 protocol;
	u16 vlan_tci;
};

/* No header that is read at once is longer: IPv6's is as long. */
#define HEADER_MAX	40

const void *header_copy(const struct sk_buff *skb, int offset, int len);
struct place locate_behind_tags(const struct sk_buff *skb, struct place place);
struct place locate_rarer(const struct point *point, const struct sk_buff *skb);

/*
 * Like skb_header_pointer(), but for what has been pulled too: an offset of the
 * skb's own is never before skb->head, and those of further headers are only
 * larger.  @offset and @len come from headers: neither is trusted to be within.
 * What is returned is good until the next header is asked for.
 */
static __always_inline const void *header_at(const struct sk_buff *skb,
					     int offset, int len)
{
	if (likely(len <= (int)skb_headlen(skb) - offset))
		return skb->data + offset;
	return header_copy(skb, offset, len);
}

static inline bool is_vlan_protocol(__be16 protocol)
{
	return protocol == htons(ETH_P_8021Q) ||
	       protocol == htons(ETH_P_8021AD);
}

/**
 * locate_plainly() - find the IP header where it is easy to find
 * @point: any point
 * @skb: an skb with a sound linear part
 * @headlen: bytes of that behind skb->data
 * @offset: set to where it is, bytes behind skb->data
 * @protocol: set to ETH_P_IP or ETH_P_IPV6
 *
 * Context: any, in rcu_read_lock().
 * Return: false if it has to be looked for.
 */
static __always_inline bool locate_plainly(const struct point *point,
					   const struct sk_buff *skb,
					   int headlen, int *offset,
					   __be16 *protocol)
{
	const struct net_device *dev;

	*offset = 0;
	*protocol = skb->protocol;
	if (point->data == DATA_NET) {
		/* It is here. */
	} else if (point->data == DATA_LINK) {
		dev = skb->dev;
		if (unlikely(!dev || dev->type != ARPHRD_ETHER ||
			     headlen < ETH_HLEN))
			return false;
		*offset = ETH_HLEN;
		*protocol = ((const struct ethhdr *)skb->data)->h_proto;
	} else if (point->data == DATA_TRANSPORT) {
		*offset = skb_network_offset(skb);
	} else {
		return false;
	}
	if (likely(*protocol == htons(ETH_P_IP)))
		return true;
	return *protocol == htons(ETH_P_IPV6);
}

/**
 * locate() - find the header behind link header and VLAN tags
 * @point: a point where skb->data is at or before the transport header
 * @skb: an skb whose lengths add up
 *
 * Context: any, in rcu_read_lock().
 */
static __always_inline struct place locate(const struct point *point,
					   const struct sk_buff *skb)
{
	struct place place = { .offset = 0 };
	int offset;

	if (unlikely(!locate_plainly(point, skb, skb_headlen(skb), &offset,
				     &place.protocol)))
		return locate_rarer(point, skb);
	place.offset = offset;
	return place;
}

#endif /* SKBTRACE_LOCATE_H */
