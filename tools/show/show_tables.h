/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_TABLES_H
#define SKBTRACE_TOOLS_SHOW_TABLES_H

#include <stdbool.h>

#include "lib/error.h"
#include "source/source.h"

int show_points(struct source *source, const char *globs, bool json, struct error *error);
int show_stats(struct source *source, bool json, struct error *error);

#endif /* SKBTRACE_TOOLS_SHOW_TABLES_H */
