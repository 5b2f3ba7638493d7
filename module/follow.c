// SPDX-License-Identifier: GPL-2.0
/*
 * Which skbs are followed, and which life each is in.
 *
 * The first hop of a packet that the parameters want makes its skb followed:
 * from then on every hop of it is recorded, until it is freed.  So a journey
 * is whole, points that know no device (clones, frees) belong to a packet,
 * and the frees of all the other skbs of the host are not recorded.
 *
 * An address is used again as soon as its skb is freed, so it gets a number
 * each time.  Where the kernel kept a free from us the number may be that of a
 * packet that is gone: see life_is_doubtful().
 */
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <skbtrace/record.h>

#include "compat.h"
#include "follow.h"
#include "probes.h"
#include "ring.h"

/* A module's data is where vmalloc()'s is; this is 3 MiB of it. */
unsigned long followed_table[1 << FOLLOWED_BITS][FOLLOWED_WAYS];
struct life followed_lives[1 << FOLLOWED_BITS][FOLLOWED_WAYS];

/* An entry that is being written.  No skb has this address. */
#define BEING_WRITTEN	1ul

/* Where lives are kept whose entry another CPU took. */
static DEFINE_PER_CPU(struct life, stray_life);

/*
 * probes_frees_missed(), as it was at most a jiffy ago: that a life began with
 * less makes it doubted sooner.
 */
static unsigned long missed_lately(struct cpu_trace *trace,
				   unsigned int generation)
{
	u64 when = jiffies ^ (u64)generation << 48;

	if (unlikely(trace->missed_when != when)) {
		trace->missed_when = when;
		trace->missed = probes_frees_missed();
	}
	return trace->missed;
}

static void begin(struct cpu_trace *trace, struct life *life, u64 parent)
{
	unsigned int generation = READ_ONCE(probes_frees.generation);

	/* Numbers of different CPUs are different modulo nr_cpu_ids. */
	WRITE_ONCE(life->number, trace->lives++ * nr_cpu_ids +
				 raw_smp_processor_id() + 1);
	life->parent = parent;
	life->last_len = LIFE_NO_PAYLOAD;
	life->generation = generation;
	life->missed = missed_lately(trace, generation);
}

/*
 * Take the entry of an skb, if it has one already, else a free one, else, when
 * the bucket is full, the first one: that skb is given up and counted, and its
 * journey then has no end.
 */
static int take_entry(struct cpu_trace *trace, unsigned long *bucket,
		      unsigned long address)
{
	unsigned long first;
	int i;

	for (i = 0; i < FOLLOWED_WAYS; i++)
		if (READ_ONCE(bucket[i]) == address &&
		    cmpxchg(&bucket[i], address, BEING_WRITTEN) == address)
			return i;
	for (i = 0; i < FOLLOWED_WAYS; i++)
		if (!READ_ONCE(bucket[i]) &&
		    !cmpxchg(&bucket[i], 0, BEING_WRITTEN))
			return i;
	local_inc(&trace->untracked);
	first = READ_ONCE(bucket[0]);
	if (first != BEING_WRITTEN &&
	    cmpxchg(&bucket[0], first, BEING_WRITTEN) == first)
		return 0;
	return -1;
}

/**
 * follow() - record this skb at all points from now on
 * @trace: the CPU's
 * @skb: its address; if it is followed() already, that life ends
 * @parent: number of the life that it is copied from, or 0
 *
 * Context: any, on the CPU it stays on.
 * Return: its life, which has just begun.
 */
struct life *follow(struct cpu_trace *trace, const struct sk_buff *skb,
		    u64 parent)
{
	unsigned int nr = hash_ptr((void *)skb, FOLLOWED_BITS);
	unsigned long *bucket = followed_table[nr];
	int i = take_entry(trace, bucket, (unsigned long)skb);
	struct life *life;

	if (i < 0) {
		life = this_cpu_ptr(&stray_life);
		begin(trace, life, parent);
		return life;
	}
	life = &followed_lives[nr][i];
	begin(trace, life, parent);
	/* Pairs with smp_load_acquire() in followed(). */
	smp_store_release(&bucket[i], (unsigned long)skb);
	return life;
}

/**
 * follow_copy() - follow what has just been made as a copy of an skb
 * @trace: the CPU's
 * @skb: its address; what life it had before is over
 * @parent: number of the life that it is copied from
 *
 * A copy may be seen to be made twice: skb_copy() calls skb_copy_header().
 *
 * Context: any, on the CPU it stays on.
 * Return: its life.
 */
struct life *follow_copy(struct cpu_trace *trace, const struct sk_buff *skb,
			 u64 parent)
{
	struct life *life = followed(skb);

	if (life && life->parent == parent && life->last_len == LIFE_NO_PAYLOAD)
		return life;
	return follow(trace, skb, parent);
}

/**
 * unfollow() - the end of an skb
 * @skb: its address
 *
 * Context: any.
 */
void unfollow(const struct sk_buff *skb)
{
	unsigned long *bucket =
		followed_table[hash_ptr((void *)skb, FOLLOWED_BITS)];
	int i;

	for (i = 0; i < FOLLOWED_WAYS; i++)
		if (READ_ONCE(bucket[i]) == (unsigned long)skb)
			cmpxchg(&bucket[i], (unsigned long)skb, 0);
}

/**
 * life_is_doubtful() - may the skb have been freed, and another made there
 * @life: a life
 *
 * Context: any.
 * Return: true if a free, of whichever skb, may have been kept from us since the
 * life began.
 */
bool life_is_doubtful(const struct life *life)
{
	return life->generation != READ_ONCE(probes_frees.generation) ||
	       probes_frees_missed() != life->missed;
}

/**
 * life_payload_differs() - note that an skb's payload is another than before
 * @life: its life
 * @len: its length now
 * @crc32c: its digest now, if there is one
 *
 * Context: any.
 * Return: SKBTRACE_F_DOUBTFUL if it may be so because it is another skb.
 */
u32 life_payload_differs(struct life *life, u32 len, u32 crc32c)
{
	bool is_first = life->last_len == LIFE_NO_PAYLOAD;

	life->last_len = len;
	life->last_crc32c = crc32c;
	return !is_first && life_is_doubtful(life) ? SKBTRACE_F_DOUBTFUL : 0;
}
