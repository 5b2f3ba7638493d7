// SPDX-License-Identifier: GPL-2.0
/*
 * Fragments that a router's NAT puts together and cuts again, and whose addresses it
 * translates where it does so.
 */
#include "kselftest_harness.h"

#include "fragments.h"

#define SENT		0x1000
#define PIECE(i)	(0x8000 + 0x100 * (uint64_t)(i))
#define INSIDE		3	/* the flow before it is translated, */
#define OUTSIDE		4	/* and behind */

FIXTURE(translated)
{
	struct test t;
};

FIXTURE_VARIANT(translated)
{
	const struct ip *ip;
};

FIXTURE_VARIANT_ADD(translated, ipv4) { &ipv4 };
FIXTURE_VARIANT_ADD(translated, ipv6) { &ipv6 };

FIXTURE_SETUP(translated)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(translated)
{
	test_end(&self->t);
}

static struct hop whole(const struct ip *ip, uint64_t skb, unsigned int flow, uint32_t wrong)
{
	struct hop hop = datagram(ip, skb, 5);

	hop.flow = flow;
	hop.dev = "r1";
	hop.wrong = wrong;
	return hop;
}

/* IPv6 numbers them anew each time. */
static struct hop piece(const struct ip *ip, uint64_t skb, unsigned int i, unsigned int flow,
			uint32_t wrong)
{
	struct hop hop = fragment(ip, 5, i);

	hop.skb = skb;
	hop.flow = flow;
	hop.dev = "r1";
	hop.wrong = wrong;
	if (ip == &ipv6 && flow == OUTSIDE)
		hop.ip_id = 77;
	return hop;
}

/* As three fragments to the router, where the first has all bytes then. */
static void send_to_router(struct test *t, const struct ip *ip)
{
	unsigned int i;

	at(t, ip->send, whole(ip, SENT, INSIDE, 0));
	for (i = 0; i < 3; i++) {
		feed(t, HOP(ip == &ipv4 ? "ip_copy_metadata" : "ip6_copy_metadata", .skb = SENT,
			    .ret = FRAGMENT_SKB(5, i)));
		at(t, "veth_xmit", piece(ip, FRAGMENT_SKB(5, i), i, INSIDE, 0));
	}
	gone(t, SENT);
	for (i = 0; i < 3; i++)
		at(t, ip->rcv, piece(ip, FRAGMENT_SKB(5, i), i, INSIDE, 0));
}

static void receive_pieces(struct test *t, const struct ip *ip, uint32_t wrong)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		feed(t, HOP(ip == &ipv4 ? "ip_copy_metadata" : "ip6_copy_metadata",
			    .skb = FRAGMENT_SKB(5, 0), .ret = PIECE(i)));
		at(t, ip->finish, piece(ip, PIECE(i), i, OUTSIDE, wrong));
	}
	for (i = 0; i < 3; i++)
		gone(t, FRAGMENT_SKB(5, i));
	for (i = 0; i < 3; i++)
		at(t, ip->deliver, piece(ip, PIECE(i), i, OUTSIDE, wrong));
	at(t, "__udp_enqueue_schedule_skb", whole(ip, PIECE(0), OUTSIDE, wrong));
	for (i = 0; i < 3; i++)
		gone(t, PIECE(i));
	flush(t);
}

/* The source, where it is cut: the whole is seen with the old one. */
static void translate_source(struct test *t, const struct ip *ip, uint32_t wrong)
{
	send_to_router(t, ip);
	at(t, ip->output, whole(ip, FRAGMENT_SKB(5, 0), INSIDE, 0));
	receive_pieces(t, ip, wrong);
}

