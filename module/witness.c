// SPDX-License-Identifier: GPL-2.0
/*
 * Are probes seen to work?  All can be switched off behind our back, in
 * debugfs's kprobes/enabled or with kernel.ftrace_enabled, and nobody tells us.
 * So a function of our own is probed, and called to see: each second, when somebody
 * asks, and when what switches them has been called.  An skb may have ended meanwhile,
 * and another begun there.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "witness.h"

static unsigned int witnessed;

static noinline void witness(void)
{
	barrier();	/* or there would be no call */
}

static int __kprobes witness_handler(struct kprobe *kp, struct pt_regs *regs)
{
	WRITE_ONCE(witnessed, READ_ONCE(witnessed) + 1);
	return 0;
}

static struct kprobe witness_probe = {
	.addr = (kprobe_opcode_t *)witness,
	.pre_handler = witness_handler,
};

static int witness_error;

/* Of two calls at once one might be counted for the other. */
static DEFINE_MUTEX(witness_lock);

/* Under witness_lock. */
static const struct witness_told *tell;
static bool blind;
static unsigned int interruptions;

static void look(struct work_struct *unused);
/* Deferrable: an idle CPU is not woken for it. */
static DECLARE_DEFERRABLE_WORK(look_work, look);

/*
 * Off and on again within a second nobody would see: so the functions that do it are
 * probed as well.  Their return is seen, though the probes are off by then; what is
 * traced is given up there, until it has been seen that they are on.
 */
static bool switched;

static void look_at_once(struct work_struct *unused)
{
	witness_sees();
}

static DECLARE_WORK(switched_work, look_at_once);

static void queue_switched_work(struct irq_work *unused)
{
	schedule_work(&switched_work);
}

static struct irq_work switched_irq_work;

/* Return: not 0 if the return is of no interest: kernel.ftrace_enabled is just read. */
static int __kprobes sysctl_called(struct kretprobe_instance *ri,
				   struct pt_regs *regs)
{
	return !(int)regs_get_kernel_argument(regs, 1);
}

/* Handlers cannot queue work: they ask for it. */
static int __kprobes switch_returns(struct kretprobe_instance *ri,
				    struct pt_regs *regs)
{
	tell->suspend();
	WRITE_ONCE(switched, true);
	irq_work_queue(&switched_irq_work);
	return 0;
}

/* Without them there is the look each second. */
static struct kretprobe switches[] = {
	{	/* debugfs's kprobes/enabled */
		.kp.symbol_name = "write_enabled_file_bool",
		.handler = switch_returns,
		.maxactive = 4,
	}, {
		.kp.symbol_name = "ftrace_enable_sysctl",
		.entry_handler = sysctl_called,
		.handler = switch_returns,
		.maxactive = 4,
	},
};

static bool switch_is_probed[ARRAY_SIZE(switches)];

static void probe_switches(void)
{
	unsigned int i;

	init_irq_work(&switched_irq_work, queue_switched_work);
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		switch_is_probed[i] = !register_kretprobe(&switches[i]);
}

static void leave_switches(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		if (switch_is_probed[i])
			unregister_kretprobe(&switches[i]);
}

static void look(struct work_struct *unused)
{
	witness_sees();
	schedule_delayed_work(&look_work, HZ);
}

/**
 * witness_init() - probe our own function, and look whether that is seen
 * @with: told when probes are found to be blind, and when to see again; kept
 *
 * Context: process, may sleep.
 */
void witness_init(const struct witness_told *with)
{
	tell = with;
	witness_error = register_kprobe(&witness_probe);
	if (witness_error)
		return;
	schedule_delayed_work(&look_work, HZ);
	probe_switches();
}

/**
 * witness_exit() - do no longer
 *
 * Context: process, may sleep.
 */
void witness_exit(void)
{
	if (witness_error)
		return;
	leave_switches();
	irq_work_sync(&switched_irq_work);
	cancel_work_sync(&switched_work);
	cancel_delayed_work_sync(&look_work);
	unregister_kprobe(&witness_probe);
}

/*
 * A call that the kernel skips, for an interrupt with a probe of its own, is no
 * proof: so there are some.
 */
static bool is_seen(void)
{
	unsigned int before = READ_ONCE(witnessed);
	int i;

	for (i = 0; i < 10 && READ_ONCE(witnessed) == before; i++)
		witness();
	return READ_ONCE(witnessed) != before;
}

/*
 * The kernel switches all probes off and on under a mutex, which register_kprobe()
 * takes, too: when that returns, the switching is over.
 */
static void wait_for_switch(void)
{
	static struct kprobe any;

	memset(&any, 0, sizeof(any));
	any.addr = (kprobe_opcode_t *)wait_for_switch;
	any.flags = KPROBE_FLAG_DISABLED;
	if (!register_kprobe(&any))
		unregister_kprobe(&any);
}

/* Under witness_lock. */
static void set_blind(bool is_blind)
{
	interruptions += is_blind;
	if (is_blind)
		pr_warn("probes are switched off (kernel.ftrace_enabled, or kprobes/enabled in debugfs): nothing is traced\n");
	else
		pr_info("probes are switched on again\n");
	blind = is_blind;
	tell->see(!is_blind);
}

/**
 * witness_sees() - does the kernel let probes see anything at present
 *
 * Context: process, may sleep.
 * Return: 1 or 0, or an error where one cannot say.
 */
int witness_sees(void)
{
	bool seen, was_switched;

	if (witness_error)
		return witness_error;
	mutex_lock(&witness_lock);
	was_switched = xchg(&switched, false);
	if (was_switched)
		wait_for_switch();
	seen = is_seen();
	if (was_switched && seen && !blind) {
		interruptions++;
		pr_info("probes were switched off, and on again\n");
		tell->see(true);
	} else if (seen == blind) {
		set_blind(!seen);
	}
	mutex_unlock(&witness_lock);
	return seen;
}

/**
 * witness_interruptions() - how often were probes found switched off
 *
 * Context: any.
 */
unsigned int witness_interruptions(void)
{
	return READ_ONCE(interruptions);
}
