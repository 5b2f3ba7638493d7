/* SPDX-License-Identifier: GPL-2.0 */
/* What stream.c, the table of streams, and feed.c, from records to looks, share. */
#ifndef SKBTRACE_TOOLS_STREAMS_H
#define SKBTRACE_TOOLS_STREAMS_H

#include "datagram.h"
#include "flow.h"
#include "lib/list.h"
#include "stream.h"

#define BUCKETS		4096

/* Pairs of looks that are pieced together; what is copied is in one record. */
enum { PAIR_SENT, PAIR_QUEUED, PAIR_RETURNED, NR_PAIRS };

/**
 * struct stream - the bytes of one direction of a connection, seen from one side
 * @flow: whose
 * @total: what came of its bytes and of those on the other side
 * @sk: the sockets that send and get them, 0 if no message told
 * @heard_ns: when something was
 * @at: the latest place that something was heard of
 * @started: @at is set
 * @unplaced: bytes that calls sent, or got, without saying which
 * @pairs: the looks
 * @messages: calls, the oldest at @first
 * @first: see there
 * @nr: how many
 * @node: by flow
 * @link: by time
 */
struct stream {
	struct stream_flow flow;
	struct flow_total *total;
	uint64_t sk[2];
	uint64_t heard_ns;
	uint64_t at;
	bool started;
	uint64_t unplaced[SKBTRACE_NR_MESSAGE_KINDS];
	struct pair pairs[NR_PAIRS];
	struct stream_message *messages;
	unsigned int first;
	unsigned int nr;
	struct hlist_node node;
	struct list_head link;
};

/*
 * What arrived in an skb: if that is dropped (its checksum was wrong, the bytes were
 * there already) it does not go on to any reader.
 */
struct arrival {
	uint64_t skb;
	struct stream *stream;
	uint64_t from;
	uint64_t to;
	uint64_t ts_ns;
};

/* A power of two; of two skbs in one place the later is remembered. */
#define ARRIVALS	8192

/**
 * struct streams - all of them
 * @ops: whom to tell
 * @context: its
 * @buckets: by flow
 * @arrivals: by skb
 * @by_time: the one not heard of for longest first
 * @nr: how many
 * @now_ns: time of the latest record
 * @looked_ns: when all were looked at
 * @datagrams: what of UDP is under way
 * @flows: what came of bytes, flow by flow
 * @bytes: what came of all
 * @nr_messages: calls that were told
 * @judging: the stream of the pair that is judged
 * @judging_place: the place of that
 */
struct streams {
	struct stream_ops ops;
	void *context;
	struct hlist_head buckets[BUCKETS];
	struct arrival arrivals[ARRIVALS];
	struct list_head by_time;
	unsigned int nr;
	uint64_t now_ns;
	uint64_t looked_ns;
	struct datagrams *datagrams;
	struct flows *flows;
	struct stream_bytes bytes[STREAM_NR_PLACES];
	uint64_t nr_messages;
	struct stream *judging;
	enum stream_place judging_place;
};

/* What is compared from application to application. */
struct whole {
	struct streams *streams;
	struct flow_total *total;
};

uint64_t stream_place(struct stream *stream, uint32_t seq);
struct stream_message *stream_message_at(const struct stream *stream, unsigned int n);
struct stream *streams_find(const struct streams *streams, const struct stream_flow *flow);
struct stream *streams_get(struct streams *streams, const struct stream_flow *flow);
void stream_begin_again(struct streams *streams, struct stream *stream);
void stream_judge(struct streams *streams, struct stream *stream, unsigned int pair, bool is_end);
void stream_judge_all(struct streams *streams, struct stream *stream, bool is_end);
void stream_tell(struct streams *streams, struct stream_message *message);
void stream_tell_change(struct streams *streams, const struct stream *stream,
			enum stream_place place, const struct span_result *span);
struct stream *streams_first_of(const struct streams *streams, const struct stream_flow *flow);
struct stream *streams_next_of(const struct stream *stream);

/* count.c */
void stream_count_span(struct streams *streams, struct stream *stream, enum stream_place place,
		       const struct span_result *span);
void stream_count(struct stream_bytes *bytes, enum pair_result result, bool is_late,
		  enum doubt doubt, uint64_t len);
void stream_count_call(struct call_bytes *bytes, enum pair_result result, bool is_late,
		       enum doubt doubt, uint32_t len);
void stream_judge_whole(struct streams *streams, struct flow_total *total, bool is_end);
void stream_forget_whole(struct streams *streams, struct flow_total *total);

/* feed.c */
void flow_of_hop(struct stream_flow *flow, const struct skbtrace_record *record);
int feed_hop(struct streams *streams, const struct skbtrace_record *record);
int feed_message(struct streams *streams, const struct skbtrace_message *message);

#endif /* SKBTRACE_TOOLS_STREAMS_H */
