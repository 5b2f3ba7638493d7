// SPDX-License-Identifier: GPL-2.0
/* Why a journey is as it is: the lines of why_journey(). */
#include <string.h>

#include "json.h"
#include "show_why.h"
#include "text_pieces.h"
#include "why/why.h"

/* Names come from elsewhere: a device's, a table's. */
static void put_line(FILE *out, const struct why_line *line)
{
	char text[WHY_TEXT_LEN], look[WHY_TEXT_LEN];

	text_name(text, sizeof(text), line->text, strlen(line->text));
	text_name(look, sizeof(look), line->look, strlen(line->look));
	fprintf(out, "   %s: %s%s%s\n", line->sure ? "why" : "may be", text,
		*look ? " -- see: " : "", look);
}

/**
 * show_why() - the reasons of a journey, a line each, as far as there are any
 * @show: how to show them, and whom to ask
 * @journey: the journey
 * @verdict: its verdict
 */
void show_why(struct show *show, const struct journey *journey, const struct verdict *verdict)
{
	struct why_lines lines;
	unsigned int i;

	if (!show->why)
		return;
	why_journey(show->why, journey, verdict, &lines);
	for (i = 0; i < lines.nr; i++)
		put_line(show->out, &lines.lines[i]);
}

/* show_why_json() - likewise, as the member "reasons" of an object */
void show_why_json(struct show *show, const struct journey *journey,
		   const struct verdict *verdict)
{
	struct why_lines lines;
	FILE *out = show->out;
	unsigned int i;

	if (!show->why)
		return;
	why_journey(show->why, journey, verdict, &lines);
	fputs(",\"reasons\":[", out);
	for (i = 0; i < lines.nr; i++) {
		fprintf(out, "%s{\"sure\":%s,\"text\":", i ? "," : "",
			lines.lines[i].sure ? "true" : "false");
		json_string(out, lines.lines[i].text, strlen(lines.lines[i].text));
		fputs(",\"see\":", out);
		json_string(out, lines.lines[i].look, strlen(lines.lines[i].look));
		putc('}', out);
	}
	putc(']', out);
}
