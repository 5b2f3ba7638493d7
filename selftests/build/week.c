// SPDX-License-Identifier: GPL-2.0
/*
 * A week of the flight recorder in minutes: what was recorded once comes again and again,
 * later each time, and what the recorder needs of memory, disk and descriptors is watched.
 *
 *	week TRACE NEEDLE HOURS EVERY FOLDER
 *
 * TRACE comes every 10 seconds, for so many hours, and each EVERY-th time NEEDLE in its
 * place, in which a payload is changed.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "save.h"
#include "show/show.h"

#define STEP_NS		(10 * NSEC_PER_SEC)
#define STREAMS_MAX_HERE	8

/* What the service has, made smaller: a week is long, but of little traffic. */
#define MAX_SIZE	(1u << 20)
#define MAX_FILES	8u
#define MEMORY		(4u << 20)

/* The tables behind the records of a file. */
#define TABLES		(64u << 10)

struct trace {
	struct source *source;
	struct skbtrace_record *records[STREAMS_MAX_HERE];
	size_t nr[STREAMS_MAX_HERE];
	uint64_t from_ns;
};

/* The source that goes on for so long, and where it is. */
static struct week {
	struct source source;
	struct trace usual, needle;
	uint64_t rounds, every;
	struct {
		uint64_t round, index;
		size_t next;
	} streams[STREAMS_MAX_HERE];
	const char *folder;
	uint64_t records;
	uint64_t most_disk, most_memory, early_memory;
	unsigned int most_files;
} week;

static void die(const char *what)
{
	fprintf(stderr, "week: %s\n", what);
	exit(2);
}

static void load(struct trace *trace, const char *path)
{
	struct error error;
	unsigned int i;

	trace->source = file_open(path, &error);
	if (!trace->source)
		die(error.text);
	trace->from_ns = UINT64_MAX;
	for (i = 0; i < trace->source->nr_streams && i < STREAMS_MAX_HERE; i++) {
		trace->records[i] = calloc(10000, sizeof(*trace->records[i]));
		trace->nr[i] = 0;
		for (;;) {
			ssize_t got = source_read(trace->source, i, trace->records[i] + trace->nr[i],
						  10000 - trace->nr[i], &error);

			if (got < 0)
				die(error.text);
			if (!got)
				break;
			trace->nr[i] += got;
		}
		if (trace->nr[i] && trace->records[i][0].ts_ns < trace->from_ns)
			trace->from_ns = trace->records[i][0].ts_ns;
	}
}

static const struct trace *trace_of(uint64_t round)
{
	return (round + 1) % week.every ? &week.usual : &week.needle;
}

static uint64_t memory_used(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%*u %lu", &pages) != 1)
		die("/proc/self/statm");
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static unsigned int count_entries(const char *path, uint64_t *bytes)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int nr = 0;
	struct stat st;

	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' || fstatat(dirfd(dir), entry->d_name, &st, 0))
			continue;
		nr++;
		*bytes += st.st_size;
	}
	closedir(dir);
	return nr;
}

/* Now and then, not only in the end. */
static void watch(void)
{
	uint64_t disk = 0, none = 0, memory = memory_used();
	unsigned int files = count_entries("/proc/self/fd", &none);

	count_entries(week.folder, &disk);
	if (disk > week.most_disk)
		week.most_disk = disk;
	if (memory > week.most_memory)
		week.most_memory = memory;
	if (files > week.most_files)
		week.most_files = files;
	/* When all pools have been filled. */
	if (week.streams[0].round < week.rounds / 10)
		week.early_memory = week.most_memory;
}

/* As it would be if it had happened so much later. */
static struct skbtrace_record later(const struct skbtrace_record *record,
				    const struct trace *trace, unsigned int stream)
{
	uint64_t round = week.streams[stream].round;
	struct skbtrace_record r = *record;

	r.ts_ns = STEP_NS * (round + 1) + (record->ts_ns - trace->from_ns);
	r.index = week.streams[stream].index++;
	r.cpu = week.source.cpus[stream];
	r.life += round << 20;
	if (r.flags & SKBTRACE_F_CHILD)
		r.child += round << 20;
	if (r.l4proto == 6)
		r.tcp_seq += round << 18;
	return r;
}

static ssize_t read_week(struct source *source, unsigned int stream,
			 struct skbtrace_record *records, size_t nr, struct error *error)
{
	size_t n = 0;

	(void)source;
	(void)error;
	while (n < nr && week.streams[stream].round < week.rounds) {
		const struct trace *trace = trace_of(week.streams[stream].round);

		if (week.streams[stream].next == trace->nr[stream]) {
			week.streams[stream].next = 0;
			week.streams[stream].round++;
			if (!stream && !(week.streams[0].round % 100))
				watch();
			continue;
		}
		records[n++] = later(&trace->records[stream][week.streams[stream].next++], trace,
				     stream);
	}
	week.records += n;
	return n;
}

static char *text_of_trace(struct source *source, enum source_text which, struct error *error)
{
	(void)source;
	return source_text(week.usual.source, which, error);
}

static const struct source_ops week_ops = { .read = read_week, .text = text_of_trace };

int main(int argc, char **argv)
{
	struct options options = {
		.command = COMMAND_RECORD, .max_size = MAX_SIZE, .max_files = MAX_FILES,
		.memory = MEMORY, .before_ns = 60 * NSEC_PER_SEC, .after_ns = 60 * NSEC_PER_SEC,
	};
	struct error error = { "" };
	uint64_t none = 0, needles;
	char only[] = "changed";
	char path[4096];
	unsigned int files;

	if (argc != 6)
		die("TRACE NEEDLE HOURS EVERY FOLDER");
	load(&week.usual, argv[1]);
	load(&week.needle, argv[2]);
	week.source = *week.usual.source;
	week.source.ops = &week_ops;
	week.source.first = NULL;
	week.source.is_live = false;
	week.source.from_oldest = false;
	week.rounds = strtoull(argv[3], NULL, 10) * 3600 * NSEC_PER_SEC / STEP_NS;
	week.every = strtoull(argv[4], NULL, 10);
	week.folder = argv[5];
	if (week.needle.source->nr_streams < week.source.nr_streams || !week.every)
		die("these do not go together");
	snprintf(path, sizeof(path), "%s/trace", week.folder);
	options.output = path;
	if (needle_parse_only(&options.needle, only, &error))
		die(error.text);
	files = count_entries("/proc/self/fd", &none);
	if (save(&options, &week.source, &error) != STATUS_OK)
		die(error.text);
	watch();
	needles = week.rounds / week.every;
	printf("%s h: %" PRIu64 " records, %" PRIu64 " changes; memory %" PRIu64 " KB, of that %"
	       PRIu64 " KB since a tenth of the time; disk %" PRIu64 " KB at most; %u descriptors more\n",
	       argv[3], week.records, needles, week.most_memory >> 10,
	       (week.most_memory - week.early_memory) >> 10, week.most_disk >> 10,
	       week.most_files - files);
	if (week.most_memory - week.early_memory > 1 << 20)
		die("its memory grows");
	if (week.most_memory > 100 << 20)
		die("it needs too much memory");
	if (week.most_disk > MAX_FILES * (MAX_SIZE + MAX_SIZE / 2 + TABLES))
		die("it needs too much of the disk");
	if (week.most_files > files + 2)
		die("it opens files and does not close them");
	return 0;
}
