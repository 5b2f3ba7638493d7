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
		.symbol = #_symbol,					\
		.group = #_group,					\
		.module = #_module,					\
		/* Where a followed skb always has a record. */		\
		.is_plain = POINT_ ## _kind == POINT_ENTRY &&		\
			    ROLE_ ## _role != ROLE_BIRTH &&		\
			    DEV_ ## _dev != DEV_NONE &&			\
			    DEV_ ## _dev != DEV_SOCKET &&		\
			    (DATA_ ## _data == DATA_LINK ||		\
			     DATA_ ## _data == DATA_NET ||		\
			     DATA_ ## _data == DATA_NET_TX ||		\
			     DATA_ ## _data == DATA_TRANSPORT),		\
	},
static struct point points[] = { SKBTRACE_POINTS(POINT) };
#undef POINT

static DEFINE_MUTEX(points_lock);

static const struct probe_handlers *handlers;

DEFINE_PER_CPU(struct point_hits, point_hits);

/*
 * Attaching all points takes a while.  Until it is done nothing is recorded,
 * and before detaching begins recording stops: no journey is without some of
 * its hops because of that.
 */
bool probes_armed;

struct probes_frees probes_frees;

/*
 * Are probes seen to work?  All can be switched off behind our back, in
 * debugfs's kprobes/enabled, or with ftrace, and nobody tells us.  So a
 * function of our own is probed, and called to see.
 */
static unsigned int witnessed;

static noinline void witness(void)
{
	barrier();	/* or there would be no call */
}

static int __kprobes witness_handler(struct kprobe *kp, struct pt_regs *regs)
{
	WRITE_ONCE(witnessed, READ_ONCE(witnessed) + 1);
	return 0;
}

static struct kprobe witness_probe = {
	.addr = (kprobe_opcode_t *)witness,
	.pre_handler = witness_handler,
};

static int witness_error;

/**
 * probes_work() - does the kernel let probes see anything at present
 *
 * Context: process, may sleep.
 * Return: 1 or 0, or an error where one cannot say.
 */
int probes_work(void)
{
	unsigned int before;
	int work;

	if (witness_error)
		return witness_error;
	mutex_lock(&points_lock);
	before = READ_ONCE(witnessed);
	witness();
	work = READ_ONCE(witnessed) != before;
	mutex_unlock(&points_lock);
	return work;
}

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
 * is refused, left-over flags register it disabled.
 */
static int register_point(struct point *point, const char *symbol)
{
	if (point->kind == POINT_ENTRY) {
		memset(&point->kp, 0, sizeof(point->kp));
		point->kp.symbol_name = symbol;
		point->kp.pre_handler = handlers->entry;
		return register_kprobe(&point->kp);
	}
	memset(&point->rp, 0, sizeof(point->rp));
	point->rp.kp.symbol_name = symbol;
	point->rp.entry_handler = handlers->call;
	point->rp.handler = handlers->return_;
	point->rp.data_size = handlers->call_size;
	/* Calls under way at once: nested contexts and preempted tasks. */
	point->rp.maxactive = 32 + 4 * num_possible_cpus();
	return register_kretprobe(&point->rp);
}

static void attach(struct point *point)
{
	int err;

	strscpy(point->attached, point->symbol, sizeof(point->attached));
	err = register_point(point, point->attached);
	if (err == -ENOENT && point->twin == TWIN_CONSTPROP) {
		snprintf(point->attached, sizeof(point->attached),
			 "%s.constprop.0", point->symbol);
		err = register_point(point, point->attached);
	}
	point->error = err;
	if (!err)
		point->state = POINT_ACTIVE;
	else if (err == -ENOENT)
		point->state = POINT_ABSENT;
	else
		point->state = POINT_REFUSED;
}

/* An absent symbol is waited for if nothing of its module is there. */
static void tell_waiting_from_absent(void)
{
	struct point *point, *other;

	for (point = points; point < points + NR_POINTS; point++) {
		if (point->state != POINT_ABSENT ||
		    !strcmp(point->module, "vmlinux"))
			continue;
		for (other = points; other < points + NR_POINTS; other++)
			if (other->state == POINT_ACTIVE &&
			    !strcmp(other->module, point->module))
				break;
		if (other == points + NR_POINTS)
			point->state = POINT_WAITING;
	}
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
		if (is_unwanted(point, in_force))
			point->state = POINT_OFF;
		else if (point->state == POINT_OFF)
			attach(point);
	}
	tell_waiting_from_absent();
	begin_generation();
	smp_store_release(&probes_armed, true);
	mutex_unlock(&points_lock);
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
		for (point = points; point < points + NR_POINTS; point++)
			if (point->state == POINT_WAITING &&
			    is_of_module(point, module->name))
				attach(point);
		tell_waiting_from_absent();
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
	int err;

	handlers = with;
	for (point = points; point < points + NR_POINTS; point++) {
		point->nr = point - points;
		point->has_reason = strstr(point->symbol, "reason");
	}
	witness_error = register_kprobe(&witness_probe);
	err = register_module_notifier(&module_notifier);
	if (err && !witness_error)
		unregister_kprobe(&witness_probe);
	return err;
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
	if (!witness_error)
		unregister_kprobe(&witness_probe);
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
		unsigned int implausible = READ_ONCE(point->implausible);
		u8 skb_arg = READ_ONCE(point->skb_arg);

		seq_printf(m, "%u %s %s %s %s %lu %lu %sarg%u ", point->id,
			   point->symbol,
			   point->kind == POINT_ENTRY ? "entry" : "return",
			   point->group, point->module,
			   point_hits_total(point), point_missed(point),
			   skb_arg & SKB_IS_POINTER ? "*" :
			   skb_arg & SKB_EITHER ? "?" : "",
			   SKB_INDEX(skb_arg));
		switch (point->state) {
		case POINT_OFF:
			seq_puts(m, "off\n");
			break;
		case POINT_ACTIVE:
			seq_puts(m, point->hidden ? "active, hidden" : "active");
			if (strcmp(point->symbol, point->attached))
				seq_printf(m, " as %s", point->attached);
			if (implausible)
				seq_printf(m, ", %u calls without an skb where it should be",
					   implausible);
			seq_putc(m, '\n');
			break;
		case POINT_ABSENT:
			seq_puts(m, "absent: this kernel has no such function of its own\n");
			break;
		case POINT_WAITING:
			seq_printf(m, "waiting for module %s\n",
				   point->module);
			break;
		case POINT_REFUSED:
			seq_printf(m, "refused: error %d\n", point->error);
			break;
		}
	}
	mutex_unlock(&points_lock);
}
