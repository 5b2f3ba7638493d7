/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_PROBES_H
#define SKBTRACE_PROBES_H

#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <skbtrace/points.h>

#include "compat.h"
#include "symbols.h"

struct config;
struct seq_file;

enum point_kind { POINT_ENTRY, POINT_RETURN };

/*
 * Where skb->data stands: the data column of points.h.  Up to DATA_LAST_NETWORK there
 * is a network header, up to DATA_LAST_EXACT it says how long the packet is.
 */
enum point_data {
	DATA_LINK, DATA_NET, DATA_AUTO,
	DATA_LAST_EXACT = DATA_AUTO,
	DATA_NET_TX, DATA_TRANSPORT,
	DATA_LAST_NETWORK = DATA_TRANSPORT,
	DATA_SEGMENT, DATA_BYTES, DATA_NONE,
};

/* Where the device comes from: the dev column. */
enum point_dev {
	DEV_NONE, DEV_SKB, DEV_XMIT, DEV_PORT0, DEV_MASTER, DEV_ROUTE,
	DEV_SOCKET, DEV_HOOK,
};

/* Other names a symbol is taken under: the twin column. */
enum point_twin { TWIN_EXACT, TWIN_CONSTPROP };

/*
 * What a hop means to a journey: the role column.  Up to ROLE_LAST_PLAIN it does not
 * touch the life of the skb.
 */
enum point_role {
	ROLE_PASS, ROLE_DELIVER, ROLE_TRANSPORT, ROLE_CLONED,
	ROLE_LAST_PLAIN = ROLE_CLONED,
	ROLE_BIRTH, ROLE_CLONE, ROLE_SEGMENTS, ROLE_MERGE, ROLE_DROP, ROLE_FREE,
	ROLE_NETDEV, ROLE_RXHANDLER, ROLE_HOOK, ROLE_BACKLOG, ROLE_QUEUED,
};

/* How a point that is trusted carries the skb; see trusted_skb(). */
enum point_way { WAY_UNKNOWN, WAY_SKB, WAY_POINTER, WAY_LIST };

enum point_state {
	POINT_OFF,		/* not wanted: points= or on=0 */
	POINT_ACTIVE,
	POINT_ABSENT,		/* this kernel has no such symbol */
	POINT_WAITING,		/* its module is not loaded */
	POINT_REFUSED,		/* the kernel will not have it probed: error */
};

/**
 * struct point - a row of the table and its probe
 * @id: its number in records
 * @nr: its place in the table
 * @kind: entry or return
 * @data: where skb->data stands
 * @dev: where the device comes from
 * @twin: other names it goes by
 * @role: what it means to a journey
 * @skb_arg: the argument with the skb, a SKB_* of compat.h
 * @skb_spec: what @skb_arg is to begin with
 * @has_reason: the argument behind it is a drop reason
 * @hidden: points= does not ask for it: it is attached to tell the lives of skbs apart
 * @admits: a packet may be seen first here: it is not @hidden, and has a header
 * @way: how to get the skb, once the point is trusted
 * @arg_at: where in struct pt_regs the argument is that has it
 * @symbol: the function
 * @group: its group
 * @module: who has the symbol
 * @state: see enum point_state; under points_lock
 * @error: why @state is POINT_REFUSED
 * @where: its function, as it was last looked for
 * @missed: misses of earlier registrations; the present one has its own
 *	count in @kp or @rp
 * @trusted: skbs seen in a row; see skb_argument_with_care()
 * @implausible: calls whose argument was no skb
 * @kp: the probe of an entry point
 * @rp: the probe of a return point
 */
struct point {
	u16 id;
	u16 nr;
	u8 kind;
	u8 data;
	u8 dev;
	u8 twin;
	u8 role;
	u8 skb_arg;
	u8 skb_spec;
	bool has_reason;
	bool hidden;
	bool admits;
	u8 way;
	u8 arg_at;
	const char *symbol;
	const char *group;
	const char *module;
	enum point_state state;
	int error;
	struct symbol *where;
	unsigned long missed;
	unsigned int trusted;
	unsigned int implausible;
	union {
		struct kprobe kp;
		struct kretprobe rp;
	};
};

/* Points, whatever their ids. */
enum {
#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	POINT_NR_ ## _id,
	SKBTRACE_POINTS(POINT)
#undef POINT
	NR_POINTS
};

/* Calls seen by each point's handler: hits, recorded or not. */
struct point_hits {
	unsigned long hits[NR_POINTS];
};

DECLARE_PER_CPU(struct point_hits, point_hits);

/**
 * struct probe_handlers - what the kernel calls at the points
 * @entry: at an entry point, with its @kp
 * @call: when the function of a return point is called
 * @return_: when it returns
 * @call_size: bytes that @call leaves for @return_
 */
struct probe_handlers {
	kprobe_pre_handler_t entry;
	kretprobe_handler_t call;
	kretprobe_handler_t return_;
	size_t call_size;
};

/* Handlers do something: see probes.c. */
extern bool probes_armed;

/**
 * struct probes_frees - the points where skbs end, and what they did not see
 * @generation: rises when there was a time in which handlers did nothing
 * @nr: of these points
 * @missed: the kernel's count of each, of calls that its probe did not see
 *
 * An skb whose life began at another @generation or at another
 * probes_frees_missed() may have ended unseen since.
 */
struct probes_frees {
	unsigned int generation;
	unsigned int nr;
	const unsigned long *missed[NR_POINTS];
};

extern struct probes_frees probes_frees;

/**
 * probes_frees_missed() - how often may the end of an skb have been missed
 *
 * Of what is attached at present: compare with what it was in the same
 * probes_frees.generation.
 *
 * Context: any.
 */
static inline unsigned long probes_frees_missed(void)
{
	unsigned int i, nr = READ_ONCE(probes_frees.nr);
	unsigned long missed = 0;

	/* What is pointed to is never freed, so it does not matter how old it is. */
	for (i = 0; i < nr; i++)
		missed += READ_ONCE(*probes_frees.missed[i]);
	return missed;
}

const struct point *point_by_id(unsigned int id);

int probes_init(const struct probe_handlers *with);
void probes_exit(void);
void probes_apply(const struct config *in_force);
void probes_see(bool see);
void probes_suspend(void);
bool probes_attached(void);
void probes_show(struct seq_file *m);
unsigned long probes_missed(void);

#endif /* SKBTRACE_PROBES_H */
