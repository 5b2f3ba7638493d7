/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_TALLY_H
#define SKBTRACE_TOOLS_SHOW_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "tally/tally.h"

struct names;
struct show;
struct summary;

void show_tally(struct show *show, const struct tally *tally);
void show_metrics(FILE *out, struct names *names, const struct tally *tally,
		  const struct summary *summary);

#endif /* SKBTRACE_TOOLS_SHOW_TALLY_H */
