// SPDX-License-Identifier: GPL-2.0
/* Records as they come, made comparable. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "records.h"

static void clean_packet(struct skbtrace_record *record)
{
	bool is_tcp = (record->flags & SKBTRACE_F_FLOW) && record->l4proto == IPPROTO_TCP;

	if (!(record->flags & SKBTRACE_F_FLOW)) {
		memset(record->saddr, 0, sizeof(record->saddr));
		memset(record->daddr, 0, sizeof(record->daddr));
		record->l4proto = 0;
		record->ttl = 0;
		record->ip_id = 0;
	} else if (record->protocol != ETH_P_IPV6) {
		memset(record->saddr + 4, 0, sizeof(record->saddr) - 4);
		memset(record->daddr + 4, 0, sizeof(record->daddr) - 4);
	} else if (!(record->flags & SKBTRACE_F_FRAGMENT)) {
		record->ip_id = 0;
	}
	if (!(record->flags & SKBTRACE_F_PORTS))
		record->sport = record->dport = 0;
	if (!is_tcp) {
		record->tcp_seq = 0;
		record->tcp_flags = 0;
	}
	if (!(record->flags & SKBTRACE_F_FRAGMENT))
		record->frag_off = 0;
}

/**
 * record_clean() - clear what is stale in a record
 * @record: the record
 *
 * The module does not write what is not of the packet's: it leaves what the slot of the
 * ring had before.
 */
void record_clean(struct skbtrace_record *record)
{
	/* Of these all is written. */
	if (record->flags & SKBTRACE_F_MESSAGE)
		return;
	if (record->payload == SKBTRACE_PAYLOAD_NONE) {
		record->payload_len = 0;
		record->csum = SKBTRACE_CSUM_UNCHECKED;
		record->flags &= ~(SKBTRACE_F_DIGEST | SKBTRACE_F_FLOW | SKBTRACE_F_PORTS);
	} else {
		clean_packet(record);
	}
	if (!(record->flags & SKBTRACE_F_DIGEST)) {
		record->crc32c = 0;
		record->digest_len = 0;
	}
	if (!(record->flags & SKBTRACE_F_NETNS))
		record->netns = 0;
	if (!(record->flags & SKBTRACE_F_VLAN))
		record->vlan_tci = 0;
	if (!(record->flags & SKBTRACE_F_OUTER))
		record->outer_protocol = 0;
	if (!record->outer_protocol) {
		memset(record->outer_saddr, 0, sizeof(record->outer_saddr));
		memset(record->outer_daddr, 0, sizeof(record->outer_daddr));
	}
	if (record->tunnel == SKBTRACE_TUNNEL_NONE)
		record->tunnel_id = 0;
}
