// SPDX-License-Identifier: GPL-2.0
/* What is written for Wireshark, taken apart again. */
#include <stdlib.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include <skbtrace/version.h>

#include "hops.h"
#include "show/show.h"

static char *fixed_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "", [SOURCE_STATS] = "", [SOURCE_STACKS] = "",
		[SOURCE_REASONS] = "",
		[SOURCE_NETNS] = "4026532001 blue\xff team\n",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n",
		[SOURCE_HOST] = "name there\nboot 11111111-2222\n",
	};

	return strdup(texts[which]);
}

static const struct source_ops text_ops = { .text = fixed_text };

FIXTURE(pcapng)
{
	struct source source;
	struct names *names;
	struct filter filter;
	const char *capture_at;
	struct view *view;
	char path[32];
	uint8_t *file;		/* what it has */
	size_t len;
	char *said;		/* a line a block, see take_apart() */
	struct test t;
};

static struct view *open_view(FIXTURE_DATA(pcapng) *self, const char *path,
			      struct error *error)
{
	const struct view_config config = {
		.names = self->names, .filter = &self->filter, .capture_at = self->capture_at
	};

	return view_open(&pcapng_view, path, &config, error);
}

FIXTURE_SETUP(pcapng)
{
	struct error error;

	memset(self, 0, sizeof(*self));
	self->source.ops = &text_ops;
	self->source.mono_ns = SEC;
	self->source.real_ns = 1700000000 * SEC;
	self->names = names_new(&self->source, &error);
	strcpy(self->path, "/tmp/pcapng_test.XXXXXX");
	close(mkstemp(self->path));
	self->view = open_view(self, self->path, &error);
	ASSERT_NE(NULL, self->view);
}

FIXTURE_TEARDOWN(pcapng)
{
	unlink(self->path);
	names_free(self->names);
	free(self->file);
	free(self->said);
}

static uint32_t get(const void *from, size_t len)
{
	uint32_t value = 0;

	memcpy(&value, from, len);
	return value;
}

/* Each as " number:text", or " number=value" if it is no text. */
static void say_options(FILE *out, const uint8_t *options, const uint8_t *end)
{
	for (;;) {
		uint32_t code = get(options, 2), len = get(options + 2, 2);

		options += 4;
		if (!code)
			break;
		if (len == 1)
			fprintf(out, " %u=%u", code, *options);
		else
			fprintf(out, " %u:%.*s", code, (int)len, options);
		options += len + -len % 4;
		if (options >= end)
			abort();
	}
	if (options != end)
		abort();
}

static void say_packet(FILE *out, const uint8_t *block, const uint8_t *end)
{
	uint64_t ns = (uint64_t)get(block + 4, 4) << 32 | get(block + 8, 4);
	uint32_t len = get(block + 12, 4), i;

	fprintf(out, "packet %u at %llu of %u:", get(block, 4), (unsigned long long)ns,
		get(block + 16, 4));
	for (i = 0; i < len; i++)
		fprintf(out, "%s%02x", i % 4 ? "" : " ", block[20 + i]);
	say_options(out, block + 20 + len + -len % 4, end);
}

/* Close the file and say what is in it. */
static const char *take_apart(FIXTURE_DATA(pcapng) *self)
{
	struct error error;
	FILE *file, *out;
	size_t at, size;
	uint32_t len;

	if (view_close(self->view, &error))
		return "";
	file = fopen(self->path, "r");
	self->file = malloc(1 << 20);
	self->len = fread(self->file, 1, 1 << 20, file);
	fclose(file);
	out = open_memstream(&self->said, &size);
	for (at = 0; at < self->len; at += len) {
		const uint8_t *block = self->file + at, *end;
		uint32_t type = get(block, 4);

		len = get(block + 4, 4);
		if (len % 4 || len > self->len - at || get(block + len - 4, 4) != len)
			abort();
		end = block + len - 4;
		switch (type) {
		case 0x0a0d0d0a:
			fprintf(out, "section %x %u.%u", get(block + 8, 4), get(block + 12, 2),
				get(block + 14, 2));
			say_options(out, block + 24, end);
			break;
		case 1:
			fprintf(out, "interface %u %u", get(block + 8, 2), get(block + 12, 4));
			say_options(out, block + 16, end);
			break;
		case 6:
			say_packet(out, block + 8, end);
			break;
		default:
			abort();
		}
		putc('\n', out);
	}
	fclose(out);
	return self->said;
}

