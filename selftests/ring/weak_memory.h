/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What other CPUs can see of one CPU's stores, on a machine that orders only
 * what it is told to.
 *
 * Each location keeps all values ever stored to it, in order.  With a value
 * goes its view: how new all other locations must be for someone who has seen
 * it and then ordered his loads.  That is everything stored before, for a
 * store that releases; everything stored before the last write barrier, for
 * any other.  A load may return any value not older than what its CPU has
 * seen already, and the explorer tries each.  This is C11's release and
 * acquire, and the kernel's smp_wmb() and smp_rmb(), for one storing CPU.
 *
 * Interrupts store on the CPU they interrupt, so their barriers order the
 * stores of whom they interrupted as well.
 */
#ifndef SELFTESTS_RING_WEAK_MEMORY_H
#define SELFTESTS_RING_WEAK_MEMORY_H

#define WEAK_LOCATIONS	32	/* 16 bytes at a time is quick */
#define WEAK_VALUES	64

struct weak_view {
	__u8 at[WEAK_LOCATIONS];	/* number of the value, 0 the oldest */
};

struct weak_value {
	__u64 value;
	__u64 tag;			/* what the value stands for */
	struct weak_view view;
};

static struct weak_value weak_values[WEAK_LOCATIONS][WEAK_VALUES];
static struct weak_view weak_newest;	/* the storing CPU's own view */
static struct weak_view weak_fence;	/* the same at its last barrier */

/* The loading CPU: what it may not see behind, now and after a barrier. */
static struct weak_view weak_seen, weak_pending;

static void weak_reset(void)
{
	memset(&weak_newest, 0, sizeof(weak_newest));
	memset(&weak_fence, 0, sizeof(weak_fence));
}

static void weak_init(unsigned int at, __u64 value)
{
	weak_values[at][0].value = value;
	weak_values[at][0].tag = 0;
	memset(&weak_values[at][0].view, 0, sizeof(struct weak_view));
}

static void weak_store(unsigned int at, __u64 value, __u64 tag, int release)
{
	struct weak_value *v;

	if (weak_newest.at[at] + 1 >= WEAK_VALUES)
		abort();
	v = &weak_values[at][weak_newest.at[at] + 1];
	v->value = value;
	v->tag = tag;
	v->view = release ? weak_newest : weak_fence;
	weak_newest.at[at]++;
}

static void weak_wmb(void)
{
	weak_fence = weak_newest;
}

static void weak_merge(struct weak_view *into, const struct weak_view *from)
{
	unsigned int i;

	for (i = 0; i < WEAK_LOCATIONS; i++)
		if (from->at[i] > into->at[i])
			into->at[i] = from->at[i];
}

/* How many values a load may return: weak_load() takes which one. */
static unsigned int weak_choices(unsigned int at)
{
	return weak_newest.at[at] - weak_seen.at[at] + 1;
}

static __u64 weak_load(unsigned int at, unsigned int choice, int acquire)
{
	const struct weak_value *v;

	weak_seen.at[at] += choice;
	v = &weak_values[at][weak_seen.at[at]];
	weak_merge(acquire ? &weak_seen : &weak_pending, &v->view);
	return v->value;
}

static void weak_rmb(void)
{
	weak_merge(&weak_seen, &weak_pending);
}

/* A CPU that has seen nothing yet, or all there is. */
static void weak_begin(int all)
{
	memset(&weak_seen, 0, sizeof(weak_seen));
	if (all)
		weak_seen = weak_newest;
	weak_pending = weak_seen;
}

/*
 * The same for two runs whose values at @n locations, and what can be known of
 * these locations by seeing them, have the same tags: not to be told apart by
 * a CPU that loads from nowhere else.
 */
static __u64 weak_hash(const unsigned int *at, unsigned int n)
{
	__u64 hash = 0xcbf29ce484222325ULL;
	unsigned int i, k, m;

	for (i = 0; i < n; i++) {
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
		for (k = 0; k <= weak_newest.at[at[i]]; k++) {
			const struct weak_value *v = &weak_values[at[i]][k];

			hash = (hash ^ v->tag) * 0x9e3779b97f4a7c15ULL;
			hash ^= hash >> 32;
			for (m = 0; m < n; m++)
				hash = (hash ^ v->view.at[at[m]]) * 0x100000001b3ULL;
		}
	}
	return hash ? hash : 1;
}

#endif /* SELFTESTS_RING_WEAK_MEMORY_H */
