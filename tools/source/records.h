/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where records come from: the rings of the module, or a file.  Whoever reads
 * from here need not know which.
 */
#ifndef SKBTRACE_TOOLS_RECORDS_H
#define SKBTRACE_TOOLS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <skbtrace/record.h>

#include "lib/error.h"

/**
 * enum source_text - tables that go with the records, as text
 * @SOURCE_POINTS: skbtrace.d/points
 * @SOURCE_STATS: skbtrace.d/stats
 * @SOURCE_STACKS: skbtrace.d/stacks
 * @SOURCE_REASONS: skbtrace.d/reasons
 * @SOURCE_NETNS: network namespaces: lines of inode number and name
 * @SOURCE_SYMBOLS: functions of the kernel: lines as in /proc/kallsyms
 * @SOURCE_HOST: name and boot of the host: see host.h
 * @SOURCE_FACTS: what the host has to do with packets: see ask/ask.h
 */
enum source_text {
	SOURCE_POINTS,
	SOURCE_STATS,
	SOURCE_STACKS,
	SOURCE_REASONS,
	SOURCE_NETNS,
	SOURCE_SYMBOLS,
	SOURCE_HOST,
	SOURCE_FACTS,
	SOURCE_NR_TEXTS,
};

void record_clean(struct skbtrace_record *record);

struct source;

struct source_ops {
	ssize_t (*read)(struct source *source, unsigned int stream,
			struct skbtrace_record *records, size_t nr, struct error *error);
	int (*wait)(struct source *source, int timeout_ms, struct error *error);
	char *(*text)(struct source *source, enum source_text which, struct error *error);
	void (*close)(struct source *source);
};

/**
 * struct source - records by CPU, and what goes with them
 * @ops: how to get at them
 * @nr_streams: number of streams, one a CPU
 * @cpus: the CPU of each
 * @first: of each stream, the index that its first record has if none was lost before;
 *	NULL if that is not known
 * @is_live: when a stream has no records, more may come
 * @from_oldest: streams begin with the oldest record that was retained, not
 *	with one chosen
 * @mono_ns: a moment on CLOCK_MONOTONIC, which records go by
 * @real_ns: the same moment on CLOCK_REALTIME
 * @missed_before: how many times probes had been skipped before the records
 *	began
 * @interruptions_before: how often probes had been found switched off by then,
 *	UINT64_MAX if that is not known
 * @damage: why what follows what can be read cannot be read, "" if all can
 */
struct source {
	const struct source_ops *ops;
	unsigned int nr_streams;
	unsigned int *cpus;
	uint64_t *first;
	bool is_live;
	bool from_oldest;
	uint64_t mono_ns;
	uint64_t real_ns;
	uint64_t missed_before;
	uint64_t interruptions_before;
	struct error damage;
};

/**
 * source_read() - get the next records of a stream
 * @source: the source
 * @stream: which stream
 * @records: where to
 * @nr: how many at most
 * @error: set if it fails
 *
 * Return: how many, 0 if there are none (now, if the source is live), or -1.
 */
static inline ssize_t source_read(struct source *source, unsigned int stream,
				  struct skbtrace_record *records, size_t nr, struct error *error)
{
	return source->ops->read(source, stream, records, nr, error);
}

/**
 * source_wait() - wait until there may be more records
 * @source: a live source
 * @timeout_ms: how long at most
 * @error: set if it fails
 *
 * Return: 0, also if a signal came; or -1.
 */
static inline int source_wait(struct source *source, int timeout_ms, struct error *error)
{
	return source->ops->wait(source, timeout_ms, error);
}

/**
 * source_text() - get a table
 * @source: the source
 * @which: which table
 * @error: set if it fails
 *
 * Return: the text, to be freed, "" if the source does not have it; or NULL.
 */
static inline char *source_text(struct source *source, enum source_text which,
				struct error *error)
{
	return source->ops->text(source, which, error);
}

/**
 * source_close() - close a source
 * @source: the source, or NULL
 */
static inline void source_close(struct source *source)
{
	if (source)
		source->ops->close(source);
}

#endif /* SKBTRACE_TOOLS_RECORDS_H */
