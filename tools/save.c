// SPDX-License-Identifier: GPL-2.0
/* From the rings to a file, as fast as can be. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "save.h"
#include "source/source.h"
#include "stop.h"

#define WAIT_MS		100

/* Read and written at once: 768 KiB, few system calls for many records. */
#define SAVE_RECORDS	4096

/* Files that are kept, the one that is written to among them. */
#define MAX_FILES_DEFAULT	10

/**
 * struct save - a file being written
 * @source: where records come from
 * @output: where they go
 * @options: what was asked for
 * @written: bytes of records in the file
 * @begun_ns: when the file was begun
 * @records: SAVE_RECORDS
 * @filter: which of them
 * @callers: who dropped them
 * @next_index: of each stream, the index after that of its last record
 * @left_out: of each stream, records that are not wanted
 * @read_ns: when the record was made that was read last
 * @until_ns: what is younger is not wanted
 * @saved: records
 * @lost: records
 * @error: of the whole
 */
struct save {
	struct source *source;
	struct file_output output;
	const struct options *options;
	uint64_t written;
	uint64_t begun_ns;
	struct skbtrace_record *records;
	const struct filter *filter;
	struct callers callers;
	uint64_t *next_index;
	uint64_t *left_out;
	uint64_t read_ns;
	uint64_t until_ns;
	uint64_t saved;
	uint64_t lost;
	struct error *error;
};

/*
 * How many records are missing between these and those before.  What was
 * overwritten before the rings were opened is not lost.
 */
static uint64_t count_lost(const struct save *save, unsigned int stream, size_t nr)
{
	const struct skbtrace_record *records = save->records;
	uint64_t next = save->next_index[stream];
	uint64_t lost = records[nr - 1].index - records[0].index - (nr - 1);

	return next || save->source->first ? lost + (records[0].index - next) : lost;
}

/*
 * Keep the records that are wanted.  Their indices close up: what is missing in
 * a file is what was lost.
 *
 * Return: how many there are.
 */
static size_t select_records(struct save *save, unsigned int stream, size_t nr)
{
	struct skbtrace_record *records = save->records;
	size_t i, kept = 0;

	/* They are on their way to the file untouched. */
	if (!save->filter->expression)
		return nr;
	for (i = 0; i < nr; i++) {
		if (!filter_packet(save->filter, &records[i])) {
			save->left_out[stream]++;
			continue;
		}
		records[kept] = records[i];
		records[kept++].index -= save->left_out[stream];
	}
	return kept;
}

static void note_callers(struct save *save, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (save->records[i].flags & SKBTRACE_F_CALLER)
			callers_add(&save->callers, save->records[i].caller);
}

/* Return: how many records were read, or -1. */
static ssize_t save_some(struct save *save, unsigned int stream)
{
	ssize_t nr = source_read(save->source, stream, save->records, SAVE_RECORDS, save->error);
	size_t kept;

	if (nr <= 0)
		return nr;
	save->lost += count_lost(save, stream, nr);
	save->next_index[stream] = save->records[nr - 1].index + 1;
	save->read_ns = save->records[nr - 1].ts_ns;
	kept = select_records(save, stream, nr);
	note_callers(save, kept);
	save->saved += kept;
	save->written += kept * sizeof(*save->records);
	if (kept && file_write_chunk(&save->output, FILE_RECORDS, save->source->cpus[stream],
				     save->records, kept * sizeof(*save->records), save->error))
		return -1;
	return nr;
}

/*
 * One round over all CPUs, so that none waits for a busy one.
 *
 * Return: 1 if any may have more that is wanted at once, 0 if not, or -1.
 */
static int save_round(struct save *save)
{
	unsigned int i;
	int more = 0;

	for (i = 0; i < save->source->nr_streams; i++) {
		ssize_t nr = save_some(save, i);

		if (nr < 0)
			return -1;
		more |= nr == SAVE_RECORDS && save->read_ns <= save->until_ns;
	}
	return more;
}

static int open_output(const char *path, struct error *error)
{
	int fd;

	if (!strcmp(path, "-"))
		fd = dup(STDOUT_FILENO);
	else
		/* It has kernel addresses in it: for the owner alone. */
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	return fd;
}

