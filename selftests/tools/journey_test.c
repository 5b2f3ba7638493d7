// SPDX-License-Identifier: GPL-2.0
/* Which records are one packet's. */
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

TEST_F(journey, udp_over_a_bridge)
{
	struct test *t = &self->t;
	const struct hop hop = { .skb = 0x10, .ip_id = 7 };

	feed(t, HOP("ip_send_skb", .skb = 0x10, .ip_id = 7));
	feed_all(t, hop, bridged);
	feed(t, HOP("udp_rcv", .skb = 0x10, .ip_id = 7));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10, .ip_id = 7));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	ASSERT_EQ(0, t->nr_seen);
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(NR_BRIDGED + 4, t->seen[0].nr_hops);
	EXPECT_EQ(1, t->seen[0].nr_lives);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_STREQ("__udp_enqueue_schedule_skb", t->seen[0].end_point);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
}

TEST_F(journey, tcp_travels_as_a_clone)
{
	struct test *t = &self->t;

	send_tcp(t, 0x10, 0x18, 1000);
	deliver_tcp(t, 0x10, 0x18, 1000);
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(NR_BRIDGED + 6, t->seen[0].nr_hops);
	EXPECT_EQ(2, t->seen[0].nr_lives);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
	EXPECT_EQ(0, journey_counts(t->engine)->unknown);
}

TEST_F(journey, tcp_is_complete_before_it_is_acknowledged)
{
	struct test *t = &self->t;

	send_tcp(t, 0x10, 0x18, 1000);
	deliver_tcp(t, 0x10, 0x18, 1000);
	journey_advance(t->engine, t->ts + 20 * MSEC);
	ASSERT_EQ(1, t->nr_seen);
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	flush(t);
	EXPECT_EQ(1, t->nr_seen);
	EXPECT_EQ(0, journey_counts(t->engine)->unknown);
}

/*
 * Frees may have been missed. A malformed skb does not tell what packet it is, so what
 * was before it counts.
 */
TEST_F(journey, used_again_around_a_malformed_hop)
{
	struct test *t = &self->t;
	const struct hop first = { .skb = 0x10, .ip_id = 7, .flow = 1 };
	const struct hop second = {
		.skb = 0x10, .l4proto = IPPROTO_TCP, .seq = 5, .flow = 2, .crc = 2,
		.flags = SKBTRACE_F_DOUBTFUL
	};
	struct hop hop = first;

	hop.point = "ip_rcv";
	feed(t, hop);
	hop.point = "ip_output";
	feed(t, hop);
	feed_malformed(t, HOP("veth_xmit", .skb = 0x10));
	hop = second;
	hop.head = 0x300;
	hop.point = "ip_rcv";
	feed(t, hop);
	hop.point = "ip_output";
	feed(t, hop);
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(3, t->seen[0].nr_hops);
	EXPECT_EQ(0, t->seen[0].verdict.nr_changes);
	EXPECT_EQ(0, t->seen[1].verdict.nr_changes);
}

TEST_F(journey, a_pure_ack_travels_itself)
{
	struct test *t = &self->t;
	const struct hop ack = {
		.skb = 0x10, .l4proto = IPPROTO_TCP, .seq = 5, .len = NO_PAYLOAD
	};
	static const char * const points[] = {
		"__tcp_transmit_skb", "ip_queue_xmit", "ip_output", "veth_xmit",
		"__netif_receive_skb_core", "tcp_v4_rcv", NULL
	};

	feed_all(t, ack, points);
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(1, t->seen[0].nr_lives);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_STREQ("tcp_v4_rcv", t->seen[0].end_point);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
}

