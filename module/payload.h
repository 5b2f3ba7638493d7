/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_PAYLOAD_H
#define SKBTRACE_PAYLOAD_H

#include <linux/types.h>

struct sk_buff;

bool skb_is_sound(const struct sk_buff *skb);
int payload_digest(const struct sk_buff *skb, unsigned int offset,
		   unsigned int len, u32 *crc32c);

int payload_checksum(const struct sk_buff *skb, int offset, unsigned int len,
		     __wsum *csum);

#endif /* SKBTRACE_PAYLOAD_H */
