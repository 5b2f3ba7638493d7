// SPDX-License-Identifier: GPL-2.0
/* Text for people: a heading a journey, a line a hop, and where it changed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journey/journey.h"
#include "lib/clock.h"
#include "show_end.h"
#include "show_messages.h"
#include "show_notes.h"
#include "show_tree.h"
#include "show_why.h"
#include "text_fit.h"
#include "text_hops.h"
#include "text_pieces.h"

/* The time of day, to the microsecond. */
static void put_time(struct show *show, uint64_t mono_ns)
{
	uint64_t ns = names_real_ns(show->names, mono_ns);
	time_t seconds = ns / NSEC_PER_SEC;
	static time_t told = -1;
	static char text[16];
	struct tm tm;

	/* Most come in the same second as the one before. */
	if (seconds != told) {
		localtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
		told = seconds;
	}
	fprintf(show->out, "%s.%06u", text, (unsigned int)(ns % NSEC_PER_SEC / 1000));
}

static void put_verdict(struct show *show, enum verdict_payload payload)
{
	static const char * const colors[] = {
		[VERDICT_INTACT] = GREEN,
		[VERDICT_CHANGED] = RED,
		[VERDICT_UNVERIFIED] = YELLOW,
	};

	fprintf(show->out, "%s%s%s", text_color(show, colors[payload]),
		payload == VERDICT_CHANGED ? "CHANGED" : verdict_name(payload),
		text_color(show, RESET));
}

/* Broken before it was first seen, or since: what its sender summed up is not there. */
static void put_bad_csum(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	FILE *out = show->out;

	fprintf(out, "   %schecksum BAD%s at ", text_color(show, RED), text_color(show, RESET));
	text_place(show, &journey->hops[verdict->bad_csum].record);
	if (journey->end == JOURNEY_DELIVERED)
		fputs(", and it was delivered all the same", out);
	putc('\n', out);
}

static void put_heading(struct show *show, const struct journey *journey,
			const struct verdict *verdict)
{
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];
	FILE *out = show->out;

	fprintf(out, "%s#%s %s%s", text_color(show, BOLD), show_id(journey->id, id),
		show->host ? show->host : "", show->host ? " " : "");
	put_time(show, journey->first_ns);
	fprintf(out, " %s%s%s\n", show_packet(journey, packet),
		journey->retransmission ? ", retransmission" : "", text_color(show, RESET));
	fputs("   payload ", out);
	put_verdict(show, verdict->payload);
	fputs("; ", out);
	show_end_of_journey(show, journey);
	fprintf(out, "; %" PRIu32 " hops in ", journey->nr_hops - journey->nr_hidden);
	text_duration(out, journey->last_ns - journey->first_ns);
	putc('\n', out);
	if (verdict->payload == VERDICT_UNVERIFIED)
		fprintf(out, "   unverified because: %s\n", verdict->why);
	if (verdict->bad_csum != JOURNEY_NO_HOP)
		put_bad_csum(show, journey, verdict);
	show_end_of_copies(show, journey);
}

static void put_side(struct show *show, const char *side, const struct skbtrace_record *record)
{
	FILE *out = show->out;

	fprintf(out, "     %s  ", side);
	text_place(show, record);
	fprintf(out, ", cpu%u, %s", record->cpu, show_context(record));
	if (text_is_task(record)) {
		putc(' ', out);
		text_process(out, record);
	}
	fputs(", ", out);
	put_time(show, record->ts_ns);
	fprintf(out, ", crc32c %08" PRIx32 "\n", record->crc32c);
	text_stack(show, record, "                    ");
}

static const char *bytes_text(const struct verdict_change *change, char text[32])
{
	*text = '\0';
	if (change->how == VERDICT_TRUNCATED || change->how == VERDICT_EXTENDED)
		snprintf(text, 32, " by %" PRIu32 " byte%s", change->bytes,
			 change->bytes == 1 ? "" : "s");
	return text;
}

static void put_changes(struct show *show, const struct journey *journey,
			const struct verdict *verdict)
{
	static const char * const change_words[] = {
		[VERDICT_OTHER] = "CHANGED",
		[VERDICT_TRUNCATED] = "TRUNCATED",
		[VERDICT_EXTENDED] = "EXTENDED",
		[VERDICT_EMPTIED] = "EMPTIED",
	};
	char bytes[32];
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++) {
		const struct verdict_change *change = &verdict->changes[i];

		fprintf(show->out, "   %spayload %s%s between:%s\n", text_color(show, RED),
			change_words[change->how], bytes_text(change, bytes),
			text_color(show, RESET));
		put_side(show, "last right: ", &journey->hops[change->after].record);
		put_side(show, "first wrong:", &journey->hops[change->before].record);
	}
	if (verdict->nr_changes > VERDICT_CHANGES)
		fprintf(show->out, "   and %" PRIu32 " times more\n",
			verdict->nr_changes - VERDICT_CHANGES);
}

static void put_journey(struct show *show, const struct journey *journey,
			const struct verdict *verdict)
{
	put_heading(show, journey, verdict);
	if (show->messages)
		show_sender(show->messages, journey);
	if (show->tree)
		show_tree(show, journey, verdict);
	else
		text_hops(show, journey, verdict);
	if (show->messages)
		show_receiver(show->messages, journey);
	put_changes(show, journey, verdict);
	show_why(show, journey, verdict);
	putc('\n', show->out);
}

/**
 * struct lines - lines that are put together before it is seen how long they are
 * @out: where they are to be shown
 * @text: what they are, set by @stream
 * @len: likewise
 * @stream: where they are written to, NULL if they are shown at once
 */
