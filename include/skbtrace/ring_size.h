/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * How large the rings are when nobody says it.  No kernel type is used here, so
 * that selftests/tools can ask for hosts that nobody has.
 */
#ifndef SKBTRACE_RING_SIZE_H
#define SKBTRACE_RING_SIZE_H

/*
 * What is taken when ring_kb is not given: together 64 MiB, but no more than
 * 1/32 of the memory; each CPU from 256 KiB (1365 records, a few ms of a busy
 * CPU, which a reader still keeps up with) to 8 MiB (43690, over 100 ms).
 */
#define RINGS_KB	(64 << 10)
#define RING_KB_MIN	256
#define RING_KB_MAX	(8 << 10)

/**
 * ring_size_default() - KiB for each CPU
 * @memory_kb: what the host has
 * @nr_cpus: how many CPUs it may have
 */
static inline unsigned int ring_size_default(unsigned long memory_kb,
					     unsigned int nr_cpus)
{
	unsigned long kb = memory_kb / 32;

	if (kb > RINGS_KB)
		kb = RINGS_KB;
	kb /= nr_cpus;
	return kb < RING_KB_MIN ? RING_KB_MIN :
	       kb > RING_KB_MAX ? RING_KB_MAX : kb;
}

#endif /* SKBTRACE_RING_SIZE_H */
