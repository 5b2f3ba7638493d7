// SPDX-License-Identifier: GPL-2.0
/* What the rings take when nobody says how large they are. */
#include <skbtrace/record.h>
#include <skbtrace/ring_size.h>

#include "kselftest_harness.h"

#define MB		(1ul << 10)
#define GB		(1ul << 20)

static unsigned long total_kb(unsigned long memory_kb, unsigned int nr_cpus)
{
	return (unsigned long)ring_size_default(memory_kb, nr_cpus) * nr_cpus;
}

TEST(many_cpus_take_no_more_than_128_mib)
{
	const unsigned long memory_kb[] = { 512 * MB, 4 * GB, 64 * GB, 4096 * GB };
	unsigned int nr_cpus;
	size_t i;

	for (i = 0; i < sizeof(memory_kb) / sizeof(*memory_kb); i++)
		for (nr_cpus = 1; nr_cpus <= 256; nr_cpus++)
			ASSERT_GE(128 * MB, total_kb(memory_kb[i], nr_cpus)) {
				TH_LOG("%lu KiB of memory, %u CPUs", memory_kb[i], nr_cpus);
			}
	EXPECT_EQ(64 * MB, total_kb(1024 * GB, 256));
}

TEST(few_cpus_take_little_of_their_memory)
{
	unsigned long memory_kb;

	for (memory_kb = 256 * MB; memory_kb < 64 * GB; memory_kb *= 2) {
		EXPECT_GE(memory_kb / 32, total_kb(memory_kb, 1));
		EXPECT_GE(memory_kb / 32, total_kb(memory_kb, 8));
	}
}

/* 80 ms at 400 000 records a second, where memory is no question. */
TEST(a_cpu_of_a_small_host_keeps_80_ms)
{
	EXPECT_LE(32000, ring_size_default(64 * GB, 8) * 1024 / SKBTRACE_RECORD_SIZE);
	EXPECT_LE(1000, ring_size_default(64 * GB, 256) * 1024 / SKBTRACE_RECORD_SIZE);
}

/* What is shown is what was taken, never more than was asked for, and never nothing. */
TEST(sizes_are_powers_of_two)
{
	unsigned int kb, nr_cpus, taken;

	for (kb = 1; kb <= 5000; kb++) {
		taken = ring_size_round(kb);
		ASSERT_TRUE(taken <= kb && kb < 2 * taken);
		ASSERT_EQ(0, taken & (taken - 1));
		ASSERT_LE(4, taken * 1024 / SKBTRACE_RECORD_SIZE);
	}
	EXPECT_EQ(RING_KB_LIMIT, ring_size_round(RING_KB_LIMIT));
	for (nr_cpus = 1; nr_cpus <= 256; nr_cpus++) {
		taken = ring_size_default(3 * GB, nr_cpus);
		ASSERT_EQ(taken, ring_size_round(taken));
	}
}

TEST_HARNESS_MAIN
