// SPDX-License-Identifier: GPL-2.0
/*
 * The names of the points: what points= may speak of.  It is read before there
 * is anything to attach to.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <skbtrace/points.h>

#include "lists.h"
#include "names.h"

static const struct {
	const char *symbol;
	const char *group;
} names[] = {
#define POINT(_id, _symbol, _kind, _group, _module, _skb, _data, _dev,	\
	      _twin, _role)						\
	{ #_symbol, #_group },
	SKBTRACE_POINTS(POINT)
#undef POINT
};

/**
 * names_are_matched() - does a list of globs ask for any point
 * @globs: the list
 */
bool names_are_matched(const struct globs *globs)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (globs_match(globs, names[i].symbol, names[i].group))
			return true;
	return false;
}

/* How many bytes both have at their beginnings and, behind that, at their ends. */
static unsigned int likeness(const char *a, const char *b)
{
	size_t nr_a = strlen(a), nr_b = strlen(b);
	unsigned int alike = 0;

	for (; *a && *a == *b; a++, b++, nr_a--, nr_b--)
		alike++;
	while (nr_a && nr_b && a[nr_a - 1] == b[nr_b - 1]) {
		alike++;
		nr_a--;
		nr_b--;
	}
	return alike;
}

static const char *nearest_name(const char *word)
{
	unsigned int i, alike, most = strlen(word) / 2;
	const char *nearest = NULL;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		alike = likeness(word, names[i].symbol);
		if (alike > most) {
			most = alike;
			nearest = names[i].symbol;
		}
		alike = likeness(word, names[i].group);
		if (alike > most) {
			most = alike;
			nearest = names[i].group;
		}
	}
	return nearest;
}

/**
 * names_unmatched() - is there a glob that matches the name of no point
 * @globs: the list
 * @nearest: set to the name that is most like it, NULL if none is
 *
 * Return: the first such glob, without its "-", or NULL.
 */
const char *names_unmatched(const struct globs *globs, const char **nearest)
{
	unsigned int i, j;

	for (i = 0; i < globs->nr; i++) {
		const char *glob = globs->glob[i];

		glob += *glob == '-';
		for (j = 0; j < ARRAY_SIZE(names); j++)
			if (glob_matches(glob, names[j].symbol) ||
			    glob_matches(glob, names[j].group))
				break;
		if (j == ARRAY_SIZE(names)) {
			*nearest = nearest_name(glob);
			return glob;
		}
	}
	return NULL;
}
