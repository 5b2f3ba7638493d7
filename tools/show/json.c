// SPDX-License-Identifier: GPL-2.0
/* Strings for JSON (RFC 8259). */
#include "json.h"
#include "lib/utf8.h"

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
