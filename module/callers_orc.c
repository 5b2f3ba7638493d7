// SPDX-License-Identifier: GPL-2.0
/*
 * Who called a probed function, where ORC says how to unwind.
 *
 * The kernel's unwinder takes as long for a stack as ten hops.  But most hops
 * come by the same way as one before, so on each CPU the last ways are
 * remembered, each as the words on the stack that the unwinder went by: whoever
 * finds them all unchanged came that way.
 *
 * Why that is never wrong: where the unwinder goes is a function of where it
 * begins (the probed instruction, sp, bp) and of the words that it reads.
 * From a return address it looks up a rule, the same as long as the code is
 * (modules that go make all be forgotten).  By the rule the next return
 * address is at a fixed distance from sp, or from bp, or where saved registers
 * or a link between two stacks say; and bp is kept, or read from a fixed
 * place.  So by induction, from one return address that is the same, at the
 * same distance, follows the next, if each word that the rules make use of is
 * compared: return addresses as they are, those that are addresses in the
 * stack by going on from where they point to.  Words that merely lie between
 * do not matter, and need not be the same.
 *
 * Which rule there was nobody tells.  It is found out by asking the unwinder
 * for each step twice more, with another sp and with another bp: what follows
 * is based on what it moves with.  A step that cannot be explained, and one
 * that the unwinder itself is not sure of, is not remembered.
 */
#include <linux/cpu.h>
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/unwind.h>

#include "callers.h"
#include "compat.h"
#include "trampoline.h"

#define word_at(addr)	READ_ONCE_NOCHECK(*(unsigned long *)(addr))

/*
 * What to compare, by kind.  The place is @base + a distance; @base begins as
 * the sp of the probed function.
 */
enum way_kind {
	WAY_WORD,	/* the word is the value */
	WAY_REPLACED,	/* a kretprobe replaced it, and it was the value */
	WAY_SAVED_BP,	/* the word is bp from here on */
	WAY_BASE_BP,	/* bp is the base from here on */
	WAY_BASE_WORD,	/* the word is */
	WAY_BASE_TOO,	/* the word is what the next WAY_BASE_WORD is */
};

/* Distances are multiples of 8, so the kind fits below; little is below a base. */
#define WAY_KIND	7
#define WAY_BELOW	64
#define WAY_STEPS	40

/*
 * A way that was gone: @nr words to compare.  Kernel text is in the upper
 * 2 GiB: 32 bits of it are enough.  Of a new base the value is how many bytes
 * around it are looked at, which is @room of the first.  Bases are on the
 * task's stack, or on one of the CPU's (an interrupt's) if it began there: then
 * it is at the same place again, @sp, from which on that has @cpu_room bytes.
 */
struct way {
	unsigned long ip;
	unsigned long sp;
	unsigned long cpu_room;
	bool in_interrupt;
	u32 id;
	u16 room;
	u16 nr;
	u16 at[WAY_STEPS];
	s32 value[WAY_STEPS];
};

/* What is called from one place only, as the freeing of skbs, comes by many ways. */
#define WAYS_SETS	64
#define WAYS_IN_SET	16

struct ways {
	struct way way[WAYS_SETS][WAYS_IN_SET];
	u8 oldest[WAYS_SETS];
	u8 last[WAYS_SETS];	/* the way that was gone the last time */
	struct way new;		/* what callers_find() has just gone, if nr */
	unsigned int generation;
};

/* NULL until a stack is asked for. */
static DEFINE_PER_CPU(struct ways *, ways);
static DEFINE_PER_CPU(bool, ways_asked_for);

/*
 * Goes up when text goes, of a module or of its beginning: then the same address
 * may be another function.
 */
static unsigned int text_generation;

static int text_goes(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event == MODULE_STATE_GOING || event == MODULE_STATE_LIVE)
		WRITE_ONCE(text_generation, text_generation + 1);
	return NOTIFY_DONE;
}

static struct notifier_block text_notifier = { .notifier_call = text_goes };

static void allocate_ways(struct work_struct *unused)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct ways *new;

		if (per_cpu(ways, cpu))
			continue;
		/* Without it goes as well, slowly. */
		new = vzalloc_node(sizeof(*new), cpu_to_node(cpu));
		smp_store_release(per_cpu_ptr(&ways, cpu), new);
	}
	cpus_read_unlock();
}

static DECLARE_WORK(ways_work, allocate_ways);

static void queue_ways_work(struct irq_work *unused)
{
	schedule_work(&ways_work);
}

static struct irq_work ways_irq_work;

/* Handlers cannot allocate, nor queue work: they ask for it. */
static void ask_for_ways(void)
{
	if (this_cpu_read(ways_asked_for))
		return;
	this_cpu_write(ways_asked_for, true);
	irq_work_queue(&ways_irq_work);
}

