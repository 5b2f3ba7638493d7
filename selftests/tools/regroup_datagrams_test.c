// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that are cut up, by IP into fragments and by UDP GSO into smaller ones.
 * Which part is of which datagram their numbers tell, or the CPU and the order; in doubt
 * nothing is called changed.
 */
#include "kselftest_harness.h"

#include "fragments.h"

/* -- IP fragments -- */

/* Which datagram is sent on a second CPU. */
static uint32_t on_cpu_1;

static unsigned int cpu_of(uint32_t id)
{
	return id == on_cpu_1;
}

static void send_datagram(struct test *t, const struct ip *ip, uint32_t id)
{
	struct hop hop = datagram(ip, DATAGRAM_SKB(id), id);

	hop.cpu = cpu_of(id);
	at(t, ip->send, hop);
	at(t, ip->output, hop);
}

/* There are records of how fragments and segments are made, not just of what they are. */
static bool tied;

static void send_fragment(struct test *t, const struct ip *ip, uint32_t id, unsigned int i,
			  uint32_t wrong)
{
	struct hop hop = fragment(ip, id, i);

	if (tied)
		feed(t, HOP("skb_copy:return", .skb = DATAGRAM_SKB(id), .ret = hop.skb));

	hop.wrong = wrong;
	hop.cpu = cpu_of(id);
	at(t, ip->finish, hop);
	at(t, "veth_xmit", hop);
	at(t, ip->rcv, hop);
}

/* Fragments 0, 1 and 2 in that order; @into is the one whose skb has all then. */
static void reassemble(struct test *t, const struct ip *ip, uint32_t id,
		       const unsigned int *order, unsigned int into, uint32_t wrong)
{
	struct hop hop = datagram(ip, FRAGMENT_SKB(id, into), id), part;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		part = fragment(ip, id, order[i]);
		part.wrong = wrong;
		at(t, ip->deliver, part);
	}
	hop.wrong = wrong;
	at(t, ip->udp, hop);
	at(t, "__udp_enqueue_schedule_skb", hop);
	for (i = 0; i < 3; i++)
		gone(t, FRAGMENT_SKB(id, i));
}

static const unsigned int in_order[] = { 0, 1, 2 };

FIXTURE(fragments)
{
	struct test t;
};

FIXTURE_VARIANT(fragments)
{
	const struct ip *ip;
};

FIXTURE_VARIANT_ADD(fragments, ipv4) { &ipv4 };
FIXTURE_VARIANT_ADD(fragments, ipv6) { &ipv6 };

FIXTURE_SETUP(fragments)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(fragments)
{
	test_end(&self->t);
}

TEST_F(fragments, in_any_order)
{
	static const unsigned int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct test *t = &self->t;
	unsigned int sent, rcvd, last, i, id = 0;

	for (sent = 0; sent < 6; sent++)
		for (rcvd = 0; rcvd < 6; rcvd++)
			for (last = 0; last < 2; last++) {
				id++;
				t->nr_seen = 0;
				send_datagram(t, variant->ip, id);
				for (i = 0; i < 3; i++)
					send_fragment(t, variant->ip, id, orders[sent][i], 0);
				gone(t, DATAGRAM_SKB(id));
				/* The first, or the one that came last. */
				reassemble(t, variant->ip, id, orders[rcvd],
					   last ? orders[rcvd][2] : 0, 0);
				flush(t);
				ASSERT_EQ(1, t->nr_seen) {
					TH_LOG("sent %u rcvd %u into %u", sent, rcvd, last);
				}
				EXPECT_INTACT(t, 0);
				EXPECT_EQ(4, t->seen[0].nr_lives);
			}
}

/* The whole's own skb becomes the first fragment. */
TEST_F(fragments, cut_in_place)
{
	struct test *t = &self->t;
	struct hop first = fragment(variant->ip, 5, 0);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	first.skb = DATAGRAM_SKB(5);
	at(t, variant->ip->finish, first);
	at(t, variant->ip->deliver, first);
	for (i = 1; i < 3; i++) {
		send_fragment(t, variant->ip, 5, i, 0);
		at(t, variant->ip->deliver, fragment(variant->ip, 5, i));
		gone(t, FRAGMENT_SKB(5, i));
	}
	at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(5), 5));
	gone(t, DATAGRAM_SKB(5));
	EXPECT_ALL_INTACT(t, 1);
	EXPECT_EQ(3, t->seen[0].nr_lives);
}

