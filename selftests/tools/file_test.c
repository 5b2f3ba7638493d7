// SPDX-License-Identifier: GPL-2.0
/* What is written can be read, and what is damaged does no harm. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#include "lib/list.h"
#include "source/source.h"

#define NR_RECORDS	100
#define TEST_CPUS		3

/* The saved file, as bytes, and a file in memory to put them in. */
FIXTURE(file)
{
	int fd;
	char path[64];
	unsigned char *bytes;
	size_t size;
};

static char *fixed_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "# id\n1 a entry tcp vmlinux 5 2 active\n",
		[SOURCE_STATS] = "version 0.0.9\nabi 1\n",
		[SOURCE_STACKS] = "7 inner;outer\n",
		[SOURCE_REASONS] = "2 NOT_SPECIFIED\n",
		[SOURCE_NETNS] = "",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n"
				   "ffffffff81000100 t other\nffffffff81000080 d data\n",
		[SOURCE_HOST] = "name there.example\nboot 11111111-2222\nload 5.000000007\n",
		[SOURCE_FACTS] = "netns 4026531840 -\nlink lo index=1\n",
	};

	return strdup(texts[which]);
}

static const struct source_ops text_ops = { .text = fixed_text };

static struct skbtrace_record record_of(unsigned int cpu, unsigned int n)
{
	struct skbtrace_record record = {
		.index = 10 + n, .ts_ns = 1000 + 10 * n + cpu, .cpu = cpu, .skb = n,
		.payload_len = 100, .digest_len = 100, .flags = SKBTRACE_F_DIGEST, .point = 29,
		.abi = SKBTRACE_ABI, .dev = "eth0",
	};

	return record;
}

static void write_records(struct file_output *output, unsigned int cpu, unsigned int from, unsigned int to)
{
	struct skbtrace_record records[NR_RECORDS];
	struct error error;
	unsigned int n;

	for (n = from; n < to; n++)
		records[n - from] = record_of(cpu, n);
	if (file_write_chunk(output, FILE_RECORDS, cpu, records, (to - from) * sizeof(records[0]),
			     &error))
		abort();
}

FIXTURE_SETUP(file)
{
	struct source source = {
		.ops = &text_ops, .from_oldest = true, .mono_ns = 111, .real_ns = 222,
		.missed_before = 1,
	};
	struct file_output output = { -1, "memory" };
	static struct callers callers;
	struct error error;
	unsigned int cpu;
	int fd;

	fd = syscall(SYS_memfd_create, "skbtrace", 0);
	ASSERT_LE(0, fd);
	self->fd = fd;
	output.fd = fd;
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, file_write_header(&output, &source, &error));
	for (cpu = 0; cpu < TEST_CPUS; cpu++)
		write_records(&output, cpu, 0, NR_RECORDS / 2);
	/* A chunk that only later versions know. */
	ASSERT_EQ(0, file_write_chunk(&output, 1234, 0, "later", 5, &error));
	for (cpu = 0; cpu < TEST_CPUS; cpu++)
		write_records(&output, cpu, NR_RECORDS / 2, NR_RECORDS);
	callers_add(&callers, 0xffffffff81000010);
	callers_add(&callers, 0xffffffff81000010);
	ASSERT_EQ(0, file_write_texts(&output, &source, &callers, &error));
	self->size = lseek(fd, 0, SEEK_END);
	self->bytes = malloc(self->size);
	ASSERT_NE(NULL, self->bytes);
	ASSERT_EQ(self->size, pread(fd, self->bytes, self->size, 0));
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
	free(self->bytes);
}

