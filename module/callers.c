// SPDX-License-Identifier: GPL-2.0
/* Who called a probed function, where frames are linked, or nobody knows how. */
#include <linux/percpu.h>
#include <linux/sched.h>

#include "callers.h"
#include "compat.h"
#include "trampoline.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_FRAME_POINTER) && \
	!defined(HAVE_STACK_TRACE_SAVE)
/*
 * Follow the links, which takes less than to remember where they led.  The
 * kernel's unwinder would begin with the handler and miss the caller, whose
 * frame is the innermost: the function has not made its own yet.
 */

static bool is_frame_of_task(unsigned long bp)
{
	return bp - (unsigned long)current->stack <= THREAD_SIZE - 16;
}

/*
 * Is a frame on the task's stack or on that of interrupts?  Until 5.2,
 * e6401c130931 ("x86/irq/64: Split the IRQ stack into its own pages"), the
 * latter was the first of a CPU's variables.
 */
static bool is_frame(unsigned long bp)
{
	return !(bp % sizeof(long)) &&
	       (is_frame_of_task(bp) ||
		bp - __my_cpu_offset <= IRQ_STACK_SIZE - 24);
}

/* What is at a place that return addresses are at.  Return: 0 if none is. */
static unsigned long return_at(unsigned long slot)
{
	static unsigned long trampoline;	/* of kretprobes, once seen */
	unsigned long addr = *(unsigned long *)slot, was;

	if (!trampoline || addr == trampoline) {
		was = replaced_return(slot);
		if (was) {
			WRITE_ONCE(trampoline, addr);
			return was;
		}
	}
	return addr >= __START_KERNEL_map ? addr : 0;
}

unsigned int callers_find(unsigned long *caller, struct pt_regs *regs)
{
	unsigned long slot = regs->sp, bp = regs->bp;
	unsigned int n = 0;

	for (;;) {
		caller[n] = return_at(slot);
		if (!caller[n] || ++n == STACK_FRAMES || !is_frame(bp))
			return n;
		if (is_frame_of_task(bp) == is_frame_of_task(slot)) {
			/* Stacks grow down. */
			if (bp <= slot)
				return n;
		} else if (is_frame_of_task(slot) ||
			   ((unsigned long *)slot)[1] != bp) {
			/*
			 * On from the stack of interrupts to that of what called
			 * for softirqs, which call_softirq() notes there; not to
			 * what was interrupted: no packet came from there.
			 */
			return n;
		}
		slot = bp + sizeof(long);
		bp = *(unsigned long *)bp;
	}
}
#else
/* The frames of the handler and of the kernel's kprobe and ftrace code. */
#define HANDLER_FRAMES	12

unsigned int callers_find(unsigned long *caller, struct pt_regs *regs)
{
	unsigned long trace[STACK_FRAMES + HANDLER_FRAMES];
	unsigned int nr, i, n = 0;

	caller[n++] = regs_return_address(regs);
	nr = stack_trace_save(trace, ARRAY_SIZE(trace), 0);
	for (i = 0; i < nr; i++)
		if (trace[i] == caller[0])
			break;
	for (i++; i < nr && n < STACK_FRAMES; i++)
		caller[n++] = trace[i];
	return n;
}
#endif
