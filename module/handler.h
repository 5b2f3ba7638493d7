/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all handlers have in common: how they begin, the skb they are called for,
 * the slot of a record, and who was running.  Inline, since each hop comes here.
 */
#ifndef SKBTRACE_HANDLER_H
#define SKBTRACE_HANDLER_H

#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "argument.h"
#include "compat.h"
#include "config.h"
#include "filter.h"
#include "parse.h"
#include "probes.h"
#include "ring.h"

/*
 * While a handler runs, the kernel skips (and counts as missed) all other probes
 * on this CPU, softirqs' included: an interrupt that came now would run whole
 * packets unseen on its way out.  So it waits, see interrupts.c for how long.
 */
static __always_inline void handler_enter(void)
{
	raw_local_irq_disable();
}

static __always_inline void count_hit(const struct point *point)
{
	this_cpu_inc(point_hits.hits[point->nr]);
}

/*
 * What a point interrupted.  x86 takes a breakpoint in the kernel for an NMI; that of the
 * point's own probe is none.  Return points are reached without.
 */
static __always_inline u8 current_context(const struct point *point)
{
	unsigned int count = preempt_count();

	if (unlikely(count & (NMI_MASK | HARDIRQ_MASK))) {
		if (BREAKPOINT_IS_NMI && point->kind == POINT_ENTRY &&
		    !(point->kp.flags &
		      (KPROBE_FLAG_FTRACE | KPROBE_FLAG_OPTIMIZED)) &&
		    count & NMI_MASK && count & HARDIRQ_MASK)
			count -= NMI_OFFSET + HARDIRQ_OFFSET;
		if (count & NMI_MASK)
			return SKBTRACE_NMI;
		if (count & HARDIRQ_MASK)
			return SKBTRACE_HARDIRQ;
	}
	return in_serving_softirq() ? SKBTRACE_SOFTIRQ : SKBTRACE_TASK;
}

/*
 * Is this a call of a task's?  What applications call runs in no interrupt, so that a
 * breakpoint that looks like one does not matter.
 */
static inline bool is_call_of_task(void)
{
	return !in_serving_softirq();
}

/* Device names are NUL-terminated within IFNAMSIZ. */
static __always_inline void copy_name(char *to, const struct net_device *dev)
{
	BUILD_BUG_ON(SKBTRACE_NAME_LEN != 16);
	if (dev)
		copy_16(to, dev->name);
	else
		zero_16(to);
}

/*
 * The skb of a call, if the point is trusted and it is one alone; or what is
 * none and not followed either.
 */
static __always_inline struct sk_buff *
trusted_skb(const struct point *point, struct pt_regs *regs)
{
	enum point_way way = READ_ONCE(point->way);
	void *arg = *(void **)((char *)regs + point->arg_at);

	if (likely(way == WAY_SKB))
		return arg;
	if (!may_be_pointer(arg))
		return NULL;
	if (way == WAY_POINTER)
		return *(struct sk_buff **)arg;
	if (way == WAY_LIST && !((struct sk_buff *)arg)->next)
		return arg;
	return NULL;
}

/* Get the slot for a record, unless it is refused; refusals are counted. */
static __always_inline struct skbtrace_record *
claim(struct cpu_trace *trace, const struct config *config)
{
	if (unlikely(config->max_rate) &&
	    !rate_allows(trace, config->max_rate)) {
		local_inc(&trace->rate_limited);
		return NULL;
	}
	if (unlikely(!trace->ring.slots)) {
		local_inc(&trace->no_ring);
		return NULL;
	}
	return ring_claim(&trace->ring);
}

/*
 * The last eight bytes in one go.  No payload, checksum or tunnel is known yet;
 * where one is it is put there later.
 */
static __always_inline void put_last_bytes(struct skbtrace_record *record,
					   u8 context)
{
	union {
		struct {
			u8 context, payload, csum, ttl, users, abi, tunnel, depth;
		};
		u64 word;
	} last = { { .abi = SKBTRACE_ABI } };

	BUILD_BUG_ON(offsetof(struct skbtrace_record, context) + sizeof(last) !=
		     sizeof(*record));
	BUILD_BUG_ON(SKBTRACE_PAYLOAD_NONE || SKBTRACE_CSUM_UNCHECKED ||
		     SKBTRACE_TUNNEL_NONE);
	*(u64 *)&record->context = last.word;
	record->context = context;
}

/* What every record has, of an entry or a return, but for the life. */
static __always_inline void put_common(struct skbtrace_record *record,
				       const struct point *point,
				       const struct sk_buff *skb)
{
	record->skb = (unsigned long)skb;
	record->pid = current->tgid;
	copy_16(record->comm, current->comm);
	record->point = point->id;
	record->cpu = raw_smp_processor_id();
	put_last_bytes(record, current_context(point));
}

/* Of a hop whose packet is not looked at, behind put_common(). */
static __always_inline void put_no_packet(struct skbtrace_record *record)
{
	record->tcp_seq = 0;
	record->payload_len = 0;
	record->protocol = 0;
	record->l4proto = 0;
	BUILD_BUG_ON(offsetof(struct skbtrace_record, frag_off) !=
		     offsetof(struct skbtrace_record, payload_off) + 6);
	/* And the three behind it: gso_size, gso_segs, frag_off. */
	*(u64 *)&record->payload_off = 0;
}

#endif /* SKBTRACE_HANDLER_H */
