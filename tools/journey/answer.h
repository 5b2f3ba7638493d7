/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_ANSWER_H
#define SKBTRACE_TOOLS_ANSWER_H

#include "engine.h"
#include "packet.h"
#include "point.h"

void answer_asked(struct journey_engine *engine, const struct journey_life *life,
		  const struct point *point, const struct skbtrace_record *record);
void answer_sent(struct journey_engine *engine, struct journey_life *life,
		 const struct skbtrace_record *record);
void answer_over(struct journey_engine *engine, struct journey_life *life,
		 const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_ANSWER_H */