static void put_bytes(const char *path, const unsigned char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* Read all there is.  Return: how many records; -1 if the file is refused. */
static int read_all(const char *path, struct error *error, struct error *damage)
{
	struct skbtrace_record records[7];
	struct source *source;
	unsigned int i;
	int total = 0;
	ssize_t nr;

	error->text[0] = '\0';
	damage->text[0] = '\0';
	source = file_open(path, error);
	if (!source)
		return -1;
	*damage = source->damage;
	for (i = 0; i < source->nr_streams; i++) {
		while ((nr = source_read(source, i, records, 7, error)) > 0)
			total += nr;
		if (nr < 0)
			break;
	}
	for (i = 0; i < SOURCE_NR_TEXTS; i++)
		free(source_text(source, i, error));
	source_close(source);
	return total;
}

TEST_F(file, round_trip)
{
	struct skbtrace_record records[NR_RECORDS], expected;
	struct source *source;
	struct error error;
	unsigned int cpu, n;
	ssize_t nr;
	char *text;

	source = file_open(self->path, &error);
	ASSERT_NE(NULL, source);
	EXPECT_STREQ("", source->damage.text);
	EXPECT_FALSE(source->is_live);
	EXPECT_TRUE(source->from_oldest);
	EXPECT_EQ(111, source->mono_ns);
	EXPECT_EQ(222, source->real_ns);
	EXPECT_EQ(1, source->missed_before);
	ASSERT_EQ(TEST_CPUS, source->nr_streams);
	for (cpu = 0; cpu < TEST_CPUS; cpu++) {
		EXPECT_EQ(cpu, source->cpus[cpu]);
		for (n = 0; n < NR_RECORDS; n += nr) {
			nr = source_read(source, cpu, records + n, NR_RECORDS - n, &error);
			ASSERT_LT(0, nr);
		}
		for (n = 0; n < NR_RECORDS; n++) {
			expected = record_of(cpu, n);
			ASSERT_EQ(0, memcmp(&expected, &records[n], sizeof(expected)));
		}
		EXPECT_EQ(0, source_read(source, cpu, records, 1, &error));
	}
	text = source_text(source, SOURCE_STACKS, &error);
	EXPECT_STREQ("7 inner;outer\n", text);
	free(text);
	text = source_text(source, SOURCE_NETNS, &error);
	EXPECT_STREQ("", text);
	free(text);
	/* Of the kernel's functions those that are needed. */
	text = source_text(source, SOURCE_SYMBOLS, &error);
	EXPECT_STREQ("ffffffff81000000 T nf_hook_slow\n", text);
	free(text);
	text = source_text(source, SOURCE_FACTS, &error);
	EXPECT_STREQ("netns 4026531840 -\nlink lo index=1\n", text);
	free(text);
	source_close(source);
}

/* A file that says what host it is of, and no more: recording was cut off. */
static int host_in_file(const char *text, struct host *host)
{
	struct source source = { .ops = &text_ops }, *file;
	struct file_output output = { .path = "memory" };
	char path[64];
	struct error error;
	int ret = -1;

	output.fd = syscall(SYS_memfd_create, "skbtrace", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", output.fd);
	if (file_write_header(&output, &source, &error) ||
	    (text ? file_write_chunk(&output, FILE_HOST, 0, text, strlen(text), &error) :
		    file_write_host(&output, &source, &error)))
		return -1;
	file = file_open(path, &error);
	if (file)
		ret = host_of(file, host, &error);
	source_close(file);
	close(output.fd);
	return ret;
}

TEST_F(file, says_which_host)
{
	struct source *source;
	struct host host;
	struct error error;

	ASSERT_EQ(0, host_in_file(NULL, &host));
	EXPECT_STREQ("there.example", host.name);
	EXPECT_STREQ("11111111-2222", host.boot);
	EXPECT_STREQ("5.000000007", host.load);
	/* What would do harm on a terminal is no name, what is too long is cut off. */
	ASSERT_EQ(0, host_in_file("name th\033re\nboot 1234567890123456789012345678901234567890\n",
				  &host));
	EXPECT_STREQ("th", host.name);
	EXPECT_STREQ("123456789012345678901234567890123456789", host.boot);
	/* Files of 0.2.0 have none. */
	source = file_open(self->path, &error);
	ASSERT_NE(NULL, source);
	ASSERT_EQ(0, host_of(source, &host, &error));
	EXPECT_STREQ("", host.name);
	EXPECT_STREQ("", host.boot);
	source_close(source);
}

TEST_F(file, cut_off_anywhere)
{
	struct error error, damage;
	size_t size;
	int nr, last = 0;

	ASSERT_EQ(0, ftruncate(self->fd, 0));
	for (size = 0; size < self->size; size++) {
		/* A byte more each time; every 7th is looked at, and the header's all. */
		ASSERT_EQ(1, pwrite(self->fd, self->bytes + size, 1, size));
		if (size > 200 && size % 7)
			continue;
		nr = read_all(self->path, &error, &damage);
		if (nr < 0) {
			ASSERT_GT(sizeof(struct file_header), size + 1);
			ASSERT_NE(NULL, strstr(error.text, " offset "));
			continue;
		}
		/* What is before the cut is there, and the rest is missed. */
		ASSERT_LE(last, nr);
		if (size + 1 == self->size)
			break;
		ASSERT_NE(NULL, strstr(damage.text, "offset"));
		last = nr;
	}
	EXPECT_EQ(TEST_CPUS * NR_RECORDS, last);
}

TEST_F(file, every_bit_flipped)
{
	struct error error, damage;
	size_t at, nr_noticed = 0;
	int bit;

	for (at = 0; at < self->size; at += 3) {
		bit = at % 8;
		self->bytes[at] ^= 1 << bit;
		put_bytes(self->path, self->bytes, self->size);
		read_all(self->path, &error, &damage);
		nr_noticed += error.text[0] || damage.text[0];
		self->bytes[at] ^= 1 << bit;
	}
	/* Whatever it is, it is read without harm; much of it is noticed. */
	EXPECT_LT(0, nr_noticed);
}

/* Change some bytes, and expect to be told of it. */
static void expect_told(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self, size_t at,
			const void *bytes, size_t len, const char *told)
{
	struct error error, damage;
	unsigned char saved[16];

	memcpy(saved, self->bytes + at, len);
	memcpy(self->bytes + at, bytes, len);
	put_bytes(self->path, self->bytes, self->size);
	read_all(self->path, &error, &damage);
	if (!strstr(error.text, told) && !strstr(damage.text, told))
		TH_LOG("\"%s\" is not told, but \"%s\" and \"%s\"", told, error.text, damage.text);
	EXPECT_TRUE(strstr(error.text, told) || strstr(damage.text, told));
	memcpy(self->bytes + at, saved, len);
}

#define EXPECT_TOLD(at, type, value, told) do {				\
	type bytes = value;						\
									\
	expect_told(_metadata, self, at, &bytes, sizeof(bytes), told);	\
} while (0)

#define IN_HEADER(member)	offsetof(struct file_header, member)
#define FIRST_CHUNK		sizeof(struct file_header)
#define IN_CHUNK(member)	(FIRST_CHUNK + offsetof(struct file_chunk, member))
#define IN_RECORD(n, member) \
	(FIRST_CHUNK + sizeof(struct file_chunk) + (n) * sizeof(struct skbtrace_record) + \
	 offsetof(struct skbtrace_record, member))

TEST_F(file, what_is_wrong_is_told)
{
	EXPECT_TOLD(0, char, 'X', "not a file of skbtrace");
	EXPECT_TOLD(IN_HEADER(byte_order), uint32_t, 0x04030201, "machine of the other one");
	EXPECT_TOLD(IN_HEADER(version), uint32_t, 99,
		    "another version of skbtrace wrote it: at offset 16: version 99");
	EXPECT_TOLD(IN_HEADER(abi), uint32_t, 99, "skbtrace 0.0.9 wrote it: at offset 20: ABI 99");
	EXPECT_TOLD(IN_HEADER(record_size), uint32_t, 128, "records of 128 bytes");
	EXPECT_TOLD(IN_HEADER(header_size), uint32_t, 8, "header size at offset 12 is 8");
	EXPECT_TOLD(IN_HEADER(header_size), uint32_t, 1u << 31, "header size at offset 12");
	EXPECT_TOLD(IN_CHUNK(len), uint64_t, 1ULL << 60,
		    "chunk at offset 56 says it has 1152921504606846976 bytes");
	EXPECT_TOLD(IN_CHUNK(len), uint64_t, UINT64_MAX, "chunk at offset 56 says");
	EXPECT_TOLD(IN_CHUNK(len), uint64_t, 200, "200 bytes are not whole records");
	EXPECT_TOLD(IN_CHUNK(cpu), uint32_t, 1u << 20, "there is no CPU 1048576");
	EXPECT_TOLD(IN_RECORD(2, abi), uint8_t, 9, "record at offset 584: of another ABI");
	EXPECT_TOLD(IN_RECORD(2, cpu), uint16_t, 9, "of another CPU than its chunk");
	EXPECT_TOLD(IN_RECORD(2, index), uint64_t, 11, "its index does not go up");
	EXPECT_TOLD(IN_RECORD(2, ts_ns), uint64_t, 0, "its time goes back");
	EXPECT_TOLD(IN_RECORD(2, digest_len), uint32_t, 101, "digest of more than the payload");
	expect_told(_metadata, self, IN_RECORD(2, dev), "sixteen letters!", 16,
		    "a name does not end");
}

/* A slot that is used again has what was there before where nothing is written. */
TEST_F(file, stale_digests_are_none)
{
	struct error error, damage;
	struct skbtrace_record record;
	size_t at = IN_RECORD(2, index);

	memcpy(&record, self->bytes + at, sizeof(record));
	record.flags &= ~SKBTRACE_F_DIGEST;
	record.payload_len = 0;
	record.digest_len = 101;
	memcpy(self->bytes + at, &record, sizeof(record));
	put_bytes(self->path, self->bytes, self->size);
	EXPECT_EQ(TEST_CPUS * NR_RECORDS, read_all(self->path, &error, &damage));
	EXPECT_STREQ("", error.text);
}

/* Two stretches of a file change places. */
/* A message has digests where a hop has the names of devices. */
TEST_F(file, messages_have_no_devices)
{
	struct error error, damage;
	struct skbtrace_record record;
	size_t at = IN_RECORD(2, index);

	memcpy(&record, self->bytes + at, sizeof(record));
	record.flags = SKBTRACE_F_MESSAGE;
	memset(record.dev, 0xa5, sizeof(record.dev));
	memset(record.peer, 0x5a, sizeof(record.peer));
	memcpy(self->bytes + at, &record, sizeof(record));
	put_bytes(self->path, self->bytes, self->size);
	EXPECT_EQ(TEST_CPUS * NR_RECORDS, read_all(self->path, &error, &damage));
	EXPECT_STREQ("", error.text);
}

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
	unsigned char byte;

	while (len--) {
		byte = *a;
		*a++ = *b;
		*b++ = byte;
	}
}

