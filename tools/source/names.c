// SPDX-License-Identifier: GPL-2.0
/*
 * Names for the numbers in records, and figures from the module's tables: all
 * from texts, which a file has kept as they were when it was made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "names.h"
#include "symbols.h"

/* After a reading, live, that had no name for a number: when to read again for one. */
#define RELOAD_NS	NSEC_PER_SEC

/* More than the figures in a line of "points" take up. */
#define LINE_LEN	256

struct name {
	uint64_t number;
	char *text;
	unsigned int load;		/* the reading it was last seen in */
};

/**
 * struct table - names by number
 * @which: the text it is made from
 * @names: sorted by number
 * @nr: how many
 * @load: how often the text was read
 * @loaded_ns: when it was read last
 * @in_vain: then, the number that it was read for had no name
 */
struct table {
	enum source_text which;
	struct name *names;
	size_t nr;
	unsigned int load;
	uint64_t loaded_ns;
	bool in_vain;
};

struct names {
	struct source *source;
	struct table netns;
	struct table reasons;
	struct table stacks;
	struct symbols symbols;
	bool has_symbols;
};

/* Where a number is, or would be. */
static size_t table_find(const struct table *table, uint64_t number)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->names[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct name *table_lookup(const struct table *table, uint64_t number)
{
	size_t i = table_find(table, number);

	return i < table->nr && table->names[i].number == number ? &table->names[i] : NULL;
}

/* A name stays when what it stood for goes: records of it may still come. */
static int table_set(struct table *table, uint64_t number, const char *text)
{
	struct name *name = table_lookup(table, number), *more;
	char *copy;
	size_t i;

	if (name && (name->load == table->load || !strcmp(name->text, text))) {
		name->load = table->load;
		return 0;
	}
	copy = strdup(text);
	if (!copy)
		return -1;
	if (name) {
		free(name->text);
	} else {
		more = realloc(table->names, (table->nr + 1) * sizeof(*more));
		if (!more) {
			free(copy);
			return -1;
		}
		table->names = more;
		i = table_find(table, number);
		memmove(more + i + 1, more + i, (table->nr - i) * sizeof(*more));
		table->nr++;
		name = &more[i];
		name->number = number;
	}
	name->text = copy;
	name->load = table->load;
	return 0;
}

static int table_load(struct table *table, struct source *source, struct error *error)
{
	char *text, *line, *next;
	int ret = 0;

	text = source_text(source, table->which, error);
	if (!text)
		return -1;
	table->load++;
	table->loaded_ns = clock_ns(CLOCK_MONOTONIC);
	for (line = text; line && !ret; line = next) {
		uint64_t number;
		int at;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%" SCNu64 " %n", &number, &at) == 1 && line[at])
			ret = table_set(table, number, line + at);
	}
	free(text);
	return ret ? error_set(error, "out of memory") : 0;
}

static void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr; i++)
		free(table->names[i].text);
	free(table->names);
}

static const char *table_name(struct names *names, struct table *table, uint64_t number)
{
	struct name *name = table_lookup(table, number);
	struct error ignored;

	/* What cannot be read again goes without a name. */
	if (!name && names->source->is_live &&
	    (!table->in_vain || clock_ns(CLOCK_MONOTONIC) - table->loaded_ns >= RELOAD_NS) &&
	    !table_load(table, names->source, &ignored)) {
		name = table_lookup(table, number);
		table->in_vain = !name;
	}
	return name ? name->text : NULL;
}

/**
 * names_new() - get the names that go with a source's records
 * @source: the source
 * @error: set if it fails
 *
 * Return: the names, or NULL.
 */
struct names *names_new(struct source *source, struct error *error)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names) {
		error_set(error, "out of memory");
		return NULL;
	}
	names->source = source;
	names->netns.which = SOURCE_NETNS;
	names->reasons.which = SOURCE_REASONS;
	names->stacks.which = SOURCE_STACKS;
	if (table_load(&names->netns, source, error) ||
	    table_load(&names->reasons, source, error) ||
	    table_load(&names->stacks, source, error)) {
		names_free(names);
		return NULL;
	}
	return names;
}

