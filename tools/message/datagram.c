// SPDX-License-Identifier: GPL-2.0
/* Datagrams from application to application. */
#include <stdlib.h>
#include <string.h>

#include "lib/crc32c.h"
#include "streams.h"

/* Datagrams under way that are remembered, each in one place; powers of two. */
#define HOPS	16384
#define COPIES	4096
#define ENDS	4096

/* The first, or the last, hop of a datagram. */
struct datagram_hop {
	uint64_t life;
	uint32_t len;
	uint32_t crc;
	struct stream_flow flow;
	struct witness witness;
};

/* What was copied to a reader. */
struct datagram_copy {
	uint64_t call;
	uint32_t len;
	uint32_t crc;
	bool is_unknown;	/* what came of it is not what @crc says */
	struct stream_message message;
	struct witness witness;
};

/* What a call was given, or got; in one skb if that went from one to the other. */
struct datagram_end {
	uint64_t life;
	uint32_t len;
	uint32_t crc;
	struct stream_message call;
};

struct datagrams {
	struct datagram_end ends[2][ENDS];
	struct datagram_hop first[HOPS];
	struct datagram_hop last[HOPS];
	struct datagram_copy copies[COPIES];
};

static uint32_t crc_of(const struct skbtrace_message *message)
{
	uint32_t crc = 0, done = 0, i;

	for (i = 0; i < SKBTRACE_CELLS && done < message->len; i++) {
		uint32_t n = SKBTRACE_GRID - (message->seq + done) % SKBTRACE_GRID;

		if (n > message->len - done)
			n = message->len - done;
		crc = crc32c_combine(crc, message->cell[i], n);
		done += n;
	}
	return crc;
}

static void add(struct datagram_result *result, enum stream_place place,
		enum pair_result came, const struct witness *before, const struct witness *after,
		bool is_late, enum doubt doubt)
{
	if (came == PAIR_MISSING)
		doubt = place == STREAM_RETURNED ? DOUBT_CALL : DOUBT_HOP;
	result->at[result->nr].place = place;
	result->at[result->nr].result = came;
	if (before)
		result->at[result->nr].before = *before;
	if (after)
		result->at[result->nr].after = *after;
	result->at[result->nr].is_late = is_late;
	result->at[result->nr].doubt = doubt;
	result->nr++;
	stream_count_call(&result->call.bytes[place], came, is_late, doubt, result->call.len);
}

/* If the other end was told first. */
static void compare_ends(struct datagrams *datagrams, const struct skbtrace_message *message,
			 uint32_t crc, bool is_sent, struct datagram_result *result)
{
	struct datagram_end *own = &datagrams->ends[is_sent][message->life % ENDS];
	const struct datagram_end *other = &datagrams->ends[!is_sent][message->life % ENDS];

	own->life = message->life;
	own->len = message->len;
	own->crc = crc;
	if (other->life == own->life && other->len == own->len && other->crc == own->crc)
		add(result, STREAM_WHOLE, PAIR_SAME, NULL, NULL, false, DOUBT_NONE);
	own->call = result->call;
}

/**
 * datagrams_call() - the call that sent, or got, a datagram
 * @datagrams: the datagrams
 * @life: of its skb there
 * @kind: SKBTRACE_MESSAGE_SEND or _RECV
 *
 * Return: the call as far as is known, or NULL.
 */
const struct stream_message *datagrams_call(const struct datagrams *datagrams, uint64_t life,
					    unsigned int kind)
{
	const struct datagram_end *end =
		&datagrams->ends[kind == SKBTRACE_MESSAGE_SEND][life % ENDS];

	return life && end->life == life ? &end->call : NULL;
}

/* Why that says nothing of a whole datagram. */
static enum doubt doubt_of(const struct skbtrace_message *message)
{
	return message->state & SKBTRACE_M_ZEROCOPY ? DOUBT_ZEROCOPY :
	       message->state & SKBTRACE_M_UNREADABLE ? DOUBT_UNREADABLE :
	       message->state & SKBTRACE_M_TOO_LONG ? DOUBT_TOO_LONG :
	       message->state & SKBTRACE_M_UNPLACED ? DOUBT_UNPLACED : DOUBT_CUTS;
}

/* Only what is as long as the whole datagram is the same bytes. */
static enum pair_result compare(const struct datagram_hop *hop, uint64_t life,
				const struct skbtrace_message *message, uint32_t crc)
{
	if (hop->life != life)
		return PAIR_MISSING;
	if (hop->len != message->len ||
	    (message->state & (SKBTRACE_M_UNPLACED | SKBTRACE_M_UNREADABLE |
			       SKBTRACE_M_TOO_LONG | SKBTRACE_M_ZEROCOPY)))
		return PAIR_UNKNOWN;
	return hop->crc == crc ? PAIR_SAME : PAIR_DIFFERS;
}

static void begin_call(struct stream_message *call, const struct skbtrace_message *message,
		       const struct stream_flow *flow, bool is_sent)
{
	call->flow = *flow;
	call->kind = is_sent ? SKBTRACE_MESSAGE_SEND : SKBTRACE_MESSAGE_RECV;
	call->call = message->call;
	call->began_ns = message->began_ns;
	call->ended_ns = message->ts_ns;
	call->len = message->len;
	call->pid = message->pid;
	call->tid = message->tid;
	call->stack_id = message->stack_id;
	call->state = message->state;
	memcpy(call->comm, message->comm, sizeof(call->comm));
}

