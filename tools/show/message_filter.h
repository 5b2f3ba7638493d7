/* SPDX-License-Identifier: GPL-2.0 */
/* Which calls of applications, and which flows of theirs, are shown. */
#ifndef SKBTRACE_TOOLS_MESSAGE_FILTER_H
#define SKBTRACE_TOOLS_MESSAGE_FILTER_H

#include "filter.h"
#include "message/flow.h"
#include "needle.h"

/**
 * struct message_filter - which
 * @filter: of whom, or NULL for all: @netns, @pid, @expression are looked at
 * @needle: by what became of them, or NULL: @only, @call, @min_latency_ns
 */
struct message_filter {
	const struct filter *filter;
	const struct needle *needle;
};

bool message_filter_call(const struct message_filter *filter, struct names *names,
			 const struct stream_message *message);
bool message_filter_change(const struct message_filter *filter, struct names *names,
			   const struct stream_change *change);
bool message_filter_flow(const struct message_filter *filter, struct names *names,
			 const struct flow_total *total);

#endif /* SKBTRACE_TOOLS_MESSAGE_FILTER_H */
