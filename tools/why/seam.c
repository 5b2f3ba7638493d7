// SPDX-License-Identifier: GPL-2.0
/* Where in a journey something is to be said, and saying it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "seam.h"

/* Is a word one of several, with blanks between them? */
static bool is_one_of(const char *word, const char *words)
{
	size_t len = strlen(word);

	if (!len)
		return false;
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && !strncmp(words, word, len))
			return true;
		words += n;
		words += strspn(words, " ");
	}
	return false;
}

/* seam_is_at() - was the packet seen last at one of these functions */
bool seam_is_at(const struct seam *seam, const char *symbols)
{
	return is_one_of(point_of(seam->last->point)->symbol, symbols);
}

/* seam_goes_to() - is the first hop that has it changed at one of these */
bool seam_goes_to(const struct seam *seam, const char *symbols)
{
	return seam->next && is_one_of(point_of(seam->next->point)->symbol, symbols);
}

/* seam_is_called_from() - was it dropped by one of these */
bool seam_is_called_from(const struct seam *seam, const char *symbols)
{
	return is_one_of(seam->caller, symbols);
}

/* seam_has_reason() - did the kernel give one of these reasons */
bool seam_has_reason(const struct seam *seam, const char *reasons)
{
	return is_one_of(seam->reason, reasons);
}

/**
 * seam_say() - add a reason
 * @lines: those there are
 * @sure: it is known
 * @format: the sentence
 *
 * Return: its line; what finds no room is put into one that nobody sees.
 */
struct why_line *seam_say(struct why_lines *lines, bool sure, const char *format, ...)
{
	static struct why_line none;
	struct why_line *line = lines->nr < WHY_LINES ? &lines->lines[lines->nr++] : &none;
	va_list args;

	line->sure = sure;
	*line->look = '\0';
	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
	return line;
}

/* seam_look() - how to look further: a command in the seam's namespace */
void seam_look(struct why_line *line, const struct seam *seam, const char *format, ...)
{
	int len = snprintf(line->look, sizeof(line->look), "%s", seam->enter);
	va_list args;

	va_start(args, format);
	vsnprintf(line->look + len, sizeof(line->look) - len, format, args);
	va_end(args);
}
