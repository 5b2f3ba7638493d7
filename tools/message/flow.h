/* SPDX-License-Identifier: GPL-2.0 */
/* What came of the bytes of a flow, of both its ends together. */
#ifndef SKBTRACE_TOOLS_FLOW_H
#define SKBTRACE_TOOLS_FLOW_H

#include "lib/list.h"
#include "stream.h"

/**
 * struct flow_end - the calls of one end of a flow
 * @calls: how many
 * @bytes: that they sent, or got
 * @netns: in which network namespace
 * @pid: whose the first was
 * @comm: its name
 * @more: others had the socket as well
 */
struct flow_end {
	uint64_t calls;
	uint64_t bytes;
	uint32_t netns;
	uint32_t pid;
	char comm[SKBTRACE_NAME_LEN];
	bool more;
};

/**
 * struct flow_total - what came of a flow's bytes
 * @flow: the flow; of no network namespace
 * @end: who sends, and who gets
 * @bytes: what came of them, place by place
 * @nr_read: calls that sent and whose last byte was read on this host
 * @read_ns: from when these began until then, all together
 * @read_max_ns: the longest
 */
struct flow_total {
	struct stream_flow flow;
	struct flow_end end[2];
	struct stream_bytes bytes[STREAM_NR_PLACES];
	uint64_t nr_read;
	uint64_t read_ns;
	uint64_t read_max_ns;
	/* private: */
	struct pair whole;
	uint64_t at;
	bool started;
	bool is_fed[2];
	struct hlist_node node;
	struct flow_total *next;
};

/* Flows that are told apart; what more have is counted together. */
#ifndef FLOWS_MAX
#define FLOWS_MAX	4096
#endif

struct flows *flows_new(void);
void flows_free(struct flows *flows);
struct flow_total *flows_get(struct flows *flows, const struct stream_flow *flow);
bool flow_is_rest(const struct flows *flows, const struct flow_total *total);
int flow_add(struct flow_total *total, const struct piece *piece, uint32_t seq, bool is_sent);
void flow_begin_again(struct flow_total *total, pair_judged judged, void *context);
void flow_told(struct flow_total *total, const struct stream_message *message);
uint64_t flows_each(const struct flows *flows,
		    void (*each)(void *context, const struct flow_total *total), void *context);

#endif /* SKBTRACE_TOOLS_FLOW_H */
