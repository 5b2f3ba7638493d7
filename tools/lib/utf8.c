// SPDX-License-Identifier: GPL-2.0
/* Names are just bytes, made up by anybody; what is shown of them is text. */
#include <stdint.h>
#include <string.h>

#include "utf8.h"

/**
 * utf8_len() - how many bytes a character has (RFC 3629)
 * @text: where it begins
 * @len: bytes there are, one at least
 *
 * Return: 0 if there is none: a stray or missing continuation, an overlong
 * form, a surrogate, a number that is no character.
 */
size_t utf8_len(const unsigned char *text, size_t len)
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

/* U+0080 to U+009F among them: one of these is as good as ESC [ to a terminal. */
static int is_control(const unsigned char *text)
{
	return *text < ' ' || *text == 0x7f || (*text == 0xc2 && text[1] < 0xa0);
}

/**
 * utf8_printable() - keep a text from talking to the terminal
 * @text: the text; each byte that is no part of a character, and each control
 *	character, is replaced by '?'
 */
void utf8_printable(char *text)
{
	unsigned char *from = (unsigned char *)text, *to = from;
	size_t left, n;

	/* Nearly all of it is. */
	while (*from >= ' ' && *from < 0x7f)
		from++;
	to = from;
	left = strlen((char *)from);
	for (; left; from += n, left -= n) {
		n = utf8_len(from, left);
		if (n && !is_control(from)) {
			memmove(to, from, n);
			to += n;
		} else {
			*to++ = '?';
			n = n ? n : 1;
		}
	}
	*to = '\0';
}
