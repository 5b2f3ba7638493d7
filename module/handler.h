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

#include "compat.h"
#include "config.h"
#include "filter.h"
#include "parse.h"
#include "probes.h"
#include "ring.h"

/* So many skbs in a row make a point trusted. */
#define POINT_TRUSTED	64

struct sk_buff *skb_argument_with_care(struct point *point, struct pt_regs *regs);
bool is_skb(const struct sk_buff *pointer);
struct sk_buff *skb_behind(const void *arg);

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

/* NULL, error pointers and what cannot be an object of the kernel are NULL. */
static __always_inline void *sound_pointer(unsigned long value)
{
	if (value < PAGE_OFFSET || IS_ERR_VALUE(value) || value % sizeof(long))
		return NULL;
	return (void *)value;
}

/* The same of what a function is known to have as an argument, in less. */
static __always_inline bool may_be_pointer(const void *pointer)
{
	return (long)pointer < 0 && !IS_ERR_VALUE((unsigned long)pointer);
}

/* A constant tells the compiler the register; no point needs more of them. */
static __always_inline unsigned long argument(struct pt_regs *regs,
					      unsigned int n)
{
	if (likely(n == 0))
		return regs_get_kernel_argument(regs, 0);
	if (n == 1)
		return regs_get_kernel_argument(regs, 1);
	if (n == 2)
		return regs_get_kernel_argument(regs, 2);
	return 0;
}

/* The other of the first two arguments, where they are two skbs. */
static inline void *other_argument(const struct point *point, struct pt_regs *regs)
{
	return sound_pointer(argument(regs, !SKB_INDEX(point->skb_arg)));
}

/* Which socket sends the packet, where the point says that one does. */
static __always_inline const struct sock *
sending_socket(const struct point *point, struct pt_regs *regs,
	       const struct sk_buff *skb)
{
	unsigned int index = SKB_INDEX(point->skb_arg);

	if (likely(point->dev != DEV_SOCKET))
		return NULL;
	/* Where the skb is the first (ip_queue_xmit() of RHEL 7) it knows. */
	return index ? sound_pointer(argument(regs, index - 1)) : skb->sk;
}

static __always_inline u8 current_context(void)
{
	if (unlikely(preempt_count() & (NMI_MASK | HARDIRQ_MASK)))
		return in_nmi() ? SKBTRACE_NMI : SKBTRACE_HARDIRQ;
	return in_serving_softirq() ? SKBTRACE_SOFTIRQ : SKBTRACE_TASK;
}

/* Device names are NUL-terminated within IFNAMSIZ. */
static __always_inline void copy_name(char *to, const struct net_device *dev)
{
	BUILD_BUG_ON(SKBTRACE_NAME_LEN != 16);
	if (dev)
		memcpy(to, dev->name, SKBTRACE_NAME_LEN);
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
	struct sk_buff *skb;

	if (likely(way == WAY_ARG0))
		return (void *)regs_get_kernel_argument(regs, 0);
	switch (way) {
	case WAY_ARG1:
		return (void *)regs_get_kernel_argument(regs, 1);
	case WAY_ARG2:
		return (void *)regs_get_kernel_argument(regs, 2);
	case WAY_POINTER0:
		skb = sound_pointer(regs_get_kernel_argument(regs, 0));
		return skb ? *(struct sk_buff **)skb : NULL;
	case WAY_LIST0:
		skb = sound_pointer(regs_get_kernel_argument(regs, 0));
		return skb && !skb->next ? skb : NULL;
	default:
		return NULL;
	}
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

/* What every record has, of an entry or a return. */
static __always_inline void put_common(struct skbtrace_record *record,
				       const struct point *point,
				       const struct sk_buff *skb, u64 life)
{
	record->skb = (unsigned long)skb;
	record->life = life;
	record->pid = current->tgid;
	memcpy(record->comm, current->comm, SKBTRACE_NAME_LEN);
	record->point = point->id;
	record->cpu = raw_smp_processor_id();
	record->context = current_context();
	record->abi = SKBTRACE_ABI;
}

/* Of a hop whose packet is not looked at. */
static __always_inline void put_no_packet(struct skbtrace_record *record)
{
	record->tcp_seq = 0;
	record->payload_len = 0;
	record->protocol = 0;
	record->payload_off = 0;
	record->gso_size = 0;
	record->gso_segs = 0;
	record->l4proto = 0;
	record->payload = SKBTRACE_PAYLOAD_NONE;
	record->csum = SKBTRACE_CSUM_UNCHECKED;
	record->tunnel = SKBTRACE_TUNNEL_NONE;
	record->depth = 0;
}

#endif /* SKBTRACE_HANDLER_H */
