/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The saved format: what "skbtrace record" writes.
 *
 * A file is a struct file_header and then chunks until its end.  A chunk is a
 * struct file_chunk and as many bytes as it says, filled up with zeroes to a
 * multiple of 8.  All numbers are in the byte order of the machine that wrote
 * the file.
 *
 *   FILE_RECORDS   records of one CPU, as they were read: whole, by index and
 *                  by time, behind those of earlier chunks of that CPU
 *   FILE_POINTS    skbtrace.d/points when recording ended
 *   FILE_STATS     skbtrace.d/stats, likewise
 *   FILE_STACKS    skbtrace.d/stacks, likewise
 *   FILE_REASONS   skbtrace.d/reasons
 *   FILE_NETNS     names of network namespaces: lines of inode number and name
 *   FILE_SYMBOLS   the kernel's functions that the records name: lines of /proc/kallsyms
 *   FILE_HOST      the host they are of: lines of "name", "boot" and "load"; behind
 *                  the header, so that it is there if recording is cut off
 *   FILE_FACTS     what the host had to do with packets (ask/ask.h), when the file was
 *                  begun and when it ended: the last counts
 *   FILE_END       nothing; the file is complete
 *   FILE_PACKED    records of one CPU, as FILE_RECORDS has them, compressed: a struct
 *                  file_packed, and what has become of them
 *
 * The texts make the file readable elsewhere: addresses in stacks, namespaces
 * and drop reasons are those of the machine that wrote it.
 *
 * To extend the format, add a type of chunk: readers skip the types that they
 * do not know.  The version goes up only if that would mislead them: it is
 * FILE_VERSION_PACKED where there are FILE_PACKED, else FILE_VERSION.
 */
#ifndef SKBTRACE_TOOLS_FILE_H
#define SKBTRACE_TOOLS_FILE_H

#include <stdint.h>

#include "compress.h"
#include "records.h"
#include "symbols.h"

#define FILE_MAGIC	"SKBTRACE"
#define FILE_VERSION	1
#define FILE_VERSION_PACKED	2
#define FILE_BYTE_ORDER	0x01020304u

/* The file begins with all that was retained: see struct source. */
#define FILE_F_FROM_OLDEST	0x00000001u

/**
 * struct file_header - what a file begins with
 * @magic: FILE_MAGIC
 * @byte_order: FILE_BYTE_ORDER, if read in the right order
 * @header_size: bytes of this header, a multiple of 8; a later one may be
 *	longer
 * @version: FILE_VERSION or FILE_VERSION_PACKED
 * @abi: SKBTRACE_ABI
 * @record_size: SKBTRACE_RECORD_SIZE
 * @flags: FILE_F_*
 * @mono_ns: when recording began, on CLOCK_MONOTONIC, which records go by
 * @real_ns: the same moment on CLOCK_REALTIME
 * @missed_before: see struct source
 */
struct file_header {
	char magic[8];
	uint32_t byte_order;
	uint32_t header_size;
	uint32_t version;
	uint32_t abi;
	uint32_t record_size;
	uint32_t flags;
	uint64_t mono_ns;
	uint64_t real_ns;
	uint64_t missed_before;
};

enum file_chunk_type {
	FILE_RECORDS = 1,
	FILE_POINTS,
	FILE_STATS,
	FILE_STACKS,
	FILE_REASONS,
	FILE_NETNS,
	FILE_END,
	FILE_SYMBOLS,
	FILE_HOST,
	FILE_FACTS,
	FILE_PACKED,
};

/**
 * struct file_chunk - what a chunk begins with
 * @type: enum file_chunk_type
 * @cpu: of FILE_RECORDS and FILE_PACKED: the CPU; else 0
 * @len: bytes that follow, without those that fill up
 */
struct file_chunk {
	uint32_t type;
	uint32_t cpu;
	uint64_t len;
};

/**
 * struct file_packed - what a FILE_PACKED begins with
 * @compression: enum compression
 * @len: bytes of the records
 */
struct file_packed {
	uint32_t compression;
	uint32_t len;
};

/* Records that are compressed at once: who reads them needs so much memory for each CPU. */
#define FILE_PACKED_RECORDS	1024u

/* No kernel is built for more CPUs. */
#define FILE_CPUS_MAX	8192u

struct source *file_open(const char *path, struct error *error);

/**
 * struct file_output - a file being written
 * @fd: where to
 * @path: its name, for errors
 * @compressor: what records are compressed by, NULL for nothing
 * @written: bytes
 */
struct file_output {
	int fd;
	const char *path;
	struct compressor *compressor;
	uint64_t written;
};

int file_write_header(struct file_output *output, const struct source *source,
		      struct error *error);
int file_write_host(struct file_output *output, struct source *source,
		    struct error *error);
int file_write_chunk(struct file_output *output, enum file_chunk_type type,
		     unsigned int cpu, const void *data, size_t len, struct error *error);
int file_write_facts(struct file_output *output, struct source *source,
		     struct error *error);
int file_write_records(struct file_output *output, unsigned int cpu,
		       const struct skbtrace_record *records, size_t nr, struct error *error);
int file_write_texts(struct file_output *output, struct source *source,
		     const struct callers *callers, struct error *error);

#endif /* SKBTRACE_TOOLS_FILE_H */
