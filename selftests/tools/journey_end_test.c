// SPDX-License-Identifier: GPL-2.0
/* When a journey is over, and how it ended. */
#include "kselftest_harness.h"

#include "hops.h"

FIXTURE(journey)
{
	struct test t;
};

FIXTURE_SETUP(journey)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(journey)
{
	test_end(&self->t);
}

TEST_F(journey, completes_by_itself)
{
	struct test *t = &self->t;

	feed(t, HOP("ip_send_skb", .skb = 0x10));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	journey_advance(t->engine, t->ts + 5 * MSEC);
	EXPECT_EQ(0, t->nr_seen);
	journey_advance(t->engine, t->ts + 20 * MSEC);
	EXPECT_EQ(1, t->nr_seen);

	/* Delivered, but nobody reads it. */
	feed(t, HOP("ip_send_skb", .skb = 0x20));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x20));
	journey_advance(t->engine, t->ts + 2 * SEC);
	EXPECT_EQ(2, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[1].end);

	/* Nothing is heard of it any more. */
	feed(t, HOP("ip_send_skb", .skb = 0x30));
	journey_advance(t->engine, t->ts + 9 * SEC);
	EXPECT_EQ(2, t->nr_seen);
	journey_advance(t->engine, t->ts + 11 * SEC);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_EQ(JOURNEY_OPEN, t->seen[2].end);
}

/* Flooded to two ports: how did it end? */
static enum journey_end end_of_flood(struct test *t, struct hop first, struct hop second)
{
	const uint64_t id = t->nr_seen;
	uint64_t skb = 0x100 + id * 0x100;

	first.skb = skb;
	second.skb = skb + 0x10;
	feed(t, HOP("br_handle_frame_finish", .skb = skb, .ip_id = 1 + id));
	feed(t, HOP("skb_clone:return", .skb = skb, .ret = skb + 0x10));
	feed(t, HOP("__br_forward", .skb = skb + 0x10, .ip_id = 1 + id));
	feed(t, HOP("br_pass_frame_up", .skb = skb, .ip_id = 1 + id));
	feed(t, first);
	feed(t, second);
	flush(t);
	return t->nr_seen == id + 1 ? t->seen[id].end : -1;
}

TEST_F(journey, the_best_of_all_branches)
{
	struct test *t = &self->t;
	const struct hop drop = { "kfree_skb_reason", .reason = REASON_NETFILTER };
	const struct hop other = { "kfree_skb_reason", .reason = REASON_OTHERHOST };
	const struct hop freed = { .point = "kfree_skbmem" };
	const struct hop moved = { "nf_hook_slow:return", .duration = 1 };

	EXPECT_EQ(JOURNEY_DROPPED, end_of_flood(t, drop, freed));
	EXPECT_EQ(JOURNEY_DROPPED, end_of_flood(t, drop, other));
	EXPECT_EQ(JOURNEY_DROPPED, end_of_flood(t, other, other));
	EXPECT_EQ(JOURNEY_FREED, end_of_flood(t, other, freed));
	EXPECT_EQ(JOURNEY_FREED, end_of_flood(t, freed, other));
	EXPECT_EQ(JOURNEY_OPEN, end_of_flood(t, drop, moved));
	EXPECT_EQ(JOURNEY_OPEN, end_of_flood(t, freed, moved));
}

/* What it was copied for, or reassembled into, is the packet now. */
TEST_F(journey, the_copy_takes_its_place)
{
	struct test *t = &self->t;

	feed(t, HOP("ip_rcv", .skb = 0x10));
	feed(t, HOP("skb_copy:return", .skb = 0x10, .ret = 0x20));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("ip_output", .skb = 0x20));
	feed(t, HOP("kfree_skb", .skb = 0x20, .reason = REASON_OTHERHOST));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_EQ(2, t->seen[0].nr_lives);
}

/* As XDP has it where there is no room in front of the packet. */
TEST_F(journey, the_copy_ends_before_it_is_looked_at)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint64_t skb = 0x1000 * (i + 1);

		feed(t, HOP("veth_xmit", .skb = skb));
		feed(t, HOP("skb_copy:return", .skb = skb, .ret = skb + 0x10));
		feed(t, HOP("kfree_skbmem", .skb = skb));
		if (i)
			feed(t, HOP("kfree_skb_reason", .skb = skb + 0x10,
				    .reason = REASON_UNSPECIFIED));
		feed(t, HOP("kfree_skbmem", .skb = skb + 0x10));
	}
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(JOURNEY_FREED, t->seen[0].end);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[1].end);
	EXPECT_EQ(1, t->seen[1].nr_dropped);
}

