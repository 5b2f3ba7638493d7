// SPDX-License-Identifier: GPL-2.0
/*
 * Digest and checksum of a payload: linear part, page fragments and fragment
 * list, read where they lie.
 *
 * This tool meets broken skbs for a living: nothing is read before the
 * lengths are known to add up, and all walks are bounded.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <net/checksum.h>

#include "compat.h"
#include "crc32c.h"
#include "payload.h"

/*
 * An IPv4 datagram in the smallest fragments has 8192, one in fragments for
 * an MTU of 576 has 119; a packet with more is not walked.
 */
#define FRAG_LIST_MAX	512

/* Reassembly and GRO nest a list in a list, not deeper. */
#define FRAG_LIST_DEPTH	2

static bool lengths_add_up(const struct sk_buff *skb, int depth,
			   unsigned int *budget)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	const struct sk_buff *frag_skb;
	unsigned int i, len = 0;

	if (!skb_linear_is_sound(skb))
		return false;
	if (!skb->data_len)
		return true;
	if (shinfo->nr_frags > MAX_SKB_FRAGS)
		return false;
	for (i = 0; i < shinfo->nr_frags; i++) {
		unsigned int size = skb_frag_size(&shinfo->frags[i]);

		if (size > skb->data_len - len)
			return false;
		len += size;
	}
	for (frag_skb = shinfo->frag_list; frag_skb; frag_skb = frag_skb->next) {
		/* Skbs are of slab caches: elsewhere there is none. */
		if (!depth || !*budget || !virt_addr_valid(frag_skb))
			return false;
		(*budget)--;
		if (frag_skb->len > skb->data_len - len ||
		    !lengths_add_up(frag_skb, depth - 1, budget))
			return false;
		len += frag_skb->len;
	}
	return len == skb->data_len;
}

/**
 * skb_with_fragments_is_sound() - skb_is_sound() of any skb
 * @skb: an skb that is alive
 *
 * Context: any.
 */
bool skb_with_fragments_is_sound(const struct sk_buff *skb)
{
	unsigned int budget = FRAG_LIST_MAX;

	return lengths_add_up(skb, FRAG_LIST_DEPTH, &budget);
}

/* The bytes [*offset, *offset + *len) that lie in a piece of so many. */
static unsigned int take(unsigned int piece, unsigned int *offset,
			 unsigned int *len)
{
	unsigned int n;

	if (*offset >= piece) {
		*offset -= piece;
		return 0;
	}
	n = min(piece - *offset, *len);
	*len -= n;
	return n;
}

/**
 * struct sums - what is computed over a part of an skb
 * @crc: the CRC-32C, unless @checksum
 * @checksum: the Internet checksum instead
 * @csum: that
 * @summed: bytes so far
 */
struct sums {
	u32 crc;
	bool checksum;
	__wsum csum;
	unsigned int summed;
};

static void sum_up(struct sums *sums, const void *p, unsigned int n)
{
	if (likely(!sums->checksum)) {
		sums->crc = crc32c_update(sums->crc, p, n);
		return;
	}
	sums->csum = csum_block_add(sums->csum, csum_partial(p, n, 0),
				    sums->summed);
	sums->summed += n;
}

static int walk_frag(const skb_frag_t *frag, unsigned int *offset,
		     unsigned int *len, struct sums *sums)
{
	unsigned int skip = *offset;
	unsigned int n = take(skb_frag_size(frag), offset, len);
	const struct page *page;
	const u8 *p;

	if (!n)
		return 0;
	*offset = 0;
	page = skb_frag_page(frag);
	if (!page)
		return -EFAULT;		/* device memory */
	p = page_address(page);
	if (!p)
		return -EFAULT;
	p += skb_frag_off(frag) + skip;
	if (!virt_addr_valid(p) || !virt_addr_valid(p + n - 1))
		return -EFAULT;
	sum_up(sums, p, n);
	return 0;
}

