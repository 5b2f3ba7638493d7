// SPDX-License-Identifier: GPL-2.0
/*
 * What applications write to sockets and read from them: probes of the calls and of
 * what copies.
 *
 * Off unless socket=1: it reads the memory of applications, of which nothing but
 * CRCs is recorded.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "handler.h"
#include "digest.h"
#include "interrupts.h"
#include "messages.h"

/* Calls that may sleep in one function at once. */
#define CALLS_ASLEEP	256

static DEFINE_MUTEX(messages_lock);
static bool attached;		/* under messages_lock, as what follows */
static bool was_attached;	/* once: then there may be records */

/* Is a point for a kernel such as this? */
#define IS_FOR_ANY	true
#ifdef HAVE_MSG_ITER
#define IS_FOR_ITER	true
#define IS_FOR_IOVEC	false
#else
#define IS_FOR_ITER	false
#define IS_FOR_IOVEC	true
#endif
#ifdef HAVE_TCP_SENDMSG_LOCKED
#define IS_FOR_LOCKED	true
#define IS_FOR_UNLOCKED	false
#else
#define IS_FOR_LOCKED	false
#define IS_FOR_UNLOCKED	true
#endif

/* Of entry points nothing is kept, of calls a pointer. */
#define CALL_IS		true
#define ENTRY_IS	false

#define LEAVE_CALL(handler)	message_##handler##_leave
#define LEAVE_ENTRY(handler)	NULL

#define P(_id, _symbol, _kind, _kernels, _handler)				\
	{								\
		.id = _id,						\
		.is_call = _kind ## _IS,				\
		.symbol = #_symbol,					\
		.entry = message_ ## _handler,				\
		.leave = LEAVE_ ## _kind(_handler),			\
		.data_size = sizeof(void *),				\
		.state = IS_FOR_ ## _kernels ? -ENODEV : -EOPNOTSUPP,	\
	},
static struct message_point points[] = { SKBTRACE_MESSAGE_POINTS(P) };
#undef P

/**
 * message_can_breathe() - can interrupts be let in
 * @irqs: what begin() returned
 */
bool message_can_breathe(unsigned long irqs)
{
#if defined(HAVE_PREEMPT_COUNT_ADD) && !defined(CONFIG_PREEMPT_RT)
	return !irqs_disabled_flags(irqs);
#else
	return false;
#endif
}

/**
 * message_breathe() - let interrupts in between two stretches of a long reading
 * @irqs: what begin() returned
 *
 * Their softirqs wait, whose probes the kernel would skip, until the socket is released:
 * local_bh_enable() looks for them.
 *
 * Return: false if they cannot be let in.
 */
bool message_breathe(unsigned long irqs)
{
	if (!message_can_breathe(irqs))
		return false;
#ifdef HAVE_PREEMPT_COUNT_ADD
	__preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
	local_irq_restore(irqs);
	local_irq_save(irqs);
	__preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
#endif
	return true;
}

/* A handler that is running. */
struct running {
	unsigned long irqs;
	unsigned long missed;
	long faults;
};

static const struct kprobe *kprobe_of(const struct message_point *point)
{
	return point->is_call ? &point->rp.kp : &point->kp;
}

static struct running begin(const struct message_point *point)
{
	struct running running;

	local_irq_save(running.irqs);
	handler_rcu_read_lock();
	running.missed = READ_ONCE(kprobe_of(point)->nmissed);
	running.faults = this_cpu_read(usermem_faults);
	return running;
}

/* Interrupts stay off where the kernel restores them: see interrupts.c. */
static void end(struct message_point *point, const struct running *running)
{
	long faults = this_cpu_read(usermem_faults) - running->faults;

	if (unlikely(faults))
		atomic_long_add(min_t(long, faults, READ_ONCE(kprobe_of(point)->nmissed) -
					    running->missed), &point->own);
	handler_rcu_read_unlock();
	if (READ_ONCE(interrupts_restore))
		local_irq_restore(running->irqs);
}

static int __kprobes entry_handler_of(struct kprobe *kp, struct pt_regs *regs)
{
	struct message_point *point = container_of(kp, struct message_point, kp);
	struct running running = begin(point);

	point->entry(point, NULL, regs, running.irqs);
	end(point, &running);
	return 0;
}

static int __kprobes call_handler_of(struct kretprobe_instance *ri,
				     struct pt_regs *regs)
{
	struct message_point *point =
		container_of(get_kretprobe(ri), struct message_point, rp);
	struct running running = begin(point);
	int ret = point->entry(point, ri->data, regs, running.irqs);

