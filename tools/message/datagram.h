/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams from application to application: each is in one skb whose life ties the call
 * that sent it, the hops, and the call that got it.
 */
#ifndef SKBTRACE_TOOLS_DATAGRAM_H
#define SKBTRACE_TOOLS_DATAGRAM_H

#include "stream.h"

struct datagrams;

/**
 * struct datagram_result - what a message record says of a datagram
 * @call: the call, as far as is known
 * @is_told: nothing else will be known of it
 * @nr: how many places were looked at
 * @place: which
 * @result: what came of it there
 * @before: who had it before
 * @after: who had it after
 * @is_late: see struct stream_change
 * @doubt: why one cannot say
 */
struct datagram_result {
	struct stream_message call;
	bool is_told;
	unsigned int nr;
	struct {
		enum stream_place place;
		enum pair_result result;
		struct witness before;
		struct witness after;
		bool is_late;
		enum doubt doubt;
	} at[4];
};

struct datagrams *datagrams_new(void);
void datagrams_free(struct datagrams *datagrams);
void datagrams_hop(struct datagrams *datagrams, const struct skbtrace_record *record,
		   const struct stream_flow *flow, bool is_first);
const struct stream_message *datagrams_call(const struct datagrams *datagrams, uint64_t life,
					    unsigned int kind);
void datagrams_message(struct datagrams *datagrams, const struct skbtrace_message *message,
		       const struct stream_flow *flow, struct datagram_result *result);

#endif /* SKBTRACE_TOOLS_DATAGRAM_H */