static int walk_skb(const struct sk_buff *skb, unsigned int *offset,
		    unsigned int *len, struct sums *sums)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	const struct sk_buff *frag_skb;
	unsigned int skip = *offset;
	unsigned int i, n;
	int err;

	n = take(skb_headlen(skb), offset, len);
	if (n) {
		*offset = 0;
		sum_up(sums, skb->data + skip, n);
	}
	if (!*len || !skb->data_len)
		return 0;
	for (i = 0; *len && i < shinfo->nr_frags; i++) {
		err = walk_frag(&shinfo->frags[i], offset, len, sums);
		if (err)
			return err;
	}
	for (frag_skb = shinfo->frag_list; *len && frag_skb;
	     frag_skb = frag_skb->next) {
		/* As deep as skb_is_sound() went. */
		err = walk_skb(frag_skb, offset, len, sums);
		if (err)
			return err;
	}
	return 0;
}

/**
 * payload_crc() - go on with a CRC-32C over a part of an skb
 * @skb: an skb for which skb_is_sound() is true
 * @offset: where the part begins, bytes behind skb->data
 * @len: its length, bytes; @offset + @len <= skb->len
 * @crc: the CRC, not complemented
 *
 * Context: any.
 * Return: 0, or -EFAULT if a fragment cannot be read (device memory).
 */
int payload_crc(const struct sk_buff *skb, unsigned int offset, unsigned int len,
		u32 *crc)
{
	struct sums sums = { .crc = *crc };
	int err = walk_skb(skb, &offset, &len, &sums);

	*crc = sums.crc;
	return err;
}

/**
 * payload_digest() - CRC-32C of a part of an skb
 * @skb: an skb for which skb_is_sound() is true
 * @offset: where the part begins, bytes behind skb->data
 * @len: its length, bytes; @offset + @len <= skb->len
 *
 * Context: any.
 * Return: the CRC, or -EFAULT if a fragment cannot be read (device memory).
 */
s64 payload_digest(const struct sk_buff *skb, unsigned int offset,
		   unsigned int len)
{
	struct sums sums = { .crc = ~0 };
	int err = walk_skb(skb, &offset, &len, &sums);

	return err ? err : (u32)~sums.crc;
}

/**
 * payload_digest_cut() - CRC-32C of a part of an skb, and up to two places in it
 * @skb: an skb for which skb_is_sound() is true
 * @offset: where the part begins, bytes behind skb->data
 * @len: its length, bytes; @offset + @len <= skb->len
 * @first: a place, bytes behind the beginning of the part
 * @last: another, @first <= @last <= @len
 * @crc32c: set to the CRCs up to @first, @last and @len
 *
 * Context: any.
 * Return: 0, or -EFAULT if a fragment cannot be read (device memory).
 */
int payload_digest_cut(const struct sk_buff *skb, unsigned int offset,
		       unsigned int len, unsigned int first, unsigned int last,
		       u32 crc32c[3])
{
	const unsigned int cuts[] = { first, last, len };
	struct sums sums = { .crc = ~0 };
	unsigned int done = 0, i;
	int err;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		unsigned int start = offset + done, left = cuts[i] - done;

		err = walk_skb(skb, &start, &left, &sums);
		if (err)
			return err;
		done = cuts[i];
		crc32c[i] = ~sums.crc;
	}
	return 0;
}

/**
 * payload_checksum() - Internet checksum of a part of an skb, not folded
 * @skb: an skb for which skb_is_sound() is true
 * @offset: where the part begins, bytes behind skb->data; before it, if that
 *	is negative, but not before skb->head
 * @len: its length, bytes; @offset + @len <= skb->len
 * @csum: what to add to; set to the sum
 *
 * Context: any.
 * Return: 0, or -EFAULT if a fragment cannot be read (device memory).
 */
int payload_checksum(const struct sk_buff *skb, int offset, unsigned int len,
		     __wsum *csum)
{
	struct sums sums = { .checksum = true, .csum = *csum };
	unsigned int start = max(offset, 0);
	unsigned int pulled = min_t(unsigned int, max(-offset, 0), len);
	int err;

	if (pulled)
		sum_up(&sums, skb->data + offset, pulled);
	len -= pulled;
	err = walk_skb(skb, &start, &len, &sums);
	*csum = sums.csum;
	return err;
}