struct lines {
	FILE *out;
	char *text;
	size_t len;
	FILE *stream;
};

static void begin_lines(struct show *show, struct lines *lines)
{
	lines->text = NULL;
	lines->stream = show->width ? open_memstream(&lines->text, &lines->len) : NULL;
	lines->out = show->out;
	if (lines->stream)
		show_redirect(show, lines->stream);
}

static void end_lines(struct show *show, struct lines *lines)
{
	if (!lines->stream)
		return;
	show_redirect(show, lines->out);
	if (!fclose(lines->stream))
		text_fit(lines->out, lines->text, show->width);
	free(lines->text);
}

static void text_journey(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	struct lines lines;

	begin_lines(show, &lines);
	put_journey(show, journey, verdict);
	end_lines(show, &lines);
}

static void text_changed(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	const struct verdict_change *change = &verdict->changes[0];
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];
	FILE *out = show->out;

	fprintf(out, "%schanged%s: #%s %s: right at ", text_color(show, RED), text_color(show, RESET),
		show_id(journey->id, id), show_packet(journey, packet));
	text_place(show, &journey->hops[change->after].record);
	fputs("; wrong at ", out);
	text_place(show, &journey->hops[change->before].record);
	if (verdict->nr_changes > 1)
		fprintf(out, "; and %" PRIu32 " more change%s", verdict->nr_changes - 1,
			verdict->nr_changes > 2 ? "s" : "");
	putc('\n', out);
	show_why(show, journey, verdict);
}

static void text_unverified(struct show *show, const struct journey *journey,
			    const struct verdict *verdict)
{
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];

	fprintf(show->out, "%sunverified%s: #%s %s: %s\n", text_color(show, YELLOW),
		text_color(show, RESET), show_id(journey->id, id), show_packet(journey, packet),
		verdict->why);
}

/* A hop by itself also says what packet it is of. */
static void text_hop(struct show *show, const struct skbtrace_record *record)
{
	struct journey_hop hop = { .record = *record };
	const struct journey alone = { .hops = &hop, .nr_hops = 1 };
	char packet[SHOW_PACKET_LEN];
	FILE *out = show->out;

	if (show->host)
		fprintf(out, "%-12s ", show->host);
	put_time(show, record->ts_ns);
	fprintf(out, "  %" PRIx64 " life %-6" PRIu64 "  ", (uint64_t)record->skb,
		(uint64_t)record->life);
	text_hop_where(show, record);
	text_hop_what(show, record);
	if (record->payload != SKBTRACE_PAYLOAD_NONE) {
		show_state(out, record);
		fprintf(out, "  %s", show_packet(&alone, packet));
	}
	if (text_is_task(record)) {
		fputs("  ", out);
		text_process(out, record);
	}
	putc('\n', out);
	if (show->stacks)
		text_stack(show, record, "                    ");
}

/* All that was read: nothing goes without a word. */
static void put_records(FILE *out, const struct summary *summary)
{
	const struct {
		uint64_t nr;
		const char *text;
	} others[] = {
		{ summary->hidden, "not to be shown" },
		{ summary->unknown, "of unknown packets" },
		{ summary->elsewhere, "of skbs that the packet goes on without" },
		{ summary->no_room, "of journeys that were full" },
		{ summary->unasked, "of points that were not asked for" },
		{ summary->messages, "of applications" },
	};
	unsigned int i;

	fprintf(out, "%" PRIu64 " records read: %" PRIu64 " are hops shown", summary->records,
		summary->hops - summary->repeated);
	if (summary->repeated)
		fprintf(out, " (%" PRIu64 " of merged packets in several journeys)",
			summary->repeated);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].nr)
			fprintf(out, ", %" PRIu64 " %s", others[i].nr, others[i].text);
	putc('\n', out);
}

/* What was not seen may have been anything. */
static void put_blind(struct show *show, const struct summary *summary)
{
	if (summary->blind && *summary->blind)
		fprintf(show->out, "%snot all was seen%s: %s\n", text_color(show, YELLOW),
			text_color(show, RESET), summary->blind);
}

static void put_summary(struct show *show, const struct summary *summary)
{
	FILE *out = show->out;

	if (summary->hops_only) {
		fprintf(out, "%" PRIu64 " hops, %" PRIu64 " records lost, %" PRIu64
			" probes missed\n", summary->hops, summary->lost, summary->missed);
		put_records(out, summary);
		put_blind(show, summary);
		return;
	}
	fprintf(out, "%" PRIu64 " journeys: %" PRIu64 " intact, ", summary->journeys,
		summary->intact);
	fprintf(out, "%s%" PRIu64 " changed%s, ", summary->changed ? text_color(show, RED) : "",
		summary->changed, summary->changed ? text_color(show, RESET) : "");
	fprintf(out, "%" PRIu64 " unverified; %" PRIu64 " dropped; %" PRIu64 " hops, %" PRIu64
		" records lost, %" PRIu64 " probes missed\n", summary->unverified,
		summary->dropped, summary->hops, summary->lost, summary->missed);
	put_records(out, summary);
	put_blind(show, summary);
}

static void text_summary(struct show *show, const struct summary *summary)
{
	struct lines lines;

	begin_lines(show, &lines);
	put_summary(show, summary);
	end_lines(show, &lines);
}

const struct show_ops show_text_ops = {
	.journey = text_journey,
	.changed = text_changed,
	.unverified = text_unverified,
	.hop = text_hop,
	.summary = text_summary,
};
