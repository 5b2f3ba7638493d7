/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From records to journeys: a library without input and output of its own.
 *
 * It is fed with records in the order of time and calls back with each
 * journey that is complete.  Words:
 *
 *   life      an skb between its birth and its free, as the module numbers them; of
 *             what TCP sends again, from one transmission to the next
 *   journey   the hops of one packet, over the lives that carry it: clones,
 *             copies, skbs built anew
 *   tie       what says whose bytes an skb has that was made of another: a record of
 *             its making (a clone, a copy, segments, a merge), or TCP's sequence numbers
 *   guess     what is said by flow, IP id and time where an skb was made unseen; no
 *             payload is called changed for a guess
 *   kept      the life of a TCP skb that stays in the write queue until it is
 *             acknowledged, while its clone travels
 *   tap       a life that ends in a packet socket, as tcpdump's
 *   merged    a life whose bytes travel on in another, its carrier: GRO and
 *             reassembly do that.  If the carrier is of another journey, its
 *             hops are those of the merged life's journey as well.
 *
 * Memory is bounded (see struct journey_config), and a record costs the same
 * however many journeys are open and however long they are.
 */
#ifndef SKBTRACE_TOOLS_JOURNEY_H
#define SKBTRACE_TOOLS_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

#include "lib/list.h"
#include "packet.h"
#include "point.h"
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
 * @gone: the skb is freed, whatever became of its bytes
 * @guessed: that it carries this packet is a guess
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
	bool gone;
	bool guessed;
	bool is_segment;
	bool otherhost;
	bool in_doubt;
	struct journey_life *carrier;
	/* private: */
	struct journey *journey;	/* NULL: kept, its journey is complete */
	struct journey_life *next;	/* of the journey; of the free ones */
	struct journey_life *whole_life; /* tied: what it was made of, until it is looked at */
	struct journey_life *copy;	/* tied: what was made of it last, at its last hop */
	struct life_key id_key;
	struct life_key head_key;
	struct life_key identity_key;
	struct life_key piece_key;
	struct life_key split_key;
	struct list_head kept_link;
	struct journey_life *merged;	/* the first of those it carries */
	struct journey_life *next_merged;
	struct journey_life *into;	/* tied: what it is to be merged into */
	struct list_head joining;	/* those that are to be merged into it */
	struct list_head joining_link;
	uint64_t head;			/* address of its data, 0 if not known */
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
 * struct journey_config - limits
 * @max_journeys: open at once
 * @max_hops: in all open journeys together
 * @max_journey_hops: in one journey
 * @idle_ns: a journey under way of which nothing was heard for so long, in
 *	the time of the records, is closed
 */
struct journey_config {
	uint32_t max_journeys;
	uint32_t max_hops;
	uint32_t max_journey_hops;
	uint64_t idle_ns;
};

/*
 * 65536 packets at once is the backlog of a busy host; 256 MiB of hops.  A
 * packet of 512 KiB (BIG TCP) is cut into 362 segments.  (selftests/fuzz has
 * smaller ones.)
 */
#ifndef JOURNEY_CONFIG_DEFAULT
#define JOURNEY_CONFIG_DEFAULT { 1 << 16, 1 << 20, 1 << 14, 10 * 1000000000ULL }
#endif

/**
 * struct journey_reasons - drop reasons that do not always mean a drop
 * @consumed: the number of SKB_CONSUMED on the kernel that made the records:
 *	never one
 * @unspecified: that of SKB_DROP_REASON_NOT_SPECIFIED: once it has arrived,
 *	some protocols free with kfree_skb() what they have made use of
 * @no_socket: that of SKB_DROP_REASON_NO_SOCKET: once it has arrived, at ICMP,
 *	no socket of ping's wanted it as well
 * @queue_purge: that of SKB_DROP_REASON_QUEUE_PURGE: once it has arrived, the
 *	socket was closed with it unread, as with every FIN
 * @socket_close: that of SKB_DROP_REASON_SOCKET_CLOSE, likewise
 * @otherhost: that of SKB_DROP_REASON_OTHERHOST: flooded to where nobody wants
 *	it, which says nothing of the packet if it went elsewhere too
 *
 * Their numbers change from kernel to kernel; -1 if it has none.
 */
