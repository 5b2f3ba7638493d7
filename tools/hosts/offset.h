/* SPDX-License-Identifier: GPL-2.0 */
/*
 * By how much the clock of one host is ahead of another's, as the packets tell that went
 * from one to the other: none arrives before it leaves.  Those in one direction say how
 * much it is at the most, those in the other how much at the least.
 */
#ifndef SKBTRACE_TOOLS_OFFSET_H
#define SKBTRACE_TOOLS_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

/**
 * offset_between() - what one clock shows more than another
 * @from_ns: the other
 * @to_ns: the one
 *
 * Return: nanoseconds; no more than can be added to and taken from, whatever a file says.
 */
static inline int64_t offset_between(uint64_t from_ns, uint64_t to_ns)
{
	const int64_t most = INT64_MAX / 8;
	int64_t distance = to_ns - from_ns;

	return distance > most ? most : distance < -most ? -most : distance;
}

/* What a bound is that is not known. */
#define OFFSET_MIN	(INT64_MIN / 4)
#define OFFSET_MAX	(INT64_MAX / 4)

/**
 * struct offset - what is known of it at some time
 * @low: nanoseconds that the second clock is ahead of the first, at least; or OFFSET_MIN
 * @high: at the most; or OFFSET_MAX
 */
struct offset {
	int64_t low;
	int64_t high;
};

/* Stretches of time of which the narrowest bounds are kept. */
#define OFFSET_WINDOWS	4096u

/**
 * struct offsets - what is known of it over time, all by the clock of the first
 * @begin_ns: where the first window begins
 * @width_ns: of a window; it grows as needed
 * @windows: the best of each, and when that was
 * @nr_samples: packets in both directions
 * @is_ready: all have been added
 */
struct offsets {
	uint64_t begin_ns;
	uint64_t width_ns;
	struct offset_window {
		int64_t low, high;
		uint64_t low_ns, high_ns;
	} windows[OFFSET_WINDOWS];
	uint64_t nr_samples;
	bool is_ready;
};

void offsets_init(struct offsets *offsets, uint64_t begin_ns, uint64_t end_ns);
void offsets_forward(struct offsets *offsets, uint64_t left_ns, uint64_t came_ns);
void offsets_backward(struct offsets *offsets, uint64_t left_ns, uint64_t came_ns);
void offsets_ready(struct offsets *offsets);
struct offset offset_at(const struct offsets *offsets, uint64_t ns);
bool offset_is_known(const struct offset *offset);

#endif /* SKBTRACE_TOOLS_OFFSET_H */
