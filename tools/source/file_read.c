// SPDX-License-Identifier: GPL-2.0
/* Reading the saved format, see file.h.  Nothing in a file is believed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skbtrace/version.h>

#include "file.h"
#include "input.h"
#include "lib/list.h"
#include "lib/utf8.h"

/* A table is text for people; one of this size is none. */
#define TEXT_MAX	(64u << 20)

/**
 * struct stretch - where in the file some records of a CPU are
 * @offset: of the first, or of what they have become if they are compressed
 * @nr: how many
 * @packed_len: bytes of what they have become, 0 if they are not compressed
 * @compression: how they are compressed, then
 */
struct stretch {
	uint64_t offset;
	uint64_t nr;
	uint64_t packed_len;
	uint32_t compression;
};

/**
 * struct stream - the records of one CPU
 * @stretches: where they are
 * @nr_stretches: how many stretches
 * @current: the stretch to read from
 * @done: records of it that have been read
 * @unpacked: its records, if they are compressed
 * @last: the record before, if @has_last
 * @has_last: any has been read
 */
struct stream {
	struct stretch *stretches;
	size_t nr_stretches;
	size_t current;
	uint64_t done;
	struct skbtrace_record *unpacked;
	struct skbtrace_record last;
	bool has_last;
};

struct file {
	struct source source;
	char *path;
	int fd;
	uint64_t size;
	struct stream *streams;
	struct stretch texts[SOURCE_NR_TEXTS];	/* in bytes */
	struct compressor *compressors[COMPRESS_ZLIB + 1];
};

static struct file *to_file(struct source *source)
{
	return container_of(source, struct file, source);
}

/* Read all of it: what is past the end, when the file shrinks, is an error. */
static int read_at(const struct file *file, void *to, size_t len, uint64_t offset,
		   struct error *error)
{
	while (len) {
		ssize_t got = pread(file->fd, to, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, "%s: read at offset %" PRIu64 ": %s",
					 file->path, offset, strerror(errno));
		if (!got)
			return error_set(error, "%s: ends at offset %" PRIu64, file->path, offset);
		to = (char *)to + got;
		len -= got;
		offset += got;
	}
	return 0;
}

static int bad_record(const struct file *file, uint64_t offset, const char *why,
		      struct error *error)
{
	return error_set(error, "%s: record at offset %" PRIu64 ": %s", file->path, offset, why);
}

static int check_record(const struct file *file, unsigned int cpu, struct stream *stream,
			const struct skbtrace_record *record, uint64_t offset,
			struct error *error)
{
	if (record->abi != SKBTRACE_ABI)
		return bad_record(file, offset, "of another ABI", error);
	if (record->cpu != cpu)
		return bad_record(file, offset, "of another CPU than its chunk", error);
	/* A message has digests where a hop has the names of devices. */
	if (memchr(record->comm, 0, SKBTRACE_NAME_LEN) == NULL ||
	    (!(record->flags & SKBTRACE_F_MESSAGE) &&
	     (memchr(record->dev, 0, SKBTRACE_NAME_LEN) == NULL ||
	      memchr(record->peer, 0, SKBTRACE_NAME_LEN) == NULL)))
		return bad_record(file, offset, "a name does not end", error);
	if ((record->flags & SKBTRACE_F_DIGEST) && record->digest_len > record->payload_len)
		return bad_record(file, offset, "digest of more than the payload", error);
	if (stream->has_last && record->index <= stream->last.index)
		return bad_record(file, offset, "its index does not go up", error);
	if (stream->has_last && record->ts_ns < stream->last.ts_ns)
		return bad_record(file, offset, "its time goes back", error);
	stream->last = *record;
	stream->has_last = true;
	return 0;
}

/* All of the chunk; what it begins with has been looked at. */
static int unpack(const struct file *file, struct stream *stream, struct error *error)
{
	const struct stretch *stretch = &stream->stretches[stream->current];
	size_t len = stretch->nr * sizeof(*stream->unpacked);
	struct file_packed *packed = malloc(stretch->packed_len);
	int ret = -1;

	if (!stream->unpacked)
		stream->unpacked = malloc(FILE_PACKED_RECORDS * sizeof(*stream->unpacked));
	if (!packed || !stream->unpacked)
		error_set(error, "out of memory");
	else if (!read_at(file, packed, stretch->packed_len, stretch->offset, error))
		ret = uncompress_bytes(file->compressors[stretch->compression], stream->unpacked,
				       len, packed + 1, stretch->packed_len - sizeof(*packed)) ?
		      error_set(error, "%s: at offset %" PRIu64 ": damaged: does not become %zu "
				"bytes of records", file->path, stretch->offset, len) : 0;
	free(packed);
	return ret;
}

