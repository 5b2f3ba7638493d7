// SPDX-License-Identifier: GPL-2.0
/* Other ways to look at journeys: calls, another order, a narrow terminal, other programs. */
#include <stdlib.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "hops.h"
#include "show/show.h"
#include "show/sorted.h"
#include "show/text_fit.h"

static char *fixed_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "", [SOURCE_STATS] = "",
		[SOURCE_STACKS] = "7 ip_rcv_core+0x1;__netif_receive_skb_core+0x20/0x30\n",
		[SOURCE_REASONS] = "8 NETFILTER_DROP\n",
		[SOURCE_NETNS] = "4026531840 init\n4026532001 <b>&\"\n",
		[SOURCE_SYMBOLS] = "",
	};

	return strdup(texts[which]);
}

static const struct source_ops text_ops = { .text = fixed_text };

FIXTURE(views)
{
	struct source source;
	struct names *names;
	struct filter filter;
	struct show show;
	struct sorted *sorted;
	struct view *view;
	char path[32];
	char *file;
	char *text;
	size_t len;
	struct test t;
};

FIXTURE_SETUP(views)
{
	struct error error;

	memset(self, 0, sizeof(*self));
	setenv("TZ", "UTC", 1);
	self->source.ops = &text_ops;
	self->names = names_new(&self->source, &error);
	ASSERT_NE(NULL, self->names);
	self->show.names = self->names;
	self->show.filter = &self->filter;
	self->show.ops = &show_text_ops;
	self->show.out = open_memstream(&self->text, &self->len);
	strcpy(self->path, "/tmp/views_test.XXXXXX");
	close(mkstemp(self->path));
}

FIXTURE_TEARDOWN(views)
{
	fclose(self->show.out);
	free(self->text);
	free(self->file);
	sorted_free(self->sorted);
	names_free(self->names);
	unlink(self->path);
}

static const char *shown(FIXTURE_DATA(views) *self)
{
	fflush(self->show.out);
	return self->text;
}

static void take(void *context, const struct journey *journey)
{
	FIXTURE_DATA(views) *self = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	if (self->sorted)
		sorted_journey(self->sorted, &self->show, journey, &verdict);
	else if (self->view)
		view_journey(self->view, journey, &verdict);
	else
		self->show.ops->journey(&self->show, journey, &verdict);
}

static void begin(FIXTURE_DATA(views) *self)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons reasons = { 1, 2, 3, 4, 5, 6 };

	self->t.ts = SEC;
	self->t.engine = journey_engine_new(&config, &reasons, take, self);
}

static void end(FIXTURE_DATA(views) *self)
{
	journey_flush(self->t.engine);
	journey_engine_free(self->t.engine);
}

static void feed_hops(FIXTURE_DATA(views) *self, const struct hop *hops, size_t nr)
{
	begin(self);
	while (nr--)
		feed(&self->t, *hops++);
	end(self);
}

#define FEED(hops)	feed_hops(self, hops, sizeof(hops) / sizeof((hops)[0]))

/* The functions of a tree, as they are indented: what is behind the bar, up to the mark. */
static char *calls_of(char *text)
{
	char *line, *to = text, *all = text;

	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *call = strstr(line, "| ");
		size_t len;

		if (!call) {
			if (strncmp(line, "   cpu", 6))
				continue;
			call = line + 1;
		}
		len = strcspn(call, ";{}:") + 1;
		to += sprintf(to, "%.*s\n", (int)len - 2, call + 2);
	}
	*to = '\0';
	return all;
}

