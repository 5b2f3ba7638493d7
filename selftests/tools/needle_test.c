// SPDX-License-Identifier: GPL-2.0
/* Needles: which journeys are shown, and what is said where a name was mistyped. */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "kselftest_harness.h"

#include "hops.h"
#include "lib/nearest.h"
#include "show/known.h"
#include "show/message_filter.h"
#include "show/needle.h"

/* A packet from veth_xmit() to br_handle_frame(), which took a millisecond. */
static void make_passage(struct journey *journey, struct journey_hop *hops)
{
	struct hop first = { .point = "veth_xmit", .skb = 1, .ts = SEC };
	struct hop last = { .point = "br_handle_frame", .skb = 1, .ts = SEC + MSEC };

	memset(hops, 0, 2 * sizeof(*hops));
	hops[0].record = make_record(&first);
	hops[1].record = make_record(&last);
	memset(journey, 0, sizeof(*journey));
	journey->id = JOURNEY_ID(7, 2);
	journey->hops = hops;
	journey->nr_hops = 2;
	journey->first_ns = SEC;
	journey->last_ns = SEC + MSEC;
	journey->end = JOURNEY_DELIVERED;
}

FIXTURE(needle)
{
	struct journey journey;
	struct journey_hop hops[2];
	struct verdict verdict;
	struct needle needle;
	struct error error;
};

FIXTURE_SETUP(needle)
{
	memset(self, 0, sizeof(*self));
	make_passage(&self->journey, self->hops);
}

FIXTURE_TEARDOWN(needle)
{
}

#define IS_WANTED() needle_is_wanted(&self->needle, &self->journey, &self->verdict)

TEST_F(needle, nothing_set_is_everything)
{
	EXPECT_FALSE(needle_is_set(&self->needle));
	EXPECT_TRUE(IS_WANTED());
}

TEST_F(needle, one_of_several_kinds_is_enough)
{
	ASSERT_EQ(0, needle_parse_only(&self->needle, "changed,dropped", &self->error));
	EXPECT_TRUE(needle_is_set(&self->needle));
	EXPECT_FALSE(IS_WANTED());
	self->journey.end = JOURNEY_DROPPED;
	EXPECT_TRUE(IS_WANTED());
	self->journey.end = JOURNEY_DELIVERED;
	self->journey.nr_dropped = 1;	/* a copy */
	EXPECT_TRUE(IS_WANTED());
	self->journey.nr_dropped = 0;
	self->verdict.payload = VERDICT_CHANGED;
	EXPECT_TRUE(IS_WANTED());
}

TEST_F(needle, each_kind_is_found_and_no_other)
{
	static const char * const kinds[] = {
		"intact", "changed", "unverified", "truncated", "retransmitted", "dropped"
	};
	unsigned int i, j;

	for (i = 0; i < 6; i++) {
		make_passage(&self->journey, self->hops);
		memset(&self->verdict, 0, sizeof(self->verdict));
		self->verdict.payload = i == 1 || i == 3 ? VERDICT_CHANGED :
					i == 2 ? VERDICT_UNVERIFIED : VERDICT_INTACT;
		self->verdict.nr_changes = self->verdict.payload == VERDICT_CHANGED;
		self->verdict.changes[0].how = i == 3 ? VERDICT_TRUNCATED : VERDICT_OTHER;
		self->journey.retransmission = i == 4;
		self->journey.end = i == 5 ? JOURNEY_DROPPED : JOURNEY_DELIVERED;
		for (j = 0; j < 6; j++) {
			bool is = i == j || (j == 0 && i > 3) || (j == 1 && i == 3);

			self->needle.only = 0;
			ASSERT_EQ(0, needle_parse_only(&self->needle, kinds[j], &self->error));
			EXPECT_EQ(is, IS_WANTED());
		}
	}
}

TEST_F(needle, what_is_no_kind_is_refused)
{
	EXPECT_EQ(-1, needle_parse_only(&self->needle, "changed,chnaged", &self->error));
	EXPECT_NE(NULL, strstr(self->error.text, "\"chnaged\" is none of changed, "));
	self->needle.only = 0;
	EXPECT_EQ(-1, needle_parse_only(&self->needle, "", &self->error));
}

TEST_F(needle, an_id_is_of_one_journey)
{
	self->needle.has_id = true;
	self->needle.id = JOURNEY_ID(7, 2);
	EXPECT_TRUE(IS_WANTED());
	self->needle.id = JOURNEY_ID(7, 1);
	EXPECT_FALSE(IS_WANTED());
}

TEST_F(needle, so_long_it_took_at_least)
{
	self->needle.min_latency_ns = MSEC;
	EXPECT_TRUE(IS_WANTED());
	self->needle.min_latency_ns = MSEC + 1;
	EXPECT_FALSE(IS_WANTED());
}

