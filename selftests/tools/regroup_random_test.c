// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of packets that are cut, merged and reordered at random, with a byte changed
 * on the way or none; journeys are closed amid that.
 */
#include "kselftest_harness.h"

#include "segments.h"

/*
 * A stream of packets on its way over these points, regrouped in front of some
 * of them.  Between two of them a byte may be changed.
 */
enum regrouping { KEEP, CUT, MERGE, CUT_AGAIN };

static const struct stage {
	const char *point;
	enum regrouping before;
} stages[] = {
	{ "ip_output", KEEP },
	{ "__dev_queue_xmit", KEEP },
	{ "veth_xmit", CUT },
	{ "napi_gro_receive", KEEP },
	{ "__netif_receive_skb_core", MERGE },
	{ "ip_forward", KEEP },
	{ "dev_hard_start_xmit", CUT_AGAIN },
	{ "tcp_v4_rcv", KEEP },
	{ "tcp_queue_rcv", MERGE },
};

#define NR_STAGES	(sizeof(stages) / sizeof(stages[0]))
#define STREAM		4000		/* bytes, at the most */
#define PIECES		64

struct piece {
	uint64_t skb;
	uint32_t from, len;
};

struct stream {
	struct test t;
	unsigned int nr_journeys;
	uint32_t journeys[8];		/* where each begins, and the last ends */
	unsigned int nr;
	struct piece pieces[PIECES];
	struct piece all[NR_STAGES][PIECES];
	unsigned int nr_all[NR_STAGES];
	bool anywhere;			/* cut again where it was not cut before */
	uint64_t next_skb, freed[1024];
	unsigned int nr_freed;
};

static unsigned int below(unsigned int n)
{
	return n ? random() % n : 0;
}

static uint64_t new_skb(struct stream *s)
{
	return s->nr_freed ? s->freed[--s->nr_freed] : (s->next_skb += 0x100);
}

/* Seen or not, or later. */
static void free_piece(struct stream *s, uint64_t skb)
{
	if (below(4)) {
		gone(&s->t, skb);
		if (s->nr_freed < 1024)
			s->freed[s->nr_freed++] = skb;
	}
}

static bool is_begin(const struct stream *s, unsigned int stage, uint32_t byte)
{
	unsigned int i;

	for (i = 0; i < s->nr_all[stage]; i++)
		if (s->all[stage][i].from == byte)
			return true;
	return false;
}

/* Where the piece that begins at @from is to end, @end at the latest. */
static uint32_t cut_at(const struct stream *s, enum regrouping how, uint32_t from, uint32_t end)
{
	uint32_t to;

	if (how == CUT || s->anywhere)
		return below(3) ? from + 1 + below(end - from) : end;
	/* Where it had been put together: it is cut to the size that its parts had. */
	for (to = from + 1; to < end && !is_begin(s, 3, to); to++)
		;
	return to;
}

static void cut_pieces(struct stream *s, enum regrouping how)
{
	struct piece old[PIECES];
	unsigned int nr = s->nr, i;
	uint32_t from, to, end;

	memcpy(old, s->pieces, sizeof(old));
	s->nr = 0;
	for (i = 0; i < nr; i++) {
		from = old[i].from;
		end = from + old[i].len;
		to = cut_at(s, how, from, end);
		if (to == end || s->nr + nr - i + 4 >= PIECES) {
			s->pieces[s->nr++] = old[i];
			continue;
		}
		free_piece(s, old[i].skb);
		for (; from < end; from = to, to = cut_at(s, how, from, end)) {
			if (s->nr + nr - i + 2 >= PIECES)
				to = end;
			s->pieces[s->nr++] = (struct piece){ new_skb(s), from, to - from };
		}
	}
}

static void merge_pieces(struct stream *s)
{
	struct piece old[PIECES];
	unsigned int nr = s->nr, i;

	memcpy(old, s->pieces, sizeof(old));
	s->nr = 0;
	for (i = 0; i < nr; i++) {
		if (i && below(3)) {
			s->pieces[s->nr - 1].len += old[i].len;
			free_piece(s, old[i].skb);
		} else {
			s->pieces[s->nr++] = old[i];
		}
	}
}

