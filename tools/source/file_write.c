// SPDX-License-Identifier: GPL-2.0
/* Writing the saved format, see file.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "file.h"

static int write_all(struct file_output *output, struct iovec *parts, int nr,
		     struct error *error)
{
	while (nr) {
		ssize_t done = writev(output->fd, parts, nr);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_set(error, "%s: write: %s", output->path, strerror(errno));
		output->written += done;
		while (nr && (size_t)done >= parts->iov_len) {
			done -= parts->iov_len;
			parts++;
			nr--;
		}
		if (nr) {
			parts->iov_base = (char *)parts->iov_base + done;
			parts->iov_len -= done;
		}
	}
	return 0;
}

/**
 * file_write_header() - begin a file
 * @output: the file
 * @source: where its records will come from
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int file_write_header(struct file_output *output, const struct source *source,
		      struct error *error)
{
	struct file_header header = {
		.magic = FILE_MAGIC,
		.byte_order = FILE_BYTE_ORDER,
		.header_size = sizeof(header),
		.version = output->compressor ? FILE_VERSION_PACKED : FILE_VERSION,
		.abi = SKBTRACE_ABI,
		.record_size = SKBTRACE_RECORD_SIZE,
		.flags = source->from_oldest ? FILE_F_FROM_OLDEST : 0,
		.mono_ns = source->mono_ns,
		.real_ns = source->real_ns,
		.missed_before = source->missed_before,
	};
	struct iovec part = { &header, sizeof(header) };

	return write_all(output, &part, 1, error);
}

/**
 * file_write_chunk() - add a chunk
 * @output: the file
 * @type: its type
 * @cpu: of which CPU
 * @data: its contents
 * @len: how many bytes
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int file_write_chunk(struct file_output *output, enum file_chunk_type type,
		     unsigned int cpu, const void *data, size_t len, struct error *error)
{
	static const char zeroes[8];
	struct file_chunk chunk = { .type = type, .cpu = cpu, .len = len };
	struct iovec parts[3] = {
		{ &chunk, sizeof(chunk) },
		{ (void *)data, len },
		{ (void *)zeroes, -len % sizeof(zeroes) },
	};

	return write_all(output, parts, 3, error);
}

static int write_text(struct file_output *output, struct source *source,
		      enum source_text which, enum file_chunk_type type, struct error *error)
{
	char *text = source_text(source, which, error);
	int ret;

	if (!text)
		return -1;
	ret = file_write_chunk(output, type, 0, text, strlen(text), error);
	free(text);
	return ret;
}

/**
 * file_write_host() - say whose records a file has: at once, in case recording is cut off
 * @output: the file
 * @source: where they will come from
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int file_write_host(struct file_output *output, struct source *source,
		    struct error *error)
{
	return write_text(output, source, SOURCE_HOST, FILE_HOST, error);
}

/**
 * file_write_facts() - keep what the host has to do with packets as the file begins: it may
 * be cut off, or the host be changed
 * @output: the file
 * @source: where its records will come from
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int file_write_facts(struct file_output *output, struct source *source,
		     struct error *error)
{
	return write_text(output, source, SOURCE_FACTS, FILE_FACTS, error);
}

static int write_packed(struct file_output *output, unsigned int cpu,
			const struct skbtrace_record *records, size_t nr, struct error *error)
{
	size_t len = nr * sizeof(*records), room = compressor_room(output->compressor, len);
	struct file_packed *packed = malloc(sizeof(*packed) + room);
	size_t packed_len;
	int ret;

	if (!packed)
		return error_set(error, "out of memory");
	packed->compression = compressor_is(output->compressor);
	packed->len = len;
	packed_len = compress_bytes(output->compressor, packed + 1, room, records, len);
	if (packed_len)
		ret = file_write_chunk(output, FILE_PACKED, cpu, packed,
				       sizeof(*packed) + packed_len, error);
	else
		ret = error_set(error, "%s: compressing: out of memory", output->path);
	free(packed);
	return ret;
}

/**
 * file_write_records() - add records of one CPU
 * @output: the file
 * @cpu: the CPU
 * @records: the records
 * @nr: how many
 * @error: set if it fails
 *
 * They are compressed if the file's are to be.
 *
 * Return: 0 or -1.
 */
int file_write_records(struct file_output *output, unsigned int cpu,
		       const struct skbtrace_record *records, size_t nr, struct error *error)
{
	size_t done, some;

	if (!output->compressor)
		return file_write_chunk(output, FILE_RECORDS, cpu, records, nr * sizeof(*records),
					error);
	for (done = 0; done < nr; done += some) {
		some = nr - done < FILE_PACKED_RECORDS ? nr - done : FILE_PACKED_RECORDS;
		if (write_packed(output, cpu, records + done, some, error))
			return -1;
	}
	return 0;
}

/* Return: the text of a table, or of the part that is needed of it; NULL if it fails. */
static char *text_for_file(struct source *source, enum source_text which,
			   const struct callers *callers, struct error *error)
{
	char *text = source_text(source, which, error);
	struct symbols symbols;

	if (!text || which != SOURCE_SYMBOLS)
		return text;
	if (symbols_init(&symbols, text))
		text = NULL;
	else
		text = callers_text(callers, &symbols);
	symbols_destroy(&symbols);
	if (!text)
		error_set(error, "out of memory");
	return text;
}

/**
 * file_write_texts() - end a file with the tables that go with its records
 * @output: the file
 * @source: where they come from
 * @callers: addresses in the records whose names are to be kept
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int file_write_texts(struct file_output *output, struct source *source,
		     const struct callers *callers, struct error *error)
{
	static const enum file_chunk_type types[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = FILE_POINTS,
		[SOURCE_STATS] = FILE_STATS,
		[SOURCE_STACKS] = FILE_STACKS,
		[SOURCE_REASONS] = FILE_REASONS,
		[SOURCE_NETNS] = FILE_NETNS,
		[SOURCE_SYMBOLS] = FILE_SYMBOLS,
		[SOURCE_HOST] = FILE_HOST,
		[SOURCE_FACTS] = FILE_FACTS,
	};
	unsigned int which;

	for (which = 0; which < SOURCE_NR_TEXTS; which++) {
		char *text;
		int ret;

		/* That stands at the beginning. */
		if (which == SOURCE_HOST)
			continue;
		text = text_for_file(source, which, callers, error);
		if (!text)
			return -1;
		ret = file_write_chunk(output, types[which], 0, text, strlen(text), error);
		free(text);
		if (ret)
			return ret;
	}
	return file_write_chunk(output, FILE_END, 0, "", 0, error);
}
