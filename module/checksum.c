// SPDX-License-Identifier: GPL-2.0
/*
 * Does the packet's own transport checksum add up?  Receivers may not ask: a
 * driver says CHECKSUM_UNNECESSARY, veth hands over CHECKSUM_PARTIAL.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "compat.h"
#include "hop.h"
#include "payload.h"

/* Of addresses, length and protocol: RFC 793, 768, 8200 (8.1). */
static __wsum pseudo_header(const struct hop *hop)
{
	if (hop->l4proto == IPPROTO_ICMP)
		return 0;
	if (hop->protocol == ETH_P_IPV6)
		return ~csum_unfold(csum_ipv6_magic(&hop->saddr, &hop->daddr,
						    hop->l4_len, hop->l4proto,
						    0));
	return csum_tcpudp_nofold(hop->saddr.s6_addr32[0],
				  hop->daddr.s6_addr32[0],
				  hop->l4_len, hop->l4proto, 0);
}

/**
 * hop_checksum() - verify the transport checksum of a hop
 * @hop: a hop, parsed
 *
 * Context: probe handler.
 * Return: SKBTRACE_CSUM_*; unchecked where it is not known or not all there:
 * fragments, protocols that are not parsed, TCP before it has a header.
 */
u8 hop_checksum(const struct hop *hop)
{
	__wsum csum;

	if (hop->payload == SKBTRACE_PAYLOAD_NONE)
		return SKBTRACE_CSUM_UNCHECKED;
	if (hop->payload == SKBTRACE_PAYLOAD_LINK)
		return SKBTRACE_CSUM_NONE;
	if (hop->csum == SKBTRACE_CSUM_NONE)
		return SKBTRACE_CSUM_NONE;
	if (!hop->l4_len || hop->flags & SKBTRACE_F_FRAGMENT)
		return SKBTRACE_CSUM_UNCHECKED;
	if (hop->skb->ip_summed == CHECKSUM_PARTIAL)
		return SKBTRACE_CSUM_PARTIAL;
	/*
	 * UDP has pulled its header, and with it CHECKSUM_PARTIAL has become
	 * CHECKSUM_NONE: skb_postpull_rcsum().
	 */
	if (hop->l4_off < 0 && hop->l4proto == IPPROTO_UDP &&
	    hop->skb->ip_summed == CHECKSUM_NONE)
		return SKBTRACE_CSUM_UNCHECKED;
	csum = pseudo_header(hop);
	if (payload_checksum(hop->skb, hop->l4_off, hop->l4_len, &csum))
		return SKBTRACE_CSUM_UNCHECKED;
	return csum_fold(csum) ? SKBTRACE_CSUM_BAD : SKBTRACE_CSUM_OK;
}
