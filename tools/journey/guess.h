/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_GUESS_H
#define SKBTRACE_TOOLS_GUESS_H

#include "engine.h"

struct journey_life *guess_by_head(const struct journey_engine *engine,
				   const struct skbtrace_record *record);
struct journey_life *guess_by_identity(const struct journey_engine *engine,
				       const struct skbtrace_record *record);
bool guess_is_other(const struct journey_life *life, const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_GUESS_H */
