/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_RUN_H
#define SKBTRACE_TOOLS_RUN_H

#include "lib/error.h"
#include "options.h"
#include "source/source.h"

int run(const struct options *options, struct source *source, struct error *error);

#endif /* SKBTRACE_TOOLS_RUN_H */
