/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_REGROUP_H
#define SKBTRACE_TOOLS_REGROUP_H

#include "engine.h"

struct journey_life *regroup_origin(const struct journey_engine *engine,
				    const struct skbtrace_record *record);
struct journey_life *regroup_segment(struct journey_engine *engine, struct journey_life *whole,
				     const struct skbtrace_record *record);
void regroup_tied(struct journey_engine *engine, struct journey_life *life,
		  const struct skbtrace_record *record);
void regroup_rebuilt(struct journey_engine *engine, struct journey_life *origin,
		     struct journey_life *life);
void regroup_hop(struct journey_engine *engine, struct journey_life *life, uint32_t hop);
void regroup_shrink(struct journey_engine *engine, struct journey_life *life,
		    const struct skbtrace_record *record);
void regroup_again(struct journey_engine *engine, struct journey_life *life);

#endif /* SKBTRACE_TOOLS_REGROUP_H */
