// SPDX-License-Identifier: GPL-2.0
/* From application to application: the streams, what came of them, and whom to tell. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "streams.h"

/* Of a SEND one waits so long for who reads it. */
#define READ_WAIT_NS	(2 * NSEC_PER_SEC)

/* How often streams are looked at of which nothing is heard. */
#define LOOK_NS		NSEC_PER_SEC

static const enum stream_place place_of_pair[NR_PAIRS] = {
	[PAIR_SENT] = STREAM_SENT,
	[PAIR_QUEUED] = STREAM_QUEUED,
	[PAIR_RETURNED] = STREAM_RETURNED,
};

/**
 * stream_message_at() - a call that is remembered
 * @stream: of this stream
 * @n: which, the oldest is 0
 */
struct stream_message *stream_message_at(const struct stream *stream, unsigned int n)
{
	return &stream->messages[(stream->first + n) % STREAM_MESSAGES];
}

/**
 * stream_place() - the place of a sequence number
 * @stream: the stream
 * @seq: the number: they go round, places do not
 */
uint64_t stream_place(struct stream *stream, uint32_t seq)
{
	if (!stream->started) {
		stream->started = true;
		/* So that what lies before is above 0. */
		stream->at = (1ULL << 40) + seq;
	}
	return stream->at + (int64_t)(int32_t)(seq - (uint32_t)stream->at);
}

/* FNV-1a; without the namespace, so that both ends are in one bucket. */
static unsigned int bucket_of(const struct stream_flow *flow)
{
	struct stream_flow key = *flow;
	const uint8_t *byte = (const uint8_t *)&key;
	uint32_t hash = 2166136261u;
	size_t i;

	key.netns = 0;
	for (i = 0; i < sizeof(key); i++)
		hash = (hash ^ byte[i]) * 16777619u;
	return hash % BUCKETS;
}

/**
 * streams_find() - the stream of a flow
 * @streams: the streams
 * @flow: the flow
 *
 * Return: that, or NULL.
 */
struct stream *streams_find(const struct streams *streams, const struct stream_flow *flow)
{
	struct hlist_node *node = streams->buckets[bucket_of(flow)].first;

	for (; node; node = node->next) {
		struct stream *stream = container_of(node, struct stream, node);

		if (!memcmp(&stream->flow, flow, sizeof(*flow)))
			return stream;
	}
	return NULL;
}

/**
 * stream_is_same_flow() - but for the network namespace
 * @a: a flow
 * @b: another
 */
bool stream_is_same_flow(const struct stream_flow *a, const struct stream_flow *b)
{
	struct stream_flow key = *a;

	key.netns = b->netns;
	return !memcmp(&key, b, sizeof(key));
}

/**
 * stream_tell() - nothing more will be known of a call
 * @streams: the streams
 * @message: the call
 */
void stream_tell(struct streams *streams, struct stream_message *message)
{
	if (message->told)
		return;
	message->told = true;
	streams->nr_messages++;
	flow_told(flows_get(streams->flows, &message->flow), message);
	if (streams->ops.message)
		streams->ops.message(streams->context, message);
}

/**
 * stream_tell_change() - bytes are not what they were
 * @streams: the streams
 * @stream: the stream
 * @place: where
 * @span: which
 */
void stream_tell_change(struct streams *streams, const struct stream *stream,
			enum stream_place place, const struct span_result *span)
{
	struct stream_change change = {
		.place = place,
		.flow = stream->flow,
		.seq = (uint32_t)span->from,
		.len = span->to - span->from,
		.is_late = span->is_late,
		.before = span->before->witness,
		.after = span->after->witness,
	};

	if (streams->ops.changed)
		streams->ops.changed(streams->context, &change);
}

static void judged(void *context, const struct pair *pair, const struct span_result *span)
{
	struct streams *streams = context;

	(void)pair;
	stream_count_span(streams, streams->judging, streams->judging_place, span);
	if (span->result == PAIR_DIFFERS)
		stream_tell_change(streams, streams->judging, streams->judging_place, span);
}

/**
 * stream_judge() - compare two looks, as far as they have come
 * @streams: the streams
 * @stream: the stream
 * @pair: PAIR_*
 * @is_end: nothing else will come
 */
void stream_judge(struct streams *streams, struct stream *stream, unsigned int pair, bool is_end)
{
	streams->judging = stream;
	streams->judging_place = place_of_pair[pair];
	pair_judge(&stream->pairs[pair], streams->now_ns, is_end, judged, streams);
}

static struct stream *same_flow(struct hlist_node *node, const struct stream_flow *flow)
{
	for (; node; node = node->next) {
		struct stream *stream = container_of(node, struct stream, node);

		if (stream_is_same_flow(&stream->flow, flow))
			return stream;
	}
	return NULL;
}

/**
 * streams_first_of() - a stream of a flow, in whatever network namespace
 * @streams: the streams
 * @flow: the flow
 */
struct stream *streams_first_of(const struct streams *streams, const struct stream_flow *flow)
{
	return same_flow(streams->buckets[bucket_of(flow)].first, flow);
}

