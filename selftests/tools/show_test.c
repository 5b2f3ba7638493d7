// SPDX-License-Identifier: GPL-2.0
/* What is shown: JSON that programs can trust, text that does no harm. */
#include <stdlib.h>
#include <time.h>

#include "kselftest_harness.h"

#include "hops.h"
#include "show/json.h"
#include "show/show.h"

static char *fixed_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "# id symbol kind group module hits missed skb state\n"
				  "1 a entry tcp vmlinux 5 2 arg1 active\n"
				  "3 b entry veth veth 0 40 *arg0 waiting for module veth\n",
		[SOURCE_STATS] = "version 0.1.0\nabi 7\ndev \nrecord_size 192\n",
		[SOURCE_STACKS] = "# id frames\n7 veth_xmit+0x5/0x2b0 [veth];dev_hard_start_xmit\n",
		[SOURCE_REASONS] = "# reason name\n2 NOT_SPECIFIED\n8 NETFILTER_DROP\n",
		[SOURCE_NETNS] = "4026531840 init\n4026531840 other\n4026532001 blue team\n",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n",
		[SOURCE_HOST] = "name there\nboot 11111111-2222\n",
	};

	return strdup(texts[which]);
}

static const struct source_ops text_ops = { .text = fixed_text };

FIXTURE(show)
{
	struct source source;
	struct names *names;
	struct filter filter;
	struct show show;
	char *text;
	size_t len;
	struct test t;
};

FIXTURE_SETUP(show)
{
	struct error error;

	setenv("TZ", "UTC", 1);
	memset(&self->source, 0, sizeof(self->source));
	self->source.ops = &text_ops;
	self->names = names_new(&self->source, &error);
	ASSERT_NE(NULL, self->names);
	memset(&self->filter, 0, sizeof(self->filter));
	memset(&self->show, 0, sizeof(self->show));
	self->show.names = self->names;
	self->show.filter = &self->filter;
	self->show.out = open_memstream(&self->text, &self->len);
	ASSERT_NE(NULL, self->show.out);
}

FIXTURE_TEARDOWN(show)
{
	fclose(self->show.out);
	free(self->text);
	names_free(self->names);
}

static const char *shown(FIXTURE_DATA(show) *self)
{
	fflush(self->show.out);
	return self->text;
}

static void show_journey(void *context, const struct journey *journey)
{
	FIXTURE_DATA(show) *self = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	self->show.ops->journey(&self->show, journey, &verdict);
}

/* Show the journey of these hops. */
static void show_hops(FIXTURE_DATA(show) *self, const struct show_ops *ops,
		      const struct hop *hops, size_t nr)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons reasons = { 1, 2, 3, 4, 5, 6 };
	struct test *t = &self->t;

	self->show.ops = ops;
	t->ts = SEC;
	t->engine = journey_engine_new(&config, &reasons, show_journey, self);
	while (nr--)
		feed(t, *hops++);
	journey_flush(t->engine);
	journey_engine_free(t->engine);
}

static const struct hop changed_hops[] = {
	{ "ip_rcv", .skb = 0x10, .dev = "eth0", .netns = 4026531840u, .ttl = 64 },
	{ "veth_xmit", .skb = 0x10, .dev = "veth0", .peer = "veth1", .netns = 4026532001u,
	  .crc = 0xbad, .stack = 7, .pid = 12, .comm = "curl", .ttl = 63, .cpu = 1 },
	{ "veth_xmit:return", .skb = 0x10, .dev = "veth0", .peer = "veth1", .duration = 700 },
	{ "kfree_skb_reason", .skb = 0x10, .reason = 8, .context = SKBTRACE_SOFTIRQ },
	{ "kfree_skbmem", .skb = 0x10 },
};

static const struct hop arp_hops[] = {
	{ "arp_rcv", .skb = 0x10, .protocol = ETH_P_ARP, .len = 28, .dev = "e\"t\\h\x01" },
};

