// SPDX-License-Identifier: GPL-2.0
/*
 * The ring protocol, one case a test.
 *
 * One thread.  Interrupts are calls of the writer from a hook that runs before
 * each step the protocol takes.  ring_interleave.c tries all such schedules;
 * here each case that matters is written down once, to be read and debugged.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"

#include <linux/types.h>

enum step {
	STEP_INC,
	STEP_LOAD,
	STEP_STORE,
	STEP_RELEASE,
	STEP_CLOCK,
	STEP_WMB,
	STEP_COPY,	/* of one word */
	STEP_RMB,
};

/* What happens before a step: nothing, or what the test put here. */
static void (*hook)(enum step step);

static void before(enum step step)
{
	if (hook)
		hook(step);
}

static __u64 sim_load(const __u64 *p)
{
	before(STEP_LOAD);
	return *p;
}

static void sim_store(enum step step, __u64 *p, __u64 v)
{
	before(step);
	*p = v;
}

static void sim_inc(__u64 *p)
{
	before(STEP_INC);
	(*p)++;
}

static void sim_copy(__u64 *to, const __u64 *from, unsigned int words)
{
	while (words--) {
		before(STEP_COPY);
		*to++ = *from++;
	}
}

static __u64 clock_ns;

static __u64 sim_clock(void)
{
	before(STEP_CLOCK);
	return clock_ns++;
}

#define RING_LOAD(p)			sim_load(p)
#define RING_LOAD_ACQUIRE(p)		sim_load(p)
#define RING_STORE(p, v)		sim_store(STEP_STORE, p, v)
#define RING_STORE_RELEASE(p, v)	sim_store(STEP_RELEASE, p, v)
#define RING_INC(p)			sim_inc(p)
#define RING_WMB()			before(STEP_WMB)
#define RING_RMB()			before(STEP_RMB)
#define RING_COPY(to, from, words)	sim_copy(to, from, words)
#define RING_CLOCK()			sim_clock()

#include <skbtrace/ring.h>

#define RECORD_STORE(p, v)		(*(p) = (v))
#include "ring_record.h"

#define MAX_SLOTS	64

static struct skbtrace_record slots[MAX_SLOTS];
static struct ring ring;
static __u64 serial;

/* A ring that has already seen @first records. */
static void start(__u64 nr_slots, __u64 first)
{
	__u64 i;

	hook = NULL;
	clock_ns = 1;
	serial = 0;
	memset(slots, 0xa5, sizeof(slots));
	ring_init(&ring, slots, nr_slots);
	ring.head = first;
	for (i = 1; i <= nr_slots && i <= first; i++)
		ring_slot(&ring, first - i)->index = first - i;
}

/* A whole write; what a hook calls to be an interrupt. */
static int write_one(void)
{
	struct skbtrace_record *slot = ring_claim(&ring);

	if (!slot)
		return 0;
	record_fill(slot, ++serial);
	ring_commit(&ring);
	return 1;
}

static void write_many(unsigned int n)
{
	while (n--)
		write_one();
}

struct reader {
	__u64 start;
	__u64 cursor;
	__u64 lost;
	__u64 delivered;
	__u64 last_ts;
	struct skbtrace_record record;
	const char *wrong;	/* the promise that was broken */
};

static void reader_init(struct reader *r, __u64 cursor)
{
	memset(r, 0, sizeof(*r));
	r->start = cursor;
	r->cursor = cursor;
	r->wrong = "";
}

/* ring_read(), and what it promises of each record. */
static int reader_read(struct reader *r)
{
	__u64 before_cursor = r->cursor;
	int got = ring_read(&ring, &r->cursor, &r->lost, &r->record);

	if (got) {
		r->delivered++;
		if (r->record.index != r->cursor - 1)
			r->wrong = "not the record at the cursor";
		if (!record_whole(&r->record))
			r->wrong = "torn record";
		if (r->record.ts_ns < r->last_ts)
			r->wrong = "time went back";
		r->last_ts = r->record.ts_ns;
	}
	if (r->cursor < before_cursor)
		r->wrong = "the cursor went back";
	if (r->delivered + r->lost != r->cursor - r->start)
		r->wrong = "delivered + lost is not the distance";
	return got;
}

static unsigned int reader_drain(struct reader *r)
{
	unsigned int n = 0;

	while (reader_read(r))
		n++;
	return n;
}

#define EXPECT_SOUND(r)	EXPECT_STREQ("", (r)->wrong)

