// SPDX-License-Identifier: GPL-2.0
/* What two hosts have seen of a packet is joined, and never wrongly. */
#include "kselftest_harness.h"

#include "wire.h"

FIXTURE(join)
{
	struct wire *w;
};

FIXTURE_SETUP(join)
{
	self->w = malloc(sizeof(*self->w));
	ASSERT_NE(NULL, self->w);
	wire_begin(self->w);
}

FIXTURE_TEARDOWN(join)
{
	wire_end(self->w);
	free(self->w);
}

/* So many packets, so many of them changed, unverified, lost for certain. */
#define EXPECT_PACKETS(join, nr, nr_changed, nr_unverified, nr_lost_) do {		\
	unsigned int lost_ = 0;							\
	uint32_t i_;								\
										\
	EXPECT_EQ(nr, (join)->nr_packets);					\
	EXPECT_EQ(nr_changed, count_packets(join, VERDICT_CHANGED));		\
	EXPECT_EQ(nr_unverified, count_packets(join, VERDICT_UNVERIFIED));	\
	for (i_ = 0; i_ < (join)->nr_packets; i_++)				\
		lost_ += (join)->packets[i_].nr_lost;				\
	EXPECT_EQ(nr_lost_, lost_);						\
} while (0)

#define EXPECT_CROSSING_CHANGED(join, points) do {				\
	const struct crossing *c_ = first_crossing(join, CROSSING_CHANGED);	\
										\
	EXPECT_EQ(1, count_crossings(join, CROSSING_CHANGED));			\
	ASSERT_NE(NULL, c_);							\
	EXPECT_STREQ(points, crossing_points(join, c_));			\
} while (0)

#define ON_THE_WIRE	"A dev_hard_start_xmit > B napi_gro_receive"

TEST_F(join, intact)
{
	struct wire *w = self->w;
	struct join *join = w->join;
	uint32_t i;

	for (i = 0; i < 5; i++) {
		leave(w, A, stream(i * MSS, MSS, 1 + i));
		pass(w, 200000);
		come(w, B, stream(i * MSS, MSS, 1 + i));
	}
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(join, 5 + CHATTED(1), 0, 0, 0);
	EXPECT_EQ(5 + CHATTED(1), count_crossings(join, CROSSING_SAME));
	for (i = 0; i < join->nr_packets; i++)
		EXPECT_EQ(2, join->packets[i].nr_parts);
	/* The numbers of journeys lead to them. */
	for (i = 0; i < join->nr_parts; i++)
		EXPECT_EQ(i, join_find(join, join->parts[i].host, join->parts[i].id));
	EXPECT_EQ(END_NONE, join_find(join, C, 1));
}

TEST_F(join, changed_on_the_wire)
{
	struct wire *w = self->w;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		leave(w, A, stream(i * MSS, MSS, 1 + i));
		pass(w, 200000);
		come(w, B, i == 1 ? wrong(stream(i * MSS, MSS, 1 + i), MSS + 7) :
				    stream(i * MSS, MSS, 1 + i));
	}
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 3 + CHATTED(1), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
}

/* It is the same between them: the host's own journey says where. */
TEST_F(join, changed_on_a_host)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1), bad = wrong(hop, 3);

	on(w, A, "ip_output", hop);
	on(w, A, "__dev_queue_xmit", hop);
	on(w, A, "dev_hard_start_xmit", bad);
	on(w, A, "kfree_skbmem", HOP(.skb = hop.skb));
	come(w, B, bad);
	/* And one on the other. */
	hop = stream(MSS, MSS, 2);
	leave(w, A, hop);
	on(w, B, "napi_gro_receive", hop);
	on(w, B, "ip_rcv", wrong(hop, MSS));
	on(w, B, "tcp_v4_rcv", wrong(hop, MSS));
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(1), 2, 0, 0);
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_EQ(A, w->join->parts[w->join->packets[w->join->parts[join_find(w->join, A,
		  JOURNEY_ID(0, 0))].packet].changed_part].host);
}

