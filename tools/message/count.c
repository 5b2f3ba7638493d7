// SPDX-License-Identifier: GPL-2.0
/* What came of bytes, counted: of all, of a flow's, and of a call's. */
#include "streams.h"

/* What calls with bytes of a span say. */
static enum doubt doubt_of_states(const struct stream *stream, unsigned int kind,
				  const struct span_result *span)
{
	static const struct {
		uint32_t state;
		enum doubt doubt;
	} reasons[] = {
		{ SKBTRACE_M_ZEROCOPY, DOUBT_ZEROCOPY },
		{ SKBTRACE_M_UNPLACED, DOUBT_UNPLACED },
		{ SKBTRACE_M_UNREADABLE, DOUBT_UNREADABLE },
		{ SKBTRACE_M_TOO_LONG, DOUBT_TOO_LONG },
	};
	unsigned int i, j;

	for (i = 0; i < stream->nr; i++) {
		const struct stream_message *message = stream_message_at(stream, i);

		if (message->kind != kind || message->from >= span->to ||
		    message->from + message->len <= span->from)
			continue;
		for (j = 0; j < sizeof(reasons) / sizeof(reasons[0]); j++)
			if (message->state & reasons[j].state)
				return reasons[j].doubt;
	}
	return DOUBT_CALL;
}

static enum doubt doubt_of_calls(struct stream *stream, unsigned int kind,
				 const struct span_result *span)
{
	uint64_t len = span->to - span->from, *unplaced = &stream->unplaced[kind];
	enum doubt doubt = doubt_of_states(stream, kind, span);

	/* Others do not say of which bytes they are. */
	if (doubt != DOUBT_CALL || !*unplaced)
		return doubt;
	*unplaced -= len < *unplaced ? len : *unplaced;
	return DOUBT_UNPLACED;
}

/* Why nobody can say of a span; of one that only one look has, who did not look. */
static enum doubt doubt_of(struct stream *stream, enum stream_place place,
			   const struct span_result *span)
{
	bool has_call = place == STREAM_SENT ? span->before : span->after;

	if (span->result == PAIR_DIFFERS)
		return DOUBT_CHANGED;
	if (span->doubt)
		return span->doubt;
	if (has_call)
		return place == STREAM_RETURNED ? DOUBT_CALL : DOUBT_HOP;
	return doubt_of_calls(stream, place == STREAM_SENT ? SKBTRACE_MESSAGE_SEND :
							     SKBTRACE_MESSAGE_RECV, span);
}

/**
 * stream_count() - count bytes
 * @bytes: where
 * @result: what came of them
 * @is_late: see struct stream_bytes
 * @doubt: why one cannot say, if so
 * @len: how many
 */
void stream_count(struct stream_bytes *bytes, enum pair_result result, bool is_late,
		  enum doubt doubt, uint64_t len)
{
	if (result == PAIR_SAME) {
		bytes->same += len;
		bytes->late += is_late ? len : 0;
	} else if (result == PAIR_DIFFERS) {
		bytes->changed += len;
	} else {
		bytes->unverified += len;
		bytes->why[doubt] += len;
	}
}

/**
 * stream_count_call() - likewise, of one call
 * @bytes: where
 * @result: see there
 * @is_late: likewise
 * @doubt: likewise
 * @len: likewise
 */
void stream_count_call(struct call_bytes *bytes, enum pair_result result, bool is_late,
		       enum doubt doubt, uint32_t len)
{
	if (result == PAIR_SAME) {
		bytes->same += len;
		bytes->late += is_late ? len : 0;
	} else if (result == PAIR_DIFFERS) {
		bytes->changed += len;
	} else {
		bytes->unverified += len;
		bytes->why |= 1u << doubt;
	}
}

/**
 * stream_verdict() - were a call's bytes the same all the way that is looked at
 * @message: the call
 *
 * What is the same from end to end is, whatever could be compared between.
 */
enum verdict_payload stream_verdict(const struct stream_message *message)
{
	bool is_sent = message->kind == SKBTRACE_MESSAGE_SEND;
	enum stream_place place = is_sent ? STREAM_SENT : STREAM_QUEUED;
	bool all = true;

