/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_NAMES_H
#define SKBTRACE_TOOLS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "records.h"

struct names;

struct names *names_new(struct source *source, struct error *error);
void names_free(struct names *names);

const char *names_netns(struct names *names, uint32_t inode);
const char *names_reason(struct names *names, int64_t number);
int64_t names_reason_number(struct names *names, const char *name);
const char *names_stack(struct names *names, uint32_t id);
void names_symbol(struct names *names, uint64_t address, char *text, size_t size);
uint64_t names_real_ns(const struct names *names, uint64_t mono_ns);

bool names_stat(const char *stats, const char *key, uint64_t *value);
uint64_t names_missed(const char *points);

#endif /* SKBTRACE_TOOLS_NAMES_H */
