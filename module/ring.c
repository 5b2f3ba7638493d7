// SPDX-License-Identifier: GPL-2.0
/* The memory of the rings.  How they work is in include/skbtrace/ring.h. */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/cpu.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <skbtrace/ring_size.h>

#include "compat.h"
#include "ring.h"

DEFINE_PER_CPU(struct cpu_trace, cpu_trace);

/**
 * rings_init() - allocate a ring for each CPU that is online
 * @ring_kb: KiB for each, 0 to choose; set to what was taken
 *
 * A CPU that comes later has none and only counts.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a size out of range, -ENOMEM.
 */
int rings_init(unsigned int *ring_kb)
{
	u64 nr_slots;
	size_t size;
	int cpu;

	BUILD_BUG_ON(RING_WORDS % 8);
	if (!*ring_kb)
		*ring_kb = ring_size_default(totalram_pages() << (PAGE_SHIFT - 10),
					     num_possible_cpus());
	nr_slots = (u64)*ring_kb * 1024 / SKBTRACE_RECORD_SIZE;
	if (nr_slots < 2 || nr_slots > INT_MAX / SKBTRACE_RECORD_SIZE) {
		pr_err("ring_kb=%u refused: wants 1 to %u\n", *ring_kb,
		       INT_MAX / 1024);
		return -EINVAL;
	}
	nr_slots = rounddown_pow_of_two(nr_slots);
	size = nr_slots * SKBTRACE_RECORD_SIZE;
	*ring_kb = size / 1024;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct skbtrace_record *slots;

		slots = vzalloc_node(size, cpu_to_node(cpu));
		if (!slots) {
			cpus_read_unlock();
			pr_err("no memory for %u KiB on each CPU: load with a smaller ring_kb\n",
			       *ring_kb);
			rings_exit();
			return -ENOMEM;
		}
		ring_init(&per_cpu(cpu_trace, cpu).ring, slots, nr_slots);
	}
	cpus_read_unlock();
	return 0;
}

/**
 * rings_exit() - free them
 *
 * Context: process, may sleep; no handler and no reader runs any more.
 */
void rings_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *ring = &per_cpu(cpu_trace, cpu).ring;

		vfree(ring->slots);
		ring->slots = NULL;
	}
}
