/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_FILTER_H
#define SKBTRACE_FILTER_H

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/types.h>

struct config;
struct cpu_trace;
struct hop;
struct sk_buff;

/*
 * The skbs that are followed, by address: a hash table of buckets of a cache
 * line's half, written with cmpxchg from any context.  When a bucket is full
 * its first skb is given up and counted: its journey then has no end.
 */
#define FOLLOWED_BITS	14
#define FOLLOWED_WAYS	4

struct followed_bucket {
	unsigned long skb[FOLLOWED_WAYS];
};

extern struct followed_bucket *followed_table;

static inline struct followed_bucket *followed_bucket(const struct sk_buff *skb)
{
	return &followed_table[hash_ptr((void *)skb, FOLLOWED_BITS)];
}

/**
 * followed() - is this skb recorded at all points
 * @skb: its address, not NULL; it may be gone
 *
 * Context: any.
 */
static inline bool followed(const struct sk_buff *skb)
{
	const struct followed_bucket *bucket = followed_bucket(skb);
	unsigned long address = (unsigned long)skb;
	int i;

	/* Of all that is done for each skb of the host this is a good part. */
	if (READ_ONCE(bucket->skb[0]) == address)
		return true;
	/* Most buckets are empty but for the first. */
	BUILD_BUG_ON(FOLLOWED_WAYS != 4);
	if (likely(!(READ_ONCE(bucket->skb[1]) | READ_ONCE(bucket->skb[2]) |
		     READ_ONCE(bucket->skb[3]))))
		return false;
	for (i = 1; i < FOLLOWED_WAYS; i++)
		if (READ_ONCE(bucket->skb[i]) == address)
			return true;
	return false;
}

int followed_init(void);
void followed_exit(void);
void follow(const struct sk_buff *skb);
void unfollow(const struct sk_buff *skb);

bool hop_is_wanted(const struct hop *hop);
bool flow_is_sampled(const struct hop *hop);
bool rate_allows(struct cpu_trace *trace, u32 max_rate);

#endif /* SKBTRACE_FILTER_H */
