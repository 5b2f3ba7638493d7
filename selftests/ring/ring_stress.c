// SPDX-License-Identifier: GPL-2.0
/*
 * The ring protocol on real CPUs.
 *
 * One thread writes, and signals are its interrupts: they come at any
 * instruction, an NMI's also into the handler of an IRQ's, and not the other
 * way round.  Handlers write one record or a burst that goes round the ring, or
 * are refused.
 * Readers of different speed look on from other threads.
 *
 * "storm": small rings, records overwritten all the time.  All accesses are
 * relaxed atomics, as the kernel's READ_ONCE() and WRITE_ONCE().
 *
 * "once": a ring that is never overwritten.  Nothing is read before it was
 * committed, so the payload needs no atomics: it is written and read plainly,
 * and ThreadSanitizer (ring_stress_tsan) sees whether release and acquire
 * alone order it.
 *
 * RING_STRESS_SECONDS: how long in all, default 3.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "kselftest.h"

#include <linux/types.h>

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif

static int plain;	/* the test "once" */

/* One race is enough; there may be one a record. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1";
}

static __u64 clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void spin(unsigned int rounds)
{
	volatile unsigned int i;

	for (i = 0; i < rounds; i++)
		;
}

/* A loop of this would become memcpy(), which ThreadSanitizer does not see. */
static __attribute__((noinline)) __u64 plain_load(const __u64 *p)
{
	return *p;
}

static void copy_words(__u64 *to, const __u64 *from, unsigned int words)
{
	static __thread unsigned int n;
	unsigned int i;

	n++;
	for (i = 0; i < words; i++) {
		to[i] = plain && i > 1 ? plain_load(&from[i]) :
				__atomic_load_n(&from[i], __ATOMIC_RELAXED);
		/* Now and then a reader is held up in the middle. */
		if (n % (8 * words) == 8 * i)
			spin(n % 512);
	}
}

static void store_word(__u64 *p, __u64 v)
{
	if (plain)
		*p = v;
	else
		__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

/* What the kernel uses on x86: one instruction, so that an interrupt cannot split it. */
static void local_inc(__u64 *p)
{
#if defined(__x86_64__) && !defined(TSAN)
	__asm__ volatile("incq %0" : "+m" (*p) : : "memory");
#else
	__atomic_fetch_add(p, 1, __ATOMIC_RELAXED);
#endif
}

/* Relaxed atomics may be reordered by the compiler, volatile ones not with each other. */
#define RING_LOAD(p)			__atomic_load_n((const volatile __u64 *)(p), __ATOMIC_RELAXED)
#define RING_LOAD_ACQUIRE(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define RING_STORE(p, v)		__atomic_store_n((volatile __u64 *)(p), v, __ATOMIC_RELAXED)
#define RING_STORE_RELEASE(p, v)	__atomic_store_n((volatile __u64 *)(p), v, __ATOMIC_RELEASE)
#define RING_INC(p)			local_inc(p)
#define RING_WMB()			__atomic_thread_fence(__ATOMIC_RELEASE)
#define RING_RMB()			__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define RING_COPY(to, from, words)	copy_words(to, from, words)
#define RING_CLOCK()			clock_now()
#define RECORD_STORE(p, v)		store_word(p, v)

#include <skbtrace/ring.h>
#include "ring_record.h"

#define SIG_IRQ		SIGUSR1
#define SIG_NMI		SIGUSR2
#define READERS		4
#define ONCE_SLOTS	(1u << 16)

static struct ring ring;
static struct skbtrace_record *slots;

/* Of the writer and its interrupts, one thread. */
static pthread_t writer;
static __u64 calls, refused, interrupts;
static int ready, stop, quiet;

struct reader {
	pthread_t thread;
	unsigned int every, pause_us;	/* its speed: a pause every so many records */
	int from_oldest;
	__u64 start, cursor, lost, delivered, last_ts;
	const char *wrong;
};

static void write_one(void)
{
	__u64 serial = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	struct skbtrace_record *slot = ring_claim(&ring);

	if (slot) {
		record_fill(slot, serial);
		ring_commit(&ring);
	} else {
		local_inc(&refused);
	}
}

/* A ring that must not be overwritten is written to until it is full, or nearly. */
static int may_write(void)
{
	return !plain || calls < ring.nr_slots - 8;
}

static void interrupt(int sig)
{
	__u64 writes = record_mix(calls) % 8;

	(void)sig;
	local_inc(&interrupts);
	/* Mostly one or two; every eighth goes round, if it may. */
	writes = writes == 7 && ring.nr_slots <= 64 ? ring.nr_slots + 2 : 1 + writes % 2;
	while (writes-- && may_write())
		write_one();
}

#ifndef TSAN
/* Signals for this thread. */
static timer_t start_timer(int sig, long ns)
{
	struct itimerspec when = { .it_value.tv_nsec = ns, .it_interval.tv_nsec = ns };
	struct sigevent event;
	timer_t timer;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = sig;
#ifdef sigev_notify_thread_id
	event.sigev_notify_thread_id = syscall(SYS_gettid);
#else
	event._sigev_un._tid = syscall(SYS_gettid);
#endif
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &when, NULL))
		ksft_exit_fail_msg("timer: %s\n", strerror(errno));
	return timer;
}
#endif

static void write_all(void)
{
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		if (may_write()) {
			write_one();
			/* Now and then a reader is to get to the end of its copy. */
			spin(record_mix(calls) % 8 ? 0 : 4096);
		} else {
			sched_yield();
		}
}

