// SPDX-License-Identifier: GPL-2.0
/*
 * Are the stacks that skbtrace recognises those that the unwinder finds?
 *
 * Its own files are built into this module, which probes all its points, and
 * return points beside them.  At each hop the stack by stack_record() is
 * compared with
 *
 *   - callers_find(), which is what it would have been had it not been
 *     remembered, and
 *   - stack_trace_save(), the kernel's own unwinder beginning with this handler,
 *     as far as kretprobes do not lead that one astray.
 *
 * parameters/result: what came of it, and the first difference.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../module/trampoline.c"
#ifdef CONFIG_UNWINDER_ORC
#include "../module/callers_orc.c"
#else
#include "../module/callers.c"
#endif
#include "../module/stacks.c"

#include <skbtrace/points.h>

DEFINE_PER_CPU(struct cpu_trace, cpu_trace);

#define POINT(_id, _symbol, ...) #_symbol,
static const char * const symbols[] = { SKBTRACE_POINTS(POINT) };
#undef POINT

#define NR_PROBES ARRAY_SIZE(symbols)

static struct kprobe *probes;
static unsigned int attached;

/* Functions that others are called by, so that there are trampolines in stacks. */
static const char * const return_symbols[] = {
	"nf_hook_slow", "br_handle_frame", "veth_xmit", "ip_local_deliver",
	"br_handle_frame_finish", "__dev_queue_xmit",
};

#define NR_RETURNS ARRAY_SIZE(return_symbols)

static struct kretprobe returns[NR_RETURNS];
static bool returns_attached[NR_RETURNS];

static unsigned long trampoline;

/* What one CPU has seen. */
struct figures {
	unsigned long hops;
	unsigned long known;		/* recognised */
	unsigned long no_stack;
	unsigned long interrupts;	/* not on the task's stack */
	unsigned long frames;
	unsigned long trampolines;	/* put back */
	unsigned long left;		/* not put back */
	unsigned long differ;		/* from callers_find() */
	unsigned long differ_kernel;	/* from stack_trace_save() */
	unsigned long short_kernel;	/* it ended at a trampoline */
	unsigned long unsure;		/* not to be remembered */
};

static DEFINE_PER_CPU(struct figures, figures);

static struct difference {
	bool taken;
	const char *with;
	unsigned int nr, nr_other;
	unsigned long ip, sp;
	unsigned long frame[STACK_FRAMES], other[STACK_FRAMES];
} difference;

static void differs(const char *with, const struct pt_regs *regs,
		    const struct stack *stack, const unsigned long *other,
		    unsigned int nr)
{
	if (xchg(&difference.taken, true))
		return;
	difference.with = with;
	difference.ip = regs->ip;
	difference.sp = regs->sp;
	difference.nr = stack->nr;
	memcpy(difference.frame, stack->frame, sizeof(difference.frame));
	difference.nr_other = nr;
	memcpy(difference.other, other, nr * sizeof(*other));
}

#define KERNEL_FRAMES	(STACK_FRAMES + 16)

struct scratch {
	unsigned long kernel[KERNEL_FRAMES];
	unsigned long fresh[STACK_FRAMES];
};

static DEFINE_PER_CPU(struct scratch, scratch);

/* The kernel's unwinder, from the caller on; that of 3.10 does not see the caller. */
static void compare_with_kernel(struct figures *f, const struct pt_regs *regs,
				const struct stack *stack)
{
	struct scratch *s = this_cpu_ptr(&scratch);
	unsigned int nr, i, k, from;
	bool in_interrupt;

	nr = stack_trace_save(s->kernel, KERNEL_FRAMES, 0);
#ifdef HAVE_STACK_TRACE_SAVE
	from = 0;
#else
	from = 1;
#endif
	for (k = 0; k < nr; k++)
		if (s->kernel[k] == stack->frame[from] ||
		    (trampoline && s->kernel[k] == trampoline))
			break;
#ifndef HAVE_STACK_TRACE_SAVE
	if (k == nr) {
		/* It did not get out of the handler. */
		f->short_kernel++;
		return;
	}
#endif
	in_interrupt = (preempt_count() & (NMI_MASK | HARDIRQ_MASK)) ||
		       in_serving_softirq();
	for (i = from; i < stack->nr && k < nr; i++, k++) {
		if (s->kernel[k] == stack->frame[i])
			continue;
		if (trampoline && s->kernel[k] == trampoline) {
#ifdef CONFIG_UNWINDER_ORC
			f->short_kernel++;
			return;
#else
			continue;
#endif
		}
		break;
	}
	/* It goes on to what an interrupt interrupted, and perhaps is longer. */
	if ((i < stack->nr && nr < KERNEL_FRAMES) ||
	    (k < nr && stack->nr < STACK_FRAMES && !in_interrupt)) {
		f->differ_kernel++;
		differs("stack_trace_save", regs, stack, s->kernel + k - (k ? 1 : 0),
			min_t(unsigned int, nr - k + (k ? 1 : 0), STACK_FRAMES));
	}
}

