/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SAVE_H
#define SKBTRACE_TOOLS_SAVE_H

#include "lib/error.h"
#include "options.h"
#include "source/source.h"

int save_check(const struct options *options, struct error *error);
int save(const struct options *options, struct source *source, struct error *error);

#endif /* SKBTRACE_TOOLS_SAVE_H */
