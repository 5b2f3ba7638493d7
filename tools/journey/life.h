/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a journey consists of: hops, and the lives of the skbs that carried the packet.
 */
#ifndef SKBTRACE_TOOLS_LIFE_H
#define SKBTRACE_TOOLS_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

#include "lib/list.h"
#include "source/source.h"
#include "span.h"

/* Each record has a number of its own on its CPU. */
#define JOURNEY_ID(index, cpu)		((uint64_t)(index) << 16 | (cpu))
#define JOURNEY_ID_INDEX(id)		((uint64_t)(id) >> 16)
#define JOURNEY_ID_CPU(id)		((unsigned int)((id) & 0xffff))

/* "No hop", where the number of one is expected. */
#define JOURNEY_NO_HOP	UINT32_MAX

/**
 * enum journey_end - how a life, or a journey, ended
 * @JOURNEY_OPEN: its end was not seen
 * @JOURNEY_DELIVERED: at a socket or protocol
 * @JOURNEY_DROPPED: given up
 * @JOURNEY_FREED: freed without having been delivered or dropped
 */
enum journey_end {
	JOURNEY_OPEN,
	JOURNEY_DELIVERED,
	JOURNEY_DROPPED,
	JOURNEY_FREED,
};

/**
 * enum life_phase - what a life has to do with its packet
 * @LIFE_GOING: it carries it
 * @LIFE_BORN: likewise, but TCP has just sent it: a clone may travel in its place
 * @LIFE_KEPT: a clone travels in its place
 * @LIFE_TAP: it is for a packet socket
 * @LIFE_PASSED_ON: the packet went on in other lives of the journey
 * @LIFE_MERGED: it went on in a life of another journey, its carrier
 */
enum life_phase {
	LIFE_GOING,
	LIFE_BORN,
	LIFE_KEPT,
	LIFE_TAP,
	LIFE_PASSED_ON,
	LIFE_MERGED,
};

/**
 * enum life_answer - was it asked for an answer, and was one sent
 * @LIFE_NO_ANSWER: not that one knows
 * @LIFE_ANSWERED: an answer was sent at once
 * @LIFE_UNANSWERED: none was seen of who might have sent one
 * @LIFE_IS_ANSWER: it is one itself
 */
enum life_answer {
	LIFE_NO_ANSWER,
	LIFE_ANSWERED,
	LIFE_UNANSWERED,
	LIFE_IS_ANSWER,
};

/**
 * enum journey_joint - at a hop a packet was found to be put together of several
 * @JOURNEY_NO_JOINT: it was not, as far as one can see
 * @JOURNEY_JOINT_SAME: it has the bytes of its parts
 * @JOURNEY_JOINT_CHANGED: it has not
 * @JOURNEY_JOINT_UNKNOWN: not all of its parts are known, with digests
 */
enum journey_joint {
	JOURNEY_NO_JOINT,
	JOURNEY_JOINT_SAME,
	JOURNEY_JOINT_CHANGED,
	JOURNEY_JOINT_UNKNOWN,
};

/**
 * struct journey_hop - a record and its place in a journey
 * @record: the record
 * @life: the life it belongs to
 * @previous: the hop that the packet came from with this life or the one it
 *	was cloned from, JOURNEY_NO_HOP for the first; only hops that looked at
 *	the packet are pointed to
 * @joint: what came of comparing it with the parts it was put together of
 * @nr_parts: how many these were, itself included
 * @guesses: how often it had to be guessed, on the way back over @previous, which
 *	packet an skb carried
 * @doubts: how many hops on this way may be another skb's (SKBTRACE_F_DOUBTFUL)
 */
struct journey_hop {
	struct skbtrace_record record;
	const struct journey_life *life;
	uint32_t previous;
	enum journey_joint joint;
	uint32_t nr_parts;
	uint32_t guesses;
	uint32_t doubts;
};