/* Return: 0 or -1. */
static int read_stretch(const struct file *file, struct stream *stream,
			struct skbtrace_record *records, size_t nr, struct error *error)
{
	const struct stretch *stretch = &stream->stretches[stream->current];

	if (!stretch->packed_len)
		return read_at(file, records, nr * sizeof(*records),
			       stretch->offset + stream->done * sizeof(*records), error);
	if (!stream->done && unpack(file, stream, error))
		return -1;
	memcpy(records, stream->unpacked + stream->done, nr * sizeof(*records));
	return 0;
}

static ssize_t file_read(struct source *source, unsigned int n,
			 struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct file *file = to_file(source);
	struct stream *stream = &file->streams[n];
	struct stretch *stretch;
	uint64_t step = sizeof(*records);
	uint64_t offset;
	size_t i;

	while (stream->current < stream->nr_stretches &&
	       stream->done == stream->stretches[stream->current].nr) {
		stream->current++;
		stream->done = 0;
	}
	if (stream->current == stream->nr_stretches)
		return 0;
	stretch = &stream->stretches[stream->current];
	if (nr > stretch->nr - stream->done)
		nr = stretch->nr - stream->done;
	/* Where a record is that is compressed can be said no better. */
	if (stretch->packed_len)
		step = 0;
	offset = stretch->offset + stream->done * step;
	if (read_stretch(file, stream, records, nr, error))
		return -1;
	for (i = 0; i < nr; i++)
		if (check_record(file, source->cpus[n], stream, &records[i], offset + i * step,
				 error))
			return -1;
	stream->done += nr;
	return nr;
}

static char *file_text(struct source *source, enum source_text which, struct error *error)
{
	struct file *file = to_file(source);
	const struct stretch *text = &file->texts[which];
	char *copy = malloc(text->nr + 1);

	if (!copy) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (read_at(file, copy, text->nr, text->offset, error)) {
		free(copy);
		return NULL;
	}
	copy[text->nr] = '\0';
	return copy;
}

