// SPDX-License-Identifier: GPL-2.0
/* How long things took, in buckets whose width grows with the time. */
#include "histogram.h"

/**
 * histogram_bucket() - the bucket that a time is counted in
 * @ns: the time
 *
 * The first HISTOGRAM_STEPS are one nanosecond wide each; then each power of two is
 * divided into as many.
 */
unsigned int histogram_bucket(uint64_t ns)
{
	unsigned int power = 0;

	if (ns >> HISTOGRAM_BITS)
		return HISTOGRAM_BUCKETS - 1;
	while (ns >> power >= 2 * HISTOGRAM_STEPS)
		power++;
	if (ns < HISTOGRAM_STEPS)
		return ns;
	return (power + 1) * HISTOGRAM_STEPS + (ns >> power) - HISTOGRAM_STEPS;
}

/**
 * histogram_bucket_end() - the shortest time that is longer than those of a bucket
 * @bucket: the bucket
 */
uint64_t histogram_bucket_end(unsigned int bucket)
{
	unsigned int power = bucket / HISTOGRAM_STEPS;

	if (!power)
		return bucket + 1;
	return (uint64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS + 1) << (power - 1);
}

/**
 * histogram_add() - count a time
 * @histogram: where
 * @ns: the time, nanoseconds
 */
void histogram_add(struct histogram *histogram, uint64_t ns)
{
	uint32_t *bucket = &histogram->buckets[histogram_bucket(ns)];

	histogram->count++;
	histogram->sum_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	/* After 4 billion of one kind its share no longer matters. */
	if (*bucket < UINT32_MAX)
		(*bucket)++;
}

/**
 * histogram_percentile() - a time that a part of all was not longer than
 * @histogram: the histogram
 * @per_mille: the part, in thousandths
 *
 * Return: the time, rounded up to the end of its bucket, but never more than the longest;
 * 0 if nothing was counted.
 */
uint64_t histogram_percentile(const struct histogram *histogram, unsigned int per_mille)
{
	uint64_t wanted = (histogram->count * per_mille + 999) / 1000, seen = 0, end;
	unsigned int i;

	if (!histogram->count)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen < wanted || !seen)
			continue;
		end = histogram_bucket_end(i) - 1;
		return end < histogram->max_ns ? end : histogram->max_ns;
	}
	return histogram->max_ns;
}

/**
 * histogram_below() - how many took no longer than that
 * @histogram: the histogram
 * @ns: a time; exact where a bucket ends there, as at each power of two
 */
uint64_t histogram_below(const struct histogram *histogram, uint64_t ns)
{
	uint64_t below = 0;
	unsigned int i;

	for (i = 0; i < HISTOGRAM_BUCKETS && histogram_bucket_end(i) <= ns; i++)
		below += histogram->buckets[i];
	return below;
}
