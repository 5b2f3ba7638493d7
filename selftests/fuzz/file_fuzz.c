// SPDX-License-Identifier: GPL-2.0
/*
 * Saved files: any bytes. They are shown, in one of several ways, or refused, with
 * an error that names the offset and the reason.
 *
 * Files are changed by what they consist of, and mostly mended afterwards: else few
 * would get past the first check.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"
#include "run.h"
#include "show/show.h"
#include "source/source.h"

/* To show all takes longer than to read it and to follow it: every second one is checked. */
static const struct options checks[] = {
	{ .command = COMMAND_CHECK },
	{ .command = COMMAND_CHECK, .json = true, .count = 2 },
};

static const struct options views[] = {
	{ .command = COMMAND_REPORT, .stacks = true },
	{ .command = COMMAND_REPORT, .json = true },
	{ .command = COMMAND_REPORT, .tree = true, .filter = { .points = "*,-free" } },
	{ .command = COMMAND_REPORT, .sort = SORTED_LATENCY, .count = 2, .width = 60,
	  .views = { [VIEW_KIND_perfetto] = "/dev/null", [VIEW_KIND_html] = "/dev/null",
		     [VIEW_KIND_pcapng] = "/dev/null" }, .capture_at = "*" },
	{ .command = COMMAND_HOPS, .stacks = true },
	{ .command = COMMAND_HOPS, .json = true, .filter = { .devices = "*0" } },
	{ .command = COMMAND_POINTS },
	{ .command = COMMAND_POINTS, .json = true },
	{ .command = COMMAND_STATS },
	{ .command = COMMAND_STATS, .json = true },
};

#define NR_CHECKS	(sizeof(checks) / sizeof(checks[0]))
#define NR_SHOWN	(sizeof(views) / sizeof(views[0]))

