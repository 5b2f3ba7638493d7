// SPDX-License-Identifier: GPL-2.0
/* What may have been meant by a name that is none. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"

/* Letters to insert, take away or replace: V. Levenshtein, 1966. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NEAREST_NAME_LEN + 1], diagonal, above;
	size_t len_a = strnlen(a, NEAREST_NAME_LEN), len_b = strnlen(b, NEAREST_NAME_LEN);
	size_t i, j;

	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 1; i <= len_a; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= len_b; j++) {
			above = row[j];
			row[j] = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] > above + 1)
				row[j] = above + 1;
			if (row[j] > row[j - 1] + 1)
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[len_b];
}

/**
 * nearest_begin() - begin to look
 * @nearest: what is found
 * @name: the name that is none; kept
 */
void nearest_begin(struct nearest *nearest, const char *name)
{
	unsigned int i;

	memset(nearest, 0, sizeof(*nearest));
	nearest->name = name;
	for (i = 0; i < NEAREST_NAMES; i++)
		nearest->distances[i] = UINT_MAX;
}

/**
 * nearest_offer() - a name that there is
 * @nearest: what is found
 * @candidate: the name; may be offered more than once
 */
void nearest_offer(struct nearest *nearest, const char *candidate)
{
	unsigned int d = distance(nearest->name, candidate), i, j;

	for (i = 0; i < NEAREST_NAMES; i++)
		if (!strncmp(nearest->names[i], candidate, NEAREST_NAME_LEN - 1))
			return;
	for (i = 0; i < NEAREST_NAMES && nearest->distances[i] <= d; i++)
		;
	if (i == NEAREST_NAMES)
		return;
	for (j = NEAREST_NAMES - 1; j > i; j--) {
		memcpy(nearest->names[j], nearest->names[j - 1], NEAREST_NAME_LEN);
		nearest->distances[j] = nearest->distances[j - 1];
	}
	snprintf(nearest->names[i], NEAREST_NAME_LEN, "%s", candidate);
	nearest->distances[i] = d;
}

/**
 * nearest_text() - what was found, as the end of a sentence
 * @nearest: what was found
 * @text: where to
 * @size: its size
 *
 * Return: @text: "; nearest are a, b, c", or "" if nothing was offered.
 */
const char *nearest_text(const struct nearest *nearest, char *text, size_t size)
{
	size_t len = 0;
	unsigned int i;

	*text = '\0';
	for (i = 0; i < NEAREST_NAMES && *nearest->names[i] && len < size; i++)
		len += snprintf(text + len, size - len, "%s%s", i ? ", " : "; nearest: ",
				nearest->names[i]);
	return text;
}