static void expect_damage(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self,
			  const char *told)
{
	struct error error, damage;

	put_bytes(self->path, self->bytes, self->size);
	EXPECT_LE(0, read_all(self->path, &error, &damage));
	EXPECT_TRUE(strstr(error.text, told) || strstr(damage.text, told)) {
		TH_LOG("\"%s\" is not told, but \"%s\" and \"%s\"", told, error.text, damage.text);
	}
}

#define RECORDS_CHUNK \
	(sizeof(struct file_chunk) + NR_RECORDS / 2 * sizeof(struct skbtrace_record))

TEST_F(file, two_records_change_places)
{
	swap(self->bytes + IN_RECORD(3, index), self->bytes + IN_RECORD(4, index),
	     sizeof(struct skbtrace_record));
	expect_damage(_metadata, self, "record at offset 1096: its index does not go up");
}

TEST_F(file, two_chunks_change_places)
{
	/* The first of CPU 0, and its second, behind one of 5 bytes that nobody knows. */
	const size_t later = FIRST_CHUNK + TEST_CPUS * RECORDS_CHUNK +
			     sizeof(struct file_chunk) + 8;

	swap(self->bytes + FIRST_CHUNK, self->bytes + later, RECORDS_CHUNK);
	expect_damage(_metadata, self, "record at offset 38544: its index does not go up");
}

