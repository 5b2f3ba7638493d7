// SPDX-License-Identifier: GPL-2.0
/* From records to what each look says of a stream's bytes. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "journey/point.h"
#include "lib/crc32c.h"
#include "streams.h"

#define TCP_SYN		0x02

static void copy_address(uint8_t *to, const uint8_t *from, uint16_t protocol)
{
	memcpy(to, from, protocol == ETH_P_IPV6 ? 16 : 4);
}

/**
 * flow_of_hop() - whose bytes a hop has
 * @flow: set to the flow
 * @record: the hop, which has one
 */
void flow_of_hop(struct stream_flow *flow, const struct skbtrace_record *record)
{
	memset(flow, 0, sizeof(*flow));
	copy_address(flow->saddr, record->saddr, record->protocol);
	copy_address(flow->daddr, record->daddr, record->protocol);
	flow->netns = record->netns;
	flow->protocol = record->protocol;
	flow->sport = record->sport;
	flow->dport = record->dport;
	flow->l4proto = record->l4proto;
}

static void flow_of_message(struct stream_flow *flow, const struct skbtrace_message *message)
{
	memset(flow, 0, sizeof(*flow));
	copy_address(flow->saddr, message->saddr, message->protocol);
	copy_address(flow->daddr, message->daddr, message->protocol);
	flow->netns = message->netns;
	flow->protocol = message->protocol;
	flow->sport = message->sport;
	flow->dport = message->dport;
	flow->l4proto = message->l4proto;
}

static void witness_of_message(struct witness *witness, const struct skbtrace_message *message)
{
	memset(witness, 0, sizeof(*witness));
	witness->ts_ns = message->ts_ns;
	witness->call = message->call;
	witness->pid = message->pid;
	witness->stack_id = message->stack_id;
	witness->point = message->point;
	witness->cpu = message->cpu;
	witness->netns = message->netns;
	memcpy(witness->comm, message->comm, sizeof(witness->comm));
}

static struct arrival *arrival_of(struct streams *streams, uint64_t skb)
{
	return &streams->arrivals[(skb ^ skb >> 13) / 64 % ARRIVALS];
}

static void take_drop(struct streams *streams, const struct skbtrace_record *record)
{
	struct arrival *arrival = arrival_of(streams, record->skb);

	if (!arrival->stream || arrival->skb != record->skb || record->users > 1)
		return;
	pair_remove(&arrival->stream->pairs[PAIR_QUEUED], 0, arrival->from, arrival->to,
		    arrival->ts_ns);
	arrival->stream = NULL;
}

/*
 * A hop's payload in up to three pieces, if it says what they are: up to the first cut
 * of the sequence space, from there to the last, and behind that.
 */
static int add_hop(struct pair *pair, unsigned int look, const struct skbtrace_record *record,
		   uint64_t from)
{
	uint64_t to = from + record->payload_len;
	uint64_t first = to, last = to;
	struct piece piece;
	int added = 0, ret, i;

	memset(&piece, 0, sizeof(piece));
	piece.witness.ts_ns = record->ts_ns;
	piece.witness.point = record->point;
	piece.witness.cpu = record->cpu;
	piece.witness.netns = record->netns;
	memcpy(piece.witness.dev, record->dev, sizeof(record->dev));
	if (record->flags & SKBTRACE_F_GRID) {
		first = from + -(uint32_t)from % SKBTRACE_GRID;
		last = to - (uint32_t)to % SKBTRACE_GRID;
	}
	if (first >= to || last < first)
		first = last = to;
	for (i = 0; i < 3; i++) {
		uint32_t crc = record->crc32c;

		piece.from = i ? i > 1 ? last : first : from;
		piece.to = i ? i > 1 ? to : last : first;
		if (piece.from == piece.to)
			continue;
		/* What stands behind a cut is what the whole has without what is before. */
		if (first < to && i == 0)
			crc = record->crc32c_grid[0];
		else if (i == 1)
			crc = crc32c_combine(record->crc32c_grid[0], record->crc32c_grid[1],
					     last - first);
		else if (i == 2)
			crc = crc32c_combine(record->crc32c_grid[1], record->crc32c, to - last);
		piece.crc = crc;
		ret = pair_add(pair, look, &piece);
		if (ret < 0)
			return -1;
		added += ret;
	}
	return added;
}

static int take_datagram(struct streams *streams, const struct skbtrace_record *record,
			 const struct stream_flow *flow, enum point_role role)
{
	if (record->payload_len && record->digest_len == record->payload_len &&
	    (record->flags & SKBTRACE_F_DIGEST))
		datagrams_hop(streams->datagrams, record, flow, role == ROLE_BIRTH);
	return 0;
}

/**
 * feed_hop() - take a hop
 * @streams: the streams
 * @record: the hop
 *
 * What the first and the last hop of a packet at this host's sockets hold is what a
 * socket's queue was given, or gets.
 *
 * Return: 0, or -1 without memory.
 */
