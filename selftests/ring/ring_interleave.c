// SPDX-License-Identifier: GPL-2.0
/*
 * The ring protocol under every schedule.
 *
 * Writers: at each step of ring_claim(), of filling the slot and of
 * ring_commit(), an interrupt may come and write a record or a burst of them,
 * and be interrupted itself at each of its steps.  All ways to place a given
 * number of interrupts are run, and the invariants of ring.h checked after
 * each step and at the end.
 *
 * Readers: of each run, everything another CPU may see of it (weak_memory.h)
 * at each load of ring_read(), from each cursor.  A call of ring_read() looks at
 * one slot and the head; what looks the same there is read once.
 *
 * A schedule is a list of choices, and they are counted through; what goes
 * wrong is printed step by step.
 *
 * RING_INTERRUPTS: how many, default 3.  One more takes a hundred times as
 * long.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kselftest.h"

#include <linux/types.h>

#include "weak_memory.h"

#define MAX_SLOTS	4
#define MAX_LEVEL	3	/* task, softirq, hardirq, NMI */
#define MAX_RECORDS	64
#define MAX_CHOICES	4096
#define MAX_TRACE	1024

enum op {
	OP_INC, OP_LOAD, OP_CLOCK, OP_CMPXCHG, OP_WMB, OP_STORE, OP_RELEASE,
	OP_ENTER, OP_LEAVE, OP_ACQUIRE, OP_COPY, OP_RMB,
};

static const char * const op_names[] = {
	"increment", "load", "clock", "cmpxchg", "write barrier", "store", "release",
	"interrupt", "return", "acquire", "copy", "read barrier",
};

static void writer_step(enum op op, const __u64 *p);
static __u64 sim_load(const __u64 *p, int acquire);
static int sim_cmpxchg(__u64 *p, __u64 old, __u64 new);
static void sim_store(__u64 *p, __u64 v, int release);
static void sim_inc(__u64 *p);
static void sim_wmb(void);
static void sim_rmb(void);
static void sim_copy(__u64 *to, const __u64 *from);
static __u64 sim_clock(void);

#define RING_CMPXCHG(p, old, new)	sim_cmpxchg(p, old, new)
#define RING_LOAD(p)			sim_load(p, 0)
#define RING_LOAD_ACQUIRE(p)		sim_load(p, 1)
#define RING_STORE(p, v)		sim_store(p, v, 0)	/* for mutants */
#define RING_STORE_RELEASE(p, v)	sim_store(p, v, 1)
#define RING_INC(p)			sim_inc(p)
#define RING_WMB()			sim_wmb()
#define RING_RMB()			sim_rmb()
#define RING_COPY(to, from, words)	sim_copy(to, from)
#define RING_CLOCK()			sim_clock()

#include <skbtrace/ring.h>

struct config {
	unsigned int nr_slots;
	unsigned int writes;		/* of the task */
	unsigned int interrupts;	/* in all */
	unsigned int burst;		/* an interrupt writes 1 or so many */
	__u64 first;			/* index to begin with */
};

/* Who is writing, the innermost first. */
struct frame {
	struct frame *outer;
	unsigned int level;
	unsigned int rounds;		/* of the loop in ring_claim() */
	unsigned int interrupts;	/* that came between */
	int holds;			/* has a slot */
};

static struct config config;
static struct skbtrace_record slots[MAX_SLOTS];
static struct ring ring;
static struct frame *frame;
static unsigned int interrupts_left;
static __u64 clock_ns, calls, refused;
static int reading;
static int acquires;			/* of the reader, in one call */

/* What readers should find: the record of index first + i. */
static struct {
	__u64 ts, serial;
} expected[MAX_RECORDS];

static struct {
	unsigned char op, level;
	short at;			/* location, or -1 */
} trace[MAX_TRACE];
static unsigned int traced;

static jmp_buf on_failure;
static jmp_buf on_round;

static struct {
	__u64 schedules, nested, dropped, helped, reads;
} total;

/* Choices: the path to try, and how many ways there were at each fork. */
struct choices {
	unsigned char path[MAX_CHOICES], ways[MAX_CHOICES];
	unsigned int len, at;
};

static struct choices writer_choices, reader_choices;

static unsigned int choose(struct choices *c, unsigned int ways)
{
	if (c->at == c->len) {
		if (c->len == MAX_CHOICES)
			abort();
		c->path[c->len] = 0;
		c->ways[c->len] = ways;
		c->len++;
	}
	return c->path[c->at++];
}

/* On to the next path; false if that was the last. */
static int choose_next(struct choices *c)
{
	c->at = 0;
	while (c->len) {
		if (++c->path[c->len - 1] < c->ways[c->len - 1])
			return 1;
		c->len--;
	}
	return 0;
}