static void pass_stage(struct stream *s, unsigned int stage, uint32_t wrong)
{
	unsigned int i, n, step = 1;

	if (stages[stage].before == MERGE)
		merge_pieces(s);
	else if (stages[stage].before != KEEP)
		cut_pieces(s, stages[stage].before);
	memcpy(s->all[stage], s->pieces, sizeof(s->pieces));
	s->nr_all[stage] = s->nr;
	/* Mostly in order, and at first: journeys are numbered as they begin. */
	if (stage && !below(3) && s->nr > 1)
		step = s->nr - 1;
	for (n = 0, i = 0; n < s->nr; n++, i = (i + step) % s->nr) {
		struct hop hop = tcp(s->pieces[i].skb, s->pieces[i].from, s->pieces[i].len);

		hop.wrong = wrong;
		hop.gso_size = hop.bytes.len > 1 ? 1 : 0;
		hop.ip_id = 0;
		at(&s->t, stages[stage].point, hop);
	}
}

/* Had a journey bytes in that piece? */
static bool shares(const struct stream *s, unsigned int journey, const struct piece *piece)
{
	return piece->from < s->journeys[journey + 1] &&
	       s->journeys[journey] < piece->from + piece->len;
}

/*
 * Which journeys may call themselves changed if a byte is, that late: all that
 * were in one packet with it, because what one that carried others is cut into
 * stays in its journey.
 */
static void find_related(const struct stream *s, unsigned int until, uint32_t byte, bool *related)
{
	unsigned int round, stage, i, j;
	bool any;

	for (j = 0; j < s->nr_journeys; j++)
		related[j] = byte - s->journeys[j] < s->journeys[j + 1] - s->journeys[j];
	for (round = 0; round < s->nr_journeys; round++)
		for (stage = 0; stage <= until; stage++)
			for (i = 0; i < s->nr_all[stage]; i++) {
				for (any = false, j = 0; j < s->nr_journeys; j++)
					any |= related[j] && shares(s, j, &s->all[stage][i]);
				for (j = 0; any && j < s->nr_journeys; j++)
					related[j] |= shares(s, j, &s->all[stage][i]);
			}
}

static void run_stream(struct stream *s, unsigned int changed_at, uint32_t *wrong)
{
	const struct journey_config config = { 64, 1 << 14, 1 << 12, 10 * SEC };
	unsigned int i;

	memset(s, 0, sizeof(*s));
	test_begin_with(&s->t, &config);
	sequence = below(3) ? (uint32_t)random() : 0u - below(STREAM);
	s->nr_journeys = 1 + below(5);
	for (i = 0; i < s->nr_journeys; i++) {
		uint32_t len = 1 + below(STREAM / 5 - 1);

		s->pieces[i] = (struct piece){ new_skb(s), s->journeys[i], len };
		s->journeys[i + 1] = s->journeys[i] + len;
	}
	s->nr = s->nr_journeys;
	*wrong = below(s->journeys[i]);
}

/* Is it the last stage before that one, or one of those before if @any is enough? */
static bool passed_before(unsigned int stage, const char *point, bool any)
{
	unsigned int i;

	for (i = 1; i <= stage; i++)
		if (!strcmp(stages[stage - i].point, point))
			return i == 1 || any;
	return false;
}

#define STREAM_LOG(s, round, i) \
	TH_LOG("round %u journey %u: %s; after %s before %s: %s", round, i, \
	       (s)->t.seen[i].verdict.why, (s)->t.seen[i].after, (s)->t.seen[i].before, \
	       (s)->t.seen[i].hops)

