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
 * RING_INTERRUPTS: how many, default 3.  One more takes fifty times as long.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"

#include <linux/types.h>

#include "weak_memory.h"

#define MAX_SLOTS	4
#define MAX_LEVEL	2	/* task, interrupt, NMI */
#define MAX_RECORDS	64
#define MAX_CHOICES	4096
#define MAX_TRACE	1024

static __u64 sim_load(const __u64 *p, int acquire);
static void sim_store(__u64 *p, __u64 v, int release);
static void sim_inc(__u64 *p);
static void sim_wmb(void);
static void sim_copy(__u64 *to, const __u64 *from);
static __u64 sim_clock(void);

#define RING_LOAD(p)			sim_load(p, 0)
#define RING_LOAD_ACQUIRE(p)		sim_load(p, 1)
#define RING_STORE(p, v)		sim_store(p, v, 0)
#define RING_STORE_RELEASE(p, v)	sim_store(p, v, 1)
#define RING_INC(p)			sim_inc(p)
#define RING_WMB()			sim_wmb()
#define RING_RMB()			weak_rmb()
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
	const char *step;
	unsigned char level;
	short at;			/* location, or -1 */
} trace[MAX_TRACE];
static unsigned int traced;

static jmp_buf on_failure;
static jmp_buf on_round;

static struct {
	__u64 schedules, refused, reads;
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

/* The modelled words of a slot: index, time, and both ends of the payload. */
static const unsigned int modelled[] = { 0, 1, 2, RING_WORDS - 1 };

#define WORD_TS		1
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

static void note(const char *step, const __u64 *p)
{
	if (traced == MAX_TRACE)
		return;
	trace[traced].step = step;
	trace[traced].level = frame ? frame->level : 0;
	trace[traced].at = p ? location(p) : -1;
	traced++;
}

static void broken(const char *what)
{
	static const char * const names[] = { "index", "ts_ns", "first word", "last word" };
	unsigned int i;

	ksft_print_msg("%s: %u slots, level, step:\n", what, config.nr_slots);
	for (i = 0; i < traced; i++) {
		int at = trace[i].at, level = trace[i].level;

		if (at <= 0)
			ksft_print_msg("%*s%u %s %s\n", 2 * level, "", level, trace[i].step,
				       at ? "" : "head");
		else
			ksft_print_msg("%*s%u %s slot %zu %s\n", 2 * level, "", level,
				       trace[i].step, (at - 1) / ARRAY_SIZE(modelled),
				       names[(at - 1) % ARRAY_SIZE(modelled)]);
	}
	longjmp(on_failure, 1);
}

/* What holds at every step. */
static void check_ring(void)
{
	__u64 in_flight = ring.attempts - (ring.head - config.first) - ring.nested;
	unsigned int live = 0, hold = 0, k;
	const struct frame *f;

	for (f = frame; f; f = f->outer) {
		live++;
		hold += f->holds;
	}
	if (hold > 1)
		broken("two writers have a slot");
	if (in_flight > live)
		broken("attempts is not head + nested + those under way");
	for (k = 1; k <= config.nr_slots && k <= ring.head; k++) {
		__u64 index = ring.head - k, owner = ring_slot(&ring, index)->index;

		if (owner != index && (k < config.nr_slots || owner != ring.head))
			broken("a slot behind the head has another owner");
	}
}

static void writer_write(void);

/* Before each step of a writer. */
static void writer_step(const char *step, const __u64 *p)
{
	unsigned int what;

	check_ring();
	while (interrupts_left && frame->level < MAX_LEVEL) {
		what = choose(&writer_choices, 3);
		if (!what)
			break;
		interrupts_left--;
		note("interrupt", NULL);
		for (what = what == 1 ? 1 : config.burst; what; what--)
			writer_write();
		note("return", NULL);
		check_ring();
	}
	note(step, p);
}

/* Before each load of a reader: which of the values it may see. */
static __u64 reader_load(const char *step, const __u64 *p, int acquire)
{
	int at = location(p);
	unsigned int ways, what;

	/*
	 * ring_read() has lost a record and goes round again.  From here on it
	 * does nothing that it would not do when called with this cursor by a
	 * reader that has seen less, and that is tried as well.
	 */
	if (acquire && acquires++ == 1)
		longjmp(on_round, 1);
	ways = weak_choices(at);
	what = ways > 1 ? choose(&reader_choices, ways) : 0;
	note(step, p);
	return weak_load(at, what, acquire);
}

static __u64 sim_load(const __u64 *p, int acquire)
{
	if (reading)
		return reader_load(acquire ? "acquire" : "load", p, acquire);
	writer_step("load", p);
	return *p;
}

static void sim_store(__u64 *p, __u64 v, int release)
{
	int at = location(p);

	writer_step(release ? "release" : "store", p);
	*p = v;
	if (at < 0)
		return;
	/* The clock differs from run to run, whose record it is of does not. */
	if (at > 0 && (at - 1) % ARRAY_SIZE(modelled) == WORD_TS)
		weak_store(at, v, ring.head, release);
	else
		weak_store(at, v, v, release);
}

/* A word of the record @index. */
static void fill_word(__u64 *p, __u64 v, __u64 index)
{
	writer_step("store", p);
	*p = v;
	weak_store(location(p), v, index, 0);
}

static void sim_inc(__u64 *p)
{
	writer_step("increment", NULL);
	(*p)++;
}

static void sim_wmb(void)
{
	writer_step("write barrier", NULL);
	weak_wmb();
}

static __u64 sim_clock(void)
{
	writer_step("clock", NULL);
	return clock_ns++;
}

static void sim_copy(__u64 *to, const __u64 *from)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modelled); i++)
		to[modelled[i]] = reader_load("copy", from + modelled[i], 0);
}

