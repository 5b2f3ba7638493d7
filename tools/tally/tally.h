/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What many journeys came to, in constant memory.  What this folder offers:
 *
 *   tally_*()		counts of journeys: where they changed, were dropped, took how long
 *   histogram_*()	times and their percentiles
 */
#ifndef SKBTRACE_TOOLS_TALLY_H
#define SKBTRACE_TOOLS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "journey/journey.h"

#define TALLY_WHY_LEN	96

/**
 * enum tally_kind - what a row counts
 * @TALLY_CHANGED: payloads that changed between @from and @to
 * @TALLY_DROPPED: packets dropped at @to, which were at @from last
 * @TALLY_UNVERIFIED: journeys that are unverified for a reason
 * @TALLY_TIME: times from @from to @to
 * @TALLY_FLOW: journeys of a flow
 */
enum tally_kind {
	TALLY_CHANGED,
	TALLY_DROPPED,
	TALLY_UNVERIFIED,
	TALLY_TIME,
	TALLY_FLOW,
	TALLY_KINDS,
};

/* Rows of a kind; what finds none is counted in tally->left_out. */
#define TALLY_ROWS	4096

/**
 * struct tally_place - a point and the device a packet was at
 * @point: enum skbtrace_point
 * @dev: the device, perhaps without a NUL
 */
struct tally_place {
	uint16_t point;
	char dev[SKBTRACE_NAME_LEN];
};

/**
 * struct tally_key - what a row is found by; what its kind does not use is 0
 * @from: see enum tally_kind
 * @to: likewise
 * @reason: TALLY_DROPPED: the drop reason, -1 if the kernel has none
 * @caller: TALLY_DROPPED: return address of the function that dropped, or 0
 * @why: TALLY_UNVERIFIED: the sentence, with its numbers as "N"
 * @flow: TALLY_FLOW: a hop with the flow's fields, and no others
 */
struct tally_key {
	struct tally_place from;
	struct tally_place to;
	int64_t reason;
	uint64_t caller;
	union {
		char why[TALLY_WHY_LEN];
		struct {
			uint8_t saddr[16];
			uint8_t daddr[16];
			uint16_t protocol;
			uint16_t sport;
			uint16_t dport;
			uint8_t l4proto;
			bool has_ports;
		} flow;
	};
};

/**
 * struct tally_row - what was counted
 * @key: of what
 * @count: how often; of a flow, its journeys
 * @first: number of the first journey
 * @bytes: TALLY_FLOW: of payload
 * @changed: TALLY_FLOW: of its journeys
 * @dropped: likewise
 * @unverified: likewise
 * @time: TALLY_TIME from hop to hop, TALLY_FLOW from the first to the last; else NULL
 */
struct tally_row {
	struct tally_key key;
	uint64_t count;
	uint64_t first;
	uint64_t bytes;
	uint64_t changed;
	uint64_t dropped;
	uint64_t unverified;
	struct histogram *time;
};

/**
 * struct tally - what all journeys so far came to
 * @journeys: how many
 * @verdicts: of these, by enum verdict_payload
 * @ends: of these, by enum journey_end
 * @bytes: payload of all
 * @bytes_verified: payload of those that are intact
 * @time: from the first to the last hop of a journey
 * @left_out: what found no row, by kind
 */
struct tally {
	uint64_t journeys;
	uint64_t verdicts[VERDICT_UNVERIFIED + 1];
	uint64_t ends[JOURNEY_FREED + 1];
	uint64_t bytes;
	uint64_t bytes_verified;
	struct histogram time;
	uint64_t left_out[TALLY_KINDS];
	/* private: */
	struct tally_table *tables[TALLY_KINDS];
};

struct tally *tally_new(bool by_flow);
void tally_free(struct tally *tally);
void tally_journey(struct tally *tally, const struct journey *journey,
		   const struct verdict *verdict);
const struct tally_row **tally_rows(const struct tally *tally, enum tally_kind kind,
				    unsigned int *nr);

#endif /* SKBTRACE_TOOLS_TALLY_H */