static void escape(FIXTURE_DATA(show) *self, const char *bytes, size_t len)
{
	rewind(self->show.out);
	json_string(self->show.out, bytes, len);
	putc('\0', self->show.out);
	fflush(self->show.out);
}

#define EXPECT_ESCAPED(bytes, escaped) do {		\
	escape(self, bytes, sizeof(bytes) - 1);		\
	EXPECT_STREQ("\"" escaped "\"", self->text);	\
} while (0)

TEST_F(show, json_strings)
{
	EXPECT_ESCAPED("", "");
	EXPECT_ESCAPED("plain", "plain");
	EXPECT_ESCAPED("a\"b\\c", "a\\\"b\\\\c");
	EXPECT_ESCAPED("\n\x1b[31m\x7f", "\\u000a\\u001b[31m\\u007f");
	EXPECT_ESCAPED("a\0b", "a\\u0000b");
	EXPECT_ESCAPED("\xc3\xa9\xe2\x87\x92\xf0\x9f\x90\xa7", "\xc3\xa9\xe2\x87\x92\xf0\x9f\x90\xa7");
	/* Not UTF-8: stray, missing, overlong, surrogate, out of range. */
	EXPECT_ESCAPED("\x80x", "\\ufffdx");
	EXPECT_ESCAPED("\xffx", "\\ufffdx");
	EXPECT_ESCAPED("\xc3", "\\ufffd");
	EXPECT_ESCAPED("\xe2\x87", "\\ufffd\\ufffd");
	EXPECT_ESCAPED("\xc0\xaf", "\\ufffd\\ufffd");
	EXPECT_ESCAPED("\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd");
	EXPECT_ESCAPED("\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");
	EXPECT_ESCAPED("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd");
}

#define NOT_LOOKED	\
	"\"proto\":null,\"src\":null,\"sport\":null,\"dst\":null,\"dport\":null,\"ttl\":null,"	\
	"\"ip_id\":null,\"frag_off\":null,\"vlan\":null,\"ip_summed\":null,\"gso_size\":null,"	\
	"\"gso_segs\":null,\"flaws\":[],"
#define LOOKED(ttl)	\
	"\"proto\":\"udp\",\"src\":\"10.0.0.0\",\"sport\":1024,\"dst\":\"10.0.0.1\",\"dport\":80,"	\
	"\"ttl\":" ttl ",\"ip_id\":0,\"frag_off\":null,\"vlan\":null,\"ip_summed\":\"none\","	\
	"\"gso_size\":null,\"gso_segs\":null,\"flaws\":[],"
#define PLACE_ONE	\
	"{\"point\":\"veth_xmit\",\"dev\":\"veth0\",\"netns\":4026532001,\"netns_name\":\"blue team\","	\
	"\"peer\":\"veth1\"}"
#define NO_PLACE(point)	\
	"{\"point\":\"" point "\",\"dev\":\"\",\"netns\":null,\"netns_name\":null,\"peer\":\"\"}"
#define ENDING	\
	"\"ending\":{\"at\":" NO_PLACE("kfree_skb_reason") ",\"after\":" PLACE_ONE ","	\
	"\"ret\":null,\"reason\":\"NETFILTER_DROP\",\"caller\":null}"