TEST_F(translated, source)
{
	translate_source(&self->t, variant->ip, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(translated, source_and_changed)
{
	struct test *t = &self->t;

	translate_source(t, variant->ip, WRONG(5 * DATAGRAM + 2000));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->output, variant->ip->finish);
}

/* The destination, where it is put together: the whole is seen with the new one. */
static void translate_destination(struct test *t, const struct ip *ip, uint32_t wrong)
{
	send_to_router(t, ip);
	at(t, ip->output, whole(ip, FRAGMENT_SKB(5, 0), OUTSIDE, wrong));
	receive_pieces(t, ip, wrong);
}

TEST_F(translated, destination)
{
	translate_destination(&self->t, variant->ip, 0);
	EXPECT_ALL_INTACT(&self->t, 1);
}

TEST_F(translated, destination_and_changed)
{
	struct test *t = &self->t;

	translate_destination(t, variant->ip, WRONG(5 * DATAGRAM + 2000));
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->rcv, variant->ip->output);
}

/*
 * Of the sender nothing is seen but the fragments, so that each has a journey.  The router
 * cuts in place: each fragment is made of the one before.
 */
static void cut_in_place(struct test *t, const struct ip *ip, uint32_t wrong)
{
	const char *copied = ip == &ipv4 ? "ip_copy_metadata" : "ip6_copy_metadata";
	unsigned int i;

	for (i = 0; i < 3; i++) {
		at(t, "veth_xmit", piece(ip, FRAGMENT_SKB(5, i), i, INSIDE, 0));
		at(t, ip->rcv, piece(ip, FRAGMENT_SKB(5, i), i, INSIDE, 0));
	}
	at(t, ip->output, whole(ip, FRAGMENT_SKB(5, 0), INSIDE, 0));
	feed(t, HOP(copied, .skb = FRAGMENT_SKB(5, 0), .ret = PIECE(1)));
	at(t, ip->finish, piece(ip, FRAGMENT_SKB(5, 0), 0, OUTSIDE, wrong));
	feed(t, HOP(copied, .skb = PIECE(1), .ret = PIECE(2)));
	at(t, ip->finish, piece(ip, PIECE(1), 1, OUTSIDE, wrong));
	at(t, ip->finish, piece(ip, PIECE(2), 2, OUTSIDE, wrong));
	gone(t, FRAGMENT_SKB(5, 1));
	gone(t, FRAGMENT_SKB(5, 2));
	at(t, ip->deliver, piece(ip, FRAGMENT_SKB(5, 0), 0, OUTSIDE, wrong));
	at(t, ip->deliver, piece(ip, PIECE(1), 1, OUTSIDE, wrong));
	at(t, ip->deliver, piece(ip, PIECE(2), 2, OUTSIDE, wrong));
	at(t, "__udp_enqueue_schedule_skb", whole(ip, FRAGMENT_SKB(5, 0), OUTSIDE, wrong));
	gone(t, FRAGMENT_SKB(5, 0));
	gone(t, PIECE(1));
	gone(t, PIECE(2));
	flush(t);
}

TEST_F(translated, cut_in_place)
{
	struct test *t = &self->t;
	unsigned int i;

	cut_in_place(t, variant->ip, 0);
	EXPECT_ALL_INTACT(t, 3);
	for (i = 0; i < 3; i++)
		EXPECT_NE(NULL, strstr(t->seen[i].hops, variant->ip->finish)) {
			TH_LOG("%s", t->seen[i].hops);
		}
}

TEST_F(translated, cut_in_place_and_changed)
{
	struct test *t = &self->t;

	cut_in_place(t, variant->ip, WRONG(5 * DATAGRAM + 2000));
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_CHANGED(t, 0, variant->ip->output, variant->ip->finish);
}

/* A tunnel's datagram that is cut is not what is in it, however long its fragments are. */
TEST_F(translated, not_but_put_into_a_tunnel)
{
	struct test *t = &self->t;
	const struct ip *ip = variant->ip;
	unsigned int i;

	at(t, ip->send, whole(ip, SENT, INSIDE, 0));
	for (i = 0; i < 3; i++) {
		struct hop hop = piece(ip, PIECE(i), i, OUTSIDE, 0);

		hop.dev = "r2";
		hop.ip_id = 99;
		hop.bytes.from++;
		feed(t, HOP(ip == &ipv4 ? "ip_copy_metadata" : "ip6_copy_metadata", .skb = SENT,
			    .ret = PIECE(i)));
		at(t, ip->finish, hop);
	}
	gone(t, SENT);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[0].verdict.payload);
}

TEST_HARNESS_MAIN
