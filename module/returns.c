// SPDX-License-Identifier: GPL-2.0
/*
 * From a function's call and return to a record: the handlers of return points.
 *
 * What handlers.c says of handlers is true here too.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "config.h"
#include "device.h"
#include "follow.h"
#include "handler.h"
#include "probes.h"
#include "returns.h"
#include "ring.h"
#include "trampoline.h"

/* Which of netfilter's hooks is called. */
static void note_hook(struct pt_regs *regs, struct call *call)
{
#if IS_ENABLED(CONFIG_NETFILTER)
	const struct nf_hook_state *state = hook_of(regs);

	if (!state)
		return;
	call->hook = state->hook;
	call->hook_family = state->pf;
	call->flags |= SKBTRACE_F_HOOK;
#endif
}

/*
 * The skb that another one is to be merged into.  Once it was a pointer to the
 * pointer: skb_gro_receive() of RHEL 7.
 */
static const struct sk_buff *merged_into(const struct point *point,
					 struct pt_regs *regs,
					 const struct sk_buff *skb)
{
	const struct sk_buff *into = other_argument(point, regs);

	if (into && !is_skb(into)) {
		into = skb_behind(into);
		if (into && !is_skb(into))
			return NULL;
	}
	return into != skb ? into : NULL;
}

/* Return: false if the return is not to be recorded. */
static __always_inline bool note_call(struct point *point, struct pt_regs *regs,
				      struct call *call)
{
	const struct sk_buff *skb = trusted_skb(point, regs);
	struct devices at = { NULL, NULL };
	const struct life *life;

	if (unlikely(!skb))
		skb = skb_argument_with_care(point, regs);
	if (unlikely(!skb))
		return false;
	/* Whether a packet is wanted is the entry points' to say. */
	life = followed(skb);
	if (!life || life->generation != READ_ONCE(probes_frees.generation))
		return false;
	call->skb = skb;
	call->life = life->number;
	call->ts_ns = RING_CLOCK();
	call->sp = kernel_stack_pointer(regs);
	call->flags = SKBTRACE_F_RET;
	if (point->role == ROLE_MERGE) {
		call->into = merged_into(point, regs, skb);
		if (!call->into)
			return false;
		call->flags = 0;
	}
	if (point->dev != DEV_NONE) {
		handler_rcu_read_lock();
		at = devices_at(point, regs, skb, NULL);
		if (at.dev) {
			call->netns = net_inum(dev_net(at.dev));
			call->flags |= SKBTRACE_F_NETNS;
		}
		copy_name(call->dev, at.dev);
		copy_name(call->peer, at.peer);
		handler_rcu_read_unlock();
		if (unlikely(point->role == ROLE_HOOK))
			note_hook(regs, call);
	} else {
		copy_name(call->dev, NULL);
		copy_name(call->peer, NULL);
	}
	if (READ_ONCE(point->hidden))
		call->flags |= SKBTRACE_F_HIDDEN;
	call->noted = RETURNS_ARE_NOTED && rcu_dereference_sched(config)->stack;
	if (call->noted)
		note_return(call->sp);
	return true;
}

/**
 * call_handler() - remember the call of a function whose return is wanted
 * @ri: the call
 * @regs: registers on entry
 *
 * Interrupts are off when it returns: see interrupts.c.
 *
 * Return: not 0 if the return is not to be recorded.
 */
int __kprobes call_handler(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct point *point = container_of(get_kretprobe(ri), struct point, rp);

	if (!READ_ONCE(probes_armed))
		return 1;	/* do not look at the return either */
	handler_enter();
	count_hit(point);
	return !note_call(point, regs, (struct call *)ri->data);
}

/* The skb is not touched: it may be gone. */
static __always_inline void record_return(const struct point *point,
					  const struct call *call, s64 ret,
					  const struct life *child)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	struct skbtrace_record *record;
	s64 took;

	record = claim(trace, rcu_dereference_sched(config));
	if (unlikely(!record))
		return;
	put_common(record, point, call->skb);
	record->life = call->life;
	put_no_packet(record);
	memcpy(record->dev, call->dev, sizeof(record->dev));
	memcpy(record->peer, call->peer, sizeof(record->peer));
	record->head = 0;
	record->sp = call->sp;
	record->ret = ret;
	/* CPUs' clocks may differ a little. */
	took = record->ts_ns - call->ts_ns;
	record->duration_ns = likely(took >= 0) ? min_t(u64, took, U32_MAX) : 0;
	record->netns = call->netns;
	record->len = 0;
	record->data_len = 0;
	record->stack_id = 0;
	record->flags = call->flags;
	if (call->flags & SKBTRACE_F_HOOK) {
		record->hook = call->hook;
		record->hook_family = call->hook_family;
	}
	if (child) {
		record->child = child->number;
		record->flags |= SKBTRACE_F_CHILD;
	}
	ring_commit(&trace->ring);
}

/* A packet of 512 KiB (BIG TCP) has 362; of a longer list that is counted. */
#define SEGMENTS_MAX	512

/* What is made of a packet that is followed is followed: a record for each. */
static noinline void record_segments(const struct point *point,
				     const struct call *call,
				     const struct sk_buff *segment)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	unsigned int i;

	for (i = 0; i < SEGMENTS_MAX; i++) {
		if (!segment || !is_skb(segment))
			return;
		record_return(point, call, (unsigned long)segment,
			      follow(trace, segment, call->life));
		segment = skb_behind(&segment->next);
	}
	local_inc(&trace->long_lists);
}

static noinline void record_copy(const struct point *point,
				 const struct call *call,
				 const struct sk_buff *copy)
{
	const struct life *child = NULL;

	if (copy)
		child = follow_copy(this_cpu_ptr(&cpu_trace), copy, call->life);
	record_return(point, call, (unsigned long)copy, child);
}

/* GRO's functions return an error or 0, skb_try_coalesce() whether it did. */
static bool has_merged(const struct point *point, unsigned long ret)
{
	return point->nr == POINT_NR_148 ? (u8)ret : !(s32)ret;
}

/* The payload of an skb goes on in another one, behind what that has. */
static noinline void record_merge(const struct point *point,
				  const struct call *call, unsigned long ret)
{
	const struct sk_buff *into = call->into;
	const struct life *carrier;

	if (!has_merged(point, ret))
		return;
	carrier = followed(into);
	if (!carrier)
		carrier = follow(this_cpu_ptr(&cpu_trace), into, 0);
	record_return(point, call, (unsigned long)into, carrier);
}

/**
 * return_handler() - record that a function returned
 * @ri: the call
 * @regs: registers on return
 *
 * Interrupts are off when it returns: see interrupts.c.
 */
int __kprobes return_handler(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	const struct kretprobe *rp = get_kretprobe(ri);
	const struct call *call = (const struct call *)ri->data;
	unsigned long ret = regs_return_value(regs);
	const struct point *point;

	if (RETURNS_ARE_NOTED && call->noted)
		forget_return(call->sp);
	/* NULL: the probe is being unregistered. */
	if (!rp || !READ_ONCE(probes_armed))
		return 0;
	point = container_of(rp, struct point, rp);
	handler_enter();
	if (point->role == ROLE_CLONE)
		record_copy(point, call, sound_pointer(ret));
	else if (unlikely(point->role == ROLE_SEGMENTS))
		record_segments(point, call, sound_pointer(ret));
	else if (unlikely(point->role == ROLE_MERGE))
		record_merge(point, call, ret);
	else
		record_return(point, call, (s32)ret, NULL);
	return 0;
}
