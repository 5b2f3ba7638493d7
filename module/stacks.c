// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks, each kept once and known by a number.
 *
 * Handlers insert without a lock: an entry is claimed by its key, filled, and
 * then marked ready; it never changes again until the module goes.
 */
#include <linux/jhash.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "ring.h"
#include "stacks.h"

#define STACKS		2048	/* different ones: a path has a few dozen */
#define STACK_FRAMES	24
#define STACK_PROBES	16	/* entries looked at for one stack */

#define STACK_READY	1

struct stack {
	u64 key;		/* hash << 1 | STACK_READY; 0: free */
	u32 nr;
	unsigned long frame[STACK_FRAMES];
};

static struct stack *stacks;

int stacks_init(void)
{
	stacks = vzalloc(STACKS * sizeof(*stacks));
	return stacks ? 0 : -ENOMEM;
}

void stacks_exit(void)
{
	vfree(stacks);
}

/*
 * Save the callers of the probed function, innermost first.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_FRAME_POINTER)
/*
 * The unwinder of such a kernel would begin with the handler and miss the
 * caller, whose frame is the innermost: the function has not made its own yet.
 */
static unsigned int save_callers(unsigned long *caller, struct pt_regs *regs)
{
	unsigned long frame[2], bp = regs->bp;	/* the frame before, return address */
	unsigned int n = 0;

	caller[n++] = regs_return_address(regs);
	while (n < STACK_FRAMES && bp >= PAGE_OFFSET &&
	       !copy_from_kernel_nofault(frame, (void *)bp, sizeof(frame)) &&
	       frame[1] >= __START_KERNEL_map) {
		caller[n++] = frame[1];
		if (frame[0] <= bp)
			break;		/* stacks grow down */
		bp = frame[0];
	}
	return n;
}
#else
/* The frames of the handler and of the kernel's kprobe and ftrace code. */
#define STACK_HANDLER_FRAMES	12

static unsigned int save_callers(unsigned long *caller, struct pt_regs *regs)
{
	unsigned long trace[STACK_FRAMES + STACK_HANDLER_FRAMES];
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

/**
 * stack_record() - the number of the stack that led to a probe
 * @trace: the CPU's
 * @regs: registers on entry of the probed function
 *
 * Context: any.
 * Return: the number, from 1; 0 if there was no room (counted).
 */
u32 stack_record(struct cpu_trace *trace, struct pt_regs *regs)
{
	unsigned long frame[STACK_FRAMES];
	unsigned int nr, size, i;
	u32 hash;
	u64 key;

	nr = save_callers(frame, regs);
	size = nr * sizeof(*frame);
	hash = jhash(frame, size, nr);
	key = (u64)hash << 1 | 1ULL << 40;

	for (i = 0; i < STACK_PROBES; i++) {
		u32 id = (hash + i) % STACKS;
		struct stack *stack = &stacks[id];
		/* Pairs with smp_store_release() below. */
		u64 found = smp_load_acquire(&stack->key);

		if (!found && cmpxchg(&stack->key, 0, key) == 0) {
			memcpy(stack->frame, frame, size);
			stack->nr = nr;
			/* Pairs with smp_load_acquire() above and in show. */
			smp_store_release(&stack->key, key | STACK_READY);
			return id + 1;
		}
		if (found == (key | STACK_READY) && stack->nr == nr &&
		    !memcmp(stack->frame, frame, size))
			return id + 1;
	}
	local_inc(&trace->no_stack);
	return 0;
}

/**
 * stacks_show() - print all stacks, a line each: number, frames by ';'
 * @m: where to
 */
void stacks_show(struct seq_file *m)
{
	unsigned int id, i;

	seq_puts(m, "# id frame;caller;...\n");
	for (id = 0; id < STACKS; id++) {
		const struct stack *stack = &stacks[id];

		/* Pairs with smp_store_release() in stack_record(). */
		if (!(smp_load_acquire(&stack->key) & STACK_READY))
			continue;
		seq_printf(m, "%u ", id + 1);
		for (i = 0; i < stack->nr; i++)
			seq_printf(m, "%s%pS", i ? ";" : "",
				   (void *)stack->frame[i]);
		seq_putc(m, '\n');
	}
}