/**
 * callers_init() - be ready to remember ways
 *
 * Context: process, may sleep.  Return: 0 or an error.
 */
int callers_init(void)
{
	BUILD_BUG_ON(THREAD_SIZE > 1 << 16);
	init_irq_work(&ways_irq_work, queue_ways_work);
	return register_module_notifier(&text_notifier);
}

/**
 * callers_exit() - forget them
 *
 * Context: process, may sleep; no handler runs any more.
 */
void callers_exit(void)
{
	int cpu;

	unregister_module_notifier(&text_notifier);
	irq_work_sync(&ways_irq_work);
	cancel_work_sync(&ways_work);
	for_each_possible_cpu(cpu)
		vfree(per_cpu(ways, cpu));
}

/*
 * Where an interrupt came from is not where a packet did: its stack ends there.
 * What a fault interrupted is told.
 */
static __always_inline bool is_interrupt(void)
{
	return (preempt_count() & (NMI_MASK | HARDIRQ_MASK)) ||
	       in_serving_softirq();
}

static __always_inline unsigned long task_stack(void)
{
	return (unsigned long)current->stack;
}

static __always_inline bool on_task_stack(unsigned long addr,
					  unsigned long bytes)
{
	return addr - task_stack() <= THREAD_SIZE - bytes;
}

static __always_inline bool has_room(const struct way *way, unsigned long base,
				     unsigned long room)
{
	return on_task_stack(base - WAY_BELOW, room) ||
	       (way->sp && base - way->sp <= way->cpu_room + WAY_BELOW - room);
}

static __always_inline unsigned int set_of(const struct pt_regs *regs)
{
	u32 hash = regs->ip ^ word_at(regs->sp) * 0x9e3779b1;

	return (hash ^ hash >> 12 ^ hash >> 22) % WAYS_SETS;
}

static __always_inline bool is_way(const struct way *way,
				   const struct pt_regs *regs)
{
	unsigned long base = regs->sp, bp = regs->bp, link = 0, at;
	unsigned int i;

	if (way->ip != regs->ip || way->in_interrupt != is_interrupt())
		return false;
	if (way->sp ? base != way->sp : !has_room(way, base, way->room))
		return false;
	for (i = 0; i < way->nr; i++) {
		at = base - WAY_BELOW + (way->at[i] & ~WAY_KIND);
		switch (way->at[i] & WAY_KIND) {
		case WAY_WORD:
			if (word_at(at) != (long)way->value[i])
				return false;
			break;
		case WAY_REPLACED:
			if (replaced_return(at) != (long)way->value[i])
				return false;
			break;
		case WAY_SAVED_BP:
			bp = word_at(at);
			break;
		case WAY_BASE_BP:
			base = bp;
			if (!has_room(way, base, way->value[i]))
				return false;
			break;
		case WAY_BASE_TOO:
			if (link && link != word_at(at))
				return false;
			link = word_at(at);
			break;
		case WAY_BASE_WORD:
			base = word_at(at);
			if (!has_room(way, base, way->value[i]) ||
			    (link && link != base))
				return false;
			link = 0;
			break;
		}
	}
	return true;
}

/**
 * callers_known() - is this a way that is remembered
 * @regs: registers on entry of the probed function
 *
 * Context: probe handler.
 * Return: what callers_remember() was told, or 0.
 */
u32 callers_known(struct pt_regs *regs)
{
	struct ways *known = this_cpu_read(ways);
	unsigned int set, i, k;

	if (unlikely(!known)) {
		ask_for_ways();
		return 0;
	}
	if (unlikely(known->generation != READ_ONCE(text_generation))) {
		memset(known->way, 0, sizeof(known->way));
		known->generation = READ_ONCE(text_generation);
	}
	set = set_of(regs);
	for (i = 0; i < WAYS_IN_SET; i++) {
		k = (known->last[set] + i) % WAYS_IN_SET;
		if (is_way(&known->way[set][k], regs)) {
			known->last[set] = k;
			return known->way[set][k].id;
		}
	}
	return 0;
}

/**
 * callers_remember() - remember the way that callers_find() has just gone
 * @regs: registers on entry of the probed function
 * @id: what callers_known() will say, not 0
 *
 * Context: probe handler, that of callers_find().
 */
void callers_remember(struct pt_regs *regs, u32 id)
{
	struct ways *known = this_cpu_read(ways);
	unsigned int set, i;

	if (!known || !known->new.nr)
		return;
	known->new.id = id;
	set = set_of(regs);
	i = known->oldest[set]++ % WAYS_IN_SET;
	known->way[set][i] = known->new;
	known->last[set] = i;
}

