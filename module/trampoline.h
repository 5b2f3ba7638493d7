/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Return addresses that a kretprobe has put its own into the place of.
 *
 * Where the kernel keeps them by task they are read there; older ones keep them
 * where a module does not get at them, so those of our own probes are noted.
 */
#ifndef SKBTRACE_TRAMPOLINE_H
#define SKBTRACE_TRAMPOLINE_H

#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/sched.h>

#include "compat.h"

/* No call has more return probes around it. */
#define TRAMPOLINES_MAX	64

#if defined(CONFIG_KRETPROBE_ON_RETHOOK) || defined(HAVE_KRETPROBE_INSTANCES)

/**
 * replaced_return() - the return address that a kretprobe has replaced
 * @slot: where it was on the stack of what runs
 *
 * Context: probe handler.  Return: the address, or 0 if it was not replaced.
 */
static inline unsigned long replaced_return(unsigned long slot)
{
	unsigned long trampoline = READ_ONCE_NOCHECK(*(unsigned long *)slot);
	const struct llist_node *node;
	unsigned int i = 0;

#ifdef CONFIG_KRETPROBE_ON_RETHOOK
	node = current->rethooks.first;
#else
	node = current->kretprobe_instances.first;
#endif
	/* Of two probes of one function one has replaced the other's. */
	for (; node && i < TRAMPOLINES_MAX; node = node->next, i++) {
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
		const struct rethook_node *call =
			container_of(node, struct rethook_node, llist);
		unsigned long at = call->frame, was = call->ret_addr;
#else
		const struct kretprobe_instance *call =
			container_of(node, struct kretprobe_instance, llist);
		unsigned long at = (unsigned long)call->fp;
		unsigned long was = (unsigned long)call->ret_addr;
#endif
		if (at == slot && was != trampoline)
			return was;
	}
	return 0;
}

#define RETURNS_ARE_NOTED	false
static inline void note_return(unsigned long slot) { }
static inline void forget_return(unsigned long slot) { }

#else

#define RETURNS_ARE_NOTED	true
unsigned long replaced_return(unsigned long slot);
void note_return(unsigned long slot);
void forget_return(unsigned long slot);

#endif

#endif /* SKBTRACE_TRAMPOLINE_H */
