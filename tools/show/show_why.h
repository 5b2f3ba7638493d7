/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_WHY_H
#define SKBTRACE_TOOLS_SHOW_WHY_H

#include "show.h"

void show_why(struct show *show, const struct journey *journey, const struct verdict *verdict);
void show_why_json(struct show *show, const struct journey *journey,
		   const struct verdict *verdict);

#endif /* SKBTRACE_TOOLS_SHOW_WHY_H */
