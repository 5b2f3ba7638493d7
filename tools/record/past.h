/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was recorded last, in memory of fixed size: kept until it is known whether it
 * belongs to a time that is wanted.
 */
#ifndef SKBTRACE_TOOLS_PAST_H
#define SKBTRACE_TOOLS_PAST_H

#include <stdint.h>

#include "source/source.h"

/**
 * struct past_ops - whom to give what is wanted to
 * @begin: a time begins that does not follow the one before
 * @records: records of one CPU
 *
 * Both return 0, or -1 with the error set.
 */
struct past_ops {
	int (*begin)(void *context, struct error *error);
	int (*records)(void *context, unsigned int cpu, const struct skbtrace_record *records,
		       size_t nr, struct error *error);
};

/**
 * struct past_counts - what became of the records
 * @records: added
 * @given: of these
 * @left_out: of these, as no time they belong to is wanted
 * @cut: times that were wanted when their beginning had been left out already
 * @missing_ns: the most that was missing of one
 */
struct past_counts {
	uint64_t records;
	uint64_t given;
	uint64_t left_out;
	uint64_t cut;
	uint64_t missing_ns;
};

struct past;

struct past *past_new(uint64_t memory, struct compressor *compressor, const struct past_ops *ops,
		      void *context);
void past_free(struct past *past);
int past_add(struct past *past, const struct skbtrace_record *record, struct error *error);
void past_want(struct past *past, uint64_t from_ns, uint64_t until_ns);
int past_forget(struct past *past, uint64_t before_ns, struct error *error);
const struct past_counts *past_counts(const struct past *past);

#endif /* SKBTRACE_TOOLS_PAST_H */
