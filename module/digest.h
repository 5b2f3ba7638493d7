/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_DIGEST_H
#define SKBTRACE_DIGEST_H

#include <linux/skbuff.h>
#include <skbtrace/message.h>
#include <skbtrace/record.h>

#include "config.h"
#include "crc32c.h"
#include "payload.h"
#include "probes.h"

/* Digests of TCP payloads are cut at multiples of SKBTRACE_GRID: socket=1. */
extern bool digest_is_cut;

/*
 * Set while socket=1: called for each datagram that a socket has sent, to tie its life to
 * the call that sent it.
 */
extern void (*digest_tie)(const struct sk_buff *skb, u64 life);

/* Is there a multiple of SKBTRACE_GRID in a TCP payload's part of the sequence space? */
static __always_inline bool digest_has_cut(const struct skbtrace_record *record)
{
	u32 seq = record->tcp_seq + !!(record->tcp_flags & 0x02);	/* SYN has one of its own */

	return -seq % SKBTRACE_GRID < record->payload_len;
}

u32 digest_cut(struct skbtrace_record *record, const struct sk_buff *skb);

/**
 * digest() - what digest= gives
 * @record: parsed; gets the digest
 * @config: the parameters in force
 * @point: the point; only where sockets send, and where the transport protocol gets it,
 *	are streams compared with those of applications
 * @skb: the packet
 * @len: of the payload
 *
 * Context: any.
 * Return: SKBTRACE_F_DIGEST, or why not.
 */
static __always_inline u32 digest(struct skbtrace_record *record,
				  const struct config *config,
				  const struct point *point,
				  const struct sk_buff *skb, u32 len)
{
	u32 offset = record->payload_off;
	u32 flags = SKBTRACE_F_DIGEST;
	s64 crc32c;

	if (unlikely(len > config->digest_limit)) {
		len = config->digest_limit;
		flags |= SKBTRACE_F_DIGEST_MAX;
	}
	if (unlikely(READ_ONCE(digest_is_cut)) && point->data > DATA_LAST_EXACT) {
		if (record->l4proto == IPPROTO_TCP && len == record->payload_len &&
		    digest_has_cut(record))
			return digest_cut(record, skb);
		if (record->l4proto == IPPROTO_UDP && point->data == DATA_NET_TX &&
		    skb->sk)
			digest_tie(skb, record->life);
	}
	/* Most payloads are in one piece. */
	if (likely(offset + len <= skb_headlen(skb)))
		crc32c = (u32)~crc32c_update(~0, skb->data + offset, len);
	else
		crc32c = payload_digest(skb, offset, len);
	record->digest_len = len;
	record->crc32c = crc32c;
	if (unlikely(crc32c < 0))
		flags ^= SKBTRACE_F_DIGEST | SKBTRACE_F_UNREADABLE;
	return flags;
}

#endif /* SKBTRACE_DIGEST_H */
