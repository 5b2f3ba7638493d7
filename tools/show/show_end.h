/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_END_H
#define SKBTRACE_TOOLS_SHOW_END_H

#include "show.h"

#define SHOW_END_LEN	96

void show_end_of_journey(struct show *show, const struct journey *journey);
void show_end_of_copies(struct show *show, const struct journey *journey);
const char *show_end_detail(const struct journey *journey, char *text);

#endif /* SKBTRACE_TOOLS_SHOW_END_H */