TEST_F(show, json_of_a_change)
{
	show_hops(self, &show_json_ops, changed_hops, 5);
#define FIRST_HOP							\
	"{\"ts_ns\":1000001000,\"cpu\":0,\"ctx\":\"task\",\"pid\":0,\"comm\":\"\","	\
	"\"point\":\"ip_rcv\",\"kind\":\"entry\",\"skb\":\"0x10\",\"head\":\"0x100010\",\"sp\":\"0x0\","	\
	"\"life\":1,\"child\":null,"	\
	"\"dev\":\"eth0\",\"netns\":4026531840,\"netns_name\":\"init\",\"peer\":\"\","	\
	"\"len\":128,\"payload_len\":100,\"crc32c\":\"0x00c0ffee\",\"digest_len\":100,\"csum\":null,"	\
	"\"tunnel\":null," LOOKED("64")	\
	"\"ret\":null,\"duration_ns\":null,\"reason\":null,\"caller\":null,\"stack\":null"
#define SECOND_HOP							\
	"{\"ts_ns\":1000002000,\"cpu\":1,\"ctx\":\"task\",\"pid\":12,\"comm\":\"curl\","	\
	"\"point\":\"veth_xmit\",\"kind\":\"entry\",\"skb\":\"0x10\",\"head\":\"0x100010\",\"sp\":\"0x0\","	\
	"\"life\":1,\"child\":null,"	\
	"\"dev\":\"veth0\",\"netns\":4026532001,\"netns_name\":\"blue team\","	\
	"\"peer\":\"veth1\",\"len\":128,\"payload_len\":100,\"crc32c\":\"0x00000bad\","	\
	"\"digest_len\":100,\"csum\":null,\"tunnel\":null," LOOKED("63")	\
	"\"ret\":null,\"duration_ns\":null,\"reason\":null,\"caller\":null,"	\
	"\"stack\":[\"veth_xmit+0x5/0x2b0 [veth]\",\"dev_hard_start_xmit\"]"
	EXPECT_STREQ(
	"{\"type\":\"journey\",\"schema\":1,\"id\":\"0.0\",\"start\":\"1970-01-01T00:00:01.000001000Z\","
	"\"latency_ns\":4000,\"proto\":\"udp\",\"src\":\"10.0.0.0\",\"sport\":1024,"
	"\"dst\":\"10.0.0.1\",\"dport\":80,\"seq\":null,\"payload_len\":100,"
	"\"payload\":\"changed\",\"why\":\"payload changed between ip_rcv and veth_xmit\","
	"\"end\":\"dropped\",\"end_detail\":null," ENDING ","
	"\"copies\":{\"delivered\":0,\"dropped\":1,\"taps\":0},\"retransmission\":false,"
	"\"bad_checksum\":null,"
	"\"changed\":{\"how\":\"changed\",\"bytes\":0,\"after\":" FIRST_HOP "},\"before\":" SECOND_HOP
	"},\"further\":[]},"
	"\"branches\":[{\"branch\":0,\"parent\":null,\"life\":1,\"skb\":\"0x10\",\"what\":\"carries\","
	"\"end\":\"dropped\"," ENDING "}],"
	"\"hops\":[" FIRST_HOP ",\"branch\":0}," SECOND_HOP ",\"branch\":0},"
	"{\"ts_ns\":1000003000,\"cpu\":0,\"ctx\":\"task\",\"pid\":0,\"comm\":\"\","
	"\"point\":\"veth_xmit\",\"kind\":\"return\",\"skb\":\"0x10\",\"head\":\"0x0\",\"sp\":\"0x0\","
	"\"life\":1,\"child\":null,"
	"\"dev\":\"veth0\",\"netns\":null,\"netns_name\":null,\"peer\":\"veth1\",\"len\":0,"
	"\"payload_len\":0,\"crc32c\":null,\"digest_len\":0,\"csum\":null,\"tunnel\":null," NOT_LOOKED
	"\"ret\":0,\"duration_ns\":700,\"reason\":null,\"caller\":null,\"stack\":null,\"branch\":0},"
	"{\"ts_ns\":1000004000,\"cpu\":0,\"ctx\":\"softirq\",\"pid\":0,\"comm\":\"\","
	"\"point\":\"kfree_skb_reason\",\"kind\":\"entry\",\"skb\":\"0x10\","
	"\"head\":\"0x100010\",\"sp\":\"0x0\",\"life\":1,\"child\":null,\"dev\":\"\",\"netns\":null,"
	"\"netns_name\":null,\"peer\":\"\",\"len\":0,\"payload_len\":0,\"crc32c\":null,"
	"\"digest_len\":0,\"csum\":null,\"tunnel\":null," NOT_LOOKED "\"ret\":null,\"duration_ns\":null,"
	"\"reason\":\"NETFILTER_DROP\",\"caller\":null,\"stack\":null,\"branch\":0},"
	"{\"ts_ns\":1000005000,\"cpu\":0,\"ctx\":\"task\",\"pid\":0,\"comm\":\"\","
	"\"point\":\"kfree_skbmem\",\"kind\":\"entry\",\"skb\":\"0x10\",\"head\":\"0x100010\","
	"\"sp\":\"0x0\",\"life\":1,\"child\":null,"
	"\"dev\":\"\",\"netns\":null,\"netns_name\":null,\"peer\":\"\",\"len\":0,"
	"\"payload_len\":0,\"crc32c\":null,\"digest_len\":0,\"csum\":null,\"tunnel\":null," NOT_LOOKED
	"\"ret\":null,\"duration_ns\":null,\"reason\":null,\"caller\":null,"
	"\"stack\":null,\"branch\":0}]}\n", shown(self));
}

