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

#include "checksum.h"
#include "compat.h"
#include "payload.h"

/* Of addresses, length and protocol: RFC 793, 768, 8200 (8.1). */
static __wsum pseudo_header(const struct skbtrace_record *record, u32 len)
{
	struct in6_addr saddr, daddr;
	__be32 ipv4[2];

	if (record->l4proto == IPPROTO_ICMP)
		return 0;
	if (record->protocol == ETH_P_IPV6) {
		memcpy(&saddr, record->saddr, sizeof(saddr));
		memcpy(&daddr, record->daddr, sizeof(daddr));
		return ~csum_unfold(csum_ipv6_magic(&saddr, &daddr, len,
						    record->l4proto, 0));
	}
	memcpy(&ipv4[0], record->saddr, sizeof(ipv4[0]));
	memcpy(&ipv4[1], record->daddr, sizeof(ipv4[1]));
	return csum_tcpudp_nofold(ipv4[0], ipv4[1], len, record->l4proto, 0);
}

/*
 * CHECKSUM_PARTIAL is of one of the headers of a packet in a tunnel: what is
 * inside of that has its checksum.
 */
static bool is_left_to_device(const struct skbtrace_record *record,
			      const struct sk_buff *skb, int at)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (record->tunnel == SKBTRACE_TUNNEL_NONE ||
		skb_checksum_start_offset(skb) == at);
}

/**
 * checksum_verdict() - does the innermost transport checksum add up
 * @record: parsed
 * @skb: the packet; its lengths add up
 * @parsed: what parse() has returned
 *
 * Context: probe handler.
 * Return: SKBTRACE_CSUM_*; unchecked where it is not known or not all there:
 * fragments, protocols that are not parsed, TCP before it has a header.
 */
u8 checksum_verdict(const struct skbtrace_record *record,
		    const struct sk_buff *skb, struct parsed parsed)
{
	struct header_buffer buffer;
	const struct udphdr *uh;
	int at = parsed.checksum_at;
	int len = (int)record->payload_off + (int)record->payload_len - at;
	__wsum csum;

	if (record->payload == SKBTRACE_PAYLOAD_LINK)
		return SKBTRACE_CSUM_NONE;
	if (at == NO_CHECKSUM_AT)
		return SKBTRACE_CSUM_UNCHECKED;
	if (record->l4proto == IPPROTO_UDP) {
		uh = header_at(skb, at, sizeof(*uh), &buffer);
		if (uh && !uh->check)
			return SKBTRACE_CSUM_NONE;
	}
	if (parsed.flags & SKBTRACE_F_TRUNCATED)
		return SKBTRACE_CSUM_UNCHECKED;
	if (is_left_to_device(record, skb, at))
		return SKBTRACE_CSUM_PARTIAL;
	/*
	 * UDP has pulled its header, and with it CHECKSUM_PARTIAL has become
	 * CHECKSUM_NONE: skb_postpull_rcsum().
	 */
	if (at < 0 && record->l4proto == IPPROTO_UDP &&
	    skb->ip_summed == CHECKSUM_NONE)
		return SKBTRACE_CSUM_UNCHECKED;
	csum = pseudo_header(record, len);
	if (payload_checksum(skb, at, len, &csum))
		return SKBTRACE_CSUM_UNCHECKED;
	return csum_fold(csum) ? SKBTRACE_CSUM_BAD : SKBTRACE_CSUM_OK;
}
