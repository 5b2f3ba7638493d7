// SPDX-License-Identifier: GPL-2.0
/*
 * Traces that a kernel has made, taken apart as if a namespace were a host by itself, at the
 * other end of a wire: joined again they tell what the whole trace does.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "run_hosts.h"
#include "traces.h"

TRACE(http);
TRACE(pedit);
TRACE(gro);
TRACE(fragments);
TRACE(drop);

#define CPUS_MAX	8
#define RECORDS_MAX	4096
#define LIVES_MAX	4096

/* The namespace's end of the wire, and the bridge's. */
#define END		"calmveth1"
#define OTHER_END	"calmveth1_peer"

#define AHEAD_NS	10000000000ULL

/* One of the two. */
struct half {
	int fd;
	char path[64];
	struct skbtrace_record *records[CPUS_MAX];
	unsigned int nr[CPUS_MAX];
};

FIXTURE(hosts_trace)
{
	int fd;
	struct source *source;
	struct half halves[2];
	unsigned int host_of_life[LIVES_MAX];
	char out[1 << 18];
};

FIXTURE_VARIANT(hosts_trace)
{
	const char *bytes, *end;
	const char *summary;
	const char *changed;		/* what is said of a change, NULL if there is none */
	bool damage;			/* the longest packet to the bridge, on the wire */
};

FIXTURE_VARIANT_ADD(hosts_trace, http) {
	trace_http, trace_http_end,
	.summary = "14 journeys: 14 intact, 0 changed, 0 unverified; 0 dropped;",
};

FIXTURE_VARIANT_ADD(hosts_trace, http_damaged) {
	trace_http, trace_http_end,
	.summary = "14 journeys: 13 intact, 1 changed, 0 unverified; 0 dropped;",
	.changed = "right at dev_hard_start_xmit on calmveth1 of a, netns ns-calm1; wrong at "
		   "netif_rx_internal on calmveth1_peer of b, netns init: between them\n",
	.damage = true,
};

FIXTURE_VARIANT_ADD(hosts_trace, pedit) {
	trace_pedit, trace_pedit_end,
	.summary = "13 journeys: 12 intact, 1 changed, 0 unverified; 1 dropped;",
	.changed = "right at __dev_queue_xmit on calmveth2_peer of b, netns init; wrong at "
		   "dev_hard_start_xmit on calmveth2_peer of b, netns init\n",
};

FIXTURE_VARIANT_ADD(hosts_trace, gro) {
	trace_gro, trace_gro_end,
	.summary = "16 journeys: 16 intact, 0 changed, 0 unverified; 0 dropped;",
};

FIXTURE_VARIANT_ADD(hosts_trace, fragments) {
	trace_fragments, trace_fragments_end,
	"4 journeys: 4 intact, 0 changed, 0 unverified; 0 dropped;",
};

FIXTURE_VARIANT_ADD(hosts_trace, drop) {
	trace_drop, trace_drop_end,
	.summary = "5 journeys: 5 intact, 0 changed, 0 unverified; 3 dropped;",
};

FIXTURE_SETUP(hosts_trace)
{
	char path[64];
	struct error error;

	memset(self, 0, sizeof(*self));
	self->fd = syscall(SYS_memfd_create, "trace", 0);
	ASSERT_EQ(variant->end - variant->bytes,
		  write(self->fd, variant->bytes, variant->end - variant->bytes));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	self->source = file_open(path, &error);
	ASSERT_NE(NULL, self->source);
}

FIXTURE_TEARDOWN(hosts_trace)
{
	unsigned int i, cpu;

	for (i = 0; i < 2; i++) {
		for (cpu = 0; cpu < CPUS_MAX; cpu++)
			free(self->halves[i].records[cpu]);
		close(self->halves[i].fd);
	}
	source_close(self->source);
	close(self->fd);
}

/* What is on the wire is seen by none of them: -1. */
static int host_of_record(unsigned int *host_of_life, const struct skbtrace_record *record)
{
	unsigned int *host = &host_of_life[record->life % LIVES_MAX];
	bool is_xmit = !strcmp(point_of(record->point)->symbol, "veth_xmit");

	if (is_xmit && (!strcmp(record->dev, END) || !strcmp(record->dev, OTHER_END)))
		return -1;
	/* Where no device is told it is where it was. */
	if (*record->dev)
		*host = !!strcmp(record->dev, END);
	if (record->flags & SKBTRACE_F_CHILD)
		host_of_life[record->child % LIVES_MAX] = *host;
	return *host;
}

