// SPDX-License-Identifier: GPL-2.0
/*
 * What the records of lives tell: cut, merged, copied; in tunnels and out of them; not
 * asked for. Each case that is healthy has a twin with a real change at the same place.
 */
#include "kselftest_harness.h"

#include "segments.h"

#define HEALTHY	0xc0ffee
#define GARBLED	0xbad

/* The verdict on one journey of these hops. */
#define verdict_of_hops(t, ...) ({					\
	const struct hop hops[] = { __VA_ARGS__ };			\
	unsigned int i;							\
									\
	for (i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)		\
		feed(t, hops[i]);					\
	flush(t);							\
	ASSERT_EQ(1, (t)->nr_seen);					\
	&(t)->seen[0].verdict;						\
})

#define EXPECT_VERDICT(_payload, _why, ...) do {					\
	const struct verdict *v_ = __VA_ARGS__;			\
									\
	EXPECT_EQ(_payload, v_->payload) {				\
		TH_LOG("%s", v_->why);					\
	}								\
	EXPECT_STREQ(_why, v_->why);					\
} while (0)

/* Of each variant one in which nothing is wrong, and one in which it is. */
FIXTURE(tunnel)
{
	struct test t;
};

FIXTURE_VARIANT(tunnel)
{
	uint32_t crc;
};

FIXTURE_VARIANT_ADD(tunnel, healthy) { HEALTHY };
FIXTURE_VARIANT_ADD(tunnel, garbled) { GARBLED };

FIXTURE_SETUP(tunnel)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(tunnel)
{
	test_end(&self->t);
}

#define EXPECT_INTACT_OR(why, ...) \
	EXPECT_VERDICT(variant->crc == HEALTHY ? VERDICT_INTACT : VERDICT_CHANGED, \
		       variant->crc == HEALTHY ? "" : (why), (__VA_ARGS__))

/* The payload is the innermost one: the outer addresses are none of the flow's. */
TEST_F(tunnel, vxlan)
{
	EXPECT_INTACT_OR("payload changed between ip_output and veth_xmit",
		verdict_of_hops(&self->t,
		{ "__dev_queue_xmit", .skb = 1, .dev = "vxlan1" },
		{ "ip_output", .skb = 1, .dev = "veth0", .tunnel = SKBTRACE_TUNNEL_VXLAN,
		  .tunnel_id = 1, .outer = 1 },
		{ "veth_xmit", .skb = 1, .dev = "veth0", .tunnel = SKBTRACE_TUNNEL_VXLAN,
		  .tunnel_id = 1, .outer = 7, .crc = variant->crc },
		{ "ip_rcv", .skb = 1, .dev = "vxlan1", .crc = variant->crc },
		{ "__udp_enqueue_schedule_skb", .skb = 1, .crc = variant->crc }));
}

/* What is encrypted is compared before and behind. */
TEST_F(tunnel, esp)
{
	const struct hop esp = {
		.skb = 1, .len = 160, .crc = 7, .l4proto = IPPROTO_ESP, .flow = 9, .outer = 1,
		.payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP, .tunnel_id = 5
	};
	struct hop output = esp, xmit = esp, rcv = esp;

	output.point = "ip_output";
	xmit.point = "veth_xmit";
	rcv.point = "ip_rcv";
	EXPECT_INTACT_OR("payload changed between ip_forward and ip_local_deliver",
		verdict_of_hops(&self->t,
		{ "ip_forward", .skb = 1 }, output, xmit, rcv,
		{ "ip_local_deliver", .skb = 1, .crc = variant->crc },
		{ "__udp_enqueue_schedule_skb", .skb = 1, .crc = variant->crc }));
}

TEST_F(tunnel, within_esp)
{
	const struct hop esp = {
		.skb = 1, .len = 160, .crc = 7, .l4proto = IPPROTO_ESP, .flow = 9, .outer = 1,
		.payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP, .tunnel_id = 5
	};
	struct hop xmit = esp, rcv = esp;

	xmit.point = "veth_xmit";
	rcv.point = "ip_rcv";
	rcv.crc = variant->crc == HEALTHY ? 7 : 8;
	EXPECT_INTACT_OR("payload changed between veth_xmit and ip_rcv",
		verdict_of_hops(&self->t,
		{ "ip_forward", .skb = 1 }, xmit, rcv,
		{ "ip_local_deliver", .skb = 1 },
		{ "__udp_enqueue_schedule_skb", .skb = 1 }));
}

