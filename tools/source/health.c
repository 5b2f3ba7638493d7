// SPDX-License-Identifier: GPL-2.0
/* Does the module see what it is to see?  Its own tables say so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "names.h"

/* The value of a line of "stats", or NULL. */
static const char *value_of(const char *stats, const char *key)
{
	size_t len = strlen(key);
	const char *line;

	for (line = stats; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return line + len + 1;
	}
	return NULL;
}

static bool is_value(const char *value, const char *word)
{
	size_t len = strlen(word);

	return value && !strncmp(value, word, len) && (!value[len] || value[len] == '\n');
}

/* How many points the kernel would not have probed, and the first of them. */
static unsigned int refused_points(const char *points, char *first, size_t size)
{
	unsigned int nr = 0;
	char line[256], symbol[64];
	size_t len;

	*first = '\0';
	for (; *points; points += len + (points[len] == '\n')) {
		len = strcspn(points, "\n");
		snprintf(line, sizeof(line), "%.*s", len < sizeof(line) ? (int)len :
			 (int)sizeof(line) - 1, points);
		if (!strstr(line, " refused: ") || sscanf(line, "%*u %63s", symbol) != 1)
			continue;
		if (!nr++)
			snprintf(first, size, "%s", symbol);
	}
	return nr;
}

/**
 * health_of() - why the module does not see all that it is to see
 * @source: a source
 * @why: set to a few words, "" if it does
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int health_of(struct source *source, struct health *why, struct error *error)
{
	char *stats = source_text(source, SOURCE_STATS, error);
	char *points = stats ? source_text(source, SOURCE_POINTS, error) : NULL;
	unsigned int refused;
	uint64_t interruptions;
	const char *kprobes;
	char first[64];

	why->text[0] = '\0';
	if (!points) {
		free(stats);
		return -1;
	}
	kprobes = value_of(stats, "kprobes");
	refused = refused_points(points, first, sizeof(first));
	if (kprobes && !is_value(kprobes, "on"))
		snprintf(why->text, sizeof(why->text), "the kernel lets no probe see anything: "
			 "kprobes are off, or kernel.ftrace_enabled is 0");
	else if (is_value(value_of(stats, "on"), "0"))
		snprintf(why->text, sizeof(why->text), "the module is switched off (on=0)");
	else if (names_stat(stats, "interruptions", &interruptions) &&
		 interruptions > source->interruptions_before)
		snprintf(why->text, sizeof(why->text), "probes have been switched off meanwhile, "
			 "and on again: what was under way then was followed no further");
	else if (refused)
		snprintf(why->text, sizeof(why->text), "the kernel refused to have %u point%s "
			 "probed, %s first (see skbtrace points)", refused,
			 refused == 1 ? "" : "s", first);
	free(stats);
	free(points);
	return 0;
}

/**
 * health_has_sockets() - is, or was, what applications send and get looked at (socket=1)
 * @source: the source
 * @error: set if the table of points cannot be had
 *
 * Return: 1, 0 or -1.
 */
int health_has_sockets(struct source *source, struct error *error)
{
	char *points = source_text(source, SOURCE_POINTS, error);
	int has;

	if (!points)
		return -1;
	has = !!strstr(points, " socket ");
	free(points);
	return has;
}
