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
#define STACK_PROBES	8	/* entries looked at for one stack */

/*
 * The frames between the handler and the probed function: the handler itself
 * and the kernel's kprobe and ftrace code.
 */
#define STACK_HANDLER_FRAMES	12

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
 * Save the callers of the probed function, innermost first.  What the
 * unwinder sees begins with the handler and may lack the direct caller (on
 * kernels with frame pointers the function has not set up its own yet), so
 * that one is taken from where the call left it.
 */
static unsigned int save_callers(unsigned long *frame, struct pt_regs *regs)
{
	unsigned long trace[STACK_FRAMES + STACK_HANDLER_FRAMES];
	unsigned long caller = regs_return_address(regs);
	unsigned int nr, i, n = 0;

	nr = stack_trace_save(trace, ARRAY_SIZE(trace), 0);
	frame[n++] = caller;
	for (i = 0; i < nr; i++)
		if (trace[i] == caller)
			break;
	if (i == nr) {
		/* Not there: what is behind the probed function is. */
		for (i = 0; i < nr; i++)
			if (trace[i] - instruction_pointer(regs) < 16)
				break;
		if (i == nr)
			i = min_t(unsigned int, nr, 4) - 1;
	}
	for (i++; i < nr && n < STACK_FRAMES; i++)
		frame[n++] = trace[i];
	return n;
}

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