/* Deeper is called; no deeper has not been; another stack is another list. */
TEST_F(views, calls)
{
	static const struct hop hops[] = {
		{ "ip_output", .skb = 1, .sp = 0x8000, .pid = 7, .comm = "a" },
		{ "ip_finish_output2", .skb = 1, .sp = 0x7f00, .pid = 7, .comm = "a" },
		{ "__dev_queue_xmit", .skb = 1, .sp = 0x7e00, .pid = 7, .comm = "a" },
		{ "veth_xmit", .skb = 1, .sp = 0x7d00, .pid = 7, .comm = "a" },
		{ "netif_rx_internal", .skb = 1, .sp = 0x7c00, .pid = 7, .comm = "a" },
		{ "veth_xmit:return", .skb = 1, .sp = 0x7d00, .duration = 2000, .pid = 7 },
		/* Deeper than veth_xmit(), which has returned. */
		{ "enqueue_to_backlog", .skb = 1, .sp = 0x7b00, .pid = 7, .comm = "a" },
		{ "__netif_receive_skb_core", .skb = 1, .sp = 0x18000, .context = SKBTRACE_SOFTIRQ },
		{ "br_handle_frame", .skb = 1, .sp = 0x17f00, .context = SKBTRACE_SOFTIRQ },
		/* Not called by what it stands as deep as. */
		{ "ip_rcv", .skb = 1, .sp = 0x18000, .context = SKBTRACE_SOFTIRQ },
		{ "ip_local_deliver", .skb = 1, .sp = 0x17f00, .cpu = 1, .context = SKBTRACE_SOFTIRQ },
	};

	self->show.tree = true;
	FEED(hops);
	EXPECT_STREQ("cpu0, task a[7]:\n"
		     "ip_output() {\n"
		     "  ip_finish_output2() {\n"
		     "    __dev_queue_xmit() {\n"
		     "      veth_xmit() {\n"
		     "        netif_rx_internal();\n"
		     "      }\n"
		     "      enqueue_to_backlog();\n"
		     "    }\n"
		     "  }\n"
		     "}\n"
		     "cpu0, softirq:\n"
		     "__netif_receive_skb_core() {\n"
		     "  br_handle_frame();\n"
		     "}\n"
		     "ip_rcv();\n"
		     "cpu1, softirq:\n"
		     "ip_local_deliver();\n", calls_of((char *)shown(self)));
}

/* Of what has only its return probed the duration says when it began. */
TEST_F(views, calls_that_are_known_by_their_return)
{
	static const struct hop hops[] = {
		{ "br_handle_frame", .skb = 1, .sp = 0x8000, .context = SKBTRACE_SOFTIRQ },
		{ "br_nf_pre_routing", .skb = 1, .sp = 0x7e00, .context = SKBTRACE_SOFTIRQ },
		{ "nf_hook_slow:return", .skb = 1, .sp = 0x7f00, .duration = 1500, .ret = 1,
		  .context = SKBTRACE_SOFTIRQ },
		{ "br_handle_frame_finish", .skb = 1, .sp = 0x7f80, .context = SKBTRACE_SOFTIRQ },
		{ "br_handle_frame:return", .skb = 1, .sp = 0x8000, .duration = 4000,
		  .context = SKBTRACE_SOFTIRQ },
	};

	self->show.tree = true;
	FEED(hops);
	EXPECT_NE(NULL, strstr(shown(self), "/* br_handle_frame ret=0 RX_HANDLER_CONSUMED, 4.0 µs */"));
	EXPECT_NE(NULL, strstr(shown(self), "1.5 µs |   } /* nf_hook_slow ret=1"));
	EXPECT_STREQ("cpu0, softirq:\n"
		     "br_handle_frame() {\n"
		     "  nf_hook_slow() {\n"
		     "    br_nf_pre_routing();\n"
		     "  }\n"
		     "  br_handle_frame_finish();\n"
		     "}\n", calls_of(self->text));
}

/* Where stacks were recorded they say who has returned. */
TEST_F(views, calls_by_their_stacks)
{
	static const struct hop hops[] = {
		{ "__netif_receive_skb_core", .skb = 1, .sp = 0x8000 },
		{ "ip_rcv", .skb = 1, .sp = 0x7f00 },
		{ "ip_rcv_core", .skb = 1, .sp = 0x7e00, .stack = 7 },
	};

	self->show.tree = true;
	FEED(hops);
	EXPECT_STREQ("cpu0, task [0]:\n"
		     "__netif_receive_skb_core() {\n"
		     "  ip_rcv();\n"
		     "  ip_rcv_core();\n"
		     "}\n", calls_of((char *)shown(self)));
}