/* Before the checksum a router had it right, or not: what both of them say is told. */
TEST_F(join, over_a_router_that_is_traced)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1);
	uint32_t i;

	for (i = 0; i < 2; i++) {
		hop = stream(i * MSS, MSS, 1 + i);
		leave(w, A, hop);
		hop.skb += 0x1000000;
		on(w, C, "napi_gro_receive", hop);
		hop.ttl = 63;
		on(w, C, "ip_forward", hop);
		on(w, C, "dev_hard_start_xmit", hop);
		on(w, C, "kfree_skbmem", HOP(.skb = hop.skb));
		come(w, B, i ? wrong(hop, MSS + 1) : hop);
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2, 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, "C dev_hard_start_xmit > B napi_gro_receive");
	EXPECT_EQ(3, w->join->packets[0].nr_parts);
}

TEST_F(join, clocks_differ_by_10_seconds)
{
	struct wire *w = self->w;
	struct offset offset;
	uint32_t i;

	w->hosts[B].ahead = -10 * (int64_t)SEC;
	for (i = 0; i < 50; i++) {
		chat(w, i);
		leave(w, A, stream(i * MSS, MSS, 1 + i));
		pass(w, 100000 + i * 1000);
		come(w, B, i == 7 ? wrong(stream(i * MSS, MSS, 1 + i), i * MSS) :
				    stream(i * MSS, MSS, 1 + i));
		pass(w, 100 * MSEC);
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 50 + CHATTED(50), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
	offset = join_offset(w->join, A, B, 1002 * SEC);
	EXPECT_LE(offset.low, -10 * (int64_t)SEC);
	EXPECT_GE(offset.high, -10 * (int64_t)SEC);
	EXPECT_LT(offset.high - offset.low, (int64_t)MSEC);
	/* And the other way round. */
	offset = join_offset(w->join, B, A, 992 * SEC);
	EXPECT_LE(offset.low, 10 * (int64_t)SEC);
	EXPECT_GE(offset.high, 10 * (int64_t)SEC);
}

TEST_F(join, clocks_drift)
{
	struct wire *w = self->w;
	uint32_t i;

	w->hosts[B].ahead = 3 * (int64_t)SEC;
	w->hosts[B].ppm = 300;
	for (i = 0; i < 200; i++) {
		struct offset offset;

		chat(w, i);
		pass(w, SEC);
		(void)offset;
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, CHATTED(200), 0, 0, 0);
	for (i = 0; i < 200; i++) {
		struct offset offset = join_offset(w->join, A, B, (1000 + i) * SEC);
		int64_t ahead = 3 * (int64_t)SEC + (int64_t)i * 300000;

		EXPECT_LE(offset.low, ahead);
		EXPECT_GE(offset.high, ahead);
		EXPECT_LT(offset.high - offset.low, 4 * (int64_t)MSEC);
	}
}

TEST_F(join, lost_on_the_wire)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 5; i++) {
		leave(w, A, stream(i * MSS, MSS, 1 + i));
		if (i != 2)
			come(w, B, stream(i * MSS, MSS, 1 + i));
	}
	leave(w, A, stream(2 * MSS, MSS, 9));
	come(w, B, stream(2 * MSS, MSS, 9));
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 6 + CHATTED(2), 0, 0, 1);
	EXPECT_STREQ("A dev_hard_start_xmit > B -",
		     crossing_points(w->join, first_crossing(w->join, CROSSING_LOST)));
}

/* Without numbers in the IP header one of the two was lost, and nobody knows which. */
TEST_F(join, lost_and_not_known_which)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 0);

	chat(w, 1);
	leave(w, A, hop);
	pass(w, 300 * MSEC);
	leave(w, A, hop);
	come(w, B, hop);
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(2), 0, 0, 0);
	ASSERT_EQ(1, count_crossings(w->join, CROSSING_LOST));
	EXPECT_NE(NULL, first_crossing(w->join, CROSSING_LOST)->why);
}

/* Where recording had ended there, or its flow never came, nothing is said to be lost. */
TEST_F(join, not_lost)
{
	struct wire *w = self->w;

	chat(w, 1);
	leave(w, A, in_flow(stream(0, MSS, 1), 77));
	pass(w, 5 * SEC);
	chat(w, 2);
	leave(w, A, datagram(100, 5));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(2), 0, 0, 0);
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_LOST));
}

