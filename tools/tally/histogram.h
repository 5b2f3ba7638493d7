/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_HISTOGRAM_H
#define SKBTRACE_TOOLS_HISTOGRAM_H

#include <stdint.h>

/* Each power of two of nanoseconds in so many steps: what is told is 6 % off at most. */
#define HISTOGRAM_STEP_BITS	3
#define HISTOGRAM_STEPS		(1u << HISTOGRAM_STEP_BITS)

/* Up to 2^40 ns, 18 minutes; what is longer is in the last bucket. */
#define HISTOGRAM_BITS		40
#define HISTOGRAM_BUCKETS	((HISTOGRAM_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

/**
 * struct histogram - how long something took, how often
 * @count: times
 * @sum_ns: of all
 * @max_ns: the longest
 * @buckets: times, see histogram_bucket()
 */
struct histogram {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
uint64_t histogram_percentile(const struct histogram *histogram, unsigned int per_mille);
uint64_t histogram_below(const struct histogram *histogram, uint64_t ns);
unsigned int histogram_bucket(uint64_t ns);
uint64_t histogram_bucket_end(unsigned int bucket);

#endif /* SKBTRACE_TOOLS_HISTOGRAM_H */