/**
 * datagrams_hop() - a datagram where it is sent, or where it arrived
 * @datagrams: the datagrams
 * @record: the hop
 * @flow: its flow
 * @is_first: it is sent
 */
void datagrams_hop(struct datagrams *datagrams, const struct skbtrace_record *record,
		   const struct stream_flow *flow, bool is_first)
{
	struct datagram_hop *hop = is_first ? datagrams->first : datagrams->last;

	hop += record->life % HOPS;
	memset(hop, 0, sizeof(*hop));
	hop->life = record->life;
	hop->len = record->payload_len;
	hop->crc = record->crc32c;
	hop->flow = *flow;
	hop->witness.ts_ns = record->ts_ns;
	hop->witness.point = record->point;
	hop->witness.cpu = record->cpu;
	hop->witness.netns = record->netns;
	memcpy(hop->witness.dev, record->dev, sizeof(record->dev));
}

static void take_sent(struct datagrams *datagrams, const struct skbtrace_message *message,
		      const struct stream_flow *flow, const struct witness *witness,
		      struct datagram_result *result)
{
	const struct datagram_hop *hop = &datagrams->first[message->life % HOPS];
	bool is_known = hop->life == message->life;
	uint32_t crc = crc_of(message);

	begin_call(&result->call, message, is_known ? &hop->flow : flow, true);
	add(result, STREAM_SENT, compare(hop, message->life, message, crc), witness,
	    is_known ? &hop->witness : NULL, message->late, doubt_of(message));
	compare_ends(datagrams, message, crc, true, result);
	result->is_told = true;
}

static void take_copied(struct datagrams *datagrams, const struct skbtrace_message *message,
			const struct stream_flow *flow, const struct witness *witness,
			struct datagram_result *result)
{
	const struct datagram_hop *hop = &datagrams->last[message->life % HOPS];
	struct datagram_copy *copy = &datagrams->copies[message->call % COPIES];
	bool is_known = hop->life == message->life;

	begin_call(&result->call, message, is_known ? &hop->flow : flow, false);
	copy->call = message->call;
	copy->len = message->len;
	copy->crc = crc_of(message);
	copy->is_unknown = message->differs || !(message->state & SKBTRACE_M_COMPARED);
	copy->witness = *witness;
	add(result, STREAM_QUEUED, compare(hop, message->life, message, copy->crc),
	    is_known ? &hop->witness : NULL, witness, false, doubt_of(message));
	add(result, STREAM_COPIED, !(message->state & SKBTRACE_M_COMPARED) ? PAIR_UNKNOWN :
	    message->differs ? PAIR_DIFFERS : PAIR_SAME, witness, witness, false,
	    DOUBT_UNREADABLE);
	copy->message = result->call;
}

static void take_returned(struct datagrams *datagrams, const struct skbtrace_message *message,
			  const struct stream_flow *flow, const struct witness *witness,
			  struct datagram_result *result)
{
	const struct datagram_copy *copy = &datagrams->copies[message->call % COPIES];
	enum pair_result came = PAIR_MISSING;
	bool is_known = copy->call == message->call;
	uint32_t crc = crc_of(message);

	if (is_known)
		result->call = copy->message;
	else
		begin_call(&result->call, message, flow, false);
	result->call.ended_ns = message->ts_ns;
	result->call.state |= message->state;
	if (is_known)
		came = copy->is_unknown || copy->len != message->len ? PAIR_UNKNOWN :
		       copy->crc == crc ? PAIR_SAME : PAIR_DIFFERS;
	add(result, STREAM_RETURNED, came, is_known ? &copy->witness : NULL, witness, false,
	    copy->is_unknown ? DOUBT_CHANGED : doubt_of(message));
	compare_ends(datagrams, message, crc, false, result);
	result->is_told = true;
}

/**
 * datagrams_message() - a call that sent or got a datagram
 * @datagrams: the datagrams
 * @message: what it says
 * @flow: its flow, if no hop of the datagram is known
 * @result: set to what comes of it
 */
void datagrams_message(struct datagrams *datagrams, const struct skbtrace_message *message,
		       const struct stream_flow *flow, struct datagram_result *result)
{
	struct witness witness;

	memset(result, 0, sizeof(*result));
	memset(&witness, 0, sizeof(witness));
	witness.ts_ns = message->ts_ns;
	witness.call = message->call;
	witness.pid = message->pid;
	witness.stack_id = message->stack_id;
	witness.point = message->point;
	witness.cpu = message->cpu;
	witness.netns = message->netns;
	memcpy(witness.comm, message->comm, sizeof(witness.comm));
	switch (message->kind) {
	case SKBTRACE_MESSAGE_SEND:
		take_sent(datagrams, message, flow, &witness, result);
		break;
	case SKBTRACE_MESSAGE_COPY:
		take_copied(datagrams, message, flow, &witness, result);
		break;
	default:
		if (message->state & SKBTRACE_M_COPIED)
			take_copied(datagrams, message, flow, &witness, result);
		take_returned(datagrams, message, flow, &witness, result);
		break;
	}
}

/**
 * datagrams_new() - make a place for datagrams
 *
 * Return: that, or NULL without memory.
 */
struct datagrams *datagrams_new(void)
{
	return calloc(1, sizeof(struct datagrams));
}

/**
 * datagrams_free() - forget all
 * @datagrams: what datagrams_new() returned, or NULL
 */
void datagrams_free(struct datagrams *datagrams)
{
	free(datagrams);
}
