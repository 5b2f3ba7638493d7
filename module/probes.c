// SPDX-License-Identifier: GPL-2.0
/*
 * The table of points as kprobes and kretprobes: registered, reported, and
 * following the modules that their symbols are in.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "compat.h"
#include "config.h"
#include "probes.h"

/* A second use of an id is an error here: "duplicate case value". */
#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	case _id:
static inline void points_ids_are_unique(unsigned int id)
{
	switch (id) {
	SKBTRACE_POINTS(POINT)
		break;
	}
}
#undef POINT

#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	{								\
		.id = _id,						\
		.kind = POINT_ ## _kind,				\
		.data = DATA_ ## _data,					\
		.dev = DEV_ ## _dev,					\
		.twin = TWIN_ ## _twin,					\
		.role = ROLE_ ## _role,					\
		.skb_arg = SKB_ ## _skb,				\
		.skb_spec = SKB_ ## _skb,				\
		.symbol = #_symbol,					\
		.group = #_group,					\
		.module = #_module,					\
	},
static struct point points[] = { SKBTRACE_POINTS(POINT) };
#undef POINT

/* The function of each of them; under points_lock. */
#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	{								\
		.name = #_symbol,					\
		.module = #_module,					\
		.takes_constprop = TWIN_ ## _twin == TWIN_CONSTPROP,	\
	},
static struct symbol symbols[] = { SKBTRACE_POINTS(POINT) };
#undef POINT

static DEFINE_MUTEX(points_lock);

static const struct probe_handlers *handlers;

/* This kernel lets modules look for functions: see symbols.c. */
static bool can_look;

DEFINE_PER_CPU(struct point_hits, point_hits);

/*
 * Attaching all points takes a while.  Until it is done nothing is recorded,
 * and before detaching begins recording stops: no journey is without some of
 * its hops because of that.
 */
bool probes_armed;

struct probes_frees probes_frees;

static bool blind;		/* see probes_see(); but for probes_suspend() under points_lock */

static unsigned long point_missed(const struct point *point)
{
	unsigned long missed = point->missed;

	if (point->state != POINT_ACTIVE)
		return missed;
	if (point->kind == POINT_ENTRY)
		return missed + point->kp.nmissed;
	return missed + point->rp.nmissed + point->rp.kp.nmissed;
}

/*
 * All of struct kprobe must be as new on each registration: a left-over addr
 * is refused, left-over flags register it disabled.  Either @address or @name
 * says where.
 */
static int register_point(struct point *point, unsigned long address,
			  const char *name)
{
	/* It may be another build of the function, or of its module. */
	point->trusted = 0;
	point->way = WAY_UNKNOWN;
	point->skb_arg = point->skb_spec;
	if (point->kind == POINT_ENTRY) {
		memset(&point->kp, 0, sizeof(point->kp));
		point->kp.addr = (kprobe_opcode_t *)address;
		point->kp.symbol_name = name;
		point->kp.pre_handler = handlers->entry;
		return register_kprobe(&point->kp);
	}
	memset(&point->rp, 0, sizeof(point->rp));
	point->rp.kp.addr = (kprobe_opcode_t *)address;
	point->rp.kp.symbol_name = name;
	point->rp.entry_handler = handlers->call;
	point->rp.handler = handlers->return_;
	point->rp.data_size = handlers->call_size;
	/* Calls under way at once: nested contexts and preempted tasks. */
	point->rp.maxactive = 32 + 4 * num_possible_cpus();
	return register_kretprobe(&point->rp);
}

/*
 * Compilers number the clones of a function from 0, gcc before 9 those of a
 * whole file.
 */
#define CONSTPROP_TRIES	10

static int try_names(struct point *point)
{
	struct symbol *where = point->where;
	int err, i;

	strscpy(where->found, where->name, sizeof(where->found));
	err = register_point(point, 0, where->found);
	for (i = 0; err == -ENOENT && where->takes_constprop && i < CONSTPROP_TRIES; i++) {
		snprintf(where->found, sizeof(where->found), "%s.constprop.%d",
			 where->name, i);
		err = register_point(point, 0, where->found);
	}
	return err;
}