/* Deeper than what calls nothing, and has therefore returned. */
TEST_F(views, calls_of_what_calls_nothing)
{
	static const struct hop hops[] = {
		{ "ip_rcv", .skb = 1, .sp = 0x8000 },
		{ "ip_rcv_core", .skb = 1, .sp = 0x7f00 },
		{ "ip_local_deliver", .skb = 1, .sp = 0x7e00 },
		{ "udp_rcv", .skb = 1, .sp = 0x7d00 },
		{ "__udp_enqueue_schedule_skb", .skb = 1, .sp = 0x7c00 },
		{ "kfree_skbmem", .skb = 1, .sp = 0x7b00 },
	};

	self->show.tree = true;
	FEED(hops);
	EXPECT_STREQ("cpu0, task [0]:\n"
		     "ip_rcv() {\n"
		     "  ip_rcv_core();\n"
		     "  ip_local_deliver() {\n"
		     "    udp_rcv() {\n"
		     "      __udp_enqueue_schedule_skb() {\n"
		     "        kfree_skbmem();\n"
		     "      }\n"
		     "    }\n"
		     "  }\n"
		     "}\n", calls_of((char *)shown(self)));
}

/* More calls than are kept, and stacks. */
TEST_F(views, deep_calls)
{
	unsigned int i;

	self->show.tree = true;
	begin(self);
	for (i = 0; i < 3000; i++)
		feed(&self->t, HOP("ip_rcv", .skb = 1, .sp = 0x100000 - 8 * i, .cpu = i % 100 / 3));
	end(self);
	EXPECT_NE(NULL, strstr(shown(self), "3000 hops"));
}

/* Bytes, latency and time each have another order. */
static void feed_three(FIXTURE_DATA(views) *self, enum sorted_by by, uint64_t max)
{
	self->sorted = sorted_new(by, max);
	begin(self);
	feed(&self->t, HOP("ip_rcv", .skb = 1, .flow = 1, .len = 500));
	feed(&self->t, HOP("ip_rcv", .skb = 2, .flow = 2, .len = 900));
	feed(&self->t, HOP("kfree_skbmem", .skb = 2));
	feed(&self->t, HOP("ip_rcv", .skb = 3, .flow = 3, .len = 700));
	feed(&self->t, HOP("ip_rcv", .skb = 3, .flow = 3, .len = 700));
	feed(&self->t, HOP("kfree_skbmem", .skb = 3));
	feed(&self->t, HOP("kfree_skbmem", .skb = 1));
	end(self);
	sorted_show(self->sorted, &self->show);
	sorted_free(self->sorted);
	self->sorted = NULL;
}

/* "2 1 3": which journeys, in which order. */
static const char *order(FIXTURE_DATA(views) *self, char *to)
{
	const char *at = shown(self);
	char *text = to;

	*to = '\0';
	while ((at = strstr(at, "udp 10.0.0.")))
		to += sprintf(to, "%c ", *(at += 11));
	return text;
}

TEST_F(views, sorted_by_latency)
{
	char text[64];

	feed_three(self, SORTED_LATENCY, 0);
	EXPECT_STREQ("1 3 2 ", order(self, text));
	EXPECT_EQ(NULL, strstr(self->text, "sorted by"));
}

TEST_F(views, sorted_by_bytes)
{
	char text[64];

	feed_three(self, SORTED_BYTES_OF, 0);
	EXPECT_STREQ("2 3 1 ", order(self, text));
}

TEST_F(views, sorted_by_time)
{
	char text[64];

	feed_three(self, SORTED_TIME, 0);
	EXPECT_STREQ("1 2 3 ", order(self, text));
}

