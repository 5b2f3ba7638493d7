// SPDX-License-Identifier: GPL-2.0
/* Digests that can be compared with those of applications' bytes. */
#include <linux/kernel.h>
#include <skbtrace/message.h>

#include "digest.h"

bool digest_is_cut __read_mostly;
void (*digest_tie)(const struct sk_buff *skb, u64 life) __read_mostly;

/**
 * digest_cut() - the digest of a TCP payload, and of what is before and behind cuts
 * @record: parsed, and digest_has_cut(); gets them
 * @skb: the packet
 *
 * Context: any.
 * Return: SKBTRACE_F_*, as digest().
 */
u32 digest_cut(struct skbtrace_record *record, const struct sk_buff *skb)
{
	u32 len = record->payload_len, first, last;
	u32 seq = record->tcp_seq;
	u32 crc32c[3];

	if (record->tcp_flags & 0x02)	/* SYN has a number of its own */
		seq++;
	first = -seq % SKBTRACE_GRID;
	last = len - (seq + len) % SKBTRACE_GRID;
	record->digest_len = len;
	if (payload_digest_cut(skb, record->payload_off, len, first, last, crc32c))
		return SKBTRACE_F_UNREADABLE;
	record->crc32c = crc32c[2];
	record->crc32c_grid[0] = crc32c[0];
	record->crc32c_grid[1] = crc32c[1];
	return SKBTRACE_F_DIGEST | SKBTRACE_F_GRID;
}
