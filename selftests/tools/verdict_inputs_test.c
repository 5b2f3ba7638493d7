// SPDX-License-Identifier: GPL-2.0
/*
 * Hops that were judged wrongly once: cut tails, pointers used again, a change where
 * addresses are translated, tunnels; and long journeys, in time.
 */
#include "kselftest_harness.h"

#include <time.h>

#include "hops.h"

#define TCP		IPPROTO_TCP
#define GONE(_skb)	{ "kfree_skbmem", .skb = _skb, .unseen = 1 }

FIXTURE(inputs)
{
	struct test t;
};

FIXTURE_SETUP(inputs)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(inputs)
{
	test_end(&self->t);
}

/* The verdicts on the journeys that these hops make: "intact", "changed: why; intact"... */
static const char *judged(struct test *t, const struct hop *hops, size_t nr)
{
	static char text[1024];
	size_t i, len = 0;

	for (i = 0; i < nr; i++)
		feed(t, hops[i]);
	flush(t);
	*text = '\0';
	for (i = 0; i < t->nr_seen && i < SEEN_MAX; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s%s%s", i ? "; " : "",
				verdict_name(t->seen[i].verdict.payload),
				*t->seen[i].verdict.why ? ": " : "", t->seen[i].verdict.why);
	return text;
}

#define EXPECT_JUDGED(verdicts, ...) do {					\
	const struct hop hops[] = { __VA_ARGS__ };				\
										\
	EXPECT_STREQ(verdicts, judged(&self->t, hops, sizeof(hops) / sizeof(*hops))); \
} while (0)

TEST_F(inputs, truncated_udp)
{
	EXPECT_JUDGED("changed: payload truncated by 50 bytes between ip_rcv and ip_forward",
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .ip_id = 4, .len = 150, .crc = 2 },
		{ "veth_xmit", .skb = 1, .ip_id = 4, .len = 150, .crc = 2 });
}

TEST_F(inputs, truncated_tcp)
{
	EXPECT_JUDGED("changed: payload truncated by 50 bytes between ip_rcv and ip_forward",
		{ "ip_rcv", .skb = 1, .l4proto = TCP, .seq = 1, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .l4proto = TCP, .seq = 1, .len = 150, .crc = 2 },
		{ "veth_xmit", .skb = 1, .l4proto = TCP, .seq = 1, .len = 150, .crc = 2 });
}

TEST_F(inputs, emptied)
{
	EXPECT_JUDGED("changed: payload emptied between ip_rcv and ip_forward",
		{ "ip_rcv", .skb = 1, .ip_id = 4, .len = 200, .crc = 1 },
		{ "ip_forward", .skb = 1, .ip_id = 4, .len = NO_PAYLOAD },
		{ "veth_xmit", .skb = 1, .ip_id = 4, .len = NO_PAYLOAD });
}

/* More labels than are walked. */
TEST_F(inputs, labels_swapped)
{
	EXPECT_JUDGED("unverified: its headers are more than are looked at, at __dev_queue_xmit",
		{ "ip_rcv", .skb = 1, .protocol = 0x8847, .crc = 1, .flags = SKBTRACE_F_DEEP },
		{ "__dev_queue_xmit", .skb = 1, .protocol = 0x8847, .crc = 2,
		  .flags = SKBTRACE_F_DEEP },
		{ "veth_xmit", .skb = 1, .protocol = 0x8847, .crc = 2, .flags = SKBTRACE_F_DEEP });
}

TEST_F(inputs, pointer_used_again)
{
	EXPECT_JUDGED("intact; intact",
		{ "__netif_receive_skb_core", .skb = 1, .crc = 1, .dev = "eth0" },
		{ "br_handle_frame", .skb = 1, .crc = 1, .dev = "eth0" },
		{ "dev_hard_start_xmit", .skb = 1, .crc = 1, .dev = "eth1" },
		GONE(1),
		{ "__netif_receive_skb_core", .skb = 1, .crc = 2, .dev = "eth0" },
		{ "br_handle_frame", .skb = 1, .crc = 2, .dev = "eth0" },
		{ "dev_hard_start_xmit", .skb = 1, .crc = 2, .dev = "eth1" });
}

TEST_F(inputs, pointer_used_again_later)
{
	EXPECT_JUDGED("intact; intact",
		{ "__netif_receive_skb_core", .skb = 1, .crc = 1, .dev = "eth0" },
		{ "dev_hard_start_xmit", .skb = 1, .crc = 1, .dev = "eth1" },
		GONE(1),
		{ "__netif_receive_skb_core", .skb = 1, .crc = 2, .dev = "eth0", .ts = 2 * SEC },
		{ "dev_hard_start_xmit", .skb = 1, .crc = 2, .dev = "eth1", .ts = 2 * SEC + 1000 });
}

