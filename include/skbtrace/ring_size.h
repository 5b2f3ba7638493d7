/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * How large the rings are.  No kernel type is used here, so that selftests/tools
 * can ask for hosts that nobody has.
 */
#ifndef SKBTRACE_RING_SIZE_H
#define SKBTRACE_RING_SIZE_H

/*
 * What is taken when ring_kb is not given: together 64 MiB, but no more than
 * 1/32 of the memory; each CPU from 256 KiB (1024 records, a few ms of a busy
 * CPU, which a reader still keeps up with) to 8 MiB (32768, some 80 ms).
 */
#define RINGS_KB	(64 << 10)
#define RING_KB_MIN	256
#define RING_KB_MAX	(8 << 10)

/* Bytes of a ring are an int, and a power of two. */
#define RING_KB_LIMIT	(1u << 20)

/**
 * ring_size_round() - what is taken of what was asked for
 * @kb: KiB for each CPU, not 0
 *
 * A ring has a power of two of records.  1 KiB is 4 of them.
 *
 * Return: KiB, no more than @kb.
 */
static inline unsigned int ring_size_round(unsigned int kb)
{
	while (kb & (kb - 1))
		kb &= kb - 1;
	return kb;
}

/**
 * ring_size_default() - KiB for each CPU when nobody says it
 * @memory_kb: what the host has
 * @nr_cpus: how many CPUs get a ring
 */
static inline unsigned int ring_size_default(unsigned long memory_kb,
					     unsigned int nr_cpus)
{
	unsigned long kb = memory_kb / 32;

	if (kb > RINGS_KB)
		kb = RINGS_KB;
	kb /= nr_cpus;
	return kb < RING_KB_MIN ? RING_KB_MIN :
	       kb > RING_KB_MAX ? RING_KB_MAX : ring_size_round(kb);
}

#endif /* SKBTRACE_RING_SIZE_H */
