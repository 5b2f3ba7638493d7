/* SPDX-License-Identifier: GPL-2.0 */
/* The files that "skbtrace record" writes, one after the other. */
#ifndef SKBTRACE_TOOLS_OUTPUT_H
#define SKBTRACE_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "source/source.h"

/**
 * struct output_limits - when another file begins, and how many are kept
 * @max_size: bytes of a file, 0 for no limit
 * @max_age_ns: how long a file is written to, 0 for no limit
 * @max_files: the newest that are kept
 * @apart: what does not follow what was written before goes to another file
 */
struct output_limits {
	uint64_t max_size;
	uint64_t max_age_ns;
	unsigned int max_files;
	bool apart;
};

/**
 * struct output - the files
 * @path: name of the newest; "-" for standard output
 * @limits: see there
 * @file: the one that is written to, if @file.fd is not -1
 * @begun_ns: when that was begun, on the clock of whoever writes
 * @records: whether there is any in it
 * @callers: who dropped packets
 * @saved: records in all files
 * @nr_files: how many were begun
 */
struct output {
	const char *path;
	struct output_limits limits;
	struct file_output file;
	uint64_t begun_ns;
	bool records;
	struct callers callers;
	uint64_t saved;
	unsigned int nr_files;
};

int output_begin(struct output *output, struct source *source, uint64_t now_ns,
		 struct error *error);
int output_records(struct output *output, unsigned int cpu,
		   const struct skbtrace_record *records, size_t nr, struct error *error);
bool output_is_full(const struct output *output, uint64_t now_ns);
int output_end(struct output *output, struct source *source, struct error *error);
int output_next(struct output *output, struct source *source, uint64_t now_ns,
		struct error *error);
void output_abandon(struct output *output);

#endif /* SKBTRACE_TOOLS_OUTPUT_H */
