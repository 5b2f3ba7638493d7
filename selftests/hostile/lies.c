// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of skbs, and what is not true in each.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "hostile.h"

/* Where fields may be that say how long something is. */
#define HEADERS_END	110

static void cast_sound(void)
{
	unsigned int i, n;

	/* Twice as many as it takes until a point is trusted. */
	for (i = 0; i < 4; i++)
		for (n = 0; make_frame(n); n++)
			cast(frame_len - i * 8, NULL, 0);
}

static void cast_headers(void)
{
	static const u8 values[] = { 0x00, 0x01, 0x0f, 0x40, 0x7f, 0x80, 0xff };
	unsigned int n, i, v, whole;

	for (n = 0; make_frame(n); n++) {
		whole = frame_len;
		/* Truncated; and cut in two, one part in a fragment. */
		for (i = 0; i < min(whole, (unsigned int)HEADERS_END); i++) {
			frame_len = i;
			cast(i, NULL, 0);
			frame_len = whole;
			cast(i, NULL, 0);
		}
		/* Each byte another, all linear or nothing but the link header. */
		for (i = 12; i < min(whole, (unsigned int)HEADERS_END); i++) {
			const u8 was = frame[i];

			for (v = 0; v < ARRAY_SIZE(values); v++) {
				frame[i] = values[v];
				cast(v & 1 ? 14 : whole, NULL, 0);
			}
			frame[i] = was;
		}
	}
}

/*
 * Lies.
 */
static void lie_of_lengths(unsigned long n)
{
	switch (n) {
	case 0:
		skb->len++;
		break;
	case 1:
		skb->len--;
		break;
	case 2:
		skb->len = UINT_MAX;
		break;
	case 3:
		skb->len = 0;
		break;
	case 4:
		skb->data_len = skb->len + 1;
		break;
	case 5:
		skb->data_len = UINT_MAX;
		break;
	case 6:		/* len - data_len is right */
		skb->data_len += 0x80000000;
		skb->len += 0x80000000;
		break;
	case 7:
		skb->data_len += 100;
		skb->len += 100;
		break;
	case 8:
		skb->len -= skb->data_len;
		skb->data_len = -skb->data_len;
		if (!skb->data_len)
			skb->len--;
		break;
	case 9:		/* the tail is behind the end */
		skb->end = 0;
		break;
	case 10:
		skb->end = skb->tail - 1;
		break;
	case 11:
		skb->tail = 0;
		skb->len++;
		break;
	case 12:
		skb->tail = UINT_MAX;
		break;
	case 13:	/* data is not in its buffer */
		skb->data = skb->head - 1;
		break;
	case 14:
		skb->data = skb->head + skb->end;
		skb->len++;
		break;
	case 15:
		skb->data = NULL;
		break;
	case 16:
		skb->head = skb->data + 1;
		break;
	case 17:	/* all of it is somewhere else */
		skb->head += 0x10000000;
		break;
	}
}

#define LIES_OF_LENGTHS		18

/* All of these are of an skb that is not linear. */
static void lie_of_fragments(unsigned long n)
{
	struct skb_shared_info *shinfo = shared();
	skb_frag_t *frag = &shinfo->frags[0];
	unsigned int i;

	switch (n) {
	case 0:
		shinfo->nr_frags = 0;
		break;
	case 1:
		shinfo->nr_frags = 255;
		break;
	case 2:		/* the first that is none */
		shinfo->nr_frags = MAX_SKB_FRAGS + 1;
		break;
	case 3:		/* as many as there can be, of nothing */
		shinfo->nr_frags = MAX_SKB_FRAGS;
		skb_frag_size_set(frag, 0);
		break;
	case 4:
		skb_frag_size_set(frag, skb->data_len - 1);
		break;
	case 5:
		skb_frag_size_set(frag, skb->data_len + 1);
		break;
	case 6:
		skb_frag_size_set(frag, UINT_MAX);
		break;
	case 7:		/* the sum is right, of 32 bits */
		for (i = 1; i < 3; i++)
			shinfo->frags[i] = *frag;
		skb_frag_size_set(&shinfo->frags[1], 0x80000000);
		skb_frag_size_set(&shinfo->frags[2], 0x80000000);
		shinfo->nr_frags = 3;
		break;
	}
}

#define LIES_OF_FRAGMENTS	8

/* Pages come first in all fragments. */
static void lie_of_pages(unsigned long value)
{
	*(unsigned long *)&shared()->frags[0] = value;
}

static const unsigned long not_pages[] = { 0, 1, 0x1000, -1UL, -4096UL,
	0x6b6b6b6b6b6b6b6bUL, 0xdead000000000100UL, 0xffff888000000000UL };

