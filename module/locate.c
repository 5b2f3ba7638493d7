// SPDX-License-Identifier: GPL-2.0
/* The rarer ways from skb->data to the network header. */
#include <linux/if_vlan.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "locate.h"

#define VLAN_TAGS_MAX	4

/* What is copied out of fragments: handlers do not nest. */
static DEFINE_PER_CPU(u64 [HEADER_MAX / sizeof(u64)], header_buffer);

/**
 * header_copy() - a header that is not in the linear part, or not there
 * @skb: an skb whose lengths add up
 * @offset: where, bytes behind skb->data
 * @len: how long, at most HEADER_MAX
 *
 * Context: probe handler.
 * Return: a copy, good until the next, or NULL if the skb has no such bytes.
 */
const void *header_copy(const struct sk_buff *skb, int offset, int len)
{
	void *buffer = this_cpu_ptr(header_buffer);

	if (offset < 0 || skb_copy_bits(skb, offset, buffer, len) < 0)
		return NULL;
	return buffer;
}

/* Which protocol an IP header is of, if it is one. */
static __be16 protocol_by_version(const struct sk_buff *skb, int offset)
{
	const u8 *first = header_at(skb, offset, 1);

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
	const struct vlan_hdr *vlan;
	int i;

	for (i = 0; i < VLAN_TAGS_MAX && is_vlan_protocol(place.protocol); i++) {
		vlan = header_at(skb, place.offset, sizeof(*vlan));
		if (!vlan)
			break;
		if (!place.has_tag)
			place.vlan_tci = ntohs(vlan->h_vlan_TCI);
		place.has_tag = true;
		place.protocol = vlan->h_vlan_encapsulated_proto;
		place.offset += sizeof(*vlan);
	}
	if (!place.protocol)
		place.protocol = protocol_by_version(skb, place.offset);
	return place;
}

static bool is_at_link_header(const struct point *point,
			      const struct sk_buff *skb)
{
	return point->data == DATA_LINK ||
	       (point->data == DATA_AUTO && skb_mac_header_was_set(skb) &&
		skb->data == skb_mac_header(skb) &&
		skb->data != skb_network_header(skb));
}

/**
 * locate_rarer() - locate() wherever it is
 * @point: a point where skb->data is at or before the transport header
 * @skb: an skb whose lengths add up
 *
 * Context: any, in rcu_read_lock().
 */
struct place locate_rarer(const struct point *point, const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	struct place place = { .protocol = skb->protocol };
	const struct ethhdr *eth;

	if (point->data == DATA_TRANSPORT) {
		place.offset = skb_network_offset(skb);
	} else if (is_at_link_header(point, skb)) {
		if (dev && dev->type != ARPHRD_ETHER &&
		    dev->type != ARPHRD_LOOPBACK) {
			/* Of another link type, it knows where it is. */
			place.offset = skb_network_offset(skb);
		} else {
			eth = header_at(skb, 0, sizeof(*eth));
			if (!eth) {
				place.protocol = 0;
				place.is_truncated = true;
				return place;
			}
			place.offset = sizeof(*eth);
			place.protocol = eth->h_proto;
		}
	}
	return locate_behind_tags(skb, place);
}
