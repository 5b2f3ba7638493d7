// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of a packet, as far as a record tells them: what it does not know is
 * 0, as the window of TCP is, or not there at all, as the type of ICMP is.
 */
#include <arpa/inet.h>
#include <stdbool.h>

#include "header.h"

/**
 * header_of() - the headers of the packet that a hop has seen
 * @record: the hop, with SKBTRACE_F_FLOW
 * @header: set to IP header and, where ports are known, transport header
 * @wire_len: set to the length of the packet with these headers
 *
 * Return: the length of @header.
 */
uint32_t header_of(const struct skbtrace_record *record, uint8_t header[CBPF_HEADER_MAX],
		   uint32_t *wire_len)
{
	const struct cbpf_flow flow = {
		.saddr = record->saddr,
		.daddr = record->daddr,
		.protocol = record->protocol,
		.l4proto = record->l4proto,
		.has_ports = !!(record->flags & SKBTRACE_F_PORTS),
		.sport = ntohs(record->sport),
		.dport = ntohs(record->dport),
		.tcp_seq = record->tcp_seq,
		.tcp_flags = record->tcp_flags,
		.ttl = record->ttl,
		.is_fragment = !!(record->flags & SKBTRACE_F_FRAGMENT),
		.frag_off = record->frag_off,
		.ip_id = record->ip_id,
		.is_transport = record->payload == SKBTRACE_PAYLOAD_TRANSPORT,
		.payload_len = record->payload_len,
	};

	return cbpf_header(&flow, header, wire_len);
}
