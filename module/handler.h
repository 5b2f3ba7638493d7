/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all handlers have in common: how they begin and end, the skb they are
 * called for, the slot of a record, its digest, and who was running.  Inline,
 * since each hop comes here.
 */
#ifndef SKBTRACE_HANDLER_H
#define SKBTRACE_HANDLER_H

#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "compat.h"
#include "config.h"
#include "crc32c.h"
#include "filter.h"
#include "payload.h"
#include "probes.h"
#include "ring.h"

/*
 * The handlers.  While one runs, the kernel skips (and counts as missed) all
 * other probes on this CPU, softirqs' included: an interrupt that came now
 * would run whole packets unseen on its way out.  So it waits until we are
 * done, and comes when we let it in, which is still within the kernel's part
 * of the handler: then its softirqs wait as well, until the next interrupt or
 * local_bh_enable().
 */
static __always_inline unsigned long handler_enter(void)
{
	unsigned long flags;

	hold_softirqs();
	local_irq_save(flags);
	return flags;
}

static __always_inline void handler_leave(unsigned long flags)
{
	local_irq_restore(flags);
	release_softirqs();
}

static inline void count_hit(const struct point *point)
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

static __always_inline u8 current_context(void)
{
	if (unlikely(preempt_count() & (NMI_MASK | HARDIRQ_MASK)))
		return in_nmi() ? SKBTRACE_NMI : SKBTRACE_HARDIRQ;
	return in_serving_softirq() ? SKBTRACE_SOFTIRQ : SKBTRACE_TASK;
}

/* Compilers make a loop of a memset(). */
static __always_inline void zero_16(void *to)
{
	u64 *words = to;

	words[0] = 0;
	words[1] = 0;
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

/* Get the slot for a record where max_rate= has no say. */
static __always_inline struct skbtrace_record *claim(struct cpu_trace *trace)
{
	if (unlikely(!trace->ring.slots)) {
		local_inc(&trace->no_ring);
		return NULL;
	}
	return ring_claim(&trace->ring);
}

/* Get the slot for a record, unless it is refused; refusals are counted. */
static inline struct skbtrace_record *
claim_allowed(struct cpu_trace *trace, const struct config *config)
{
	if (unlikely(config->max_rate) &&
	    !rate_allows(trace, config->max_rate)) {
		local_inc(&trace->rate_limited);
		return NULL;
	}
	return claim(trace);
}

/* What every record has, of an entry or a return. */
static __always_inline void fill_common(struct skbtrace_record *record,
					const struct point *point,
					const struct sk_buff *skb)
{
	record->skb = (unsigned long)skb;
	record->pid = current->tgid;
	memcpy(record->comm, current->comm, SKBTRACE_NAME_LEN);
	record->point = point->id;
	record->cpu = raw_smp_processor_id();
	record->context = current_context();
	record->abi = SKBTRACE_ABI;
}

/**
 * struct digest - what digest= gives
 * @crc32c: the CRC
 * @len: of so many bytes
 * @flags: SKBTRACE_F_DIGEST, or why not
 */
struct digest {
	u32 crc32c;
	u32 len;
	u32 flags;
};

static __always_inline struct digest digest(const struct config *config,
					    const struct sk_buff *skb,
					    u32 offset, u32 len)
{
	struct digest digest = { .len = len };
	s64 crc32c;

	if (unlikely(len > config->digest_limit)) {
		digest.len = config->digest_limit;
		digest.flags = SKBTRACE_F_DIGEST_MAX;
	}
	/* Most payloads are in one piece. */
	if (likely(offset + digest.len <= skb_headlen(skb)))
		crc32c = (u32)~crc32c_update(~0, skb->data + offset, digest.len);
	else
		crc32c = payload_digest(skb, offset, digest.len);
	if (unlikely(crc32c < 0)) {
		digest.flags |= SKBTRACE_F_UNREADABLE;
	} else {
		digest.flags |= SKBTRACE_F_DIGEST;
		digest.crc32c = crc32c;
	}
	return digest;
}

#endif /* SKBTRACE_HANDLER_H */
