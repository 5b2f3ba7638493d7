// SPDX-License-Identifier: GPL-2.0
/* What the rings take when nobody says how large they are. */
#include <skbtrace/record.h>
#include <skbtrace/ring_size.h>

#include "kselftest_harness.h"

#define MB		(1ul << 10)
#define GB		(1ul << 20)

/* All CPUs that a host may have being online, which is the most. */
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

/* 100 ms at 400 000 records a second, where memory is no question. */
TEST(a_cpu_of_a_small_host_keeps_100_ms)
{
	EXPECT_LE(40000, ring_size_default(64 * GB, 8) * 1024 / SKBTRACE_RECORD_SIZE);
	EXPECT_LE(1000, ring_size_default(64 * GB, 256) * 1024 / SKBTRACE_RECORD_SIZE);
}

TEST_HARNESS_MAIN
