/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Headers for programs of classic BPF to run over, where a packet has none (yet):
 * made of what is known of its flow.
 */
#ifndef SKBTRACE_CBPF_FLOW_H
#define SKBTRACE_CBPF_FLOW_H

#include <linux/types.h>

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

__u32 cbpf_header(const struct cbpf_flow *flow, __u8 header[CBPF_HEADER_MAX],
		  __u32 *wire_len);

#endif /* SKBTRACE_CBPF_FLOW_H */
