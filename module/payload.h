/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_PAYLOAD_H
#define SKBTRACE_PAYLOAD_H

#include <linux/skbuff.h>
#include <linux/types.h>

/* As far as its linear part is concerned. */
static inline bool skb_linear_is_sound(const struct sk_buff *skb)
{
	/* Relative to skb->head, as some of them are in the skb. */
	unsigned long data = skb->data - skb->head;
	unsigned long tail = skb_tail_pointer(skb) - skb->head;

	return skb->data_len <= skb->len && skb->data >= skb->head &&
	       data + skb_headlen(skb) == tail &&
	       tail <= skb_end_pointer(skb) - skb->head;
}

bool skb_with_fragments_is_sound(const struct sk_buff *skb);

/**
 * skb_is_sound() - do the lengths of an skb add up, so that it can be walked
 * @skb: an skb that is alive
 *
 * Context: any.
 */
static __always_inline bool skb_is_sound(const struct sk_buff *skb)
{
	return likely(!skb->data_len) ? skb_linear_is_sound(skb) :
					skb_with_fragments_is_sound(skb);
}

int payload_crc(const struct sk_buff *skb, unsigned int offset, unsigned int len,
		u32 *crc);
s64 payload_digest(const struct sk_buff *skb, unsigned int offset,
		   unsigned int len);
int payload_digest_cut(const struct sk_buff *skb, unsigned int offset,
		       unsigned int len, unsigned int first, unsigned int last,
		       u32 crc32c[3]);
int payload_checksum(const struct sk_buff *skb, int offset, unsigned int len,
		     __wsum *csum);

#endif /* SKBTRACE_PAYLOAD_H */