int feed_hop(struct streams *streams, const struct skbtrace_record *record)
{
	const uint32_t has_flow = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS | SKBTRACE_F_NETNS;
	const struct point *point = point_of(record->point);
	struct stream_flow flow;
	struct stream *stream;
	uint64_t from, to;
	unsigned int pair;
	int added;

	if (point->role == ROLE_DROP)
		take_drop(streams, record);
	if (point->role == ROLE_BIRTH)
		pair = PAIR_SENT;
	else if (point->role == ROLE_TRANSPORT ||
		 (point->role == ROLE_DELIVER && record->l4proto == IPPROTO_UDP))
		pair = PAIR_QUEUED;
	else
		return 0;
	if (record->payload != SKBTRACE_PAYLOAD_TRANSPORT ||
	    (record->flags & has_flow) != has_flow)
		return 0;
	flow_of_hop(&flow, record);
	if (record->l4proto == IPPROTO_UDP)
		return take_datagram(streams, record, &flow, point->role);
	if (record->l4proto != IPPROTO_TCP)
		return 0;
	if (record->tcp_flags & TCP_SYN) {
		stream = streams_find(streams, &flow);
		if (stream)
			stream_begin_again(streams, stream);
	}
	if (!record->payload_len || !(record->flags & SKBTRACE_F_DIGEST) ||
	    record->digest_len != record->payload_len)
		return 0;
	stream = streams_get(streams, &flow);
	if (!stream)
		return -1;
	from = stream_place(stream, record->tcp_seq + !!(record->tcp_flags & TCP_SYN));
	to = from + record->payload_len;
	stream->at = to;
	added = add_hop(&stream->pairs[pair], pair == PAIR_QUEUED ? 0 : 1, record, from);
	if (added < 0)
		return -1;
	if (added && pair == PAIR_QUEUED) {
		struct arrival *arrival = arrival_of(streams, record->skb);

		arrival->skb = record->skb;
		arrival->stream = stream;
		arrival->from = from;
		arrival->to = to;
		arrival->ts_ns = record->ts_ns;
	}
	stream_judge(streams, stream, pair, false);
	return 0;
}

/* Cells lie between cuts of the sequence space. */
static uint32_t cell_len(const struct skbtrace_message *message, uint32_t done)
{
	uint32_t len = SKBTRACE_GRID - (message->seq + done) % SKBTRACE_GRID;

	return len < message->len - done ? len : message->len - done;
}

/* What a copy made of a cell is known at once. */
static void take_copied(struct streams *streams, struct stream *stream,
			const struct skbtrace_message *message, const struct piece *piece)
{
	struct span_result span = {
		.from = piece->from, .to = piece->to, .before = piece, .after = piece,
		.result = !(message->state & SKBTRACE_M_COMPARED) ? PAIR_UNKNOWN :
			  piece->doubt ? PAIR_DIFFERS : PAIR_SAME,
		.doubt = DOUBT_UNREADABLE,
	};

	stream_count_span(streams, stream, STREAM_COPIED, &span);
	if (span.result == PAIR_DIFFERS)
		stream_tell_change(streams, stream, STREAM_COPIED, &span);
}

/* Of a call that has got all at once the memory was looked at once, when it returned. */
static int take_copied_and_returned(struct streams *streams, struct stream *stream,
				    const struct skbtrace_message *message, struct piece *piece,
				    bool differs)
{
	int err = pair_add(&stream->pairs[PAIR_QUEUED], 1, piece);

	piece->doubt = differs ? DOUBT_CHANGED : DOUBT_NONE;
	take_copied(streams, stream, message, piece);
	if (!(message->state & SKBTRACE_M_COMPARED))
		piece->doubt = DOUBT_UNREADABLE;
	if (err >= 0)
		err = pair_add(&stream->pairs[PAIR_RETURNED], 0, piece);
	if (err >= 0)
		err = pair_add(&stream->pairs[PAIR_RETURNED], 1, piece);
	return err;
}

static int take_cells(struct streams *streams, struct stream *stream,
		      const struct skbtrace_message *message)
{
	uint32_t done = 0, i;
	struct piece piece;
	int err = 0;

	memset(&piece, 0, sizeof(piece));
	witness_of_message(&piece.witness, message);
	for (i = 0; i < SKBTRACE_CELLS && done < message->len && err >= 0; i++) {
		piece.from = stream_place(stream, message->seq + done);
		piece.to = piece.from + cell_len(message, done);
		piece.crc = message->cell[i];
		piece.is_late = message->late >> i & 1;
		piece.doubt = DOUBT_NONE;
		switch (message->kind) {
		case SKBTRACE_MESSAGE_SEND:
			/* Until it is sent that memory is the application's to write to. */
			if (message->state & SKBTRACE_M_ZEROCOPY)
				piece.doubt = DOUBT_ZEROCOPY;
			err = pair_add(&stream->pairs[PAIR_SENT], 0, &piece);
			break;
		case SKBTRACE_MESSAGE_COPY:
			err = pair_add(&stream->pairs[PAIR_QUEUED], 1, &piece);
			if (message->differs >> i & 1)
				piece.doubt = DOUBT_CHANGED;
			take_copied(streams, stream, message, &piece);
			if (err >= 0)
				err = pair_add(&stream->pairs[PAIR_RETURNED], 0, &piece);
			break;
		default:
			err = message->state & SKBTRACE_M_COPIED ?
			      take_copied_and_returned(streams, stream, message, &piece,
						       message->differs >> i & 1) :
			      pair_add(&stream->pairs[PAIR_RETURNED], 1, &piece);
			break;
		}
		if (err >= 0 && message->kind != SKBTRACE_MESSAGE_COPY &&
		    !flow_is_rest(streams->flows, stream->total))
			err = flow_add(stream->total, &piece, message->seq + done,
				       message->kind == SKBTRACE_MESSAGE_SEND);
		done += piece.to - piece.from;
	}
	return err < 0 ? -1 : 0;
}