TEST_F(journey, a_retransmission_is_a_journey_of_its_own)
{
	struct test *t = &self->t;

	send_tcp(t, 0x10, 0x18, 1000);
	feed(t, HOP("kfree_skb", .skb = 0x18));
	feed(t, HOP("kfree_skbmem", .skb = 0x18));
	journey_advance(t->engine, t->ts + SEC);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_FALSE(t->seen[0].retransmission);

	/* The clone has the same address: it is the other half of the skb. */
	send_tcp(t, 0x10, 0x18, 1000);
	deliver_tcp(t, 0x10, 0x18, 1000);
	journey_advance(t->engine, t->ts + SEC);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_TRUE(t->seen[1].retransmission);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[1].end);

	/* 40 bytes were acknowledged; the rest is sent again. */
	send_tcp(t, 0x10, 0x18, 1040);
	journey_flush(t->engine);
	ASSERT_EQ(3, t->nr_seen);
	EXPECT_TRUE(t->seen[2].retransmission);

	/* The skb was freed and is used again: nothing is sent twice. */
	feed(t, HOP("kfree_skbmem", .skb = 0x18));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	send_tcp(t, 0x10, 0x18, 1040);
	journey_flush(t->engine);
	ASSERT_EQ(4, t->nr_seen);
	EXPECT_FALSE(t->seen[3].retransmission);
}

TEST_F(journey, a_retransmission_while_the_first_is_under_way)
{
	struct test *t = &self->t;

	send_tcp(t, 0x10, 0x18, 1000);
	/* The clone is still queued, so the skb is copied. */
	feed(t, HOP("__tcp_transmit_skb", .skb = 0x10, .head = 0x10,
		    .l4proto = IPPROTO_TCP, .seq = 1000));
	feed(t, HOP("__pskb_copy_fclone:return", .skb = 0x10, .ret = 0x28));
	feed(t, HOP("ip_output", .skb = 0x28, .l4proto = IPPROTO_TCP, .seq = 1000, .ip_id = 9));
	deliver_tcp(t, 0x10, 0x18, 1000);
	feed(t, HOP("tcp_v4_rcv", .skb = 0x28, .l4proto = IPPROTO_TCP, .seq = 1000, .ip_id = 9));
	feed(t, HOP("kfree_skb_reason", .skb = 0x28, .reason = 30));
	feed(t, HOP("kfree_skbmem", .skb = 0x28));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_FALSE(t->seen[0].retransmission);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[1].end);
	EXPECT_TRUE(t->seen[1].retransmission);
	EXPECT_STREQ("__tcp_transmit_skb __pskb_copy_fclone:return ip_output tcp_v4_rcv "
		     "kfree_skb_reason kfree_skbmem", t->seen[1].hops);
}

TEST_F(journey, arp_is_flooded_in_branches)
{
	struct test *t = &self->t;
	const unsigned int arp = ETH_P_ARP;

	feed(t, HOP("__dev_queue_xmit", .skb = 0x10, .protocol = arp, .len = 28));
	feed(t, HOP("br_handle_frame_finish", .skb = 0x10, .protocol = arp, .len = 28));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x20));
	feed(t, HOP("__br_forward", .skb = 0x20, .head = 0x100010, .protocol = arp, .len = 28));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x30));
	feed(t, HOP("__br_forward", .skb = 0x30, .head = 0x100010, .protocol = arp, .len = 28));
	feed(t, HOP("br_pass_frame_up", .skb = 0x10, .protocol = arp, .len = 28));
	feed(t, HOP("arp_rcv", .skb = 0x30, .head = 0x100010, .protocol = arp, .len = 28));
	feed(t, HOP("kfree_skbmem", .skb = 0x30));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("kfree_skb_reason", .skb = 0x20, .reason = REASON_NETFILTER));
	feed(t, HOP("kfree_skbmem", .skb = 0x20));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(3, t->seen[0].nr_lives);
	EXPECT_EQ(12, t->seen[0].nr_hops);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
}