/*
 * ThreadSanitizer keeps signals for its own calls, and looks for races between
 * threads: there nobody interrupts.
 */
#ifdef TSAN
static void *write_thread(void *arg)
{
	write_all();
	return arg;
}

static void *kick_thread(void *arg)
{
	return arg;
}
#else
static void *write_thread(void *arg)
{
	timer_t irq, nmi;

	irq = start_timer(SIG_IRQ, 37000);
	nmi = start_timer(SIG_NMI, 91000);
	write_all();
	timer_delete(irq);
	timer_delete(nmi);
	return arg;
}

/* Timers alone are too slow and too regular. */
static void *kick_thread(void *arg)
{
	unsigned int n = 0;

	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		sched_yield();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		pthread_kill(writer, ++n % 3 ? SIG_IRQ : SIG_NMI);
		spin(record_mix(n) % 4096);
	}
	return arg;
}
#endif

static void check_record(struct reader *r, const struct skbtrace_record *record)
{
	r->delivered++;
	if (record->index != r->cursor - 1)
		r->wrong = "not the record at the cursor";
	if (!record_whole(record))
		r->wrong = "a torn or unfinished record";
	if (record->ts_ns < r->last_ts)
		r->wrong = "time went back";
	r->last_ts = record->ts_ns;
}

static void *read_thread(void *arg)
{
	struct skbtrace_record record;
	struct reader *r = arg;
	__u64 before;
	int last, got;

	if (r->from_oldest)
		r->start = r->cursor = ring_oldest(&ring);
	do {
		/* Once more after it got quiet: all that is left. */
		last = __atomic_load_n(&quiet, __ATOMIC_ACQUIRE);
		do {
			before = r->cursor;
			got = ring_read(&ring, &r->cursor, &r->lost, &record);
			if (got)
				check_record(r, &record);
			if (r->cursor < before)
				r->wrong = "the cursor went back";
			if (r->delivered + r->lost != r->cursor - r->start)
				r->wrong = "delivered + lost is not the distance";
			if (got && r->every && r->delivered % r->every == 0 &&
			    !__atomic_load_n(&quiet, __ATOMIC_RELAXED))
				usleep(r->pause_us);
		} while ((got || r->cursor != before) && !r->wrong);
		sched_yield();
	} while (!last && !r->wrong);
	return NULL;
}

static void catch(int sig, int also_blocked)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = interrupt;
	act.sa_flags = SA_RESTART;
	sigemptyset(&act.sa_mask);
	if (also_blocked)
		sigaddset(&act.sa_mask, also_blocked);
	sigaction(sig, &act, NULL);
}

static const char *check_quiet(struct reader *readers)
{
	unsigned int i;

	if (ring.attempts != calls || ring.nested != refused)
		return "attempts or nested is not what the writers counted";
	if (ring.head != ring.attempts - ring.nested)
		return "attempts is not head + nested";
	if (ring.writing)
		return "nobody writes, and nobody may";
	for (i = 0; i < READERS; i++) {
		if (readers[i].wrong)
			return readers[i].wrong;
		if (readers[i].cursor != ring.head)
			return "a reader did not get to the end";
	}
	return NULL;
}

static void run(const char *name, unsigned int nr_slots, unsigned int ms)
{
	struct reader readers[READERS] = {
		{ .every = 0 },
		{ .every = 16, .pause_us = 20 },
		{ .every = 64, .pause_us = 1000, .from_oldest = 1 },
		{ .every = 3, .pause_us = 20000, .from_oldest = 1 },
	};
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000L };
	pthread_t kicker;
	const char *wrong;
	__u64 lost = 0, delivered = 0;
	unsigned int i;

	ready = stop = quiet = 0;
	calls = refused = interrupts = 0;
	memset(slots, 0, nr_slots * sizeof(*slots));
	ring_init(&ring, slots, nr_slots);
	if (pthread_create(&writer, NULL, write_thread, NULL))
		ksft_exit_fail_msg("no thread\n");
	for (i = 0; i < READERS; i++)
		pthread_create(&readers[i].thread, NULL, read_thread, &readers[i]);
	pthread_create(&kicker, NULL, kick_thread, NULL);
	while (nanosleep(&pause, &pause) && errno == EINTR)
		;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(kicker, NULL);
	pthread_join(writer, NULL);
	__atomic_store_n(&quiet, 1, __ATOMIC_RELEASE);
	for (i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		lost += readers[i].lost;
		delivered += readers[i].delivered;
	}
	wrong = check_quiet(readers);
	if (!wrong && plain && lost)
		wrong = "lost a record that was not overwritten";
	if (wrong)
		ksft_print_msg("%s\n", wrong);
	ksft_test_result(!wrong, "%s, %u slots: %llu records, %llu interrupts, %llu refused, "
			 "%llu read, %llu lost\n", name, nr_slots, ring.head, interrupts,
			 ring.nested, delivered, lost);
}

int main(void)
{
	const char *seconds = getenv("RING_STRESS_SECONDS");
	unsigned int ms = (seconds ? strtoul(seconds, NULL, 0) : 3) * 1000;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(4);
	catch(SIG_IRQ, 0);
	catch(SIG_NMI, SIG_IRQ);
	if (posix_memalign((void **)&slots, 4096, ONCE_SLOTS * sizeof(*slots)))
		ksft_exit_fail_msg("no memory\n");
	run("storm", 2, ms * 3 / 10);
	run("storm", 8, ms * 3 / 10);
	run("storm", 1024, ms * 2 / 10);
	plain = 1;
	run("once", ONCE_SLOTS, ms * 2 / 10);
	free(slots);
	ksft_finished();
}