TEST_F(join, records_lost_where_it_should_have_come)
{
	struct wire *w = self->w;
	struct source_loss loss = { .count = 5, .cpu = 0 };

	chat(w, 1);
	leave(w, A, stream(0, MSS, 1));
	come(w, B, stream(0, MSS, 1));
	loss.from_ns = clock_of(w, B);
	leave(w, A, stream(MSS, MSS, 2));
	loss.to_ns = clock_of(w, B);
	ASSERT_EQ(0, join_loss(w->join, B, &loss));
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(2), 0, 0, 0);
	ASSERT_EQ(1, count_crossings(w->join, CROSSING_LOST));
	EXPECT_NE(NULL, first_crossing(w->join, CROSSING_LOST)->why);
}

TEST_F(join, records_lost_where_it_was_sent)
{
	struct wire *w = self->w;
	struct source_loss loss = { .count = 5, .cpu = 0 };

	chat(w, 1);
	leave(w, A, stream(0, MSS, 1));
	come(w, B, stream(0, MSS, 1));
	loss.from_ns = clock_of(w, A);
	leave(w, A, stream(MSS, MSS, 2));
	loss.to_ns = clock_of(w, A);
	ASSERT_EQ(0, join_loss(w->join, A, &loss));
	come(w, B, wrong(stream(MSS, MSS, 2), MSS));
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(2), 0, 1, 0);
}

TEST_F(join, duplicated_and_reordered)
{
	struct wire *w = self->w;
	struct hop hop;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 6; i++)
		leave(w, A, stream(i * MSS, MSS, 1 + i));
	for (i = 6; i--;)
		come(w, B, stream(i * MSS, MSS, 1 + i));
	hop = stream(3 * MSS, MSS, 4);
	hop.skb += 8;
	come(w, B, hop);
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 6 + CHATTED(2), 0, 0, 0);
	for (i = 0; i < w->join->nr_crossings && !w->join->crossings[i].is_duplicate; i++)
		;
	ASSERT_GT(w->join->nr_crossings, i);
	EXPECT_EQ(3, w->join->packets[w->join->parts[w->join->arrivals[w->join->crossings[i]
		  .arrival].part].packet].nr_parts);
}

/* One of two that are the same, and of which one is damaged: it has no other's bytes. */
TEST_F(join, one_of_duplicates_changed)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 4);

	chat(w, 1);
	leave(w, A, hop);
	come(w, B, hop);
	hop.skb += 8;
	come(w, B, wrong(hop, 5));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
}

#define SEGMENTS	45

/* One packet of 64 KB that the device cuts. */
static void segmented(struct wire *w, uint32_t wrong_in, uint32_t lost, uint32_t twice)
{
	uint32_t i;

	chat(w, 1);
	leave(w, A, stream(0, SEGMENTS * MSS, 100));
	for (i = 0; i < SEGMENTS; i++) {
		struct hop hop = stream(i * MSS, MSS, 100 + i);

		if (i == lost)
			continue;
		come(w, B, i == wrong_in ? wrong(hop, i * MSS + 9) : hop);
	}
	if (twice) {
		leave(w, A, stream(lost * MSS, MSS, 500));
		come(w, B, stream(lost * MSS, MSS, 500));
	}
	pass(w, 2 * SEC);
	chat(w, 2);
}

TEST_F(join, cut_by_the_device)
{
	segmented(self->w, SEGMENTS, SEGMENTS, 0);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_PACKETS(self->w->join, 1 + CHATTED(2), 0, 0, 0);
}

