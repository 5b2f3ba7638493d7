// SPDX-License-Identifier: GPL-2.0
/*
 * From a probe to a record: the handler of entry points.
 *
 * Everything here runs in probe handlers: in anyone's context, irqs off, in NMIs
 * too.  Nothing sleeps, allocates, prints, takes a lock or uses the FPU, and
 * nothing loops without bound.
 *
 * Most of what a host sees is of no interest: what is not followed and will not
 * be is found out first.  The rest is left to other functions as the last thing,
 * so that no register is saved before.
 */
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "config.h"
#include "device.h"
#include "filter.h"
#include "follow.h"
#include "handler.h"
#include "handlers.h"
#include "hop.h"
#include "locate.h"
#include "probes.h"
#include "ring.h"

/* The record of an skb that has yet to be admitted. */
static DEFINE_PER_CPU(struct skbtrace_record, scratch);

/* Index and time, its first two words, stay the slot's. */
static void copy_record(struct skbtrace_record *slot,
			const struct skbtrace_record *record)
{
	const u64 *from = (const u64 *)record;
	u64 *to = (u64 *)slot;
	unsigned int i;

	BUILD_BUG_ON(offsetof(struct skbtrace_record, skb) != 2 * sizeof(u64));
	for (i = 2; i < RING_WORDS; i++)
		to[i] = from[i];
}

/*
 * An skb at its first hop that may be recorded.  What is found out before it is
 * admitted is put into a record of its own, in case it is.
 */
static __always_inline void
admit_in_rcu(const struct point *point, struct pt_regs *regs,
	     const struct sk_buff *skb, const struct config *config,
	     enum admission admission)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	bool is_asked = admission != ADMITTED || config->sample > 1;
	struct skbtrace_record *record = this_cpu_ptr(&scratch), *slot;
	const struct sock *sk = sending_socket(point, regs, skb);
	struct devices at = devices_at(point, regs, skb, sk);
	struct life *life = NULL;
	struct parsed parsed;
	u32 flags;

	if ((point->dev == DEV_SOCKET && !sk) || !devices_are_wanted(config, at))
		return;
	if (!is_asked) {
		life = follow(trace, skb, 0);
		record = claim(trace, config);
		if (!record)
			return;
	}
	put_common(record, point, skb);
	flags = put_devices(record, at, sk);
	parsed = put_packet(record, point, regs, skb, config, sk, flags);
	if (is_asked) {
		if (admission != ADMITTED &&
		    !record_is_admitted(&config->filter, admission, record,
					parsed.flags, skb, parsed.network))
			return;
		if (!flow_is_sampled(config, record, parsed.flags))
			return;
		life = follow(trace, skb, 0);
		slot = claim(trace, config);
		if (!slot)
			return;
		copy_record(slot, record);
		record = slot;
	}
	record->life = life->number;
	put_examined(record, trace, point, regs, skb, config, life, parsed);
	ring_commit(&trace->ring);
}

static noinline int admit(const struct point *point, struct pt_regs *regs,
			  const struct sk_buff *skb, const struct config *config,
			  enum admission admission)
{
	handler_rcu_read_lock();
	admit_in_rcu(point, regs, skb, config, admission);
	handler_rcu_read_unlock();
	return 0;
}

/* What filter= does not reject at the first look. */
static noinline int consider_filtered(const struct point *point,
				      struct pt_regs *regs, struct sk_buff *skb,
				      const struct config *config)
{
	enum admission admission = ASK_RECORD;

	if (point->data <= DATA_LAST_NETWORK && skb_is_sound(skb)) {
		admission = ask_filter(&config->filter, skb, locate(point, skb));
		if (admission == REJECTED)
			return 0;
	}
	return admit(point, regs, skb, config, admission);
}

