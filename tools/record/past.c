// SPDX-License-Identifier: GPL-2.0
/*
 * Records in the order of time, in blocks.  A block is given, or left out, when it is
 * forgotten, which is as late as the memory allows: until then somebody may want it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "past.h"

/* 256 KiB of records; what is compressed at once. */
#define BLOCK_RECORDS	FILE_PACKED_RECORDS

/* Times that are wanted, apart from each other; there are not many in so short a past. */
#define TIMES_MAX	64

/**
 * struct block - some records, one behind the other
 * @link: in the list of blocks
 * @nr: how many
 * @first_ns: time of the first
 * @last_ns: time of the last
 * @len: bytes of @bytes
 * @packed: they are compressed
 * @bytes: the records
 */
struct block {
	struct list_head link;
	size_t nr;
	uint64_t first_ns;
	uint64_t last_ns;
	size_t len;
	bool packed;
	unsigned char bytes[];
};

/**
 * struct period - a time that is wanted
 * @from_ns: from then
 * @until_ns: until then, both included
 * @begun: something of it has been given
 */
struct period {
	uint64_t from_ns;
	uint64_t until_ns;
	bool begun;
};

/**
 * struct past - what was recorded last
 * @memory: bytes of all blocks at most
 * @used: bytes of all blocks
 * @compressor: for blocks, or NULL
 * @packed: room for a block while it is being compressed
 * @room: of @packed
 * @ops: whom to give records to
 * @context: theirs
 * @blocks: from the oldest to the newest
 * @open: records that are no block yet, or of the block that is being given
 * @nr_open: how many
 * @chosen: those that are to be given
 * @gone_ns: what is not younger has been forgotten
 * @left_out_ns: and of that what is older than this has not been given, if any was
 * @times: wanted, from the oldest to the newest
 * @nr_times: how many
 * @counts: see there
 */
struct past {
	uint64_t memory;
	uint64_t used;
	struct compressor *compressor;
	void *packed;
	size_t room;
	const struct past_ops *ops;
	void *context;
	struct list_head blocks;
	struct skbtrace_record *open;
	size_t nr_open;
	struct skbtrace_record *unpacked;
	struct skbtrace_record *chosen;
	uint64_t gone_ns;
	uint64_t left_out_ns;
	struct period times[TIMES_MAX + 1];
	unsigned int nr_times;
	struct past_counts counts;
};

/**
 * past_new() - remember nothing yet
 * @memory: bytes to remember records in
 * @compressor: what to compress them by, or NULL
 * @ops: whom to give records to
 * @context: passed to @ops
 *
 * Return: the past, or NULL if there is no memory.
 */
struct past *past_new(uint64_t memory, struct compressor *compressor, const struct past_ops *ops,
		      void *context)
{
	const size_t len = BLOCK_RECORDS * sizeof(struct skbtrace_record);
	struct past *past = calloc(1, sizeof(*past));

	if (!past)
		return NULL;
	list_init(&past->blocks);
	past->memory = memory;
	past->compressor = compressor;
	past->ops = ops;
	past->context = context;
	past->open = malloc(len);
	past->unpacked = malloc(len);
	past->chosen = malloc(len);
	if (compressor) {
		past->room = compressor_room(compressor, len);
		past->packed = malloc(past->room);
	}
	if (past->open && past->unpacked && past->chosen && (past->packed || !compressor))
		return past;
	past_free(past);
	return NULL;
}

/**
 * past_free() - forget all, and give nothing
 * @past: the past, or NULL
 */
void past_free(struct past *past)
{
	if (!past)
		return;
	while (!list_empty(&past->blocks)) {
		struct block *block = container_of(past->blocks.next, struct block, link);

		list_del_init(&block->link);
		free(block);
	}
	free(past->open);
	free(past->unpacked);
	free(past->chosen);
	free(past->packed);
	free(past);
}

/* Of what is open a block is made. */
static int close_block(struct past *past, struct error *error)
{
	size_t len = past->nr_open * sizeof(*past->open), packed_len = 0;
	struct block *block;

	if (!past->nr_open)
		return 0;
	if (past->compressor)
		packed_len = compress_bytes(past->compressor, past->packed, past->room, past->open,
					    len);
	block = malloc(sizeof(*block) + (packed_len ? packed_len : len));
	if (!block)
		return error_set(error, "out of memory");
	block->nr = past->nr_open;
	block->first_ns = past->open[0].ts_ns;
	block->last_ns = past->open[block->nr - 1].ts_ns;
	block->packed = packed_len;
	block->len = packed_len ? packed_len : len;
	memcpy(block->bytes, packed_len ? past->packed : past->open, block->len);
	list_add_tail(&block->link, &past->blocks);
	past->used += sizeof(*block) + block->len;
	past->nr_open = 0;
	return 0;
}

/* The records of a block, in the order of time; NULL if it was damaged in memory. */
static const struct skbtrace_record *records_of(struct past *past, const struct block *block)
{
	size_t len = block->nr * sizeof(*past->unpacked);

	if (!block->packed)
		memcpy(past->unpacked, block->bytes, len);
	else if (uncompress_bytes(past->compressor, past->unpacked, len, block->bytes, block->len))
		return NULL;
	return past->unpacked;
}

/* A file has the records of one CPU together. */
static int give_by_cpu(struct past *past, const struct skbtrace_record *records, size_t nr,
		       struct error *error)
{
	uint64_t given[BLOCK_RECORDS / 64] = { 0 };
	size_t first, i, chosen;