TEST_F(journey, a_packet_socket_does_not_decide)
{
	struct test *t = &self->t;

	/* Sending: the socket gets a clone. */
	feed(t, HOP("dev_hard_start_xmit", .skb = 0x10, .ip_id = 1));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x20));
	feed(t, HOP("packet_rcv", .skb = 0x20, .head = 0x100010, .ip_id = 1));
	feed(t, HOP("veth_xmit", .skb = 0x10, .ip_id = 1));
	/* Receiving: it gets the skb itself for a moment, and clones it. */
	feed(t, HOP("packet_rcv", .skb = 0x10, .ip_id = 1, .users = 2));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x30));
	feed(t, HOP("ip_rcv", .skb = 0x10, .ip_id = 1));
	feed(t, HOP("kfree_skb_reason", .skb = 0x10, .reason = REASON_NETFILTER));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	/* Nobody waits until tcpdump has read it. */
	journey_advance(t->engine, t->ts + 20 * MSEC);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_EQ(3, t->seen[0].nr_lives);
	EXPECT_EQ(2, t->seen[0].nr_taps);
	feed(t, HOP("kfree_skbmem", .skb = 0x20));
	feed(t, HOP("kfree_skbmem", .skb = 0x30));
	flush(t);
	EXPECT_EQ(1, t->nr_seen);
}

#define SYN	0x02
#define SYN_ACK	0x12

/* Of a SYN that came to a listener, which freed it as the last of its call. */
static enum journey_end end_of_syn(struct test *t, struct hop answer, struct hop last)
{
	unsigned int first = t->nr_seen;
	uint64_t skb = 0x10000 * (first + 1);

	answer.skb = skb + 0x100;
	last.skb = skb;
	feed(t, HOP("tcp_v4_rcv", .skb = skb, .l4proto = IPPROTO_TCP, .tcp_flags = SYN,
		    .len = NO_PAYLOAD, .sp = 0x8000, .seq = skb));
	if (answer.point)
		feed(t, answer);
	feed(t, last);
	flush(t);
	return t->nr_seen > first ? t->seen[first].end : -1;
}

TEST_F(journey, a_syn_is_answered_or_not)
{
	const struct hop answer = { "ip_output", .l4proto = IPPROTO_TCP, .tcp_flags = SYN_ACK,
				    .back = 1, .len = NO_PAYLOAD, .sp = 0x7000 };
	const struct hop freed = { "kfree_skbmem", .sp = 0x7800 };
	const struct hop dropped = { "kfree_skb_reason", .sp = 0x7800,
				     .reason = REASON_NO_SOCKET };
	struct hop other = answer;
	struct hop later = freed;
	struct test *t = &self->t;

	EXPECT_EQ(JOURNEY_DELIVERED, end_of_syn(t, answer, freed));
	EXPECT_EQ(JOURNEY_FREED, end_of_syn(t, HOP(NULL), freed));
	EXPECT_EQ(JOURNEY_DROPPED, end_of_syn(t, HOP(NULL), dropped));
	/* Not to the one who asked; not from this call. */
	other.back = 0;
	EXPECT_EQ(JOURNEY_FREED, end_of_syn(t, other, freed));
	other = answer;
	other.sp = 0x9000;
	EXPECT_EQ(JOURNEY_FREED, end_of_syn(t, other, freed));
	other.sp = 0x7000;
	other.cpu = 1;
	EXPECT_EQ(JOURNEY_FREED, end_of_syn(t, other, freed));
	/* It was put aside, and is looked at by somebody else. */
	later.sp = 0x9000;
	EXPECT_EQ(JOURNEY_DELIVERED, end_of_syn(t, HOP(NULL), later));
}

TEST_F(journey, arp_is_answered_or_not)
{
	struct test *t = &self->t;

	feed(t, HOP("arp_rcv", .skb = 0x10, .protocol = ETH_P_ARP, .sp = 0x8000, .crc = 1));
	feed(t, HOP("__dev_queue_xmit", .skb = 0x20, .protocol = ETH_P_ARP, .sp = 0x7000,
		    .crc = 2));
	feed(t, HOP("kfree_skbmem", .skb = 0x10, .sp = 0x7800));
	/* The answer, which nobody is to answer. */
	feed(t, HOP("arp_rcv", .skb = 0x20, .protocol = ETH_P_ARP, .sp = 0x8000, .crc = 2));
	feed(t, HOP("kfree_skbmem", .skb = 0x20, .sp = 0x7800));
	feed(t, HOP("arp_rcv", .skb = 0x30, .protocol = ETH_P_ARP, .sp = 0x8000, .crc = 3));
	feed(t, HOP("kfree_skbmem", .skb = 0x30, .sp = 0x7800));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[1].end);
	EXPECT_EQ(JOURNEY_FREED, t->seen[2].end);
}