TEST_F(show, json_of_what_has_no_addresses)
{
	show_hops(self, &show_json_ops, arp_hops, 1);
	EXPECT_NE(NULL, strstr(shown(self),
		"\"proto\":\"arp\",\"src\":null,\"sport\":null,\"dst\":null,\"dport\":null,"
		"\"seq\":null,\"payload_len\":28,"));
	EXPECT_NE(NULL, strstr(shown(self), "\"dev\":\"e\\\"t\\\\h\\u0001\""));
}

TEST_F(show, json_of_tcp)
{
	static const struct hop hops[] = {
		{ "ip_rcv", .skb = 0x10, .l4proto = IPPROTO_TCP, .seq = 4000000000u },
		{ "kfree_skb_reason", .skb = 0x10, .reason = 77 },
	};

	show_hops(self, &show_json_ops, hops, 2);
	EXPECT_NE(NULL, strstr(shown(self), "\"proto\":\"tcp\""));
	EXPECT_NE(NULL, strstr(shown(self), "\"seq\":4000000000,"));
	EXPECT_NE(NULL, strstr(shown(self), "\"reason\":\"77\""));
}

TEST_F(show, json_summary)
{
	const struct summary summary = {
		.journeys = 10, .intact = 5, .changed = 2, .unverified = 3, .dropped = 1,
		.hops = 99, .lost = 7, .missed = 8, .records = 110, .repeated = 9, .hidden = 10,
		.unknown = 6, .elsewhere = 3, .no_room = 1, .unasked = 4
	};

	show_json_ops.summary(&self->show, &summary);
	EXPECT_STREQ("{\"type\":\"summary\",\"schema\":1,\"journeys\":10,\"intact\":5,\"changed\":2,"
		     "\"unverified\":3,\"dropped\":1,\"hops\":99,\"lost\":7,\"missed\":8,"
		     "\"records\":110,\"repeated\":9,\"hidden\":10,\"unknown\":6,\"elsewhere\":3,"
		     "\"no_room\":1,\"unasked\":4,\"blind\":null}\n",
		     shown(self));
}

TEST_F(show, text_summary)
{
	struct summary summary = {
		.journeys = 10, .intact = 10, .hops = 99, .lost = 7, .records = 109,
		.repeated = 9, .hidden = 10, .unknown = 6, .elsewhere = 3
	};

	show_text_ops.summary(&self->show, &summary);
	summary.hops_only = true;
	summary.repeated = 0;
	summary.hidden = 10;
	summary.unknown = 0;
	summary.elsewhere = 0;
	show_text_ops.summary(&self->show, &summary);
	EXPECT_STREQ("10 journeys: 10 intact, 0 changed, 0 unverified; 0 dropped; 99 hops, "
		     "7 records lost, 0 probes missed\n"
		     "109 records read: 90 are hops shown (9 of merged packets in several "
		     "journeys), 10 not to be shown, 6 of unknown packets, 3 of skbs that the "
		     "packet goes on without\n"
		     "99 hops, 7 records lost, 0 probes missed\n"
		     "109 records read: 99 are hops shown, 10 not to be shown\n",
		     shown(self));
}

