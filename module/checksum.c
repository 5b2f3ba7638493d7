// SPDX-License-Identifier: GPL-2.0
/*
 * Does the packet's own transport checksum add up?  Receivers may not ask: a
 * driver says CHECKSUM_UNNECESSARY, veth hands over CHECKSUM_PARTIAL.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "checksum.h"
#include "compat.h"
#include "locate.h"
#include "parse.h"
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

/* TCP may have appended segments that the IP header does not know of. */
static bool has_more(const struct skbtrace_record *record,
		     const struct sk_buff *skb)
{
	int offset = skb_network_offset(skb);
	const u8 *p = header_at(skb, offset, sizeof(struct ipv6hdr));
	int end = offset;

	if (!p)
		return true;
	if (record->protocol == ETH_P_IPV6)
		end += ntohs(((const struct ipv6hdr *)p)->payload_len) +
		       (int)sizeof(struct ipv6hdr);
	else
		end += ntohs(((const struct iphdr *)p)->tot_len);
	return end < (int)skb->len;
}

/* What parse() finds of another copy of the record, which is not kept. */
static DEFINE_PER_CPU(struct skbtrace_record, parsed_again);

/**
 * checksum_verdict() - does the innermost transport checksum add up
 * @record: parsed
 * @point: where the packet is
 * @skb: the packet; its lengths add up
 * @config: the parameters in force
 *
 * Where the transport header is no record says, so the packet is parsed again.
 *
 * Context: probe handler.
 * Return: SKBTRACE_CSUM_*; unchecked where it is not known or not all there:
 * fragments, protocols that are not parsed, TCP before it has a header.
 */
u8 checksum_verdict(const struct skbtrace_record *record,
		    const struct point *point, const struct sk_buff *skb,
		    const struct config *config)
{
	struct skbtrace_record *again = this_cpu_ptr(&parsed_again);
	const struct udphdr *uh;
	struct parsed parsed;
	int at, len;
	__wsum csum;

	if (record->payload == SKBTRACE_PAYLOAD_LINK)
		return SKBTRACE_CSUM_NONE;
	if (point->data > DATA_LAST_NETWORK)
		return point->data == DATA_SEGMENT &&
		       skb->ip_summed == CHECKSUM_PARTIAL ?
		       SKBTRACE_CSUM_PARTIAL : SKBTRACE_CSUM_UNCHECKED;
	again->gso_size = record->gso_size;
	again->tunnel = SKBTRACE_TUNNEL_NONE;
	again->depth = 0;
	parsed = parse(again, point, skb, config, 0);
	at = parsed.checksum_at;
	if (at == NO_CHECKSUM_AT || parsed.flags & SKBTRACE_F_FRAGMENT)
		return SKBTRACE_CSUM_UNCHECKED;
	if (record->l4proto == IPPROTO_UDP) {
		uh = header_at(skb, at, sizeof(*uh));
		if (uh && !uh->check)
			return SKBTRACE_CSUM_NONE;
	}
	if (parsed.flags & SKBTRACE_F_TRUNCATED)
		return SKBTRACE_CSUM_UNCHECKED;
	if (is_left_to_device(record, skb, at))
		return SKBTRACE_CSUM_PARTIAL;
	if (point->data == DATA_TRANSPORT) {
		/*
		 * UDP has pulled its header, and with it CHECKSUM_PARTIAL has
		 * become CHECKSUM_NONE: skb_postpull_rcsum().
		 */
		if (at < 0 && record->l4proto == IPPROTO_UDP &&
		    skb->ip_summed == CHECKSUM_NONE)
			return SKBTRACE_CSUM_UNCHECKED;
		if (has_more(record, skb))
			return SKBTRACE_CSUM_UNCHECKED;
	}
	len = (int)record->payload_off + (int)record->payload_len - at;
	csum = pseudo_header(record, len);
	if (payload_checksum(skb, at, len, &csum))
		return SKBTRACE_CSUM_UNCHECKED;
	return csum_fold(csum) ? SKBTRACE_CSUM_BAD : SKBTRACE_CSUM_OK;
}
