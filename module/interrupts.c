// SPDX-License-Identifier: GPL-2.0
/*
 * How long interrupts wait for a handler.
 *
 * From 5.11 on (c5f51572a78c, "kprobes: ftrace: Add recursion protection to the
 * ftrace callback", and what followed) handlers run with interrupts as they were.
 * One that comes meanwhile has its softirqs run on its way out, whole packets, at
 * whose points the kernel skips our probes because one is being handled.  Handlers
 * turn interrupts off, but that does not do: turned on again by the handler, they
 * come at once, while the kernel still has its part of the probe to do.  And to
 * have softirqs wait until after that would leave them pending until somebody looks
 * again, perhaps at the next tick.
 *
 * So handlers leave interrupts off.  The kernel's way out of a probe restores the
 * flags of the code that was probed as its last step: popfq of
 * ftrace_regs_caller(), of the trampolines of kretprobes and of optimized kprobes,
 * iret of a breakpoint.  Then an interrupt comes when all is done, and nothing waits
 * for longer than a handler takes.
 *
 * Where that is not so the handlers restore interrupts themselves, and what comes
 * in between is counted as missed: in a PV guest of Xen the flags are not those of
 * the processor, arm64 restores them after a breakpoint only, and lockdep wants to be
 * told.  What is so here is tried when the module is loaded.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>

#include "compat.h"
#include "handlers.h"
#include "interrupts.h"
#include "probes.h"
#include "returns.h"

static const struct probe_handlers handlers = {
	.entry = entry_handler,
	.call = call_handler,
	.return_ = return_handler,
	.call_size = sizeof(struct call),
};

static int __kprobes entry_restoring(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = entry_handler(kp, regs);
	local_irq_restore(flags);
	return ret;
}

static int __kprobes call_restoring(struct kretprobe_instance *ri,
				    struct pt_regs *regs)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = call_handler(ri, regs);
	local_irq_restore(flags);
	return ret;
}

static int __kprobes return_restoring(struct kretprobe_instance *ri,
				      struct pt_regs *regs)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = return_handler(ri, regs);
	local_irq_restore(flags);
	return ret;
}

static const struct probe_handlers handlers_restoring = {
	.entry = entry_restoring,
	.call = call_restoring,
	.return_ = return_restoring,
	.call_size = sizeof(struct call),
};

/* How often the handlers below have run. */
static unsigned int trials;

static int __kprobes trial_call(struct kretprobe_instance *ri,
				struct pt_regs *regs)
{
	raw_local_irq_disable();
	trials++;
	return 0;
}

static int __kprobes trial_return(struct kretprobe_instance *ri,
				  struct pt_regs *regs)
{
	raw_local_irq_disable();
	trials++;
	return 0;
}

static struct kretprobe trial = {
	.entry_handler = trial_call,
	.handler = trial_return,
	.maxactive = 1,
};

/* Return: are interrupts off, behind the handler of the call? */
static noinline bool probed_function(void)
{
	return raw_irqs_disabled();
}

/* Does the kernel turn on what a handler has turned off? */
static bool interrupts_come_back(void)
{
	bool off_behind_call, off_behind_return;

	if (IS_ENABLED(CONFIG_TRACE_IRQFLAGS))
		return false;
	trial.kp.addr = (kprobe_opcode_t *)probed_function;
	if (register_kretprobe(&trial))
		return false;
	off_behind_call = probed_function();
	off_behind_return = raw_irqs_disabled();
	if (off_behind_call || off_behind_return)
		raw_local_irq_enable();
	unregister_kretprobe(&trial);
	return trials == 2 && !off_behind_call && !off_behind_return;
}

/* Handlers have to restore interrupts themselves. */
bool interrupts_restore __read_mostly;

/**
 * interrupts_choose_handlers() - the handlers that are right for this kernel
 *
 * Context: process, may sleep.
 */
const struct probe_handlers *interrupts_choose_handlers(void)
{
	interrupts_restore = !interrupts_come_back();
	return interrupts_restore ? &handlers_restoring : &handlers;
}