static void file_close(struct source *source)
{
	struct file *file = to_file(source);
	unsigned int i;

	for (i = 0; i < source->nr_streams; i++) {
		free(file->streams[i].stretches);
		free(file->streams[i].unpacked);
	}
	for (i = 0; i <= COMPRESS_ZLIB; i++)
		compressor_close(file->compressors[i]);
	free(file->streams);
	free(source->cpus);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

static const struct source_ops file_ops = {
	.read = file_read,
	.text = file_text,
	.close = file_close,
};

static struct stream *stream_of_cpu(struct file *file, unsigned int cpu)
{
	struct source *source = &file->source;
	struct stream *streams;
	unsigned int i, *cpus;

	for (i = 0; i < source->nr_streams; i++)
		if (source->cpus[i] == cpu)
			return &file->streams[i];
	streams = realloc(file->streams, (i + 1) * sizeof(*streams));
	if (!streams)
		return NULL;
	file->streams = streams;
	cpus = realloc(source->cpus, (i + 1) * sizeof(*cpus));
	if (!cpus)
		return NULL;
	source->cpus = cpus;
	memset(&streams[i], 0, sizeof(*streams));
	cpus[i] = cpu;
	source->nr_streams++;
	return &streams[i];
}

static int add_records(struct file *file, unsigned int cpu, const struct stretch *stretch,
		       struct error *error)
{
	struct stream *stream = stream_of_cpu(file, cpu);
	struct stretch *stretches;

	if (!stream)
		return error_set(error, "out of memory");
	stretches = realloc(stream->stretches,
			    (stream->nr_stretches + 1) * sizeof(*stretches));
	if (!stretches)
		return error_set(error, "out of memory");
	stream->stretches = stretches;
	stretches[stream->nr_stretches++] = *stretch;
	return 0;
}

/* The library that is needed is loaded before anything is shown. */
static int add_packed(struct file *file, const struct file_chunk *chunk, uint64_t offset,
		      struct error *error)
{
	struct compressor **compressor;
	struct stretch stretch = { .offset = offset, .packed_len = chunk->len };
	struct file_packed packed;
	struct error why;

	if (chunk->len <= sizeof(packed) ||
	    chunk->len > FILE_PACKED_RECORDS * 2 * SKBTRACE_RECORD_SIZE)
		return error_set(&file->source.damage, "%s: chunk at offset %" PRIu64 ": %" PRIu64
				 " bytes are not compressed records", file->path,
				 offset - sizeof(*chunk), chunk->len), 0;
	if (read_at(file, &packed, sizeof(packed), offset, error))
		return -1;
	stretch.nr = packed.len / SKBTRACE_RECORD_SIZE;
	stretch.compression = packed.compression;
	if (!stretch.nr || stretch.nr > FILE_PACKED_RECORDS ||
	    packed.len % SKBTRACE_RECORD_SIZE || packed.compression > COMPRESS_ZLIB ||
	    packed.compression == COMPRESS_NONE)
		return error_set(&file->source.damage, "%s: chunk at offset %" PRIu64
				 ": %" PRIu32 " bytes of records, compressed in the way %" PRIu32
				 ": this reader does not know that", file->path,
				 offset - sizeof(*chunk), packed.len, packed.compression), 0;
	compressor = &file->compressors[packed.compression];
	if (!*compressor)
		*compressor = compressor_open(packed.compression, &why);
	if (!*compressor)
		return error_set(error, "%s: its records are compressed: %.300s", file->path,
				 why.text);
	return add_records(file, chunk->cpu, &stretch, error);
}

static bool text_of_chunk(uint32_t type, enum source_text *which)
{
	switch (type) {
	case FILE_POINTS:
		*which = SOURCE_POINTS;
		return true;
	case FILE_STATS:
		*which = SOURCE_STATS;
		return true;
	case FILE_STACKS:
		*which = SOURCE_STACKS;
		return true;
	case FILE_REASONS:
		*which = SOURCE_REASONS;
		return true;
	case FILE_NETNS:
		*which = SOURCE_NETNS;
		return true;
	case FILE_SYMBOLS:
		*which = SOURCE_SYMBOLS;
		return true;
	case FILE_HOST:
		*which = SOURCE_HOST;
		return true;
	case FILE_FACTS:
		*which = SOURCE_FACTS;
		return true;
	default:
		return false;
	}
}

/*
 * Take note of where a chunk's contents are.  @len may be less than the chunk
 * says, if the file ends.
 */
static int add_chunk(struct file *file, const struct file_chunk *chunk, uint64_t offset,
		     uint64_t len, struct error *error)
{
	struct source *source = &file->source;
	uint64_t begin = offset - sizeof(*chunk);
	struct stretch stretch = { .offset = offset, .nr = len / SKBTRACE_RECORD_SIZE };
	enum source_text which;

	if (chunk->type == FILE_RECORDS || chunk->type == FILE_PACKED) {
		if (chunk->cpu >= FILE_CPUS_MAX) {
			error_set(&source->damage, "%s: chunk at offset %" PRIu64
				  ": there is no CPU %" PRIu32, file->path, begin, chunk->cpu);
			return 0;
		}
		/* Of a part of what is compressed nothing can be made. */
		if (chunk->type == FILE_PACKED)
			return len < chunk->len ? 0 : add_packed(file, chunk, offset, error);
		/* If the file ends within the chunk, that is told instead. */
		if (len == chunk->len && len % SKBTRACE_RECORD_SIZE)
			error_set(&source->damage, "%s: chunk at offset %" PRIu64
				  ": %" PRIu64 " bytes are not whole records", file->path,
				  begin, chunk->len);
		return add_records(file, chunk->cpu, &stretch, error);
	}
	if (text_of_chunk(chunk->type, &which)) {
		if (chunk->len > TEXT_MAX) {
			error_set(&source->damage, "%s: chunk at offset %" PRIu64
				  ": a table of %" PRIu64 " bytes", file->path, begin,
				  chunk->len);
			return 0;
		}
		file->texts[which].offset = offset;
		file->texts[which].nr = len;
	}
	return 0;
}

/*
 * Find all chunks.  From where the file is damaged on nothing is used, but
 * what is before is good: it may be all there is of a crash.
 */
static int find_chunks(struct file *file, uint64_t offset, struct error *error)
{
	struct error *damage = &file->source.damage;
	struct file_chunk chunk;
	uint64_t len;

	do {
		if (offset == file->size)
			error_set(damage, "%s: ends at offset %" PRIu64 " without its last chunk: "
				  "recording was cut off", file->path, offset);
		else if (file->size - offset < sizeof(chunk))
			error_set(damage, "%s: ends in the head of the chunk at offset %" PRIu64,
				  file->path, offset);
		if (damage->text[0])
			return 0;
		if (read_at(file, &chunk, sizeof(chunk), offset, error))
			return -1;
		offset += sizeof(chunk);
		len = chunk.len;
		if (len > file->size - offset) {
			len = file->size - offset;
			error_set(damage, "%s: chunk at offset %" PRIu64 " says it has %" PRIu64
				  " bytes, but only %" PRIu64 " follow", file->path,
				  offset - sizeof(chunk), chunk.len, len);
		}
		if (add_chunk(file, &chunk, offset, len, error))
			return -1;
		/* The end may lack what only fills up. */
		offset += len;
		offset += -len % 8 < file->size - offset ? -len % 8 : file->size - offset;
	} while (chunk.type != FILE_END && !damage->text[0]);

	if (!damage->text[0] && offset != file->size)
		error_set(damage, "%s: goes on behind its last chunk, at offset %" PRIu64,
			  file->path, offset);
	return 0;
}

/* What is known of a file that only another version can read: which wrote it. */
static const char *writer_of(const struct file *file, uint64_t offset, char text[64])
{
	struct file_chunk chunk;
	struct error ignored;
	char stats[256] = "";
	uint64_t len;

	snprintf(text, 64, "another version of skbtrace");
	while (offset < file->size && file->size - offset >= sizeof(chunk) &&
	       !read_at(file, &chunk, sizeof(chunk), offset, &ignored)) {
		offset += sizeof(chunk);
		if (chunk.len > file->size - offset)
			break;
		if (chunk.type == FILE_STATS) {
			len = chunk.len < sizeof(stats) ? chunk.len : sizeof(stats) - 1;
			if (!read_at(file, stats, len, offset, &ignored) &&
			    !strncmp(stats, "version ", 8))
				snprintf(text, 64, "skbtrace %.40s", stats + 8);
			text[strcspn(text, "\n")] = '\0';
			utf8_printable(text);
			break;
		}
		offset += chunk.len + -chunk.len % 8;
	}
	return text;
}

static int read_header(struct file *file, struct error *error)
{
	struct file_header header;
	const char *path = file->path;
	char writer[64];

	if (file->size < sizeof(header.magic) ||
	    read_at(file, header.magic, sizeof(header.magic), 0, error) ||
	    memcmp(header.magic, FILE_MAGIC, sizeof(header.magic)))
		return error_set(error, "%s: not a file of skbtrace: no \"%s\" at offset 0",
				 path, FILE_MAGIC);
	if (file->size < sizeof(header))
		return error_set(error, "%s: ends at offset %" PRIu64 ", in its header", path,
				 file->size);
	if (read_at(file, &header, sizeof(header), 0, error))
		return -1;
	if (header.byte_order != FILE_BYTE_ORDER)
		return error_set(error, "%s: byte order at offset %zu is 0x%08" PRIx32
				 ": written on a machine of the other one", path,
				 offsetof(struct file_header, byte_order), header.byte_order);
	if (header.version != FILE_VERSION && header.version != FILE_VERSION_PACKED)
		return error_set(error, "%s: another version of skbtrace wrote it: at offset %zu: "
				 "version %" PRIu32 " of the format, skbtrace " SKBTRACE_VERSION
				 " knows %d and %d", path, offsetof(struct file_header, version),
				 header.version, FILE_VERSION, FILE_VERSION_PACKED);
	if (header.abi != SKBTRACE_ABI || header.record_size != SKBTRACE_RECORD_SIZE)
		return error_set(error, "%s: %s wrote it: at offset %zu: ABI %" PRIu32
				 " with records of %" PRIu32 " bytes, skbtrace " SKBTRACE_VERSION
				 " knows ABI %d and %d bytes: its own reader can read it", path,
				 writer_of(file, header.header_size, writer),
				 offsetof(struct file_header, abi), header.abi,
				 header.record_size, SKBTRACE_ABI, SKBTRACE_RECORD_SIZE);
	if (header.header_size < sizeof(header) || header.header_size % 8 ||
	    header.header_size > file->size)
		return error_set(error, "%s: header size at offset %zu is %" PRIu32, path,
				 offsetof(struct file_header, header_size), header.header_size);
	file->source.from_oldest = header.flags & FILE_F_FROM_OLDEST;
	file->source.mono_ns = header.mono_ns;
	file->source.real_ns = header.real_ns;
	file->source.missed_before = header.missed_before;
	file->source.interruptions_before = UINT64_MAX;
	return find_chunks(file, header.header_size, error);
}

/**
 * file_open() - open a saved file
 * @path: its name, "-" for standard input
 * @error: set if it fails, naming offset and reason
 *
 * Return: the source, or NULL.  If the file is damaged further on, the
 * source's @damage says so.
 */
struct source *file_open(const char *path, struct error *error)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file) {
		error_set(error, "out of memory");
		return NULL;
	}
	file->source.ops = &file_ops;
	file->fd = -1;
	file->path = strdup(strcmp(path, "-") ? path : "standard input");
	if (!file->path)
		error_set(error, "out of memory");
	else
		file->fd = input_open(path, file->path, &file->size, error);
	if (file->fd < 0 || read_header(file, error)) {
		file_close(&file->source);
		return NULL;
	}
	return &file->source;
}
