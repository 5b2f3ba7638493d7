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

/**
 * facts_next_netns() - go through the namespaces that something is known of
 * @all: the text, and from there on where the namespace's lines begin
 * @netns: set to its inode number
 *
 * Return: false behind the last.
 */
bool facts_next_netns(const char **all, uint32_t *netns)
{
	const char *line = *all;

	for (; *line; line = line_behind(line)) {
		if (sscanf(line, "netns %" SCNu32, netns) != 1)
			continue;
		*all = line_behind(line);
		return true;
	}
	*all = line;
	return false;
}

/**
 * facts_of() - what is known of a namespace
 * @all: the text of all
 * @netns: its inode number
 */
struct facts facts_of(const char *all, uint32_t netns)
{
	struct facts facts = { "", 0 };
	const char *line = all;
	uint32_t number;

	while (facts_next_netns(&line, &number)) {
		if (number != netns)
			continue;
		facts.text = line;
		while (*line && strncmp(line, "netns ", 6))
			line = line_behind(line);
		facts.len = line - facts.text;
		break;
	}
	return facts;
}

/**
 * facts_path() - where a namespace can be entered
 * @all: the text of all
 * @netns: its inode number
 * @path: set, "" if that is not known
 */
void facts_path(const char *all, uint32_t netns, char path[FACT_WORD])
{
	const char *line = all;
	uint32_t number;

	for (; *line; line = line_behind(line)) {
		*path = '\0';
		if (sscanf(line, "netns %" SCNu32 " %127[^ \n]", &number, path) == 2 &&
		    number == netns && *path == '/')
			return;
	}
	*path = '\0';
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
