/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_KNOWN_H
#define SKBTRACE_TOOLS_KNOWN_H

#include "filter.h"
#include "lib/error.h"

struct known;

int known_points(const char *option, const char *globs, struct error *error);

struct known *known_new(const struct filter *filter);
void known_free(struct known *known);
void known_record(struct known *known, struct names *names, const struct skbtrace_record *record);
int known_check(const struct known *known, struct error *error);

#endif /* SKBTRACE_TOOLS_KNOWN_H */
