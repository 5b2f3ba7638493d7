// SPDX-License-Identifier: GPL-2.0
/* "record": from a source to files, all of it or the time around what is looked for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hurry.h"
#include "lib/stop.h"
#include "record/past.h"
#include "record/trap.h"
#include "save.h"
#include "source/source.h"

#define WAIT_MS		100

/* Read and written at once: a megabyte, few system calls for many records. */
#define SAVE_RECORDS	4096

/* So many rounds without coming to the end of a ring: a third of one of 32768 records. */
#define BEHIND_ROUNDS	3

/* Files that are kept, the one that is written to among them. */
#define MAX_FILES_DEFAULT	10

/* Compressed they are when there are enough of them, or after so long. */
#define GATHER_BYTES	(1 << 20)
#define GATHER_NS	NSEC_PER_SEC

/* What is kept in memory until it is known whether it is wanted. */
#define MEMORY_DEFAULT		(64ULL << 20)

/**
 * struct save - all records being written, as fast as can be
 * @source: where they come from
 * @output: where they go
 * @options: what was asked for
 * @records: SAVE_RECORDS
 * @filter: which of them
 * @gathered: those that are still to be compressed, or NULL
 * @gathered_ns: since when
 * @next_index: of each stream, the index after that of its last record
 * @left_out: of each stream, records that are not wanted
 * @read_ns: when the record was made that was read last
 * @until_ns: what is younger is not wanted
 * @lost: records
 * @error: of the whole
 */
