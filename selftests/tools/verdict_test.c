// SPDX-License-Identifier: GPL-2.0
/* Was the payload the same all the way? */
#include "kselftest_harness.h"

#include "hops.h"

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

/* A hop that saw no bytes had none that were right. */
TEST_F(verdict, changed_around_a_hop_without_bytes)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5 },
		{ "ip_forward", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5, .len = NO_PAYLOAD,
		  .no_digest = 1 },
		{ "ip_output", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 5, .crc = 2 });

	EXPECT_EQ(VERDICT_CHANGED, verdict->payload);
	ASSERT_EQ(1, verdict->nr_changes);
	EXPECT_EQ(0, verdict->changes[0].after);
	EXPECT_EQ(2, verdict->changes[0].before);
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
		{ "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1000, .len = 2896 },
		{ "ip_output", .skb = 1, .l4proto = IPPROTO_TCP, .seq = 1000, .len = 1448,
		  .crc = 3 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("payload went from 2896 bytes at seq 1000 to 1448 bytes at seq 1000 at "
		     "ip_output: not all of its parts were seen", verdict->why);
}

TEST_F(verdict, another_span_of_udp)
{
	const struct verdict *verdict = verdict_of_hops(&self->t,
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 2896 },
		{ "ip_output", .skb = 1, .ip_id = 4, .len = 1448, .crc = 3 });

	EXPECT_EQ(VERDICT_UNVERIFIED, verdict->payload);
	EXPECT_STREQ("payload went from 2896 bytes to 1448 bytes at ip_output: not known "
		     "whose bytes these are", verdict->why);
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
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 200 },
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

TEST_F(verdict, truncated)
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