TEST_F(file, a_chunk_of_another_cpu)
{
	struct file_chunk *chunk = (struct file_chunk *)(self->bytes + FIRST_CHUNK);

	chunk->cpu = 7;
	expect_damage(_metadata, self, "record at offset 72: of another CPU than its chunk");
}

TEST_F(file, an_end_in_the_middle)
{
	struct file_chunk *chunk = (struct file_chunk *)(self->bytes + FIRST_CHUNK);

	chunk->type = FILE_END;
	expect_damage(_metadata, self, "goes on behind its last chunk, at offset 12872");
}

/* A machine went down: what was to be written last is zeroes. */
TEST_F(file, zeroes_from_some_record_on)
{
	memset(self->bytes + IN_RECORD(5, index), 0, self->size - IN_RECORD(5, index));
	expect_damage(_metadata, self, "record at offset 1352: of another ABI");
}

TEST_F(file, a_longer_header)
{
	struct error error, damage;
	struct file_header *header;
	unsigned char *longer = malloc(self->size + 16);

	ASSERT_NE(NULL, longer);
	memcpy(longer, self->bytes, sizeof(*header));
	memset(longer + sizeof(*header), 0xff, 16);
	memcpy(longer + sizeof(*header) + 16, self->bytes + sizeof(*header),
	       self->size - sizeof(*header));
	header = (struct file_header *)longer;
	header->header_size += 16;
	put_bytes(self->path, longer, self->size + 16);
	EXPECT_EQ(TEST_CPUS * NR_RECORDS, read_all(self->path, &error, &damage));
	EXPECT_STREQ("", damage.text);
	free(longer);
}

