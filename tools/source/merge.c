// SPDX-License-Identifier: GPL-2.0
/* The k-way merge. */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/list.h"
#include "merge.h"

/*
 * A record gets its time when its slot is claimed, and can be read when it is
 * written, a little later: usually well under a microsecond, but the writer
 * may be interrupted, and a virtual CPU may lose the processor.  A ring that
 * has been read to its end is taken to be complete up to so long before.
 */
#define SETTLE_NS	(100 * NSEC_PER_MSEC)

/* Records that are read at once: 48 KiB. */
#ifndef BLOCK_RECORDS
#define BLOCK_RECORDS	256
#endif

/* Blocks held at most, all streams together: 200 MB. */
#define BLOCKS_MAX	4096

/* But so many any stream may have. */
#define BLOCKS_MIN	8

/**
 * struct block - some records of one stream, one behind the other
 * @link: in the stream's list of blocks; in the merge's of unused ones
 * @nr: how many records
 * @empty_ns: when the stream was last seen empty before they were read
 * @records: the records
 */
struct block {
	struct list_head link;
	size_t nr;
	uint64_t empty_ns;
	struct skbtrace_record records[BLOCK_RECORDS];
};

/**
 * struct stream - one CPU's records
 * @blocks: those that have been read and not yet given
 * @nr_blocks: how many
 * @position: of the next in the first block
 * @last_ns: time of the record that was given last
 * @next_index: its index, plus 1; that of the first, if it is known
 * @knows_next: @next_index is set
 * @has_given: any has been given
 * @is_at_loss: records are missing before the next
 * @key_ns: what the next is sorted by
 * @read_ns: time of the record that was read last
 * @empty_ns: when it was last seen empty
 */
struct stream {
	struct list_head blocks;
	unsigned int nr_blocks;
	size_t position;
	uint64_t last_ns;
	uint64_t next_index;
	bool knows_next;
	bool has_given;
	bool is_at_loss;
	uint64_t key_ns;
	uint64_t read_ns;
	uint64_t empty_ns;
};

/**
 * struct merge - the streams
 * @source: where they come from
 * @streams: one a CPU
 * @heap: those that have a next, as a heap: the parent of i is (i - 1) / 2
 * @nr_heap: how many
 * @given: the stream whose block's last record was given last and is still
 *	needed; or NULL
 * @blocks_max: for each stream
 * @unused: blocks
 * @drains: merge_drain() reads, merge_next() does not
 */
struct merge {
	struct source *source;
	struct stream *streams;
	struct stream **heap;
	unsigned int nr_heap;
	struct stream *given;
	unsigned int blocks_max;
	struct list_head unused;
	bool drains;
};

static void free_blocks(struct list_head *blocks)
{
	while (!list_empty(blocks)) {
		struct block *block = container_of(blocks->next, struct block, link);

		list_del_init(&block->link);
		free(block);
	}
}

/**
 * merge_free() - free a merge
 * @merge: the merge, or NULL
 */
void merge_free(struct merge *merge)
{
	unsigned int i;

	if (!merge)
		return;
	for (i = 0; i < merge->source->nr_streams; i++)
		free_blocks(&merge->streams[i].blocks);
	free_blocks(&merge->unused);
	free(merge->streams);
	free(merge->heap);
	free(merge);
}

static struct block *get_block(struct merge *merge)
{
	struct block *block;

	if (list_empty(&merge->unused))
		return malloc(sizeof(*block));
	block = container_of(merge->unused.next, struct block, link);
	list_del_init(&block->link);
	return block;
}

static struct block *first_block(const struct stream *stream)
{
	return container_of(stream->blocks.next, struct block, link);
}

static const struct skbtrace_record *next_record(const struct stream *stream)
{
	return &first_block(stream)->records[stream->position];
}

/* Read a block more.  Return: how many records, 0 if there are none, or -1. */
static ssize_t fill(struct merge *merge, struct stream *stream, struct error *error)
{
	unsigned int n = stream - merge->streams;
	struct block *block = get_block(merge);
	ssize_t nr;

	if (!block)
		return error_set(error, "out of memory");
	nr = source_read(merge->source, n, block->records, BLOCK_RECORDS, error);
	if (nr <= 0) {
		list_init(&block->link);
		list_add_tail(&block->link, &merge->unused);
		return nr;
	}
	block->nr = nr;
	block->empty_ns = stream->empty_ns;
	stream->read_ns = block->records[nr - 1].ts_ns;
	list_add_tail(&block->link, &stream->blocks);
	stream->nr_blocks++;
	return nr;
}