	for (; place < (is_sent ? STREAM_QUEUED : STREAM_WHOLE); place++) {
		if (message->bytes[place].changed)
			return VERDICT_CHANGED;
		all = all && message->bytes[place].same == message->len;
	}
	return all || message->bytes[STREAM_WHOLE].same == message->len ? VERDICT_INTACT :
									  VERDICT_UNVERIFIED;
}

/* What came of a span is what came of calls with bytes of it. */
static void count_calls(struct stream *stream, unsigned int kind, enum stream_place place,
			const struct span_result *span, enum doubt doubt)
{
	unsigned int i;

	for (i = 0; i < stream->nr; i++) {
		struct stream_message *message = stream_message_at(stream, i);
		uint64_t from = message->from, to = from + message->len;

		if (message->kind != kind)
			continue;
		if (from < span->from)
			from = span->from;
		if (to > span->to)
			to = span->to;
		if (from < to)
			stream_count_call(&message->bytes[place], span->result, span->is_late,
					  doubt, to - from);
	}
}

/**
 * stream_count_span() - count a span at a place
 * @streams: the streams
 * @stream: the stream
 * @place: where
 * @span: the span
 */
void stream_count_span(struct streams *streams, struct stream *stream,
		       enum stream_place place, const struct span_result *span)
{
	enum doubt doubt = span->result == PAIR_SAME ? DOUBT_NONE : doubt_of(stream, place, span);
	uint64_t len = span->to - span->from;

	stream_count(&streams->bytes[place], span->result, span->is_late, doubt, len);
	stream_count(&stream->total->bytes[place], span->result, span->is_late, doubt, len);
	count_calls(stream, place == STREAM_SENT ? SKBTRACE_MESSAGE_SEND : SKBTRACE_MESSAGE_RECV,
		    place, span, doubt);
}

/* A span of what send() was given and recv() returned; places are those of the totals. */
static void whole_judged(void *context, const struct pair *pair, const struct span_result *span)
{
	struct whole *whole = context;
	struct span_result counted = *span;
	uint64_t len = span->to - span->from;
	unsigned int absent = span->before ? SKBTRACE_MESSAGE_RECV : SKBTRACE_MESSAGE_SEND;
	enum doubt doubt = span->doubt;
	struct stream *stream;

	(void)pair;
	for (stream = streams_first_of(whole->streams, &whole->total->flow);
	     stream && span->result != PAIR_SAME && (!doubt || doubt == DOUBT_CALL);
	     stream = streams_next_of(stream)) {
		counted.from = stream_place(stream, (uint32_t)span->from);
		counted.to = counted.from + len;
		doubt = doubt_of_states(stream, absent, &counted);
	}
	if (!doubt)
		doubt = DOUBT_CALL;
	if (span->result == PAIR_DIFFERS) {
		/* Where is said elsewhere; and it may be another connection. */
		counted.result = PAIR_UNKNOWN;
		doubt = DOUBT_CHANGED;
	}
	stream_count(&whole->streams->bytes[STREAM_WHOLE], counted.result, span->is_late, doubt, len);
	stream_count(&whole->total->bytes[STREAM_WHOLE], counted.result, span->is_late, doubt, len);
	for (stream = streams_first_of(whole->streams, &whole->total->flow); stream;
	     stream = streams_next_of(stream)) {
		counted.from = stream_place(stream, (uint32_t)span->from);
		counted.to = counted.from + len;
		count_calls(stream, SKBTRACE_MESSAGE_SEND, STREAM_WHOLE, &counted, doubt);
		count_calls(stream, SKBTRACE_MESSAGE_RECV, STREAM_WHOLE, &counted, doubt);
	}
}

/**
 * stream_judge_whole() - compare what applications sent and got, as far as that is known
 * @streams: the streams
 * @total: of this flow
 * @is_end: nothing else will come
 */
void stream_judge_whole(struct streams *streams, struct flow_total *total, bool is_end)
{
	struct whole whole = { .streams = streams, .total = total };

	pair_judge(&total->whole, streams->now_ns, is_end, whole_judged, &whole);
}

/**
 * stream_forget_whole() - another connection has the same addresses and ports
 * @streams: the streams
 * @total: of this flow
 */
void stream_forget_whole(struct streams *streams, struct flow_total *total)
{
	struct whole whole = { .streams = streams, .total = total };

	flow_begin_again(total, whole_judged, &whole);
}
