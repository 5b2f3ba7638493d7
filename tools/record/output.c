// SPDX-License-Identifier: GPL-2.0
/* One file after the other, of which the newest are kept. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "output.h"

static bool rotates(const struct output *output)
{
	const struct output_limits *limits = &output->limits;

	return limits->max_size || limits->max_age_ns || limits->apart;
}

static int numbered(const char *path, unsigned int nr, char *name, struct error *error)
{
	int len = nr ? snprintf(name, PATH_MAX, "%s.%u", path, nr) :
		       snprintf(name, PATH_MAX, "%s", path);

	return len < PATH_MAX ? 0 : error_set(error, "%.100s...: %s", path, strerror(ENAMETOOLONG));
}

/* As logrotate(8) does: F becomes F.1, F.1 becomes F.2, and the oldest goes. */
static int shift_files(const struct output *output, struct error *error)
{
	unsigned int nr = output->limits.max_files;
	char from[PATH_MAX], to[PATH_MAX];

	while (--nr) {
		if (numbered(output->path, nr - 1, from, error) ||
		    numbered(output->path, nr, to, error))
			return -1;
		if (rename(from, to) && errno != ENOENT)
			return error_set(error, "%s: %s", to, strerror(errno));
	}
	return 0;
}

static int open_file(const char *path, struct error *error)
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

/**
 * output_begin() - begin a file
 * @output: the files, none of them being written to
 * @source: where its records come from
 * @now_ns: the time
 * @error: set if it fails
 *
 * What an earlier run has left is not overwritten where files are kept: it grows older.
 *
 * Return: 0 or -1.
 */
int output_begin(struct output *output, struct source *source, uint64_t now_ns,
		 struct error *error)
{
	struct source begun = *source;

	if (rotates(output) && shift_files(output, error))
		return -1;
	/* Only the first may begin with the oldest record that there was. */
	begun.from_oldest &= !output->nr_files && !output->limits.apart;
	/* Clocks are set, and drift: the pair of them shall be of this file's time. */
	if (source->is_live) {
		begun.mono_ns = clock_ns(CLOCK_MONOTONIC);
		begun.real_ns = clock_ns(CLOCK_REALTIME);
	}
	output->file.path = output->path;
	output->file.written = 0;
	output->file.fd = open_file(output->path, error);
	if (output->file.fd < 0)
		return -1;
	output->nr_files++;
	output->begun_ns = now_ns;
	output->records = false;
	if (file_write_header(&output->file, &begun, error) ||
	    file_write_host(&output->file, source, error))
		return -1;
	return file_write_facts(&output->file, source, error);
}

/**
 * output_records() - add records of one CPU to the file
 * @output: the files, one of them begun
 * @cpu: the CPU
 * @records: the records
 * @nr: how many
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int output_records(struct output *output, unsigned int cpu,
		   const struct skbtrace_record *records, size_t nr, struct error *error)
{
	size_t i;

	if (!nr)
		return 0;
	for (i = 0; i < nr; i++)
		if (records[i].flags & SKBTRACE_F_CALLER)
			callers_add(&output->callers, records[i].caller);
	output->saved += nr;
	output->records = true;
	return file_write_records(&output->file, cpu, records, nr, error);
}

/**
 * output_is_full() - is it time for another file
 * @output: the files
 * @now_ns: the time
 */
bool output_is_full(const struct output *output, uint64_t now_ns)
{
	const struct output_limits *limits = &output->limits;

	return output->records &&
	       ((limits->max_size && output->file.written >= limits->max_size) ||
		(limits->max_age_ns && now_ns - output->begun_ns >= limits->max_age_ns));
}

/**
 * output_end() - end the file
 * @output: the files, one of them begun
 * @source: where its records came from
 * @error: set if it fails
 *
 * The tables that go with the records are put behind them, so that it can be read by
 * itself.
 *
 * Return: 0 or -1.
 */
int output_end(struct output *output, struct source *source, struct error *error)
{
	int ret = file_write_texts(&output->file, source, &output->callers, error);
	int fd = output->file.fd;

	output->file.fd = -1;
	/* A full disk may show up only now. */
	if (close(fd) && !ret)
		ret = error_set(error, "%s: %s", output->path, strerror(errno));
	return ret;
}

/**
 * output_next() - end the file and begin another
 * @output: the files, one of them begun
 * @source: where records come from
 * @now_ns: the time
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int output_next(struct output *output, struct source *source, uint64_t now_ns,
		struct error *error)
{
	if (output_end(output, source, error))
		return -1;
	return output_begin(output, source, now_ns, error);
}

/**
 * output_abandon() - leave the file as it is, if there is one
 * @output: the files
 */
void output_abandon(struct output *output)
{
	if (output->file.fd >= 0)
		close(output->file.fd);
	output->file.fd = -1;
}