TEST_F(show, text_of_a_change)
{
	const char *text;

	self->show.stacks = true;
	show_hops(self, &show_text_ops, changed_hops, 5);
	text = shown(self);
	EXPECT_NE(NULL, strstr(text, "#0.0 00:00:01.000001 udp 10.0.0.0:1024 > 10.0.0.1:80, "
				     "100 bytes\n"));
	EXPECT_NE(NULL, strstr(text, "payload CHANGED; dropped after veth_xmit on veth0 ⇒ veth1, "
				     "netns blue team, reason NETFILTER_DROP; 5 hops in 4.0 µs\n"));
	EXPECT_NE(NULL, strstr(text, "00000bad  ttl 64→63  ◀ changed\n"));
	EXPECT_NE(NULL, strstr(text, "ret=0 NETDEV_TX_OK, 0.7 µs\n"));
	EXPECT_NE(NULL, strstr(text, "   payload CHANGED between:\n"
		"     last right:   ip_rcv on eth0, netns init, cpu0, task [0], "
		"00:00:01.000001, crc32c 00c0ffee\n"
		"     first wrong:  veth_xmit on veth0 ⇒ veth1, netns blue team, cpu1, "
		"task curl[12], 00:00:01.000002, crc32c 00000bad\n"));
	EXPECT_NE(NULL, strstr(text, " veth_xmit+0x5/0x2b0 [veth]\n"));
	EXPECT_EQ(NULL, strchr(text, '\033'));
}

TEST_F(show, text_keeps_off_the_terminal)
{
	static const struct hop hops[] = {
		{ "ip_rcv", .skb = 0x10, .dev = "\033[2J", .comm = "a\nb\x7f", .pid = 3 },
	};

	show_hops(self, &show_text_ops, hops, 1);
	EXPECT_EQ(NULL, strchr(shown(self), '\033'));
	EXPECT_NE(NULL, strstr(shown(self), "?[2J"));
	EXPECT_NE(NULL, strstr(shown(self), "a?b?[3]"));
}

static char *hostile_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "1 a\033[2J entry tcp vmlinux 5 2 arg1 \xc2\x9b" "31m\n",
		[SOURCE_STATS] = "dev \033]0;x\007\ncpu0 a\xff 1\n",
		[SOURCE_STACKS] = "7 \033[1m;x\x9b\n",
		[SOURCE_REASONS] = "8 A\033B\x80\n",
		[SOURCE_NETNS] = "4026531840 \xc2\x85" "ns\xe2\x87\n",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n",
		[SOURCE_HOST] = "name there\nboot 11111111-2222\n",
	};

	return strdup(texts[which]);
}

/* A file comes from anywhere: so do the names of what is in it. */
TEST_F(show, what_a_file_says_keeps_off_the_terminal)
{
	static const struct source_ops hostile = { .text = hostile_text };
	FILE *terminal = stdout;
	struct error error;
	const char *c;

	names_free(self->names);
	self->source.ops = &hostile;
	self->names = self->show.names = names_new(&self->source, &error);
	ASSERT_NE(NULL, self->names);
	self->show.stacks = true;
	show_hops(self, &show_text_ops, changed_hops, 5);
	stdout = self->show.out;
	show_points(&self->source, NULL, false, &error);
	show_stats(&self->source, false, &error);
	stdout = terminal;
	for (c = shown(self); *c; c++)
		EXPECT_TRUE(*c == '\n' || (*c & 0xe0)) {
			TH_LOG("%s", self->text);
		}
	/* Nor anything that is no UTF-8, or a control character in it. */
	EXPECT_EQ(NULL, strpbrk(self->text, "\xff\x9b\x85"));
	EXPECT_NE(NULL, strstr(self->text, "reason A?B?"));
	EXPECT_NE(NULL, strstr(self->text, " ?[1m\n"));
	EXPECT_NE(NULL, strstr(self->text, " x?\n"));
	EXPECT_NE(NULL, strstr(self->text, "netns ?ns??,"));
	EXPECT_NE(NULL, strstr(self->text, "  1  a?[2J "));
	EXPECT_NE(NULL, strstr(self->text, "?31m\n"));
	EXPECT_NE(NULL, strstr(self->text, "?]0;x?\n"));
}

