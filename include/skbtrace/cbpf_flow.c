// SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note
/*
 * Headers made of what is known of a flow.  In module and reader; see
 * cbpf_flow.h.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include <skbtrace/cbpf_flow.h>

/* IPPROTO_*, for which kernel and libc have different headers. */
#define CBPF_ICMP	1
#define CBPF_TCP	6
#define CBPF_UDP	17
#define CBPF_FRAGMENT	44
#define CBPF_ICMPV6	58
#define CBPF_SCTP	132

/* Length of the transport header; all but that of TCP are always as long. */
static __u32 cbpf_l4_len(const struct cbpf_flow *flow)
{
	if (!flow->is_transport)
		return 0;
	switch (flow->l4proto) {
	case CBPF_TCP:
		return 20;
	case CBPF_SCTP:
		return 12;
	case CBPF_UDP:
	case CBPF_ICMP:
	case CBPF_ICMPV6:
		return 8;
	}
	return 0;
}

static void cbpf_put_l4(__u8 *p, const struct cbpf_flow *flow)
{
	cbpf_put16(p, flow->sport);
	cbpf_put16(p + 2, flow->dport);
	if (flow->l4proto == CBPF_TCP) {
		cbpf_put32(p + 4, flow->tcp_seq);
		p[12] = 20 / 4 << 4;
		p[13] = flow->tcp_flags;
	} else if (flow->l4proto == CBPF_UDP) {
		cbpf_put16(p + 4, 8 + flow->payload_len);
	}
}

/**
 * cbpf_header() - the headers of a packet, as far as they are known
 * @flow: what is known
 * @header: set to IP header and, where ports are known, transport header; what
 *	is not known is 0, and options and extension headers are left out
 * @wire_len: set to the length of the packet with these headers
 *
 * Return: the length of @header.
 */
__u32 cbpf_header(const struct cbpf_flow *flow, __u8 header[CBPF_HEADER_MAX],
		  __u32 *wire_len)
{
	__u32 len = 20, l4_len = cbpf_l4_len(flow), total;

	memset(header, 0, CBPF_HEADER_MAX);
	if (flow->protocol == 0x86dd) {		/* ETH_P_IPV6 */
		len = flow->is_fragment ? 40 + 8 : 40;
		total = len + l4_len + flow->payload_len;
		header[0] = 6 << 4;
		cbpf_put16(header + 4, total - 40 <= 0xffff ? total - 40 : 0);
		header[6] = flow->l4proto;
		header[7] = flow->ttl;
		memcpy(header + 8, flow->saddr, 16);
		memcpy(header + 24, flow->daddr, 16);
		if (flow->is_fragment) {
			header[6] = CBPF_FRAGMENT;
			header[40] = flow->l4proto;
			/* Of another one it is not known whether more follow. */
			cbpf_put16(header + 42,
				   flow->frag_off ? flow->frag_off : 1);
			cbpf_put32(header + 44, flow->ip_id);
		}
	} else {
		total = len + l4_len + flow->payload_len;
		header[0] = 4 << 4 | 20 / 4;
		cbpf_put16(header + 2, total <= 0xffff ? total : 0);
		cbpf_put16(header + 4, flow->ip_id);
		if (flow->is_fragment)
			cbpf_put16(header + 6, flow->frag_off ?
				   flow->frag_off / 8 : 0x2000);
		header[8] = flow->ttl;
		header[9] = flow->l4proto;
		memcpy(header + 12, flow->saddr, 4);
		memcpy(header + 16, flow->daddr, 4);
	}
	*wire_len = total;
	if (!flow->has_ports || !l4_len)
		return len;
	cbpf_put_l4(header + len, flow);
	return len + l4_len;
}