static void hop(FIXTURE_DATA(pcapng) *self, struct hop hop)
{
	struct skbtrace_record record = make_record(&hop);

	view_hop(self->view, &record);
}

#define SECTION	"section 1a2b3c4d 1.0 4:skbtrace " SKBTRACE_VERSION "\n"

TEST_F(pcapng, nothing)
{
	EXPECT_STREQ(SECTION, take_apart(self));
}

TEST_F(pcapng, hops_by_themselves)
{
	hop(self, HOP("veth_xmit", .ts = 2 * SEC + 5, .skb = 0xffff888000000100, .dev = "veth0",
		      .peer = "veth\x1b", .netns = 4026532001u, .ttl = 64, .ip_id = 0x1234,
		      .pid = 7, .comm = "curl", .cpu = 3));
	hop(self, HOP("veth_xmit:return", .ts = 2 * SEC + 6, .skb = 0xffff888000000100));
	hop(self, HOP("kfree_skbmem", .ts = 2 * SEC + 7, .skb = 0xffff888000000100));
	hop(self, HOP("arp_rcv", .ts = 2 * SEC + 8, .skb = 0x10, .dev = "veth0", .len = 28,
		      .netns = 4026532001u, .protocol = ETH_P_ARP, .context = SKBTRACE_SOFTIRQ));
	hop(self, HOP("tcp_queue_rcv", .ts = 2 * SEC + 9, .skb = 0x10, .l4proto = IPPROTO_TCP,
		      .seq = 0x01020304, .no_digest = 1, .len = NO_PAYLOAD));
	/* Another namespace's device of the same name, with a tag. */
	hop(self, HOP("arp_rcv", .ts = 2 * SEC + 10, .skb = 0x10, .dev = "veth0", .len = 28,
		      .netns = 77, .protocol = ETH_P_ARP, .flags = SKBTRACE_F_VLAN));
	EXPECT_STREQ(SECTION
		"interface 1 0 2:blue? team:veth0 3:netns blue? team 9=9\n"
		"packet 0 at 1700000001000000005 of 142: 00000000 00000000 00000000 08004500 "
		"00801234 00004011 54390a00 00000a00 00010400 0050006c 0000 "
		"1:veth_xmit => veth?, cpu 3, task curl[7], skb 0xffff888000000100, "
		"payload 100 crc32c 00c0ffee, life 0\n"
		"packet 0 at 1700000001000000008 of 42: 00000000 00000000 00000000 0806 "
		"1:arp_rcv, cpu 0, softirq [0], skb 0x10, payload 28 crc32c 00c0ffee, life 0\n"
		"interface 1 0 2:(no device) 9=9\n"
		"packet 1 at 1700000001000000009 of 54: 00000000 00000000 00000000 08004500 "
		"00280000 00000006 a6d00a00 00000a00 00010400 00500102 03040000 00005000 "
		"ffff0000 0000 "
		"1:tcp_queue_rcv, cpu 0, task [0], skb 0x10, payload 0, life 0\n"
		"interface 1 0 2:77:veth0 3:netns 77 9=9\n"
		"packet 2 at 1700000001000000010 of 46: 00000000 00000000 00000000 81000000 0806 "
		"1:arp_rcv, cpu 0, task [0], skb 0x10, payload 28 crc32c 00c0ffee, life 0\n",
		take_apart(self));
}

static void add_journey(void *context, const struct journey *journey)
{
	FIXTURE_DATA(pcapng) *self = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	view_journey(self->view, journey, &verdict);
}

/* The comments alone. */
static const char *comments(FIXTURE_DATA(pcapng) *self)
{
	char *line, *to = (char *)take_apart(self);
	const char *all = to;

	for (line = strtok(to, "\n"); line; line = strtok(NULL, "\n")) {
		char *comment = strstr(line, " 1:");

		if (comment)
			to += sprintf(to, "%s\n", comment + 3);
	}
	*to = '\0';
	return all;
}

