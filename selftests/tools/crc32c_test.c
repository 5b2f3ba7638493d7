// SPDX-License-Identifier: GPL-2.0
/* CRCs combined are the CRC of the bytes put together. */
#include <stdlib.h>
#include <string.h>

#include "lib/crc32c.h"
#include "kselftest_harness.h"

/* Bit by bit, as RFC 3720 has it: slow, and nothing to get wrong. */
static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

TEST(rfc_3720_vectors)
{
	uint8_t bytes[32];
	int i;

	memset(bytes, 0, sizeof(bytes));
	ASSERT_EQ(crc32c(bytes, 32), 0x8a9136aau);
	memset(bytes, 0xff, sizeof(bytes));
	ASSERT_EQ(crc32c(bytes, 32), 0x62a8ab43u);
	for (i = 0; i < 32; i++)
		bytes[i] = i;
	ASSERT_EQ(crc32c(bytes, 32), 0x46dd794eu);
}

TEST(random_splits)
{
	static uint8_t bytes[65536];
	uint32_t crc, len, pos, part;
	int round, i;

	srandom(7878);
	for (i = 0; i < (int)sizeof(bytes); i++)
		bytes[i] = random() >> 8;
	for (round = 0; round < 2000; round++) {
		uint32_t from = random() % 1000;

		len = round < 1900 ? random() % 4000 : random() % (sizeof(bytes) - from);
		for (crc = 0, pos = 0; pos < len; pos += part) {
			part = random() % 3 ? random() % 1500 : random() % 3;
			if (part > len - pos)
				part = len - pos;
			crc = crc32c_combine(crc, crc32c(bytes + from + pos, part), part);
		}
		ASSERT_EQ(crc, crc32c(bytes + from, len)) {
			TH_LOG("%u bytes from %u", len, from);
		}
	}
}

/* A place exchanged or a byte changed is seen in the combination too. */
TEST(order_matters)
{
	uint32_t a = crc32c((const uint8_t *)"calm", 4), b = crc32c((const uint8_t *)"veth", 4);

	EXPECT_NE(crc32c_combine(a, b, 4), crc32c_combine(b, a, 4));
	EXPECT_EQ(crc32c_combine(a, b, 4), crc32c((const uint8_t *)"calmveth", 8));
}

/* Lengths that no buffer has: twice 2^31 zero bytes take as many steps as 2^32 - 1. */
TEST(long_stretches)
{
	uint8_t zero = 0;
	uint32_t crc = crc32c(&zero, 1), len = 1, one = crc;

	/* crc of 2^31 zero bytes by doubling, then split elsewhere */
	for (; len < 1u << 31; len *= 2)
		crc = crc32c_combine(crc, crc, len);
	EXPECT_EQ(crc32c_combine(crc, one, 1), crc32c_combine(one, crc, len));
}

TEST_HARNESS_MAIN