TEST_F(join, cut_by_the_device_and_one_changed)
{
	const struct crossing *crossing;

	segmented(self->w, 20, SEGMENTS, 0);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_PACKETS(self->w->join, 1 + CHATTED(2), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(self->w->join, ON_THE_WIRE);
	crossing = first_crossing(self->w->join, CROSSING_CHANGED);
	EXPECT_EQ(SEGMENTS, crossing->nr_arrivals);
}

TEST_F(join, cut_by_the_device_and_one_lost)
{
	segmented(self->w, SEGMENTS, 20, 0);
	ASSERT_EQ(0, join_up(self->w));
	/* It cannot be known of the others: only all of them have a digest there. */
	EXPECT_PACKETS(self->w->join, 1 + CHATTED(2), 0, 1, 0);
}

TEST_F(join, cut_by_the_device_and_one_lost_and_sent_again)
{
	segmented(self->w, SEGMENTS, 20, 1);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_PACKETS(self->w->join, 2 + CHATTED(2), 0, 0, 0);
}

TEST_F(join, cut_by_the_device_and_one_lost_and_one_changed)
{
	segmented(self->w, 30, 20, 1);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_PACKETS(self->w->join, 2 + CHATTED(2), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(self->w->join, ON_THE_WIRE);
}

/* The device there merges them before anybody sees them. */
TEST_F(join, merged_by_the_device)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 10; i++)
		leave(w, A, stream(i * MSS, MSS, 1 + i));
	come(w, B, stream(0, 4 * MSS, 1));
	come(w, B, wrong(stream(4 * MSS, 3 * MSS, 5), 5 * MSS));
	come(w, B, stream(7 * MSS, 3 * MSS, 8));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 3 + CHATTED(1), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
	EXPECT_EQ(3, first_crossing(w->join, CROSSING_CHANGED)->nr_departures);
}

TEST_F(join, sent_again_in_other_pieces)
{
	struct wire *w = self->w;

	chat(w, 1);
	/* Cut by the device in pieces of 1000 bytes; the second of them is lost. */
	leave(w, A, stream(0, 3000, 1));
	come(w, B, stream(0, 1000, 1));
	come(w, B, stream(2000, 1000, 3));
	/* All of it again, in other pieces, and the first of these is lost. */
	leave(w, A, stream(0, 1400, 10));
	leave(w, A, stream(1400, 1400, 11));
	leave(w, A, stream(2800, 200, 12));
	come(w, B, stream(1400, 1400, 11));
	come(w, B, stream(2800, 200, 12));
	leave(w, A, stream(1000, 400, 13));
	come(w, B, stream(1000, 400, 13));
	/* What was sent cannot be put together of what came, but nothing is wrong. */
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_packets(w->join, VERDICT_CHANGED));
	EXPECT_EQ(4, count_crossings(w->join, CROSSING_SAME) - CHATTED(1));
}

TEST_F(join, sent_again_as_it_was)
{
	struct wire *w = self->w;

	chat(w, 1);
	leave(w, A, stream(0, MSS, 1));
	come(w, B, wrong(stream(0, MSS, 1), 7));
	pass(w, 200 * MSEC);
	leave(w, A, stream(0, MSS, 2));
	come(w, B, stream(0, MSS, 2));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(1), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
}

/* The sender's own memory changed between: what came is one of the two. */
TEST_F(join, sent_again_with_other_bytes)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 0);

	chat(w, 1);
	leave(w, A, hop);
	pass(w, 10 * MSEC);
	leave(w, A, wrong(hop, 7));
	come(w, B, hop);
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_UNKNOWN));
}

/* Neither of the two: it is not known which it should be. */
TEST_F(join, neither_of_two_that_were_sent)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 0);

	chat(w, 1);
	leave(w, A, hop);
	pass(w, 10 * MSEC);
	leave(w, A, wrong(hop, 7));
	come(w, B, wrong(hop, 9));
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_EQ(1, count_crossings(w->join, CROSSING_UNKNOWN));
}

TEST_F(join, address_translated)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 5; i++) {
		leave(w, A, stream(i * MSS, MSS, 1 + i));
		come(w, B, in_flow(i == 3 ? wrong(stream(i * MSS, MSS, 1 + i), i * MSS) :
					    stream(i * MSS, MSS, 1 + i), 99));
		leave(w, A, datagram(55, 70 + i));
		come(w, B, in_flow(datagram(55, 70 + i), 66));
	}
	leave(w, A, datagram(55, 80));
	come(w, B, in_flow(wrong(datagram(55, 80), 80), 66));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 11 + CHATTED(1), 2, 0, 0);
	EXPECT_EQ(2, count_crossings(w->join, CROSSING_CHANGED));
}