TEST_F(journey, a_pointer_is_used_again)
{
	struct test *t = &self->t;

	/* With the free seen in between. */
	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 1));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 2));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	/* With one that made no record: the ring was overrun, or was not asked. */
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 1));
	feed(t, HOP("kfree_skbmem", .skb = 0x20, .unseen = 1));
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 2));
	/* A clone is made at its address, which is all that is seen of the free. */
	feed(t, HOP("ip_rcv", .skb = 0x60, .ip_id = 6));
	feed(t, HOP("skb_clone:return", .skb = 0x20, .ret = 0x60));
	feed(t, HOP("__br_forward", .skb = 0x60, .crc = 2));
	/* It is sent, as something else. */
	feed(t, HOP("ip_rcv", .skb = 0x70, .crc = 1));
	feed(t, HOP("ip_send_skb", .skb = 0x70, .crc = 2));
	flush(t);
	ASSERT_EQ(7, t->nr_seen);
	EXPECT_EQ(JOURNEY_FREED, t->seen[0].end);
	EXPECT_EQ(JOURNEY_FREED, t->seen[1].end);
	EXPECT_STREQ("ip_rcv skb_clone:return __br_forward", t->seen[3].hops);
}

/* The kernel has skipped probes where skbs are freed. */
TEST_F(journey, a_pointer_may_be_used_again)
{
	const unsigned int doubt = SKBTRACE_F_DOUBTFUL;
	struct test *t = &self->t;
	unsigned int i;

	/* Plainly another: other identification, head where it was or elsewhere. */
	feed(t, HOP("ip_rcv", .skb = 0x20, .ip_id = 1, .crc = 1));
	feed(t, HOP("ip_rcv", .skb = 0x20, .ip_id = 2, .crc = 2, .flags = doubt));
	feed(t, HOP("ip_rcv", .skb = 0x20, .ip_id = 3, .crc = 3, .head = 5, .flags = doubt));
	/* Of TCP: elsewhere in the stream. */
	feed(t, HOP("ip_rcv", .skb = 0x30, .l4proto = IPPROTO_TCP, .seq = 100, .crc = 1));
	feed(t, HOP("ip_rcv", .skb = 0x30, .l4proto = IPPROTO_TCP, .seq = 200, .crc = 2,
		    .flags = doubt));
	/* Other flow and other bytes. */
	feed(t, HOP("ip_rcv", .skb = 0x40, .flow = 1, .crc = 1));
	feed(t, HOP("ip_rcv", .skb = 0x40, .flow = 2, .crc = 2, .flags = doubt));
	/* Likewise at the same place in memory, and nothing that tunnels. */
	feed(t, HOP("ip_rcv", .skb = 0x48, .flow = 1, .len = 8, .l4proto = IPPROTO_ICMP));
	feed(t, HOP("ip_rcv", .skb = 0x48, .flow = 2, .len = 80, .l4proto = IPPROTO_ICMP,
		    .flags = doubt));
	flush(t);
	ASSERT_EQ(9, t->nr_seen);
	for (i = 0; i < t->nr_seen; i++)
		EXPECT_EQ(0, t->seen[i].verdict.nr_changes);
}

TEST_F(journey, in_doubt_nothing_is_changed)
{
	struct test *t = &self->t;

	feed(t, HOP("ip_rcv", .skb = 0x10, .crc = 1));
	feed(t, HOP("ip_output", .skb = 0x10, .crc = 2, .flags = SKBTRACE_F_DOUBTFUL));
	feed(t, HOP("veth_xmit", .skb = 0x10, .crc = 2, .flags = SKBTRACE_F_DOUBTFUL));
	/* The same bytes are the same, whosever they are. */
	feed(t, HOP("ip_rcv", .skb = 0x20, .crc = 1));
	feed(t, HOP("ip_output", .skb = 0x20, .crc = 1, .flags = SKBTRACE_F_DOUBTFUL));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[0].verdict.payload);
	EXPECT_STREQ("at ip_output it may be another packet in an skb of the same address: the "
		     "kernel skipped probes where skbs are freed", t->seen[0].verdict.why);
	EXPECT_EQ(VERDICT_INTACT, t->seen[1].verdict.payload);
}

