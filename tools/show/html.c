// SPDX-License-Identifier: GPL-2.0
/*
 * Journeys as one page for a ticket: nothing is loaded from elsewhere, nothing runs in it.
 *
 * Each journey has a lane a device, on which the packet's hops stand from left to right,
 * and all that the text says of it below.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <skbtrace/version.h>

#include "lib/clock.h"
#include "show.h"
#include "show_end.h"
#include "text_pieces.h"
#include "view.h"
#include "why/why.h"

/* A browser has to hold all of it; more are counted. */
#define JOURNEYS_MAX	1000

/* Of a journey; and hops that are drawn. */
#define LANES_MAX	64
#define DRAWN_MAX	512

/* The drawing, in pixels. */
#define LANE_HEIGHT	26
#define LANE_LEFT	230
#define HOP_WIDTH	18

/**
 * struct lane - a device in a network namespace
 * @netns: its inode number, 0 if it is not known
 * @dev: its name
 */
struct lane {
	uint32_t netns;
	char dev[SKBTRACE_NAME_LEN];
};

/**
 * struct html - what is known of a page that is written
 * @journeys: how many journeys it has
 * @left_out: how many found no room
 * @verdicts: of those that it has, by enum verdict_payload
 * @nr_lanes: of the journey that is written
 * @lanes: likewise
 */
struct html {
	uint64_t journeys;
	uint64_t left_out;
	uint64_t verdicts[VERDICT_UNVERIFIED + 1];
	uint32_t nr_lanes;
	struct lane lanes[LANES_MAX];
};

static const char head[] =
"<!DOCTYPE html>\n"
"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
"style-src 'unsafe-inline'\">\n"
"<meta name=\"generator\" content=\"skbtrace " SKBTRACE_VERSION "\">\n"
"<title>skbtrace</title>\n"
"<style>\n"
"body { font: 14px sans-serif; margin: 1em; color: #222; background: #fff }\n"
"article { border: 1px solid #ccc; border-left: 6px solid #999; padding: .5em 1em; margin: 1em 0 }\n"
".intact { border-left-color: #2a2 } .changed { border-left-color: #c00 }\n"
".unverified { border-left-color: #c80 }\n"
"h2 { font-size: 1em; margin: 0; font-family: monospace }\n"
"p { margin: .3em 0 } b.changed { color: #c00 }\n"
"div.lanes { overflow-x: auto }\n"
"table { border-collapse: collapse; font: 12px monospace }\n"
"td, th { padding: 0 .7em; text-align: left; white-space: nowrap } td.n { text-align: right }\n"
"tr.wrong td { background: #fdd }\n"
"svg text { font: 12px monospace } svg line { stroke: #ddd }\n"
"svg path { fill: none; stroke: #888 } svg circle { fill: #36c } svg circle.wrong { fill: #c00 }\n"
"@media print { details > * { display: block } }\n"
"</style></head><body>\n"
"<h1>On which hop did the payload change?</h1>\n";

/* Names come from elsewhere. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

static bool is_shown(const struct view *view, const struct skbtrace_record *record)
{
	return !(record->flags & SKBTRACE_F_HIDDEN) && filter_point(view->config.filter, record);
}

static bool has_lane(const struct skbtrace_record *record)
{
	return point_of(record->point)->kind == POINT_ENTRY &&
	       record->payload != SKBTRACE_PAYLOAD_NONE;
}

/* LANES_MAX if there are too many. */
static uint32_t lane_of(struct html *html, const struct skbtrace_record *record)
{
	struct lane lane = { .netns = record->flags & SKBTRACE_F_NETNS ? record->netns : 0 };
	uint32_t i;

	memcpy(lane.dev, record->dev, strnlen(record->dev, sizeof(lane.dev)));
	for (i = 0; i < html->nr_lanes; i++)
		if (html->lanes[i].netns == lane.netns &&
		    !memcmp(html->lanes[i].dev, lane.dev, sizeof(lane.dev)))
			return i;
	if (i < LANES_MAX) {
		html->lanes[i] = lane;
		html->nr_lanes++;
	}
	return i;
}

static const struct verdict_change *change_at(const struct verdict *verdict, uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].before == hop)
			return &verdict->changes[i];
	return NULL;
}

static void put_netns(struct view *view, uint32_t netns)
{
	const char *name = names_netns(view->config.names, netns);
	char text[TEXT_NETNS_LEN];

	if (!netns)
		return;
	if (name)
		text_name(text, sizeof(text), name, strlen(name));
	else
		snprintf(text, sizeof(text), "%" PRIu32, netns);
	put_text(view->out, text);
}

