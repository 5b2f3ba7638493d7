/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_NOTES_H
#define SKBTRACE_TOOLS_SHOW_NOTES_H

#include "show.h"

void show_changes(FILE *out, const struct skbtrace_record *before,
		  const struct skbtrace_record *record);
void show_hook(FILE *out, const struct journey *journey, uint32_t hop);
void show_state(FILE *out, const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_SHOW_NOTES_H */
