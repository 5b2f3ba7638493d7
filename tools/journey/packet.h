/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_PACKET_H
#define SKBTRACE_TOOLS_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

/* Flags that say that the digest does not cover the payload as it is. */
#define PACKET_BROKEN \
	(SKBTRACE_F_MALFORMED | SKBTRACE_F_UNREADABLE | SKBTRACE_F_TRUNCATED)

bool packet_is_tcp(const struct skbtrace_record *record);
bool packet_same_hosts(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_same_device(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_share_host(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_same_datagram(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_same_flow(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_same_bytes(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_proven_same(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_is_other(const struct skbtrace_record *last, const struct skbtrace_record *now,
		     bool same_head);
bool packet_same_identity(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool packet_identity_is_strong(const struct skbtrace_record *record);
uint64_t packet_identity_hash(const struct skbtrace_record *record);
uint64_t packet_flow_hash(const struct skbtrace_record *record);
uint64_t packet_hosts_hash(const struct skbtrace_record *record);
uint64_t packet_mix(uint64_t hash, uint64_t word);

#endif /* SKBTRACE_TOOLS_PACKET_H */
