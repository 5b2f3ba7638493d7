/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_FOLLOW_H
#define SKBTRACE_FOLLOW_H

#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <asm/barrier.h>

struct cpu_trace;
struct sk_buff;

/*
 * The skbs that are followed, by address: a hash table of buckets of a cache
 * line's half.  Whether an skb is followed is asked for each skb of the host, so
 * what is known of those that are lies elsewhere, at the same place in lives[].
 */
#define FOLLOWED_BITS	14
#define FOLLOWED_WAYS	4

/**
 * struct life - an skb from when it was first followed until it is freed
 * @number: unique since load, never 0
 * @parent: number of the skb's that it was copied from, or 0
 * @last_len: length of its payload at its last hop, LIFE_NO_PAYLOAD before the first
 * @last_crc32c: its digest then, if there was one
 * @missed: probes_frees_missed() when it began
 * @generation: probes_frees.generation then
 */
struct life {
	u64 number;
	u64 parent;
	u32 last_len;
	u32 last_crc32c;
	unsigned long missed;
	unsigned int generation;
};

/* No payload is that long. */
#define LIFE_NO_PAYLOAD		(~0u)

extern unsigned long followed_table[1 << FOLLOWED_BITS][FOLLOWED_WAYS];
extern struct life followed_lives[1 << FOLLOWED_BITS][FOLLOWED_WAYS];

/**
 * followed() - is this skb recorded at all points
 * @skb: its address, not NULL; it may be gone
 *
 * Context: any.
 * Return: its life, or NULL.
 */
static __always_inline struct life *followed(const struct sk_buff *skb)
{
	unsigned int nr = hash_ptr((void *)skb, FOLLOWED_BITS);
	const unsigned long *bucket = followed_table[nr];
	unsigned long address = (unsigned long)skb;
	struct life *life = followed_lives[nr];
	int i;

	/* An array of a module might be at address 0: say that what is returned is not NULL. */
	if (!life)
		__builtin_unreachable();
	/* Pairs with smp_store_release() in follow(). */
	if (likely(smp_load_acquire(&bucket[0]) == address))
		return life;
	/* Most buckets are empty but for the first, in whichever order they are read. */
	BUILD_BUG_ON(FOLLOWED_WAYS != 4);
	if (likely(!(bucket[1] | bucket[2] | bucket[3])))
		return NULL;
	for (i = 1; i < FOLLOWED_WAYS; i++) {
		/* Pairs with smp_store_release() in follow(). */
		if (smp_load_acquire(&bucket[i]) == address)
			return &life[i];
	}
	return NULL;
}

struct life *follow(struct cpu_trace *trace, const struct sk_buff *skb,
		    u64 parent);
struct life *follow_copy(struct cpu_trace *trace, const struct sk_buff *skb,
			 u64 parent);
void unfollow(const struct sk_buff *skb);
bool life_is_doubtful(const struct life *life);
u32 life_payload_differs(struct life *life, u32 len, u32 crc32c);

#endif /* SKBTRACE_FOLLOW_H */
