// SPDX-License-Identifier: GPL-2.0
/* Counts of journeys: each once, in the right row, and no more memory for more of them. */
#include "kselftest_harness.h"

#include "hops.h"
#include "show/show.h"
#include "show/show_tally.h"
#include "tally/tally.h"

#define NR_HOPS	3

/* A packet that went from a queue over a veth pair to another device. */
struct passage {
	struct journey journey;
	struct journey_hop hops[NR_HOPS];
	struct verdict verdict;
};

static void make_passage(struct passage *passage, uint64_t id, uint64_t queued_ns)
{
	static const char * const points[NR_HOPS] = {
		"__dev_queue_xmit", "dev_hard_start_xmit", "netif_rx_internal"
	};
	uint64_t ts = id * SEC;
	uint32_t i;

	memset(passage, 0, sizeof(*passage));
	for (i = 0; i < NR_HOPS; i++) {
		struct skbtrace_record *record = &passage->hops[i].record;
		struct hop hop = {
			.point = points[i], .skb = 1, .dev = i == 2 ? "veth1" : "veth0",
			.len = 100, .flow = id % 3, .ts = ts
		};

		*record = make_record(&hop);
		passage->hops[i].previous = i ? i - 1 : JOURNEY_NO_HOP;
		ts += i ? 1000 : queued_ns;
	}
	passage->journey.id = id;
	passage->journey.hops = passage->hops;
	passage->journey.nr_hops = NR_HOPS;
	passage->journey.first_ns = passage->hops[0].record.ts_ns;
	passage->journey.last_ns = passage->hops[NR_HOPS - 1].record.ts_ns;
	passage->journey.end = JOURNEY_DELIVERED;
	passage->journey.end_hop = JOURNEY_NO_HOP;
}

static uint64_t total(const struct tally *tally, enum tally_kind kind)
{
	uint64_t sum = tally->left_out[kind];
	const struct tally_row **rows;
	unsigned int nr, i;

	rows = tally_rows(tally, kind, &nr);
	for (i = 0; i < nr; i++)
		sum += rows[i]->count;
	free(rows);
	return sum;
}

FIXTURE(tally)
{
	struct tally *tally;
	struct passage passage;
};

FIXTURE_SETUP(tally)
{
	self->tally = tally_new(true);
	ASSERT_NE(NULL, self->tally);
}

FIXTURE_TEARDOWN(tally)
{
	tally_free(self->tally);
}

TEST(a_time_is_in_a_bucket_that_ends_behind_it)
{
	uint64_t ns;

	for (ns = 0; ns < 1ull << HISTOGRAM_BITS; ns += 1 + ns / 7) {
		unsigned int bucket = histogram_bucket(ns);

		ASSERT_GT(HISTOGRAM_BUCKETS, bucket);
		ASSERT_LT(ns, histogram_bucket_end(bucket));
		if (bucket)
			ASSERT_GE(ns, histogram_bucket_end(bucket - 1));
	}
	EXPECT_EQ(HISTOGRAM_BUCKETS - 1, histogram_bucket(UINT64_MAX));
}

TEST(percentiles_are_six_percent_off_at_most)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	uint64_t ns, p;

	ASSERT_NE(NULL, histogram);
	EXPECT_EQ(0, histogram_percentile(histogram, 500));
	for (ns = 1; ns <= 100000; ns++)
		histogram_add(histogram, ns);
	p = histogram_percentile(histogram, 500);
	EXPECT_LE(50000, p);
	EXPECT_GE(53200 + 3200, p);
	p = histogram_percentile(histogram, 990);
	EXPECT_LE(99000, p);
	EXPECT_GE(100000, p);
	EXPECT_EQ(100000, histogram_percentile(histogram, 1000));
	EXPECT_EQ(4095, histogram_below(histogram, 4096));
	free(histogram);
}