static const char *put(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = syscall(SYS_memfd_create, "skbtrace", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return path;
}

static void view(const char *path, const struct options *options)
{
	struct error error = { "" };
	struct source *source = file_open(path, &error);
	int status;

	fuzz_check_error(&error);
	if (!source) {
		FUZZ_EXPECT(error.text[0], "refused, and no word why");
		return;
	}
	fuzz_check_error(&source->damage);
	fuzz_begin();
	if (options->command == COMMAND_POINTS)
		status = show_points(source, options->filter.points, options->json, &error) ?
			 STATUS_ERROR : STATUS_OK;
	else if (options->command == COMMAND_STATS)
		status = show_stats(source, options->json, &error) ? STATUS_ERROR : STATUS_OK;
	else
		status = run(options, source, &error);
	fuzz_end(options->json ? FUZZ_JSON : FUZZ_TEXT);
	fuzz_check_error(&error);
	FUZZ_EXPECT((status == STATUS_ERROR) == (error.text[0] != '\0'), "status %d, error \"%s\"",
		    status, error.text);
	source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = put(data, size);
	size_t sum = size, i;

	for (i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	view(path, sum % 2 ? &views[sum / 2 % NR_SHOWN] : &checks[sum / 2 % NR_CHECKS]);
	return 0;
}

/* A file taken apart: where its chunks are. */
#define CHUNKS_MAX	64

struct parts {
	size_t offset[CHUNKS_MAX + 1];
	unsigned int nr;
};

static struct file_chunk chunk_at(const uint8_t *data, size_t offset)
{
	struct file_chunk chunk;

	memcpy(&chunk, data + offset, sizeof(chunk));
	return chunk;
}

static void take_apart(const uint8_t *data, size_t size, struct parts *parts)
{
	size_t offset = sizeof(struct file_header);
	struct file_chunk chunk;

	parts->nr = 0;
	while (parts->nr < CHUNKS_MAX && offset + sizeof(chunk) <= size) {
		parts->offset[parts->nr++] = offset;
		chunk = chunk_at(data, offset);
		offset += sizeof(chunk);
		if (chunk.len > size - offset) {
			offset = size;
			break;
		}
		offset += chunk.len + -chunk.len % 8;
	}
	parts->offset[parts->nr] = offset < size ? offset : size;
}

/* What the reader asks of a record, seen one behind the other on its CPU. */
static void mend_records(uint8_t *data, size_t size, unsigned int cpu,
			 struct skbtrace_record *last)
{
	struct skbtrace_record record;

	for (; size >= sizeof(record); data += sizeof(record), size -= sizeof(record)) {
		memcpy(&record, data, sizeof(record));
		record.abi = SKBTRACE_ABI;
		record.cpu = cpu;
		record.comm[SKBTRACE_NAME_LEN - 1] = '\0';
		record.dev[SKBTRACE_NAME_LEN - 1] = '\0';
		record.peer[SKBTRACE_NAME_LEN - 1] = '\0';
		if (record.digest_len > record.payload_len)
			record.digest_len = record.payload_len;
		if (record.index <= last[cpu].index)
			record.index = last[cpu].index + 1;
		if (record.ts_ns < last[cpu].ts_ns)
			record.ts_ns = last[cpu].ts_ns + 1;
		last[cpu] = record;
		memcpy(data, &record, sizeof(record));
	}
}

static void mend(uint8_t *data, size_t size)
{
	struct file_header header;
	struct skbtrace_record last[4];
	struct parts parts;
	unsigned int i;

	if (size < sizeof(header))
		return;
	memcpy(&header, data, sizeof(header));
	memcpy(header.magic, FILE_MAGIC, sizeof(header.magic));
	header.byte_order = FILE_BYTE_ORDER;
	header.header_size = sizeof(header);
	header.version = FILE_VERSION;
	header.abi = SKBTRACE_ABI;
	header.record_size = SKBTRACE_RECORD_SIZE;
	memcpy(data, &header, sizeof(header));
	memset(last, 0, sizeof(last));
	take_apart(data, size, &parts);
	for (i = 0; i < parts.nr; i++) {
		size_t begin = parts.offset[i] + sizeof(struct file_chunk);
		struct file_chunk chunk = chunk_at(data, parts.offset[i]);

		if (chunk.len > size - begin)
			chunk.len = size - begin;
		if (!chunk.type || chunk.type > FILE_END)
			chunk.type = 1 + chunk.type % FILE_END;
		if (chunk.type == FILE_RECORDS) {
			chunk.cpu %= 4;
			mend_records(data + begin, chunk.len, chunk.cpu, last);
		}
		memcpy(data + parts.offset[i], &chunk, sizeof(chunk));
	}
}

/* Another chunk like one there is, in front of another. */
static size_t copy_chunk(uint8_t *data, size_t size, size_t max_size, const struct parts *parts,
			 unsigned int seed)
{
	unsigned int from = seed % parts->nr, to = seed / 64 % parts->nr;
	size_t len = parts->offset[from + 1] - parts->offset[from];
	uint8_t *copy;

	if (len > max_size - size)
		return size;
	copy = malloc(len);
	if (!copy)
		return size;
	memcpy(copy, data + parts->offset[from], len);
	memmove(data + parts->offset[to] + len, data + parts->offset[to], size - parts->offset[to]);
	memcpy(data + parts->offset[to], copy, len);
	free(copy);
	return size + len;
}

static size_t remove_chunk(uint8_t *data, size_t size, const struct parts *parts,
			   unsigned int seed)
{
	unsigned int i = seed % parts->nr;

	memmove(data + parts->offset[i], data + parts->offset[i + 1], size - parts->offset[i + 1]);
	return size - (parts->offset[i + 1] - parts->offset[i]);
}

/* What is in a chunk, longer or shorter; of records, one of them. */
static size_t change_chunk(uint8_t *data, size_t size, size_t max_size, const struct parts *parts,
			   unsigned int seed)
{
	size_t begin = parts->offset[seed % parts->nr], room, len, rest;
	struct file_chunk chunk = chunk_at(data, begin);
	uint8_t *more;

	begin += sizeof(chunk);
	if (chunk.len > size - begin)
		return LLVMFuzzerMutate(data, size, max_size);
	if (chunk.type == FILE_RECORDS) {
		if (chunk.len < SKBTRACE_RECORD_SIZE)
			return size;
		begin += seed / 64 % (chunk.len / SKBTRACE_RECORD_SIZE) * SKBTRACE_RECORD_SIZE;
		LLVMFuzzerMutate(data + begin, SKBTRACE_RECORD_SIZE, SKBTRACE_RECORD_SIZE);
		return size;
	}
	rest = begin + chunk.len + -chunk.len % 8;
	rest = rest < size ? rest : size;
	room = chunk.len + 256;
	more = malloc(room + 8);
	if (!more)
		return size;
	memcpy(more, data + begin, chunk.len);
	len = LLVMFuzzerMutate(more, chunk.len, room);
	memset(more + len, 0, 8);
	if (begin + len + -len % 8 + (size - rest) <= max_size) {
		chunk.len = len;
		len += -len % 8;
		memmove(data + begin + len, data + rest, size - rest);
		memcpy(data + begin, more, len);
		memcpy(data + begin - sizeof(chunk), &chunk, sizeof(chunk));
		size = begin + len + (size - rest);
	}
	free(more);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	unsigned int how = seed % 8, more = seed / 8;
	struct parts parts;

	take_apart(data, size, &parts);
	if (!how || !parts.nr)
		size = LLVMFuzzerMutate(data, size, max_size);
	else if (how == 1)
		size = copy_chunk(data, size, max_size, &parts, more);
	else if (how == 2)
		size = remove_chunk(data, size, &parts, more);
	else
		size = change_chunk(data, size, max_size, &parts, more);
	if (more / 8 % 8)
		mend(data, size);
	return size;
}
