/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The streams of a source merged into one, by time.
 *
 * A live source is drained (merge_drain()) as fast as it can be, so that its
 * rings do not overrun, and gives records up to the time until which they are
 * known to be complete (merge_complete_ns()).  Any other source is read as
 * records are asked for.
 */
#ifndef SKBTRACE_TOOLS_MERGE_H
#define SKBTRACE_TOOLS_MERGE_H

#include <stdint.h>

#include "records.h"

/**
 * struct source_loss - records that are missing
 * @from_ns: not before
 * @to_ns: not after
 * @count: how many, 0 if nobody knows: all older ones are overwritten
 * @cpu: of which CPU, -1 for several
 */
struct source_loss {
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t count;
	int cpu;
};

/**
 * struct merge_item - what comes next
 * @record: a record, good until the next call; or NULL if it is
 * @loss: a loss of records
 */
struct merge_item {
	const struct skbtrace_record *record;
	struct source_loss loss;
};

struct merge;

struct merge *merge_new(struct source *source, struct error *error);
void merge_free(struct merge *merge);
void merge_limit(struct merge *merge, unsigned int blocks);
int merge_drain(struct merge *merge, struct error *error);
void merge_end(struct merge *merge);
uint64_t merge_complete_ns(const struct merge *merge);
int merge_next(struct merge *merge, uint64_t until_ns, struct merge_item *item,
	       struct error *error);

#endif /* SKBTRACE_TOOLS_MERGE_H */