TEST_F(journey, it_is_still_the_same_packet)
{
	struct test *t = &self->t;
	const unsigned int tcp = IPPROTO_TCP;

	/* Addresses translated. */
	feed(t, HOP("ip_rcv", .skb = 0x10, .flow = 1));
	feed(t, HOP("ip_output", .skb = 0x10, .flow = 2));
	/* Addresses translated, and a byte changed. */
	feed(t, HOP("ip_rcv", .skb = 0x20, .flow = 1, .ip_id = 3, .crc = 1));
	feed(t, HOP("ip_output", .skb = 0x20, .flow = 2, .ip_id = 3, .crc = 2));
	/* A SYN translated. */
	feed(t, HOP("ip_rcv", .skb = 0x30, .flow = 1, .l4proto = tcp, .seq = 9,
		    .len = NO_PAYLOAD));
	feed(t, HOP("ip_output", .skb = 0x30, .flow = 2, .l4proto = tcp, .seq = 9,
		    .len = NO_PAYLOAD));
	/* Data moved, and a byte changed: what pedit does to a clone. */
	feed(t, HOP("ip_rcv", .skb = 0x40, .crc = 1));
	feed(t, HOP("ip_output", .skb = 0x40, .crc = 2, .head = 5));
	/* Sequence numbers translated. */
	feed(t, HOP("ip_rcv", .skb = 0x50, .l4proto = tcp, .seq = 9));
	feed(t, HOP("ip_output", .skb = 0x50, .l4proto = tcp, .seq = 7009));
	/* What was received already is trimmed. */
	feed(t, HOP("ip_rcv", .skb = 0x60, .l4proto = tcp, .seq = 9, .crc = 1));
	feed(t, HOP("tcp_queue_rcv", .skb = 0x60, .l4proto = tcp, .seq = 49, .len = 60,
		    .crc = 2));
	/* Put into a tunnel. */
	feed(t, HOP("ip_rcv", .skb = 0x70, .flow = 1, .crc = 1));
	feed(t, HOP("ip_output", .skb = 0x70, .flow = 2, .crc = 2, .len = 150));
	flush(t);
	ASSERT_EQ(7, t->nr_seen);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
	EXPECT_EQ(VERDICT_CHANGED, t->seen[1].verdict.payload);
	EXPECT_EQ(VERDICT_INTACT, t->seen[2].verdict.payload);
	EXPECT_EQ(VERDICT_CHANGED, t->seen[3].verdict.payload);
	EXPECT_EQ(VERDICT_INTACT, t->seen[4].verdict.payload);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[5].verdict.payload);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[6].verdict.payload);
}

TEST_F(journey, returns_belong_to_the_time_of_the_call)
{
	struct test *t = &self->t;

	/* The skb is freed within the call, and its pointer used again. */
	feed(t, HOP("br_handle_frame", .skb = 0x10, .ip_id = 1));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("ip_send_skb", .skb = 0x10, .ip_id = 2, .cpu = 1));
	feed(t, HOP("br_handle_frame:return", .skb = 0x10, .duration = 2500));
	/* A call that was under way when tracing began. */
	feed(t, HOP("ip_rcv", .skb = 0x20));
	feed(t, HOP("nf_hook_slow:return", .skb = 0x20, .ret = 1, .duration = 50000));
	/* The journey begins with the call: who is told first is not known. */
	feed(t, HOP("veth_xmit", .skb = 0x30));
	feed(t, HOP("veth_xmit:return", .skb = 0x30, .duration = 1500));
	/* Of nothing known. */
	feed(t, HOP("veth_xmit:return", .skb = 0x40, .duration = 1500));
	flush(t);
	ASSERT_EQ(4, t->nr_seen);
	EXPECT_STREQ("br_handle_frame kfree_skbmem br_handle_frame:return", t->seen[0].hops);
	EXPECT_STREQ("ip_send_skb", t->seen[1].hops);
	EXPECT_STREQ("ip_rcv", t->seen[2].hops);
	EXPECT_STREQ("veth_xmit veth_xmit:return", t->seen[3].hops);
	EXPECT_EQ(2, journey_counts(t->engine)->late_returns);
}