/* Two flows that say the same, to one address behind a NAT: who is who? */
TEST_F(join, equal_payloads_and_addresses_translated)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 5; i++) {
		leave(w, A, datagram(55, 70 + i));
		leave(w, A, datagram(56, 70 + i));
		come(w, B, in_flow(datagram(55, 70 + i), 66));
		come(w, B, in_flow(datagram(56, 70 + i), 67));
	}
	leave(w, A, datagram(55, 80));
	come(w, B, in_flow(wrong(datagram(55, 80), 80), 66));
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_packets(w->join, VERDICT_CHANGED));
}

TEST_F(join, equal_payloads)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 5; i++) {
		leave(w, A, datagram(55, 70 + i));
		leave(w, A, datagram(56, 70 + i));
		come(w, B, datagram(56, 70 + i));
		come(w, B, i == 4 ? wrong(datagram(55, 70 + i), 80) : datagram(55, 70 + i));
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 10 + CHATTED(1), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
}

/* The number in the header comes round: both that have it may be meant. */
TEST_F(join, two_of_one_number)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70);

	chat(w, 1);
	leave(w, A, hop);
	leave(w, A, wrong(hop, 71));
	come(w, B, wrong(hop, 72));
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_packets(w->join, VERDICT_CHANGED));
	EXPECT_EQ(1, count_crossings(w->join, CROSSING_UNKNOWN));
}

/* IPv6 has no number: three that come as they left, and @nr_wrong that do not. */
static void send_unnumbered(struct wire *w, uint32_t nr_wrong)
{
	struct hop hop = datagram(55, 70);
	uint32_t i;

	chat(w, 1);
	hop.ip_id = 0;
	for (i = 0; i < 3 + nr_wrong; i++) {
		hop.bytes.from = 1 + 100 * i;
		hop.skb += 0x100;
		leave(w, A, hop);
		come(w, B, i < 3 ? hop : wrong(hop, 100 * i + 7));
	}
	chat(w, 2);
}

/* All others came as they left. */
TEST_F(join, no_numbers_and_one_changed)
{
	send_unnumbered(self->w, 1);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_PACKETS(self->w->join, 4 + CHATTED(2), 1, 0, 0);
	EXPECT_CROSSING_CHANGED(self->w->join, ON_THE_WIRE);
}

/* Which of them is which? */
TEST_F(join, no_numbers_and_two_changed)
{
	send_unnumbered(self->w, 2);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_EQ(0, count_packets(self->w->join, VERDICT_CHANGED));
	EXPECT_EQ(2, count_packets(self->w->join, VERDICT_UNVERIFIED));
}

/* There may have been one that was not recorded. */
TEST_F(join, no_numbers_and_probes_missed)
{
	self->w->hosts[A].test.missed = 1;
	send_unnumbered(self->w, 1);
	ASSERT_EQ(0, join_up(self->w));
	EXPECT_EQ(0, count_packets(self->w->join, VERDICT_CHANGED));
	EXPECT_EQ(1, count_packets(self->w->join, VERDICT_UNVERIFIED));
}

TEST_F(join, shorter_and_longer)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70);

	chat(w, 1);
	leave(w, A, hop);
	hop.bytes.len -= 10;
	come(w, B, hop);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 1, 0, 0);
	EXPECT_EQ(VERDICT_TRUNCATED, first_crossing(w->join, CROSSING_CHANGED)->how);
	EXPECT_EQ(10, first_crossing(w->join, CROSSING_CHANGED)->bytes);
}

/* Of what is not numbered by TCP the device's cuts are not put together again. */
TEST_F(join, fragmented_on_the_way)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70), fragment;
	uint32_t i, bad;

	for (bad = 0; bad < 2; bad++) {
		hop = datagram(55, 70 + bad);
		hop.bytes.len = 3000;
		leave(w, A, hop);
		for (i = 0; i < 3; i++) {
			fragment = hop;
			fragment.skb += 8 * i;
			fragment.flags = SKBTRACE_F_FRAGMENT;
			fragment.bytes.from = hop.bytes.from + i * 1000;
			fragment.bytes.len = 1000;
			fragment.frag_off = i ? 8 + i * 1000 : 0;
			if (bad && i == 1)
				fragment = wrong(fragment, fragment.bytes.from);
			on(w, B, "napi_gro_receive", fragment);
			on(w, B, "ip_rcv", fragment);
		}
	}
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(1, count_packets(w->join, VERDICT_CHANGED));
	EXPECT_CROSSING_CHANGED(w->join, ON_THE_WIRE);
}