/* The modelled words of a slot: state, time, and both ends of the payload. */
static const unsigned char modelled[] = { 0, 1, 2, RING_WORDS - 1 };

#define WORD_FIRST	2
#define WORD_LAST	(RING_WORDS - 1)

static int location(const __u64 *p)
{
	size_t word, i;

	if (p == &ring.head)
		return 0;
	if (p < (__u64 *)slots || p >= (__u64 *)(slots + MAX_SLOTS))
		return -1;
	word = p - (__u64 *)slots;
	for (i = 0; i < ARRAY_SIZE(modelled); i++)
		if (word % RING_WORDS == modelled[i])
			return 1 + word / RING_WORDS * ARRAY_SIZE(modelled) + i;
	return -1;
}

static void note(enum op op, const __u64 *p)
{
	if (traced == MAX_TRACE)
		return;
	trace[traced].op = op;
	trace[traced].level = frame ? frame->level : 0;
	trace[traced].at = p ? location(p) : -1;
	traced++;
}

static void broken(const char *what)
{
	static const char * const names[] = { "state", "ts_ns", "first word", "last word" };
	unsigned int i;

	ksft_print_msg("%s: %u slots, level, step:\n", what, config.nr_slots);
	for (i = 0; i < traced; i++) {
		int at = trace[i].at;

		if (at <= 0)
			ksft_print_msg("%*s%u %s %s\n", 2 * trace[i].level, "", trace[i].level,
				       op_names[trace[i].op], at ? "" : "head");
		else
			ksft_print_msg("%*s%u %s slot %zu %s\n", 2 * trace[i].level, "",
				       trace[i].level, op_names[trace[i].op],
				       (at - 1) / ARRAY_SIZE(modelled),
				       names[(at - 1) % ARRAY_SIZE(modelled)]);
	}
	longjmp(on_failure, 1);
}

/* What holds at every step. */
static void check_ring(void)
{
	__u64 in_flight = ring.attempts - ring.committed - ring.dropped;
	unsigned int live = 0, hold = 0, k;
	const struct frame *f;

	for (f = frame; f; f = f->outer) {
		live++;
		hold += f->holds;
	}
	if (in_flight < hold || in_flight > live)
		broken("attempts is not committed + dropped + those being written");
	if (ring.head - config.first > calls)
		broken("the head is ahead of the writers");
	for (k = 1; k <= config.nr_slots; k++) {
		__u64 index = ring.head - k;
		__u64 state = ring_slot(&ring, index)->index;

		if (state == RING_COMMITTED(index) || state == RING_CLAIMED(index))
			continue;
		if (k == config.nr_slots && state == RING_CLAIMED(ring.head))
			continue;
		broken("a slot behind the head has another owner");
	}
}

static void writer_write(void);

static void interrupt(unsigned int writes)
{
	frame->interrupts++;
	note(OP_ENTER, NULL);
	while (writes--)
		writer_write();
	note(OP_LEAVE, NULL);
}

/* Before each step of a writer. */
static void writer_step(enum op op, const __u64 *p)
{
	unsigned int what;

	check_ring();
	while (interrupts_left && frame->level < MAX_LEVEL) {
		what = choose(&writer_choices, config.burst > 1 ? 3 : 2);
		if (!what)
			break;
		interrupts_left--;
		total.nested++;
		interrupt(what == 1 ? 1 : config.burst);
		check_ring();
	}
	note(op, p);
}

/* Before each load of a reader: which of the values it may see. */
static __u64 reader_load(enum op op, const __u64 *p)
{
	int at = location(p);
	unsigned int what;

	/*
	 * ring_read() has lost a record and goes round again.  From here on it
	 * does nothing that it would not do when called with this cursor by a
	 * reader that has seen less, and that is tried as well.
	 */
	if (op == OP_ACQUIRE && acquires++ == 1)
		longjmp(on_round, 1);
	what = weak_choices(at) - 1;
	/*
	 * Of the payload the oldest and the next: what comes after that is as
	 * wrong, and orders at least as much.  Of the head, and of the state
	 * at the second look, which only asks whether it is the same, the ends.
	 */
	if (op == OP_COPY && what > 1)
		what = 1;
	if (what)
		what = op == OP_LOAD ? what * choose(&reader_choices, 2) :
				       choose(&reader_choices, what + 1);
	note(op, p);
	return weak_load(at, what, op == OP_ACQUIRE);
}

static __u64 sim_load(const __u64 *p, int acquire)
{
	if (reading)
		return reader_load(acquire ? OP_ACQUIRE : OP_LOAD, p);
	writer_step(OP_LOAD, p);
	if (p != &ring.head && p >= (__u64 *)slots &&
	    ++frame->rounds > 2 + frame->interrupts)
		broken("a writer goes round with nobody having been in between");
	return *p;
}