struct save {
	struct source *source;
	struct output *output;
	const struct options *options;
	struct skbtrace_record *records;
	const struct filter *filter;
	struct past *gathered;
	uint64_t gathered_ns;
	uint64_t *next_index;
	uint64_t *left_out;
	uint64_t read_ns;
	uint64_t until_ns;
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

static int write_begin(void *context, struct error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static int write_records(void *context, unsigned int cpu, const struct skbtrace_record *records,
			 size_t nr, struct error *error)
{
	struct save *save = context;

	return output_records(save->output, cpu, records, nr, error);
}

static const struct past_ops write_ops = { .begin = write_begin, .records = write_records };

/* What is compressed little by little stays large. */
static int write_some(struct save *save, unsigned int stream, size_t nr)
{
	size_t i;

	if (!save->gathered)
		return write_records(save, save->source->cpus[stream], save->records, nr,
				     save->error);
	for (i = 0; i < nr; i++)
		if (past_add(save->gathered, &save->records[i], save->error))
			return -1;
	return 0;
}

/* Write what has been gathered if it is time, or all is over. */
static int write_gathered(struct save *save, uint64_t now)
{
	if (!save->gathered || now - save->gathered_ns < GATHER_NS)
		return 0;
	save->gathered_ns = now;
	return past_forget(save->gathered, UINT64_MAX, save->error);
}

/* Return: how many records were read, or -1. */
static ssize_t save_some(struct save *save, unsigned int stream)
{
	ssize_t nr = source_read(save->source, stream, save->records, SAVE_RECORDS, save->error);

	if (nr <= 0)
		return nr;
	save->lost += count_lost(save, stream, nr);
	save->next_index[stream] = save->records[nr - 1].index + 1;
	save->read_ns = save->records[nr - 1].ts_ns;
	return write_some(save, stream, select_records(save, stream, nr)) ? -1 : nr;
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

static int save_records(struct save *save)
{
	const struct options *options = save->options;
	unsigned int behind = 0;
	struct hurry haste = { 0 };
	uint64_t now;
	int more;

	for (;;) {
		more = save_round(save);
		if (more < 0)
			return -1;
		behind = more ? behind + 1 : 0;
		hurry(&haste, behind >= BEHIND_ROUNDS);
		if (stop_asked || (options->count && save->output->saved >= options->count))
			return write_gathered(save, UINT64_MAX);
		now = clock_ns(CLOCK_MONOTONIC);
		if (write_gathered(save, now))
			return -1;
		if (output_is_full(save->output, now) &&
		    output_next(save->output, save->source, now, save->error))
			return -1;
		if (more)
			continue;
		if (now >= save->until_ns)
			return write_gathered(save, UINT64_MAX);
		if (source_wait(save->source, WAIT_MS, save->error))
			return -1;
	}
}

static int save_all(const struct options *options, struct source *source, struct output *output,
		    struct error *error)
{
	struct save save = {
		.source = source, .output = output, .options = options,
		.filter = &options->filter, .until_ns = UINT64_MAX, .error = error,
	};
	int ret = -1;

	if (options->has_duration)
		save.until_ns = clock_ns(CLOCK_MONOTONIC) + options->duration_ns;
	save.records = malloc(SAVE_RECORDS * sizeof(*save.records));
	save.next_index = calloc(source->nr_streams, sizeof(*save.next_index));
	save.left_out = calloc(source->nr_streams, sizeof(*save.left_out));
	if (save.next_index && source->first)
		memcpy(save.next_index, source->first,
		       source->nr_streams * sizeof(*save.next_index));
	if (output->file.compressor) {
		save.gathered = past_new(GATHER_BYTES, NULL, &write_ops, &save);
		if (save.gathered)
			past_want(save.gathered, 0, UINT64_MAX);
	}
	if (!save.records || !save.next_index || !save.left_out ||
	    (output->file.compressor && !save.gathered))
		error_set(error, "out of memory");
	else if (!output_begin(output, source, clock_ns(CLOCK_MONOTONIC), error) &&
		 !save_records(&save))
		ret = output_end(output, source, error);
	if (!ret)
		fprintf(stderr, "%" PRIu64 " records saved, %" PRIu64 " lost\n", output->saved,
			save.lost);
	past_free(save.gathered);
	free(save.records);
	free(save.next_index);
	free(save.left_out);
	return ret;
}

static int save_time_around(const struct options *options, struct source *source,
			    struct output *output, struct error *error)
{
	const struct trap_config config = {
		.filter = &options->filter, .needle = &options->needle,
		.before_ns = options->before_ns, .after_ns = options->after_ns,
		.count = options->count,
		.memory = options->memory ? options->memory : MEMORY_DEFAULT,
		.until_ns = options->has_duration ?
			    clock_ns(CLOCK_MONOTONIC) + options->duration_ns : UINT64_MAX,
	};
	struct trap_counts counts = { 0 };

	output->limits.apart = true;
	if (trap(&config, source, output, &counts, error))
		return -1;
	fprintf(stderr, "%" PRIu64 " journey%s looked for, in %u file%s: %" PRIu64
		" records saved, %" PRIu64 " left out, %" PRIu64 " lost\n", counts.journeys,
		counts.journeys == 1 ? "" : "s", output->nr_files,
		output->nr_files == 1 ? "" : "s", output->saved, counts.left_out, counts.lost);
	if (counts.cut)
		fprintf(stderr, "of the time before, %.1f s at most were gone from memory, %" PRIu64
			" time%s: --memory\n", (double)counts.missing_ns / NSEC_PER_SEC, counts.cut,
			counts.cut == 1 ? "" : "s");
	return 0;
}

/* Without a library it is better to record more than not to record. */
static struct compressor *open_compressor(void)
{
	struct error error;
	struct compressor *compressor = compressor_open_best(&error);

	if (!compressor)
		fprintf(stderr, "skbtrace: --compress: %s: not compressed\n", error.text);
	return compressor;
}

/**
 * save_check() - do the options of "record" make sense
 * @options: the options
 * @error: set if not
 *
 * Return: 0 or -1.
 */
int save_check(const struct options *options, struct error *error)
{
	bool traps = needle_is_set(&options->needle);

	if (!options->output)
		return error_set(error, "record: to which file? (-o FILE)");
	if (!traps && (options->before_ns || options->after_ns || options->memory))
		return error_set(error, "--before, --after, --memory: around what? (--only, ...)");
	if (options->input && !traps)
		return error_set(error, "record: of a file, what to look for? (--only, ...)");
	if (options->max_files && !options->max_size && !options->max_age_ns && !traps)
		return error_set(error,
				 "--max-files: when is another begun? (--max-size, --max-age)");
	if ((options->max_size || options->max_age_ns || traps) && !strcmp(options->output, "-"))
		return error_set(error, "-o -: standard output is one file");
	return 0;
}

/**
 * save() - write what comes out of a source to files
 * @options: which, of what, and how long
 * @source: the source
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int save(const struct options *options, struct source *source, struct error *error)
{
	struct output output = {
		.path = options->output,
		.file.fd = -1,
		.limits = {
			.max_size = options->max_size,
			.max_age_ns = options->max_age_ns,
			.max_files = options->max_files ? options->max_files : MAX_FILES_DEFAULT,
		},
	};
	int ret;

	stop_on_signals();
	output.file.compressor = options->compress ? open_compressor() : NULL;
	if (needle_is_set(&options->needle))
		ret = save_time_around(options, source, &output, error);
	else
		ret = save_all(options, source, &output, error);
	output_abandon(&output);
	compressor_close(output.file.compressor);
	return ret ? STATUS_ERROR : STATUS_OK;
}
