// SPDX-License-Identifier: GPL-2.0
/* The module's tables: points and stats. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "json.h"
#include "lib/utf8.h"
#include "show_tables.h"

/* More than any line has; what is left over stays in the last. */
#define WORDS_MAX	32

/* Split a line at blanks, in place, into @max words at most. */
static int split(char *line, char **words, int max)
{
	int nr = 0;

	for (;;) {
		while (*line == ' ')
			line++;
		if (!*line)
			return nr;
		words[nr++] = line;
		if (nr == max)
			return nr;
		while (*line && *line != ' ')
			line++;
		if (*line)
			*line++ = '\0';
	}
}

/* The next line of a text that is not a comment; NULL at its end. */
static char *next_line(char **text)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (*line && *line != '#')
			return line;
	return NULL;
}

/* As JSON has it: without leading zeroes. */
static bool is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789")] && (*word != '0' || !word[1]);
}

static void put_string(const char *text)
{
	json_string(stdout, text, strlen(text));
}

static void put_member(const char *key, const char *value)
{
	put_string(key);
	putchar(':');
	if (is_number(value))
		fputs(value, stdout);
	else
		put_string(value);
}

/* id symbol kind group module hits missed skb state: the rest of the line */
#define POINT_COLUMNS	9

static const char * const point_keys[POINT_COLUMNS] = {
	"id", "point", "kind", "group", "module", "hits", "missed", "skb", "state"
};

static void show_point(bool json, char **words)
{
	int i;

	if (!json) {
		printf("%3s  %-26s  %-6s  %-9s  %-12s  %12s  %8s  %-5s  %s\n", words[0], words[1],
		       words[2], words[3], words[4], words[5], words[6], words[7], words[8]);
		return;
	}
	fputs("{\"type\":\"point\"", stdout);
	for (i = 0; i < POINT_COLUMNS; i++) {
		putchar(',');
		put_member(point_keys[i], words[i]);
	}
	puts("}");
}

/**
 * show_points() - show the table of points
 * @source: whose
 * @globs: which of them, see filter_globs_match(), NULL for all
 * @json: for programs
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int show_points(struct source *source, const char *globs, bool json, struct error *error)
{
	char *text = source_text(source, SOURCE_POINTS, error);
	char *next = text, *line, *words[POINT_COLUMNS];

	if (!text)
		return -1;
	if (!json) {
		memcpy(words, point_keys, sizeof(words));
		show_point(json, words);
	}
	while ((line = next_line(&next))) {
		if (!json)
			utf8_printable(line);
		if (split(line, words, POINT_COLUMNS) != POINT_COLUMNS)
			continue;
		if (!globs || filter_globs_match(globs, words[1], words[3]))
			show_point(json, words);
	}
	free(text);
	return 0;
}

/* A line of one CPU is "cpuN key value key value..."; so is "total". */
static bool is_row(char **words, int nr)
{
	return nr > 2 && nr % 2 && is_number(words[2]) &&
	       (!strcmp(words[0], "total") ||
		(!strncmp(words[0], "cpu", 3) && is_number(words[0] + 3)));
}

static void show_row(char **words, int nr, bool json, bool *has_head)
{
	int i;

	if (json) {
		putchar(',');
		put_string(words[0]);
		fputs(":{", stdout);
		for (i = 1; i < nr; i += 2) {
			fputs(i > 1 ? "," : "", stdout);
			put_member(words[i], words[i + 1]);
		}
		putchar('}');
		return;
	}
	if (!*has_head) {
		printf("%-8s", "");
		for (i = 1; i < nr; i += 2)
			printf("  %12s", words[i]);
		putchar('\n');
		*has_head = true;
	}
	printf("%-8s", words[0]);
	for (i = 1; i < nr; i += 2)
		printf("  %12s", words[i + 1]);
	putchar('\n');
}

/**
 * show_stats() - show the module's figures
 * @source: whose
 * @json: for programs
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int show_stats(struct source *source, bool json, struct error *error)
{
	char *text = source_text(source, SOURCE_STATS, error);
	char *next = text, *line, *copy, *words[WORDS_MAX];
	bool has_head = false;
	int nr;

	if (!text)
		return -1;
	if (json)
		fputs("{\"type\":\"stats\"", stdout);
	while ((line = next_line(&next))) {
		if (!json)
			utf8_printable(line);
		copy = strdup(line);
		if (!copy)
			break;
		nr = split(copy, words, WORDS_MAX);
		if (is_row(words, nr)) {
			show_row(words, nr, json, &has_head);
		} else {
			/* "key value", the value as it is, perhaps nothing */
			size_t key = strcspn(line, " ");
			const char *value = line + key + strspn(line + key, " ");

			line[key] = '\0';
			if (json) {
				putchar(',');
				put_member(line, value);
			} else {
				printf("%-14s  %s\n", line, value);
			}
		}
		free(copy);
	}
	if (json)
		puts("}");
	free(text);
	return 0;
}