/**
 * names_free() - free names
 * @names: the names, or NULL
 */
void names_free(struct names *names)
{
	if (!names)
		return;
	table_free(&names->netns);
	table_free(&names->reasons);
	table_free(&names->stacks);
	if (names->has_symbols)
		symbols_destroy(&names->symbols);
	free(names);
}

/**
 * names_netns() - the name of a network namespace
 * @names: the names
 * @inode: its inode number
 *
 * Return: the name, good until the next call, or NULL.
 */
const char *names_netns(struct names *names, uint32_t inode)
{
	return table_name(names, &names->netns, inode);
}

/**
 * names_reason() - the name of a drop reason
 * @names: the names
 * @number: the reason
 *
 * Return: the name, good until the next call, or NULL.
 */
const char *names_reason(struct names *names, int64_t number)
{
	return table_name(names, &names->reasons, number);
}

/**
 * names_reason_number() - the number of a drop reason
 * @names: the names
 * @name: its name
 *
 * Return: the number, or -1 if the kernel has no such reason.
 */
int64_t names_reason_number(struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->reasons.nr; i++)
		if (!strcmp(names->reasons.names[i].text, name))
			return names->reasons.names[i].number;
	return -1;
}

/**
 * names_stack() - the frames of a stack
 * @names: the names
 * @id: skbtrace_record.stack_id
 *
 * Return: the frames, innermost first, with ';' between them, good until the
 * next call; or NULL.
 */
const char *names_stack(struct names *names, uint32_t id)
{
	return id ? table_name(names, &names->stacks, id) : NULL;
}

/**
 * names_symbol() - where in the kernel an address is
 * @names: the names
 * @address: the address
 * @text: set to function and offset, or to the address
 * @size: of @text
 */
void names_symbol(struct names *names, uint64_t address, char *text, size_t size)
{
	const struct symbol *symbol = NULL;
	struct error ignored;
	char *table;

	/* It is long, and seldom needed. */
	if (!names->has_symbols) {
		table = source_text(names->source, SOURCE_SYMBOLS, &ignored);
		if (table) {
			names->has_symbols = true;
			symbols_init(&names->symbols, table);
		}
	}
	if (names->has_symbols)
		symbol = symbols_find(&names->symbols, address);
	symbol_name(symbol, address, text, size);
}

/**
 * names_real_ns() - the time of day of a record
 * @names: the names
 * @mono_ns: its time
 *
 * Return: nanoseconds since 1970.
 */
uint64_t names_real_ns(const struct names *names, uint64_t mono_ns)
{
	return names->source->real_ns + (mono_ns - names->source->mono_ns);
}

/**
 * names_stat() - look up a figure in the text of "stats"
 * @stats: the text
 * @key: what the line begins with
 * @value: set to the number behind it
 *
 * Return: false if there is no such line.
 */
bool names_stat(const char *stats, const char *key, uint64_t *value)
{
	size_t len = strlen(key);
	const char *line;

	for (line = stats; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return sscanf(line + len, "%" SCNu64, value) == 1;
	}
	return false;
}

/**
 * names_missed() - how many times the kernel skipped a probe
 * @points: the text of "points"
 */
uint64_t names_missed(const char *points)
{
	uint64_t missed, sum = 0;
	char line[LINE_LEN];
	size_t len;

	/* One line at a time: to sscanf() its end is a blank like any other. */
	for (; *points; points += len + (points[len] == '\n')) {
		len = strcspn(points, "\n");
		snprintf(line, sizeof(line), "%.*s", len < sizeof(line) ? (int)len : LINE_LEN - 1,
			 points);
		if (sscanf(line, "%*u %*s %*s %*s %*s %*u %" SCNu64, &missed) == 1)
			sum += missed;
	}
	return sum;
}