TEST_F(show, protocols_by_name)
{
	static const struct {
		unsigned int l4proto, protocol;
		const char *name;
	} protos[] = {
		{ IPPROTO_SCTP, ETH_P_IP, "sctp" }, { IPPROTO_GRE, ETH_P_IPV6, "gre" },
		{ IPPROTO_ESP, ETH_P_IP, "esp" }, { IPPROTO_IPIP, ETH_P_IP, "ipip" },
		{ IPPROTO_IPV6, ETH_P_IP, "ipv6" }, { IPPROTO_IPIP, ETH_P_IPV6, "ip6tnl" },
		{ IPPROTO_IPV6, ETH_P_IPV6, "ip6tnl" }, { 200, ETH_P_IP, "200" },
		{ 0, ETH_P_ARP, "arp" }, { 0, 0x8847, "mpls" }, { 0, 0x1234, "0x1234" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		const struct skbtrace_record record = {
			.protocol = protos[i].protocol, .l4proto = protos[i].l4proto,
			.flags = protos[i].l4proto ? SKBTRACE_F_FLOW : 0,
		};
		char text[SHOW_PROTO_LEN];

		EXPECT_STREQ(protos[i].name, show_proto(&record, text));
	}
}

TEST_F(show, characters_are_cut_off_whole)
{
	static const struct hop hops[] = {
		{ "ip_rcv", .skb = 0x10, .dev = "fourteen bytes\xc3\xa9",
		  .comm = "caf\xc3\xa9" },
	};

	show_hops(self, &show_text_ops, hops, 1);
	EXPECT_NE(NULL, strstr(shown(self), "fourteen bytes? "));
	EXPECT_NE(NULL, strstr(shown(self), "caf\xc3\xa9[0]"));
}

TEST_F(show, text_in_colour)
{
	self->show.color = true;
	show_hops(self, &show_text_ops, changed_hops, 5);
	EXPECT_NE(NULL, strstr(shown(self), "\033[1;31m◀ changed\033[0m"));
}

static void show_changed(void *context, const struct journey *journey)
{
	FIXTURE_DATA(show) *self = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	show_text_ops.changed(&self->show, journey, &verdict);
}

TEST_F(show, a_line_for_scripts)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons reasons = { 1, 2, 3, 4, 5, 6 };
	struct test *t = &self->t;

	t->engine = journey_engine_new(&config, &reasons, show_changed, self);
	feed(t, changed_hops[0]);
	feed(t, changed_hops[1]);
	journey_flush(t->engine);
	journey_engine_free(t->engine);
	EXPECT_STREQ("changed: #0.0 udp 10.0.0.0:1024 > 10.0.0.1:80, 100 bytes: right at ip_rcv "
		     "on eth0, netns init; wrong at veth_xmit on veth0 ⇒ veth1, netns blue team\n",
		     shown(self));
}

TEST_F(show, filters)
{
	struct skbtrace_record record = make_record(&changed_hops[1]);

	EXPECT_TRUE(filter_globs_match("veth*", "veth0", NULL));
	EXPECT_FALSE(filter_globs_match("veth*", "eth0", NULL));
	EXPECT_TRUE(filter_globs_match("eth0,veth*", "veth0", NULL));
	EXPECT_TRUE(filter_globs_match("-lo", "veth0", NULL));
	EXPECT_FALSE(filter_globs_match("-lo", "lo", NULL));
	EXPECT_FALSE(filter_globs_match("*,-br_*", "br_x", NULL));
	EXPECT_TRUE(filter_globs_match("*,-br_*,br_x", "br_x", NULL));
	EXPECT_TRUE(filter_globs_match("bridge", "br_x", "bridge"));
	EXPECT_FALSE(filter_globs_match("", "x", NULL));
	EXPECT_FALSE(filter_globs_match(",,", "x", NULL));

	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	self->filter.devices = "veth1";
	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	self->filter.devices = "eth*";
	EXPECT_FALSE(filter_record(&self->filter, self->names, &record));
	self->filter.devices = NULL;
	self->filter.netns = "blue team";
	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	self->filter.netns = "4026532001";
	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	self->filter.netns = "init";
	EXPECT_FALSE(filter_record(&self->filter, self->names, &record));
	self->filter.netns = NULL;
	self->filter.has_pid = true;
	self->filter.pid = 12;
	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	record.context = SKBTRACE_SOFTIRQ;
	EXPECT_FALSE(filter_record(&self->filter, self->names, &record));
	self->filter.has_pid = false;
	self->filter.points = "veth";
	EXPECT_TRUE(filter_record(&self->filter, self->names, &record));
	self->filter.points = "*,-veth";
	EXPECT_FALSE(filter_record(&self->filter, self->names, &record));
}