/* When the records before the next were lost, or began to be. */
static uint64_t loss_begins_ns(const struct stream *stream)
{
	const struct block *block = first_block(stream);

	if (!stream->position && block->empty_ns > stream->last_ns)
		return block->empty_ns;
	return stream->last_ns;
}

/* How many records are missing before the next, as far as is known. */
static uint64_t lost_before(const struct stream *stream, const struct skbtrace_record *record)
{
	return stream->knows_next && record->index > stream->next_index ?
	       record->index - stream->next_index : 0;
}

/* Find out what is next in a stream that has records. */
static void look_at_next(const struct merge *merge, struct stream *stream)
{
	const struct skbtrace_record *record = next_record(stream);

	stream->is_at_loss = lost_before(stream, record) ||
			     (!stream->has_given && merge->source->from_oldest && record->index);
	stream->key_ns = stream->is_at_loss ? loss_begins_ns(stream) : record->ts_ns;
}

static void sift_down(struct merge *merge, unsigned int i)
{
	struct stream *moved = merge->heap[i];
	unsigned int child;

	while ((child = 2 * i + 1) < merge->nr_heap) {
		if (child + 1 < merge->nr_heap &&
		    merge->heap[child + 1]->key_ns < merge->heap[child]->key_ns)
			child++;
		if (merge->heap[child]->key_ns >= moved->key_ns)
			break;
		merge->heap[i] = merge->heap[child];
		i = child;
	}
	merge->heap[i] = moved;
}

static void heap_add(struct merge *merge, struct stream *stream)
{
	unsigned int i = merge->nr_heap++;

	while (i && merge->heap[(i - 1) / 2]->key_ns > stream->key_ns) {
		merge->heap[i] = merge->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	merge->heap[i] = stream;
}

static void heap_remove_first(struct merge *merge)
{
	merge->heap[0] = merge->heap[--merge->nr_heap];
	if (merge->nr_heap)
		sift_down(merge, 0);
}

static int drain(struct merge *merge, struct stream *stream, struct error *error)
{
	bool was_empty = list_empty(&stream->blocks);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	ssize_t nr;

	/* What is younger than @now is left for the next time: there is an end. */
	do {
		if (stream->nr_blocks >= merge->blocks_max)
			break;
		nr = fill(merge, stream, error);
		if (nr < 0)
			return -1;
		if (!nr || stream->read_ns > now)
			stream->empty_ns = now;
	} while (nr && stream->read_ns <= now);

	if (was_empty && !list_empty(&stream->blocks)) {
		look_at_next(merge, stream);
		heap_add(merge, stream);
	}
	return 0;
}

/*
 * Let go of the record that was given last, if its block is done with, and go
 * on to the next block.
 */
static int drop_given(struct merge *merge, struct error *error)
{
	struct stream *stream = merge->given;
	struct block *block;

	if (!stream)
		return 0;
	merge->given = NULL;
	block = first_block(stream);
	list_move_tail(&block->link, &merge->unused);
	stream->nr_blocks--;
	stream->position = 0;
	if (list_empty(&stream->blocks) && !merge->drains && fill(merge, stream, error) < 0)
		return -1;
	if (!list_empty(&stream->blocks)) {
		look_at_next(merge, stream);
		heap_add(merge, stream);
	}
	return 0;
}

/**
 * merge_drain() - take what there is from a live source
 * @merge: the merge
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int merge_drain(struct merge *merge, struct error *error)
{
	unsigned int i;

	if (drop_given(merge, error))
		return -1;
	for (i = 0; i < merge->source->nr_streams; i++)
		if (drain(merge, &merge->streams[i], error))
			return -1;
	return 0;
}

/**
 * merge_limit() - hold less than one would
 * @merge: the merge
 * @blocks: of BLOCK_RECORDS records each, in all
 *
 * What is not read stays in the rings, as long as they keep it.
 */
void merge_limit(struct merge *merge, unsigned int blocks)
{
	unsigned int nr = merge->source->nr_streams;

	merge->blocks_max = nr * BLOCKS_MIN > blocks ? BLOCKS_MIN : blocks / (nr ? nr : 1);
}

/**
 * merge_end() - drain no more
 * @merge: the merge of a live source, just drained
 *
 * What the source still has is read as records are asked for, so the times
 * that they are asked for up to should not go on for ever.
 */
void merge_end(struct merge *merge)
{
	merge->drains = false;
}

/**
 * merge_complete_ns() - until when all records have been read
 * @merge: the merge of a live source
 */
uint64_t merge_complete_ns(const struct merge *merge)
{
	uint64_t complete = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < merge->source->nr_streams; i++) {
		const struct stream *stream = &merge->streams[i];
		uint64_t ns = stream->empty_ns > SETTLE_NS ? stream->empty_ns - SETTLE_NS : 0;

		/* A ring is in the order of time. */
		if (ns < stream->read_ns)
			ns = stream->read_ns;
		if (ns < complete)
			complete = ns;
	}
	return complete;
}

