/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SESSION_H
#define SKBTRACE_TOOLS_SESSION_H

#include "lib/error.h"
#include "options.h"

int session(const struct options *options, struct error *error);

#endif /* SKBTRACE_TOOLS_SESSION_H */
