// SPDX-License-Identifier: GPL-2.0
/*
 * What the reader shows, whatever it was given, is text that a terminal can be
 * trusted with, or JSON (RFC 8259), an object a line. Told by code that is not the
 * reader's own.
 */
#include <ctype.h>
#include <string.h>

#include "fuzz.h"
#include "lib/stop.h"

/*
 * No input is worth hundreds of megabytes of what was freed, and what is freed is
 * used again soon or not at all. Two frames tell who allocated something.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=2";
}

/* Instead of tools/stop.c: signals are libFuzzer's. */
volatile sig_atomic_t stop_asked;

void stop_on_signals(void)
{
}

static FILE *memory;
static char *shown;
static size_t shown_size;

/**
 * fuzz_begin() - from here on, what goes to stdout is to be looked at
 *
 * Return: where it goes.
 */
FILE *fuzz_begin(void)
{
	if (!memory) {
		memory = open_memstream(&shown, &shown_size);
		if (!memory)
			abort();
		stdout = memory;
	}
	rewind(memory);
	return memory;
}

/**
 * fuzz_fail() - crash, and tell the last of what was shown
 */
void fuzz_fail(void)
{
	long len, from;

	if (memory) {
		fflush(memory);
		len = ftell(memory);
		from = len > 8000 ? len - 8000 : 0;
		fwrite(shown + from, 1, len - from, stderr);
	}
	abort();
}

/*
 * The character at @text (Unicode 15, table 3-7).
 *
 * Return: its bytes, 0 if there is none.
 */
static size_t character(const uint8_t *text, const uint8_t *end)
{
	static const struct {
		uint8_t first_from, first_to, second_from, second_to, nr;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, n;

	/* Nearly all are. */
	if (*text < 0x80)
		return 1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*text < rows[i].first_from || *text > rows[i].first_to)
			continue;
		if (rows[i].nr > end - text)
			return 0;
		if (text[1] < rows[i].second_from || text[1] > rows[i].second_to)
			return 0;
		for (n = 2; n < rows[i].nr; n++)
			if (text[n] < 0x80 || text[n] > 0xbf)
				return 0;
		return rows[i].nr;
	}
	return 0;
}

static bool is_control(const uint8_t *text)
{
	/* U+0080 to U+009F are control characters too, and terminals know them. */
	return *text < 0x20 || *text == 0x7f || (*text == 0xc2 && text[1] < 0xa0);
}

static void check_text(const uint8_t *text, const uint8_t *end)
{
	const uint8_t *begin = text;
	size_t n;

	for (; text < end; text += n) {
		n = character(text, end);
		FUZZ_EXPECT(n, "no UTF-8 at %td", text - begin);
		FUZZ_EXPECT(*text == '\n' || !is_control(text), "character 0x%02x at %td", *text,
			    text - begin);
	}
}

static const uint8_t *json_value(const uint8_t *p, const uint8_t *end, int depth);

static const uint8_t *json_text(const uint8_t *p, const uint8_t *end)
{
	size_t n;
	int i;

	if (p == end || *p++ != '"')
		return NULL;
	while (p < end && *p != '"') {
		n = character(p, end);
		if (!n || *p < 0x20)
			return NULL;
		if (*p != '\\') {
			p += n;
			continue;
		}
		if (++p == end || !strchr("\"\\/bfnrtu", *p))
			return NULL;
		if (*p++ == 'u')
			for (i = 0; i < 4; i++)
				if (p == end || !isxdigit(*p++))
					return NULL;
	}
	return p < end ? p + 1 : NULL;
}

static const uint8_t *json_number(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *digits;

	if (*p == '-')
		p++;
	for (digits = p; p < end && isdigit(*p); p++)
		;
	/* The reader shows no fractions. */
	return p > digits && (*digits != '0' || p == digits + 1) ? p : NULL;
}

/* What stands between brackets: values, with a key each if it is an object. */
static const uint8_t *json_members(const uint8_t *p, const uint8_t *end, uint8_t close, int depth)
{
	if (p < end && *p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = json_text(p, end);
			if (!p || p == end || *p++ != ':')
				return NULL;
		}
		p = json_value(p, end, depth + 1);
		if (!p || p == end)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const uint8_t *json_value(const uint8_t *p, const uint8_t *end, int depth)
{
	static const char * const words[] = { "null", "true", "false" };
	size_t i, len;

	if (p == end || depth > 8)
		return NULL;
	if (*p == '{')
		return json_members(p + 1, end, '}', depth);
	if (*p == '[')
		return json_members(p + 1, end, ']', depth);
	if (*p == '"')
		return json_text(p, end);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if ((size_t)(end - p) >= len && !memcmp(p, words[i], len))
			return p + len;
	}
	return json_number(p, end);
}

static void check_json(const uint8_t *text, const uint8_t *end)
{
	while (text < end) {
		const uint8_t *line = memchr(text, '\n', end - text);

		FUZZ_EXPECT(line && *text == '{' && json_value(text, line, 0) == line,
			    "no JSON: %.*s", (int)((line ? line : end) - text), text);
		text = line + 1;
	}
}

/**
 * fuzz_end() - look at what was shown since fuzz_begin()
 * @format: what it is to be
 */
void fuzz_end(enum fuzz_format format)
{
	const uint8_t *text;
	long len;

	fflush(memory);
	len = ftell(memory);
	text = (const uint8_t *)shown;
	if (format == FUZZ_JSON)
		check_json(text, text + len);
	else
		check_text(text, text + len);
}

/**
 * fuzz_check_error() - an error says what, and where
 * @error: set by the reader, or ""
 */
void fuzz_check_error(const struct error *error)
{
	size_t len = strnlen(error->text, sizeof(error->text));

	FUZZ_EXPECT(len < sizeof(error->text));
	check_text((const uint8_t *)error->text, (const uint8_t *)error->text + len);
	FUZZ_EXPECT(!strchr(error->text, '\n'), "%s", error->text);
	/* What an option asks for may not be in a file that is right. */
	FUZZ_EXPECT(!len || !strncmp(error->text, "--", 2) || strstr(error->text, " offset "), "names no offset: %s", error->text);
}
