/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_RUN_H
#define SKBTRACE_TOOLS_RUN_H

#include "error.h"
#include "options.h"
#include "source.h"

int run(const struct options *options, struct source *source, struct error *error);

#endif /* SKBTRACE_TOOLS_RUN_H */
