/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_NAMES_H
#define SKBTRACE_NAMES_H

#include <linux/types.h>

struct globs;

bool names_are_matched(const struct globs *globs);
const char *names_unmatched(const struct globs *globs, const char **nearest);

#endif /* SKBTRACE_NAMES_H */
