/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From application to application: what was sent, what the first and last hops of it
 * held, what was copied to the reader and what it got, stream by stream.
 *
 * It is fed with records in the order of time and calls back with each change, and with
 * each message (a call that sent or received) when all is known of it that will be.
 *
 * Four pairs of looks (see pair.h) make the whole way but for the hops, which are the
 * journeys':
 *
 *   sent      what send() was given, and the first hop
 *   queued    the last hop, and the skb that is copied from
 *   copied    that skb, and the reader's memory behind the copy
 *   returned  what was copied, and the reader's memory when the call returned
 *
 * And where both ends are this host's, what send() was given and what recv() returned are
 * compared themselves, whatever is between:
 *
 *   whole     from application to application; never "changed", as it is not known where
 */
#ifndef SKBTRACE_TOOLS_STREAM_H
#define SKBTRACE_TOOLS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/message.h>

#include "journey/journey.h"
#include "pair.h"

enum stream_place {
	STREAM_SENT,
	STREAM_QUEUED,
	STREAM_COPIED,
	STREAM_RETURNED,
	STREAM_WHOLE,
	STREAM_NR_PLACES,
};

/**
 * struct stream_flow - whose bytes
 * @saddr: who sends, IPv4 in the first 4 bytes and zeros
 * @daddr: who gets
 * @netns: the network namespace of who looks
 * @protocol: ethertype
 * @sport: as in packets
 * @dport: likewise
 * @l4proto: IPPROTO_*
 */
struct stream_flow {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint32_t netns;
	uint16_t protocol;
	uint16_t sport;
	uint16_t dport;
	uint8_t l4proto;
	uint8_t zero;
};

/**
 * struct stream_bytes - what came of bytes at a place
 * @same: as they were before
 * @late: of these, those that were looked at when the application could have changed them
 * @changed: not as they were
 * @unverified: one cannot say
 * @why: that, by cause
 */
struct stream_bytes {
	uint64_t same;
	uint64_t late;
	uint64_t changed;
	uint64_t unverified;
	uint64_t why[NR_DOUBTS];
};

/**
 * struct call_bytes - likewise, of one call
 * @same: see there
 * @late: likewise
 * @changed: likewise
 * @unverified: likewise
 * @why: a bit for each cause
 */
struct call_bytes {
	uint32_t same;
	uint32_t late;
	uint32_t changed;
	uint32_t unverified;
	uint32_t why;
};

/**
 * struct stream_change - bytes that are not what they were
 * @place: where
 * @flow: whose
 * @seq: sequence number of the first of the span in which they are
 * @len: how long that is
 * @is_late: they were looked at when the application could have changed them
 * @before: who had them right
 * @after: who has them wrong
 */
struct stream_change {
	enum stream_place place;
	struct stream_flow flow;
	uint32_t seq;
	uint32_t len;
	bool is_late;
	struct witness before;
	struct witness after;
};

/**
 * struct stream_message - a call that sent or received
 * @flow: of the bytes
 * @kind: SKBTRACE_MESSAGE_SEND or _RECV
 * @call: its number
 * @began_ns: when it began
 * @ended_ns: when it returned
 * @seq: sequence number of the first byte
 * @len: how many
 * @pid: whose
 * @tid: likewise
 * @stack_id: see struct skbtrace_message
 * @state: SKBTRACE_M_* of all its records
 * @comm: the name of @pid
 * @bytes: what came of them
 * @is_read: of a SEND: the last byte was received on this host
 * @read_ns: when that was known to who received it
 * @reader_pid: who
 * @reader_comm: its name
 */
struct stream_message {
	struct stream_flow flow;
	uint8_t kind;
	uint64_t call;
	uint64_t began_ns;
	uint64_t ended_ns;
	uint32_t seq;
	uint32_t len;
	uint32_t pid;
	uint32_t tid;
	uint32_t stack_id;
	uint32_t state;
	char comm[SKBTRACE_NAME_LEN];
	struct call_bytes bytes[STREAM_NR_PLACES];
	bool is_read;
	uint64_t read_ns;
	uint32_t reader_pid;
	char reader_comm[SKBTRACE_NAME_LEN];
	/* private: */
	uint64_t from;
	bool told;
};

/**
 * struct stream_ops - whom to tell
 * @changed: bytes were changed
 * @message: a call, and what came of its bytes
 */
struct stream_ops {
	void (*changed)(void *context, const struct stream_change *change);
	void (*message)(void *context, const struct stream_message *message);
};

/* Calls that are remembered of a stream, told or not. */
#define STREAM_MESSAGES	256

/* Streams that are followed; with more the one not heard of for longest goes. */
#ifndef STREAMS_MAX
#define STREAMS_MAX	4096
#endif

struct streams;
struct flows;

struct streams *streams_new(const struct stream_ops *ops, void *context);
void streams_free(struct streams *streams);
int streams_record(struct streams *streams, const struct skbtrace_record *record);
void streams_advance(struct streams *streams, uint64_t now_ns);
void streams_flush(struct streams *streams);
const struct stream_bytes *streams_bytes(const struct streams *streams);
uint64_t streams_messages(const struct streams *streams);
const struct flows *streams_flows(const struct streams *streams);
enum verdict_payload stream_verdict(const struct stream_message *message);
bool stream_is_same_flow(const struct stream_flow *a, const struct stream_flow *b);
unsigned int streams_calls_of(const struct streams *streams, const struct skbtrace_record *hop,
			      unsigned int kind, struct stream_message *calls,
			      unsigned int max);

/**
 * stream_is_message() - is a record no hop but a message
 * @record: the record
 */
static inline bool stream_is_message(const struct skbtrace_record *record)
{
	return record->flags & SKBTRACE_F_MESSAGE;
}

#endif /* SKBTRACE_TOOLS_STREAM_H */
