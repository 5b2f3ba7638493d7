// SPDX-License-Identifier: GPL-2.0
/* See offset.h. */
#include <stddef.h>

#include "lib/clock.h"
#include "offset.h"

/*
 * How much two clocks may go apart, in parts of a billion: NTP slews each by 500 ppm at the
 * most, to which comes what a crystal is off.
 */
#define DRIFT_PPB	1200000

#define WIDTH_NS	(100 * NSEC_PER_MSEC)

/**
 * offsets_init() - begin to learn
 * @offsets: to be learnt
 * @begin_ns: when the first packet may be seen, by the first clock
 * @end_ns: and the last
 */
void offsets_init(struct offsets *offsets, uint64_t begin_ns, uint64_t end_ns)
{
	unsigned int i;

	offsets->begin_ns = begin_ns;
	offsets->width_ns = (end_ns - begin_ns) / OFFSET_WINDOWS + 1;
	if (offsets->width_ns < WIDTH_NS)
		offsets->width_ns = WIDTH_NS;
	offsets->nr_samples = 0;
	offsets->is_ready = false;
	for (i = 0; i < OFFSET_WINDOWS; i++) {
		offsets->windows[i].low = OFFSET_MIN;
		offsets->windows[i].high = OFFSET_MAX;
	}
}

static unsigned int window_at(const struct offsets *offsets, uint64_t ns)
{
	uint64_t i = ns > offsets->begin_ns ? (ns - offsets->begin_ns) / offsets->width_ns : 0;

	return i < OFFSET_WINDOWS ? i : OFFSET_WINDOWS - 1;
}

/**
 * offsets_forward() - learn from a packet that went from the first host to the second
 * @offsets: to be learnt
 * @left_ns: when it left, by the clock of the first
 * @came_ns: when it came, by that of the second
 */
void offsets_forward(struct offsets *offsets, uint64_t left_ns, uint64_t came_ns)
{
	struct offset_window *window = &offsets->windows[window_at(offsets, left_ns)];
	int64_t high = offset_between(left_ns, came_ns);

	offsets->nr_samples++;
	if (high < window->high) {
		window->high = high;
		window->high_ns = left_ns;
	}
}

/**
 * offsets_backward() - learn from a packet that went the other way
 * @offsets: to be learnt
 * @left_ns: when it left, by the clock of the second
 * @came_ns: when it came, by that of the first
 */
void offsets_backward(struct offsets *offsets, uint64_t left_ns, uint64_t came_ns)
{
	struct offset_window *window = &offsets->windows[window_at(offsets, came_ns)];
	int64_t low = offset_between(came_ns, left_ns);

	offsets->nr_samples++;
	if (low > window->low) {
		window->low = low;
		window->low_ns = came_ns;
	}
}

static int64_t drift(uint64_t from_ns, uint64_t to_ns)
{
	int64_t distance = offset_between(from_ns, to_ns);

	return (distance < 0 ? -distance : distance) / 1000000000 * DRIFT_PPB +
	       (distance < 0 ? -distance : distance) % 1000000000 * DRIFT_PPB / 1000000000;
}

static int64_t high_from(const struct offset_window *window, uint64_t ns)
{
	return window->high == OFFSET_MAX ? OFFSET_MAX :
	       window->high + drift(window->high_ns, ns);
}

static int64_t low_from(const struct offset_window *window, uint64_t ns)
{
	return window->low == OFFSET_MIN ? OFFSET_MIN : window->low - drift(window->low_ns, ns);
}

/* A window takes over what its neighbour knows better, for all that drifted meanwhile. */
static void take_over(struct offset_window *window, const struct offset_window *from,
		      uint64_t ns)
{
	if (high_from(from, ns) < high_from(window, ns)) {
		window->high = from->high;
		window->high_ns = from->high_ns;
	}
	if (low_from(from, ns) > low_from(window, ns)) {
		window->low = from->low;
		window->low_ns = from->low_ns;
	}
}

/**
 * offsets_ready() - all has been learnt
 * @offsets: what was
 */
void offsets_ready(struct offsets *offsets)
{
	struct offset_window *windows = offsets->windows;
	unsigned int i;

	for (i = 1; i < OFFSET_WINDOWS; i++)
		take_over(&windows[i], &windows[i - 1], offsets->begin_ns + i * offsets->width_ns);
	for (i = OFFSET_WINDOWS - 1; i--;)
		take_over(&windows[i], &windows[i + 1],
			  offsets->begin_ns + (i + 1) * offsets->width_ns);
	offsets->is_ready = true;
}

/**
 * offset_at() - by how much the second clock is ahead
 * @offsets: what is known
 * @ns: when, by the first clock
 *
 * Return: the bounds.  Where one clock jumped, as a virtual machine's does that was halted,
 * there is no number between them: then they are as far apart as what contradicts itself.
 */
struct offset offset_at(const struct offsets *offsets, uint64_t ns)
{
	const struct offset_window *window = &offsets->windows[window_at(offsets, ns)];
	struct offset offset = { low_from(window, ns), high_from(window, ns) };

	if (offset.low > offset.high) {
		int64_t low = offset.low;

		offset.low = offset.high;
		offset.high = low;
	}
	return offset;
}

/**
 * offset_is_known() - are there bounds on both sides
 * @offset: the bounds
 */
bool offset_is_known(const struct offset *offset)
{
	return offset->low > OFFSET_MIN / 2 && offset->high < OFFSET_MAX / 2;
}
