// SPDX-License-Identifier: GPL-2.0
/*
 * Lists separated by commas, of globs and of numbers: read, shown, asked.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lists.h"

/**
 * glob_matches() - does a name match a pattern of '*' and '?'
 * @glob: the pattern
 * @name: the name
 *
 * At most strlen(glob) * strlen(name) steps: goes back to the last star only.
 */
bool glob_matches(const char *glob, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name) {
		if (*glob == '*') {
			star = glob++;
			resume = name;
		} else if (*glob == '?' || *glob == *name) {
			glob++;
			name++;
		} else if (star) {
			glob = star + 1;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

/**
 * globs_decide() - what a list of globs says of a name
 * @globs: the list; the last pattern that matches decides
 * @in: what is if none does
 * @name: the name
 * @group: another name it goes by, or NULL
 */
bool globs_decide(const struct globs *globs, bool in, const char *name,
		  const char *group)
{
	unsigned int i;

	for (i = 0; i < globs->nr; i++) {
		const char *glob = globs->glob[i];
		bool exclude = *glob == '-';

		glob += exclude;
		if (glob_matches(glob, name) ||
		    (group && glob_matches(glob, group)))
			in = !exclude;
	}
	return in;
}

/**
 * globs_match() - is a name in a list of globs
 * @globs: the list; one that begins with an exclusion begins with everything
 * @name: the name
 * @group: another name it goes by, or NULL
 */
bool globs_match(const struct globs *globs, const char *name, const char *group)
{
	return globs_decide(globs, globs->nr && globs->glob[0][0] == '-', name,
			    group);
}

/**
 * numbers_have() - is a number in a list
 * @numbers: the list
 * @number: the number
 */
bool numbers_have(const struct numbers *numbers, u32 number)
{
	unsigned int i;

	for (i = 0; i < numbers->nr; i++)
		if (numbers->number[i] == number)
			return true;
	return false;
}

/* A device name cannot hold any of the others, nor can a symbol. */
static bool glob_is_sound(const char *glob)
{
	const unsigned char *c = (const unsigned char *)glob;

	if (*c == '-')
		c++;
	if (!*c)
		return false;
	for (; *c; c++)
		if (*c <= ' ' || *c == '/' || *c == 0x7f)
			return false;
	return true;
}

static int add_glob(const char *word, void *list)
{
	struct globs *globs = list;

	if (globs->nr == LIST_GLOBS || strlen(word) >= LIST_GLOB_LEN ||
	    !glob_is_sound(word))
		return -EINVAL;
	strcpy(globs->glob[globs->nr++], word);
	return 0;
}

static int add_number(const char *word, void *list)
{
	struct numbers *numbers = list;

	if (numbers->nr == LIST_NUMBERS)
		return -EINVAL;
	return kstrtou32(word, 0, &numbers->number[numbers->nr++]);
}

static int read_words(const char *words,
		      int (*add)(const char *word, void *list), void *list)
{
	char *copy, *rest, *word;
	int err = 0;

	copy = kstrdup(words, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && *words && (word = strsep(&rest, ",")) != NULL)
		err = add(word, list);
	kfree(copy);
	return err;
}

/**
 * globs_parse() - read a list of globs
 * @globs: where to
 * @words: the list; the empty string is the empty list
 *
 * Context: process, may sleep.  Return: 0, -EINVAL or -ENOMEM.
 */
int globs_parse(struct globs *globs, const char *words)
{
	memset(globs, 0, sizeof(*globs));
	return read_words(words, add_glob, globs);
}

/**
 * numbers_parse() - read a list of numbers
 * @numbers: where to
 * @words: the list; the empty string is the empty list
 *
 * Context: process, may sleep.  Return: 0, -EINVAL or so, or -ENOMEM.
 */
int numbers_parse(struct numbers *numbers, const char *words)
{
	memset(numbers, 0, sizeof(*numbers));
	return read_words(words, add_number, numbers);
}

/**
 * globs_show() - print a list of globs, as it is read
 * @buf: where to
 * @size: of @buf
 * @globs: the list
 *
 * Return: the length.
 */
int globs_show(char *buf, size_t size, const struct globs *globs)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < globs->nr; i++)
		len += scnprintf(buf + len, size - len, "%s%s", i ? "," : "",
				 globs->glob[i]);
	return len;
}

/**
 * numbers_show() - print a list of numbers, as it is read
 * @buf: where to
 * @size: of @buf
 * @numbers: the list
 *
 * Return: the length.
 */
int numbers_show(char *buf, size_t size, const struct numbers *numbers)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < numbers->nr; i++)
		len += scnprintf(buf + len, size - len, "%s%u", i ? "," : "",
				 numbers->number[i]);
	return len;
}