static void give_loss(struct stream *stream, unsigned int cpu, struct merge_item *item)
{
	const struct skbtrace_record *record = next_record(stream);

	item->record = NULL;
	item->loss.from_ns = stream->key_ns;
	item->loss.to_ns = record->ts_ns;
	item->loss.count = lost_before(stream, record);
	item->loss.cpu = cpu;
	stream->is_at_loss = false;
	stream->key_ns = record->ts_ns;
}

static void give_record(struct merge *merge, struct stream *stream, struct merge_item *item)
{
	struct skbtrace_record *record;

	record = &first_block(stream)->records[stream->position];
	record_clean(record);
	item->record = record;
	stream->last_ns = item->record->ts_ns;
	stream->next_index = item->record->index + 1;
	stream->knows_next = true;
	stream->has_given = true;
	stream->position++;
	if (stream->position < first_block(stream)->nr) {
		look_at_next(merge, stream);
		sift_down(merge, 0);
	} else {
		heap_remove_first(merge);
		merge->given = stream;
	}
}

/**
 * merge_next() - get what comes next
 * @merge: the merge
 * @until_ns: nothing that is younger
 * @item: set to the record or loss
 * @error: set if it fails
 *
 * A loss is told at the earliest moment at which a record may have been lost,
 * which is before the records around it are younger than that.
 *
 * Return: 1, 0 if there is nothing (now, if the source is live), or -1.
 */
int merge_next(struct merge *merge, uint64_t until_ns, struct merge_item *item,
	       struct error *error)
{
	struct stream *stream;

	if (drop_given(merge, error))
		return -1;
	if (!merge->nr_heap || merge->heap[0]->key_ns > until_ns)
		return 0;
	stream = merge->heap[0];
	if (stream->is_at_loss) {
		give_loss(stream, merge->source->cpus[stream - merge->streams], item);
		sift_down(merge, 0);
	} else {
		give_record(merge, stream, item);
	}
	return 1;
}

/**
 * merge_new() - merge the streams of a source
 * @source: the source; is not closed with the merge
 * @error: set if it fails
 *
 * Return: the merge, or NULL.
 */
struct merge *merge_new(struct source *source, struct error *error)
{
	struct merge *merge = calloc(1, sizeof(*merge));
	unsigned int i, nr = source->nr_streams;

	if (!merge) {
		error_set(error, "out of memory");
		return NULL;
	}
	list_init(&merge->unused);
	merge->source = source;
	merge->drains = source->is_live;
	merge->blocks_max = nr * BLOCKS_MIN > BLOCKS_MAX ? BLOCKS_MIN : BLOCKS_MAX / (nr ? nr : 1);
	/* A file may have no stream at all. */
	merge->streams = calloc(nr + 1, sizeof(*merge->streams));
	merge->heap = calloc(nr + 1, sizeof(*merge->heap));
	if (!merge->streams || !merge->heap) {
		free(merge->streams);
		free(merge->heap);
		free(merge);
		error_set(error, "out of memory");
		return NULL;
	}
	for (i = 0; i < nr; i++) {
		list_init(&merge->streams[i].blocks);
		merge->streams[i].knows_next = source->first;
		merge->streams[i].next_index = source->first ? source->first[i] : 0;
	}
	for (i = 0; i < nr && !merge->drains; i++) {
		struct stream *stream = &merge->streams[i];
		ssize_t got = fill(merge, stream, error);

		if (got < 0) {
			merge_free(merge);
			return NULL;
		}
		if (got) {
			look_at_next(merge, stream);
			heap_add(merge, stream);
		}
	}
	return merge;
}
