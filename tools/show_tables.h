/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_TABLES_H
#define SKBTRACE_TOOLS_SHOW_TABLES_H

#include "error.h"
#include "options.h"
#include "source.h"

int show_points(const struct options *options, struct source *source, struct error *error);
int show_stats(const struct options *options, struct source *source, struct error *error);

#endif /* SKBTRACE_TOOLS_SHOW_TABLES_H */