/*
 * The way as it is gone.  @way is NULL from when on it cannot be remembered.
 */
struct walk {
	struct way *way;
	unsigned long base;
	s32 *value;		/* of the step that made it the base, or NULL: the first */
	unsigned long end;	/* of what is looked at from there */
	int saved_bp;		/* the step that would tell bp, if nothing used it yet */
	bool bp_known;
	unsigned long cpu_sp;	/* where on the CPU's stack it began, if it did */
	unsigned long cpu_room;
};

static bool is_on_stack(const struct walk *walk, unsigned long addr)
{
	return on_task_stack(addr, 32) ||
	       (walk->cpu_room >= 32 &&
		addr - walk->cpu_sp <= walk->cpu_room - 32);
}

static void walk_forget(struct walk *walk)
{
	walk->way = NULL;
}

static void walk_add(struct walk *walk, enum way_kind kind, unsigned long addr,
		     unsigned long value)
{
	struct way *way = walk->way;
	unsigned long distance;

	if (!way)
		return;
	distance = addr - (walk->base - WAY_BELOW);
	if (way->nr == WAY_STEPS || distance > THREAD_SIZE - 8 ||
	    distance % 8 || (long)value != (s32)value) {
		walk_forget(walk);
		return;
	}
	way->at[way->nr] = distance | kind;
	way->value[way->nr++] = value;
	if (addr + 8 > walk->end)
		walk->end = addr + 8;
}

/* How much of the stack was looked at from the last base. */
static void walk_end_base(struct walk *walk)
{
	unsigned long room = walk->end - (walk->base - WAY_BELOW);

	if (!walk->way)
		return;
	if (walk->value)
		*walk->value = room;
	else
		walk->way->room = min(room, THREAD_SIZE - 1);
}

/* From here on it is counted from @base, which is bp or the word at @addr. */
static void walk_rebase(struct walk *walk, enum way_kind kind,
			unsigned long addr, unsigned long base)
{
	if (!is_on_stack(walk, base))
		walk_forget(walk);
	walk_add(walk, kind, addr, 0);
	walk_end_base(walk);
	if (!walk->way)
		return;
	walk->value = &walk->way->value[walk->way->nr - 1];
	walk->base = base;
	walk->end = base;
}

/* Where the unwinder found ip and sp: above a return address, or registers. */
static unsigned long frame_of(const struct unwind_state *state)
{
	return state->regs ? (unsigned long)state->regs : state->sp;
}

/* What would tell bp is not needed: nobody used it. */
static void walk_unsave_bp(struct walk *walk)
{
	struct way *way = walk->way;
	unsigned int i = walk->saved_bp, rest = --way->nr - i;

	memmove(&way->at[i], &way->at[i + 1], rest * sizeof(way->at[0]));
	memmove(&way->value[i], &way->value[i + 1],
		rest * sizeof(way->value[0]));
	if (walk->value > &way->value[i])
		walk->value--;
	walk->saved_bp = -1;
}

/*
 * bp is another now, of saved registers or read from somewhere between @from and
 * the frame.  Only a place in the stack may be of use later; of what nobody used
 * the last is enough.
 */
static void walk_bp(struct walk *walk, const struct unwind_state *state,
		    unsigned long from)
{
	unsigned long addr, to = frame_of(state) - 8, found = 0;
	struct way *way = walk->way;

	walk->bp_known = false;
	if (!way || !is_on_stack(walk, state->bp))
		return;
	if (walk->saved_bp >= 0)
		walk_unsave_bp(walk);
	for (addr = from; addr < to; addr += 8) {
		if (word_at(addr) != state->bp)
			continue;
		if (found)
			return;		/* cannot say which */
		found = addr;
	}
	if (!found)
		return;
	walk->saved_bp = way->nr;
	walk_add(walk, WAY_SAVED_BP, found, 0);
	walk->bp_known = walk->way != NULL;
}

static void walk_use_bp(struct walk *walk, unsigned long bp)
{
	if (!walk->bp_known)
		walk_forget(walk);
	walk->saved_bp = -1;
	walk_rebase(walk, WAY_BASE_BP, walk->base, bp);
}

/*
 * The next frame is where a word of this one says, which was found by way of bp:
 * its function had its stack aligned.  All that say the same are to.
 */
static void walk_link(struct walk *walk, unsigned long from, unsigned long frame)
{
	unsigned long addr, found = 0;

	for (addr = from; addr < frame; addr += 8) {
		if (word_at(addr) != frame)
			continue;
		if (found)
			walk_add(walk, WAY_BASE_TOO, found, 0);
		found = addr;
	}
	if (found)
		walk_rebase(walk, WAY_BASE_WORD, found, frame);
	else
		walk_forget(walk);
}