static void put_lane_names(struct view *view)
{
	const struct html *html = view->private;
	char dev[SKBTRACE_NAME_LEN + 1];
	FILE *out = view->out;
	uint32_t i;

	for (i = 0; i < html->nr_lanes; i++) {
		const int y = (int)i * LANE_HEIGHT + LANE_HEIGHT / 2;

		text_name(dev, sizeof(dev), html->lanes[i].dev, SKBTRACE_NAME_LEN);
		fprintf(out, "<line x1=\"%d\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>"
			"<text x=\"0\" y=\"%d\">", LANE_LEFT, y, y, y + 4);
		put_netns(view, html->lanes[i].netns);
		fputs(html->lanes[i].netns ? ": " : "", out);
		put_text(out, *dev ? dev : "(no device)");
		fputs("</text>\n", out);
	}
}

static void put_hop(struct view *view, const struct journey *journey,
		    const struct verdict *verdict, uint32_t hop, int x, int y)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;
	const struct verdict_change *change = change_at(verdict, hop);
	FILE *out = view->out;

	fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"%d\"%s><title>%s, %.1f µs", x, y,
		change ? 7 : 5, change ? " class=\"wrong\"" : "",
		point_of(record->point)->symbol,
		(double)(int64_t)(record->ts_ns - journey->first_ns) / 1e3);
	if (change)
		fprintf(out, ": %s", verdict_how_name(change->how));
	fputs("</title></circle>\n", out);
}

/* In the middle of its lane. */
static int height_of(struct html *html, const struct journey *journey, uint32_t hop)
{
	return (int)lane_of(html, show_at(journey, hop)) * LANE_HEIGHT + LANE_HEIGHT / 2;
}

/* The way of the packet over its lanes: each hop has a line from the one it came from. */
static void put_lanes(struct view *view, const struct journey *journey,
		      const struct verdict *verdict)
{
	struct html *html = view->private;
	uint32_t drawn[DRAWN_MAX], nr = 0, i, j;
	FILE *out = view->out;

	html->nr_lanes = 0;
	for (i = 0; i < journey->nr_hops && nr < DRAWN_MAX; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		if (is_shown(view, record) && has_lane(record) &&
		    lane_of(html, show_at(journey, i)) < LANES_MAX)
			drawn[nr++] = i;
	}
	fprintf(out, "<div class=\"lanes\"><svg width=\"%d\" height=\"%d\">\n",
		LANE_LEFT + (int)(nr + 1) * HOP_WIDTH, (int)html->nr_lanes * LANE_HEIGHT);
	put_lane_names(view);
	for (i = 0; i < nr; i++) {
		uint32_t previous = journey->hops[drawn[i]].previous;
		int x = LANE_LEFT + (int)(i + 1) * HOP_WIDTH;
		int y = height_of(html, journey, drawn[i]);

		for (j = i; previous != JOURNEY_NO_HOP && j-- > 0;)
			if (drawn[j] == previous)
				break;
		if (previous != JOURNEY_NO_HOP && j != UINT32_MAX) {
			fprintf(out, "<path d=\"M%d %dL%d %d\"/>",
				LANE_LEFT + (int)(j + 1) * HOP_WIDTH,
				height_of(html, journey, previous), x, y);
		}
	}
	for (i = 0; i < nr; i++)
		put_hop(view, journey, verdict, drawn[i], LANE_LEFT + (int)(i + 1) * HOP_WIDTH,
			height_of(html, journey, drawn[i]));
	fputs("</svg></div>\n", out);
}

/* As text has it, but for the markup. */
static void put_escaped(struct view *view, void (*put)(struct show *show, const void *what),
			const void *what)
{
	struct show show = { .names = view->config.names, .filter = view->config.filter };
	char *text = NULL;
	size_t len;

	show.out = open_memstream(&text, &len);
	if (!show.out) {
		view->error = view->error ? view->error : ENOMEM;
		return;
	}
	put(&show, what);
	if (fclose(show.out))
		view->error = view->error ? view->error : ENOMEM;
	else
		put_text(view->out, text);
	free(text);
}

static void put_end(struct show *show, const void *what)
{
	const struct journey *journey = what;

	show_end_of_journey(show, journey);
	fprintf(show->out, "; %" PRIu32 " hops in ", journey->nr_hops - journey->nr_hidden);
	text_duration(show->out, journey->last_ns - journey->first_ns);
}

static void put_place(struct show *show, const void *what)
{
	text_place(show, what);
}

static void put_return(struct show *show, const void *what)
{
	text_ret(show->out, what);
}

static void put_reason(struct show *show, const void *what)
{
	text_reason(show, what);
}