struct journey_reasons {
	int64_t consumed;
	int64_t unspecified;
	int64_t no_socket;
	int64_t queue_purge;
	int64_t socket_close;
	int64_t otherhost;
};

/**
 * struct journey_counts - what became of the records
 * @records: fed; each is counted as one of the next six
 * @hops: became a hop of a journey (those of what it carried have it too)
 * @unknown: about skbs that no journey is known of, ignored
 * @late_returns: returned after their journey was complete, ignored
 * @elsewhere: about skbs whose packet goes on without them: as a clone, as part of
 *	another skb, or in the hands of others who hold the skb
 * @hidden: not asked for: used, and not shown
 * @no_room: their journey had as many hops as it may
 * @begun: journeys that were begun
 * @closed_early: those that were closed for want of room
 */
struct journey_counts {
	uint64_t records;
	uint64_t hops;
	uint64_t unknown;
	uint64_t late_returns;
	uint64_t elsewhere;
	uint64_t hidden;
	uint64_t no_room;
	uint64_t begun;
	uint64_t closed_early;
};

struct journey_engine;

typedef void (*journey_done)(void *context, const struct journey *journey);

struct journey_engine *journey_engine_new(const struct journey_config *config,
					  const struct journey_reasons *reasons,
					  journey_done done, void *context);
void journey_engine_free(struct journey_engine *engine);
int journey_record(struct journey_engine *engine, const struct skbtrace_record *record);
void journey_lost(struct journey_engine *engine, const struct source_loss *loss);
void journey_advance(struct journey_engine *engine, uint64_t now_ns);
void journey_flush(struct journey_engine *engine);
const struct journey_counts *journey_counts(const struct journey_engine *engine);

/* verdict.c */

/* Changes of one journey that are named; more are counted. */
#define VERDICT_CHANGES	32

enum verdict_payload {
	VERDICT_INTACT,
	VERDICT_CHANGED,
	VERDICT_UNVERIFIED,
};

/**
 * enum verdict_how - what became of the payload
 * @VERDICT_OTHER: as many bytes, but others
 * @VERDICT_TRUNCATED: its end is missing
 * @VERDICT_EXTENDED: bytes were added
 * @VERDICT_EMPTIED: all of it is missing
 */
enum verdict_how {
	VERDICT_OTHER,
	VERDICT_TRUNCATED,
	VERDICT_EXTENDED,
	VERDICT_EMPTIED,
};

/**
 * struct verdict_change - a change of the payload
 * @after: the last hop that had it as it was
 * @before: the first hop that has it changed
 * @how: what became of it
 * @bytes: how many were cut off or added
 */
struct verdict_change {
	uint32_t after;
	uint32_t before;
	enum verdict_how how;
	uint32_t bytes;
};

/**
 * struct verdict - was the payload the same all the way
 * @payload: the verdict
 * @why: a sentence, "" if intact
 * @bad_csum: the first hop at which the packet's own checksum is bad, or
 *	JOURNEY_NO_HOP (verify_csum=1)
 * @nr_changes: how many changes, in order of time
 * @changes: the first VERDICT_CHANGES of them
 */
struct verdict {
	enum verdict_payload payload;
	char why[256];
	uint32_t bad_csum;
	uint32_t nr_changes;
	struct verdict_change changes[VERDICT_CHANGES];
	/* private: what came of the parts that the packet of a hop was cut into */
	uint32_t cut_at;
	uint32_t cut_first;
	enum journey_joint cut;
	/* where it went into something, or came out, that is not looked into; and what */
	uint32_t crossed_at;
	const char *crossed_why;
	bool began_within;	/* what that is was all that had been seen of it */
};

void verdict_of(const struct journey *journey, uint64_t missed, struct verdict *verdict);
const char *verdict_name(enum verdict_payload payload);
const char *verdict_how_name(enum verdict_how how);

#endif /* SKBTRACE_TOOLS_JOURNEY_H */