/* It comes encrypted, and goes on in clear: each is compared with itself. */
TEST_F(tunnel, out_of_esp)
{
	const struct hop esp = {
		.skb = 1, .len = 160, .crc = 7, .l4proto = IPPROTO_ESP, .flow = 9, .outer = 1,
		.payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP, .tunnel_id = 5
	};
	struct hop xmit = esp, rcv = esp;

	xmit.point = "veth_xmit";
	rcv.point = "ip_rcv";
	EXPECT_INTACT_OR("payload changed between ip_local_deliver and __udp_enqueue_schedule_skb",
		verdict_of_hops(&self->t, xmit, rcv,
		{ "ip_local_deliver", .skb = 1 },
		{ "__udp_enqueue_schedule_skb", .skb = 1, .crc = variant->crc }));
}

/* Likewise, of two segments, which are merged in clear. */
TEST_F(tunnel, out_of_esp_and_merged)
{
	const struct hop esp = {
		.point = "veth_xmit", .len = 1500, .crc = 7, .l4proto = IPPROTO_ESP, .flow = 9,
		.outer = 1, .payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP,
		.tunnel_id = 5
	};
	struct test *t = &self->t;
	struct hop whole = tcp(1, 0, 2 * MSS);
	uint32_t i;

	for (i = 0; i < 2; i++) {
		struct hop in = esp;

		in.skb = i + 1;
		in.crc += i;
		feed(t, in);
		at(t, "napi_gro_receive", tcp(i + 1, i * MSS, MSS));
	}
	feed(t, HOP("skb_gro_receive:return", .skb = 2, .into = 1));
	feed(t, HOP("napi_skb_free_stolen_head", .skb = 2));
	whole.wrong = variant->crc == HEALTHY ? 0 : WRONG(9);
	at(t, "__netif_receive_skb_core", whole);
	receive(t, whole);
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	for (i = 0; i < 2; i++) {
		EXPECT_STREQ(variant->crc == HEALTHY ? "" : "payload changed between "
			     "napi_gro_receive and __netif_receive_skb_core",
			     t->seen[i].verdict.why);
	}
}

TEST_F(tunnel, out_of_esp_and_not_seen_again)
{
	const struct hop esp = {
		.skb = 1, .len = 160, .crc = 7, .l4proto = IPPROTO_ESP, .flow = 9, .outer = 1,
		.payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP, .tunnel_id = 5
	};
	struct hop xmit = esp;

	xmit.point = "veth_xmit";
	EXPECT_VERDICT(VERDICT_UNVERIFIED, "payload went from 160 bytes to 100 bytes at "
		       "__udp_enqueue_schedule_skb: it is encrypted there, or was until then",
		verdict_of_hops(&self->t, xmit,
		{ "__udp_enqueue_schedule_skb", .skb = 1 }));
}

/* It leaves encrypted: there is nothing to compare that with. */
TEST_F(tunnel, into_esp)
{
	EXPECT_VERDICT(VERDICT_UNVERIFIED, "payload went from 100 bytes to 160 bytes at veth_xmit: "
		       "it is encrypted there, or was until then",
		verdict_of_hops(&self->t,
		{ "ip_forward", .skb = 1 },
		{ "veth_xmit", .skb = 1, .len = 160, .crc = variant->crc, .l4proto = IPPROTO_ESP,
		  .payload = SKBTRACE_PAYLOAD_OPAQUE, .tunnel = SKBTRACE_TUNNEL_ESP },
		{ "kfree_skbmem", .skb = 1 }));
}

/* A tunnel's packet is sent in fragments, which are not looked into, and put together. */
TEST_F(tunnel, in_fragments)
{
	const struct hop fragment = {
		.skb = 1, .len = 80, .crc = 5, .l4proto = IPPROTO_UDP, .flow = 9, .ip_id = 4,
		.payload = SKBTRACE_PAYLOAD_NETWORK, .flags = SKBTRACE_F_FRAGMENT
	};
	struct hop first = fragment, second = fragment, first_in = fragment, second_in = fragment;

	first.point = "veth_xmit";
	first_in.point = "ip_local_deliver";
	second.point = "veth_xmit";
	second_in.point = "ip_local_deliver";
	second.skb = second_in.skb = 2;
	second.frag_off = second_in.frag_off = 80;
	second.crc = second_in.crc = 6;
	EXPECT_INTACT_OR("payload changed between ip_output and ip_rcv",
		verdict_of_hops(&self->t,
		{ "ip_output", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5 },
		{ "ip_copy_metadata", .skb = 1, .ret = 2 },
		first, second, first_in, second_in,
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5, .crc = variant->crc },
		{ "tcp_queue_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5,
		  .crc = variant->crc }));
}