TEST_F(tally, journeys_are_counted_by_verdict_and_end)
{
	uint64_t id;

	for (id = 1; id <= 6; id++) {
		make_passage(&self->passage, id, 500);
		if (id == 3) {
			self->passage.verdict.payload = VERDICT_CHANGED;
			self->passage.verdict.nr_changes = 1;
			self->passage.verdict.changes[0].after = 0;
			self->passage.verdict.changes[0].before = 1;
		} else if (id > 4) {
			self->passage.verdict.payload = VERDICT_UNVERIFIED;
			snprintf(self->passage.verdict.why, sizeof(self->passage.verdict.why),
				 "%d records lost while it was under way", (int)id);
		}
		tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	}
	EXPECT_EQ(6, self->tally->journeys);
	EXPECT_EQ(3, self->tally->verdicts[VERDICT_INTACT]);
	EXPECT_EQ(1, self->tally->verdicts[VERDICT_CHANGED]);
	EXPECT_EQ(2, self->tally->verdicts[VERDICT_UNVERIFIED]);
	EXPECT_EQ(6, self->tally->ends[JOURNEY_DELIVERED]);
	EXPECT_EQ(600, self->tally->bytes);
	EXPECT_EQ(300, self->tally->bytes_verified);
}

TEST_F(tally, a_change_is_a_row_of_its_two_hops)
{
	const struct tally_row **rows;
	unsigned int nr;

	make_passage(&self->passage, 7, 500);
	self->passage.verdict.payload = VERDICT_CHANGED;
	self->passage.verdict.nr_changes = 1;
	self->passage.verdict.changes[0].after = 1;
	self->passage.verdict.changes[0].before = 2;
	tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	self->passage.journey.id = 9;
	tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	rows = tally_rows(self->tally, TALLY_CHANGED, &nr);
	ASSERT_EQ(1, nr);
	EXPECT_EQ(2, rows[0]->count);
	EXPECT_EQ(7, rows[0]->first);
	EXPECT_EQ(point_id("dev_hard_start_xmit"), rows[0]->key.from.point);
	EXPECT_STREQ("veth0", rows[0]->key.from.dev);
	EXPECT_EQ(point_id("netif_rx_internal"), rows[0]->key.to.point);
	EXPECT_STREQ("veth1", rows[0]->key.to.dev);
	free(rows);
}

/* "6 records lost" and "5 records lost" are one cause. */
TEST_F(tally, causes_do_not_differ_by_their_numbers)
{
	const struct tally_row **rows;
	unsigned int nr;
	int i;

	for (i = 5; i < 8; i++) {
		make_passage(&self->passage, i, 500);
		self->passage.verdict.payload = VERDICT_UNVERIFIED;
		snprintf(self->passage.verdict.why, sizeof(self->passage.verdict.why),
			 "%d records lost on cpu1", i * 7);
		tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	}
	rows = tally_rows(self->tally, TALLY_UNVERIFIED, &nr);
	ASSERT_EQ(1, nr);
	EXPECT_EQ(3, rows[0]->count);
	EXPECT_STREQ("N records lost on cpu1", rows[0]->key.why);
	free(rows);
}

TEST_F(tally, a_drop_says_after_which_hop_by_whom_and_why)
{
	const struct tally_row **rows;
	struct skbtrace_record *last;
	unsigned int nr;

	make_passage(&self->passage, 1, 500);
	last = &self->passage.hops[2].record;
	last->point = point_id("kfree_skb_reason");
	last->flags = SKBTRACE_F_REASON | SKBTRACE_F_CALLER;
	last->ret = REASON_NETFILTER;
	last->caller = 0xffffffff81234567;
	memset(last->dev, 0, sizeof(last->dev));
	self->passage.journey.end = JOURNEY_DROPPED;
	self->passage.journey.end_hop = 2;
	tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	rows = tally_rows(self->tally, TALLY_DROPPED, &nr);
	ASSERT_EQ(1, nr);
	EXPECT_EQ(point_id("dev_hard_start_xmit"), rows[0]->key.from.point);
	EXPECT_EQ(point_id("kfree_skb_reason"), rows[0]->key.to.point);
	EXPECT_EQ(REASON_NETFILTER, rows[0]->key.reason);
	EXPECT_EQ(0xffffffff81234567, rows[0]->key.caller);
	free(rows);
}

