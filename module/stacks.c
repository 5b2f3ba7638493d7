// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks, each kept once and known by a number.
 *
 * Handlers insert without a lock: an entry is claimed by its key, filled, and
 * then marked ready; it never changes again until the module goes.
 */
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "callers.h"
#include "compat.h"
#include "ring.h"
#include "stacks.h"

#define STACKS		4096	/* different ones: a path has a few dozen */
#define STACK_PROBES	32	/* entries looked at for one stack */

#define STACK_READY	1

struct stack {
	u64 key;		/* hash << 1 | STACK_READY; 0: free */
	u32 nr;
	unsigned long frame[STACK_FRAMES];
};

static struct stack *stacks;

int stacks_init(void)
{
	int err;

	stacks = vzalloc(STACKS * sizeof(*stacks));
	if (!stacks)
		return -ENOMEM;
	err = callers_init();
	if (err)
		vfree(stacks);
	return err;
}

void stacks_exit(void)
{
	callers_exit();
	vfree(stacks);
}

/* Quick rather than good: number_of() compares. */
static u32 hash_of(const unsigned long *frame, unsigned int nr)
{
	u32 hash = nr;
	unsigned int i;

	for (i = 0; i < nr; i++)
		hash = (hash ^ (u32)frame[i]) * 0x9e3779b1;
	return hash ^ hash >> 16;
}

static bool is_stack(const struct stack *stack, const unsigned long *frame,
		     unsigned int nr)
{
	unsigned int i;

	if (stack->nr != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (stack->frame[i] != frame[i])
			return false;
	return true;
}

/* Return: the number of the stack, from 1; 0 if there is no room. */
static u32 number_of(const unsigned long *frame, unsigned int nr)
{
	u32 hash = hash_of(frame, nr);
	u64 key = (u64)hash << 1 | 1ULL << 40;
	unsigned int i;

	for (i = 0; i < STACK_PROBES; i++) {
		u32 id = (hash + i) % STACKS;
		struct stack *stack = &stacks[id];
		/* Pairs with smp_store_release() below. */
		u64 found = smp_load_acquire(&stack->key);

		if (!found && cmpxchg(&stack->key, 0, key) == 0) {
			memcpy(stack->frame, frame, nr * sizeof(*frame));
			stack->nr = nr;
			/* Pairs with smp_load_acquire() above and in show. */
			smp_store_release(&stack->key, key | STACK_READY);
			return id + 1;
		}
		if (found == (key | STACK_READY) && is_stack(stack, frame, nr))
			return id + 1;
	}
	return 0;
}

/**
 * stack_record() - the number of the stack that led to a probe
 * @trace: the CPU's
 * @regs: registers on entry of the probed function
 *
 * Context: probe handler.
 * Return: the number, from 1; 0 if there was no room (counted).
 */
u32 stack_record(struct cpu_trace *trace, struct pt_regs *regs)
{
	unsigned long frame[STACK_FRAMES];
	unsigned int nr;
	u32 id;

	id = callers_known(regs);
	if (likely(id))
		return id;
	nr = callers_find(frame, regs);
	id = number_of(frame, nr);
	if (id)
		callers_remember(regs, id);
	else
		local_inc(&trace->no_stack);
	return id;
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