TEST_F(join, through_a_tunnel)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1), outside = hop;

	outside.tunnel = SKBTRACE_TUNNEL_VXLAN;
	outside.tunnel_id = 42;
	outside.outer = 9;
	on(w, A, "ip_output", hop);
	on(w, A, "dev_hard_start_xmit", hop);
	on(w, A, "ip_output", outside);
	on(w, A, "dev_hard_start_xmit", outside);
	on(w, A, "kfree_skbmem", HOP(.skb = hop.skb));
	on(w, B, "napi_gro_receive", outside);
	on(w, B, "ip_rcv", outside);
	on(w, B, "napi_gro_receive", hop);
	on(w, B, "tcp_v4_rcv", hop);
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 0, 0, 0);
}

/* One point is enough there, if another host has seen it too. */
TEST_F(join, seen_once)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1);

	chat(w, 1);
	leave(w, A, hop);
	on(w, B, "napi_gro_receive", hop);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 0, 0, 0);
}

TEST_F(join, not_digested)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1);

	chat(w, 1);
	leave(w, A, hop);
	hop.no_digest = 1;
	come(w, B, hop);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 0, 1, 0);
}

/* Datagrams, too: that both of the hosts have sent it is no doubt which it is. */
TEST_F(join, datagram_over_a_router_that_is_traced)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70);

	leave(w, A, hop);
	hop.skb += 0x1000000;
	on(w, C, "napi_gro_receive", hop);
	hop.ttl = 63;
	on(w, C, "ip_forward", hop);
	on(w, C, "dev_hard_start_xmit", hop);
	on(w, C, "kfree_skbmem", HOP(.skb = hop.skb));
	come(w, B, wrong(hop, 75));
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1, 1, 0, 0);
	EXPECT_CROSSING_CHANGED(w->join, "C dev_hard_start_xmit > B napi_gro_receive");
}

/*
 * It comes from where nobody traces, over both hosts, one after the other; the second has
 * changed it.  The first did not get it from there.
 */
TEST_F(join, passed_on_by_both)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1), bad = wrong(hop, 7);
	uint32_t chats;

	for (chats = 0; chats < 2; chats++) {
		hop = stream(chats * MSS, MSS, 1 + chats);
		bad = wrong(hop, chats * MSS + 7);
		on(w, A, "napi_gro_receive", hop);
		on(w, A, "__br_forward", hop);
		on(w, A, "dev_hard_start_xmit", hop);
		on(w, A, "kfree_skbmem", HOP(.skb = hop.skb));
		on(w, B, "napi_gro_receive", hop);
		on(w, B, "__br_forward", bad);
		on(w, B, "dev_hard_start_xmit", bad);
		on(w, B, "kfree_skbmem", HOP(.skb = hop.skb));
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_EQ(2, count_packets(w->join, VERDICT_CHANGED));
}

/* It was on its way out when it was first seen: it was made there, and came back. */
TEST_F(join, first_seen_on_its_way_out)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1), bad = wrong(hop, 7);

	on(w, B, "ip_output", hop);
	on(w, B, "dev_hard_start_xmit", hop);
	on(w, B, "kfree_skbmem", HOP(.skb = hop.skb));
	on(w, A, "napi_gro_receive", hop);
	on(w, A, "__br_forward", bad);
	on(w, A, "dev_hard_start_xmit", bad);
	on(w, A, "kfree_skbmem", HOP(.skb = hop.skb));
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_PACKETS(w->join, 1, 1, 0, 0);
}

/* It sends what the other has sent on before, and the number in the header is used again. */
TEST_F(join, made_where_it_is_first_seen)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70), next = hop;

	chat(w, 1);
	leave(w, A, hop);
	come(w, B, hop);
	next.bytes.from += 500;
	next.skb += 0x50;
	on(w, B, "ip_output", next);
	on(w, B, "dev_hard_start_xmit", next);
	on(w, B, "kfree_skbmem", HOP(.skb = next.skb));
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 2 + CHATTED(2), 0, 0, 0);
}

