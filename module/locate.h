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

/* All headers that are copied out of fragments fit in here. */
struct header_buffer {
	u64 words[5];
};

/**
 * struct place - where the header behind link header and VLAN tags is
 * @offset: bytes behind skb->data
 * @protocol: its ethertype, 0 if it is not known
 * @vlan_tci: of the outermost tag in front of it, if there was one
 * @flags: SKBTRACE_F_VLAN for that; SKBTRACE_F_TRUNCATED if there is nothing
 */
struct place {
	int offset;
	__be16 protocol;
	u16 vlan_tci;
	u32 flags;
};

const void *header_copy(const struct sk_buff *skb, int offset, int len,
			struct header_buffer *buffer);
struct place locate_behind_tags(const struct sk_buff *skb, struct place place);
struct place locate_rarer(const struct sk_buff *skb, u8 data);

/*
 * Like skb_header_pointer(), but for what has been pulled too.  @offset and
 * @len come from headers: neither is trusted.
 */
static __always_inline const void *header_at(const struct sk_buff *skb,
					     int offset, int len,
					     struct header_buffer *buffer)
{
	if (likely(len <= (int)skb_headlen(skb) - offset &&
		   offset >= -(int)(skb->data - skb->head)))
		return skb->data + offset;
	return header_copy(skb, offset, len, buffer);
}

static inline bool is_vlan_protocol(__be16 protocol)
{
	return protocol == htons(ETH_P_8021Q) ||
	       protocol == htons(ETH_P_8021AD);
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
	struct place place = { .offset = 0, .protocol = skb->protocol };

	if (point->data == DATA_LINK) {
		const struct net_device *dev = skb->dev;

		if (unlikely(!dev || dev->type != ARPHRD_ETHER ||
			     skb_headlen(skb) < ETH_HLEN)) {
			place = locate_rarer(skb, DATA_LINK);
		} else {
			place.offset = ETH_HLEN;
			place.protocol = ((const struct ethhdr *)skb->data)->h_proto;
		}
	} else if (point->data == DATA_TRANSPORT) {
		place.offset = skb_network_offset(skb);
	} else if (unlikely(point->data == DATA_AUTO)) {
		place = locate_rarer(skb, DATA_AUTO);
	}
	if (unlikely(!place.protocol || is_vlan_protocol(place.protocol)))
		place = locate_behind_tags(skb, place);
	return place;
}

#endif /* SKBTRACE_LOCATE_H */
