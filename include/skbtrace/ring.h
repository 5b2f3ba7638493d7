/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ring: one a CPU, fixed-size slots, the oldest overwritten.
 *
 * Writers run on the CPU that owns the ring and nest: task, softirq, hardirq,
 * NMI.  An inner one always finishes before the outer one goes on.  Readers
 * run anywhere, write nothing, and so cannot slow or hurt a writer.
 *
 * No kernel type is used here: module/ring.c includes this in the kernel and
 * selftests/ring in user space, each after defining what it stands on (all
 * take naturally aligned 64-bit words):
 *
 *   RING_CMPXCHG(p, old, new)	 true if *p went from old to new; atomic on this
 *				 CPU against interrupts and NMIs, not ordering
 *   RING_LOAD(p)		 plain single load
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

/*
 * struct ring - one CPU's ring
 *
 * A slot is a record, and record.index is its state while it is in the ring:
 * the index of the record it holds or is about to hold (its owner), times two,
 * plus RING_BUSY while that record is being written.  The index itself is
 * what readers get.
 *
 * Invariants:
 *   attempts == committed + dropped + those being written.
 *   The owner of slot i is i modulo nr_slots, and only grows.
 *   head grows by one a record: all indices below it are claimed.
 */
struct ring {
	struct skbtrace_record	*slots;
	__u64			nr_slots;	/* a power of two */
	__u64			head;
	__u64			attempts;	/* calls of ring_claim() */
	__u64			committed;	/* calls of ring_commit() */
	__u64			dropped;	/* claims refused */
};

#define RING_BUSY		1ULL
#define RING_COMMITTED(index)	((__u64)(index) << 1)
#define RING_CLAIMED(index)	(RING_COMMITTED(index) | RING_BUSY)

#define RING_UNLIKELY(x)		__builtin_expect(!!(x), 0)

/* The top bit of an index is lost in the state: 2^63 records are enough. */
#define RING_INDEX(state)	((__u64)(state) >> 1)

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
 *
 * Every slot starts as if the lap before the first had been committed, so
 * that the first lap needs no case of its own.
 */
static inline void ring_init(struct ring *ring, struct skbtrace_record *slots,
			     __u64 nr_slots)
{
	__u64 i;

	ring->slots = slots;
	ring->nr_slots = nr_slots;
	ring->head = 0;
	ring->attempts = 0;
	ring->committed = 0;
	ring->dropped = 0;
	for (i = 0; i < nr_slots; i++)
		slots[i].index = RING_COMMITTED(i - nr_slots);
}

/**
 * ring_claim() - get the next slot to write to
 * @ring: the ring of the CPU this runs on; the caller stays on it until
 *	ring_commit()
 * @index: set to what ring_commit() is to be told
 *
 * The slot is claimed before the head moves.  That way a nested writer that
 * finds a slot claimed and the head not moved knows whom it interrupted, and
 * moves the head itself.
 *
 * Bounded: the loop goes round again only because a nested writer finished in
 * between or was helped.
 *
 * Return: the slot with @ts_ns set, all else stale; or NULL if the ring has
 * gone round once since an interrupted writer claimed its slot (counted in
 * ring->dropped).
 */
static inline struct skbtrace_record *ring_claim(struct ring *ring,
						 __u64 *index)
{
	struct skbtrace_record *slot;
	__u64 head, state, now;

	RING_INC(&ring->attempts);
	for (;;) {
		head = RING_LOAD(&ring->head);
		/*
		 * The clock is read between head and claim: whoever nests in
		 * here and writes moves the head, so the claim below fails and
		 * the clock is read again.  So time does not go back in a ring.
		 */
		now = RING_CLOCK();
		slot = ring_slot(ring, head);
		state = RING_LOAD(&slot->index);
		if (RING_UNLIKELY(state != RING_COMMITTED(head - ring->nr_slots))) {
			if (state == RING_CLAIMED(head)) {
				/* We interrupted the owner before it moved the head. */
				RING_CMPXCHG(&ring->head, head, head + 1);
			} else if (state == RING_CLAIMED(head - ring->nr_slots) &&
				   RING_LOAD(&ring->head) == head) {
				RING_INC(&ring->dropped);
				return NULL;
			}
			continue;	/* or the head moved under us */
		}
		if (RING_CMPXCHG(&slot->index, state, RING_CLAIMED(head)))
			break;
	}
	RING_CMPXCHG(&ring->head, head, head + 1);
	/*
	 * A reader that sees any of what the caller writes from here on must
	 * also see the slot claimed when it looks again: pairs with RING_RMB()
	 * in ring_read().
	 */
	RING_WMB();
	slot->ts_ns = now;
	*index = head;
	return slot;
}

/**
 * ring_commit() - show readers a slot that is written
 * @ring: the ring
 * @slot: what ring_claim() returned
 * @index: what ring_claim() set
 */
static inline void ring_commit(struct ring *ring, struct skbtrace_record *slot,
			       __u64 index)
{
	/* Pairs with RING_LOAD_ACQUIRE() in ring_read(). */
	RING_STORE_RELEASE(&slot->index, RING_COMMITTED(index));
	RING_INC(&ring->committed);
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
 * @cursor: index to read; moved behind the record that is delivered
 * @lost: increased by the number of records that were overwritten before they
 *	could be read
 * @record: where to copy to, @record->index is set to the record's index
 *
 * delivered + lost == the distance @cursor moved, always.  A record is
 * delivered whole or not at all.
 *
 * Bounded: each round moves the cursor on, or ends.  A reader that is overrun
 * each time it looks gives up after a few rounds, as if there were nothing
 * (the caller comes again).
 *
 * Return: 1 if a record was delivered, 0 if there is none to be had yet.
 */
static inline int ring_read(const struct ring *ring, __u64 *cursor,
			    __u64 *lost, struct skbtrace_record *record)
{
	const struct skbtrace_record *slot;
	__u64 state, oldest;
	int tries;

	for (tries = 0; tries < 16; tries++) {
		slot = ring_slot(ring, *cursor);
		/* Pairs with RING_STORE_RELEASE() in ring_commit(). */
		state = RING_LOAD_ACQUIRE(&slot->index);
		if (state == RING_COMMITTED(*cursor)) {
			RING_COPY((__u64 *)record, (const __u64 *)slot,
				  RING_WORDS);
			/* Pairs with RING_WMB() in ring_claim(). */
			RING_RMB();
			if (RING_LOAD(&slot->index) == state) {
				record->index = *cursor;
				(*cursor)++;
				return 1;
			}
		} else if ((__s64)(state - RING_CLAIMED(*cursor)) <= 0) {
			return 0;	/* being written, or not even begun */
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