/* Another datagram is seen before the second fragment; that is not its own. */
TEST_F(fragments, cut_in_place_while_another_is_sent)
{
	struct test *t = &self->t;
	struct hop first = fragment(variant->ip, 5, 0);
	unsigned int id, i;

	send_datagram(t, variant->ip, 5);
	first.skb = DATAGRAM_SKB(5);
	at(t, variant->ip->finish, first);
	send_datagram(t, variant->ip, 6);
	for (i = 1; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	first.skb = DATAGRAM_SKB(6);
	first.ip_id = 6;
	first.bytes = fragment(variant->ip, 6, 0).bytes;
	at(t, variant->ip->finish, first);
	for (i = 1; i < 3; i++)
		send_fragment(t, variant->ip, 6, i, 0);
	for (id = 5; id < 7; id++) {
		at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(id), id));
		gone(t, DATAGRAM_SKB(id));
		gone(t, FRAGMENT_SKB(id, 1));
		gone(t, FRAGMENT_SKB(id, 2));
	}
	EXPECT_ALL_INTACT(t, 2);
	EXPECT_EQ(3, t->seen[0].nr_lives);
	EXPECT_EQ(3, t->seen[1].nr_lives);
}

/*
 * A bridge that listens itself (somebody runs tcpdump) sends a clone on and drops its
 * own: the first fragment, which had been the whole, before the second is seen.
 */
TEST_F(fragments, cut_in_place_and_dropped_by_a_bridge)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++) {
		uint64_t skb = i ? FRAGMENT_SKB(5, i) : DATAGRAM_SKB(5);
		struct hop hop = fragment(variant->ip, 5, i);

		hop.skb = skb;
		at(t, variant->ip->finish, hop);
		at(t, "br_handle_frame_finish", hop);
		feed(t, HOP("skb_clone:return", .skb = skb, .ret = skb + 8));
		hop.skb = skb + 8;
		at(t, "__br_forward", hop);
		hop.skb = skb;
		at(t, variant->ip->rcv, hop);
		feed(t, HOP("kfree_skb", .skb = skb, .reason = REASON_OTHERHOST));
		gone(t, skb);
		hop.skb = skb + 8;
		at(t, variant->ip->rcv, hop);
		at(t, variant->ip->deliver, hop);
		if (i)
			gone(t, skb + 8);
	}
	at(t, "__udp_enqueue_schedule_skb", datagram(variant->ip, DATAGRAM_SKB(5) + 8, 5));
	gone(t, DATAGRAM_SKB(5) + 8);
	EXPECT_ALL_INTACT(t, 1);
}

TEST_F(fragments, changed_while_it_was_cut)
{
	struct test *t = &self->t;
	const uint32_t wrong = WRONG(5 * DATAGRAM + 2000);
	unsigned int i;

	tied = true;
	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, wrong);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, variant->ip, 5, in_order, 0, wrong);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->output, variant->ip->finish);
}

/* Whose fragments they are is a guess, though a good one. */
TEST_F(fragments, changed_while_it_was_cut_unseen)
{
	struct test *t = &self->t;
	const uint32_t wrong = WRONG(5 * DATAGRAM + 2000);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, wrong);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, variant->ip, 5, in_order, 0, wrong);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

TEST_F(fragments, changed_in_a_fragment)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, variant->ip, 5, in_order, 2, WRONG(5 * DATAGRAM + 2000));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->rcv, variant->ip->deliver);
}

TEST_F(fragments, changed_when_reassembled)
{
	struct test *t = &self->t;
	struct hop hop = datagram(variant->ip, FRAGMENT_SKB(5, 2), 5);
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	hop.wrong = WRONG(5 * DATAGRAM);
	at(t, "__udp_enqueue_schedule_skb", hop);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->rcv, "__udp_enqueue_schedule_skb");
}

