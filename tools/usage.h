/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_USAGE_H
#define SKBTRACE_TOOLS_USAGE_H

#include <stdio.h>

void usage(FILE *out);

#endif /* SKBTRACE_TOOLS_USAGE_H */