TEST_F(inputs, copied_and_changed)
{
	EXPECT_JUDGED("changed: payload changed between br_handle_frame and dev_hard_start_xmit",
		{ "__netif_receive_skb_core", .skb = 1, .crc = 1, .dev = "eth0" },
		{ "br_handle_frame", .skb = 1, .crc = 1, .dev = "eth0" },
		{ "skb_copy_expand:return", .skb = 1, .ret = 2 },
		{ "kfree_skbmem", .skb = 1 },
		{ "dev_hard_start_xmit", .skb = 2, .crc = 2, .dev = "eth1" },
		{ "veth_xmit", .skb = 2, .crc = 2, .dev = "eth1" });
}

/* Nothing says that there was a copy, but TCP's number does. */
TEST_F(inputs, copied_unseen_and_changed)
{
	EXPECT_JUDGED("changed: payload changed between br_handle_frame and dev_hard_start_xmit",
		{ "__netif_receive_skb_core", .skb = 1, .crc = 1, .l4proto = TCP, .seq = 9 },
		{ "br_handle_frame", .skb = 1, .crc = 1, .l4proto = TCP, .seq = 9 },
		{ "kfree_skbmem", .skb = 1 },
		{ "dev_hard_start_xmit", .skb = 2, .crc = 2, .l4proto = TCP, .seq = 9 },
		{ "veth_xmit", .skb = 2, .crc = 2, .l4proto = TCP, .seq = 9 });
}

/* A helper of NAT writes another address into what FTP says. */
TEST_F(inputs, changed_with_its_sequence_number)
{
	EXPECT_JUDGED("changed: payload changed between ip_rcv and ip_forward",
		{ "ip_rcv", .skb = 1, .l4proto = TCP, .seq = 100, .crc = 1 },
		{ "ip_forward", .skb = 1, .l4proto = TCP, .seq = 103, .crc = 2 },
		{ "veth_xmit", .skb = 1, .l4proto = TCP, .seq = 103, .crc = 2 });
}

TEST_F(inputs, changed_with_its_sequence_number_far_away)
{
	EXPECT_JUDGED("changed: payload changed between ip_rcv and ip_forward",
		{ "ip_rcv", .skb = 1, .l4proto = TCP, .seq = 100, .crc = 1 },
		{ "ip_forward", .skb = 1, .l4proto = TCP, .seq = 900000, .crc = 2 },
		{ "veth_xmit", .skb = 1, .l4proto = TCP, .seq = 900000, .crc = 2 });
}

TEST_F(inputs, changed_with_its_version_of_ip)
{
	EXPECT_JUDGED("changed: payload changed between ip_rcv and ip6_output",
		{ "ip_rcv", .skb = 1, .ip_id = 3, .crc = 1 },
		{ "ip6_output", .skb = 1, .protocol = ETH_P_IPV6, .crc = 2 });
}

/* -- a change at the hop that translates addresses -- */

FIXTURE(nat)
{
	struct test t;
};

FIXTURE_VARIANT(nat)
{
	struct hop hop;
	uint64_t head;
};

FIXTURE_VARIANT_ADD(nat, udp_with_a_number) { .hop = { .ip_id = 3 }, .head = 5 };
FIXTURE_VARIANT_ADD(nat, udp_without_a_number) { .hop = { .ip_id = 0 }, .head = 5 };
FIXTURE_VARIANT_ADD(nat, udp_that_is_moved) { .hop = { .ip_id = 3 }, .head = 6 };
FIXTURE_VARIANT_ADD(nat, ipv6) { .hop = { .protocol = ETH_P_IPV6 }, .head = 6 };
FIXTURE_VARIANT_ADD(nat, tcp) { .hop = { .l4proto = TCP, .seq = 5 }, .head = 5 };

FIXTURE_SETUP(nat)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(nat)
{
	test_end(&self->t);
}

static const char *translate(struct test *t, struct hop hop, uint64_t head, uint32_t crc)
{
	struct hop hops[4];
	int i;

	for (i = 0; i < 4; i++) {
		hops[i] = hop;
		hops[i].skb = 1;
		hops[i].flow = 1 + i / 2;
		hops[i].head = i / 2 ? head : 5;
		hops[i].crc = i / 2 ? crc : 1;
	}
	hops[0].point = "__netif_receive_skb_core";
	hops[1].point = "ip_rcv";
	hops[2].point = "ip_forward";
	hops[3].point = "ip_output";
	return judged(t, hops, 4);
}

