/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a packet leaves a host, or comes to one.
 *
 * Words of this folder:
 *
 *   departure  the last hop of a packet on its way out of a host
 *   arrival    the first hop of a packet that was not made on the host
 *   part       a journey as one host has seen it
 *   crossing   an arrival, and the departures that it is of
 *   packet     the parts that crossings tie together
 */
#ifndef SKBTRACE_TOOLS_END_H
#define SKBTRACE_TOOLS_END_H

#include "journey/journey.h"

/* "No end", "no part", where the number of one is expected. */
#define END_NONE	UINT32_MAX

/**
 * enum end_kind - how a packet is known again on another host
 * @END_STREAM: by TCP's sequence numbers
 * @END_DATAGRAM: by its flow and the number in its IP header, if it has one
 * @END_FRAGMENT: by its addresses, that number, and its place in the datagram
 * @END_OTHER: not at all
 */
enum end_kind {
	END_STREAM,
	END_DATAGRAM,
	END_FRAGMENT,
	END_OTHER,
};

/**
 * struct end - a departure or an arrival
 * @ts_ns: when, by the clock of its host
 * @flow: a number for addresses, protocol and ports
 * @hosts: a number for addresses and protocol
 * @part: number of the part that it is of
 * @hop: which hop of that journey
 * @start: number of the first byte in the stream, or in the datagram
 * @len: bytes of payload
 * @crc: CRC32C of these, if @digested
 * @ip_id: number in the IP header, 0 if it has none
 * @host: number of the host
 * @point: enum skbtrace_point
 * @gso_segs: how many segments it is of, 0 or 1 if it is not to be cut or was not merged
 * @kind: enum end_kind
 * @l4proto: IPPROTO_*
 * @tcp_flags: byte 13 of the TCP header
 * @ttl: time to live, 0 if not known
 * @digested: all bytes are in @crc
 * @sent: of a departure: a device has got it, and no one has dropped it
 * @outward: of an arrival: it was on its way out when it was first seen, and may have been
 *	made on the host
 * @again: TCP sends it again
 * @in_tunnel: it is in one
 * @is_fragment: it is an IP fragment, whatever is known of it
 */
struct end {
	uint64_t ts_ns;
	uint64_t flow;
	uint64_t hosts;
	uint32_t part;
	uint32_t hop;
	uint32_t start;
	uint32_t len;
	uint32_t crc;
	uint32_t ip_id;
	uint16_t host;
	uint16_t point;
	uint16_t gso_segs;
	uint8_t kind;
	uint8_t l4proto;
	uint8_t tcp_flags;
	uint8_t ttl;
	bool digested;
	bool sent;
	bool outward;
	bool again;
	bool in_tunnel;
	bool is_fragment;
};

typedef int (*end_found)(void *context, const struct end *end, bool is_departure);

int ends_of(const struct journey *journey, end_found found, void *context);

#endif /* SKBTRACE_TOOLS_END_H */
