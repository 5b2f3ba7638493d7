// SPDX-License-Identifier: GPL-2.0
/* Was the payload the same all the way? */
#include "kselftest_harness.h"

#include "hops.h"
#include "lib/crc32c.h"

FIXTURE(verdict)
{
	struct test t;
};

FIXTURE_SETUP(verdict)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(verdict)
{
	test_end(&self->t);
}

/* The verdict of a journey of these hops. */
#define verdict_of_hops(t, ...) ({					\
	static const struct hop hops[] = { __VA_ARGS__ };		\
	unsigned int i;							\
									\
	for (i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)		\
		feed(t, hops[i]);					\
	flush(t);							\
	ASSERT_EQ(1, (t)->nr_seen);					\
	&(t)->seen[0].verdict;						\
})

TEST_F(verdict, intact)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 }, { "ip_output", .skb = 1 }, { "veth_xmit", .skb = 1 });

	EXPECT_EQ(VERDICT_INTACT, verdict->payload);
	EXPECT_STREQ("", verdict->why);
	EXPECT_EQ(0, verdict->nr_changes);
}

TEST_F(verdict, changed)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 }, { "nf_hook_slow:return", .skb = 1 },
		{ "ip_output", .skb = 1, .crc = 2 }, { "veth_xmit", .skb = 1, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload changed between ip_rcv and ip_output", verdict->why);
	ASSERT_EQ(1, verdict->nr_changes);
	EXPECT_EQ(0, verdict->changes[0].after);
	EXPECT_EQ(2, verdict->changes[0].before);
}

TEST_F(verdict, changed_and_undone)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 }, { "ip_output", .skb = 1, .crc = 2 },
		{ "veth_xmit", .skb = 1 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload changed between ip_rcv and ip_output, and 1 time more",
		     verdict->why);
	ASSERT_EQ(2, verdict->nr_changes);
	EXPECT_EQ(1, verdict->changes[1].after);
	EXPECT_EQ(2, verdict->changes[1].before);
}

TEST_F(verdict, emptied_and_filled)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5 },
		{ "ip_forward", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5, .len = NO_PAYLOAD,
		  .no_digest = 1 },
		{ "ip_output", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	ASSERT_EQ(1, verdict->nr_changes);
	EXPECT_EQ(VERDICT_EMPTIED, verdict->changes[0].how);
	EXPECT_EQ(100, verdict->changes[0].bytes);
	EXPECT_STREQ("payload emptied between ip_rcv and ip_forward", verdict->why);
}

TEST_F(verdict, changed_time_and_again)
{
	struct test *t = &self->t;
	uint32_t i;

	for (i = 0; i < 100; i++)
		feed(t, HOP("br_handle_frame", .skb = 1, .crc = 1 + i));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	EXPECT_EQ(99, t->seen[0].verdict.nr_changes);
	EXPECT_STREQ("payload changed between br_handle_frame and br_handle_frame, "
		     "and 98 times more", t->seen[0].verdict.why);
}

TEST_F(verdict, changed_in_one_branch)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "br_handle_frame_finish", .skb = 1 },
		{ "skb_clone:return", .skb = 1, .ret = 2 },
		{ "__br_forward", .skb = 2 },
		{ "br_pass_frame_up", .skb = 1 },
		{ "br_forward_finish", .skb = 2, .crc = 9 },
		{ "ip_rcv", .skb = 1 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	ASSERT_EQ(1, verdict->nr_changes);
	EXPECT_EQ(2, verdict->changes[0].after);
	EXPECT_EQ(4, verdict->changes[0].before);
}

TEST_F(verdict, changed_between_original_and_clone)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "__tcp_transmit_skb", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1 },
		{ "skb_clone:return", .skb = 1, .ret = 2 },
		{ "ip_output", .skb = 2, .l4proto = IPPROTO_TCP, .seq = 1, .crc = 9 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	ASSERT_EQ(1, verdict->nr_changes);
	EXPECT_EQ(0, verdict->changes[0].after);
	EXPECT_EQ(2, verdict->changes[0].before);
}

TEST_F(verdict, nothing_to_change)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .len = NO_PAYLOAD });

	EXPECT_EQ(VERDICT_INTACT, verdict->payload);
}

TEST_F(verdict, seen_at_one_point_only)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 }, { "kfree_skbmem", .skb = 1 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("seen at one point only", verdict->why);
}

TEST_F(verdict, not_digested)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .no_digest = 1 }, { "ip_output", .skb = 1, .no_digest = 1 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("its payload was not digested (digest=0?)", verdict->why);
}