TEST_F(tally, times_stand_in_the_order_of_what_they_add_up_to)
{
	const struct tally_row **rows;
	unsigned int nr;
	int i;

	for (i = 0; i < 100; i++) {
		make_passage(&self->passage, i, i == 99 ? 1 * SEC : 100);
		tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	}
	rows = tally_rows(self->tally, TALLY_TIME, &nr);
	ASSERT_EQ(2, nr);
	EXPECT_EQ(100, rows[0]->count);
	EXPECT_EQ(point_id("__dev_queue_xmit"), rows[0]->key.from.point);
	EXPECT_EQ(1 * SEC, rows[0]->time->max_ns);
	EXPECT_GE(110, histogram_percentile(rows[0]->time, 900));
	EXPECT_EQ(1000, histogram_percentile(rows[1]->time, 500));
	free(rows);
}

TEST_F(tally, flows_are_counted_if_they_are_wanted)
{
	struct tally *without = tally_new(false);
	const struct tally_row **rows;
	unsigned int nr;
	int i;

	ASSERT_NE(NULL, without);
	for (i = 0; i < 9; i++) {
		make_passage(&self->passage, i, 100);
		tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
		tally_journey(without, &self->passage.journey, &self->passage.verdict);
	}
	rows = tally_rows(self->tally, TALLY_FLOW, &nr);
	EXPECT_EQ(3, nr);
	EXPECT_EQ(3, rows[0]->count);
	EXPECT_EQ(300, rows[0]->bytes);
	free(rows);
	rows = tally_rows(without, TALLY_FLOW, &nr);
	EXPECT_EQ(0, nr);
	free(rows);
	tally_free(without);
}

TEST_F(tally, what_finds_no_room_is_counted)
{
	int i;

	for (i = 0; i < 3 * TALLY_ROWS; i++) {
		make_passage(&self->passage, i, 100);
		self->passage.verdict.payload = VERDICT_UNVERIFIED;
		snprintf(self->passage.verdict.why, sizeof(self->passage.verdict.why),
			 "cause%x", i);
		snprintf(self->passage.hops[1].record.dev, SKBTRACE_NAME_LEN, "veth%d", i);
		tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	}
	EXPECT_EQ(2 * TALLY_ROWS, self->tally->left_out[TALLY_UNVERIFIED]);
	EXPECT_EQ(3 * TALLY_ROWS, total(self->tally, TALLY_UNVERIFIED));
	EXPECT_EQ(6 * TALLY_ROWS, total(self->tally, TALLY_TIME));
}

/* A value of a label has no quote, backslash or newline of its own. */
TEST_F(tally, metrics_escape_what_devices_are_called)
{
	struct summary summary = { .lost = 5 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ASSERT_NE(NULL, out);
	make_passage(&self->passage, 1, 500);
	strcpy(self->passage.hops[0].record.dev, "a\"b\\c\nd");
	self->passage.verdict.payload = VERDICT_CHANGED;
	self->passage.verdict.nr_changes = 1;
	self->passage.verdict.changes[0].before = 1;
	tally_journey(self->tally, &self->passage.journey, &self->passage.verdict);
	show_metrics(out, NULL, self->tally, &summary);
	fclose(out);
	EXPECT_NE(NULL, strstr(text, "after_device=\"a\\\"b\\\\c"));
	EXPECT_EQ(NULL, strstr(text, "c\nd"));
	EXPECT_NE(NULL, strstr(text, "skbtrace_journeys_total{verdict=\"changed\"} 1\n"));
	EXPECT_NE(NULL, strstr(text, "skbtrace_records_lost_total 5\n"));
	free(text);
}

TEST_HARNESS_MAIN
