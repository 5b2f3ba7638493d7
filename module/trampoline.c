// SPDX-License-Identifier: GPL-2.0
/*
 * What kretprobes have replaced, on kernels that do not tell: before 5.11,
 * d741bf41d7c7 ("kprobes: Remove kretprobe hash").
 */
#include <linux/hash.h>

#include "trampoline.h"

#if !defined(CONFIG_KRETPROBE_ON_RETHOOK) && !defined(HAVE_KRETPROBE_INSTANCES)

#define NOTES_BITS	12	/* calls under way at once: a few a task */
#define NOTES_PROBES	8	/* looked at for one of them */
#define NOTE_BUSY	1	/* no slot: it is aligned */

/* A call under way: @slot on its stack held @was.  Free if @slot is 0. */
static struct note {
	unsigned long slot;
	unsigned long was;
} notes[1 << NOTES_BITS];

static struct note *note_at(unsigned long slot, unsigned int i)
{
	return &notes[(hash_long(slot, NOTES_BITS) + i) %
		      ARRAY_SIZE(notes)];
}

/**
 * note_return() - note what a kretprobe is about to replace
 * @slot: where the return address is on the stack
 *
 * Without room for it its trampoline stays in the stacks.
 *
 * Context: probe handler, the entry handler of a kretprobe.
 */
void note_return(unsigned long slot)
{
	unsigned long was = *(unsigned long *)slot;
	unsigned int i;

	for (i = 0; i < NOTES_PROBES; i++) {
		struct note *note = note_at(slot, i);
		unsigned long found = READ_ONCE(note->slot);

		/* Of our own stack, and what it was called for is over. */
		if (found != slot &&
		    (found || cmpxchg(&note->slot, 0, NOTE_BUSY)))
			continue;
		note->was = was;
		/* Pairs with smp_load_acquire() in replaced_return(). */
		smp_store_release(&note->slot, slot);
		return;
	}
}

/**
 * forget_return() - the call of which note_return() was told is over
 * @slot: as then
 *
 * Context: probe handler, the return handler.
 */
void forget_return(unsigned long slot)
{
	unsigned int i;

	for (i = 0; i < NOTES_PROBES; i++) {
		struct note *note = note_at(slot, i);

		if (READ_ONCE(note->slot) == slot) {
			WRITE_ONCE(note->slot, 0);
			return;
		}
	}
}

/**
 * replaced_return() - the return address that a kretprobe of ours has replaced
 * @slot: where it was on the stack of what runs, which nobody else has notes of
 *
 * Context: probe handler.  Return: the address, or 0 if it was not replaced.
 */
unsigned long replaced_return(unsigned long slot)
{
	unsigned int i;

	for (i = 0; i < NOTES_PROBES; i++) {
		const struct note *note = note_at(slot, i);

		/* Pairs with smp_store_release() in note_return(). */
		if (smp_load_acquire(&note->slot) == slot)
			return note->was == *(unsigned long *)slot ?
			       0 : note->was;
	}
	return 0;
}

#endif