static void give(struct half *half, const struct skbtrace_record *record)
{
	unsigned int cpu = record->cpu, nr = half->nr[cpu]++;

	if (!half->records[cpu])
		half->records[cpu] = calloc(RECORDS_MAX, sizeof(*record));
	if (!half->records[cpu] || nr == RECORDS_MAX)
		abort();
	half->records[cpu][nr] = *record;
	half->records[cpu][nr].index = nr;
}

static struct source *whole;
static const char *host_of_half;

static char *text_of_half(struct source *source, enum source_text which, struct error *error)
{
	return which == SOURCE_HOST ? strdup(host_of_half) : source_text(whole, which, error);
}

static const struct source_ops half_ops = { .text = text_of_half };

static void write_half(struct half *half, struct source *source, const char *host)
{
	struct source as = {
		.ops = &half_ops, .from_oldest = true,
		.mono_ns = source->mono_ns, .real_ns = source->real_ns,
	};
	struct file_output output = { .path = "memory" };
	static struct callers callers;
	struct error error;
	unsigned int cpu;

	whole = source;
	host_of_half = host;
	output.fd = half->fd = syscall(SYS_memfd_create, "half", 0);
	snprintf(half->path, sizeof(half->path), "/proc/self/fd/%d", half->fd);
	if (file_write_header(&output, &as, &error) || file_write_host(&output, &as, &error))
		abort();
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (half->nr[cpu] &&
		    file_write_chunk(&output, FILE_RECORDS, cpu, half->records[cpu],
				     half->nr[cpu] * sizeof(struct skbtrace_record), &error))
			abort();
	if (file_write_texts(&output, &as, &callers, &error))
		abort();
}

/* The packet whose bytes are changed on the wire. */
struct damaged {
	uint32_t seq;
	uint32_t len;
};

static void damage(struct half *half, const struct damaged *damaged)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (i = 0; i < half->nr[cpu]; i++) {
			struct skbtrace_record *record = &half->records[cpu][i];

			if (record->tcp_seq == damaged->seq &&
			    record->payload_len == damaged->len)
				record->crc32c ^= 0x1234567;
		}
	}
}

TEST_F(hosts_trace, joined_again)
{
	struct options options = { .command = COMMAND_CHECK };
	const char *paths[3] = { NULL, NULL, NULL };
	struct damaged damaged = { 0, 0 };
	struct skbtrace_record record;
	struct merge_item item;
	struct merge *merge;
	struct error error = { "" };
	int host, fd, saved;
	ssize_t len;

	merge = merge_new(self->source, &error);
	ASSERT_NE(NULL, merge);
	while (merge_next(merge, UINT64_MAX, &item, &error) > 0) {
		ASSERT_NE(NULL, item.record);
		record = *item.record;
		host = host_of_record(self->host_of_life, &record);
		if (host < 0)
			continue;
		/* One of the clocks is wrong. */
		record.ts_ns += host ? AHEAD_NS : 0;
		ASSERT_GT(CPUS_MAX, record.cpu);
		give(&self->halves[host], &record);
		if (!host && packet_is_tcp(&record) && record.payload_len > damaged.len)
			damaged = (struct damaged){ record.tcp_seq, record.payload_len };
	}
	merge_free(merge);
	if (variant->damage) {
		ASSERT_LT(0, damaged.len);
		damage(&self->halves[1], &damaged);
	}
	write_half(&self->halves[0], self->source, "name a\nboot 1\nload 1\n");
	write_half(&self->halves[1], self->source, "name b\nboot 2\nload 1\n");

	paths[0] = self->halves[0].path;
	paths[1] = self->halves[1].path;
	options.inputs = paths;
	options.input = paths[0];
	options.nr_inputs = 2;
	fflush(stdout);
	fd = syscall(SYS_memfd_create, "out", 0);
	saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	EXPECT_EQ(variant->changed ? STATUS_CHANGED : STATUS_OK, run_hosts(&options, &error));
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	len = pread(fd, self->out, sizeof(self->out) - 1, 0);
	close(fd);
	ASSERT_LT(0, len);
	EXPECT_STREQ("", error.text);
	EXPECT_NE(NULL, strstr(self->out, variant->summary)) {
		TH_LOG("not \"%s\" but\n%s", variant->summary, self->out);
	}
	EXPECT_NE(NULL, strstr(self->out, variant->changed ? variant->changed : "")) {
		TH_LOG("not \"%s\" but\n%s", variant->changed, self->out);
	}
	EXPECT_EQ(NULL, strstr(self->out, " 0 the same"));
}

TEST_HARNESS_MAIN