TEST_F(tunnel, mpls)
{
	EXPECT_INTACT_OR("payload changed between ip_rcv and __dev_queue_xmit",
		verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .tunnel = SKBTRACE_TUNNEL_MPLS, .tunnel_id = 100 },
		{ "__dev_queue_xmit", .skb = 1, .tunnel = SKBTRACE_TUNNEL_MPLS, .tunnel_id = 200,
		  .crc = variant->crc },
		{ "veth_xmit", .skb = 1, .tunnel = SKBTRACE_TUNNEL_MPLS, .tunnel_id = 200,
		  .crc = variant->crc }));
}

/* Its addresses are translated where it is on a bridge: IPv6 has no number. */
TEST_F(tunnel, address_translated)
{
	EXPECT_INTACT_OR("payload changed between ip6_rcv_core and ip6_forward",
		verdict_of_hops(&self->t,
		{ "ip6_rcv_core", .skb = 1, .protocol = ETH_P_IPV6, .flow = 1 },
		{ "ip6_forward", .skb = 1, .protocol = ETH_P_IPV6, .flow = 2,
		  .crc = variant->crc }));
}

/* Nothing says that this is a tunnel (WireGuard; VXLAN at a translated port). */
TEST_F(tunnel, that_is_not_known)
{
	EXPECT_INTACT_OR("payload changed between __dev_queue_xmit and ip_rcv",
		verdict_of_hops(&self->t,
		{ "__dev_queue_xmit", .skb = 1, .flow = 1 },
		{ "veth_xmit", .skb = 1, .flow = 9, .len = 160, .crc = 7 },
		{ "ip_rcv", .skb = 1, .flow = 1, .crc = variant->crc },
		{ "__udp_enqueue_schedule_skb", .skb = 1, .flow = 1, .crc = variant->crc }));
}

TEST_F(tunnel, that_is_not_known_and_not_left)
{
	EXPECT_VERDICT(VERDICT_UNVERIFIED,
		       "payload went from 100 bytes to 160 bytes at veth_xmit: its addresses are others",
		verdict_of_hops(&self->t,
		{ "__dev_queue_xmit", .skb = 1, .flow = 1 },
		{ "veth_xmit", .skb = 1, .flow = 9, .len = 160, .crc = variant->crc }));
}

/* Out of one and into another: only the outsides are seen, and they are as long. */
TEST_F(tunnel, after_tunnel)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "__netif_receive_skb_core", .skb = 1, .flow = 1, .ip_id = 7, .len = 160 },
		{ "veth_xmit", .skb = 1, .flow = 2, .ip_id = 9, .len = 160, .crc = GARBLED });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
}

/* -- segments and merges, by their records -- */

/* UDP over IPv6 has no number either: the records tell the order. */
/* IPv6's headers have no number: that both addresses are others says so. */
TEST_F(tunnel, after_tunnel_of_ipv6)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "__netif_receive_skb_core", .skb = 1, .protocol = ETH_P_IPV6, .dev = "l1",
		  .flow = 1, .to = 2, .ttl = 64, .len = 160 },
		{ "veth_xmit", .skb = 1, .protocol = ETH_P_IPV6, .dev = "r1",
		  .flow = 2, .to = 3, .ttl = 64, .len = 160, .crc = GARBLED });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_EQ(0, verdict->nr_changes);
}

/* A fragment of IPv6 that NAT numbered anew, changed, and dropped in the end: not intact. */
TEST_F(tunnel, translated_numbered_anew_and_dropped)
{
	EXPECT_VERDICT(variant->crc == HEALTHY ? VERDICT_INTACT : VERDICT_UNVERIFIED,
		       variant->crc == HEALTHY ? "" : "payload went from 1440 bytes to 1440 bytes "
		       "at veth_xmit: its addresses are others",
		verdict_of_hops(&self->t,
		{ "veth_xmit", .skb = 1, .protocol = ETH_P_IPV6, .dev = "r0", .to = 2, .ip_id = 7,
		  .len = 1440, .flags = SKBTRACE_F_FRAGMENT },
		{ "veth_xmit", .skb = 1, .protocol = ETH_P_IPV6, .dev = "r1", .to = 3, .ip_id = 8,
		  .len = 1440, .flags = SKBTRACE_F_FRAGMENT, .crc = variant->crc },
		{ "kfree_skb", .skb = 1 },
		{ "kfree_skbmem", .skb = 1 }));
}