static int sim_cmpxchg(__u64 *p, __u64 old, __u64 new)
{
	writer_step(OP_CMPXCHG, p);
	if (*p != old) {
		total.helped += p == &ring.head;
		return 0;
	}
	*p = new;
	weak_store(location(p), new, new, 0);
	return 1;
}

static void sim_store(__u64 *p, __u64 v, int release)
{
	writer_step(release ? OP_RELEASE : OP_STORE, p);
	*p = v;
	weak_store(location(p), v, v, release);
}

/* A word of the record @index. */
static void fill_word(__u64 *p, __u64 v, __u64 index)
{
	writer_step(OP_STORE, p);
	*p = v;
	weak_store(location(p), v, index + 1, 0);
}

static void sim_inc(__u64 *p)
{
	writer_step(OP_INC, NULL);
	(*p)++;
}

static void sim_wmb(void)
{
	writer_step(OP_WMB, NULL);
	weak_wmb();
}

static void sim_rmb(void)
{
	note(OP_RMB, NULL);
	weak_rmb();
}

static __u64 sim_clock(void)
{
	writer_step(OP_CLOCK, NULL);
	return clock_ns++;
}

/* All but the state, which ring_read() does not take from the copy. */
static void sim_copy(__u64 *to, const __u64 *from)
{
	size_t i;

	for (i = 1; i < ARRAY_SIZE(modelled); i++)
		to[modelled[i]] = reader_load(OP_COPY, from + modelled[i]);
}

static void writer_write(void)
{
	struct frame f = { .outer = frame, .level = frame ? frame->level + 1 : 0 };
	__u64 began = clock_ns, serial, index = ~0ULL, *word;
	struct skbtrace_record *slot;

	frame = &f;
	serial = ++calls;
	slot = ring_claim(&ring, &index);
	if (!slot) {
		refused++;
		if (ring_slot(&ring, ring.head)->index !=
		    RING_CLAIMED(ring.head - config.nr_slots))
			broken("refused without need");
		frame = f.outer;
		return;
	}
	f.holds = 1;
	if (index - config.first >= calls || slot != ring_slot(&ring, index))
		broken("a claim of what is not there");
	if (slot->ts_ns < began || slot->ts_ns >= clock_ns)
		broken("a time that is not between call and return");
	word = (__u64 *)slot;
	/* ring_claim() has stored it with no step in between. */
	weak_store(location(&word[1]), slot->ts_ns, index + 1, 0);
	expected[index - config.first].ts = slot->ts_ns;
	expected[index - config.first].serial = serial;
	fill_word(&word[WORD_FIRST], serial, index);
	fill_word(&word[WORD_LAST], ~serial, index);
	ring_commit(&ring, slot, index);
	frame = f.outer;
}

static void check_record(const struct skbtrace_record *record, __u64 index)
{
	const __u64 *word = (const __u64 *)record;
	__u64 i = index - config.first;

	if (record->index != index)
		broken("a record with another's index");
	if (record->ts_ns != expected[i].ts || word[WORD_FIRST] != expected[i].serial ||
	    word[WORD_LAST] != ~expected[i].serial)
		broken("a torn record");
}

/* One call of ring_read(); what was lost must have been overwritten. */
static int read_once(__u64 *cursor, __u64 *lost)
{
	struct skbtrace_record record;
	volatile int got = 0;
	__u64 old = *cursor, old_lost = *lost;

	acquires = 0;
	if (!setjmp(on_round))
		got = ring_read(&ring, cursor, lost, &record);
	if (*cursor - old != (unsigned int)got + *lost - old_lost)
		broken("delivered + lost is not the distance");
	if (*lost != old_lost && *lost - old_lost + old + config.nr_slots > ring.head)
		broken("lost, but not overwritten");
	if (got)
		check_record(&record, *cursor - 1);
	return got || *cursor != old;
}

/* Hashes of what was read.  0 is none. */
#define SEEN_SIZE	(1u << 20)
static __u64 *seen;

static int seen_before(__u64 hash)
{
	unsigned int at, tries;

	for (tries = 0; tries < 64; tries++) {
		at = (hash + tries) & (SEEN_SIZE - 1);
		if (seen[at] == hash)
			return 1;
		if (!seen[at]) {
			seen[at] = hash;
			return 0;
		}
	}
	return 0;	/* no room: read it once more */
}