/* Nobody writes, and somebody may. */
#define EXPECT_QUIET(first) do {			\
	EXPECT_EQ(ring.head, (first) + ring.attempts - ring.nested);	\
	EXPECT_EQ(0, ring.writing);			\
} while (0)

TEST(empty)
{
	struct reader r;

	start(4, 0);
	reader_init(&r, 0);
	EXPECT_EQ(0, reader_read(&r));
	EXPECT_EQ(0, r.cursor);
	EXPECT_EQ(0, r.lost);
	EXPECT_EQ(0, ring_oldest(&ring));
	EXPECT_QUIET(0);
}

TEST(first_lap)
{
	struct reader r;
	unsigned int i;

	start(8, 0);
	reader_init(&r, 0);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, write_one());
		EXPECT_EQ(0, ring_oldest(&ring));
		ASSERT_EQ(1, reader_read(&r));
		EXPECT_EQ(i, r.record.index);
		EXPECT_EQ(i + 1, record_serial(&r.record));
		EXPECT_EQ(0, reader_read(&r));
	}
	EXPECT_EQ(0, r.lost);
	EXPECT_SOUND(&r);
	EXPECT_QUIET(0);
}

/* Every size, every distance a reader can be behind. */
TEST(overwrite_lost_exact)
{
	unsigned int nr_slots, written, at;
	struct reader r;

	for (nr_slots = 1; nr_slots <= 8; nr_slots *= 2)
		for (written = 0; written <= 5 * nr_slots; written++)
			for (at = 0; at <= written; at++) {
				unsigned int oldest = written > nr_slots ? written - nr_slots : 0;
				unsigned int from = at > oldest ? at : oldest;

				start(nr_slots, 0);
				write_many(written);
				EXPECT_EQ(oldest, ring_oldest(&ring));
				reader_init(&r, at);
				ASSERT_EQ(written - from, reader_drain(&r));
				ASSERT_EQ(from - at, r.lost);
				ASSERT_EQ(written, r.cursor);
				EXPECT_SOUND(&r);
				EXPECT_QUIET(0);
			}
}

/* Readers write nothing: not even into memory that would fault. */
TEST(reader_writes_nothing)
{
	struct reader r;
	void *page;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	start(16, 0);
	ring_init(&ring, page, 16);
	write_many(40);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	reader_init(&r, 0);
	EXPECT_EQ(16, reader_drain(&r));
	EXPECT_EQ(24, r.lost);
	EXPECT_SOUND(&r);
}

/* Readers do not take records from each other. */
TEST(readers_are_independent)
{
	struct reader a, b, c;

	start(4, 0);
	reader_init(&a, 0);
	reader_init(&b, 0);
	write_many(3);
	EXPECT_EQ(3, reader_drain(&a));
	write_many(3);
	EXPECT_EQ(3, reader_drain(&a));
	EXPECT_EQ(4, reader_drain(&b));
	reader_init(&c, ring_oldest(&ring));
	EXPECT_EQ(4, reader_drain(&c));
	EXPECT_EQ(0, a.lost);
	EXPECT_EQ(2, b.lost);
	EXPECT_EQ(0, c.lost);
	EXPECT_SOUND(&a);
	EXPECT_SOUND(&b);
	EXPECT_SOUND(&c);
}

/* Interrupts between claim and commit: refused, counted, and then it goes on. */
TEST(nested_is_refused)
{
	struct skbtrace_record *slot;
	struct reader r;

	start(4, 0);
	reader_init(&r, 0);
	write_one();
	slot = ring_claim(&ring);
	ASSERT_NE(NULL, slot);
	EXPECT_EQ(0, write_one());
	EXPECT_EQ(0, write_one());
	EXPECT_EQ(2, ring.nested);
	EXPECT_EQ(ring.attempts, ring.head + ring.nested + 1);
	/* What is not committed is not there. */
	EXPECT_EQ(1, reader_drain(&r));
	record_fill(slot, ++serial);
	ring_commit(&ring);
	EXPECT_EQ(1, reader_drain(&r));
	EXPECT_EQ(1, write_one());
	EXPECT_EQ(1, reader_drain(&r));
	EXPECT_EQ(0, r.lost);
	EXPECT_SOUND(&r);
	EXPECT_QUIET(0);
}

/* A hook that strikes once, at the @strike_at-th step of @strike_step. */
static enum step strike_step;
static unsigned int strike_at, strike_writes;

static void strike(enum step step)
{
	if (step != strike_step || strike_at-- != 0)
		return;
	hook = NULL;
	write_many(strike_writes);
}