static int handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct figures *f = this_cpu_ptr(&figures);
	struct scratch *s = this_cpu_ptr(&scratch);
	const struct stack *stack;
	unsigned long flags;
	unsigned int nr, i;
	bool known;
	u32 id;

	local_irq_save(flags);
	f->hops++;
	if (replaced_return(regs->sp))
		trampoline = *(unsigned long *)regs->sp;
	if (regs->sp - (unsigned long)current->stack >= THREAD_SIZE)
		f->interrupts++;
	known = callers_known(regs);
	f->known += known;
	id = stack_record(this_cpu_ptr(&cpu_trace), regs);
#ifdef CONFIG_UNWINDER_ORC
	if (!known && this_cpu_read(ways) && !this_cpu_read(ways)->new.nr)
		f->unsure++;
#endif
	if (!id) {
		f->no_stack++;
		goto out;
	}
	stack = &stacks[id - 1];
	f->frames += stack->nr;
	nr = callers_find(s->fresh, regs);
	if (nr != stack->nr ||
	    memcmp(s->fresh, stack->frame, nr * sizeof(*s->fresh))) {
		f->differ++;
		differs("callers_find", regs, stack, s->fresh, nr);
	}
	for (i = 0; i < stack->nr; i++)
		if (trampoline && stack->frame[i] == trampoline)
			f->left++;
	compare_with_kernel(f, regs, stack);
out:
	local_irq_restore(flags);
	return 0;
}

static int entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	note_return(regs->sp);
	*(unsigned long *)ri->data = regs->sp;
	return 0;
}

static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	forget_return(*(unsigned long *)ri->data);
	this_cpu_ptr(&figures)->trampolines++;
	return 0;
}

static unsigned int show_frames(char *to, unsigned int room, const char *what,
				const unsigned long *frame, unsigned int nr)
{
	unsigned int n, i;

	n = scnprintf(to, room, "%s:", what);
	for (i = 0; i < nr; i++)
		n += scnprintf(to + n, room - n, " %pS", (void *)frame[i]);
	return n + scnprintf(to + n, room - n, "\n");
}

static int result_get(char *to, const struct kernel_param *kp)
{
	unsigned long sum[sizeof(struct figures) / sizeof(long)] = { 0 };
	unsigned int n, i, different = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < ARRAY_SIZE(sum); i++)
			sum[i] += ((unsigned long *)&per_cpu(figures, cpu))[i];
	for (i = 0; i < STACKS; i++)
		different += stacks[i].key != 0;
	n = scnprintf(to, PAGE_SIZE,
		      "different %u attached %u hops %lu known %lu no_stack %lu interrupts %lu frames %lu returns %lu left %lu differ %lu differ_kernel %lu short_kernel %lu unsure %lu\n",
		      different, attached, sum[0], sum[1], sum[2], sum[3], sum[4], sum[5],
		      sum[6], sum[7], sum[8], sum[9], sum[10]);
	if (difference.taken && difference.with) {
		n += scnprintf(to + n, PAGE_SIZE - n, "at %pS sp %lx not by %s\n",
			       (void *)difference.ip, difference.sp,
			       difference.with);
		n += show_frames(to + n, PAGE_SIZE - n, "is", difference.frame,
				 difference.nr);
		n += show_frames(to + n, PAGE_SIZE - n, "by", difference.other,
				 difference.nr_other);
	}
	return n;
}

static const struct kernel_param_ops result_ops = { .get = result_get };
module_param_cb(result, &result_ops, NULL, 0400);

static int __init stacks_test_init(void)
{
	unsigned int i;
	int err;

	probes = kcalloc(NR_PROBES, sizeof(*probes), GFP_KERNEL);
	if (!probes)
		return -ENOMEM;
	err = stacks_init();
	if (err) {
		kfree(probes);
		return err;
	}
	for (i = 0; i < NR_PROBES; i++) {
		struct kprobe *kp = &probes[attached];

		memset(kp, 0, sizeof(*kp));
		kp->symbol_name = symbols[i];
		kp->pre_handler = handler;
		if (!register_kprobe(kp))
			attached++;
	}
	/* Last, so that where both are they have replaced what the others see. */
	for (i = 0; i < NR_RETURNS; i++) {
		returns[i].kp.symbol_name = return_symbols[i];
		returns[i].entry_handler = entered;
		returns[i].handler = returned;
		returns[i].data_size = sizeof(unsigned long);
		returns[i].maxactive = 64;
		returns_attached[i] = !register_kretprobe(&returns[i]);
	}
	return 0;
}

static void __exit stacks_test_exit(void)
{
	unsigned int i;

	for (i = 0; i < attached; i++)
		unregister_kprobe(&probes[i]);
	for (i = 0; i < NR_RETURNS; i++)
		if (returns_attached[i])
			unregister_kretprobe(&returns[i]);
	synchronize_rcu();
	stacks_exit();
	kfree(probes);
}

module_init(stacks_test_init);
module_exit(stacks_test_exit);
MODULE_DESCRIPTION("skbtrace's test of its stacks");
MODULE_LICENSE("GPL");
