// SPDX-License-Identifier: GPL-2.0
/* The flows of applications, and what came of their bytes. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* A power of two. */
#define BUCKETS		1024

/* Pieces that wait for an end that nothing was heard of yet: it may be another host's. */
#define WAITING_MAX	1024

/**
 * struct flows - all of them
 * @buckets: by flow
 * @first: in the order in which they began
 * @last: the latest
 * @nr: how many
 * @rest: of flows that there was no room for
 */
struct flows {
	struct hlist_head buckets[BUCKETS];
	struct flow_total *first;
	struct flow_total *last;
	unsigned int nr;
	struct flow_total rest;
};

/* FNV-1a */
static unsigned int bucket_of(const struct stream_flow *key)
{
	const uint8_t *byte = (const uint8_t *)key;
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < sizeof(*key); i++)
		hash = (hash ^ byte[i]) * 16777619u;
	return hash % BUCKETS;
}

/**
 * flows_get() - the totals of a flow
 * @flows: the flows
 * @flow: the flow, in whatever network namespace
 *
 * Return: these, or those of all flows that there was no room for.
 */
struct flow_total *flows_get(struct flows *flows, const struct stream_flow *flow)
{
	struct stream_flow key = *flow;
	struct flow_total *total;
	struct hlist_node *node;
	struct hlist_head *head;

	key.netns = 0;
	head = &flows->buckets[bucket_of(&key)];
	for (node = head->first; node; node = node->next) {
		total = container_of(node, struct flow_total, node);
		if (!memcmp(&total->flow, &key, sizeof(key)))
			return total;
	}
	total = flows->nr < FLOWS_MAX ? calloc(1, sizeof(*total)) : NULL;
	if (!total)
		return &flows->rest;
	total->flow = key;
	hlist_add_head(&total->node, head);
	if (flows->last)
		flows->last->next = total;
	else
		flows->first = total;
	flows->last = total;
	flows->nr++;
	return total;
}

/**
 * flow_is_rest() - are these the totals of flows that there was no room for
 * @flows: the flows
 * @total: the totals
 */
bool flow_is_rest(const struct flows *flows, const struct flow_total *total)
{
	return total == &flows->rest;
}

/* As stream_place(): both ends have the same places. */
static uint64_t place_of(struct flow_total *total, uint32_t seq)
{
	if (!total->started) {
		total->started = true;
		total->at = (1ULL << 40) + seq;
	}
	total->at += (int64_t)(int32_t)(seq - (uint32_t)total->at);
	return total->at;
}

/**
 * flow_add() - what an application sent, or got
 * @total: the totals
 * @piece: its bytes, but for where they are
 * @seq: the sequence number of the first
 * @is_sent: which of the two
 *
 * Return: as pair_add().
 */
int flow_add(struct flow_total *total, const struct piece *piece, uint32_t seq, bool is_sent)
{
	struct pair *pair = &total->whole;
	struct piece whole = *piece;

	/* The earliest are given up if the other end is heard of late, or never. */
	if (!total->is_fed[is_sent] && pair->look[!is_sent].nr >= WAITING_MAX)
		pair_free(pair);
	total->is_fed[!is_sent] = true;
	whole.from = place_of(total, seq);
	whole.to = whole.from + (piece->to - piece->from);
	return pair_add(pair, !is_sent, &whole);
}

/**
 * flow_begin_again() - another connection has the same addresses and ports
 * @total: the totals
 * @judged: is called with what had not been compared yet
 * @context: its
 */
void flow_begin_again(struct flow_total *total, pair_judged judged, void *context)
{
	pair_judge(&total->whole, 0, true, judged, context);
	pair_free(&total->whole);
	total->started = false;
}

/**
 * flow_told() - all is known of a call
 * @total: the totals
 * @message: the call
 */
void flow_told(struct flow_total *total, const struct stream_message *message)
{
	struct flow_end *end = &total->end[message->kind != SKBTRACE_MESSAGE_SEND];
	uint64_t ns = message->read_ns - message->began_ns;

	if (!end->calls) {
		end->pid = message->pid;
		end->netns = message->flow.netns;
		memcpy(end->comm, message->comm, sizeof(end->comm));
	}
	end->more |= end->pid != message->pid;
	end->calls++;
	end->bytes += message->len;
	if (!message->is_read)
		return;
	total->nr_read++;
	total->read_ns += ns;
	if (ns > total->read_max_ns)
		total->read_max_ns = ns;
}

/**
 * flows_each() - go through all flows, in the order in which they began
 * @flows: the flows
 * @each: is called with each; last, if there are any, with those that there was no room for
 * @context: its
 *
 * Return: how many flows there are by themselves.
 */
uint64_t flows_each(const struct flows *flows,
		    void (*each)(void *context, const struct flow_total *total), void *context)
{
	const struct flow_total *total;

	for (total = flows->first; total; total = total->next)
		each(context, total);
	if (flows->rest.end[0].calls || flows->rest.end[1].calls)
		each(context, &flows->rest);
	return flows->nr;
}

/**
 * flows_new() - make a place for flows
 *
 * Return: that, or NULL without memory.
 */
struct flows *flows_new(void)
{
	return calloc(1, sizeof(struct flows));
}

/**
 * flows_free() - forget all
 * @flows: what flows_new() returned, or NULL
 */
void flows_free(struct flows *flows)
{
	struct flow_total *total, *next;

	for (total = flows ? flows->first : NULL; total; total = next) {
		next = total->next;
		pair_free(&total->whole);
		free(total);
	}
	free(flows);
}
