/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ring: one a CPU, fixed-size slots, the oldest overwritten.
 *
 * One writer at a time, on the CPU that owns the ring: handlers do not nest
 * (selftests/net/nesting.sh).  Should one interrupt another after all, the
 * inner one is refused and counted.  Readers run anywhere, write nothing, and so
 * cannot slow or hurt the writer.  Nobody waits for anybody.
 *
 * No kernel type is used here: module/ring.h includes this in the kernel and
 * selftests/ring in user space, each after defining what it stands on (all
 * take naturally aligned 64-bit words):
 *
 *   RING_LOAD(p), RING_STORE(p, v)	 single, and in program order with each other
 *				 as this CPU's interrupts see it
 *   RING_LOAD_ACQUIRE(p)	 nothing after it happens before it
 *   RING_STORE_RELEASE(p, v)	 nothing before it happens after it
 *   RING_INC(p)		 atomic on this CPU
 *   RING_WMB(), RING_RMB()	 order stores with stores, loads with loads
 *   RING_COPY(to, from, words)	 copies 64-bit words that may change meanwhile
 *   RING_CLOCK()		 nanoseconds, does not go back on one CPU
 */
#ifndef SKBTRACE_RING_H
#define SKBTRACE_RING_H

#include "record.h"

#define RING_WORDS	(SKBTRACE_RECORD_SIZE / 8)

/**
 * struct ring - one CPU's ring
 * @slots: the records; a slot's index says whose it is, from the moment that it
 *	is claimed
 * @nr_slots: how many, a power of two
 * @head: records written, which is the index of the next; all below it are complete
 * @writing: 1 from claim to commit, else 0
 * @attempts: calls of ring_claim()
 * @nested: of these, refused because they interrupted another between claim and
 *	commit
 *
 * Invariants:
 *   attempts == head + nested, and one more while a record is being written.
 *   The slot of index i < head holds record i, or a later one of i modulo
 *   nr_slots, complete or being written.  What a slot holds only gets newer.
 *   From record to record time does not go back.
 */
struct ring {
	struct skbtrace_record	*slots;
	__u64			nr_slots;
	__u64			head;
	__u64			writing;
	__u64			attempts;
	__u64			nested;
};

static inline struct skbtrace_record *ring_slot(const struct ring *ring,
						__u64 index)
{
	return &ring->slots[index & (ring->nr_slots - 1)];
}

/**
 * ring_init() - make an empty ring of given memory
 * @ring: the ring
 * @slots: @nr_slots records, aligned to 8 bytes
 * @nr_slots: how many, a power of two
 */
static inline void ring_init(struct ring *ring, struct skbtrace_record *slots,
			     __u64 nr_slots)
{
	ring->slots = slots;
	ring->nr_slots = nr_slots;
	ring->head = 0;
	ring->writing = 0;
	ring->attempts = 0;
	ring->nested = 0;
}

/**
 * ring_claim() - get the next slot to write to
 * @ring: the ring of the CPU this runs on; the caller stays on it, and calls
 *	ring_commit() before it lets anything run that waits for it
 *
 * What interrupts in here and writes is done before this goes on; so head and
 * clock are read after @writing is set, from when on nobody does.
 *
 * Return: the slot with @index and @ts_ns set, which are not the caller's to
 * change, and all else stale; or NULL if this has interrupted another writer.
 */
static inline struct skbtrace_record *ring_claim(struct ring *ring)
{
	struct skbtrace_record *slot;
	__u64 head;

	RING_INC(&ring->attempts);
	if (__builtin_expect(RING_LOAD(&ring->writing), 0)) {
		RING_INC(&ring->nested);
		return NULL;
	}
	RING_STORE(&ring->writing, 1);
	head = RING_LOAD(&ring->head);
	slot = ring_slot(ring, head);
	RING_STORE(&slot->index, head);
	/*
	 * A reader that sees any of what is written from here on must also see
	 * whose the slot is now when it looks again: pairs with RING_RMB() in
	 * ring_read().
	 */
	RING_WMB();
	RING_STORE(&slot->ts_ns, RING_CLOCK());
	/* So that callers' tests for NULL are left out by the compiler. */
	if (!slot)
		__builtin_unreachable();
	return slot;
}

/**
 * ring_commit() - show readers the slot that was claimed, now that it is written
 * @ring: the ring, after ring_claim() has returned a slot
 */
static inline void ring_commit(struct ring *ring)
{
	/* Pairs with RING_LOAD_ACQUIRE() in ring_read(). */
	RING_STORE_RELEASE(&ring->head, RING_LOAD(&ring->head) + 1);
	RING_STORE(&ring->writing, 0);
}

/**
 * ring_oldest() - the index of the oldest record that may still be there
 * @ring: the ring
 */
static inline __u64 ring_oldest(const struct ring *ring)
{
	__u64 head = RING_LOAD(&ring->head);

	return head > ring->nr_slots ? head - ring->nr_slots : 0;
}

/**
 * ring_read() - copy the record at a cursor
 * @ring: the ring, of any CPU
 * @cursor: index to read, not above the head; moved behind the record that is
 *	delivered
 * @lost: increased by the number of records that were overwritten before they
 *	could be read
 * @record: where to copy to
 *
 * delivered + lost == the distance @cursor moved, always.  A record is
 * delivered whole or not at all.
 *
 * Bounded: a reader that is overrun each time it looks gives up after a few
 * rounds, as if there were nothing (the caller comes again).
 *
 * Return: 1 if a record was delivered, 0 if there is none to be had yet.
 */
static inline int ring_read(const struct ring *ring, __u64 *cursor,
			    __u64 *lost, struct skbtrace_record *record)
{
	const struct skbtrace_record *slot;
	__u64 oldest;
	int tries;

	for (tries = 0; tries < 16; tries++) {
		/* Pairs with RING_STORE_RELEASE() in ring_commit(). */
		if (*cursor >= RING_LOAD_ACQUIRE(&ring->head))
			return 0;
		slot = ring_slot(ring, *cursor);
		RING_COPY((__u64 *)record, (const __u64 *)slot, RING_WORDS);
		/* Pairs with RING_WMB() in ring_claim(). */
		RING_RMB();
		if (RING_LOAD(&slot->index) == *cursor) {
			(*cursor)++;
			return 1;
		}
		/* Overwritten.  On to the oldest that may be left. */
		oldest = ring_oldest(ring);
		if (oldest <= *cursor)
			oldest = *cursor + 1;
		*lost += oldest - *cursor;
		*cursor = oldest;
	}
	return 0;
}

#endif /* SKBTRACE_RING_H */