/**
 * enum life_key_kind - what a life is found by
 * @LIFE_ID: its number
 * @LIFE_HEAD: the address of its data, as long as it has not ended
 * @LIFE_IDENTITY: packet_identity_hash(): what the headers say of its packet
 * @LIFE_PIECE: span_piece_hash(): where the bytes begin that it carries
 * @LIFE_SPLIT: span_split_hash(), of what may be cut into several
 * @LIFE_KEYS: how many there are
 */
enum life_key_kind {
	LIFE_ID,
	LIFE_HEAD,
	LIFE_IDENTITY,
	LIFE_PIECE,
	LIFE_SPLIT,
	LIFE_KEYS,
};

/* One of the things that a life is found by, see life.c. */
struct life_key {
	uint64_t value;
	struct hlist_node node;
	struct life_key *newer, *older;
};

/**
 * struct journey_life - an skb's part in a journey
 * @id: skbtrace_record.life
 * @skb: the skb's address, 0 if not known yet
 * @start_ns: when it began, as far as seen
 * @end_ns: when the skb was freed, if it is (@gone)
 * @number: which of the journey's lives it is, from 0
 * @parent: number of the life that it was made from; its own if of none
 * @last_hop: where the packet was last looked at on the way along this life
 * @told_hop: the last of these that told what packet it is of (a malformed skb does
 *	not), or JOURNEY_NO_HOP
 * @end_hop: the hop that says how it ended, or JOURNEY_NO_HOP
 * @unread_hop: the hop at which it was given up after it had arrived, or JOURNEY_NO_HOP
 * @nr_hops: hops that looked at the packet in this life itself
 * @end: how it ended, as far as is known
 * @phase: what it has to do with the packet
 * @answer: of a SYN or of ARP, was it answered
 * @gone: the skb is freed, whatever became of its bytes
 * @guessed: that it carries this packet is a guess
 * @beside: likewise, and the life that it is told by went on: which was made of which is
 *	not known
 * @is_heir: the packet went on in it, whether it was looked at there or not
 * @is_segment: it was made of a part of what it was made of
 * @otherhost: it was dropped because it was not for this host
 * @in_doubt: parts were found for it of which another packet may have been the
 *	origin
 * @carrier: the life of another journey that it is merged into (LIFE_MERGED), or NULL
 */
struct journey_life {
	uint64_t id;
	uint64_t skb;
	uint64_t start_ns;
	uint64_t end_ns;
	uint32_t number;
	uint32_t parent;
	uint32_t last_hop;
	uint32_t told_hop;
	uint32_t end_hop;
	uint32_t unread_hop;
	uint32_t nr_hops;
	enum journey_end end;
	enum life_phase phase;
	enum life_answer answer;
	bool gone;
	bool guessed;
	bool beside;
	bool is_heir;
	bool is_segment;
	bool otherhost;
	bool in_doubt;
	struct journey_life *carrier;
	/* private: */
	struct journey *journey;	/* NULL: kept, its journey is complete */
	struct journey_life *next;	/* of the journey; of the free ones */
	struct journey_life *whole_life; /* tied: what it was made of, until it is looked at */
	struct journey_life *copy;	/* tied: what was made of it last, at its last hop */
	struct life_key keys[LIFE_KEYS];
	struct list_head kept_link;
	struct journey_life *merged;	/* the first of those it carries */
	struct journey_life *next_merged;
	struct journey_life *into;	/* tied: what it is to be merged into */
	struct list_head joining;	/* those that are to be merged into it */
	struct list_head joining_link;
	struct span span;		/* seen last */
	struct span whole;		/* seen at whole_hop, since when it may be cut */
	uint32_t whole_hop;
	uint32_t nr_segments;
	uint32_t segment;		/* tied: which of the whole's it is */
	uint32_t fragment_id;		/* of its fragments, if they have one and it has not */
	uint64_t sent_flow;
	uint32_t sent_seq;
	uint32_t sent_len;
	uint8_t expected;		/* enum life_expected */
};