/* One is dropped, so the others are given up. */
TEST_F(fragments, one_is_dropped)
{
	struct test *t = &self->t;
	unsigned int i;

	send_datagram(t, variant->ip, 5);
	for (i = 0; i < 3; i++)
		send_fragment(t, variant->ip, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	feed(t, HOP("kfree_skb", .skb = FRAGMENT_SKB(5, 1)));
	gone(t, FRAGMENT_SKB(5, 1));
	for (i = 0; i < 3; i += 2) {
		at(t, variant->ip->deliver, fragment(variant->ip, 5, i));
		feed(t, HOP("kfree_skb", .skb = FRAGMENT_SKB(5, i)));
		gone(t, FRAGMENT_SKB(5, i));
	}
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_INTACT, JOURNEY_DROPPED);
}

TEST_F(fragments, one_is_missing)
{
	struct test *t = &self->t;

	send_datagram(t, variant->ip, 5);
	send_fragment(t, variant->ip, 5, 0, 0);
	send_fragment(t, variant->ip, 5, 2, 0);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_OPEN);
	EXPECT_TRUE(strstr(t->seen[0].verdict.why, "not all of its parts were seen")) {
		TH_LOG("%s", t->seen[0].verdict.why);
	}
}

/* Only the receiving end is in sight. */
TEST_F(fragments, from_elsewhere)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 3; i++)
		at(t, variant->ip->rcv, fragment(variant->ip, 5, i));
	reassemble(t, variant->ip, 5, in_order, 2, 0);
	EXPECT_ALL_INTACT(t, 3);
}

/* One after the other, but on their way at the same time. */
TEST_F(fragments, of_two_datagrams_on_their_way)
{
	struct test *t = &self->t;
	unsigned int id, i;

	for (id = 5; id < 7; id++) {
		send_datagram(t, variant->ip, id);
		for (i = 0; i < 3; i++)
			send_fragment(t, variant->ip, id, i, 0);
		gone(t, DATAGRAM_SKB(id));
	}
	for (id = 5; id < 7; id++)
		reassemble(t, variant->ip, id, in_order, 0, 0);
	EXPECT_ALL_INTACT(t, 2);
}

static void interleave(struct test *t, const struct ip *ip)
{
	unsigned int id, i;

	send_datagram(t, ip, 5);
	send_datagram(t, ip, 6);
	for (i = 0; i < 3; i++)
		for (id = 5; id < 7; id++)
			send_fragment(t, ip, id, i, 0);
	for (id = 5; id < 7; id++)
		gone(t, DATAGRAM_SKB(id));
	for (id = 5; id < 7; id++)
		reassemble(t, ip, id, in_order, 0, 0);
	flush(t);
}

TEST_F(regroup, ipv4_datagrams_interleaved)
{
	interleave(&self->t, &ipv4);
	EXPECT_ALL_INTACT(&self->t, 2);
}

/* No number tells whose fragments they are, but the CPU does. */
TEST_F(regroup, ipv6_datagrams_interleaved)
{
	on_cpu_1 = 6;
	interleave(&self->t, &ipv6);
	EXPECT_ALL_INTACT(&self->t, 2);
}

/* An interrupt sends the second. */
TEST_F(regroup, ipv6_datagrams_nested)
{
	struct test *t = &self->t;
	unsigned int id, i;

	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (id = 6; id >= 5; id--) {
		for (i = 0; i < 3; i++)
			send_fragment(t, &ipv6, id, i, 0);
		gone(t, DATAGRAM_SKB(id));
	}
	for (id = 5; id < 7; id++)
		reassemble(t, &ipv6, id, in_order, 0, 0);
	EXPECT_ALL_INTACT(t, 2);
}

/* Nothing tells at all: there may be doubt, but not a change. */
TEST_F(regroup, ipv6_datagrams_in_doubt)
{
	struct test *t = &self->t;
	unsigned int id, i;

	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (id = 5; id < 7; id++)
		for (i = 0; i < 3; i++)
			send_fragment(t, &ipv6, id, i, 0);
	for (id = 5; id < 7; id++) {
		gone(t, DATAGRAM_SKB(id));
		reassemble(t, &ipv6, id, in_order, 0, 0);
	}
	flush(t);
	ASSERT_LE(2, t->nr_seen);
	for (i = 0; i < t->nr_seen; i++) {
		EXPECT_EQ(0, t->seen[i].verdict.nr_changes) {
			TH_LOG("%s: %s", t->seen[i].verdict.why, t->seen[i].hops);
		}
	}
}

