// SPDX-License-Identifier: GPL-2.0
/* Which calls of applications, and which flows of theirs, are shown. */
#include <string.h>

#include "message_filter.h"

/* An expression is about packets: a flow's is one with these bytes, at the TCP or UDP layer. */
static bool expression_admits(const struct filter *filter, const struct stream_flow *flow,
			      uint32_t len)
{
	struct skbtrace_record record;

	if (!filter->expression)
		return true;
	memset(&record, 0, sizeof(record));
	record.flags = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
	record.protocol = flow->protocol;
	record.l4proto = flow->l4proto;
	record.sport = flow->sport;
	record.dport = flow->dport;
	memcpy(record.saddr, flow->saddr, sizeof(record.saddr));
	memcpy(record.daddr, flow->daddr, sizeof(record.daddr));
	record.payload = SKBTRACE_PAYLOAD_TRANSPORT;
	record.payload_len = len;
	return expression_matches(filter->expression, &record);
}

static bool netns_admits(const struct filter *filter, struct names *names, uint32_t netns)
{
	return !filter->netns || filter_is_netns(filter, names, netns);
}

static bool pid_admits(const struct filter *filter, uint32_t pid)
{
	return !filter->has_pid || filter->pid == pid;
}

/**
 * message_filter_call() - is a call to be shown
 * @filter: the filter
 * @names: names of network namespaces
 * @message: the call
 */
bool message_filter_call(const struct message_filter *filter, struct names *names,
			 const struct stream_message *message)
{
	const struct needle *needle = filter->needle;

	return (pid_admits(filter->filter, message->pid) ||
		(message->is_read && pid_admits(filter->filter, message->reader_pid))) &&
	       netns_admits(filter->filter, names, message->flow.netns) &&
	       expression_admits(filter->filter, &message->flow, message->len) &&
	       needle_is_verdict(needle, stream_verdict(message)) &&
	       (!needle->has_call || message->call == needle->call) &&
	       (!needle->min_latency_ns ||
		(message->is_read &&
		 message->read_ns - message->began_ns >= needle->min_latency_ns));
}

/**
 * message_filter_change() - is a change outside of the hops to be shown
 * @filter: the filter
 * @names: names of network namespaces
 * @change: the change
 */
bool message_filter_change(const struct message_filter *filter, struct names *names,
			   const struct stream_change *change)
{
	const struct needle *needle = filter->needle;

	return (pid_admits(filter->filter, change->before.pid) ||
		pid_admits(filter->filter, change->after.pid)) &&
	       netns_admits(filter->filter, names, change->flow.netns) &&
	       expression_admits(filter->filter, &change->flow, change->len) &&
	       (!needle->has_call || change->before.call == needle->call ||
		change->after.call == needle->call);
}

/**
 * message_filter_flow() - is a flow to be shown
 * @filter: the filter
 * @names: names of network namespaces
 * @total: what came of it
 */
bool message_filter_flow(const struct message_filter *filter, struct names *names,
			 const struct flow_total *total)
{
	const struct flow_end *end = total->end;
	const struct needle *needle = filter->needle;
	bool changed = false, unverified = false;
	enum stream_place place;

	for (place = 0; place < STREAM_NR_PLACES; place++) {
		changed |= total->bytes[place].changed;
		unverified |= total->bytes[place].unverified;
	}
	return (pid_admits(filter->filter, end[0].pid) || pid_admits(filter->filter, end[1].pid)) &&
	       (netns_admits(filter->filter, names, end[0].netns) ||
		netns_admits(filter->filter, names, end[1].netns)) &&
	       expression_admits(filter->filter, &total->flow, 0) &&
	       needle_is_verdict(needle, changed ? VERDICT_CHANGED : unverified ?
					 VERDICT_UNVERIFIED : VERDICT_INTACT) &&
	       total->read_max_ns >= needle->min_latency_ns;
}
