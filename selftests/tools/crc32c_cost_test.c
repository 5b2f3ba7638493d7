// SPDX-License-Identifier: GPL-2.0
/*
 * Three streams of the crc32 instruction are worth it, and cost nothing where there
 * is too little for them. Built as the module is, without sanitizers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <skbtrace/crc32c.h>

#include "kselftest_harness.h"

#ifdef __x86_64__
#define LONG		65536
#define SHORT		64

/* Others use the machine too: the best of many short rounds is what it takes. */
#define ROUNDS		2000
#define ROUND_BYTES	(2 * LONG)

typedef uint32_t crc32c_fn(uint32_t crc, const uint8_t *bytes, size_t len);

static struct crc32c_shifts shifts;
static uint32_t result;

static uint32_t three_streams(uint32_t crc, const uint8_t *bytes, size_t len)
{
	return crc32c_by_instruction(&shifts, crc, bytes, len);
}

/* What there is to compare with: the loop that anybody would write. */
static uint32_t one_stream(uint32_t crc32, const uint8_t *bytes, size_t len)
{
	uint64_t crc = crc32;

	for (; len >= 8; len -= 8, bytes += 8)
		CRC32C_64(crc, bytes);
	crc32 = crc;
	for (; len; len--, bytes++)
		CRC32C_8(crc32, bytes);
	return crc32;
}

static double round_ns(crc32c_fn *fn, const uint8_t *bytes, size_t len)
{
	struct timespec begin, end;
	int i, n = ROUND_BYTES / len;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < n; i++)
		result = fn(result, bytes, len);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / n;
}

/* How many times as fast three streams are. */
static double factor(struct __test_metadata *_metadata, const uint8_t *bytes, size_t len)
{
	double one = 1e9, three = 1e9, ns;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ns = round_ns(one_stream, bytes, len);
		if (ns < one)
			one = ns;
		ns = round_ns(three_streams, bytes, len);
		if (ns < three)
			three = ns;
	}
	TH_LOG("%zu bytes: %.1f ns in one stream, %.1f ns in three, %.2f times as fast",
	       len, one, three, one / three);
	return one / three;
}

FIXTURE(cost) {
	uint8_t *bytes;
};

FIXTURE_SETUP(cost)
{
	size_t i;

	if (!__builtin_cpu_supports("sse4.2"))
		SKIP(return, "the CPU has no crc32 instruction");
	crc32c_shifts_init(&shifts);
	self->bytes = malloc(LONG);
	ASSERT_NE(NULL, self->bytes);
	for (i = 0; i < LONG; i++)
		self->bytes[i] = random() >> 8;
}

FIXTURE_TEARDOWN(cost)
{
	free(self->bytes);
}

TEST_F(cost, much_less_where_there_is_much)
{
	EXPECT_GE(factor(_metadata, self->bytes, LONG), 2.3);
	EXPECT_GE(factor(_metadata, self->bytes, 1400), 1.5);
}

TEST_F(cost, not_more_where_there_is_little)
{
	/* 5 %: what the place of the same loop in the cache makes of it. */
	EXPECT_GE(factor(_metadata, self->bytes, SHORT), 0.95);
}
#else
TEST(cost)
{
	SKIP(return, "not on x86-64, where the module uses the crc32 instruction");
}
#endif

TEST_HARNESS_MAIN