/* The other is on its way, whole, and dropped. */
TEST_F(regroup, ipv6_datagram_beside_one_that_is_dropped)
{
	struct test *t = &self->t;
	unsigned int i;

	on_cpu_1 = 6;
	send_datagram(t, &ipv6, 5);
	send_datagram(t, &ipv6, 6);
	for (i = 0; i < 3; i++)
		send_fragment(t, &ipv6, 5, i, 0);
	gone(t, DATAGRAM_SKB(5));
	reassemble(t, &ipv6, 5, in_order, 0, 0);
	feed(t, HOP("kfree_skb", .skb = DATAGRAM_SKB(6), .cpu = 1));
	gone(t, DATAGRAM_SKB(6));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_INTACT(t, 0);
	EXPECT_SEEN(t, 1, VERDICT_INTACT, JOURNEY_DROPPED);
}

/* -- sent over two legs of a bond -- */

/* What one leg changed is not what is put together of the other's. */
static void send_doubled(struct test *t, const struct ip *ip, uint32_t wrong, bool wrong_put)
{
	unsigned int leg, i;

	for (leg = 0; leg < 2; leg++) {
		for (i = 0; i < 3; i++) {
			struct hop hop = fragment(ip, 5, i);

			if (leg) {
				feed(t, HOP("skb_clone:return", .skb = hop.skb,
					    .ret = hop.skb + 8));
				hop.skb += 8;
			}
			at(t, "veth_xmit", hop);
			hop.wrong = leg ? wrong : 0;
			at(t, ip->rcv, hop);
		}
	}
	reassemble(t, ip, 5, in_order, 0, wrong_put ? wrong : 0);
	for (i = 0; i < 3; i++)
		gone(t, FRAGMENT_SKB(5, i) + 8);
	flush(t);
}

TEST_F(fragments, doubled)
{
	send_doubled(&self->t, variant->ip, 0, false);
	EXPECT_INTACT(&self->t, 0);
}

TEST_F(fragments, doubled_and_one_changed)
{
	struct test *t = &self->t;
	unsigned int i, changes = 0;

	send_doubled(t, variant->ip, WRONG(5 * DATAGRAM + 2000), false);
	for (i = 0; i < t->nr_seen; i++) {
		changes += t->seen[i].verdict.nr_changes;
		if (t->seen[i].verdict.nr_changes) {
			EXPECT_STREQ("veth_xmit", t->seen[i].after);
			EXPECT_STREQ(variant->ip->rcv, t->seen[i].before);
		}
	}
	EXPECT_EQ(1, changes);
}

/* -- SCTP GSO: segments have lengths of their own -- */

static void sctp_gso(struct test *t, uint32_t wrong)
{
	static const uint32_t lengths[] = { 1216, 616, 1432 };
	struct hop hop = HOP(.skb = 0x10, .l4proto = IPPROTO_SCTP, .ip_id = 7, .gso_size = 0xffff,
			     .bytes = { 0, 1216 + 616 + 1432 });
	uint32_t from = 0;
	unsigned int i;

	at(t, "ip_output", hop);
	at(t, "__dev_queue_xmit", hop);
	for (i = 0; i < 3; i++)
		feed(t, HOP("skb_segment:return", .skb = 0x10, .ret = SEGMENT_SKB(i)));
	gone(t, 0x10);
	for (i = 0; i < 3; i++, from += hop.bytes.len) {
		hop.skb = SEGMENT_SKB(i);
		hop.gso_size = 0;
		hop.ip_id = 7 + i;
		hop.wrong = wrong;
		hop.bytes.from = from;
		hop.bytes.len = lengths[i];
		at(t, "dev_hard_start_xmit", hop);
		at(t, "__udp_enqueue_schedule_skb", hop);
		gone(t, hop.skb);
	}
	flush(t);
}