/**
 * streams_next_of() - the next of the same flow
 * @stream: what streams_first_of() or this has returned
 */
struct stream *streams_next_of(const struct stream *stream)
{
	return same_flow(stream->node.next, &stream->flow);
}

/* The last byte of what was sent: has somebody on this host got it? */
static void find_reader(const struct streams *streams, struct stream_message *sent)
{
	const struct stream *stream = streams_first_of(streams, &sent->flow);
	uint32_t last = sent->seq + sent->len - 1;
	unsigned int i;

	for (; stream; stream = streams_next_of(stream)) {
		for (i = stream->nr; i--;) {
			const struct stream_message *message = stream_message_at(stream, i);

			if (message->kind != SKBTRACE_MESSAGE_RECV ||
			    last - message->seq >= message->len ||
			    message->ended_ns < sent->began_ns)
				continue;
			sent->is_read = true;
			sent->read_ns = message->ended_ns;
			sent->reader_pid = message->pid;
			memcpy(sent->reader_comm, message->comm, sizeof(message->comm));
			return;
		}
	}
}

/* Nothing about what it got is open that who sent it may still tell. */
static bool is_sure(const struct stream_message *message)
{
	return message->bytes[STREAM_WHOLE].same == message->len ||
	       (message->bytes[STREAM_QUEUED].same == message->len &&
		message->bytes[STREAM_COPIED].same == message->len &&
		message->bytes[STREAM_RETURNED].same == message->len);
}

/* Is all known of a call that will be? */
static bool is_decided(const struct streams *streams, const struct stream *stream,
		       struct stream_message *message)
{
	uint64_t end = message->from + message->len;

	if (message->kind == SKBTRACE_MESSAGE_RECV)
		return stream->pairs[PAIR_QUEUED].done >= end &&
		       stream->pairs[PAIR_RETURNED].done >= end &&
		       (is_sure(message) || streams->now_ns > message->ended_ns + READ_WAIT_NS);
	if (stream->pairs[PAIR_SENT].done < end)
		return false;
	if (!message->is_read && !(message->state & SKBTRACE_M_UNPLACED))
		find_reader(streams, message);
	return message->is_read || streams->now_ns > message->ended_ns + READ_WAIT_NS;
}

static void tell_decided(struct streams *streams, struct stream *stream, bool is_end)
{
	unsigned int i;

	for (i = 0; i < stream->nr; i++) {
		struct stream_message *message = stream_message_at(stream, i);

		if (!message->told && (is_decided(streams, stream, message) || is_end))
			stream_tell(streams, message);
	}
}

/**
 * stream_judge_all() - compare all looks, and tell of which calls all is known
 * @streams: the streams
 * @stream: the stream
 * @is_end: nothing else will come
 */
void stream_judge_all(struct streams *streams, struct stream *stream, bool is_end)
{
	unsigned int i;

	for (i = 0; i < NR_PAIRS; i++)
		stream_judge(streams, stream, i, is_end);
	stream_judge_whole(streams, stream->total, false);
	tell_decided(streams, stream, is_end);
}

static void forget(struct streams *streams, struct stream *stream)
{
	unsigned int i;

	stream_judge_all(streams, stream, true);
	for (i = 0; i < ARRIVALS; i++)
		if (streams->arrivals[i].stream == stream)
			streams->arrivals[i].stream = NULL;
	for (i = 0; i < NR_PAIRS; i++)
		pair_free(&stream->pairs[i]);
	hlist_del_init(&stream->node);
	list_del_init(&stream->link);
	streams->nr--;
	free(stream->messages);
	free(stream);
}

/**
 * stream_begin_again() - another connection has the same addresses and ports
 * @streams: the streams
 * @stream: the stream, of which nothing stays
 */
void stream_begin_again(struct streams *streams, struct stream *stream)
{
	unsigned int i;

	stream_judge_all(streams, stream, true);
	for (i = 0; i < NR_PAIRS; i++)
		pair_free(&stream->pairs[i]);
	stream_forget_whole(streams, stream->total);
	stream->nr = 0;
	stream->unplaced[0] = 0;
	stream->unplaced[SKBTRACE_MESSAGE_RECV] = 0;
	stream->sk[0] = 0;
	stream->sk[1] = 0;
	stream->started = false;
}

/**
 * streams_get() - the stream of a flow, which is heard of
 * @streams: the streams
 * @flow: the flow
 *
 * Return: that, a new one if there was none, or NULL without memory.
 */
struct stream *streams_get(struct streams *streams, const struct stream_flow *flow)
{
	struct stream *stream = streams_find(streams, flow);

	if (!stream) {
		if (streams->nr >= STREAMS_MAX)
			forget(streams, container_of(streams->by_time.next, struct stream, link));
		stream = calloc(1, sizeof(*stream));
		if (!stream)
			return NULL;
		stream->messages = calloc(STREAM_MESSAGES, sizeof(*stream->messages));
		if (!stream->messages) {
			free(stream);
			return NULL;
		}
		stream->flow = *flow;
		stream->total = flows_get(streams->flows, flow);
		hlist_add_head(&stream->node, &streams->buckets[bucket_of(flow)]);
		list_init(&stream->link);
		streams->nr++;
	}
	stream->heard_ns = streams->now_ns;
	list_move_tail(&stream->link, &streams->by_time);
	return stream;
}