static void change(FIXTURE_DATA(pcapng) *self)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons reasons = { -1, -1, -1, -1, -1, -1 };
	struct test *t = &self->t;

	t->ts = SEC;
	t->engine = journey_engine_new(&config, &reasons, add_journey, self);
	feed(t, HOP("ip_rcv", .skb = 0x10, .dev = "eth0"));
	feed(t, HOP("veth_xmit", .skb = 0x10, .dev = "veth0", .peer = "veth1", .crc = 0xbad));
	feed(t, HOP("veth_xmit:return", .skb = 0x10));
	feed(t, HOP("udp_rcv", .skb = 0x10, .dev = "veth1", .crc = 0xbad));
	feed(t, HOP("__udp_enqueue_schedule_skb", .skb = 0x10, .dev = "veth1", .crc = 0xbad));
	feed(t, HOP("kfree_skbmem", .skb = 0x10));
	journey_flush(t->engine);
	journey_engine_free(t->engine);
}

TEST_F(pcapng, a_journey)
{
	change(self);
	EXPECT_STREQ("ip_rcv, cpu 0, task [0], skb 0x10, payload 100 crc32c 00c0ffee, life 1; "
		     "journey 0.0, changed, delivered\n"
		     "veth_xmit => veth1, cpu 0, task [0], skb 0x10, payload 100 crc32c 00000bad, life 1; "
		     "journey 0.0, changed, delivered; PAYLOAD CHANGED here, after ip_rcv eth0\n"
		     "udp_rcv, cpu 0, task [0], skb 0x10, payload 100 crc32c 00000bad, life 1; "
		     "journey 0.0, changed, delivered\n"
		     "__udp_enqueue_schedule_skb, cpu 0, task [0], skb 0x10, payload 100 "
		     "crc32c 00000bad, life 1; journey 0.0, changed, delivered\n", comments(self));
}

TEST_F(pcapng, some_points_of_a_journey)
{
	self->filter.points = "veth";
	change(self);
	EXPECT_STREQ("veth_xmit => veth1, cpu 0, task [0], skb 0x10, payload 100 crc32c 00000bad, life 1; "
		     "journey 0.0, changed, delivered; PAYLOAD CHANGED here, after ip_rcv eth0\n",
		     comments(self));
}

/* As long as names, numbers and words can be. */
TEST_F(pcapng, the_longest_comment)
{
	struct skbtrace_record record = make_record(&HOP("__udp_enqueue_schedule_skb", .ts = SEC));
	unsigned int i;

	memset(&record.skb, 0xff, sizeof(record.skb));
	memset(&record.payload_len, 0xff, sizeof(record.payload_len));
	memset(&record.pid, 0xff, sizeof(record.pid));
	memset(&record.cpu, 0xff, sizeof(record.cpu));
	memset(record.comm, 'c', sizeof(record.comm));
	memset(record.peer, 'p', sizeof(record.peer));
	record.context = SKBTRACE_HARDIRQ;
	for (i = 0; i < 3000; i++) {
		snprintf(record.dev, sizeof(record.dev), "veth%u", i);
		view_hop(self->view, &record);
	}
	EXPECT_NE(NULL, strstr(take_apart(self), "\npacket 2999 at "));
}

/* Kernel addresses are not for everyone. */
TEST_F(pcapng, nobody_else_may_read_it)
{
	struct stat stat;
	struct error error;

	ASSERT_EQ(0, view_close(self->view, &error));
	unlink(self->path);
	umask(0);
	self->view = open_view(self, self->path, &error);
	ASSERT_NE(NULL, self->view);
	ASSERT_EQ(0, view_close(self->view, &error));
	ASSERT_EQ(0, lstat(self->path, &stat));
	EXPECT_EQ(0600, stat.st_mode & 0777);
}

TEST_F(pcapng, what_cannot_be_written_is_told)
{
	struct error error;

	ASSERT_EQ(0, view_close(self->view, &error));
	EXPECT_EQ(NULL, open_view(self, "/nowhere/file", &error));
	EXPECT_STREQ("/nowhere/file: No such file or directory", error.text);
	self->view = open_view(self, "/dev/full", &error);
	ASSERT_NE(NULL, self->view);
	view_flush(self->view);
	hop(self, HOP("veth_xmit", .ts = SEC, .skb = 0x10));
	EXPECT_EQ(-1, view_close(self->view, &error));
	EXPECT_STREQ("/dev/full: No space left on device", error.text);
}

TEST_HARNESS_MAIN
