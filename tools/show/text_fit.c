// SPDX-License-Identifier: GPL-2.0
/* Text that is no wider than a terminal. */
#include <stdbool.h>
#include <string.h>

#include "text_fit.h"

/* What is left of a line goes on so much further in than the line began, at most. */
#define FURTHER_IN	6
#define FURTHER_MAX	22

/* Bytes of what is one on the screen: a colour, or a character. */
static size_t unit(const char *text, bool *is_seen)
{
	size_t len = 1;

	*is_seen = *text != '\033';
	if (!*is_seen)
		return text[1] == '[' ? strcspn(text, "m") + 1 : 1;
	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/**
 * text_width() - characters, not bytes
 * @text: printable text
 */
int text_width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Where a line is to end: between columns if it can be, else between words. */
static size_t end_of(const char *line, size_t len, unsigned int width, unsigned int indent)
{
	size_t at = 0, last = 0, column = 0, word = 0;
	unsigned int seen = 0;

	while (at < len && seen <= width) {
		bool is_seen;
		size_t next = unit(line + at, &is_seen);

		if (line[at] == ' ' && seen > indent && at && line[at - 1] != ' ') {
			word = at;
			if (at + 1 < len && line[at + 1] == ' ')
				column = at;
		}
		seen += is_seen;
		last = at;
		at += next;
	}
	if (seen <= width)
		return len;
	return column ? column : word ? word : last;
}

static unsigned int indent_of(const char *line)
{
	bool is_seen = false;

	while (*line == '\033')
		line += unit(line, &is_seen);
	return strspn(line, " ");
}

static void put_line(FILE *out, const char *line, size_t len, unsigned int width)
{
	unsigned int indent = indent_of(line), further = indent + FURTHER_IN;
	size_t end;

	while (len && line[len - 1] == ' ')
		len--;
	if (further > FURTHER_MAX)
		further = FURTHER_MAX;
	if (further > width / 2)
		further = width / 2;
	end = end_of(line, len, width, indent);
	fwrite(line, 1, end, out);
	while (end < len) {
		line += end;
		len -= end;
		end = strspn(line, " ");
		line += end;
		len -= end;
		end = end_of(line, len, width - further, 0);
		fprintf(out, "\n%*s", (int)further, "");
		fwrite(line, 1, end, out);
	}
	putc('\n', out);
}

/**
 * text_fit() - print lines so that they fit
 * @out: where to
 * @text: the lines
 * @width: characters that a line may have, 20 at least
 *
 * What does not fit goes on in another line, further in.
 */
void text_fit(FILE *out, const char *text, unsigned int width)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		put_line(out, text, len, width);
	}
}
