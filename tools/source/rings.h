/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_RINGS_H
#define SKBTRACE_TOOLS_RINGS_H

#include "records.h"

/**
 * enum rings_start - where to begin
 * @RINGS_OLDEST: with all that is retained
 * @RINGS_NOW: with what comes
 */
enum rings_start {
	RINGS_OLDEST,
	RINGS_NOW,
};

struct source *rings_open(const char *debugfs, enum rings_start start, struct error *error);

#endif /* SKBTRACE_TOOLS_RINGS_H */