/* A router that translates one of them, seen in front and behind. */
TEST_F(tunnel, through_a_router_that_translates)
{
	EXPECT_INTACT_OR("payload changed between __netif_receive_skb_core and veth_xmit",
		verdict_of_hops(&self->t,
		{ "__netif_receive_skb_core", .skb = 1, .protocol = ETH_P_IPV6, .dev = "l1",
		  .flow = 1, .to = 2, .ttl = 64 },
		{ "veth_xmit", .skb = 1, .protocol = ETH_P_IPV6, .dev = "r1",
		  .flow = 1, .to = 3, .ttl = 63, .crc = variant->crc }));
}

TEST_F(tunnel, udp_segments)
{
	struct test *t = &self->t;
	struct hop whole = HOP(.skb = 0x10, .protocol = ETH_P_IPV6, .gso_size = 1000,
			       .bytes = { 0, 4500 });
	unsigned int i;

	at(t, "ip6_output", whole);
	for (i = 0; i < 5; i++)
		feed(t, HOP("skb_segment:return", .skb = 0x10, .ret = SEGMENT_SKB(i)));
	gone(t, 0x10);
	/* Sent the other way round. */
	for (i = 5; i--;) {
		struct hop part = whole;

		part.skb = SEGMENT_SKB(i);
		part.gso_size = 0;
		part.bytes.from = i * 1000;
		part.bytes.len = i == 4 ? 500 : 1000;
		part.wrong = variant->crc == HEALTHY ? 0 : WRONG(2345);
		at(t, "dev_hard_start_xmit", part);
		at(t, "__udp_enqueue_schedule_skb", part);
		gone(t, part.skb);
	}
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	if (variant->crc == HEALTHY)
		EXPECT_INTACT(t, 0);
	else
		EXPECT_CHANGED(t, 0, "ip6_output", "dev_hard_start_xmit");
	EXPECT_EQ(6, t->seen[0].nr_lives);
}

TEST_F(tunnel, udp_merged)
{
	struct test *t = &self->t;
	struct hop part, all = HOP(.skb = SEGMENT_SKB(0), .protocol = ETH_P_IPV6, .gso_size = 1000,
				   .bytes = { 0, 3000 });
	unsigned int i;

	for (i = 0; i < 3; i++) {
		part = all;
		part.skb = SEGMENT_SKB(i);
		part.gso_size = 0;
		part.bytes.from = i * 1000;
		part.bytes.len = 1000;
		at(t, "veth_xmit", part);
		at(t, "napi_gro_receive", part);
		if (i)
			feed(t, HOP("skb_gro_receive:return", .skb = part.skb, .into = SEGMENT_SKB(0)));
		if (i)
			gone(t, part.skb);
	}
	all.wrong = variant->crc == HEALTHY ? 0 : WRONG(2345);
	at(t, "ipv6_rcv", all);
	at(t, "__udp_enqueue_schedule_skb", all);
	gone(t, SEGMENT_SKB(0));
	flush(t);
	ASSERT_EQ(3, t->nr_seen);
	for (i = 0; i < 3; i++)
		if (variant->crc == HEALTHY)
			EXPECT_INTACT(t, i);
		else
			EXPECT_CHANGED(t, i, "napi_gro_receive", "ipv6_rcv");
}

/* There was no room: it goes on by itself. */
TEST_F(tunnel, not_merged_after_all)
{
	struct test *t = &self->t;
	unsigned int i;

	for (i = 0; i < 2; i++)
		at(t, "napi_gro_receive", SEGMENT(i));
	feed(t, HOP("skb_gro_receive:return", .skb = SEGMENT_SKB(1), .into = SEGMENT_SKB(0)));
	for (i = 0; i < 2; i++)
		receive(t, segment_with(i, variant->crc == HEALTHY || !i ? 0 : WRONG(MSS + 3)));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_INTACT(t, 0);
	if (variant->crc == HEALTHY)
		EXPECT_INTACT(t, 1);
	else
		EXPECT_CHANGED(t, 1, "napi_gro_receive", "tcp_v4_rcv");
}

