/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_RUN_HOSTS_H
#define SKBTRACE_TOOLS_RUN_HOSTS_H

#include "lib/error.h"
#include "options.h"

int run_hosts(const struct options *options, struct error *error);

#endif /* SKBTRACE_TOOLS_RUN_HOSTS_H */
