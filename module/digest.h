/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_DIGEST_H
#define SKBTRACE_DIGEST_H

#include <linux/skbuff.h>
#include <skbtrace/record.h>

#include "config.h"
#include "crc32c.h"
#include "payload.h"

/**
 * digest() - what digest= gives
 * @record: parsed; gets the digest
 * @config: the parameters in force
 * @skb: the packet
 *
 * Context: any.
 * Return: SKBTRACE_F_DIGEST, or why not.
 */
static __always_inline u32 digest(struct skbtrace_record *record,
				  const struct config *config,
				  const struct sk_buff *skb)
{
	u32 offset = record->payload_off, len = record->payload_len;
	u32 flags = SKBTRACE_F_DIGEST;
	s64 crc32c;

	if (unlikely(len > config->digest_limit)) {
		len = config->digest_limit;
		flags |= SKBTRACE_F_DIGEST_MAX;
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