static void strike_set(enum step step, unsigned int at, unsigned int writes)
{
	strike_step = step;
	strike_at = at;
	strike_writes = writes;
	hook = strike;
}

/* An interrupt before the flag is set writes first; time still does not go back. */
TEST(interrupt_before_the_flag)
{
	unsigned int writes, where;
	struct reader r;

	for (writes = 1; writes <= 9; writes++)
		for (where = 0; where < 3; where++) {
			start(4, 0);
			write_many(2);
			reader_init(&r, ring_oldest(&ring));
			strike_set(where == 0 ? STEP_INC : where == 1 ? STEP_LOAD : STEP_STORE,
				   0, writes);
			ASSERT_EQ(1, write_one());
			EXPECT_TRUE(!hook);
			EXPECT_EQ(0, ring.nested);
			EXPECT_EQ(3 + writes, ring.head);
			EXPECT_EQ(writes + 3 > 4 ? 4 : writes + 3, reader_drain(&r));
			/* The outer one, which began first, came last. */
			EXPECT_EQ(3 + writes, record_serial(&r.record));
			EXPECT_SOUND(&r);
			EXPECT_QUIET(0);
		}
}

/* A slot that is being written is lost to readers from then on, not torn. */
TEST(reader_meets_the_writer)
{
	struct skbtrace_record *slot;
	struct reader r;

	start(4, 0);
	reader_init(&r, 0);
	write_many(4);
	slot = ring_claim(&ring);
	ASSERT_NE(NULL, slot);
	EXPECT_EQ(3, reader_drain(&r));
	EXPECT_EQ(1, r.lost);
	record_fill(slot, ++serial);
	ring_commit(&ring);
	EXPECT_EQ(1, reader_drain(&r));
	EXPECT_EQ(1, r.lost);
	EXPECT_SOUND(&r);
}

/* Overrun at every word of the copy and before the second look. */
TEST(overrun_while_copying)
{
	struct reader r;
	unsigned int word, writes;

	for (writes = 1; writes <= 9; writes++)
		for (word = 0; word <= RING_WORDS; word++) {
			start(4, 0);
			reader_init(&r, 0);
			write_many(4);
			if (word < RING_WORDS)
				strike_set(STEP_COPY, word, writes);
			else
				strike_set(STEP_RMB, 0, writes);
			EXPECT_EQ(4, reader_drain(&r));
			EXPECT_TRUE(!hook);
			EXPECT_EQ(writes, r.lost);
			EXPECT_EQ(4 + writes, r.cursor);
			EXPECT_SOUND(&r);
		}
}

static void overrun_always(enum step step)
{
	if (step != STEP_RMB)
		return;
	hook = NULL;
	write_many(2);
	hook = overrun_always;
}

/* A reader that never wins comes back, and still knows what it lost. */
TEST(overrun_for_ever)
{
	struct reader r;

	start(2, 0);
	reader_init(&r, 0);
	write_many(2);
	hook = overrun_always;
	EXPECT_EQ(0, reader_read(&r));
	EXPECT_EQ(0, reader_read(&r));
	hook = NULL;
	EXPECT_LT(0, r.lost);
	EXPECT_EQ(2, reader_drain(&r));
	EXPECT_EQ(ring.head, r.cursor);
	EXPECT_SOUND(&r);
}

/* Writers go through all values of a counter's upper bits; so do readers. */
TEST(large_indices)
{
	static const __u64 first[] = { 1ULL << 31, 1ULL << 32, 1ULL << 62, 1ULL << 63 };
	unsigned int i, nr_slots;
	struct reader r, late;

	for (i = 0; i < ARRAY_SIZE(first); i++)
		for (nr_slots = 1; nr_slots <= 4; nr_slots *= 2) {
			__u64 begin = first[i] - 9;

			start(nr_slots, begin);
			reader_init(&r, begin);
			reader_init(&late, begin);
			EXPECT_EQ(0, reader_read(&r));
			while (ring.head != first[i] + 9) {
				ASSERT_EQ(1, write_one());
				EXPECT_EQ(1, reader_drain(&r));
			}
			EXPECT_EQ(0, r.lost);
			EXPECT_EQ(nr_slots, reader_drain(&late));
			EXPECT_EQ(18 - nr_slots, late.lost);
			EXPECT_EQ(ring.head, late.cursor);
			EXPECT_SOUND(&r);
			EXPECT_SOUND(&late);
			EXPECT_QUIET(begin);
		}
}

TEST_HARNESS_MAIN