/* An skb that is not followed: may it be from now on? */
static noinline int consider(const struct point *point, struct pt_regs *regs,
			     struct sk_buff *skb, const struct config *config)
{
	if (unlikely(!may_be_pointer(skb)))
		return 0;
	if (config->filter.nr) {
		if (surely_rejected(config, point, skb))
			return 0;
		return consider_filtered(point, regs, skb, config);
	}
	/* Most devices have other names than those of dev=. */
	if (config->dev.globs.nr && !config->dev.adds && point->dev == DEV_SKB &&
	    (!skb->dev || globs_lack(&config->dev.globs, skb->dev->name[0])))
		return 0;
	return admit(point, regs, skb, config, ADMITTED);
}

static noinline u32 put_devices_elsewhere(struct skbtrace_record *record,
					  const struct point *point,
					  struct pt_regs *regs,
					  const struct sk_buff *skb,
					  const struct sock *sk)
{
	return put_devices(record, devices_elsewhere(point, regs, skb, sk), sk);
}

/* An skb that is followed, at a point that says nothing about its life. */
static noinline int record_hop(const struct point *point, struct pt_regs *regs,
			       struct sk_buff *skb, const struct config *config,
			       struct life *life)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	struct devices at = { skb->dev, NULL };
	struct skbtrace_record *record;
	const struct sock *sk = NULL;
	struct parsed parsed;
	u32 flags;

	/* Whether it has been freed since nobody knows. */
	if (unlikely(life->generation != READ_ONCE(probes_frees.generation))) {
		unfollow(skb);
		return READ_ONCE(point->admits) ?
		       consider(point, regs, skb, config) : 0;
	}
	record = claim(trace, config);
	if (unlikely(!record))
		return 0;
	handler_rcu_read_lock();
	put_common(record, point, skb);
	record->life = life->number;
	if (likely(point->dev == DEV_SKB)) {
		flags = put_devices(record, at, NULL);
	} else {
		sk = sending_socket(point, regs, skb);
		flags = put_devices_elsewhere(record, point, regs, skb, sk);
	}
	parsed = put_packet(record, point, regs, skb, config, sk, flags);
	put_examined(record, trace, point, regs, skb, config, life, parsed);
	handler_rcu_read_unlock();
	ring_commit(&trace->ring);
	return 0;
}

/* Record a hop at which the packet is not looked at: it may be going. */
static void record_life(const struct point *point, struct pt_regs *regs,
			const struct sk_buff *skb, const struct config *config,
			u64 life, struct life *child, unsigned long ret)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	struct skbtrace_record *record = claim(trace, config);
	u32 flags;

	if (!record)
		return;
	put_common(record, point, skb);
	record->life = life;
	put_no_packet(record);
	zero_16(record->dev);
	zero_16(record->peer);
	record->sp = kernel_stack_pointer(regs);
	record->ret = ret;
	flags = put_skb(record, skb);
	if (child) {
		record->child = child->number;
		flags |= SKBTRACE_F_CHILD | SKBTRACE_F_RET;
	} else if (point->role == ROLE_DROP) {
		record->caller = regs_return_address(regs);
		flags |= SKBTRACE_F_CALLER;
	}
	if (point->has_reason) {
		record->ret = (u32)argument(regs, SKB_INDEX(point->skb_arg) + 1);
		flags |= SKBTRACE_F_REASON;
	}
	if (READ_ONCE(point->hidden))
		flags |= SKBTRACE_F_HIDDEN;
	record->stack_id = config->stack ? stack_record(trace, regs) : 0;
	record->flags = flags;
	ring_commit(&trace->ring);
}

static bool is_from_before(const struct life *life)
{
	return life->generation != READ_ONCE(probes_frees.generation);
}

/* An skb that is followed is freed, or a reference to it is. */
static int record_end(const struct point *point, struct pt_regs *regs,
		      const struct sk_buff *skb, const struct config *config,
		      const struct life *life)
{
	if (is_from_before(life)) {
		unfollow(skb);
		return 0;
	}
	record_life(point, regs, skb, config, life->number, NULL, 0);
	/*
	 * napi_consume_skb() may just drop a reference.  Who is given up alone is
	 * freed by another point that says so; a list may be freed in bulk
	 * (kfree_skb_add_bulk(), 6.3), which none does.
	 */
	if (skb_users(skb) <= 1 &&
	    (point->role == ROLE_FREE || point->skb_arg & SKB_LIST))
		unfollow(skb);
	return 0;
}

