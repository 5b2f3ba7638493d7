// SPDX-License-Identifier: GPL-2.0
/* The rarer ways from skb->data to the network header. */
#include <linux/if_vlan.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "locate.h"

#define VLAN_TAGS_MAX	4

/**
 * header_copy() - a header that is not in the linear part, or not there
 * @skb: an skb whose lengths add up
 * @offset: where, bytes behind skb->data
 * @len: how long, at most sizeof(*@buffer)
 * @buffer: where to copy to
 *
 * Context: any.
 * Return: @buffer, or NULL if the skb has no such bytes.
 */
const void *header_copy(const struct sk_buff *skb, int offset, int len,
			struct header_buffer *buffer)
{
	if (offset < 0 || skb_copy_bits(skb, offset, buffer, len) < 0)
		return NULL;
	return buffer;
}

/* Which protocol an IP header is of, if it is one. */
static __be16 protocol_by_version(const struct sk_buff *skb, int offset)
{
	struct header_buffer buffer;
	const u8 *first = header_at(skb, offset, 1, &buffer);

	if (first && *first >> 4 == 4)
		return htons(ETH_P_IP);
	if (first && *first >> 4 == 6)
		return htons(ETH_P_IPV6);
	return 0;
}

/**
 * locate_behind_tags() - go on to what is behind VLAN tags
 * @skb: an skb whose lengths add up
 * @place: where there may be one
 *
 * On its way out an IP packet may have no skb->protocol yet: its version tells.
 *
 * Context: any.
 */
struct place locate_behind_tags(const struct sk_buff *skb, struct place place)
{
	struct header_buffer buffer;
	const struct vlan_hdr *vlan;
	int i;

	for (i = 0; i < VLAN_TAGS_MAX && is_vlan_protocol(place.protocol); i++) {
		vlan = header_at(skb, place.offset, sizeof(*vlan), &buffer);
		if (!vlan)
			break;
		if (!(place.flags & SKBTRACE_F_VLAN)) {
			place.vlan_tci = ntohs(vlan->h_vlan_TCI);
			place.flags |= SKBTRACE_F_VLAN;
		}
		place.protocol = vlan->h_vlan_encapsulated_proto;
		place.offset += sizeof(*vlan);
	}
	if (!place.protocol)
		place.protocol = protocol_by_version(skb, place.offset);
	return place;
}

/**
 * locate_rarer() - find what is behind the link header, where it is not plain
 * @skb: an skb whose lengths add up
 * @data: DATA_LINK or DATA_AUTO
 *
 * Context: any, in rcu_read_lock().
 */
struct place locate_rarer(const struct sk_buff *skb, u8 data)
{
	const struct net_device *dev = skb->dev;
	struct place place = { .offset = 0, .protocol = skb->protocol };
	struct header_buffer buffer;
	const struct ethhdr *eth;

	if (data == DATA_AUTO &&
	    (!skb_mac_header_was_set(skb) || skb->data != skb_mac_header(skb) ||
	     skb->data == skb_network_header(skb)))
		return place;
	/* On its way out an skb of another link type knows where it is. */
	if (dev && dev->type != ARPHRD_ETHER && dev->type != ARPHRD_LOOPBACK) {
		place.offset = skb_network_offset(skb);
		return place;
	}
	eth = header_at(skb, 0, sizeof(*eth), &buffer);
	if (eth) {
		place.offset = sizeof(*eth);
		place.protocol = eth->h_proto;
	} else {
		place.flags = SKBTRACE_F_TRUNCATED;
		place.protocol = 0;
	}
	return place;
}