TEST_F(needle, between_goes_one_way)
{
	char there[] = "veth,bridge", back[] = "bridge,veth", one[] = "veth", three[] = "a,b,c";

	ASSERT_EQ(0, needle_parse_between(&self->needle, there, &self->error));
	EXPECT_TRUE(IS_WANTED());
	ASSERT_EQ(0, needle_parse_between(&self->needle, back, &self->error));
	EXPECT_FALSE(IS_WANTED());
	EXPECT_EQ(-1, needle_parse_between(&self->needle, one, &self->error));
	EXPECT_EQ(-1, needle_parse_between(&self->needle, three, &self->error));
}

/* A call of an application: 78 sent 3000 bytes, of which two thirds are verified. */
static struct stream_message make_call(void)
{
	struct stream_message message = {
		.kind = SKBTRACE_MESSAGE_SEND, .call = 12, .pid = 78, .len = 3000,
		.began_ns = SEC, .flow = {
			.saddr = { 10, 0, 0, 1 }, .daddr = { 10, 0, 0, 2 }, .protocol = ETH_P_IP,
			.l4proto = IPPROTO_TCP, .dport = htons(80), .netns = 4026532001u,
		},
		.bytes[STREAM_SENT].same = 2000,
	};

	return message;
}

#define IS_SHOWN()	message_filter_call(&of, NULL, &message)

TEST_F(needle, calls)
{
	struct filter filter = { NULL };
	struct message_filter of = { &filter, &self->needle };
	struct stream_message message = make_call();

	EXPECT_TRUE(IS_SHOWN());
	ASSERT_EQ(0, needle_parse_only(&self->needle, "changed,intact", &self->error));
	ASSERT_EQ(0, needle_check_call(&self->needle, &self->error));
	EXPECT_FALSE(IS_SHOWN());
	message.bytes[STREAM_WHOLE].same = 3000;
	EXPECT_TRUE(IS_SHOWN());
	message.bytes[STREAM_SENT].changed = 1;
	EXPECT_TRUE(IS_SHOWN());
	self->needle.has_call = true;
	self->needle.call = 12;
	EXPECT_TRUE(IS_SHOWN());
	/* Nobody has read it. */
	self->needle.min_latency_ns = MSEC;
	EXPECT_FALSE(IS_SHOWN());
	message.is_read = true;
	message.read_ns = SEC + MSEC;
	EXPECT_TRUE(IS_SHOWN());
	filter.has_pid = true;
	filter.pid = 79;
	EXPECT_FALSE(IS_SHOWN());
	message.reader_pid = 79;
	EXPECT_TRUE(IS_SHOWN());
	self->needle.call = 13;
	EXPECT_FALSE(IS_SHOWN());
}

TEST_F(needle, calls_are_not_found_by_what_packets_are)
{
	char two[] = "veth,bridge";

	ASSERT_EQ(0, needle_parse_only(&self->needle, "changed,dropped", &self->error));
	EXPECT_EQ(-1, needle_check_call(&self->needle, &self->error));
	EXPECT_NE(NULL, strstr(self->error.text, "--only dropped"));
	self->needle.only = 0;
	ASSERT_EQ(0, needle_parse_between(&self->needle, two, &self->error));
	EXPECT_EQ(-1, needle_check_call(&self->needle, &self->error));
	self->needle.from = NULL;
	self->needle.has_id = true;
	EXPECT_EQ(-1, needle_check_call(&self->needle, &self->error));
}

TEST(a_mistyped_point_is_an_error_with_the_nearest)
{
	struct error error = { "" };

	EXPECT_EQ(0, known_points("--points", "veth,br_*,-free", &error));
	EXPECT_EQ(-1, known_points("--points", "veth,veht_xmit", &error));
	EXPECT_NE(NULL, strstr(error.text, "\"veht_xmit\"; nearest: veth_xmit, "));
	EXPECT_EQ(-1, known_points("--points", "-nothing*", &error));
}

TEST(a_device_that_no_hop_was_at_is_an_error_with_the_nearest)
{
	struct filter filter = { .devices = "ehto,-lo" };
	struct hop hop = { .point = "veth_xmit", .dev = "eth0", .peer = "veth1" };
	struct skbtrace_record record = make_record(&hop);
	struct known *known = known_new(&filter);
	struct error error = { "" };

	ASSERT_NE(NULL, known);
	/* Without records nobody can say. */
	EXPECT_EQ(0, known_check(known, &error));
	known_record(known, NULL, &record);
	EXPECT_EQ(-1, known_check(known, &error));
	EXPECT_NE(NULL, strstr(error.text, "\"ehto\"; nearest: eth0, "));
	filter.devices = "veth*,-lo";
	EXPECT_EQ(0, known_check(known, &error));
	known_free(known);
}

TEST(the_nearest_stand_in_order)
{
	static const char * const names[] = { "vether", "bridge", "veth", "veth", "vet", "core" };
	struct nearest nearest;
	char text[256];
	unsigned int i;

	nearest_begin(&nearest, "veth0");
	EXPECT_STREQ("", nearest_text(&nearest, text, sizeof(text)));
	for (i = 0; i < 6; i++)
		nearest_offer(&nearest, names[i]);
	EXPECT_STREQ("; nearest: veth, vether, vet", nearest_text(&nearest, text, sizeof(text)));
}

TEST_HARNESS_MAIN