static void writer_write(void)
{
	struct frame f = { .outer = frame, .level = frame ? frame->level + 1 : 0 };
	__u64 began = clock_ns, serial, index, *word;
	struct skbtrace_record *slot;

	frame = &f;
	serial = ++calls;
	slot = ring_claim(&ring);
	if (!slot) {
		refused++;
		if (!f.outer || !ring.writing)
			broken("refused without need");
		frame = f.outer;
		return;
	}
	f.holds = 1;
	index = slot->index;
	word = (__u64 *)slot;
	if (index != ring.head || slot != ring_slot(&ring, index))
		broken("a claim of what is not the next");
	if (slot->ts_ns < began || slot->ts_ns >= clock_ns)
		broken("a time that is not between call and return");
	expected[index - config.first].ts = slot->ts_ns;
	expected[index - config.first].serial = serial;
	fill_word(&word[WORD_FIRST], serial, index);
	fill_word(&word[WORD_LAST], ~serial, index);
	f.holds = 0;
	ring_commit(&ring);
	frame = f.outer;
}

/* One call of ring_read(); what was lost must have been overwritten. */
static int read_once(__u64 *cursor, __u64 *lost)
{
	struct skbtrace_record record;
	const __u64 *word = (const __u64 *)&record;
	volatile int got = 0;
	__u64 old = *cursor, old_lost = *lost;

	acquires = 0;
	if (!setjmp(on_round))
		got = ring_read(&ring, cursor, lost, &record);
	if (*cursor - old != (unsigned int)got + *lost - old_lost)
		broken("delivered + lost is not the distance");
	if (*lost != old_lost && *lost - old_lost + old + config.nr_slots > ring.head)
		broken("lost, but not overwritten");
	if (got && record.index != old)
		broken("a record with another's index");
	if (got && (record.ts_ns != expected[old - config.first].ts ||
		    word[WORD_FIRST] != expected[old - config.first].serial ||
		    word[WORD_LAST] != ~expected[old - config.first].serial))
		broken("a torn record");
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
	for (start = config.first; start <= ring.head; start++) {
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

	if (ring.attempts != calls || ring.nested != refused ||
	    ring.attempts != ring.head - config.first + ring.nested)
		broken("attempts is not head + nested");
	if (ring.writing)
		broken("nobody writes, and nobody may");
	for (i = 1; i < ring.head - config.first; i++)
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
	for (i = 1; config.first && i <= config.nr_slots; i++)
		ring_slot(&ring, config.first - i)->index = config.first - i;
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
		total.refused += refused;
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
		{ 2, 2, 3, 3, (1ULL << 32) - 2 },
		{ 2, 2, 3, 3, (1ULL << 63) - 2 },
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
		int passed;

		if (more)
			c.interrupts = strtoul(more, NULL, 0);
		passed = run_config(&c);
		ksft_test_result(passed, "%u slots, %u interrupts, from %#llx: "
				 "%llu schedules, %llu refused, %llu reads\n", c.nr_slots,
				 c.interrupts, c.first, total.schedules, total.refused,
				 total.reads);
	}
	free(seen);
	ksft_finished();
}
