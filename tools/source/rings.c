// SPDX-License-Identifier: GPL-2.0
/* The rings of the loaded module, as debugfs shows them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ask/ask.h"
#include "lib/clock.h"
#include "lib/list.h"
#include "host.h"
#include "names.h"
#include "netns.h"
#include "rings.h"

/* How long what the host has said is good for. */
#define FACTS_NS	(5 * NSEC_PER_SEC)

struct rings {
	struct source source;
	char dir[PATH_MAX];
	struct pollfd *polls;		/* a ring each */
	char *facts;			/* what the host has said, */
	uint64_t facts_ns;		/* and when */
};

static struct rings *to_rings(struct source *source)
{
	return container_of(source, struct rings, source);
}

static ssize_t rings_read(struct source *source, unsigned int stream,
			  struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct rings *rings = to_rings(source);
	ssize_t len;

	do {
		len = read(rings->polls[stream].fd, records, nr * sizeof(*records));
	} while (len < 0 && errno == EINTR);
	if (len >= 0)
		return len / sizeof(*records);
	if (errno == EAGAIN)
		return 0;
	return error_set(error, "%s/cpu%u: %s", rings->dir, source->cpus[stream],
			 strerror(errno));
}

/*
 * To go and get each record as it comes is dear.  At 10^6 a second on a CPU
 * this is a megabyte of its ring.
 */
static const struct timespec let_some_come = { 0, 5 * NSEC_PER_MSEC };

static int rings_wait(struct source *source, int timeout_ms, struct error *error)
{
	struct rings *rings = to_rings(source);
	int nr = poll(rings->polls, source->nr_streams, timeout_ms);

	if (nr < 0 && errno != EINTR)
		return error_set(error, "%s: poll: %s", rings->dir, strerror(errno));
	if (nr > 0)
		nanosleep(&let_some_come, NULL);
	return 0;
}

/* A file of debugfs has no size that could be asked for. */
static char *read_all(int fd)
{
	size_t len = 0, room = 0;
	char *text = NULL;
	ssize_t got;

	for (;;) {
		if (room - len < 4096) {
			char *more = realloc(text, 2 * room + 8192);

			if (!more)
				break;
			text = more;
			room = 2 * room + 8192;
		}
		got = read(fd, text + len, room - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		len += got;
		if (!got) {
			text[len] = '\0';
			return text;
		}
	}
	free(text);
	return NULL;
}

/* What cannot be asked is not known; that is no reason to know nothing else. */
static char *facts_text(struct rings *rings)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct error ignored;
	char *text;

	/* One file ends, the next begins: meanwhile nobody reads records. */
	if (!rings->facts || now - rings->facts_ns > FACTS_NS) {
		text = ask_all(&ignored);
		if (text) {
			free(rings->facts);
			rings->facts = text;
			rings->facts_ns = clock_ns(CLOCK_MONOTONIC);
		}
	}
	return strdup(rings->facts ? rings->facts : "");
}

