/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Headers for programs of classic BPF to run over, where a packet has none (yet):
 * made of what is known of its flow.
 */
#ifndef SKBTRACE_CBPF_FLOW_H
#define SKBTRACE_CBPF_FLOW_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/**
 * struct cbpf_flow - what is known of a packet without its headers
 * @protocol: ETH_P_IP or ETH_P_IPV6
 * @saddr: source address, IPv4 in the first 4 bytes
 * @daddr: destination address, likewise
 * @l4proto: IPPROTO_*
 * @has_ports: @sport and @dport are known, and it is no later fragment
 * @sport: source port, host order
 * @dport: destination port, likewise
 * @tcp_seq: sequence number of the first byte of payload
 * @tcp_flags: byte 13 of the TCP header
 * @ttl: time to live or hop limit
 * @is_fragment: it is one
 * @frag_off: its offset, bytes
 * @ip_id: identification
 * @is_transport: @payload_len is without the transport header
 * @payload_len: bytes of payload
 */
struct cbpf_flow {
	const __u8 *saddr;
	const __u8 *daddr;
	__u32 tcp_seq;
	__u32 ip_id;
	__u32 payload_len;
	__u16 protocol;
	__u16 sport;
	__u16 dport;
	__u16 frag_off;
	__u8 l4proto;
	__u8 tcp_flags;
	__u8 ttl;
	__u8 has_ports;
	__u8 is_fragment;
	__u8 is_transport;
};

/* IPv6, fragment header, TCP. */
#define CBPF_HEADER_MAX	(40 + 8 + 20)

/* IPPROTO_*, for which kernel and libc have different headers. */
#define CBPF_ICMP	1
#define CBPF_TCP	6
#define CBPF_UDP	17
#define CBPF_FRAGMENT	44
#define CBPF_ICMPV6	58
#define CBPF_SCTP	132

static inline void cbpf_put16(__u8 *p, __u32 value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline void cbpf_put32(__u8 *p, __u32 value)
{
	cbpf_put16(p, value >> 16);
	cbpf_put16(p + 2, value);
}

/* Length of the transport header; all but that of TCP are always as long. */
static inline __u32 cbpf_l4_len(const struct cbpf_flow *flow)
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

static inline void cbpf_put_l4(__u8 *p, const struct cbpf_flow *flow)
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
static inline __u32 cbpf_header(const struct cbpf_flow *flow,
				__u8 header[CBPF_HEADER_MAX], __u32 *wire_len)
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

#endif /* SKBTRACE_CBPF_FLOW_H */
