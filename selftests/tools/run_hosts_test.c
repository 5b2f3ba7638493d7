// SPDX-License-Identifier: GPL-2.0
/* Recordings of two hosts, from the files to what is shown. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "run_hosts.h"
#include "wire.h"

#define RECORDS_MAX	256

/* A file of a host, its records by time. */
struct recording {
	const char *host;
	int fd;
	char path[64];
	struct skbtrace_record records[RECORDS_MAX];
	unsigned int nr;
};

static const char *texts[SOURCE_NR_TEXTS] = {
	[SOURCE_POINTS] = "", [SOURCE_STATS] = "", [SOURCE_STACKS] = "", [SOURCE_REASONS] = "",
	[SOURCE_NETNS] = "100 blue\n101 red\n", [SOURCE_SYMBOLS] = "",
};

static char *text_of(struct source *source, enum source_text which, struct error *error)
{
	return strdup(texts[which] ? texts[which] : "");
}

static const struct source_ops ops = { .text = text_of };

static void write_recording(struct recording *recording, const char *host)
{
	struct source source = { .ops = &ops };
	struct file_output output = { .path = "memory" };
	static struct callers callers;
	struct error error;

	output.fd = recording->fd = syscall(SYS_memfd_create, "skbtrace", 0);
	snprintf(recording->path, sizeof(recording->path), "/proc/self/fd/%d", recording->fd);
	texts[SOURCE_HOST] = host;
	if (file_write_header(&output, &source, &error) ||
	    file_write_host(&output, &source, &error) ||
	    file_write_chunk(&output, FILE_RECORDS, 0, recording->records,
			     recording->nr * sizeof(recording->records[0]), &error) ||
	    file_write_texts(&output, &source, &callers, &error))
		abort();
}

static uint64_t now = 5 * SEC;

static void see_hop(struct recording *recording, struct test *t, const char *point,
		    struct hop hop)
{
	struct skbtrace_record *record = &recording->records[recording->nr];

	hop.point = point;
	hop.ts = now += 1000;
	t->ts = hop.ts;
	hop.dev = "eth0";
	*record = make_record(&hop);
	record->index = recording->nr++;
	give_life(t, &hop, record);
}

FIXTURE(run_hosts)
{
	struct recording a, b;
	struct test lives_a, lives_b;
	char out[1 << 18];
};

static void send_one(struct recording *from, struct test *t, struct hop hop)
{
	see_hop(from, t, "ip_send_skb", hop);
	see_hop(from, t, "__dev_queue_xmit", hop);
	see_hop(from, t, "dev_hard_start_xmit", hop);
	see_hop(from, t, "kfree_skbmem", HOP(.skb = hop.skb));
}

static void get_one(struct recording *to, struct test *t, struct hop hop)
{
	hop.skb += 8;
	see_hop(to, t, "napi_gro_receive", hop);
	see_hop(to, t, "udp_rcv", hop);
	see_hop(to, t, "__udp_enqueue_schedule_skb", hop);
	see_hop(to, t, "kfree_skbmem", HOP(.skb = hop.skb));
}

/* To and fro, then one that is damaged on the way. */
FIXTURE_SETUP(run_hosts)
{
	uint32_t i;

	memset(self, 0, sizeof(*self));
	for (i = 0; i < 5; i++) {
		send_one(&self->a, &self->lives_a, datagram(1, 1 + i));
		get_one(&self->b, &self->lives_b, datagram(1, 1 + i));
		send_one(&self->b, &self->lives_b, datagram(2, 11 + i));
		get_one(&self->a, &self->lives_a, datagram(2, 11 + i));
	}
	send_one(&self->a, &self->lives_a, datagram(1, 21));
	get_one(&self->b, &self->lives_b, wrong(datagram(1, 21), 25));
}

FIXTURE_TEARDOWN(run_hosts)
{
	close(self->a.fd);
	close(self->b.fd);
}

/* What is shown of both.  Return: the exit status. */
static int show_both(struct options *options, const char *a, const char *b, char *text,
		     size_t size, struct error *error)
{
	const char *paths[] = { a, b, NULL };
	int fd = syscall(SYS_memfd_create, "out", 0), saved, status;
	ssize_t len;

	options->inputs = paths;
	options->input = a;
	options->nr_inputs = 2;
	error->text[0] = '\0';
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	status = run_hosts(options, error);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	len = pread(fd, text, size - 1, 0);
	text[len < 0 ? 0 : len] = '\0';
	close(fd);
	return status;
}

#define HOST_A	"name alpha\nboot 1\nload 1\n"
#define HOST_B	"name beta\nboot 2\nload 1\n"

#define EXPECT_SHOWN(out, text)	\
	EXPECT_NE(NULL, strstr(out, text)) { TH_LOG("\"%s\" is not in:\n%s", text, out); }

