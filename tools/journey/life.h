/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_LIFE_H
#define SKBTRACE_TOOLS_LIFE_H

#include "journey.h"

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
 * @by_id: buckets by number
 * @by_head: buckets by address of the data; only lives that have not ended
 * @by_identity: buckets by what the headers say of the packet
 * @by_piece: buckets by where the bytes that it carries begin
 * @by_split: buckets by span_split_hash(), of what may be cut into several
 * @shift: 64 - log2 of the number of buckets of each
 * @unused: lives to be used again
 */
struct life_table {
	struct hlist_head *by_id;
	struct hlist_head *by_head;
	struct hlist_head *by_identity;
	struct hlist_head *by_piece;
	struct hlist_head *by_split;
	unsigned int shift;
	struct journey_life *unused;
};

int life_table_init(struct life_table *table, uint32_t nr_expected);
void life_table_destroy(struct life_table *table);

struct journey_life *life_new(struct life_table *table, uint64_t id, uint64_t start_ns);
void life_release(struct life_table *table, struct journey_life *life);

const struct skbtrace_record *life_last(const struct journey_life *life);
bool life_is_over(const struct journey_life *life);
bool life_is_known(const struct journey_life *life);
bool life_is_under_way(const struct journey_life *life);
bool life_may_go_on(const struct journey_life *life);
enum life_expected life_expected(const struct journey_life *life);

void life_carry(struct journey_life *carrier, struct journey_life *part);
void life_put_down(struct journey_life *part);
void life_join(struct journey_life *carrier, struct journey_life *part);
void life_part(struct journey_life *part);

void life_set_head(struct life_table *table, struct journey_life *life, uint64_t head);
void life_forget_head(struct life_table *table, struct journey_life *life);
void life_set_identity(struct life_table *table, struct journey_life *life, uint64_t identity);
void life_forget_identity(struct life_table *table, struct journey_life *life);
void life_set_piece(struct life_table *table, struct journey_life *life, uint64_t piece);
void life_forget_span(struct life_table *table, struct journey_life *life);
void life_set_split(struct life_table *table, struct journey_life *life, uint64_t flow);

struct journey_life *life_of_id(const struct life_table *table, uint64_t id);
struct journey_life *life_older_of_id(const struct journey_life *life);
struct journey_life *life_of_head(const struct life_table *table, uint64_t head);
struct journey_life *life_older_of_head(const struct journey_life *life);
struct journey_life *life_of_identity(const struct life_table *table, uint64_t identity);
struct journey_life *life_older_of_identity(const struct journey_life *life);
struct journey_life *life_of_piece(const struct life_table *table, uint64_t piece);
struct journey_life *life_older_of_piece(const struct journey_life *life);
struct journey_life *life_of_split(const struct life_table *table, uint64_t flow);
struct journey_life *life_older_of_split(const struct journey_life *life);

#endif /* SKBTRACE_TOOLS_LIFE_H */