static void attach(struct point *point)
{
	int err;

	if (!can_look)
		err = try_names(point);
	else if (point->where->address)
		err = register_point(point, point->where->address, NULL);
	else
		err = -ENOENT;
	point->error = err;
	if (!err)
		point->state = POINT_ACTIVE;
	else if (err == -ENOENT)
		point->state = POINT_ABSENT;
	else
		point->state = POINT_REFUSED;
}

/*
 * Attach the points that are in a state, one by one: register_kprobes() does
 * nothing else, but gives all of them up for one that fails.
 */
static void attach_all(bool (*wanted)(const struct point *point,
				      const void *arg), const void *arg,
		       enum point_state state)
{
	struct point *point;
	bool any = false;

	for (point = points; point < points + NR_POINTS; point++) {
		if (point->state != state || !wanted(point, arg))
			continue;
		if (!any)
			can_look = symbols_look(symbols, ARRAY_SIZE(symbols));
		any = true;
		attach(point);
	}
}

/* Does the kernel have a function of this name?  Its probe is never armed. */
static bool symbol_exists(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&probe);

	if (!err)
		unregister_kprobe(&probe);
	return err != -ENOENT;
}

/* Is a module there, if none of its points that are wanted could be attached? */
static bool module_is_there(const char *module)
{
	const struct point *point;

	for (point = points; point < points + NR_POINTS; point++) {
		if (strcmp(point->module, module))
			continue;
		if (point->state == POINT_ACTIVE ||
		    point->state == POINT_REFUSED || point->where->has_module)
			return true;
		/* Those that are wanted have just been looked for. */
		if (!can_look && point->state == POINT_OFF &&
		    symbol_exists(point->symbol))
			return true;
	}
	return false;
}

/* What is not there is waited for if its module is not there either. */
static void tell_waiting_from_absent(void)
{
	struct point *point;

	for (point = points; point < points + NR_POINTS; point++)
		if (point->state == POINT_ABSENT &&
		    strcmp(point->module, SYMBOL_VMLINUX) &&
		    !module_is_there(point->module))
			point->state = POINT_WAITING;
}

/*
 * Detach the active points that are not wanted any more, all at once: each
 * unregistration waits until no handler runs.
 */
static void detach(bool (*unwanted)(const struct point *point,
				    const void *arg), const void *arg,
		   enum point_state state)
{
	struct kprobe *kps[NR_POINTS];
	struct kretprobe *rps[NR_POINTS];
	struct point *point;
	int nr_kps = 0, nr_rps = 0;

