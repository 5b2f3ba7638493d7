// SPDX-License-Identifier: GPL-2.0
/* What all views have in common: a file that is opened, and may fail to be written. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view.h"

/**
 * view_ops_of() - how a kind of file is written
 * @kind: which
 */
const struct view_ops *view_ops_of(enum view_kind kind)
{
#define VIEW_ROW(_name) [VIEW_KIND_##_name] = &_name##_view,
	static const struct view_ops * const rows[] = { VIEWS(VIEW_ROW) };
#undef VIEW_ROW
	return rows[kind];
}

/**
 * view_open() - begin a file
 * @ops: what kind of
 * @path: its name, kept
 * @config: see there; copied
 * @error: set if it fails
 *
 * Return: the file, or NULL.
 */
struct view *view_open(const struct view_ops *ops, const char *path,
		       const struct view_config *config, struct error *error)
{
	struct view *view = calloc(1, sizeof(*view));
	/* It has kernel addresses in it: for the owner alone. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (view && fd >= 0)
		view->out = fdopen(fd, "w");
	if (!view || !view->out) {
		error_set(error, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		free(view);
		return NULL;
	}
	view->ops = ops;
	view->path = path;
	view->config = *config;
	if (ops->begin(view)) {
		error_set(error, "out of memory");
		fclose(view->out);
		free(view);
		return NULL;
	}
	return view;
}

/**
 * view_hop() - add a hop by itself
 * @view: the file
 * @record: the hop; nothing is added if the view shows none
 */
void view_hop(struct view *view, const struct skbtrace_record *record)
{
	if (view->ops->hop)
		view->ops->hop(view, record);
}

/**
 * view_journey() - add a journey
 * @view: the file
 * @journey: the journey
 * @verdict: what is to be said of its payload
 */
void view_journey(struct view *view, const struct journey *journey,
		  const struct verdict *verdict)
{
	view->ops->journey(view, journey, verdict);
}

/**
 * view_flush() - let readers of the file see what was added
 * @view: the file
 */
void view_flush(struct view *view)
{
	if (view->ops->flush)
		view->ops->flush(view);
	if (fflush(view->out) && !view->error)
		view->error = errno;
}

/**
 * view_close() - end a file
 * @view: the file, gone afterwards; or NULL
 * @error: set if not all of it could be written
 *
 * Return: 0 or -1.
 */
int view_close(struct view *view, struct error *error)
{
	int ret = 0;

	if (!view)
		return 0;
	view->ops->end(view);
	if (ferror(view->out) && !view->error)
		view->error = EIO;
	if (fclose(view->out) && !view->error)
		view->error = errno;
	if (view->error)
		ret = error_set(error, "%s: %s", view->path, strerror(view->error));
	free(view);
	return ret;
}
