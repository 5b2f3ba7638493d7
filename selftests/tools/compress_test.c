// SPDX-License-Identifier: GPL-2.0
/* What is written compressed is read as it was, and what is damaged does no harm. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "source/source.h"

/* More than a chunk has. */
#define NR_RECORDS	(2 * FILE_PACKED_RECORDS + 500)

static char *no_text(struct source *source, enum source_text which, struct error *error)
{
	return strdup("");
}

static const struct source_ops no_ops = { .text = no_text };

static struct skbtrace_record record_of(unsigned int n)
{
	struct skbtrace_record record = {
		.index = n, .ts_ns = 1000 + 10 * n, .cpu = 3, .skb = n * 7919, .payload_len = 100,
		.digest_len = 100, .crc32c = n * 2654435761u, .flags = SKBTRACE_F_DIGEST,
		.point = 29, .abi = SKBTRACE_ABI, .dev = "eth0",
	};

	return record;
}

FIXTURE(compress)
{
	struct compressor *compressor;
	int fd;
	char path[64];
	struct error error;
	struct skbtrace_record *records;
	off_t size;
};

FIXTURE_VARIANT(compress)
{
	enum compression compression;
};

FIXTURE_VARIANT_ADD(compress, zstd) { .compression = COMPRESS_ZSTD };
FIXTURE_VARIANT_ADD(compress, zlib) { .compression = COMPRESS_ZLIB };

FIXTURE_SETUP(compress)
{
	struct source source = { .ops = &no_ops };
	static struct callers callers;
	struct file_output output = { .path = "memory" };
	unsigned int n;

	self->compressor = compressor_open(variant->compression, &self->error);
	if (!self->compressor)
		SKIP(return, "%s", self->error.text);
	ASSERT_EQ(variant->compression, compressor_is(self->compressor));
	self->fd = syscall(SYS_memfd_create, "skbtrace", 0);
	ASSERT_LE(0, self->fd);
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", self->fd);
	self->records = calloc(NR_RECORDS, sizeof(*self->records));
	ASSERT_NE(NULL, self->records);
	for (n = 0; n < NR_RECORDS; n++)
		self->records[n] = record_of(n);
	output.fd = self->fd;
	output.compressor = self->compressor;
	ASSERT_EQ(0, file_write_header(&output, &source, &self->error));
	ASSERT_EQ(0, file_write_records(&output, 3, self->records, NR_RECORDS, &self->error));
	ASSERT_EQ(0, file_write_texts(&output, &source, &callers, &self->error));
	self->size = lseek(self->fd, 0, SEEK_CUR);
	ASSERT_EQ(self->size, output.written);
}

FIXTURE_TEARDOWN(compress)
{
	free(self->records);
	compressor_close(self->compressor);
	if (self->fd > 0)
		close(self->fd);
}

/* Return: how many records were read until the end, or an error; all of them like those written. */
static size_t read_all(struct __test_metadata *_metadata, const char *path,
		       const struct skbtrace_record *records, struct error *error, bool compare)
{
	struct source *source = file_open(path, error);
	struct skbtrace_record some[100];
	size_t nr = 0;
	ssize_t got;

	if (!source)
		return 0;
	if (!source->nr_streams) {
		*error = source->damage;
		source_close(source);
		return 0;
	}
	while ((got = source_read(source, 0, some, 100, error)) > 0) {
		ASSERT_GE(NR_RECORDS, nr + got);
		if (compare)
			ASSERT_EQ(0, memcmp(records + nr, some, got * sizeof(*some)));
		nr += got;
	}
	if (!got)
		*error = source->damage;
	source_close(source);
	return nr;
}

TEST_F(compress, as_it_was)
{
	EXPECT_EQ(NR_RECORDS, read_all(_metadata, self->path, self->records, &self->error, true));
	EXPECT_STREQ("", self->error.text);
	/* Less than a third, though digests are noise. */
	EXPECT_GT(NR_RECORDS * sizeof(*self->records) / 3, self->size);
}

TEST_F(compress, an_older_reader_refuses_it)
{
	struct file_header header;

	ASSERT_EQ(sizeof(header), pread(self->fd, &header, sizeof(header), 0));
	EXPECT_EQ(FILE_VERSION_PACKED, header.version);
}

/* A bit anywhere: what is given is refused, or whole records. */
TEST_F(compress, damaged)
{
	unsigned char byte;
	off_t at;

	for (at = sizeof(struct file_header); at < self->size; at += 97) {
		struct error error = { "" };

		ASSERT_EQ(1, pread(self->fd, &byte, 1, at));
		byte ^= 1 << at % 8;
		ASSERT_EQ(1, pwrite(self->fd, &byte, 1, at));
		read_all(_metadata, self->path, self->records, &error, false);
		byte ^= 1 << at % 8;
		ASSERT_EQ(1, pwrite(self->fd, &byte, 1, at));
	}
	EXPECT_EQ(NR_RECORDS, read_all(_metadata, self->path, self->records, &self->error, true));
}

/* What is cut off is told, and what is before is good. */
TEST_F(compress, cut_off)
{
	size_t before = 0, nr;
	off_t at;

	for (at = sizeof(struct file_header) + 1; at < self->size; at += 1009) {
		int fd = syscall(SYS_memfd_create, "cut", 0);
		struct error error = { "" };
		char path[64], *bytes = malloc(at);

		ASSERT_EQ(at, pread(self->fd, bytes, at, 0));
		ASSERT_EQ(at, write(fd, bytes, at));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		nr = read_all(_metadata, path, self->records, &error, true);
		EXPECT_STRNE("", error.text);
		EXPECT_LE(before, nr);
		EXPECT_EQ(0, nr % FILE_PACKED_RECORDS == 0 || nr == NR_RECORDS ? 0 : 1);
		before = nr;
		free(bytes);
		close(fd);
	}
	EXPECT_NE(0, before);
}

TEST_HARNESS_MAIN
