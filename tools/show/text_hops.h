/* SPDX-License-Identifier: GPL-2.0 */
/* Hops as lines, and what the ways to lay them out have in common. */
#ifndef SKBTRACE_TOOLS_TEXT_HOPS_H
#define SKBTRACE_TOOLS_TEXT_HOPS_H

#include "show.h"

void text_hops(struct show *show, const struct journey *journey, const struct verdict *verdict);
void text_hop_where(struct show *show, const struct skbtrace_record *record);
void text_hop_what(struct show *show, const struct skbtrace_record *record);
void text_hop_news(struct show *show, const struct skbtrace_record *record,
		   const struct skbtrace_record *above);
void text_hop_notes(struct show *show, const struct journey *journey,
		    const struct verdict *verdict, uint32_t n);
bool text_branches(const struct journey *journey);
bool text_is_task(const struct skbtrace_record *record);
void text_process(FILE *out, const struct skbtrace_record *record);
void text_stack(struct show *show, const struct skbtrace_record *record, const char *indent);

#endif /* SKBTRACE_TOOLS_TEXT_HOPS_H */