static void lie_of_lists(unsigned long n)
{
	switch (n) {
	case 0:		/* longer than anybody goes, the lengths are right */
		chained(MANY, 1);
		skb->len += MANY - skb->data_len;
		skb->data_len = MANY;
		break;
	case 1:		/* rings, of bytes and of nothing */
		chained(3, 1);
		chain[2]->next = chain[0];
		break;
	case 2:
		chained(3, 0);
		chain[2]->next = chain[0];
		break;
	case 3:
		chained(1, 0);
		chain[0]->next = chain[0];
		break;
	case 4:		/* it is its own fragment */
		shared()->frag_list = skb;
		break;
	case 5:
		chained(1, 0);
		shared()->frag_list = skb;
		skb->next = chain[0];
		chain[0]->next = skb;
		break;
	case 6:		/* lists in lists, and in themselves */
		chained(4, 0);
		chain[0]->len = chain[0]->data_len = skb->data_len;
		chain[1]->len = chain[1]->data_len = skb->data_len;
		chain[2]->len = chain[2]->data_len = skb->data_len;
		skb_shinfo(chain[0])->frag_list = chain[1];
		skb_shinfo(chain[1])->frag_list = chain[2];
		skb_shinfo(chain[2])->frag_list = chain[0];
		break;
	case 7:		/* more than the whole has, and less */
		chained(3, skb->data_len / 2 + 1);
		break;
	case 8:
		chained(2, skb->data_len / 3);
		break;
	case 9:		/* parts that lie */
		chained(1, skb->data_len);
		chain[0]->data_len = 1;
		break;
	case 10:
		chained(1, skb->data_len);
		chain[0]->tail += 8;
		break;
	case 11:
		chained(1, skb->data_len);
		chain[0]->len = chain[0]->data_len = skb->data_len;
		skb_shinfo(chain[0])->nr_frags = 255;
		break;
	}
}

#define LIES_OF_LISTS		12

/* Lists of whole packets: long, and in a ring. */
static void lie_of_packets(unsigned long n)
{
	chained(MANY, 1);
	shared()->frag_list = NULL;
	shared()->nr_frags = skb->data_len ? 1 : 0;
	skb->next = chain[0];
	if (n == 1)
		chain[2]->next = chain[0];
	if (n == 2)
		skb->next = skb;
	if (n == 3)
		chain[2]->next = skb;
	if (n == 4)
		chain[0]->len++;
	if (n == 5)
		skb->next = (void *)0xdead000000000100UL;
	if (n == 6)
		skb->next = (void *)1;
	if (n == 7)
		skb->next = (void *)low - 64;
}

#define LIES_OF_PACKETS		8

static const unsigned int offsets[] = { 0, 1, 13, 14, 15, 33, 34, 35, 4000, 4094,
	4095, 4096, 4097, 8192, 0x7fff, 0x8000, 0xfffe, 0xffff };

static void lie_of_network(unsigned long offset)
{
	skb->network_header = offset;
}

static void lie_of_transport(unsigned long offset)
{
	skb->transport_header = offset;
}

static void lie_of_mac(unsigned long offset)
{
	skb->mac_header = offset;
	skb->network_header = skb->data - skb->head;
}

static void lie_of_protocol(unsigned long protocol)
{
	skb->protocol = (__force __be16)protocol;
}

static void no_device(unsigned long n)
{
	skb->dev = NULL;
}

/* What is no skb, no head or no socket: for a kernel whose arguments moved. */
static const unsigned long not_pointers[] = { 0, 1, 8, 4096, 0x7ffffffff000UL,
	0x6b6b6b6b6b6b6b6bUL, 0xdead000000000100UL, 0xffff7fffffffff00UL, -1UL, -22UL,
	-4096UL, -8192UL };

static void lie_of_argument(unsigned long value)
{
	argument = (void *)value;
}

static void lie_of_head(unsigned long value)
{
	skb->head = (void *)value;
	if (skb->head == low)
		skb->len++;
}

static void lie_of_socket(unsigned long value)
{
	sock_argument = (void *)value;
}

static void lie_of_skb_socket(unsigned long value)
{
	skb->sk = (void *)value;
}

static void lie_of_device(unsigned long value)
{
	skb->dev = (void *)value;
}

static void lie_of_list(unsigned long value)
{
	shared()->frag_list = (void *)value;
	shared()->nr_frags = 0;
}