	for (first = 0; first < nr; first++) {
		if (given[first / 64] & 1ULL << first % 64)
			continue;
		for (chosen = 0, i = first; i < nr; i++) {
			if (records[i].cpu != records[first].cpu)
				continue;
			given[i / 64] |= 1ULL << i % 64;
			past->chosen[chosen++] = records[i];
		}
		if (past->ops->records(past->context, records[first].cpu, past->chosen, chosen,
				       error))
			return -1;
	}
	past->counts.given += nr;
	return 0;
}

/* Give what of a block belongs to a time. */
static int give_time(struct past *past, struct period *period,
		     const struct skbtrace_record *records, size_t nr, struct error *error)
{
	size_t from = 0, to = nr;

	while (from < to && records[from].ts_ns < period->from_ns)
		from++;
	while (to > from && records[to - 1].ts_ns > period->until_ns)
		to--;
	if (from == to)
		return 0;
	if (!period->begun && past->ops->begin(past->context, error))
		return -1;
	period->begun = true;
	return give_by_cpu(past, records + from, to - from, error);
}

/* What came before the time that a block ends in, if it ends in one, may be left out. */
static void note_left_out(struct past *past, const struct block *block, uint64_t nr)
{
	unsigned int i;

	past->counts.left_out += nr;
	if (!nr)
		return;
	past->left_out_ns = block->last_ns;
	for (i = 0; i < past->nr_times; i++)
		if (past->times[i].from_ns <= block->last_ns &&
		    past->times[i].until_ns >= block->last_ns)
			past->left_out_ns = past->times[i].from_ns;
}

static int give_block(struct past *past, const struct block *block, struct error *error)
{
	const struct skbtrace_record *records = NULL;
	uint64_t before = past->counts.given;
	unsigned int i;

	for (i = 0; i < past->nr_times; i++) {
		struct period *period = &past->times[i];

		if (period->from_ns > block->last_ns || period->until_ns < block->first_ns)
			continue;
		if (!records)
			records = records_of(past, block);
		if (!records)
			return error_set(error, "records in memory are damaged");
		if (give_time(past, period, records, block->nr, error))
			return -1;
	}
	note_left_out(past, block, block->nr - (past->counts.given - before));
	return 0;
}

/* Forget the oldest block. */
static int forget_block(struct past *past, struct error *error)
{
	struct block *block = container_of(past->blocks.next, struct block, link);
	int ret = give_block(past, block, error);

	past->used -= sizeof(*block) + block->len;
	past->gone_ns = block->last_ns;
	list_del_init(&block->link);
	free(block);
	/* All that these wanted has been given. */
	while (past->nr_times && past->times[0].until_ns < past->gone_ns)
		memmove(&past->times[0], &past->times[1],
			--past->nr_times * sizeof(past->times[0]));
	return ret;
}

/**
 * past_add() - remember a record
 * @past: the past
 * @record: the record, not older than those before
 * @error: set if it fails
 *
 * What there is no room for any more is forgotten.
 *
 * Return: 0 or -1.
 */
int past_add(struct past *past, const struct skbtrace_record *record, struct error *error)
{
	past->open[past->nr_open++] = *record;
	past->counts.records++;
	if (past->nr_open < BLOCK_RECORDS)
		return 0;
	if (close_block(past, error))
		return -1;
	while (past->used > past->memory)
		if (forget_block(past, error))
			return -1;
	return 0;
}

static void join_times(struct past *past, unsigned int i)
{
	struct period *period = &past->times[i];

	if (period[1].until_ns > period->until_ns)
		period->until_ns = period[1].until_ns;
	period->begun |= period[1].begun;
	past->nr_times--;
	memmove(period + 1, period + 2, (past->nr_times - i - 1) * sizeof(*period));
}

/**
 * past_want() - a time is wanted
 * @past: the past
 * @from_ns: from then
 * @until_ns: until then, which may be yet to come
 *
 * What follows closely on another is taken for one with it.
 */
void past_want(struct past *past, uint64_t from_ns, uint64_t until_ns)
{
	unsigned int i = past->nr_times++;

	if (from_ns < past->left_out_ns) {
		past->counts.cut++;
		if (past->left_out_ns - from_ns > past->counts.missing_ns)
			past->counts.missing_ns = past->left_out_ns - from_ns;
	}
	for (; i && past->times[i - 1].from_ns > from_ns; i--)
		past->times[i] = past->times[i - 1];
	past->times[i] = (struct period){ from_ns, until_ns, false };
	/* It may reach into the one before, and into several behind. */
	if (i && past->times[i - 1].until_ns >= from_ns)
		join_times(past, --i);
	while (i + 1 < past->nr_times && past->times[i + 1].from_ns <= past->times[i].until_ns)
		join_times(past, i);
	if (past->nr_times > TIMES_MAX)
		join_times(past, TIMES_MAX - 1);
}

/**
 * past_forget() - forget what is old
 * @past: the past
 * @before_ns: what is older; UINT64_MAX for all
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int past_forget(struct past *past, uint64_t before_ns, struct error *error)
{
	if (past->nr_open && past->open[past->nr_open - 1].ts_ns < before_ns &&
	    close_block(past, error))
		return -1;
	while (!list_empty(&past->blocks) &&
	       container_of(past->blocks.next, struct block, link)->last_ns < before_ns)
		if (forget_block(past, error))
			return -1;
	return 0;
}

/**
 * past_counts() - what became of the records
 * @past: the past
 */
const struct past_counts *past_counts(const struct past *past)
{
	return &past->counts;
}
