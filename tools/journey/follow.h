/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_FOLLOW_H
#define SKBTRACE_TOOLS_FOLLOW_H

#include "engine.h"

void follow_record(struct journey_engine *engine, const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_FOLLOW_H */
