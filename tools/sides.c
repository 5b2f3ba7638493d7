// SPDX-License-Identifier: GPL-2.0
/* The hosts that recordings are of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sides.h"
#include "why/why.h"

/* Open the recordings of a host, as one. */
static int open_side(struct side *side, struct error *error)
{
	struct source *sources[JOIN_HOSTS];
	unsigned int nr;

	for (nr = 0; nr < side->nr_paths; nr++) {
		sources[nr] = file_open(side->paths[nr], error);
		if (!sources[nr])
			break;
	}
	if (nr == side->nr_paths)
		side->source = nr == 1 ? sources[0] : chain_open(sources, nr, error);
	if (!side->source) {
		while (nr--)
			source_close(sources[nr]);
		return -1;
	}
	side->merge = merge_new(side->source, error);
	return side->merge ? 0 : -1;
}

/**
 * side_close() - close the recordings of a host, and what was made of them
 * @side: the host
 */
void side_close(struct side *side)
{
	journey_engine_free(side->engine);
	merge_free(side->merge);
	why_free(side->why);
	names_free(side->names);
	source_close(side->source);
	side->engine = NULL;
	side->merge = NULL;
	side->why = NULL;
	side->names = NULL;
	side->source = NULL;
}

/**
 * side_start() - begin to read the recordings of a host
 * @side: the host
 * @done: called with each journey, and the host
 * @context: set as the host's
 * @error: set if it fails
 *
 * Return: 0 or -1; it is to be closed in any case.
 */
int side_start(struct side *side, journey_done done, void *context, struct error *error)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	struct journey_reasons reasons;
	uint64_t missed;
	char *points;

	side->context = context;
	if (open_side(side, error))
		return -1;
	side->names = names_new(side->source, error);
	points = side->names ? source_text(side->source, SOURCE_POINTS, error) : NULL;
	if (!points)
		return -1;
	side->why = why_new(side->source, side->names);
	missed = names_missed(points);
	free(points);
	side->missed = missed > side->source->missed_before ?
		       missed - side->source->missed_before : 0;
	journey_reasons_of(side->names, &reasons);
	if (!side->why)
		return error_set(error, "out of memory");
	side->engine = journey_engine_new(&config, &reasons, done, side);
	return side->engine ? 0 : error_set(error, "out of memory");
}

/**
 * sides_name() - give each host a name of its own
 * @sides: the hosts
 *
 * Two may have one name, and files of 0.2.0 have none.
 */
void sides_name(struct sides *sides)
{
	unsigned int i, k;

	for (i = 0; i < sides->nr; i++) {
		struct side *side = &sides->sides[i];

		if (*side->host.name)
			snprintf(side->name, sizeof(side->name), "%s", side->host.name);
		else
			snprintf(side->name, sizeof(side->name), "host%u", i + 1);
		for (k = 0; k < i; k++)
			if (!strcmp(sides->sides[k].name, side->name))
				break;
		if (k < i)
			snprintf(side->name + strlen(side->name),
				 sizeof(side->name) - strlen(side->name), "(%u)", i + 1);
	}
}

/**
 * sides_add() - add a recording: recordings of one boot of a host are of one host
 * @sides: the hosts
 * @path: its name
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int sides_add(struct sides *sides, const char *path, struct error *error)
{
	struct source *source = file_open(path, error);
	struct side *side = NULL;
	struct host host;
	const char **paths;
	unsigned int i;
	int ret;

	if (!source)
		return -1;
	ret = host_of(source, &host, error);
	source_close(source);
	if (ret)
		return -1;
	for (i = 0; i < sides->nr && !side; i++)
		if (*host.boot && !strcmp(sides->sides[i].host.boot, host.boot))
			side = &sides->sides[i];
	if (!side) {
		if (sides->nr == JOIN_HOSTS)
			return error_set(error, "more than %u hosts", JOIN_HOSTS);
		side = &sides->sides[sides->nr];
		side->number = sides->nr++;
		side->host = host;
	}
	if (side->nr_paths == JOIN_HOSTS)
		return error_set(error, "%s: more than %u recordings of one host", path,
				 JOIN_HOSTS);
	paths = realloc(side->paths, (side->nr_paths + 1) * sizeof(*paths));
	if (!paths)
		return error_set(error, "out of memory");
	side->paths = paths;
	paths[side->nr_paths++] = path;
	return 0;
}