TEST_F(nat, and_changed)
{
	EXPECT_STREQ("changed: payload changed between ip_rcv and ip_forward",
		     translate(&self->t, variant->hop, variant->head, 2));
}

TEST_F(nat, and_intact)
{
	EXPECT_STREQ("intact", translate(&self->t, variant->hop, variant->head, 1));
}

TEST_F(inputs, translated_and_not_digested)
{
	EXPECT_JUDGED("unverified: its payload was not digested (digest=0?)",
		{ "ip_rcv", .skb = 1, .flow = 1, .no_digest = 1, .head = 5 },
		{ "ip_forward", .skb = 1, .flow = 2, .no_digest = 1, .head = 5 });
}

TEST_F(inputs, an_ack_is_translated)
{
	EXPECT_JUDGED("intact",
		{ "ip_rcv", .skb = 1, .flow = 1, .l4proto = TCP, .seq = 7, .len = NO_PAYLOAD },
		{ "ip_forward", .skb = 1, .flow = 2, .l4proto = TCP, .seq = 7, .len = NO_PAYLOAD });
}

/* -- a tunnel that is not known -- */

static const char *through_tunnel(struct test *t, uint32_t crc_in, uint32_t crc_behind)
{
	const struct hop hops[] = {
		{ "__dev_queue_xmit", .skb = 1, .l4proto = TCP, .seq = 5, .head = 5 },
		{ "ip_output", .skb = 1, .flow = 9, .ip_id = 8, .len = 160, .crc = 7, .head = 5 },
		{ "veth_xmit", .skb = 1, .flow = 9, .ip_id = 8, .len = 160, .crc = crc_in,
		  .head = 5 },
		{ "ip_rcv", .skb = 1, .flow = 9, .ip_id = 8, .len = 160, .crc = crc_in, .head = 5 },
		{ "ip_rcv", .skb = 1, .l4proto = TCP, .seq = 5, .crc = crc_behind, .head = 5 },
	};

	return judged(t, hops, 5);
}

TEST_F(inputs, through_a_tunnel)
{
	EXPECT_STREQ("intact", through_tunnel(&self->t, 7, 0));
}

/* The change is told where it was, and not again where it comes out. */
TEST_F(inputs, changed_in_a_tunnel)
{
	EXPECT_STREQ("changed: payload changed between ip_output and veth_xmit",
		     through_tunnel(&self->t, 8, 3));
}

TEST_F(inputs, changed_when_put_into_a_tunnel)
{
	EXPECT_STREQ("changed: payload changed between __dev_queue_xmit and ip_rcv",
		     through_tunnel(&self->t, 7, 3));
}

/* The same is sent twice, and the second time something else arrives: another packet? */
TEST_F(inputs, sent_twice_alike)
{
	EXPECT_JUDGED("unverified: seen at one point only; intact",
		{ "veth_xmit", .skb = 1, .crc = 1 },
		{ "kfree_skbmem", .skb = 1 },
		{ "__netif_receive_skb_core", .skb = 2, .crc = 3 },
		{ "udp_rcv", .skb = 2, .crc = 3 });
}

/* -- in time -- */

/* -- another packet that looks like one on its way -- */

/* The numbers of SCTP's packets overlap with those of the segments sent before. */
TEST_F(inputs, the_same_number_by_chance)
{
	EXPECT_JUDGED("intact; intact",
		{ "veth_xmit", .skb = 1, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 1 },
		{ "ip_rcv", .skb = 1, .dev = "r3", .ip_id = 3, .ttl = 64, .crc = 1 },
		{ "ip_forward", .skb = 1, .dev = "r3", .ip_id = 3, .ttl = 63, .crc = 1 },
		{ "ip_output", .skb = 2, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 2 },
		{ "__dev_queue_xmit", .skb = 2, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 2 });
}

/* And with as long a time to live, but it comes to where the other began. */
TEST_F(inputs, the_same_number_at_the_same_place)
{
	EXPECT_JUDGED("intact; intact",
		{ "veth_xmit", .skb = 1, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 1 },
		{ "ip_rcv", .skb = 1, .dev = "r3", .ip_id = 3, .ttl = 64, .crc = 1 },
		{ "veth_xmit", .skb = 2, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 2 },
		{ "ip_rcv", .skb = 2, .dev = "r3", .ip_id = 3, .ttl = 64, .crc = 2 });
}

