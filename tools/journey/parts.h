/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_PARTS_H
#define SKBTRACE_TOOLS_PARTS_H

#include "life.h"

enum journey_joint parts_compare(const struct journey *journey, uint32_t before, uint32_t *first);
uint32_t parts_number(const struct journey *journey, uint32_t before, uint32_t hop);
uint32_t parts_seen_before(const struct journey *journey, uint32_t hop);
bool parts_fragment_was_seen(const struct journey *journey, uint32_t hop);

#endif /* SKBTRACE_TOOLS_PARTS_H */
