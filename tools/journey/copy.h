/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_COPY_H
#define SKBTRACE_TOOLS_COPY_H

#include "journey.h"

struct journey *journey_copy(const struct journey *journey);
void journey_copy_free(struct journey *journey);

#endif /* SKBTRACE_TOOLS_COPY_H */