TEST_F(run_hosts, check)
{
	struct options options = { .command = COMMAND_CHECK };
	struct error error;

	write_recording(&self->a, HOST_A);
	write_recording(&self->b, HOST_B);
	EXPECT_EQ(STATUS_CHANGED, show_both(&options, self->a.path, self->b.path, self->out,
					    sizeof(self->out), &error));
	EXPECT_STREQ("", error.text);
	EXPECT_SHOWN(self->out, "right at dev_hard_start_xmit on eth0 of alpha; wrong at "
		     "napi_gro_receive on eth0 of beta: between them\n");
	EXPECT_SHOWN(self->out, "11 journeys: 10 intact, 1 changed, 0 unverified; 0 dropped;");
	EXPECT_SHOWN(self->out, "between hosts: 10 the same, 1 changed, 0 unverified; 0 packets lost\n");
	EXPECT_SHOWN(self->out, "the clock of beta is 0.000000 s ahead of that of alpha, ± 2.0 µs");
	/* Whichever is named first. */
	EXPECT_EQ(STATUS_CHANGED, show_both(&options, self->b.path, self->a.path, self->out,
					    sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, "right at dev_hard_start_xmit on eth0 of alpha; wrong at "
		     "napi_gro_receive on eth0 of beta: between them\n");
}

TEST_F(run_hosts, report)
{
	struct options options = { .command = COMMAND_REPORT };
	struct error error;

	write_recording(&self->a, HOST_A);
	write_recording(&self->b, HOST_B);
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, ": alpha > beta: intact\n");
	EXPECT_SHOWN(self->out, ": beta > alpha: intact\n");
	EXPECT_SHOWN(self->out, ": alpha > beta: CHANGED\n");
	EXPECT_SHOWN(self->out, "   between alpha and beta: payload changed; it took ");
	EXPECT_SHOWN(self->out, "     last right:   dev_hard_start_xmit on eth0 of alpha, ");
	EXPECT_SHOWN(self->out, "     first wrong:  napi_gro_receive on eth0 of beta, ");
	options.json = true;
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, "\"payload\":\"changed\",\"why\":\"its payload changed between two "
		     "hosts\",\"journeys\":[{\"host\":\"alpha\",\"id\":");
	options.json = false;
	options.needle.only = 0;
	ASSERT_EQ(0, needle_parse_only(&options.needle, "changed", &error));
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, "1 journeys: 0 intact, 1 changed, ");
}

TEST_F(run_hosts, hops)
{
	struct options options = { .command = COMMAND_HOPS };
	struct error error;

	write_recording(&self->a, HOST_A);
	write_recording(&self->b, HOST_B);
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_EQ(0, strncmp(self->out, "alpha ", 6));
	EXPECT_SHOWN(self->out, "\nbeta         ");
}

TEST_F(run_hosts, summary)
{
	struct options options = { .command = COMMAND_SUMMARY };
	struct error error;

	write_recording(&self->a, HOST_A);
	write_recording(&self->b, HOST_B);
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, "between hosts: 10 the same, 1 changed, ");
	EXPECT_SHOWN(self->out, "\non alpha:\n");
	EXPECT_SHOWN(self->out, "\non beta:\n");
}

/* One boot of one host: nothing is between them. */
TEST_F(run_hosts, one_host)
{
	struct options options = { .command = COMMAND_REPORT };
	struct error error;

	write_recording(&self->a, HOST_A);
	write_recording(&self->b, "name alpha\nboot 1\nload 2\n");
	EXPECT_EQ(STATUS_OK, show_both(&options, self->a.path, self->b.path, self->out,
				       sizeof(self->out), &error));
	EXPECT_SHOWN(self->out, "between hosts: 0 the same, 0 changed, 0 unverified; 0 packets lost\n");
}

/* Files of 0.2.0 say nothing of hosts; two hosts may have one name. */
TEST_F(run_hosts, names)
{
	struct options options = { .command = COMMAND_CHECK };
	struct error error;

	write_recording(&self->a, "");
	write_recording(&self->b, "");
	show_both(&options, self->a.path, self->b.path, self->out, sizeof(self->out), &error);
	EXPECT_SHOWN(self->out, "of host1; wrong at napi_gro_receive on eth0 of host2: ");
	write_recording(&self->a, HOST_A);
	write_recording(&self->b, "name alpha\nboot 2\nload 1\n");
	show_both(&options, self->a.path, self->b.path, self->out, sizeof(self->out), &error);
	EXPECT_SHOWN(self->out, "of alpha; wrong at napi_gro_receive on eth0 of alpha(2): ");
}

TEST_F(run_hosts, a_file_that_is_not_there)
{
	struct options options = { .command = COMMAND_CHECK };
	struct error error;

	write_recording(&self->a, HOST_A);
	EXPECT_EQ(STATUS_ERROR, show_both(&options, self->a.path, "/nowhere", self->out,
					  sizeof(self->out), &error));
	EXPECT_STREQ("/nowhere: No such file or directory", error.text);
	EXPECT_EQ(STATUS_ERROR, show_both(&options, self->a.path, "-", self->out,
					  sizeof(self->out), &error));
}

TEST_HARNESS_MAIN