/* Both skb_copy() and skb_copy_header(), which it calls, say that there is a copy. */
TEST_F(tunnel, copied_twice_over)
{
	struct test *t = &self->t;
	uint64_t copy;

	feed(t, HOP("ip_rcv", .skb = 1));
	feed(t, HOP("skb_copy_header", .skb = 1, .ret = 2));
	copy = life_of(t, 2);
	feed(t, HOP("skb_copy:return", .skb = 1, .ret = 2, .life = life_of(t, 1), .child = copy));
	feed(t, HOP("kfree_skbmem", .skb = 1));
	feed(t, HOP("ip_output", .skb = 2, .crc = variant->crc));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 2, .crc = variant->crc));
	feed(t, HOP("kfree_skbmem", .skb = 2));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(2, t->seen[0].nr_lives);
	if (variant->crc == HEALTHY)
		EXPECT_INTACT(t, 0);
	else
		EXPECT_CHANGED(t, 0, "ip_rcv", "ip_output");
}

/* -- not asked for -- */

TEST_F(tunnel, hidden)
{
	struct test *t = &self->t;
	const struct journey_counts *counts = journey_counts(t->engine);

	feed(t, HOP("veth_xmit", .skb = 1));
	feed(t, HOP("skb_clone:return", .skb = 1, .ret = 2, .hidden = 1));
	feed(t, HOP("br_handle_frame", .skb = 2, .crc = variant->crc));
	feed(t, HOP("kfree_skb_reason", .skb = 2, .reason = REASON_NETFILTER, .hidden = 1));
	feed(t, HOP("kfree_skbmem", .skb = 2, .hidden = 1));
	feed(t, HOP("kfree_skbmem", .skb = 1, .hidden = 1));
	/* The pointer, and another packet in it. */
	feed(t, HOP("veth_xmit", .skb = 2, .crc = 99));
	flush(t);
	ASSERT_EQ(2, t->nr_seen);
	EXPECT_VERDICT(variant->crc == HEALTHY ? VERDICT_INTACT : VERDICT_CHANGED,
		       variant->crc == HEALTHY ? "" :
		       "payload changed between veth_xmit and br_handle_frame",
		       &t->seen[0].verdict);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
	EXPECT_STREQ("kfree_skb_reason", t->seen[0].end_point);
	EXPECT_EQ(1, t->seen[0].nr_hidden);
	EXPECT_EQ(3, counts->hops);
	EXPECT_EQ(4, counts->hidden);
}

/* -- how it ended -- */

FIXTURE(end)
{
	struct test t;
};

FIXTURE_SETUP(end)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(end)
{
	test_end(&self->t);
}

TEST_F(end, delivered_twice)
{
	struct test *t = &self->t;

	feed(t, HOP("br_handle_frame_finish", .skb = 1));
	feed(t, HOP("skb_clone:return", .skb = 1, .ret = 2));
	feed(t, HOP("skb_clone:return", .skb = 1, .ret = 3));
	feed(t, HOP("__br_forward", .skb = 3));
	feed(t, HOP("kfree_skb_reason", .skb = 3, .reason = REASON_NETFILTER));
	feed(t, HOP("kfree_skbmem", .skb = 3));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 1));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 2));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DELIVERED, t->seen[0].end);
	EXPECT_EQ(2, t->seen[0].nr_delivered);
	EXPECT_EQ(1, t->seen[0].nr_dropped);
}

/* The outside of a tunnel has arrived; what is in it goes on. */
TEST_F(end, arrived_and_goes_on)
{
	struct test *t = &self->t;

	feed(t, HOP("udp_rcv", .skb = 1, .len = NO_PAYLOAD, .l4proto = IPPROTO_TCP, .seq = 5,
		    .tunnel = SKBTRACE_TUNNEL_VXLAN, .outer = 1));
	feed(t, HOP("ip_rcv", .skb = 1, .len = NO_PAYLOAD, .l4proto = IPPROTO_TCP, .seq = 5));
	feed(t, HOP("kfree_skb_reason", .skb = 1, .reason = REASON_NETFILTER));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(JOURNEY_DROPPED, t->seen[0].end);
}

TEST_HARNESS_MAIN