/* Those of which nothing is heard have things to give up as well. */
static void look_at_all(struct streams *streams)
{
	struct list_head *link;

	if (streams->now_ns < streams->looked_ns + LOOK_NS)
		return;
	streams->looked_ns = streams->now_ns;
	for (link = streams->by_time.next; link != &streams->by_time; link = link->next)
		stream_judge_all(streams, container_of(link, struct stream, link), false);
}

/**
 * streams_record() - take a record
 * @streams: the streams
 * @record: a hop or a message, later than all before
 *
 * Return: 0, or -1 without memory.
 */
int streams_record(struct streams *streams, const struct skbtrace_record *record)
{
	int err;

	if (record->ts_ns > streams->now_ns)
		streams->now_ns = record->ts_ns;
	if (stream_is_message(record))
		err = feed_message(streams, (const struct skbtrace_message *)record);
	else
		err = feed_hop(streams, record);
	look_at_all(streams);
	return err;
}

/**
 * streams_advance() - nothing came until then
 * @streams: the streams
 * @now_ns: the time
 */
void streams_advance(struct streams *streams, uint64_t now_ns)
{
	if (now_ns > streams->now_ns)
		streams->now_ns = now_ns;
	look_at_all(streams);
}

/**
 * streams_flush() - nothing else will come
 * @streams: the streams
 */
void streams_flush(struct streams *streams)
{
	struct list_head *link;

	for (link = streams->by_time.next; link != &streams->by_time; link = link->next)
		stream_judge_whole(streams, container_of(link, struct stream, link)->total, true);
	for (link = streams->by_time.next; link != &streams->by_time; link = link->next)
		stream_judge_all(streams, container_of(link, struct stream, link), true);
}

/**
 * streams_calls_of() - the calls that sent, or got, what a hop holds
 * @streams: the streams
 * @hop: the hop, the first or the last of a packet
 * @kind: SKBTRACE_MESSAGE_SEND or _RECV
 * @calls: set to the calls
 * @max: how many at most
 *
 * Return: how many.
 */
unsigned int streams_calls_of(const struct streams *streams, const struct skbtrace_record *hop,
			      unsigned int kind, struct stream_message *calls, unsigned int max)
{
	const struct stream_message *datagram;
	struct stream_flow flow;
	struct stream *stream;
	unsigned int i, nr = 0;

	if (hop->l4proto == IPPROTO_UDP && max) {
		datagram = datagrams_call(streams->datagrams, hop->life, kind);
		if (datagram)
			*calls = *datagram;
		return datagram ? 1 : 0;
	}
	if (hop->l4proto != IPPROTO_TCP || !hop->payload_len)
		return 0;
	flow_of_hop(&flow, hop);
	stream = streams_find(streams, &flow);
	for (i = 0; stream && i < stream->nr && nr < max; i++) {
		const struct stream_message *call = stream_message_at(stream, i);

		if (call->kind == kind &&
		    (hop->tcp_seq - call->seq < call->len ||
		     call->seq - hop->tcp_seq < hop->payload_len))
			calls[nr++] = *call;
	}
	return nr;
}

/**
 * streams_bytes() - what came of all bytes, place by place
 * @streams: the streams
 */
const struct stream_bytes *streams_bytes(const struct streams *streams)
{
	return streams->bytes;
}

/**
 * streams_messages() - how many calls were told
 * @streams: the streams
 */
uint64_t streams_messages(const struct streams *streams)
{
	return streams->nr_messages;
}

/**
 * streams_flows() - what came of bytes, flow by flow
 * @streams: the streams
 */
const struct flows *streams_flows(const struct streams *streams)
{
	return streams->flows;
}

/**
 * streams_new() - make a place for streams
 * @ops: whom to tell
 * @context: its
 *
 * Return: the streams, or NULL without memory.
 */
struct streams *streams_new(const struct stream_ops *ops, void *context)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return NULL;
	streams->datagrams = datagrams_new();
	streams->flows = flows_new();
	if (!streams->datagrams || !streams->flows) {
		datagrams_free(streams->datagrams);
		flows_free(streams->flows);
		free(streams);
		return NULL;
	}
	streams->ops = *ops;
	streams->context = context;
	list_init(&streams->by_time);
	return streams;
}

/**
 * streams_free() - forget all
 * @streams: the streams, or NULL
 *
 * Nobody is told anything.
 */
void streams_free(struct streams *streams)
{
	if (!streams)
		return;
	memset(&streams->ops, 0, sizeof(streams->ops));
	while (!list_empty(&streams->by_time))
		forget(streams, container_of(streams->by_time.next, struct stream, link));
	datagrams_free(streams->datagrams);
	flows_free(streams->flows);
	free(streams);
}
