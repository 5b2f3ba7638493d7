/* SPDX-License-Identifier: GPL-2.0 */
/* Strings for JSON (RFC 8259). */
#include <stdint.h>

#include "json.h"

/*
 * How many bytes of a UTF-8 sequence (RFC 3629) begin at @text.
 *
 * Return: 0 if there is none: a stray or missing continuation, an overlong
 * form, a surrogate, a number that is no character.
 */
static size_t utf8_len(const unsigned char *text, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t character;
	size_t need, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		need = 2;
	else if ((text[0] & 0xf0) == 0xe0)
		need = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (need > len)
		return 0;
	character = text[0] & (0x7f >> need);
	for (i = 1; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text[i] & 0x3f);
	}
	if (character < least[need] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	return need;
}

/**
 * json_string() - write a string
 * @out: where to
 * @text: any bytes
 * @len: how many
 *
 * What is not UTF-8 is replaced by U+FFFD: device and command names are just
 * bytes, but JSON is text.
 */
void json_string(FILE *out, const char *text, size_t len)
{
	const unsigned char *next = (const unsigned char *)text, *end = next + len;

	putc('"', out);
	while (next < end) {
		size_t n = utf8_len(next, end - next);

		if (!n) {
			fputs("\\ufffd", out);
			next++;
		} else if (*next == '"' || *next == '\\') {
			fprintf(out, "\\%c", *next++);
		} else if (*next < 0x20 || *next == 0x7f) {
			fprintf(out, "\\u%04x", *next++);
		} else {
			fwrite(next, 1, n, out);
			next += n;
		}
	}
	putc('"', out);
}
