/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_NETNS_H
#define SKBTRACE_TOOLS_NETNS_H

#include "lib/error.h"

char *netns_list(struct error *error);

#endif /* SKBTRACE_TOOLS_NETNS_H */
