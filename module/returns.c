// SPDX-License-Identifier: GPL-2.0
/*
 * From a function's call and return to a record: the handlers of return points.
 *
 * What capture.c says of handlers is true here too.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "capture.h"
#include "compat.h"
#include "config.h"
#include "filter.h"
#include "handler.h"
#include "hop.h"
#include "probes.h"
#include "returns.h"
#include "ring.h"

/* Return: false if the return is not to be recorded. */
static __always_inline bool note_call(struct point *point, struct pt_regs *regs,
				      struct call *call)
{
	const struct net_device *dev = NULL, *peer = NULL;
	const struct sk_buff *skb = trusted_skb(point, regs);

	if (!skb)
		skb = capture_argument(point, regs);
	/* Whether a packet is wanted is the entry points' to say. */
	if (!skb || !followed(skb))
		return false;
	call->skb = skb;
	call->ts_ns = RING_CLOCK();
	call->netns = 0;
	call->flags = 0;
	if (point->dev != DEV_NONE) {
		const struct devices at = devices_at(point, regs, skb, NULL);

		dev = at.dev;
		peer = at.peer;
	}
	if (dev) {
		call->netns = net_inum(dev_net(dev));
		call->flags = SKBTRACE_F_NETNS;
	}
	copy_name(call->dev, dev);
	copy_name(call->peer, peer);
	return true;
}

/**
 * call_handler() - remember the call of a function whose return is wanted
 * @ri: the call
 * @regs: registers on entry
 *
 * Return: not 0 if the return is not to be recorded.
 */
int __kprobes call_handler(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct point *point = container_of(get_kretprobe(ri), struct point, rp);
	unsigned long flags;
	bool wanted;

	if (!READ_ONCE(probes_armed))
		return 1;	/* do not look at the return either */
	flags = handler_enter();
	count_hit(point);
	handler_rcu_read_lock();
	wanted = note_call(point, regs, (struct call *)ri->data);
	handler_rcu_read_unlock();
	handler_leave(flags);
	return !wanted;
}

/* The skb is not touched: it may be gone. */
static __always_inline void record_return(const struct point *point,
					  struct pt_regs *regs,
					  const struct call *call)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	unsigned long ret = regs_return_value(regs);
	struct skbtrace_record *slot;
	const struct sk_buff *copy;

	/* A copy of a packet that is followed is followed. */
	copy = point->role == ROLE_CLONE ? sound_pointer(ret) : NULL;
	if (copy && !followed(copy))
		follow(copy);

	slot = claim_allowed(trace, rcu_dereference_sched(config));
	if (!slot)
		return;
	/* Everything that is not said below is 0. */
	memset((char *)slot + offsetof(struct skbtrace_record, saddr), 0,
	       sizeof(*slot) - offsetof(struct skbtrace_record, saddr));
	fill_common(slot, point, call->skb);
	slot->head = 0;
	slot->ret = point->role == ROLE_CLONE ? (s64)ret : (s32)ret;
	slot->duration_ns = min_t(u64, slot->ts_ns - call->ts_ns, U32_MAX);
	slot->netns = call->netns;
	slot->flags = call->flags | SKBTRACE_F_RET;
	if (READ_ONCE(point->hidden))
		slot->flags |= SKBTRACE_F_HIDDEN;
	memcpy(slot->dev, call->dev, sizeof(slot->dev));
	memcpy(slot->peer, call->peer, sizeof(slot->peer));
	ring_commit(&trace->ring);
}

/**
 * return_handler() - record that a function returned
 * @ri: the call
 * @regs: registers on return
 */
int __kprobes return_handler(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	const struct kretprobe *rp = get_kretprobe(ri);
	unsigned long flags;

	/* NULL: the probe is being unregistered. */
	if (!rp || !READ_ONCE(probes_armed))
		return 0;
	flags = handler_enter();
	record_return(container_of(rp, struct point, rp), regs,
		      (const struct call *)ri->data);
	handler_leave(flags);
	return 0;
}