static char *rings_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const names[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "points",
		[SOURCE_STATS] = "stats",
		[SOURCE_STACKS] = "stacks",
		[SOURCE_REASONS] = "reasons",
	};
	struct rings *rings = to_rings(source);
	char path[PATH_MAX + 16];
	char *text;
	int fd;

	if (which == SOURCE_NETNS)
		return netns_list(error);
	if (which == SOURCE_HOST)
		return host_text(rings->dir, error);
	if (which == SOURCE_FACTS)
		return facts_text(rings);
	if (which == SOURCE_SYMBOLS)
		snprintf(path, sizeof(path), "/proc/kallsyms");
	else
		snprintf(path, sizeof(path), "%s/%s", rings->dir, names[which]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return strdup("");
	text = fd < 0 ? NULL : read_all(fd);
	if (!text)
		error_set(error, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return text;
}

static void rings_close(struct source *source)
{
	struct rings *rings = to_rings(source);
	unsigned int i;

	for (i = 0; rings->polls && i < source->nr_streams; i++)
		close(rings->polls[i].fd);
	free(rings->polls);
	free(source->cpus);
	free(source->first);
	free(rings->facts);
	free(rings);
}

static const struct source_ops rings_ops = {
	.read = rings_read,
	.wait = rings_wait,
	.text = rings_text,
	.close = rings_close,
};

static int explain_missing(const struct rings *rings, const char *debugfs, int why,
			   struct error *error)
{
	struct statfs fs;

	switch (why) {
	case EACCES:
		return error_set(error, "%s: permission denied: only root may look there",
				 rings->dir);
	case ENOENT:
	case ENOTDIR:
		if (statfs(debugfs, &fs) || fs.f_type != DEBUGFS_MAGIC)
			return error_set(error, "%s: not there, and %s is no debugfs: mount it "
					 "(mount -t debugfs none %s), load the module "
					 "(insmod skbtrace.ko)", rings->dir, debugfs, debugfs);
		return error_set(error, "%s: not there: is the module loaded? "
				 "(insmod skbtrace.ko)", rings->dir);
	default:
		return error_set(error, "%s: %s", rings->dir, strerror(why));
	}
}

static int compare_cpus(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

/* Which CPUs have a ring. */
static int list_cpus(struct rings *rings, const char *debugfs, struct error *error)
{
	struct source *source = &rings->source;
	struct dirent *entry;
	DIR *dir;

	dir = opendir(rings->dir);
	if (!dir)
		return explain_missing(rings, debugfs, errno, error);
	while ((entry = readdir(dir))) {
		unsigned int cpu, *cpus;
		char end;

		if (sscanf(entry->d_name, "cpu%u%c", &cpu, &end) != 1)
			continue;
		cpus = realloc(source->cpus, (source->nr_streams + 1) * sizeof(*cpus));
		if (!cpus) {
			closedir(dir);
			return error_set(error, "out of memory");
		}
		source->cpus = cpus;
		cpus[source->nr_streams++] = cpu;
	}
	closedir(dir);
	if (!source->nr_streams)
		return error_set(error, "%s: no cpuN in it: not made by skbtrace", rings->dir);
	qsort(source->cpus, source->nr_streams, sizeof(*source->cpus), compare_cpus);
	return 0;
}

/* A machine may have more CPUs than a process may, at first, open files. */
static void allow_files(unsigned int nr)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= nr + 64)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_cpus(struct rings *rings, enum rings_start start, struct error *error)
{
	struct source *source = &rings->source;
	unsigned int i;

	rings->polls = calloc(source->nr_streams, sizeof(*rings->polls));
	if (!rings->polls)
		return error_set(error, "out of memory");
	for (i = 0; i < source->nr_streams; i++)
		rings->polls[i].fd = -1;
	source->first = calloc(source->nr_streams, sizeof(*source->first));
	if (!source->first)
		return error_set(error, "out of memory");
	allow_files(source->nr_streams);
	for (i = 0; i < source->nr_streams; i++) {
		char path[PATH_MAX + 16];
		off_t first;
		int fd;

		snprintf(path, sizeof(path), "%s/cpu%u", rings->dir, source->cpus[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return error_set(error, "%s: %s", path, strerror(errno));
		rings->polls[i].fd = fd;
		rings->polls[i].events = POLLIN;
		if (start == RINGS_NOW && lseek(fd, 0, SEEK_END) < 0)
			return error_set(error, "%s: going to its end: %s", path,
					 strerror(errno));
		first = lseek(fd, 0, SEEK_CUR);
		if (first < 0)
			return error_set(error, "%s: asking for the next record: %s", path,
					 strerror(errno));
		source->first[i] = first;
	}
	return 0;
}

static int check_abi(struct rings *rings, struct error *error)
{
	uint64_t abi, size;
	char *stats;

	stats = rings_text(&rings->source, SOURCE_STATS, error);
	if (!stats)
		return -1;
	if (!names_stat(stats, "abi", &abi) || !names_stat(stats, "record_size", &size)) {
		free(stats);
		return error_set(error, "%s/stats: does not say which ABI it has", rings->dir);
	}
	free(stats);
	if (abi != SKBTRACE_ABI || size != SKBTRACE_RECORD_SIZE)
		return error_set(error, "%s: the module has ABI %llu and records of %llu bytes, "
				 "this reader knows ABI %d and %d bytes: use the reader that "
				 "came with the module", rings->dir, (unsigned long long)abi,
				 (unsigned long long)size, SKBTRACE_ABI, SKBTRACE_RECORD_SIZE);
	return 0;
}

/* What was missed earlier does not concern records that are yet to come. */
static int note_missed(struct rings *rings, struct error *error)
{
	char *points = rings_text(&rings->source, SOURCE_POINTS, error), *stats;

	if (!points)
		return -1;
	rings->source.missed_before = names_missed(points);
	free(points);
	stats = rings_text(&rings->source, SOURCE_STATS, error);
	if (!stats)
		return -1;
	if (!names_stat(stats, "interruptions", &rings->source.interruptions_before))
		rings->source.interruptions_before = UINT64_MAX;
	free(stats);
	return 0;
}

/**
 * rings_open() - open the rings of the loaded module
 * @debugfs: where debugfs is mounted
 * @start: where to begin
 * @error: set if it fails
 *
 * Return: the source, or NULL.
 */
struct source *rings_open(const char *debugfs, enum rings_start start, struct error *error)
{
	struct rings *rings = calloc(1, sizeof(*rings));

	if (!rings) {
		error_set(error, "out of memory");
		return NULL;
	}
	rings->source.ops = &rings_ops;
	rings->source.is_live = true;
	rings->source.from_oldest = start == RINGS_OLDEST;
	rings->source.mono_ns = clock_ns(CLOCK_MONOTONIC);
	rings->source.real_ns = clock_ns(CLOCK_REALTIME);
	snprintf(rings->dir, sizeof(rings->dir), "%s/skbtrace.d", debugfs);
	if (list_cpus(rings, debugfs, error) || open_cpus(rings, start, error) ||
	    check_abi(rings, error) ||
	    (start == RINGS_NOW && note_missed(rings, error))) {
		rings_close(&rings->source);
		return NULL;
	}
	return &rings->source;
}
