/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_WHERE_H
#define SKBTRACE_TOOLS_WHERE_H

#include "lib/error.h"
#include "options.h"

int where(const struct options *options, struct error *error);

#endif /* SKBTRACE_TOOLS_WHERE_H */