TEST_F(regroup, sctp_gso)
{
	sctp_gso(&self->t, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(regroup, sctp_gso_changed)
{
	struct test *t = &self->t;

	sctp_gso(t, WRONG(1500));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "__dev_queue_xmit", "dev_hard_start_xmit");
}

/* Another that is sent meanwhile is none of its segments. */
TEST_F(regroup, sctp_beside_gso)
{
	struct test *t = &self->t;
	struct hop hop = HOP(.skb = 0x20, .l4proto = IPPROTO_SCTP, .ip_id = 9, .len = 40);

	at(t, "ip_output", HOP(.skb = 0x10, .l4proto = IPPROTO_SCTP, .ip_id = 7,
			       .gso_size = 0xffff, .bytes = { 0, 3000 }));
	at(t, "veth_xmit", hop);
	at(t, "ip_rcv", hop);
	flush(t);
	EXPECT_EQ(2, t->nr_seen);
}

/* -- UDP GSO -- */

#define DATAGRAMS	5
#define DATAGRAM_SIZE	1000

static unsigned int udp_gso_without = DATAGRAMS;

static void udp_gso(struct test *t, const struct ip *ip, unsigned int step, uint32_t wrong)
{
	/* The last is shorter; out of order it would not fit where it comes. */
	const uint32_t less = step == 1 ? 300 : 0;
	struct hop hop = HOP(.skb = 0x10, .protocol = ip->protocol,
			     .ip_id = ip == &ipv4 ? 65533 : 0, .gso_size = DATAGRAM_SIZE,
			     .bytes = { 0, DATAGRAMS * DATAGRAM_SIZE - less });
	unsigned int i, n;

	at(t, ip->send, hop);
	at(t, ip->output, hop);
	for (i = 0; tied && i < DATAGRAMS; i++)
		feed(t, HOP("skb_copy:return", .skb = 0x10, .ret = SEGMENT_SKB(i)));
	gone(t, 0x10);
	for (n = 0, i = 0; n < DATAGRAMS; n++, i = (i + step) % DATAGRAMS) {
		struct hop part = hop;

		if (i == udp_gso_without)
			continue;
		part.skb = SEGMENT_SKB(i);
		if (part.ip_id)
			part.ip_id = (65533 + i) & 65535;
		part.gso_size = 0;
		part.bytes.from = i * DATAGRAM_SIZE;
		part.bytes.len = DATAGRAM_SIZE - (i == DATAGRAMS - 1 ? less : 0);
		part.wrong = wrong;
		at(t, "dev_hard_start_xmit", part);
		at(t, ip->udp, part);
		at(t, "__udp_enqueue_schedule_skb", part);
		gone(t, part.skb);
	}
	flush(t);
}

TEST_F(fragments, udp_gso)
{
	udp_gso(&self->t, variant->ip, 1, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
	EXPECT_EQ(1 + DATAGRAMS, self->t.seen[0].nr_lives);
}

TEST_F(regroup, udp_gso_out_of_order)
{
	udp_gso(&self->t, &ipv4, 2, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

/* The others have as many bytes: what is seen before is not the same. */
TEST_F(fragments, udp_gso_without_the_second)
{
	struct test *t = &self->t;

	udp_gso_without = 1;
	udp_gso(t, variant->ip, 1, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

TEST_F(regroup, udp_gso_changed)
{
	struct test *t = &self->t;

	tied = true;
	udp_gso(t, &ipv4, 1, WRONG(3456));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, "ip_output", "dev_hard_start_xmit");
}

TEST_F(regroup, udp_gso_changed_unseen)
{
	struct test *t = &self->t;

	udp_gso(t, &ipv4, 1, WRONG(3456));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

/* Nothing but their order tells which is which: it may be another. */
TEST_F(regroup, udp_gso_in_doubt)
{
	struct test *t = &self->t;

	udp_gso(t, &ipv6, 2, 0);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
	t->nr_seen = 0;
	udp_gso(t, &ipv6, 1, WRONG(3456));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_SEEN(t, 0, VERDICT_UNVERIFIED, JOURNEY_DELIVERED);
}

TEST_HARNESS_MAIN