	for (point = points; point < points + NR_POINTS; point++) {
		if (point->state != POINT_ACTIVE || !unwanted(point, arg))
			continue;
		if (point->kind == POINT_ENTRY)
			kps[nr_kps++] = &point->kp;
		else
			rps[nr_rps++] = &point->rp;
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
	for (point = points; point < points + NR_POINTS; point++) {
		if (point->state != POINT_ACTIVE || !unwanted(point, arg))
			continue;
		point->missed = point_missed(point);
		point->state = state;
	}
}

/*
 * Points that tell the lives of skbs apart: without them the next packet at
 * the address of an skb that is followed is taken for the same one.
 */
static bool is_indispensable(const struct point *point)
{
	switch (point->role) {
	case ROLE_BIRTH:
	case ROLE_CLONE:
	case ROLE_SEGMENTS:
	case ROLE_MERGE:
	case ROLE_DROP:
	case ROLE_FREE:
		return true;
	}
	return false;
}

static bool is_asked_for(const struct point *point, const struct config *in_force)
{
	return globs_match(&in_force->points, point->symbol, point->group);
}

static bool is_unwanted(const struct point *point, const void *in_force)
{
	const struct config *config = in_force;

	return !config->on ||
	       (!is_asked_for(point, config) && !is_indispensable(point));
}

static bool is_wanted(const struct point *point, const void *in_force)
{
	return !is_unwanted(point, in_force);
}

static bool ends_skbs(const struct point *point)
{
	return point->role == ROLE_DROP || point->role == ROLE_FREE;
}

/*
 * After a time in which the points were not what they are now, or handlers did
 * nothing: no end of an skb was counted as missed then.  Handlers may run.
 */
static void begin_generation(void)
{
	struct point *point;
	unsigned int nr = 0;

	for (point = points; point < points + NR_POINTS; point++)
		if (point->state == POINT_ACTIVE && ends_skbs(point))
			WRITE_ONCE(probes_frees.missed[nr++],
				   &point->kp.nmissed);
	/* Who sees these sees those. */
	smp_store_release(&probes_frees.nr, nr);
	WRITE_ONCE(probes_frees.generation, probes_frees.generation + 1);
}

/**
 * probes_apply() - attach and detach what on= and points= say
 * @in_force: the parameters, which do not change meanwhile
 *
 * Context: process, may sleep.
 */
void probes_apply(const struct config *in_force)
{
	struct point *point;

	mutex_lock(&points_lock);
	WRITE_ONCE(probes_armed, false);
	detach(is_unwanted, in_force, POINT_OFF);
	for (point = points; point < points + NR_POINTS; point++) {
		WRITE_ONCE(point->hidden, !is_asked_for(point, in_force));
		WRITE_ONCE(point->admits, !point->hidden &&
					  point->data != DATA_NONE);
		if (is_unwanted(point, in_force))
			point->state = POINT_OFF;
	}
	attach_all(is_wanted, in_force, POINT_OFF);
	tell_waiting_from_absent();
	begin_generation();
	/* Who sees it sees the points as they are. */
	smp_store_release(&probes_armed, !READ_ONCE(blind));
	mutex_unlock(&points_lock);
}

/**
 * probes_see() - the kernel has switched off all probes, or on again
 * @see: on again
 *
 * As long as it is not told nothing is recorded: of an skb that was followed
 * before nobody knows whether it has been freed.
 *
 * Context: process, may sleep.
 */
void probes_see(bool see)
{
	mutex_lock(&points_lock);
	WRITE_ONCE(blind, !see);
	if (see)
		begin_generation();
	/* Who sees it sees the new generation. */
	smp_store_release(&probes_armed, see);
	mutex_unlock(&points_lock);
}

/**
 * probes_suspend() - the kernel may have switched off all probes
 *
 * Until probes_see() nothing is recorded.
 *
 * Context: any.
 */
void probes_suspend(void)
{
	WRITE_ONCE(blind, true);
	WRITE_ONCE(probes_armed, false);
}

static bool is_of_module(const struct point *point, const void *arg)
{
	return !strcmp(point->module, arg);
}

static int module_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	const struct module *module = data;
	struct point *point;

	mutex_lock(&points_lock);
	if (event == MODULE_STATE_COMING) {
		/* What is not found now is absent: there is nothing to wait for. */
		attach_all(is_of_module, module->name, POINT_WAITING);
	} else if (event == MODULE_STATE_GOING) {
		detach(is_of_module, module->name, POINT_WAITING);
		for (point = points; point < points + NR_POINTS; point++)
			if (point->state != POINT_OFF &&
			    is_of_module(point, module->name))
				point->state = POINT_WAITING;
	}
	mutex_unlock(&points_lock);
	return NOTIFY_DONE;
}

/* Before the kprobes' own, which would mark our probes as gone. */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = 1,
};

static bool is_any(const struct point *point, const void *arg)
{
	return true;
}

/**
 * probes_attached() - is there a point that traces, or will
 *
 * Context: process, may sleep.
 */
bool probes_attached(void)
{
	const struct point *point;
	bool attached = false;

	mutex_lock(&points_lock);
	for (point = points; point < points + NR_POINTS; point++)
		if (point->state == POINT_ACTIVE ||
		    point->state == POINT_WAITING ||
		    point->state == POINT_OFF)
			attached = true;
	mutex_unlock(&points_lock);
	return attached;
}

/**
 * probes_init() - follow the modules that come and go
 * @with: the handlers, kept
 *
 * Nothing is attached before probes_apply().
 *
 * Context: process, may sleep.  Return: 0 or what the notifier chain says.
 */
