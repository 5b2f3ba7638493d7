/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two looks at the same bytes of a stream, each in pieces of its own, compared from
 * one cut that both have to the next.
 *
 * A piece is what one record says of some bytes: their CRC.  Applications, segments
 * and readers cut a stream differently; between two cuts that both looks have the CRCs
 * of each put together are those of the same bytes.
 */
#ifndef SKBTRACE_TOOLS_PAIR_H
#define SKBTRACE_TOOLS_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

/* Pieces that wait for the other look; with more the oldest are given up. */
#define PAIR_PIECES_MAX		16384

/**
 * struct witness - who saw bytes, and when
 * @ts_ns: when
 * @call: the call, 0 if it was a hop
 * @pid: whose
 * @stack_id: from where, 0 for none
 * @point: the point
 * @cpu: on which CPU
 * @comm: the name of @pid
 * @dev: of a hop, the device
 * @netns: the network namespace
 */
struct witness {
	uint64_t ts_ns;
	uint64_t call;
	uint32_t pid;
	uint32_t stack_id;
	uint16_t point;
	uint16_t cpu;
	uint32_t netns;
	char comm[SKBTRACE_NAME_LEN];
	char dev[SKBTRACE_NAME_LEN];
};

/**
 * enum doubt - why one cannot say whether bytes are the same
 * @DOUBT_NONE: one can; of bytes that only one look has: see who counts them
 * @DOUBT_CALL: no call was seen that sent them, or read them
 * @DOUBT_HOP: no hop was recorded that has them
 * @DOUBT_CUTS: both looks have them, in pieces without cuts in common
 * @DOUBT_TWICE: one look had them twice, and not the same
 * @DOUBT_CHANGED: they were changed at another place, or that is not known
 * @DOUBT_ZEROCOPY: MSG_ZEROCOPY: the application may write to them until they are sent
 * @DOUBT_UNPLACED: others wrote or read in between: not certain which bytes
 * @DOUBT_UNREADABLE: memory was not readable
 * @DOUBT_TOO_LONG: more than is looked at in one go
 */
enum doubt {
	DOUBT_NONE,
	DOUBT_CALL,
	DOUBT_HOP,
	DOUBT_CUTS,
	DOUBT_TWICE,
	DOUBT_CHANGED,
	DOUBT_ZEROCOPY,
	DOUBT_UNPLACED,
	DOUBT_UNREADABLE,
	DOUBT_TOO_LONG,
	NR_DOUBTS
};

/**
 * struct piece - what one look says of some bytes
 * @from: where they begin, counted without end
 * @to: where they end
 * @crc: their CRC-32C
 * @is_late: they may have been changed rightly before they were looked at
 * @doubt: why @crc says nothing, or DOUBT_NONE
 * @witness: who looked
 */
struct piece {
	uint64_t from;
	uint64_t to;
	uint32_t crc;
	bool is_late;
	enum doubt doubt;
	struct witness witness;
};

struct pieces {
	struct piece *piece;
	uint32_t first;		/* those before are done with */
	uint32_t nr;
	uint32_t room;
};

enum pair_result {
	PAIR_SAME,
	PAIR_DIFFERS,
	PAIR_UNKNOWN,		/* both looked, but one cannot say */
	PAIR_MISSING,		/* one did not look, or does not have the cuts */
};

/**
 * struct span_result - what came of some bytes
 * @from: where they begin
 * @to: where they end
 * @result: what came of them
 * @doubt: with PAIR_UNKNOWN, and PAIR_MISSING if that is known: why
 * @is_late: one of the looks was late
 * @before: the first piece of the look that came first, NULL if it has none
 * @after: likewise of the other
 */
struct span_result {
	uint64_t from;
	uint64_t to;
	enum pair_result result;
	enum doubt doubt;
	bool is_late;
	const struct piece *before;
	const struct piece *after;
};

struct pair;

typedef void (*pair_judged)(void *context, const struct pair *pair,
			    const struct span_result *span);

/* The first pieces of a look, as far as they follow each other and were gone through. */
struct pair_run {
	uint32_t n;
	uint64_t to;
	uint32_t crc;
	bool is_late;
	enum doubt doubt;
};

/**
 * struct pair - two looks
 * @look: the pieces of each, the earlier look first
 * @run: from a cut that both have, on the way to the next
 * @done: what lies before is judged
 */
struct pair {
	struct pieces look[2];
	struct pair_run run[2];
	uint64_t done;
};

int pair_add(struct pair *pair, unsigned int look, const struct piece *piece);
void pair_remove(struct pair *pair, unsigned int look, uint64_t from, uint64_t to, uint64_t ts_ns);
void pair_judge(struct pair *pair, uint64_t now_ns, bool is_end, pair_judged judged,
		void *context);
void pair_free(struct pair *pair);

#endif /* SKBTRACE_TOOLS_PAIR_H */
