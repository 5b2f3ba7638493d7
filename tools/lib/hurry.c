// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever makes records and whoever reads them may share a processor.  If reading one takes
 * longer than making it, half of the time is not enough: the ring overruns.
 */
#include <sys/resource.h>

#include "hurry.h"

/* Nine times the share of others. */
#define HURRIED		(-10)

/**
 * hurry() - take precedence over other processes, or no longer
 * @hurry: whether one does, zeroed at first
 * @is_behind: one cannot keep up otherwise
 *
 * Who may not goes on as before, and so does who was given another priority.
 */
void hurry(struct hurry *hurry, bool is_behind)
{
	if (is_behind == hurry->hurries)
		return;
	if (is_behind)
		hurry->usual = getpriority(PRIO_PROCESS, 0);
	if (hurry->usual)
		return;
	if (!setpriority(PRIO_PROCESS, 0, is_behind ? HURRIED : hurry->usual))
		hurry->hurries = is_behind;
}