TEST_F(views, sorted_within_bounds)
{
	char text[64];

	feed_three(self, SORTED_BYTES_OF, 2);
	EXPECT_STREQ("2 3 ", order(self, text));
	EXPECT_NE(NULL, strstr(self->text, "sorted by bytes: the first 2 of 3 journeys\n"));
}

TEST_F(views, sorted_by_what)
{
	enum sorted_by by = SORTED_NOT;
	struct error error;

	EXPECT_EQ(0, sorted_parse("bytes", &by, &error));
	EXPECT_EQ(SORTED_BYTES_OF, by);
	EXPECT_EQ(-1, sorted_parse("size", &by, &error));
	EXPECT_STREQ("--sort: \"size\" is not latency, bytes or time", error.text);
}

/* As many as may be kept, each with more to show than there may be in all: not one less. */
TEST_F(views, sorted_many)
{
	unsigned int i;
	char *at;

	self->sorted = sorted_new(SORTED_LATENCY, 100);
	begin(self);
	for (i = 0; i < 5000; i++) {
		feed(&self->t, HOP("ip_rcv", .skb = 1 + i % 7, .flow = i));
		feed(&self->t, HOP("kfree_skbmem", .skb = 1 + i % 7,
				   .ts = self->t.ts + 1000 + i * 2654435761u % 5000 * 1000));
	}
	end(self);
	sorted_show(self->sorted, &self->show);
	shown(self);
	for (i = 0, at = self->text; (at = strstr(at, "hops in ")); at += 8) {
		static double last;
		double now = atof(at + 8);

		if (strstr(at, "ms\n") && strstr(at, "ms\n") - at < 20)
			now *= 1000;
		EXPECT_TRUE(!i++ || now <= last);
		last = now;
	}
	EXPECT_EQ(100, i);
}

static const char *fitted(FIXTURE_DATA(views) *self, const char *text, unsigned int width)
{
	rewind(self->show.out);
	text_fit(self->show.out, text, width);
	putc('\0', self->show.out);
	return shown(self);
}

TEST_F(views, lines_that_fit)
{
	EXPECT_STREQ("short\n\n  in\n", fitted(self, "short   \n\n  in\n", 20));
	/* Between columns if it can be, else between words. */
	EXPECT_STREQ("one two  three\n      four five\n",
		     fitted(self, "one two  three  four five\n", 20));
	EXPECT_STREQ("   one two three four\n         five\n",
		     fitted(self, "   one two three four five\n", 21));
	EXPECT_STREQ("aaaaaaaaaabbbbbbbbbb\n      cccccccccc\n",
		     fitted(self, "aaaaaaaaaabbbbbbbbbbcccccccccc\n", 20));
	/* Colours have no width, and characters are not bytes. */
	EXPECT_STREQ("\033[1;31mµµµµµµµµµµ µµµµµµµµµ\033[0m\n",
		     fitted(self, "\033[1;31mµµµµµµµµµµ µµµµµµµµµ\033[0m\n", 20));
	EXPECT_STREQ("µµµµµµµµµµµµµµµµµµµµ\n      µµµ\n",
		     fitted(self, "µµµµµµµµµµµµµµµµµµµµµµµ\n", 20));
}

static const struct hop changed_hops[] = {
	{ "ip_rcv", .skb = 0x10, .dev = "eth0", .netns = 4026531840u },
	{ "veth_xmit", .skb = 0x10, .dev = "<veth&\"", .peer = "v1", .netns = 4026532001u,
	  .crc = 0xbad, .comm = "a\"b\n" },
	{ "veth_xmit:return", .skb = 0x10 },
	{ "__netif_receive_skb_core", .skb = 0x10, .dev = "v1", .netns = 4026532001u, .crc = 0xbad },
	{ "kfree_skb_reason", .skb = 0x10, .reason = 8 },
	{ "kfree_skbmem", .skb = 0x10 },
};

