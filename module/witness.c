// SPDX-License-Identifier: GPL-2.0
/*
 * Are probes seen to work?  All can be switched off behind our back, in
 * debugfs's kprobes/enabled or with kernel.ftrace_enabled, and nobody tells us.
 * So a function of our own is probed, and called to see: each second, and when
 * somebody asks.  An skb may have ended meanwhile, and another begun there.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
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
static void (*tell)(bool see);
static bool blind;
static unsigned int interruptions;

static void look(struct work_struct *unused);
/* Who sleeps is not woken for that. */
static DECLARE_DEFERRABLE_WORK(look_work, look);

static void look(struct work_struct *unused)
{
	witness_sees();
	schedule_delayed_work(&look_work, HZ);
}

/**
 * witness_init() - probe our own function, and look whether that is seen
 * @with: told when probes are found to be blind, and when to see again
 *
 * Context: process, may sleep.
 */
void witness_init(void (*with)(bool see))
{
	tell = with;
	witness_error = register_kprobe(&witness_probe);
	if (!witness_error)
		schedule_delayed_work(&look_work, HZ);
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

/**
 * witness_sees() - does the kernel let probes see anything at present
 *
 * Context: process, may sleep.
 * Return: 1 or 0, or an error where one cannot say.
 */
int witness_sees(void)
{
	bool seen;

	if (witness_error)
		return witness_error;
	mutex_lock(&witness_lock);
	seen = is_seen();
	if (seen == blind) {
		blind = !seen;
		interruptions += blind;
		if (blind)
			pr_warn("probes are switched off (kernel.ftrace_enabled, or kprobes/enabled in debugfs): nothing is traced\n");
		else
			pr_info("probes are switched on again\n");
		tell(seen);
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