/* @anywhere: what is cut again need not be intact then, but is not called changed. */
#define STREAMS(_rounds, _anywhere) do {					\
	static struct stream s;							\
	unsigned int round, stage, i;						\
	int failed = 0;								\
										\
	for (round = 0; round < (_rounds) && !failed; round++) {		\
		unsigned int at_ = 0;						\
		uint32_t byte;							\
										\
		srandom(7878 + round);						\
		if (!below(3))							\
			at_ = 1 + below(NR_STAGES - 1);				\
		run_stream(&s, at_, &byte);					\
		s.anywhere = (_anywhere);					\
		for (stage = 0; stage < NR_STAGES; stage++)			\
			pass_stage(&s, stage, at_ && stage >= at_ ? WRONG(byte) : 0); \
		for (i = 0; i < s.nr; i++)					\
			gone(&s.t, s.pieces[i].skb);				\
		flush(&s.t);							\
		if (!s.anywhere)						\
			EXPECT_EQ(s.nr_journeys, s.t.nr_seen) {			\
				failed = 1;					\
			}							\
		for (i = 0; i < s.t.nr_seen && i < SEEN_MAX; i++) {		\
			const struct seen *seen = &s.t.seen[i];			\
			bool may[8] = { false }, must = false;			\
										\
			if (at_ && i < s.nr_journeys) {				\
				find_related(&s, at_, byte, may);		\
				must = byte - s.journeys[i] <			\
				       s.journeys[i + 1] - s.journeys[i];	\
			}							\
			if (seen->verdict.nr_changes) {				\
				EXPECT_TRUE(i >= 8 || may[i] || s.nr_journeys != s.t.nr_seen) { \
					failed = 1;				\
				}						\
				/* In doubt it may be found later than it was. */	\
				EXPECT_TRUE(passed_before(at_, seen->after, s.anywhere)) { \
					failed = 1;				\
				}						\
				EXPECT_STREQ(at_ ? stages[at_].point : "none",	\
					     seen->before) {			\
					failed = 1;				\
				}						\
				if (!s.anywhere)				\
					EXPECT_EQ(1, seen->verdict.nr_changes) { \
						failed = 1;			\
					}					\
			} else if (!s.anywhere) {				\
				EXPECT_FALSE(must) {				\
					failed = 1;				\
				}						\
				EXPECT_EQ(VERDICT_INTACT, seen->verdict.payload) { \
					failed = 1;				\
				}						\
			}							\
			if (!s.anywhere)					\
				EXPECT_EQ(JOURNEY_DELIVERED, seen->end) {	\
					failed = 1;				\
				}						\
			if (failed) {						\
				STREAM_LOG(&s, round, i);			\
				break;						\
			}							\
		}								\
		test_end(&s.t);							\
	}									\
} while (0)

TEST(streams_at_random)
{
	STREAMS(5000, false);
}

TEST(streams_cut_again_anywhere)
{
	STREAMS(5000, true);
}

TEST(freed_at_any_moment)
{
	static struct stream s;
	unsigned int round, stage, stop;
	uint32_t byte;

	for (round = 0; round < 500; round++) {
		srandom(round);
		run_stream(&s, 0, &byte);
		stop = below(NR_STAGES);
		for (stage = 0; stage <= stop; stage++)
			pass_stage(&s, stage, 0);
		test_end(&s.t);
	}
}

/* Journeys are closed while they carry others, or are carried. */
TEST(closed_while_merged)
{
	struct journey_config config = { 0, 1 << 14, 1 << 12, 10 * SEC };
	unsigned int round, stage, i, max;
	static struct stream s;
	uint32_t byte;

	for (round = 0; round < 2000; round++) {
		srandom(round);
		run_stream(&s, 0, &byte);
		test_end(&s.t);
		max = 1 + below(5);
		config.max_journeys = max;
		config.max_journey_hops = below(2) ? 1 << 12 : 4 + below(30);
		config.max_hops = below(2) ? 1 << 14 : 16 + below(64);
		test_begin_with(&s.t, &config);
		for (stage = 0; stage < NR_STAGES; stage++) {
			pass_stage(&s, stage, 0);
			if (!below(3))
				journey_advance(s.t.engine, s.t.ts + below(2) * SEC);
		}
		flush(&s.t);
		for (i = 0; i < s.t.nr_seen && i < SEEN_MAX; i++) {
			ASSERT_EQ(0, s.t.seen[i].verdict.nr_changes) {
				STREAM_LOG(&s, round, i);
			}
			ASSERT_GE(config.max_journey_hops + 1, s.t.seen[i].nr_hops);
		}
		test_end(&s.t);
	}
}

TEST_HARNESS_MAIN