int probes_init(const struct probe_handlers *with)
{
	struct point *point;

	handlers = with;
	for (point = points; point < points + NR_POINTS; point++) {
		point->nr = point - points;
		point->where = &symbols[point->nr];
		point->arg_at = regs_argument_at(SKB_INDEX(point->skb_spec));
		point->has_reason = strstr(point->symbol, "reason");
	}
	return register_module_notifier(&module_notifier);
}

/**
 * probes_exit() - detach everything; no handler runs any more
 *
 * Context: process, may sleep.
 */
void probes_exit(void)
{
	unregister_module_notifier(&module_notifier);
	mutex_lock(&points_lock);
	WRITE_ONCE(probes_armed, false);
	detach(is_any, NULL, POINT_OFF);
	mutex_unlock(&points_lock);
}

/* Where in the table a number is, and one more; 0: nowhere. */
static const u8 place_of[SKBTRACE_POINT_ID_MAX + 1] = {
#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	[_id] = POINT_NR_ ## _id + 1,
	SKBTRACE_POINTS(POINT)
#undef POINT
};

/**
 * point_by_id() - the point that a record names
 * @id: skbtrace_record.point
 *
 * Return: the point, or NULL.
 */
const struct point *point_by_id(unsigned int id)
{
	if (id > SKBTRACE_POINT_ID_MAX || !place_of[id])
		return NULL;
	return &points[place_of[id] - 1];
}

static unsigned long point_hits_total(const struct point *point)
{
	unsigned long hits = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		hits += READ_ONCE(per_cpu(point_hits, cpu).hits[point->nr]);
	return hits;
}

/**
 * probes_missed() - calls that the kernel did not let the probes see
 *
 * Context: process, may sleep.
 */
unsigned long probes_missed(void)
{
	const struct point *point;
	unsigned long missed = 0;

	mutex_lock(&points_lock);
	for (point = points; point < points + NR_POINTS; point++)
		missed += point_missed(point);
	mutex_unlock(&points_lock);
	return missed;
}

static void show_active(struct seq_file *m, const struct point *point)
{
	const struct symbol *where = point->where;
	unsigned int implausible = READ_ONCE(point->implausible);

	seq_puts(m, "active");
	if (strcmp(point->symbol, where->found))
		seq_printf(m, " as %s", where->found);
	if (point->hidden)
		seq_puts(m, ", hidden");
	if (*where->twin)
		seq_printf(m, ", besides %s that is not probed", where->twin);
	if (implausible)
		seq_printf(m, ", %u calls without an skb where it should be",
			   implausible);
	seq_putc(m, '\n');
}

static void show_absent(struct seq_file *m, const struct point *point)
{
	if (*point->where->twin)
		seq_printf(m, "absent: this kernel has only %s, whose arguments are unknown\n",
			   point->where->twin);
	else
		seq_puts(m, "absent: this kernel has no such function of its own\n");
}

static void show_point_state(struct seq_file *m, const struct point *point)
{
	switch (point->state) {
	case POINT_OFF:
		seq_puts(m, "off\n");
		break;
	case POINT_ACTIVE:
		show_active(m, point);
		break;
	case POINT_ABSENT:
		show_absent(m, point);
		break;
	case POINT_WAITING:
		seq_printf(m, "waiting for module %s\n", point->module);
		break;
	case POINT_REFUSED:
		seq_printf(m, "refused: error %d\n", point->error);
		break;
	}
}

/**
 * probes_show() - print the table, a line a point
 * @m: where to
 *
 * Context: process, may sleep.
 */
void probes_show(struct seq_file *m)
{
	const struct point *point;

	seq_puts(m, "# id symbol kind group module hits missed skb state\n");
	mutex_lock(&points_lock);
	for (point = points; point < points + NR_POINTS; point++) {
		u8 skb_arg = READ_ONCE(point->skb_arg);

		seq_printf(m, "%u %s %s %s %s %lu %lu %sarg%u ", point->id,
			   point->symbol,
			   point->kind == POINT_ENTRY ? "entry" : "return",
			   point->group, point->module,
			   point_hits_total(point), point_missed(point),
			   skb_arg & SKB_IS_POINTER ? "*" :
			   skb_arg & SKB_EITHER ? "?" : "",
			   SKB_INDEX(skb_arg));
		show_point_state(m, point);
	}
	mutex_unlock(&points_lock);
}
