/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_VALUES_H
#define SKBTRACE_TOOLS_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "options.h"

int value_number(const char *option, const char *text, uint64_t max, uint64_t *number,
		 struct error *error);
int value_size(const char *option, const char *text, uint64_t *bytes, struct error *error);
int value_duration(const char *option, const char *text, uint64_t *ns, struct error *error);
int value_id(const char *text, uint64_t *id, struct error *error);
int value_latency(const char *text, uint64_t *ns, struct error *error);
int value_setting(struct options *options, const char *text, struct error *error);
int value_color(const char *text, bool *color, struct error *error);

#endif /* SKBTRACE_TOOLS_VALUES_H */