static int begin_file(struct save *save)
{
	save->output.fd = open_output(save->options->output, save->error);
	if (save->output.fd < 0)
		return -1;
	save->written = 0;
	save->begun_ns = clock_ns(CLOCK_MONOTONIC);
	if (file_write_header(&save->output, save->source, save->error) ||
	    file_write_host(&save->output, save->source, save->error))
		return -1;
	return file_write_facts(&save->output, save->source, save->error);
}

/* The tables that go with the records, and the end: the file can be read by itself. */
static int end_file(struct save *save)
{
	int ret = file_write_texts(&save->output, save->source, &save->callers,
				   save->error);
	int fd = save->output.fd;

	save->output.fd = -1;
	/* A full disk may show up only now. */
	if (close(fd) && !ret)
		ret = error_set(save->error, "%s: %s", save->output.path, strerror(errno));
	return ret;
}

static bool is_full(const struct save *save)
{
	const struct options *options = save->options;

	return (options->max_size && save->written >= options->max_size) ||
	       (options->max_age_ns && save->written &&
		clock_ns(CLOCK_MONOTONIC) - save->begun_ns >= options->max_age_ns);
}

static int numbered(const char *path, unsigned int nr, char *name, struct error *error)
{
	int len = nr ? snprintf(name, PATH_MAX, "%s.%u", path, nr) :
		       snprintf(name, PATH_MAX, "%s", path);

	return len < PATH_MAX ? 0 : error_set(error, "%.100s...: %s", path, strerror(ENAMETOOLONG));
}

/* As logrotate(8) does: F becomes F.1, F.1 becomes F.2, and the oldest goes. */
static int shift_files(struct save *save)
{
	unsigned int nr = save->options->max_files ? save->options->max_files : MAX_FILES_DEFAULT;
	const char *path = save->options->output;
	char from[PATH_MAX], to[PATH_MAX];

	while (--nr) {
		if (numbered(path, nr - 1, from, save->error) || numbered(path, nr, to, save->error))
			return -1;
		if (rename(from, to) && errno != ENOENT)
			return error_set(save->error, "%s: %s", to, strerror(errno));
	}
	return 0;
}

static bool rotates(const struct options *options)
{
	return options->max_size || options->max_age_ns;
}

static int next_file(struct save *save)
{
	/* It does not begin with the oldest record that there was. */
	save->source->from_oldest = false;
	if (end_file(save) || shift_files(save))
		return -1;
	return begin_file(save);
}

static int save_records(struct save *save)
{
	const struct options *options = save->options;
	int more;

	for (;;) {
		more = save_round(save);
		if (more < 0)
			return -1;
		if (stop_asked || (options->count && save->saved >= options->count))
			return 0;
		if (is_full(save) && next_file(save))
			return -1;
		if (more)
			continue;
		if (clock_ns(CLOCK_MONOTONIC) >= save->until_ns)
			return 0;
		if (source_wait(save->source, WAIT_MS, save->error))
			return -1;
	}
}

/**
 * save() - write what comes out of the rings to a file
 * @options: which file, and how long
 * @source: the rings
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int save(const struct options *options, struct source *source, struct error *error)
{
	struct save save = {
		.source = source, .output = { -1, options->output }, .options = options,
		.filter = &options->filter, .until_ns = UINT64_MAX, .error = error,
	};
	int ret = -1;

	stop_on_signals();
	if (options->has_duration)
		save.until_ns = clock_ns(CLOCK_MONOTONIC) + options->duration_ns;
	save.records = malloc(SAVE_RECORDS * sizeof(*save.records));
	save.next_index = calloc(source->nr_streams, sizeof(*save.next_index));
	save.left_out = calloc(source->nr_streams, sizeof(*save.left_out));
	if (save.next_index && source->first)
		memcpy(save.next_index, source->first,
		       source->nr_streams * sizeof(*save.next_index));
	if (!save.records || !save.next_index || !save.left_out)
		error_set(error, "out of memory");
	/* What an earlier run has left is not overwritten, it grows older. */
	else if (!(rotates(options) && shift_files(&save)) && !begin_file(&save) &&
		 !save_records(&save))
		ret = end_file(&save);
	if (save.output.fd >= 0)
		close(save.output.fd);
	if (!ret)
		fprintf(stderr, "%" PRIu64 " records saved, %" PRIu64 " lost\n", save.saved,
			save.lost);
	free(save.records);
	free(save.next_index);
	free(save.left_out);
	return ret ? STATUS_ERROR : STATUS_OK;
}