	end(point, &running);
	return ret;
}

static int __kprobes return_handler_of(struct kretprobe_instance *ri,
				       struct pt_regs *regs)
{
	struct kretprobe *rp = get_kretprobe(ri);
	struct message_point *point;
	struct running running;

	/* NULL: the probe is being unregistered. */
	if (!rp)
		return 0;
	point = container_of(rp, struct message_point, rp);
	running = begin(point);
	point->leave(point, ri->data, regs, running.irqs);
	end(point, &running);
	return 0;
}

static int attach_one(struct message_point *point)
{
	atomic_long_set(&point->own, 0);
	if (!point->is_call) {
		memset(&point->kp, 0, sizeof(point->kp));
		point->kp.symbol_name = point->symbol;
		point->kp.pre_handler = entry_handler_of;
		return register_kprobe(&point->kp);
	}
	memset(&point->rp, 0, sizeof(point->rp));
	point->rp.kp.symbol_name = point->symbol;
	point->rp.entry_handler = call_handler_of;
	point->rp.handler = return_handler_of;
	point->rp.data_size = point->data_size;
	/* Calls sleep: as many as may be under way. */
	point->rp.maxactive = CALLS_ASLEEP;
	return register_kretprobe(&point->rp);
}

static unsigned long missed(struct message_point *point)
{
	unsigned long missed = point->missed;

	if (!point->state)
		missed += kprobe_of(point)->nmissed - atomic_long_read(&point->own) +
			  (point->is_call ? point->rp.nmissed : 0);
	return missed;
}

static void detach(void)
{
	struct kprobe *kps[ARRAY_SIZE(points)];
	struct kretprobe *rps[ARRAY_SIZE(points)];
	int nr_kps = 0, nr_rps = 0, i;

	WRITE_ONCE(digest_is_cut, false);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (points[i].state)
			continue;
		if (points[i].is_call)
			rps[nr_rps++] = &points[i].rp;
		else
			kps[nr_kps++] = &points[i].kp;
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (points[i].state)
			continue;
		points[i].missed = missed(&points[i]);
		points[i].state = -ENODEV;
	}
	/* Handlers of other points look at calls, too. */
	synchronize_rcu();
	message_calls_exit();
	attached = false;
}

/*
 * What looks at calls under way comes before what begins them, or a call could be
 * without its middle.
 */
static void attach(void)
{
	int i;

	if (message_calls_init()) {
		pr_err("socket=1: no memory for calls\n");
		return;
	}
	attached = true;
	was_attached = true;
	digest_tie = message_udp_tie;
	smp_store_release(&digest_is_cut, true);
	for (i = ARRAY_SIZE(points) - 1; i >= 0; i--)
		if (points[i].state != -EOPNOTSUPP)
			points[i].state = attach_one(&points[i]);
}

/**
 * messages_apply() - attach or detach
 * @wanted: which
 *
 * Context: process, may sleep.
 */
void messages_apply(bool wanted)
{
	mutex_lock(&messages_lock);
	if (wanted && !attached)
		attach();
	else if (!wanted && attached)
		detach();
	mutex_unlock(&messages_lock);
}

/**
 * messages_show() - print the points, a line each
 * @m: where to
 *
 * Context: process, may sleep.
 */
void messages_show(struct seq_file *m)
{
	struct message_point *point;

	mutex_lock(&messages_lock);
	for (point = points; was_attached && point < points + ARRAY_SIZE(points); point++) {
		if (point->state == -EOPNOTSUPP)
			continue;
		seq_printf(m, "%u %s %s socket vmlinux - %lu - ", point->id, point->symbol,
			   point->is_call ? "return" : "entry", missed(point));
		if (!point->state)
			seq_puts(m, "active\n");
		else if (point->state == -ENODEV)
			seq_puts(m, "off\n");
		else if (point->state == -ENOENT)
			seq_puts(m, "absent: this kernel has no such function of its own\n");
		else
			seq_printf(m, "refused: error %d\n", point->state);
	}
	mutex_unlock(&messages_lock);
}

/**
 * messages_show_counts() - print what cannot be seen in records
 * @m: where to
 *
 * Context: process, may sleep.
 */
void messages_show_counts(struct seq_file *m)
{
	mutex_lock(&messages_lock);
	if (was_attached)
		message_calls_show(m);
	mutex_unlock(&messages_lock);
}