TEST_F(journey, tpacket_drops_a_reference)
{
	struct test *t = &self->t;

	feed(t, HOP("tpacket_rcv", .skb = 0x10, .users = 2));
	feed(t, HOP("kfree_skb", .skb = 0x10, .users = 2));
	feed(t, HOP("ip_rcv", .skb = 0x10));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10));
	feed(t, HOP("napi_consume_skb", .skb = 0x10, .users = 2));
	feed(t, HOP("napi_consume_skb", .skb = 0x10));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_STREQ("tpacket_rcv kfree_skb ip_rcv __udp_enqueue_schedule_skb napi_consume_skb",
		     t->seen[0].hops);
}

TEST_F(journey, dropped_with_a_reason)
{
	struct test *t = &self->t;

	feed(t, HOP("ip_rcv", .skb = 0x10));
	feed(t, HOP("kfree_skb_reason", .skb = 0x10, .reason = REASON_NETFILTER));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	/* The hook returns when the skb is gone. */
	feed(t, HOP("nf_hook_slow:return", .skb = 0x10, .ret = -1, .duration = 2500));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_STREQ("kfree_skb_reason", t->seen[0].end_point);
	EXPECT_EQ(4, t->seen[0].nr_hops);
}

TEST_F(journey, dropped_as_a_return_value_says)
{
	struct test *t = &self->t;

	/* Old kernels give no reason. */
	feed(t, HOP("ip_rcv", .skb = 0x10));
	feed(t, HOP("kfree_skb", .skb = 0x10));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("nf_hook_slow:return", .skb = 0x10, .ret = -1, .duration = 2500));
	feed(t, HOP("veth_xmit", .skb = 0x20));
	feed(t, HOP("kfree_skbmem", .skb = 0x20));
	feed(t, HOP("veth_xmit:return", .skb = 0x20, .ret = 1, .duration = 2500));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_STREQ("nf_hook_slow", t->seen[0].end_point);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[1].end);
	EXPECT_STREQ("veth_xmit", t->seen[1].end_point);
}

TEST_F(journey, not_every_drop_is_one)
{
	struct test *t = &self->t;
	const unsigned int icmp = IPPROTO_ICMP;

	feed(t, HOP("icmp_rcv", .skb = 0x10, .l4proto = icmp));
	feed(t, HOP("kfree_skb", .skb = 0x10));
	feed(t, HOP("icmp_rcv", .skb = 0x20, .l4proto = icmp));
	feed(t, HOP("kfree_skb_reason", .skb = 0x20, .reason = REASON_UNSPECIFIED));
	feed(t, HOP("icmp_rcv", .skb = 0x30, .l4proto = icmp));
	feed(t, HOP("kfree_skb_reason", .skb = 0x30, .reason = REASON_NO_SOCKET));
	feed(t, HOP("ip_rcv", .skb = 0x40));
	feed(t, HOP("sk_skb_reason_drop", .skb = 0x40, .reason = REASON_CONSUMED));
	feed(t, HOP("kfree_skbmem", .skb = 0x40));
	feed(t, HOP("tcp_queue_rcv", .skb = 0x44, .l4proto = IPPROTO_TCP));
	feed(t, HOP("sk_skb_reason_drop", .skb = 0x44, .reason = REASON_QUEUE_PURGE));
	feed(t, HOP("tcp_queue_rcv", .skb = 0x48, .l4proto = IPPROTO_TCP));
	feed(t, HOP("sk_skb_reason_drop", .skb = 0x48, .reason = REASON_SOCKET_CLOSE));
	feed(t, HOP("tcp_queue_rcv", .skb = 0x4c, .l4proto = IPPROTO_TCP, .len = NO_PAYLOAD));
	feed(t, HOP("sk_skb_reason_drop", .skb = 0x4c, .reason = 30));
	/* But these are. */
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x50));
	feed(t, HOP("kfree_skb_reason", .skb = 0x50, .reason = 15));
	feed(t, HOP("udp_rcv", .skb = 0x60));
	feed(t, HOP("kfree_skb_reason", .skb = 0x60, .reason = REASON_NO_SOCKET));
	feed(t, HOP("ip_rcv", .skb = 0x70));
	feed(t, HOP("kfree_skb_reason", .skb = 0x70, .reason = REASON_UNSPECIFIED));
	feed(t, HOP("tcp_v4_rcv", .skb = 0x80, .l4proto = IPPROTO_TCP, .len = NO_PAYLOAD));
	feed(t, HOP("kfree_skb_reason", .skb = 0x80, .reason = REASON_NO_SOCKET));
	flush(t);
	ASSERT_EQ(11, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[1].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[2].end);
	EXPECT_EQ(JOURNEY_FREED, t->seen[3].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[4].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[5].end);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[6].end);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[7].end);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[8].end);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[9].end);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[10].end);
}

TEST_HARNESS_MAIN