TEST_F(views, a_narrow_terminal)
{
	const char *line;

	self->show.width = 60;
	FEED(changed_hops);
	for (line = shown(self); *line; line += strcspn(line, "\n") + 1) {
		char copy[512];

		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
		EXPECT_TRUE(text_width(copy) <= 60) {
			TH_LOG("%s", copy);
		}
	}
	/* Said once: it repeats. */
	EXPECT_NE(NULL, strstr(self->text, "00000bad"));
	EXPECT_EQ(NULL, strstr(strstr(self->text, "__netif_receive_skb_core"), "00000bad  \n"));
	EXPECT_NE(NULL, strstr(self->text, "◀ changed"));
}

static void open_view(FIXTURE_DATA(views) *self, const struct view_ops *ops)
{
	const struct view_config config = { .names = self->names, .filter = &self->filter };
	struct error error;

	self->view = view_open(ops, self->path, &config, &error);
}

static const char *written(FIXTURE_DATA(views) *self)
{
	struct error error;
	struct stat st;
	FILE *file;

	if (view_close(self->view, &error) || stat(self->path, &st))
		return "";
	self->file = calloc(1, st.st_size + 1);
	file = fopen(self->path, "r");
	if (fread(self->file, 1, st.st_size, file) != (size_t)st.st_size)
		abort();
	fclose(file);
	return self->file;
}

/* Names that come from elsewhere are no markup. */
TEST_F(views, a_page)
{
	const char *page;

	open_view(self, &html_view);
	FEED(changed_hops);
	page = written(self);
	EXPECT_NE(NULL, strstr(page, "&lt;veth&amp;&quot;"));
	EXPECT_NE(NULL, strstr(page, "&lt;b&gt;&amp;&quot;: "));
	EXPECT_EQ(NULL, strstr(page, "<veth"));
	EXPECT_NE(NULL, strstr(page, "<b class=\"changed\">changed</b> between ip_rcv on eth0"));
	EXPECT_NE(NULL, strstr(page, "reason NETFILTER_DROP"));
	EXPECT_NE(NULL, strstr(page, "1 journeys: 0 intact, 1 changed, 0 unverified"));
	EXPECT_EQ(NULL, strstr(page, "<script"));
}

TEST_F(views, a_page_has_an_end)
{
	unsigned int i;

	open_view(self, &html_view);
	begin(self);
	for (i = 0; i < 1500; i++) {
		feed(&self->t, HOP("ip_rcv", .skb = 1, .flow = i));
		feed(&self->t, HOP("kfree_skbmem", .skb = 1));
	}
	end(self);
	EXPECT_NE(NULL, strstr(written(self), "1000 journeys: "));
	EXPECT_NE(NULL, strstr(self->file, "; 500 more are not on this page"));
}

TEST_F(views, slices_and_arrows)
{
	const char *json;

	open_view(self, &perfetto_view);
	FEED(changed_hops);
	json = written(self);
	EXPECT_NE(NULL, strstr(json, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":1,"
				     "\"args\":{\"name\":\"netns init\"}}"));
	EXPECT_NE(NULL, strstr(json, "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":1000001.000,"
				     "\"dur\":1.000,\"name\":\"ip_rcv\",\"cat\":\"hop\","));
	EXPECT_NE(NULL, strstr(json, "\"dur\":2.000,\"name\":\"veth_xmit ◀ changed\",\"cat\":\"changed\","
				     "\"cname\":\"terrible\","));
	EXPECT_NE(NULL, strstr(json, "{\"ph\":\"s\",\"pid\":1,\"tid\":1,\"ts\":1000001.999,\"id\":0,"));
	EXPECT_NE(NULL, strstr(json, "{\"ph\":\"f\",\"pid\":2,\"tid\":257,\"ts\":1000002.000,\"id\":0,"));
	EXPECT_NE(NULL, strstr(json, "\"name\":\"dropped\",\"args\":{\"by\":\"kfree_skb_reason\","
				     "\"reason\":\"NETFILTER_DROP\"}}"));
	EXPECT_NE(NULL, strstr(json, "\n],\"otherData\":{\"left_out\":0}}\n"));
}

TEST_HARNESS_MAIN