/**
 * struct journey - what is known of one packet
 * @id: JOURNEY_ID() of its first record: the same whenever these records are read
 * @first_ns: time of the first hop
 * @last_ns: time of the last hop
 * @hops: the hops, by time
 * @nr_hops: how many
 * @lives: the lives, linked by @next, the first is the one it began with
 * @nr_lives: how many
 * @end: how it ended
 * @end_hop: the hop that says so, or JOURNEY_NO_HOP
 * @nr_delivered: how many of its lives were delivered
 * @nr_dropped: how many were dropped
 * @nr_taps: how many were a packet socket's
 * @unread_hop: the hop at which it was given up after it had been delivered, or
 *	JOURNEY_NO_HOP
 * @retransmission: the same bytes were sent before
 * @closed_early: why the journey was closed before its end, or NULL
 * @nr_hidden: hops that were not asked for (SKBTRACE_F_HIDDEN)
 * @nr_repeated: other hops that are those of another journey's packet, which carried
 *	this one
 * @nr_losses: how often records were lost while it was under way
 * @loss: the first of these
 */
struct journey {
	uint64_t id;
	uint64_t first_ns;
	uint64_t last_ns;
	struct journey_hop *hops;
	uint32_t nr_hops;
	struct journey_life *lives;
	uint32_t nr_lives;
	enum journey_end end;
	uint32_t end_hop;
	uint32_t nr_delivered;
	uint32_t nr_dropped;
	uint32_t nr_taps;
	uint32_t unread_hop;
	bool retransmission;
	const char *closed_early;
	uint32_t nr_hidden;
	uint32_t nr_repeated;
	uint32_t nr_losses;
	struct source_loss loss;
	/* private: */
	struct journey_life **lives_tail;
	struct list_head link;
	uint32_t room;
	uint32_t nr_travelling;
	uint32_t nr_waiting;
	uint64_t mirrored;	/* number of the record that it has from a carrier */
};

/**
 * enum life_expected - what may still be heard of a life
 * @LIFE_QUIET: nothing that matters
 * @LIFE_WAITING: its end, or what its bytes go on in
 * @LIFE_TRAVELLING: more hops
 */
enum life_expected {
	LIFE_QUIET,
	LIFE_WAITING,
	LIFE_TRAVELLING,
};

/**
 * struct life_table - all lives, and how to find them
 * @buckets: of each kind of key
 * @shift: 64 - log2 of the number of buckets of each
 * @unused: lives to be used again
 */
struct life_table {
	struct hlist_head *buckets[LIFE_KEYS];
	unsigned int shift;
	struct journey_life *unused;
};

int life_table_init(struct life_table *table, uint32_t nr_expected);
void life_table_destroy(struct life_table *table);

struct journey_life *life_new(struct life_table *table, uint64_t id, uint64_t start_ns);
void life_release(struct life_table *table, struct journey_life *life);

const struct skbtrace_record *life_last(const struct journey_life *life);
bool life_began_at(const struct journey_life *life, const struct skbtrace_record *record);
bool life_is_over(const struct journey_life *life);
bool life_is_known(const struct journey_life *life);
bool life_is_under_way(const struct journey_life *life);
bool life_may_go_on(const struct journey_life *life);
enum life_expected life_expected(const struct journey_life *life);

void life_carry(struct journey_life *carrier, struct journey_life *part);
void life_put_down(struct journey_life *part);
void life_join(struct journey_life *carrier, struct journey_life *part);
void life_part(struct journey_life *part);

void life_set_key(struct life_table *table, struct journey_life *life, enum life_key_kind kind,
		  uint64_t value);
void life_forget_key(struct life_table *table, struct journey_life *life, enum life_key_kind kind);
struct journey_life *life_find(const struct life_table *table, enum life_key_kind kind,
			       uint64_t value);
struct journey_life *life_older(const struct journey_life *life, enum life_key_kind kind);

#endif /* SKBTRACE_TOOLS_LIFE_H */