TEST_F(verdict, another_span)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1000, .len = 2896,
		  .gso_size = 1448 },
		{ "ip_output", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1000, .len = 1448,
		  .crc = 3 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("payload went from 2896 bytes at seq 1000 to 1448 bytes at seq 1000 at "
		     "ip_output: not all of its parts were seen", verdict->why);
}

TEST_F(verdict, another_span_of_udp)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 2896, .gso_size = 1448 },
		{ "ip_output", .skb = 1, .ip_id = 4, .len = 1448, .crc = 3 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("payload went from 2896 bytes to 1448 bytes at ip_output: not all of its "
		     "parts were seen", verdict->why);
}

TEST_F(verdict, truncated)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .len = 150, .crc = 2 },
		{ "veth_xmit", .skb = 1, .len = 150, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload truncated by 50 bytes between ip_rcv and ip_forward", verdict->why);
	EXPECT_EQ(1, verdict->nr_changes);
}

/* The headers still say what was there before. */
TEST_F(verdict, truncated_behind_its_headers)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .len = 199, .crc = 2, .flags = SKBTRACE_F_TRUNCATED },
		{ "veth_xmit", .skb = 1, .len = 199, .crc = 2, .flags = SKBTRACE_F_TRUNCATED });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload truncated by 1 byte between ip_rcv and ip_forward", verdict->why);
	EXPECT_EQ(1, verdict->nr_changes);
}

TEST_F(verdict, emptied)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .len = NO_PAYLOAD },
		{ "veth_xmit", .skb = 1, .len = NO_PAYLOAD });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload emptied between ip_rcv and ip_forward", verdict->why);
	EXPECT_EQ(1, verdict->nr_changes);
}

TEST_F(verdict, extended)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .len = 208, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload extended by 8 bytes between ip_rcv and ip_forward", verdict->why);
}

TEST_F(verdict, truncated_on_tcp)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 150, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload truncated by 50 bytes between ip_rcv and ip_forward", verdict->why);
}

/* What was received already is trimmed, at the socket. */
TEST_F(verdict, trimmed_on_tcp)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "tcp_v4_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 200, .crc = 1 },
		{ "tcp_queue_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 51, .len = 150,
		  .crc = 2 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
}

/* In a clone the cut is no less of a change. */
TEST_F(verdict, truncated_in_one_branch)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "br_handle_frame_finish", .skb = 1 },
		{ "skb_clone:return", .skb = 1, .ret = 2 },
		{ "__br_forward", .skb = 2, .len = 60, .crc = 2 },
		{ "br_pass_frame_up", .skb = 1 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload truncated by 40 bytes between br_handle_frame_finish and __br_forward",
		     verdict->why);
}

TEST_F(verdict, changed_with_its_addresses)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip6_rcv_core", .skb = 1, .protocol = ETH_P_IPV6, .flow = 1, .crc = 1 },
		{ "ip6_forward", .skb = 1, .protocol = ETH_P_IPV6, .flow = 2, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload changed between ip6_rcv_core and ip6_forward", verdict->why);
}

TEST_F(verdict, truncated_with_its_addresses)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .ip_id = 7, .flow = 1, .crc = 1 },
		{ "ip_forward", .skb = 1, .ip_id = 7, .flow = 2, .len = 10, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload truncated by 90 bytes between ip_rcv and ip_forward", verdict->why);
}

/* A short frame has been filled up. */
TEST_F(verdict, padded)
{
	const uint32_t arp = crc32c_of(0, 28, 0);
	const struct verdict *verdict;
	struct test *t = &self->t;

	feed(t, HOP("dev_hard_start_xmit", .skb = 1, .protocol = ETH_P_ARP, .len = 28, .crc = arp));
	feed(t, HOP("__netif_receive_skb_core", .skb = 1, .protocol = ETH_P_ARP, .len = 46,
		    .crc = crc32c_combine(arp, crc32c_of_zeros(18), 18)));
	feed(t, HOP("arp_rcv", .skb = 1, .protocol = ETH_P_ARP, .len = 28, .crc = arp));
	flush(t);
	ASSERT_EQ(1, t->nr_seen);
	verdict = &t->seen[0].verdict;
	EXPECT_EQ(VERDICT_INTACT, verdict->payload) {
		TH_LOG("%s", verdict->why);
	}
}

/* What comes out of a tunnel and is then merged may be as long as the tunnel's packet. */
TEST_F(verdict, another_protocol)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .head = 1, .len = 1280, .crc = 1 },
		{ "ip_output", .skb = 1, .head = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 256,
		  .no_digest = 1 },
		{ "veth_xmit", .skb = 2, .head = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 1280,
		  .crc = 2 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_EQ(0, verdict->nr_changes);
}