/* All that readers may see of a slot in the run just made, from each cursor. */
static void read_all_ways(unsigned int slot)
{
	unsigned int at[1 + ARRAY_SIZE(modelled)], i, kept = traced;
	__u64 start, cursor, lost;

	at[0] = 0;
	for (i = 0; i < ARRAY_SIZE(modelled); i++)
		at[i + 1] = 1 + slot * ARRAY_SIZE(modelled) + i;
	if (seen_before(weak_hash(at, ARRAY_SIZE(at))))
		return;
	for (start = config.first; start != ring.head + 1; start++) {
		if (start % config.nr_slots != slot)
			continue;
		reader_choices.len = 0;
		reader_choices.at = 0;
		do {
			traced = kept;
			weak_begin(0);
			cursor = start;
			lost = 0;
			read_once(&cursor, &lost);
			total.reads++;
		} while (choose_next(&reader_choices));
	}
}

/* Quiet now: a reader that comes late and sees all gets what is left. */
static void read_the_rest(void)
{
	__u64 cursor = config.first, lost = 0, written = ring.head - config.first;

	weak_begin(1);
	while (read_once(&cursor, &lost))
		;
	if (cursor != ring.head)
		broken("a reader stops although nobody writes");
	if (lost != (written > config.nr_slots ? written - config.nr_slots : 0))
		broken("a record that was there was lost");
}

static void check_quiet(void)
{
	__u64 i;

	if (ring.attempts != calls || ring.dropped != refused ||
	    ring.attempts != ring.committed + ring.dropped)
		broken("attempts is not committed + dropped");
	if (ring.head - config.first != ring.committed)
		broken("the head is not where the last record is");
	for (i = 1; i < ring.committed; i++)
		if (expected[i].ts < expected[i - 1].ts)
			broken("time goes back");
	check_ring();
}

static void run_writers(void)
{
	unsigned int i, k;

	weak_reset();
	memset(slots, 0, sizeof(slots));
	ring_init(&ring, slots, config.nr_slots);
	/* As if there had been records before, if it is not to begin with 0. */
	ring.head = config.first;
	for (i = 0; config.first && i < config.nr_slots; i++) {
		__u64 index = config.first - config.nr_slots + i;

		ring_slot(&ring, index)->index = RING_COMMITTED(index);
	}
	weak_init(0, ring.head);
	for (i = 0; i < config.nr_slots; i++)
		for (k = 0; k < ARRAY_SIZE(modelled); k++)
			weak_init(1 + i * ARRAY_SIZE(modelled) + k,
				  ((__u64 *)&slots[i])[modelled[k]]);
	frame = NULL;
	traced = 0;
	interrupts_left = config.interrupts;
	clock_ns = 1;
	calls = 0;
	refused = 0;
	for (i = 0; i < config.writes; i++)
		writer_write();
}

static int run_config(const struct config *c)
{
	volatile unsigned int slot;

	config = *c;
	reading = 0;
	memset(&total, 0, sizeof(total));
	memset(&writer_choices, 0, sizeof(writer_choices));
	memset(seen, 0, SEEN_SIZE * sizeof(*seen));
	if (setjmp(on_failure))
		return 0;
	do {
		run_writers();
		total.schedules++;
		total.dropped += refused;
		check_quiet();
		reading = 1;
		read_the_rest();
		for (slot = 0; slot < config.nr_slots; slot++)
			read_all_ways(slot);
		reading = 0;
	} while (choose_next(&writer_choices));
	return 1;
}

int main(void)
{
	static const struct config configs[] = {
		{ 1, 3, 3, 2, 0 },
		{ 2, 3, 3, 3, 0 },
		{ 4, 2, 3, 5, 0 },
		{ 2, 2, 2, 3, (1ULL << 32) - 2 },
		{ 2, 2, 2, 3, (1ULL << 63) - 2 },
	};
	const char *more = getenv("RING_INTERRUPTS");
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(configs));
	seen = malloc(SEEN_SIZE * sizeof(*seen));
	if (!seen)
		ksft_exit_fail_msg("no memory\n");
	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		struct config c = configs[i];
		struct timespec from, to;
		int passed;

		if (more)
			c.interrupts = strtoul(more, NULL, 0);
		clock_gettime(CLOCK_MONOTONIC, &from);
		passed = run_config(&c);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ksft_print_msg("%llu interrupts, %llu dropped, %llu helped, %llu ms\n",
			       total.nested, total.dropped, total.helped,
			       (to.tv_sec - from.tv_sec) * 1000ULL +
			       to.tv_nsec / 1000000 - from.tv_nsec / 1000000);
		ksft_test_result(passed, "%u slots, %u interrupts, from %#llx: "
				 "%llu schedules, %llu reads\n", c.nr_slots, c.interrupts,
				 c.first, total.schedules, total.reads);
	}
	free(seen);
	ksft_finished();
}
