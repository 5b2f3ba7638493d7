// SPDX-License-Identifier: GPL-2.0
/* The CRC that the module computes with the instruction of x86 is the right one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <skbtrace/crc32c.h>

#include "kselftest_harness.h"

#define LEN_MAX		4096
#define ALIGNMENTS	64
#define PAGE		4096

/* Bit by bit, as RFC 3720 has it, and not complemented: __crc32c_le(). */
static uint32_t bit_by_bit(uint32_t crc, const uint8_t *bytes, size_t len)
{
	int bit;

	while (len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return crc;
}

TEST(rfc_3720_vectors)
{
	uint8_t bytes[32];
	int i;

	memset(bytes, 0, sizeof(bytes));
	EXPECT_EQ(~bit_by_bit(~0u, bytes, 32), 0x8a9136aau);
	memset(bytes, 0xff, sizeof(bytes));
	EXPECT_EQ(~bit_by_bit(~0u, bytes, 32), 0x62a8ab43u);
	for (i = 0; i < 32; i++)
		bytes[i] = i;
	EXPECT_EQ(~bit_by_bit(~0u, bytes, 32), 0x46dd794eu);
}

#ifdef __x86_64__
static struct crc32c_shifts shifts;

static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t len)
{
	return crc32c_by_instruction(&shifts, crc, bytes, len);
}

FIXTURE(instruction) {
	uint8_t *bytes;			/* behind them is no memory: nobody reads it */
	uint32_t crc[LEN_MAX + 1];	/* of the first so many bytes */
};

FIXTURE_SETUP(instruction)
{
	size_t i;

	if (!__builtin_cpu_supports("sse4.2"))
		SKIP(return, "the CPU has no crc32 instruction");
	crc32c_shifts_init(&shifts);
	self->bytes = mmap(NULL, LEN_MAX + PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->bytes);
	ASSERT_EQ(0, mprotect(self->bytes + LEN_MAX, PAGE, PROT_NONE));
	srandom(3720);
	for (i = 0; i < LEN_MAX; i++)
		self->bytes[i] = random() >> 8;
	self->crc[0] = ~0u;
	for (i = 0; i < LEN_MAX; i++)
		self->crc[i + 1] = bit_by_bit(self->crc[i], self->bytes + i, 1);
}

FIXTURE_TEARDOWN(instruction)
{
	if (self->bytes)
		munmap(self->bytes, LEN_MAX + PAGE);
}

TEST_F(instruction, each_length_at_each_alignment)
{
	size_t len, at;

	for (at = 0; at < ALIGNMENTS; at++) {
		uint8_t *block = aligned_alloc(ALIGNMENTS, LEN_MAX + ALIGNMENTS);

		ASSERT_NE(NULL, block);
		memcpy(block + at, self->bytes, LEN_MAX);
		for (len = 0; len <= LEN_MAX; len++)
			ASSERT_EQ(self->crc[len], crc32c(~0u, block + at, len)) {
				TH_LOG("%zu bytes, %zu behind a cache line's beginning", len, at);
			}
		free(block);
	}
}

/*
 * Whatever the parts before came to: so this is each split into two, and, the second
 * being split again, into any number.
 */
TEST_F(instruction, each_split)
{
	size_t len, first;

	for (len = 0; len <= LEN_MAX; len++)
		for (first = 0; first <= len; first++)
			ASSERT_EQ(self->crc[len], crc32c(self->crc[first], self->bytes + first,
							 len - first)) {
				TH_LOG("%zu bytes, split behind %zu", len, first);
			}
}

TEST_F(instruction, fragments)
{
	int round;

	for (round = 0; round < 20000; round++) {
		size_t len = random() % (LEN_MAX + 1), at = 0;
		uint32_t crc = ~0u;

		while (at < len) {
			size_t part = random() % 3 ? random() % 1500 : random() % 9;

			if (part > len - at)
				part = len - at;
			crc = crc32c(crc, self->bytes + at, part);
			at += part;
		}
		ASSERT_EQ(self->crc[len], crc);
	}
}

TEST_F(instruction, more_than_a_page)
{
	size_t len = 3 * 65536 + 5, i;
	uint8_t *bytes = malloc(len);

	ASSERT_NE(NULL, bytes);
	for (i = 0; i < len; i++)
		bytes[i] = random() >> 8;
	for (i = 0; i < 8; i++)
		EXPECT_EQ(bit_by_bit(i, bytes, len - i), crc32c(i, bytes, len - i));
	free(bytes);
}
#else
TEST(instruction)
{
	SKIP(return, "not on x86-64, where the module uses the crc32 instruction");
}
#endif

TEST_HARNESS_MAIN