/* A router has the flow on its way out, too, but did not make it. */
TEST_F(join, lost_on_the_way_to_a_router)
{
	struct wire *w = self->w;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		struct hop hop = stream(i * MSS, MSS, 1 + i), back = datagram(200, 40 + i);

		pass(w, 2 * SEC);
		leave(w, A, hop);
		leave(w, C, back);
		come(w, A, back);
		if (i == 2)
			continue;
		on(w, C, "napi_gro_receive", hop);
		hop.ttl = 63;
		on(w, C, "ip_forward", hop);
		on(w, C, "dev_hard_start_xmit", hop);
		on(w, C, "kfree_skbmem", HOP(.skb = hop.skb));
		come(w, B, hop);
	}
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 8, 0, 0, 1);
	ASSERT_EQ(1, count_crossings(w->join, CROSSING_LOST));
	EXPECT_STREQ("A dev_hard_start_xmit > C -",
		     crossing_points(w->join, first_crossing(w->join, CROSSING_LOST)));
}

/* One of the parts was not seen to leave: what else is in it is not lost. */
TEST_F(join, merged_with_what_was_not_seen)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 6; i++)
		if (i != 2)
			leave(w, A, stream(i * MSS, MSS, 1 + i));
	come(w, B, stream(0, 5 * MSS, 1));
	come(w, B, stream(5 * MSS, MSS, 6));
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_LOST));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_EQ(1, count_crossings(w->join, CROSSING_UNKNOWN));
}

/* Of one number, and as long: the one whose bytes came is meant. */
TEST_F(join, fragments_of_two_with_one_number)
{
	struct wire *w = self->w;
	struct hop hop = datagram(55, 70), fragment;
	uint32_t i, k;

	hop.bytes.len = 2000;
	for (k = 0; k < 3; k++) {
		leave(w, A, hop);
		hop.skb += 0x100;
		hop.bytes.from += 5000;
	}
	/* The second; and then what none of them is. */
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 2; i++) {
			fragment = hop;
			fragment.skb += 0x1000 + 8 * i + 0x100 * k;
			fragment.flags = SKBTRACE_F_FRAGMENT;
			fragment.bytes.from = hop.bytes.from - 10000 + i * 1000 + k * 50000;
			fragment.bytes.len = 1000;
			fragment.frag_off = i ? 1008 : 0;
			on(w, B, "napi_gro_receive", fragment);
			on(w, B, "ip_rcv", fragment);
		}
		pass(w, 100 * MSEC);
	}
	chat(w, 1);
	ASSERT_EQ(0, join_up(w));
	EXPECT_EQ(0, count_crossings(w->join, CROSSING_CHANGED));
	EXPECT_LE(1, count_crossings(w->join, CROSSING_UNKNOWN));
}

/* Acknowledgements stand at one place of the stream, all of them. */
TEST_F(join, many_acknowledgements)
{
	struct wire *w = self->w;
	uint32_t i;

	chat(w, 1);
	for (i = 0; i < 1000; i++) {
		struct hop hop = stream(0, 0, 1 + i);

		hop.len = NO_PAYLOAD;
		leave(w, A, hop);
		if (i != 500)
			come(w, B, hop);
	}
	pass(w, 2 * SEC);
	chat(w, 2);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1000 + CHATTED(2), 0, 0, 1);
}

/* What tcpdump has got has not gone on; what was sent has. */
TEST_F(join, tapped)
{
	struct wire *w = self->w;
	struct hop hop = stream(0, MSS, 1), copy = hop;

	chat(w, 1);
	on(w, A, "ip_output", hop);
	on(w, A, "dev_hard_start_xmit", hop);
	on(w, A, "skb_clone:return", HOP(.skb = hop.skb, .ret = 0x77000));
	copy.skb = 0x77000;
	on(w, A, "packet_rcv", copy);
	on(w, A, "kfree_skbmem", HOP(.skb = hop.skb));
	come(w, B, hop);
	ASSERT_EQ(0, join_up(w));
	EXPECT_PACKETS(w->join, 1 + CHATTED(1), 0, 0, 0);
	EXPECT_EQ(2, w->join->packets[w->join->nr_packets - 1].nr_parts);
}

TEST_HARNESS_MAIN