/*
 * Go on to the next frame, and find out how that was found.  What other values
 * of sp and bp lead to is not looked at but for where it is.
 */
static void walk_step(struct walk *walk, struct unwind_state *state)
{
	struct unwind_state was = *state, by_sp = *state, by_bp = *state;
	bool sp_moves, sp_stays, bp_moves = false, bp_stays = true, bp_kept;
	unsigned long frame;

	unwind_next_frame(state);
	if (!walk->way || unwind_done(state))
		return;
	frame = frame_of(state);
	/* The unwinder does not complain of what it finds when it is in error. */
	by_sp.error = true;
	by_sp.sp -= 8;
	sp_stays = unwind_next_frame(&by_sp);
	sp_moves = sp_stays && frame_of(&by_sp) == frame - 8;
	sp_stays = sp_stays && frame_of(&by_sp) == frame;
	/* A bp that is nowhere in the stack leads nowhere. */
	bp_kept = state->bp == was.bp;
	if (is_on_stack(walk, was.bp)) {
		by_bp.error = true;
		by_bp.bp += 8;
		bp_stays = unwind_next_frame(&by_bp);
		bp_moves = bp_stays && frame_of(&by_bp) == frame + 8;
		bp_stays = bp_stays && frame_of(&by_bp) == frame;
		bp_kept = bp_kept && by_bp.bp == was.bp + 8;
	}

	if (sp_moves && bp_stays) {
		if (!bp_kept)
			walk_bp(walk, state, was.sp);
	} else if (sp_stays && !bp_stays) {
		walk_use_bp(walk, was.bp);
		if (!bp_kept)
			walk_bp(walk, state, was.bp);
		if (!bp_moves)
			walk_link(walk, was.sp, frame);
		if (!bp_moves && frame == was.bp + 16)
			walk_forget(walk);	/* that is no link */
	} else if (bp_stays && was.sp + 8 == (unsigned long)was.stack_info.end &&
		   frame - word_at(was.sp) < THREAD_SIZE) {
		/* The last word of an interrupt's stack says where it left the task's. */
		walk_rebase(walk, WAY_BASE_WORD, was.sp, word_at(was.sp));
		if (!bp_kept)
			walk_bp(walk, state, walk->base);
	} else {
		walk_forget(walk);
	}
}

/* What says that this is the frame it was. */
static void walk_frame(struct walk *walk, struct unwind_state *state)
{
	unsigned long slot = state->sp - 8, was;

	if (state->regs) {
		if (!state->full_regs || !user_mode(state->regs))
			walk_forget(walk);	/* what comes is not followed */
		walk_add(walk, WAY_WORD, (unsigned long)&state->regs->cs,
			 state->regs->cs);
		return;
	}
	was = replaced_return(slot);
	if (was) {
		/* Some unwinders know that, some do not. */
		state->ip = was;
		walk_add(walk, WAY_REPLACED, slot, was);
	} else if (word_at(slot) == state->ip) {
		walk_add(walk, WAY_WORD, slot, state->ip);
	} else {
		walk_forget(walk);
	}
}

/**
 * callers_find() - who called a probed function
 * @caller: STACK_FRAMES addresses, innermost first
 * @regs: registers on entry of the probed function
 *
 * Context: probe handler.  Return: how many there are.
 */
unsigned int callers_find(unsigned long *caller, struct pt_regs *regs)
{
	struct ways *known = this_cpu_read(ways);
	struct walk walk = {
		.base = regs->sp, .end = regs->sp,
		.saved_bp = -1, .bp_known = true,
	};
	struct unwind_state state;
	unsigned int n = 0;

	if (likely(known)) {
		walk.way = &known->new;
		known->new.nr = 0;
		known->new.ip = regs->ip;
		known->new.sp = 0;
		known->new.in_interrupt = is_interrupt();
	}
	/* The first step goes by sp: nothing is pushed yet. */
	unwind_start(&state, current, regs, NULL);
	if (known && !on_task_stack(regs->sp, 8)) {
		walk.cpu_sp = regs->sp;
		walk.cpu_room = (unsigned long)state.stack_info.end - regs->sp;
		known->new.sp = walk.cpu_sp;
		known->new.cpu_room = walk.cpu_room;
	}
	while (!unwind_done(&state) && !(state.regs && is_interrupt())) {
		walk_frame(&walk, &state);
		caller[n] = unwind_get_return_address(&state);
		if (!caller[n] || ++n == STACK_FRAMES)
			break;
		walk_step(&walk, &state);
	}
	walk_end_base(&walk);
	if (known && (!walk.way || unwind_error(&state)))
		known->new.nr = 0;
	return n;
}