/* Out of one tunnel and into another, which is as long. */
TEST_F(verdict, another_tunnel)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .head = 1, .ip_id = 4, .len = 1280, .crc = 1 },
		{ "ip_forward", .skb = 1, .head = 1, .l4proto = IPPROTO_TCP, .seq = 1, .len = 256,
		  .no_digest = 1 },
		{ "veth_xmit", .skb = 1, .head = 1, .ip_id = 5, .len = 1280, .crc = 2 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_EQ(0, verdict->nr_changes);
	EXPECT_STREQ("payload went from 1280 bytes to 1280 bytes at veth_xmit: "
		     "not known whose bytes these are", verdict->why);
}

TEST_F(verdict, changed_where_it_was_not_digested)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .ip_id = 4, .crc = 1 },
		{ "ip_forward", .skb = 1, .ip_id = 4, .no_digest = 1 },
		{ "veth_xmit", .skb = 1, .ip_id = 4, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload changed between ip_rcv and veth_xmit", verdict->why);
}

TEST_F(verdict, a_change_outweighs_doubts)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 200, .gso_size = 100 },
		{ "ip_output", .skb = 1, .ip_id = 4, .len = 100 },
		{ "veth_xmit", .skb = 1, .ip_id = 4, .len = 100, .crc = 3 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_STREQ("payload changed between ip_output and veth_xmit", verdict->why);
}

TEST_F(verdict, digest_max)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .digest_len = 64, .flags = SKBTRACE_F_DIGEST_MAX },
		{ "ip_output", .skb = 1, .digest_len = 64, .flags = SKBTRACE_F_DIGEST_MAX });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("digest_max: only the first 64 of 100 bytes were compared", verdict->why);
}

TEST_F(verdict, digest_max_finds_a_change)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .digest_len = 64, .flags = SKBTRACE_F_DIGEST_MAX },
		{ "ip_output", .skb = 1, .digest_len = 64, .flags = SKBTRACE_F_DIGEST_MAX,
		  .crc = 4 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
}

TEST_F(verdict, digest_max_is_changed)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .digest_len = 64, .flags = SKBTRACE_F_DIGEST_MAX },
		{ "ip_output", .skb = 1, .digest_len = 32, .flags = SKBTRACE_F_DIGEST_MAX,
		  .crc = 4 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("digest_max was changed on the way, at ip_output", verdict->why);
}

TEST_F(verdict, malformed)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 },
		{ "ip_local_deliver", .skb = 1, .flags = SKBTRACE_F_MALFORMED },
		{ "ip_output", .skb = 1 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("at ip_local_deliver the skb's lengths do not add up", verdict->why);
}

TEST_F(verdict, unreadable)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 },
		{ "ip_output", .skb = 1, .flags = SKBTRACE_F_UNREADABLE, .no_digest = 1 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("at ip_output its payload lies where it could not be read", verdict->why);
}

TEST_F(verdict, headers_promise_more)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 },
		{ "ip_output", .skb = 1, .flags = SKBTRACE_F_TRUNCATED });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("at ip_output its headers promise more than the skb holds", verdict->why);
}

TEST_F(verdict, a_hop_without_digest_is_passed_over)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1 }, { "ip_local_deliver", .skb = 1, .no_digest = 1 },
		{ "ip_output", .skb = 1, .crc = 4 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	EXPECT_EQ(0, verdict->changes[0].after);
	EXPECT_EQ(2, verdict->changes[0].before);
}

TEST_F(verdict, open_while_probes_were_missed)
{
	const struct verdict *verdict;

	self->t.missed = 3;
	verdict = verdict_of_hops(&self->t, { "ip_rcv", .skb = 1 }, { "ip_output", .skb = 1 });
	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("its end was not seen, and the kernel skipped 3 probes "
		     "(see skbtrace points)", verdict->why);
}

TEST_F(verdict, delivered_while_probes_were_missed)
{
	const struct verdict *verdict;

	self->t.missed = 3;
	verdict = verdict_of_hops(&self->t, { "ip_rcv", .skb = 1 },
				  { "__udp_enqueue_schedule_skb", .skb = 1 });
	EXPECT_EQ(VERDICT_INTACT, verdict->payload);
}

TEST_F(verdict, the_ring_begins_in_the_middle)
{
	const struct source_loss loss = { 0, 2 * SEC, 0, 1 };
	const struct verdict *verdict;

	journey_lost(self->t.engine, &loss);
	verdict = verdict_of_hops(&self->t, { "ip_rcv", .skb = 1 }, { "ip_output", .skb = 1 });
	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("older records of cpu1, perhaps of its beginning, are overwritten",
		     verdict->why);
}

TEST_HARNESS_MAIN
