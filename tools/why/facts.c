// SPDX-License-Identifier: GPL-2.0
/* Looking up what is known of a host. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static const char *line_behind(const char *line)
{
	line = line_end(line);
	return line + (*line == '\n');
}

/* As many as a host tells of, and no more of what says it is a host's. */
#define NETNS_MAX	4096u

static int add_netns(struct all_facts *all, uint32_t netns, const char *path)
{
	struct netns_facts *more;

	if (all->nr % 64 == 0) {
		more = realloc(all->netns, (all->nr + 64) * sizeof(*more));
		if (!more)
			return -1;
		all->netns = more;
	}
	more = &all->netns[all->nr++];
	more->netns = netns;
	snprintf(more->path, sizeof(more->path), "%s", *path == '/' ? path : "");
	more->facts.text = "";
	more->facts.len = 0;
	return 0;
}

/**
 * all_facts_new() - find out where in a text what is
 * @text: what ask_all() has returned, or a file has kept; freed with it
 *
 * Return: the facts, or NULL if there is no memory.
 */
struct all_facts *all_facts_new(char *text)
{
	struct all_facts *all = calloc(1, sizeof(*all));
	struct facts *facts = NULL;
	const char *line;

	if (!all) {
		free(text);
		return NULL;
	}
	all->text = text;
	for (line = text; *line; line = line_behind(line)) {
		char path[FACT_WORD] = "";
		uint32_t netns;

		if (strncmp(line, "netns ", 6)) {
			if (facts)
				facts->len = line_behind(line) - facts->text;
			continue;
		}
		facts = NULL;
		if (all->nr == NETNS_MAX ||
		    sscanf(line, "netns %" SCNu32 "%*1[ ]%127[^ \n]", &netns, path) < 1 ||
		    add_netns(all, netns, path))
			continue;
		facts = &all->netns[all->nr - 1].facts;
		facts->text = line_behind(line);
	}
	return all;
}

/**
 * all_facts_free() - free them
 * @all: the facts, or NULL
 */
void all_facts_free(struct all_facts *all)
{
	if (!all)
		return;
	free(all->netns);
	free(all->text);
	free(all);
}

static const struct netns_facts *find_netns(const struct all_facts *all, uint32_t netns)
{
	unsigned int i;

	for (i = 0; all && i < all->nr; i++)
		if (all->netns[i].netns == netns)
			return &all->netns[i];
	return NULL;
}

/**
 * facts_of() - what is known of a namespace
 * @all: what is known of all, NULL for nothing
 * @netns: its inode number
 */
struct facts facts_of(const struct all_facts *all, uint32_t netns)
{
	const struct netns_facts *found = find_netns(all, netns);
	const struct facts none = { "", 0 };

	return found ? found->facts : none;
}

/**
 * facts_path() - where a namespace can be entered
 * @all: what is known of all, NULL for nothing
 * @netns: its inode number
 *
 * Return: the path, "" if it is not known.
 */
const char *facts_path(const struct all_facts *all, uint32_t netns)
{
	const struct netns_facts *found = find_netns(all, netns);

	return found ? found->path : "";
}

/**
 * facts_next() - the next line of a kind
 * @facts: the namespace's
 * @kind: its first word
 * @fact: the line before, with @line NULL for the first; set
 *
 * Return: false if there is no more.
 */
bool facts_next(const struct facts *facts, const char *kind, struct fact *fact)
{
	const char *line = fact->line ? line_behind(fact->line) : facts->text;
	size_t len = strlen(kind);

	for (; line < facts->text + facts->len; line = line_behind(line)) {
		size_t name;

		if (strncmp(line, kind, len) || line[len] != ' ')
			continue;
		fact->line = line;
		name = strcspn(line + len + 1, " \n");
		snprintf(fact->name, sizeof(fact->name), "%.*s", (int)name, line + len + 1);
		return true;
	}
	return false;
}

/**
 * facts_find() - the first line of a kind and a name
 * @facts: the namespace's
 * @kind: its first word
 * @name: its second
 * @fact: set
 *
 * Return: false if there is none.
 */
bool facts_find(const struct facts *facts, const char *kind, const char *name,
		struct fact *fact)
{
	fact->line = NULL;
	while (facts_next(facts, kind, fact))
		if (!strcmp(fact->name, name))
			return true;
	return false;
}

/**
 * fact_text() - the value that a line has for a key
 * @fact: the line
 * @key: the key
 * @value: set, "" if it has none
 *
 * Return: whether it has.
 */
bool fact_text(const struct fact *fact, const char *key, char value[FACT_WORD])
{
	const char *end = line_end(fact->line), *at = fact->line;
	size_t len = strlen(key);

	*value = '\0';
	while ((at = memchr(at, ' ', end - at))) {
		at++;
		if (strncmp(at, key, len) || at[len] != '=')
			continue;
		at += len + 1;
		snprintf(value, FACT_WORD, "%.*s", (int)strcspn(at, " \n"), at);
		return true;
	}
	return false;
}

/* fact_number() - likewise, a number */
long fact_number(const struct fact *fact, const char *key, long otherwise)
{
	char value[FACT_WORD];

	return fact_text(fact, key, value) ? strtol(value, NULL, 10) : otherwise;
}

/* fact_is() - is that its value */
bool fact_is(const struct fact *fact, const char *key, const char *value)
{
	char is[FACT_WORD];

	return fact_text(fact, key, is) && !strcmp(is, value);
}

/**
 * fact_has_vlan() - is a port in a VLAN
 * @fact: its line "vlan"
 * @vid: the VLAN
 * @untagged: set to whether its frames leave without a tag
 */
bool fact_has_vlan(const struct fact *fact, unsigned int vid, bool *untagged)
{
	const char *at = strstr(fact->line, " vids=");

	for (at = at ? at + 6 : ""; *at >= '0' && *at <= '9'; at += *at == ',') {
		unsigned long first, last;
		char *end;

		first = strtoul(at, &end, 10);
		last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		*untagged = false;
		for (; *end == 'p' || *end == 'u'; end++)
			*untagged |= *end == 'u';
		if (vid >= first && vid <= last)
			return true;
		at = end;
	}
	return false;
}

/* fact_pvid() - the VLAN that a port's untagged frames are of, -1 if they are refused */
long fact_pvid(const struct fact *fact)
{
	const char *at = strstr(fact->line, " vids=");

	for (at = at ? at + 6 : ""; *at >= '0' && *at <= '9'; at += *at == ',') {
		unsigned long vid;
		char *end;

		vid = strtoul(at, &end, 10);
		if (*end == '-')
			vid = strtoul(end + 1, &end, 10);
		for (; *end == 'p' || *end == 'u'; end++)
			if (*end == 'p')
				return vid;
		at = end;
	}
	return -1;
}