static void put_row(struct view *view, const struct journey *journey,
		    const struct verdict *verdict, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;
	const struct verdict_change *change = change_at(verdict, hop);
	char device[TEXT_DEVICE_LEN];
	FILE *out = view->out;

	fprintf(out, "<tr%s><td class=\"n\">%.1f µs<td>cpu%u<td>%s<td>",
		change ? " class=\"wrong\"" : "",
		(double)(int64_t)(record->ts_ns - journey->first_ns) / 1e3, record->cpu,
		point_of(record->point)->symbol);
	put_text(out, text_device(record, device));
	fputs("<td>", out);
	if (record->flags & SKBTRACE_F_NETNS)
		put_netns(view, record->netns);
	fputs("<td class=\"n\">", out);
	if (has_lane(record))
		fprintf(out, "%" PRIu32, record->payload_len);
	fputs("<td>", out);
	if (record->flags & SKBTRACE_F_DIGEST)
		fprintf(out, "%08" PRIx32, record->crc32c);
	fputs("<td>", out);
	if (point_of(record->point)->kind == POINT_RETURN)
		put_escaped(view, put_return, record);
	else if (record->flags & SKBTRACE_F_REASON)
		put_escaped(view, put_reason, record);
	if (change)
		fprintf(out, "◀ %s", verdict_how_name(change->how));
	putc('\n', out);
}

static void put_changes(struct view *view, const struct journey *journey,
			const struct verdict *verdict)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++) {
		const struct verdict_change *change = &verdict->changes[i];

		fprintf(view->out, "<p><b class=\"changed\">%s</b> between ",
			verdict_how_name(change->how));
		put_escaped(view, put_place, &journey->hops[change->after].record);
		fputs(" and ", view->out);
		put_escaped(view, put_place, &journey->hops[change->before].record);
		putc('\n', view->out);
	}
}

static void put_reasons(struct view *view, const struct journey *journey,
			const struct verdict *verdict)
{
	struct why_lines lines = { .nr = 0 };
	unsigned int i;

	if (view->config.why)
		why_journey(view->config.why, journey, verdict, &lines);
	for (i = 0; i < lines.nr; i++) {
		fprintf(view->out, "<p>%s: ", lines.lines[i].sure ? "why" : "may be");
		put_text(view->out, lines.lines[i].text);
		if (*lines.lines[i].look) {
			fputs("<br>see: <code>", view->out);
			put_text(view->out, lines.lines[i].look);
			fputs("</code>", view->out);
		}
		putc('\n', view->out);
	}
}

/* With the day, and how it stands to UTC: a ticket is read elsewhere, and later. */
static void put_time(struct view *view, uint64_t mono_ns)
{
	uint64_t ns = names_real_ns(view->config.names, mono_ns);
	time_t seconds = ns / NSEC_PER_SEC;
	char day[32], zone[8];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	fprintf(view->out, "%s.%06u %s ", day, (unsigned int)(ns % NSEC_PER_SEC / 1000), zone);
}

static void html_journey(struct view *view, const struct journey *journey,
			 const struct verdict *verdict)
{
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];
	struct html *html = view->private;
	FILE *out = view->out;
	uint32_t i;

	if (html->journeys == JOURNEYS_MAX) {
		html->left_out++;
		return;
	}
	html->journeys++;
	html->verdicts[verdict->payload]++;
	fprintf(out, "<article class=\"%s\"><h2>#%s ", verdict_name(verdict->payload),
		show_id(journey->id, id));
	put_time(view, journey->first_ns);
	put_text(out, show_packet(journey, packet));
	fprintf(out, "</h2>\n<p>payload <b class=\"%s\">%s</b>; ",
		verdict_name(verdict->payload), verdict_name(verdict->payload));
	put_escaped(view, put_end, journey);
	putc('\n', out);
	if (verdict->payload == VERDICT_UNVERIFIED) {
		fputs("<p>unverified because: ", out);
		put_text(out, verdict->why);
		putc('\n', out);
	}
	put_changes(view, journey, verdict);
	put_reasons(view, journey, verdict);
	put_lanes(view, journey, verdict);
	fprintf(out, "<details%s><summary>hops</summary><table>\n<tr><th>time<th>CPU<th>function"
		"<th>device<th>namespace<th>payload<th>CRC32C<th>\n",
		verdict->payload == VERDICT_CHANGED ? " open" : "");
	for (i = 0; i < journey->nr_hops; i++)
		if (is_shown(view, &journey->hops[i].record))
			put_row(view, journey, verdict, i);
	fputs("</table></details></article>\n", out);
}

static int html_begin(struct view *view)
{
	view->private = calloc(1, sizeof(struct html));
	if (!view->private)
		return -1;
	fputs(head, view->out);
	return 0;
}

static void html_end(struct view *view)
{
	struct html *html = view->private;

	fprintf(view->out, "<p id=\"summary\">%" PRIu64 " journeys: %" PRIu64 " intact, %" PRIu64
		" changed, %" PRIu64 " unverified", html->journeys, html->verdicts[VERDICT_INTACT],
		html->verdicts[VERDICT_CHANGED], html->verdicts[VERDICT_UNVERIFIED]);
	if (html->left_out)
		fprintf(view->out, "; %" PRIu64 " more are not on this page (choose with --only, "
			"--id, --between)", html->left_out);
	fputs("</body></html>\n", view->out);
	free(html);
}

const struct view_ops html_view = {
	.name = "html",
	.begin = html_begin,
	.journey = html_journey,
	.end = html_end,
};