TEST_F(file, from_a_pipe)
{
	struct error error, damage;
	int ends[2], saved = dup(STDIN_FILENO);

	ASSERT_EQ(0, pipe(ends));
	if (fork() == 0) {
		size_t at = 0;
		ssize_t done;

		while (at < self->size &&
		       (done = write(ends[1], self->bytes + at, self->size - at)) > 0)
			at += done;
		_exit(0);
	}
	close(ends[1]);
	ASSERT_LE(0, dup2(ends[0], STDIN_FILENO));
	close(ends[0]);
	EXPECT_EQ(TEST_CPUS * NR_RECORDS, read_all("-", &error, &damage));
	EXPECT_STREQ("", damage.text);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

TEST(a_full_disk)
{
	struct file_output output = { open("/dev/full", O_WRONLY), "/dev/full" };
	const struct source source = { .mono_ns = 1 };
	struct error error;

	ASSERT_LE(0, output.fd);
	EXPECT_EQ(-1, file_write_header(&output, &source, &error));
	EXPECT_STREQ("/dev/full: write: No space left on device", error.text);
	close(output.fd);
}

#define FOREIGN(bytes)	{ bytes, sizeof(bytes) - 1 }

TEST(foreign_files)
{
	static const struct {
		const char *bytes;
		size_t size;
	} files[] = {
		FOREIGN(""),
		FOREIGN("S"),
		FOREIGN("SKBTRAC"),
		FOREIGN("skbtrace: error: the module is not loaded\n"),
		FOREIGN("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
		FOREIGN("\x1f\x8b\x08\0\0\0\0\0\0\3"),
		FOREIGN("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0"),	/* pcap */
		FOREIGN("SKBTRACE, a page of its manual"),
	};
	const char *told = "not a file of skbtrace: no \"SKBTRACE\" at offset 0";
	struct error error, damage;
	char path[64];
	size_t i;
	int fd;

	fd = syscall(SYS_memfd_create, "skbtrace", 0);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put_bytes(path, (const unsigned char *)files[i].bytes, files[i].size);
		/* The last one begins well. */
		if (i + 1 == sizeof(files) / sizeof(files[0]))
			told = "ends at offset 30, in its header";
		EXPECT_EQ(-1, read_all(path, &error, &damage));
		EXPECT_NE(NULL, strstr(error.text, told)) {
			TH_LOG("%zu: %s", i, error.text);
		}
	}
	close(fd);
}

TEST(no_such_file)
{
	struct error error, damage;

	EXPECT_EQ(-1, read_all("/nowhere/at/all", &error, &damage));
	EXPECT_STREQ("/nowhere/at/all: No such file or directory", error.text);
	EXPECT_EQ(-1, read_all("/tmp", &error, &damage));
	EXPECT_STREQ("/tmp: is a directory", error.text);
	EXPECT_EQ(-1, read_all("/dev/null", &error, &damage));
	EXPECT_NE(NULL, strstr(error.text, "not a file of skbtrace"));
}

TEST_HARNESS_MAIN