/* What show_points() prints, after what it printed before. */
static const char *points_shown(FIXTURE_DATA(show) *self, const char *globs, bool json)
{
	FILE *terminal = stdout;
	struct error error;

	stdout = self->show.out;
	if (show_points(&self->source, globs, json, &error))
		puts("failed");
	stdout = terminal;
	return shown(self);
}

TEST_F(show, table_of_points)
{
#define JSON_POINTS							\
	"{\"type\":\"point\",\"id\":1,\"point\":\"a\",\"kind\":\"entry\","	\
	"\"group\":\"tcp\",\"module\":\"vmlinux\",\"hits\":5,\"missed\":2,"	\
	"\"skb\":\"arg1\",\"state\":\"active\"}\n"				\
	"{\"type\":\"point\",\"id\":3,\"point\":\"b\",\"kind\":\"entry\","	\
	"\"group\":\"veth\",\"module\":\"veth\",\"hits\":0,\"missed\":40,"	\
	"\"skb\":\"*arg0\",\"state\":\"waiting for module veth\"}\n"
	EXPECT_STREQ(JSON_POINTS, points_shown(self, NULL, true));
	EXPECT_STREQ(JSON_POINTS
		     " id  point                       kind    group      module        "
		     "        hits    missed  skb    state\n"
		     "  3  b                           entry   veth       veth          "
		     "           0        40  *arg0  waiting for module veth\n",
		     points_shown(self, "veth", false));
#undef JSON_POINTS
}

TEST_F(show, names)
{
	struct error error;
	uint64_t value;
	char *points;

	/* Of two names the first. */
	EXPECT_STREQ("init", names_netns(self->names, 4026531840u));
	EXPECT_EQ(NULL, names_netns(self->names, 5));
	EXPECT_STREQ("NETFILTER_DROP", names_reason(self->names, 8));
	EXPECT_EQ(NULL, names_reason(self->names, -8));
	EXPECT_EQ(2, names_reason_number(self->names, "NOT_SPECIFIED"));
	EXPECT_EQ(-1, names_reason_number(self->names, "NONE_SUCH"));
	EXPECT_EQ(NULL, names_stack(self->names, 0));
	points = fixed_text(NULL, SOURCE_POINTS, &error);
	EXPECT_EQ(42, names_missed(points));
	free(points);
	/* A line that is cut off does not go on in the next. */
	EXPECT_EQ(7, names_missed("1 a entry tcp\n2 b entry tcp vmlinux 5 7 arg1 active\n"));
	EXPECT_EQ(0, names_missed("1 a entry tcp\n2 b entry 9 9 9"));
	EXPECT_TRUE(names_stat("version 0.1.0\nabi 7\n", "abi", &value));
	EXPECT_EQ(7, value);
	EXPECT_FALSE(names_stat("version 0.1.0\nabi 7\n", "ab", &value));
}

/* What is no table is done with as soon as one. */
TEST(a_table_of_empty_lines)
{
	const size_t nr = 1 << 20;
	char *text = malloc(nr + 1);

	ASSERT_NE(NULL, text);
	memset(text, '\n', nr);
	text[nr] = '\0';
	EXPECT_EQ(0, names_missed(text));
	free(text);
}

TEST_HARNESS_MAIN
