/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_JSON_H
#define SKBTRACE_TOOLS_JSON_H

#include <stddef.h>
#include <stdio.h>

/* Goes up when a member goes or means something else: see tools/skbtrace.schema.json. */
#define JSON_SCHEMA	1

void json_string(FILE *out, const char *text, size_t len);

#endif /* SKBTRACE_TOOLS_JSON_H */
