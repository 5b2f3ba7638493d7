// SPDX-License-Identifier: GPL-2.0
/* The memory of the rings.  How they work is in include/skbtrace/ring.h. */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/cpu.h>
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
	unsigned long memory_kb = totalram_pages() << (PAGE_SHIFT - 10);
	size_t size;
	int cpu;

	BUILD_BUG_ON(RING_WORDS % 8);
	BUILD_BUG_ON(2 * SKBTRACE_RECORD_SIZE > 1024);
	if (*ring_kb > RING_KB_LIMIT) {
		pr_err("ring_kb=%u refused: wants 1 to %u\n", *ring_kb,
		       RING_KB_LIMIT);
		return -EINVAL;
	}

	cpus_read_lock();
	if (!*ring_kb)
		*ring_kb = ring_size_default(memory_kb, num_online_cpus());
	*ring_kb = ring_size_round(*ring_kb);
	size = *ring_kb * 1024ul;
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
		ring_init(&per_cpu(cpu_trace, cpu).ring, slots,
			  size / SKBTRACE_RECORD_SIZE);
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