static u32 at_random(void)
{
	static u32 x;

	if (!x)
		x = seed ?: 1;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Up to three fields are something else, as they are or nearly. */
static void lie_at_random(unsigned long unused)
{
	unsigned int i, n = 1 + at_random() % 3;

	for (i = 0; i < n; i++) {
		u32 x = at_random();
		unsigned int value = x & 0x10000 ? x >> 20 : at_random();

		switch (x % 11) {
		case 0:
			skb->len += value;
			break;
		case 1:
			skb->data_len += value;
			break;
		case 2:
			skb->len += value;
			skb->data_len += value;
			break;
		case 3:
			skb->tail += value;
			break;
		case 4:
			lie_of_lists(value % LIES_OF_LISTS);
			break;
		case 5:
			shared()->nr_frags = value;
			break;
		case 6:
			skb_frag_size_set(&shared()->frags[0], value);
			break;
		case 7:
			skb->network_header = value;
			break;
		case 8:
			skb->transport_header = value;
			break;
		case 9:
			skb->mac_header = value;
			break;
		case 10:
			skb->data += (int)value;
			break;
		}
	}
}

static void cast_lies(void (*lie)(unsigned long), unsigned long nr, bool linear)
{
	unsigned long n, i;

	for (i = 0; i < 2; i++) {
		make_frame(i ? 14 : 0);
		for (n = 0; n < nr; n++) {
			if (linear) {
				cast(frame_len, lie, n);
				cast(frame_len, lie, n);
			}
			cast(60, lie, n);
			cast(60, lie, n);
		}
	}
}

/* cast_values() - all functions, all of these values */
static void cast_values(void (*lie)(unsigned long), const unsigned long *values,
			unsigned int nr)
{
	unsigned int i;

	make_frame(0);
	for (i = 0; i < nr; i++) {
		cast(60, lie, values[i]);
		cast(60, lie, values[i]);
	}
}

#define CAST_VALUES(lie, values)	\
	cast_values(lie, values, ARRAY_SIZE(values))

static void cast_lengths(void)
{
	cast_lies(lie_of_lengths, LIES_OF_LENGTHS, true);
}

static void cast_fragments(void)
{
	cast_lies(lie_of_fragments, LIES_OF_FRAGMENTS, false);
}

static void cast_pages(void)
{
	CAST_VALUES(lie_of_pages, not_pages);
}

static void cast_lists(void)
{
	cast_lies(lie_of_lists, LIES_OF_LISTS, false);
}

static void cast_packets(void)
{
	cast_lies(lie_of_packets, LIES_OF_PACKETS, true);
}

static void cast_offsets(void)
{
	unsigned int i, n;

	for (n = 0; make_frame(n); n++) {
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			cast(i & 1 ? 14 : frame_len, lie_of_network, offsets[i]);
			cast(i & 1 ? 60 : frame_len, lie_of_transport, offsets[i]);
			cast(i & 1 ? 60 : frame_len, lie_of_mac, offsets[i]);
		}
		/* What the skb says it is, and what it is. */
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_IP));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_IPV6));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_8021Q));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_ARP));
		cast(frame_len, lie_of_protocol, 0);
	}
}

static void cast_random(void)
{
	unsigned int i, k;

	for (i = 0; i < rounds; i++) {
		make_frame(at_random() % 32);
		for (k = at_random() % 4; k; k--)
			frame[12 + at_random() % (frame_len - 12)] = at_random();
		cast(at_random() & 1 ? frame_len : at_random() % frame_len,
		     lie_at_random, 0);
	}
}

/* Where the kernel looks at the device itself, it has to have one. */
static void cast_no_device(void)
{
	static const unsigned long nothing[] = { 0, 0, 0, 0 };

	decoys_only = true;
	CAST_VALUES(no_device, nothing);
	CAST_VALUES(lie_of_skb_socket, not_pointers);
	decoys_only = false;
}

static void cast_arguments(void)
{
	CAST_VALUES(lie_of_argument, not_pointers);
	CAST_VALUES(lie_of_head, not_pointers);
	CAST_VALUES(lie_of_socket, not_pointers);
}

static void cast_devices(void)
{
	cast_values(lie_of_device, not_pointers + 1,
		    ARRAY_SIZE(not_pointers) - 1);
}

static void cast_list_pointers(void)
{
	CAST_VALUES(lie_of_list, not_pointers);
}

const struct kind kinds[] = {
	{ "sound", cast_sound },
	{ "headers", cast_headers },
	{ "lengths", cast_lengths },
	{ "fragments", cast_fragments },
	{ "pages", cast_pages },
	{ "lists", cast_lists },
	{ "packets", cast_packets },
	{ "offsets", cast_offsets },
	{ "no_device", cast_no_device },
	{ "arguments", cast_arguments },
	{ "devices", cast_devices },
	{ "list_pointers", cast_list_pointers },
	{ "random", cast_random },
};
const unsigned int nr_kinds = ARRAY_SIZE(kinds);
