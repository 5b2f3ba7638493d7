/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_PAYLOAD_H
#define SKBTRACE_PAYLOAD_H

#include <linux/skbuff.h>
#include <linux/types.h>

/* skb_is_sound(), where an skb has nothing but its linear part. */
static inline bool skb_linear_is_sound(const struct sk_buff *skb)
{
	return skb->data_len <= skb->len && skb->head <= skb->data &&
	       skb->data + skb_headlen(skb) == skb_tail_pointer(skb) &&
	       skb_tail_pointer(skb) <= skb_end_pointer(skb);
}

bool skb_is_sound(const struct sk_buff *skb);
s64 payload_digest(const struct sk_buff *skb, unsigned int offset,
		   unsigned int len);
int payload_checksum(const struct sk_buff *skb, int offset, unsigned int len,
		     __wsum *csum);

#endif /* SKBTRACE_PAYLOAD_H */