/*
 * Where a transmission begins the skb is another packet than it was, unless TCP
 * sends it again.
 */
static int begin_life(const struct point *point, struct pt_regs *regs,
		      struct sk_buff *skb, const struct config *config,
		      struct life *life)
{
	bool again = point->data == DATA_BYTES && !is_from_before(life) &&
		     !life_is_doubtful(life);

	if (!again)
		unfollow(skb);
	if (READ_ONCE(point->hidden))
		return 0;
	return again ? record_hop(point, regs, skb, config, life) :
		       consider(point, regs, skb, config);
}

/* The payload of an skb, or a part, goes on in another one, which is being made. */
static int copy_life(const struct point *point, struct pt_regs *regs,
		     const struct sk_buff *skb, const struct config *config,
		     const struct life *life)
{
	const struct sk_buff *copy = other_argument(point, regs);
	u64 parent = life->number;
	struct life *child;

	if (!copy || copy == skb || is_from_before(life))
		return 0;
	child = follow_copy(this_cpu_ptr(&cpu_trace), copy, parent);
	record_life(point, regs, skb, config, parent, child, (unsigned long)copy);
	return 0;
}

static noinline int record_rarer(const struct point *point, struct pt_regs *regs,
				 struct sk_buff *skb, const struct config *config,
				 struct life *life)
{
	switch (point->role) {
	case ROLE_BIRTH:
		return begin_life(point, regs, skb, config, life);
	case ROLE_CLONE:
	case ROLE_SEGMENTS:
		return copy_life(point, regs, skb, config, life);
	}
	return record_end(point, regs, skb, config, life);
}

/* An skb that is sound to look at, at a point that is trusted to have one. */
static __always_inline int entry_of(const struct point *point,
				    struct pt_regs *regs, struct sk_buff *skb,
				    const struct config *config)
{
	struct life *life = followed(skb);

	if (life) {
		if (likely(point->role <= ROLE_LAST_PLAIN))
			return record_hop(point, regs, skb, config, life);
		return record_rarer(point, regs, skb, config, life);
	}
	if (!READ_ONCE(point->admits))
		return 0;
	return consider(point, regs, skb, config);
}

/* A packet of 512 KiB (BIG TCP) in segments has 362; of a longer list that is counted. */
#define SKB_LIST_MAX	512

/* A list of skbs, or a point that is not trusted yet. */
static noinline int entry_with_care(struct point *point, struct pt_regs *regs,
				    const struct config *config)
{
	struct sk_buff *skb = skb_argument_with_care(point, regs), *next;
	unsigned int i;

	if (!skb)
		return 0;
	for (i = 0; i < SKB_LIST_MAX; i++) {
		next = point->skb_arg & SKB_LIST ? skb_behind(&skb->next) : NULL;
		entry_of(point, regs, skb, config);
		/* Only the first of a list was looked at before. */
		if (!next || !is_skb(next))
			return 0;
		skb = next;
	}
	local_inc(&this_cpu_ptr(&cpu_trace)->long_lists);
	return 0;
}

/**
 * entry_handler() - the handler of all entry points
 * @kp: a point's
 * @regs: registers on entry
 *
 * Interrupts are off when it returns: see interrupts.c.
 */
int __kprobes entry_handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct point *point = container_of(kp, struct point, kp);
	const struct config *in_force;
	struct sk_buff *skb;

	if (!READ_ONCE(probes_armed))
		return 0;
	handler_enter();
	count_hit(point);
	/* Handlers are readers of RCU: see handler_rcu_read_lock(). */
	in_force = rcu_dereference_sched(config);
	skb = trusted_skb(point, regs);
	if (unlikely(!skb))
		return entry_with_care(point, regs, in_force);
	return entry_of(point, regs, skb, in_force);
}
