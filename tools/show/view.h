/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views: files for other programs, which are written beside what is shown.
 *
 * A view is one file of this folder and one row of VIEWS.
 */
#ifndef SKBTRACE_TOOLS_VIEW_H
#define SKBTRACE_TOOLS_VIEW_H

#include <stdio.h>

#include "filter.h"
#include "journey/journey.h"
#include "lib/error.h"
#include "message/stream.h"
#include "source/source.h"

/* V(name): --name FILE, written as name_view has it. */
#define VIEWS(V)	\
	V(pcapng)	\
	V(perfetto)	\
	V(html)

enum view_kind {
#define VIEW_KIND(_name) VIEW_KIND_##_name,
	VIEWS(VIEW_KIND)
#undef VIEW_KIND
	NR_VIEWS,
};

struct view;
struct why;

/**
 * struct view_ops - a kind of file
 * @name: of the option that names the file
 * @begin: write what stands in front, and set view->private
 * @hop: add a hop by itself; NULL if it shows none
 * @journey: add a journey
 * @flush: write what is held back; may be NULL
 * @end: write what stands behind, and free view->private
 */
struct view_ops {
	const char *name;
	int (*begin)(struct view *view);
	void (*hop)(struct view *view, const struct skbtrace_record *record);
	void (*journey)(struct view *view, const struct journey *journey,
			const struct verdict *verdict);
	void (*flush)(struct view *view);
	void (*end)(struct view *view);
};

/**
 * struct view_config - what all views of a run have in common
 * @names: for the numbers in records
 * @filter: which hops
 * @streams: what applications sent and got, or NULL
 * @capture_at: devices of which each journey has one hop alone, as if it had been
 *	captured there; NULL for all hops (pcapng)
 * @why: whom to ask for reasons, or NULL
 */
struct view_config {
	struct names *names;
	const struct filter *filter;
	const struct streams *streams;
	const char *capture_at;
	struct why *why;
};

/**
 * struct view - a file that is written
 * @ops: how
 * @config: see there
 * @out: the file
 * @path: its name, for messages
 * @error: why the first thing that failed did, 0 if nothing has
 * @private: of @ops
 */
struct view {
	const struct view_ops *ops;
	struct view_config config;
	FILE *out;
	const char *path;
	int error;
	void *private;
};

#define VIEW_OPS(_name) extern const struct view_ops _name##_view;
VIEWS(VIEW_OPS)
#undef VIEW_OPS

const struct view_ops *view_ops_of(enum view_kind kind);
struct view *view_open(const struct view_ops *ops, const char *path,
		       const struct view_config *config, struct error *error);
void view_hop(struct view *view, const struct skbtrace_record *record);
void view_journey(struct view *view, const struct journey *journey,
		  const struct verdict *verdict);
void view_flush(struct view *view);
int view_close(struct view *view, struct error *error);

#endif /* SKBTRACE_TOOLS_VIEW_H */