TEST_F(journey, nothing_begins_with_an_end)
{
	struct test *t = &self->t;

	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("kfree_skb", .skb = 0x20));
	feed(t, HOP("skb_clone:return", .skb = 0x30, .ret = 0x40));
	feed(t, HOP("skb_clone:return", .skb = 0x30, .ret = 0));
	feed(t, HOP("nf_hook_slow:return", .skb = 0x50, .ret = 1));
	flush(t);
	EXPECT_EQ(0, t->nr_seen);
	EXPECT_EQ(4, journey_counts(t->engine)->unknown);
}

/* RHEL 7: a reader that takes its time. */
TEST_F(journey, what_is_read_late_is_no_journey)
{
	struct test *t = &self->t;

	feed(t, HOP("ip_send_skb", .skb = 0x10));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10));
	feed(t, HOP("skb_copy_datagram_iovec", .skb = 0x10));
	journey_advance(t->engine, t->ts + 2 * SEC);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(3, t->seen[0].nr_hops);
	feed(t, HOP("skb_copy_datagram_iovec", .skb = 0x10));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	flush(t);
	EXPECT_EQ(1, t->nr_seen);
	EXPECT_EQ(2, journey_counts(t->engine)->unknown);
}

TEST_F(journey, the_record_of_a_clone_is_missing)
{
	struct test *t = &self->t;

	/* Of a flooded packet. */
	feed(t, HOP("br_handle_frame", .skb = 0x10));
	feed(t, HOP("__br_forward", .skb = 0x20, .head = 0x100010));
	/* Of what TCP sends: the clone goes on in its place. */
	feed(t, HOP("__tcp_transmit_skb", .skb = 0x30, .l4proto = IPPROTO_TCP, .seq = 1));
	feed(t, HOP("ip_output", .skb = 0x38, .head = 0x100030, .l4proto = IPPROTO_TCP,
		    .seq = 1, .ip_id = 9));
	feed(t, HOP("tcp_queue_rcv", .skb = 0x38, .head = 0x100030, .l4proto = IPPROTO_TCP,
		    .seq = 1, .ip_id = 9));
	feed(t, HOP("kfree_skbmem", .skb = 0x38));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_STREQ("br_handle_frame __br_forward", t->seen[0].hops);
	EXPECT_EQ(2, t->seen[0].nr_lives);
	EXPECT_STREQ("__tcp_transmit_skb ip_output tcp_queue_rcv kfree_skbmem", t->seen[1].hops);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[1].end);
}

/* XDP on veth: of a datagram that is a guess, unless there is a record of it. */
static void build_anew(struct test *t, struct hop hop, const char *tie)
{
	feed(t, HOP("veth_xmit", .skb = 0x10, .ip_id = hop.ip_id, .l4proto = hop.l4proto,
		    .seq = hop.seq, .peer = "veth1"));
	if (tie)
		feed(t, HOP(.point = tie, .skb = 0x10, .ret = 0x20));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	hop.skb = 0x20;
	hop.point = "napi_gro_receive";
	hop.dev = "veth1";
	feed(t, hop);
	hop.dev = NULL;
	hop.point = hop.l4proto == IPPROTO_TCP ? "tcp_queue_rcv" : "__udp_enqueue_schedule_skb";
	feed(t, hop);
	feed(t, HOP("kfree_skbmem", .skb = 0x20));
	flush(t);
}

TEST_F(journey, the_skb_is_built_anew)
{
	struct test *t = &self->t;

	build_anew(t, HOP(.ip_id = 5), NULL);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
}

