// SPDX-License-Identifier: GPL-2.0
/*
 * Is there what was asked for?  A name that was mistyped is an error, never an empty result.
 *
 * Points are known beforehand.  Which devices and namespaces there are the records say:
 * those of containers cannot be seen from outside, and a device may be gone by now.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "lib/nearest.h"
#include "lib/utf8.h"

/* Names that are remembered, to tell the nearest of them. */
#define KNOWN_NAMES	256

/* "; nearest: " and the names. */
#define TEXT_LEN	((NEAREST_NAMES + 1) * NEAREST_NAME_LEN)

struct name_set {
	unsigned int nr;
	char names[KNOWN_NAMES][NEAREST_NAME_LEN];
};

/**
 * struct known - what the records have named
 * @filter: what was asked for
 * @devices: names of devices, if it was for some
 * @namespaces: names or numbers of network namespaces, likewise
 * @last_netns: the last number that was looked up
 */
struct known {
	const struct filter *filter;
	struct name_set devices;
	struct name_set namespaces;
	uint32_t last_netns;
};

static bool glob_is_point(const char *glob)
{
	unsigned int id;

	for (id = 1; id <= SKBTRACE_POINT_ID_MAX; id++) {
		const struct point *point = point_of(id);

		if (point_is_known(point) &&
		    (!fnmatch(glob, point->symbol, 0) || !fnmatch(glob, point->group, 0)))
			return true;
	}
	return false;
}

/**
 * known_points() - does each of these globs match a point or a group
 * @option: the option that they are given to, for the error
 * @globs: the globs, with ',' between them; '-' in front of one excludes
 * @error: set if one matches none
 *
 * Return: 0 or -1.
 */
int known_points(const char *option, const char *globs, struct error *error)
{
	char glob[NEAREST_NAME_LEN], text[TEXT_LEN];
	struct nearest nearest;
	unsigned int id;

	while (*globs) {
		size_t len = strcspn(globs, ",");
		bool exclude = *globs == '-';

		snprintf(glob, sizeof(glob), "%.*s", (int)(len - exclude), globs + exclude);
		globs += len;
		globs += *globs == ',';
		if (glob_is_point(glob))
			continue;
		nearest_begin(&nearest, glob);
		for (id = 1; id <= SKBTRACE_POINT_ID_MAX; id++) {
			if (!point_is_known(point_of(id)))
				continue;
			nearest_offer(&nearest, point_of(id)->symbol);
			nearest_offer(&nearest, point_of(id)->group);
		}
		return error_set(error, "%s: no point or group is called \"%s\"%s", option, glob,
				 nearest_text(&nearest, text, sizeof(text)));
	}
	return 0;
}

/**
 * known_new() - remember what the records name
 * @filter: what is asked for
 *
 * Return: NULL if there is no memory.
 */
struct known *known_new(const struct filter *filter)
{
	struct known *known = calloc(1, sizeof(*known));

	if (known)
		known->filter = filter;
	return known;
}

/**
 * known_free() - forget it
 * @known: what known_new() returned
 */
void known_free(struct known *known)
{
	free(known);
}

static void add(struct name_set *set, const char *name, size_t size)
{
	char text[NEAREST_NAME_LEN];
	unsigned int i;

	if (!*name || set->nr == KNOWN_NAMES)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)size, name);
	for (i = 0; i < set->nr; i++)
		if (!strcmp(set->names[i], text))
			return;
	memcpy(set->names[set->nr++], text, sizeof(text));
}

/**
 * known_record() - remember what a record names, as far as it was asked for
 * @known: what is remembered
 * @names: of namespaces
 * @record: the record
 */
void known_record(struct known *known, struct names *names, const struct skbtrace_record *record)
{
	char number[16];
	const char *name;

	if (known->filter->devices) {
		add(&known->devices, record->dev, sizeof(record->dev));
		add(&known->devices, record->peer, sizeof(record->peer));
	}
	if (!known->filter->netns || !(record->flags & SKBTRACE_F_NETNS) ||
	    record->netns == known->last_netns)
		return;
	known->last_netns = record->netns;
	name = names_netns(names, record->netns);
	snprintf(number, sizeof(number), "%u", record->netns);
	add(&known->namespaces, name ? name : number, NEAREST_NAME_LEN);
	add(&known->namespaces, number, sizeof(number));
}

static int not_known(const struct name_set *set, const char *option, const char *what,
		     const char *name, struct error *error)
{
	char text[TEXT_LEN];
	struct nearest nearest;
	unsigned int i;

	nearest_begin(&nearest, name);
	for (i = 0; i < set->nr; i++)
		nearest_offer(&nearest, set->names[i]);
	/* A file has any names. */
	nearest_text(&nearest, text, sizeof(text));
	utf8_printable(text);
	return error_set(error, "%s: no hop was at a %s called \"%s\"%s", option, what, name,
			 text);
}

static int check_devices(const struct known *known, struct error *error)
{
	const char *globs = known->filter->devices;
	char glob[NEAREST_NAME_LEN];
	unsigned int i;

	while (*globs) {
		size_t len = strcspn(globs, ",");

		snprintf(glob, sizeof(glob), "%.*s", (int)len, globs);
		globs += len;
		globs += *globs == ',';
		/* What is excluded need not be there. */
		if (*glob == '-')
			continue;
		for (i = 0; i < known->devices.nr; i++)
			if (!fnmatch(glob, known->devices.names[i], 0))
				break;
		if (i == known->devices.nr)
			return not_known(&known->devices, "--dev", "device", glob, error);
	}
	return 0;
}

/**
 * known_check() - was there what was asked for
 * @known: what was remembered
 * @error: set if it was not
 *
 * Where there were no records at all, or more names than are remembered, nothing can be
 * said.
 *
 * Return: 0 or -1.
 */
int known_check(const struct known *known, struct error *error)
{
	const struct name_set *devices = &known->devices, *namespaces = &known->namespaces;
	const char *netns = known->filter->netns;
	unsigned int i;

	if (known->filter->devices && devices->nr && devices->nr < KNOWN_NAMES &&
	    check_devices(known, error))
		return -1;
	if (!netns || !namespaces->nr || namespaces->nr == KNOWN_NAMES)
		return 0;
	for (i = 0; i < namespaces->nr; i++)
		if (!strcmp(netns, namespaces->names[i]))
			return 0;
	return not_known(namespaces, "--netns", "namespace", netns, error);
}