/* The call that a record is of, if its first one was seen; or a new one. */
static struct stream_message *call_of(struct streams *streams, struct stream *stream,
				      const struct skbtrace_message *message)
{
	uint8_t kind = message->kind == SKBTRACE_MESSAGE_SEND ? SKBTRACE_MESSAGE_SEND :
								SKBTRACE_MESSAGE_RECV;
	struct stream_message *call;
	unsigned int i;

	for (i = stream->nr; i--;) {
		call = stream_message_at(stream, i);
		if (call->call == message->call && call->kind == kind)
			return call;
	}
	if (stream->nr == STREAM_MESSAGES) {
		stream_tell(streams, stream_message_at(stream, 0));
		stream->first = (stream->first + 1) % STREAM_MESSAGES;
		stream->nr--;
	}
	call = stream_message_at(stream, stream->nr++);
	memset(call, 0, sizeof(*call));
	call->flow = stream->flow;
	call->kind = kind;
	call->call = message->call;
	call->began_ns = message->began_ns;
	call->seq = message->seq;
	call->from = stream_place(stream, message->seq);
	call->pid = message->pid;
	call->tid = message->tid;
	call->stack_id = message->stack_id;
	memcpy(call->comm, message->comm, sizeof(call->comm));
	return call;
}

/* Of which bytes a call is nobody knows, but for what was recorded of it before. */
static void take_unplaced(struct stream *stream, struct stream_message *call,
			  const struct skbtrace_message *message)
{
	if (!(message->state & SKBTRACE_M_END) || message->ret <= 0 ||
	    call->len >= (uint32_t)message->ret)
		return;
	stream->unplaced[call->kind] += message->ret - call->len;
	if (call->len)
		return;
	/* Before all others. */
	call->from = 0;
	call->len = message->ret;
}

static void take_datagram_message(struct streams *streams,
				  const struct skbtrace_message *message,
				  const struct stream_flow *flow)
{
	struct datagram_result result;
	struct flow_total *total;
	unsigned int i;

	datagrams_message(streams->datagrams, message, flow, &result);
	total = flows_get(streams->flows, &result.call.flow);
	for (i = 0; i < result.nr; i++) {
		struct stream_change change = {
			.place = result.at[i].place, .flow = result.call.flow,
			.len = result.call.len, .is_late = result.at[i].is_late,
			.before = result.at[i].before, .after = result.at[i].after,
		};

		stream_count(&streams->bytes[change.place], result.at[i].result, change.is_late,
			     result.at[i].doubt, change.len);
		stream_count(&total->bytes[change.place], result.at[i].result, change.is_late,
			     result.at[i].doubt, change.len);
		if (result.at[i].result == PAIR_DIFFERS && streams->ops.changed)
			streams->ops.changed(streams->context, &change);
	}
	if (result.is_told)
		stream_tell(streams, &result.call);
}

/**
 * feed_message() - take a message
 * @streams: the streams
 * @message: the message
 *
 * Return: 0, or -1 without memory.
 */
int feed_message(struct streams *streams, const struct skbtrace_message *message)
{
	struct stream_message *call;
	struct stream_flow flow;
	struct stream *stream;
	uint64_t *sk;
	uint32_t to;

	if (message->kind >= SKBTRACE_NR_MESSAGE_KINDS)
		return 0;
	flow_of_message(&flow, message);
	if (flow.l4proto == IPPROTO_UDP) {
		take_datagram_message(streams, message, &flow);
		return 0;
	}
	stream = streams_get(streams, &flow);
	if (!stream)
		return -1;
	sk = &stream->sk[message->kind != SKBTRACE_MESSAGE_SEND];
	if (*sk && *sk != message->sk)
		stream_begin_again(streams, stream);
	*sk = message->sk;
	/* Before the cells, so that what comes of them is the call's. */
	call = call_of(streams, stream, message);
	call->state |= message->state;
	call->ended_ns = message->ts_ns;
	if (message->state & SKBTRACE_M_UNPLACED) {
		take_unplaced(stream, call, message);
	} else {
		to = message->seq + message->len;
		if ((int32_t)(to - (call->seq + call->len)) > 0)
			call->len = to - call->seq;
		if ((message->state & SKBTRACE_M_END) && message->ret > 0 &&
		    call->len < (uint32_t)message->ret)
			call->len = message->ret;
		if (take_cells(streams, stream, message))
			return -1;
		stream->at = stream_place(stream, message->seq + message->len);
	}
	stream_judge_all(streams, stream, false);
	return 0;
}