TEST_F(journey, the_skb_is_built_anew_with_other_bytes)
{
	struct test *t = &self->t;

	build_anew(t, HOP(.ip_id = 5, .crc = 7), NULL);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(VERDICT_UNVERIFIED, t->seen[0].verdict.payload);
	EXPECT_STREQ("at napi_gro_receive the bytes are others than at veth_xmit, in an skb whose "
		     "making was not seen: it may be another packet", t->seen[0].verdict.why);
}

TEST_F(journey, the_skb_is_built_anew_and_tcp_says_whose_bytes_it_has)
{
	struct test *t = &self->t;

	build_anew(t, HOP(.l4proto = IPPROTO_TCP, .seq = 9, .crc = 7), NULL);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_STREQ("veth_xmit", t->seen[0].after);
	EXPECT_STREQ("napi_gro_receive", t->seen[0].before);
}

TEST_F(journey, the_skb_is_copied)
{
	struct test *t = &self->t;

	build_anew(t, HOP(.crc = 7), "skb_copy:return");
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_STREQ("veth_xmit", t->seen[0].after);
	EXPECT_STREQ("napi_gro_receive", t->seen[0].before);
}

TEST_F(journey, packets_without_number_are_joined_only_at_the_other_end)
{
	struct test *t = &self->t;

	/* Handed to veth1, and there is one. */
	feed(t, HOP("veth_xmit", .skb = 0x10, .peer = "veth1"));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("napi_gro_receive", .skb = 0x20, .dev = "veth1"));
	flush(t);
	EXPECT_EQ(1, t->nr_seen);

	/* One was freed somewhere, another comes from elsewhere. */
	feed(t, HOP("ip_rcv", .skb = 0x30, .dev = "veth1"));
	feed(t, HOP("kfree_skbmem", .skb = 0x30));
	feed(t, HOP("ip_rcv", .skb = 0x40, .dev = "veth1"));
	flush(t);
	EXPECT_EQ(3, t->nr_seen);

	/* Which of two it is nobody knows. */
	feed(t, HOP("veth_xmit", .skb = 0x50, .peer = "veth1"));
	feed(t, HOP("veth_xmit", .skb = 0x60, .peer = "veth1"));
	feed(t, HOP("kfree_skbmem", .skb = 0x50));
	feed(t, HOP("kfree_skbmem", .skb = 0x60));
	feed(t, HOP("napi_gro_receive", .skb = 0x70, .dev = "veth1"));
	flush(t);
	EXPECT_EQ(6, t->nr_seen);
}

TEST_F(journey, what_was_delivered_is_not_built_anew)
{
	struct test *t = &self->t;

	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10, .ip_id = 5));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	feed(t, HOP("ip_rcv", .skb = 0x20, .ip_id = 5));
	flush(t);
	EXPECT_EQ(2, t->nr_seen);
}

/* Neither was the clone seen anywhere, nor its end. */
TEST_F(journey, a_clone_not_seen_whose_pointer_is_used_again)
{
	const unsigned int doubt = SKBTRACE_F_DOUBTFUL;
	struct test *t = &self->t;

	feed(t, HOP("ip_rcv", .skb = 0x10, .head = 0x1000, .ip_id = 1, .len = 500));
	feed(t, HOP("skb_clone:return", .skb = 0x10, .ret = 0x20));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10, .head = 0x1000, .ip_id = 1,
		    .len = 500));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	/* Longer, so that the other might be in it. */
	feed(t, HOP("ipv6_rcv", .skb = 0x20, .head = 0x2000, .protocol = ETH_P_IPV6,
		    .len = 1400, .crc = 7, .flags = doubt));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x20, .head = 0x2000,
		    .protocol = ETH_P_IPV6, .len = 1400, .crc = 7, .flags = doubt));
	feed(t, HOP("kfree_skbmem", .skb = 0x20));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_EQ(VERDICT_INTACT, t->seen[0].verdict.payload);
	EXPECT_EQ(VERDICT_INTACT, t->seen[1].verdict.payload);
}

TEST_HARNESS_MAIN