/* A fragment's data were freed without its skb: what has them now is not its clone. */
TEST_F(inputs, the_same_data_at_the_same_place)
{
	EXPECT_JUDGED("intact; intact",
		{ "veth_xmit", .skb = 1, .head = 5, .dev = "l4", .protocol = ETH_P_IPV6,
		  .l4proto = IPPROTO_ICMPV6, .crc = 1 },
		{ "ipv6_rcv", .skb = 1, .head = 5, .dev = "r3", .protocol = ETH_P_IPV6,
		  .l4proto = IPPROTO_ICMPV6, .crc = 1 },
		{ "veth_xmit", .skb = 2, .head = 5, .dev = "l4", .protocol = ETH_P_IPV6,
		  .l4proto = IPPROTO_ICMPV6, .len = 302, .crc = 2 },
		{ "ipv6_rcv", .skb = 2, .head = 5, .dev = "r3", .protocol = ETH_P_IPV6,
		  .l4proto = IPPROTO_ICMPV6, .len = 302, .crc = 2 });
}

/* What is built anew unseen is found, and what is changed then is doubted. */
TEST_F(inputs, the_same_number_farther_on)
{
	EXPECT_JUDGED("unverified: at napi_gro_receive the bytes are others than at veth_xmit, in "
		      "an skb whose making was not seen: it may be another packet",
		{ "ip_output", .skb = 1, .dev = "l4", .ip_id = 3, .ttl = 64, .crc = 1 },
		{ "veth_xmit", .skb = 1, .dev = "l4", .peer = "r3", .ip_id = 3, .ttl = 64,
		  .crc = 1 },
		{ "kfree_skbmem", .skb = 1 },
		{ "napi_gro_receive", .skb = 2, .dev = "r3", .ip_id = 3, .ttl = 64, .crc = 2 });
}

/* A team sends it to both its ports; what made the copies was not seen, nor their whole. */
TEST_F(inputs, one_of_two_copies_is_changed)
{
	EXPECT_JUDGED("unverified: at veth_xmit the bytes are others than at veth_xmit, in an "
		      "skb whose making was not seen: it may be another packet",
		{ "veth_xmit", .skb = 1, .head = 5, .dev = "r0a", .l4proto = TCP, .seq = 9,
		  .crc = 2 },
		{ "veth_xmit", .skb = 2, .head = 5, .dev = "r0b", .l4proto = TCP, .seq = 9,
		  .crc = 1 });
}

TEST_F(inputs, one_of_two_copies_is_changed_later)
{
	EXPECT_JUDGED("changed: payload changed between veth_xmit and __netif_receive_skb_core",
		{ "veth_xmit", .skb = 1, .head = 5, .dev = "r0a", .l4proto = TCP, .seq = 9 },
		{ "veth_xmit", .skb = 2, .head = 5, .dev = "r0b", .l4proto = TCP, .seq = 9 },
		{ "__netif_receive_skb_core", .skb = 2, .head = 5, .dev = "l0b", .l4proto = TCP,
		  .seq = 9, .crc = 1 });
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double time_of_spans(unsigned int n)
{
	static struct test t;
	double begin;
	unsigned int i;

	test_begin(&t);
	for (i = 0; i < n; i++)
		feed(&t, HOP("ip_forward", .skb = 1, .l4proto = TCP, .seq = 1000 + i % 2,
			     .gso_size = 10, .len = 1000 + i * 7 % 91, .crc = 5 + i));
	begin = cpu_seconds();
	flush(&t);
	test_end(&t);
	return cpu_seconds() - begin;
}

static double time_of_parts(unsigned int n)
{
	static struct test t;
	double begin;
	unsigned int i;

	test_begin(&t);
	feed(&t, HOP("ip_rcv", .skb = 1, .l4proto = TCP, .seq = 1000, .len = 60000,
		     .gso_size = 100, .crc = 1));
	feed(&t, HOP("skb_clone:return", .skb = 1, .ret = 2));
	feed(&t, HOP("ip_rcv", .skb = 2, .l4proto = TCP, .seq = 1000, .len = 60000,
		     .gso_size = 100, .crc = 1));
	for (i = 0; i < n; i++)
		feed(&t, HOP("ip_forward", .skb = 10 + i, .l4proto = TCP,
			     .seq = 1000 + i % 600 * 100, .len = 100, .crc = 5 + i));
	begin = cpu_seconds();
	flush(&t);
	test_end(&t);
	return cpu_seconds() - begin;
}

/* Twice as many hops take no more than thrice as long, but for what is too short to tell. */
TEST(long_journeys_are_judged_in_time)
{
	double little, much;

	little = time_of_spans(4000);
	much = time_of_spans(16000);
	EXPECT_GE(little * 8 + 0.2, much) {
		TH_LOG("spans: %f s and %f s", little, much);
	}
	little = time_of_parts(4000);
	much = time_of_parts(16000);
	EXPECT_GE(little * 8 + 0.2, much) {
		TH_LOG("parts: %f s and %f s", little, much);
	}
}

TEST_HARNESS_MAIN
