/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_REASONS_H
#define SKBTRACE_TOOLS_REASONS_H

#include "journey/journey.h"
#include "source/source.h"

void reasons_of(struct names *names, struct journey_reasons *reasons);

#endif /* SKBTRACE_TOOLS_REASONS_H */
