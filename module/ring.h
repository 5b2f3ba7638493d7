/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_MODULE_RING_H
#define SKBTRACE_MODULE_RING_H

#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <asm/local.h>

/* What include/skbtrace/ring.h stands on. */
#define RING_LOAD(p)			READ_ONCE(*(p))
#define RING_STORE(p, v)		WRITE_ONCE(*(p), v)
#define RING_LOAD_ACQUIRE(p)		smp_load_acquire(p)
#define RING_STORE_RELEASE(p, v)	smp_store_release(p, v)
#define RING_INC(p)			local_inc((local_t *)(p))
#define RING_WMB()			smp_wmb()
#define RING_RMB()			smp_rmb()
#define RING_COPY(to, from, words)	ring_copy(to, from, words)
#define RING_CLOCK()			ktime_get_mono_fast_ns()

/* A record has a multiple of 8 words, see rings_init(). */
static inline void ring_copy(u64 *to, const u64 *from, unsigned int words)
{
	for (; words; words -= 8, to += 8, from += 8) {
		to[0] = READ_ONCE(from[0]);
		to[1] = READ_ONCE(from[1]);
		to[2] = READ_ONCE(from[2]);
		to[3] = READ_ONCE(from[3]);
		to[4] = READ_ONCE(from[4]);
		to[5] = READ_ONCE(from[5]);
		to[6] = READ_ONCE(from[6]);
		to[7] = READ_ONCE(from[7]);
	}
}

#include <skbtrace/ring.h>

/**
 * struct cpu_trace - what one CPU records into
 * @ring: its ring; no slots if the CPU came after load
 * @rate_limited: records that max_rate refused
 * @no_ring: records that had no ring to go to, the CPU came after load
 * @malformed: skbs whose lengths did not add up
 * @untracked: skbs no longer followed because the table was full
 * @no_stack: stacks not kept because the table was full
 * @long_lists: lists of skbs that were longer than is looked at
 * @lives: skbs that began to be followed here
 * @missed_when: when, and in which probes_frees.generation, @missed was read
 * @missed: probes_frees_missed() then
 * @allowed_ns16: max_rate: no earlier than this is the next record due, in
 *	1/16 ns
 *
 * Invariants: records wanted == ring.attempts + rate_limited + no_ring; as long as
 * long_lists is 0, all skbs of each list that a point was called with were looked at.
 */
struct cpu_trace {
	struct ring ring;
	local_t rate_limited;
	local_t no_ring;
	local_t malformed;
	local_t untracked;
	local_t no_stack;
	local_t long_lists;
	u64 lives;
	u64 missed_when;
	unsigned long missed;
	u64 allowed_ns16;
};

DECLARE_PER_CPU(struct cpu_trace, cpu_trace);

int rings_init(unsigned int *ring_kb);
void rings_exit(void);

#endif /* SKBTRACE_MODULE_RING_H */
