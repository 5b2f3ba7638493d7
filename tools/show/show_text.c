// SPDX-License-Identifier: GPL-2.0
/* Text for people: a heading a journey, a line a hop, and where it changed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journey/journey.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "show_end.h"
#include "show_messages.h"
#include "show_notes.h"
#include "text_pieces.h"

#define BOLD	"\033[1m"
#define RED	"\033[1;31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define DIM	"\033[2m"
#define RESET	"\033[0m"

/* The kernel's KSYM_SYMBOL_LEN, about. */
#define FRAME_LEN	640

/**
 * struct columns - how the hops of a journey are laid out
 * @point: width of the column, in characters
 * @device: likewise
 * @netns: likewise
 * @start_ns: what times are relative to
 * @branches: the packet went more ways than one: each hop says on which it is
 */
struct columns {
	int point;
	int device;
	int netns;
	uint64_t start_ns;
	bool branches;
};

static const char *color(const struct show *show, const char *code)
{
	return show->color ? code : "";
}

/* Characters, not bytes. */
static int width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void put_cell(FILE *out, const char *text, int columns)
{
	static const char blanks[] = "                                                ";
	int room = columns - width(text);

	fputs(text, out);
	for (; room > 0; room -= (int)sizeof(blanks) - 1)
		fwrite(blanks, 1, room < (int)sizeof(blanks) ? room : (int)sizeof(blanks) - 1, out);
}

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

static void put_stack(struct show *show, const struct skbtrace_record *record,
		      const char *indent)
{
	const char *frames = names_stack(show->names, record->stack_id);
	char frame[FRAME_LEN];

	while (frames && *frames) {
		size_t len = strcspn(frames, ";");

		text_name(frame, sizeof(frame), frames, len);
		fprintf(show->out, "%s%s\n", indent, frame);
		frames += len;
		frames += *frames == ';';
	}
}



static bool is_task(const struct skbtrace_record *record)
{
	return record->context == SKBTRACE_TASK;
}

static void put_process(FILE *out, const struct skbtrace_record *record)
{
	char comm[SKBTRACE_NAME_LEN + 1];

	text_name(comm, sizeof(comm), record->comm, SKBTRACE_NAME_LEN);
	fprintf(out, "%s[%" PRIu32 "]", comm, record->pid);
}

static void put_payload(FILE *out, const struct skbtrace_record *record)
{
	fprintf(out, "len %5" PRIu32 "  payload %5" PRIu32 "  ", record->len,
		record->payload_len);
	if ((record->flags & SKBTRACE_F_DIGEST) && record->payload_len)
		fprintf(out, "%08" PRIx32, record->crc32c);
	else
		fputs("       -", out);
}

/* CPU, point, device and namespace: what all hops have. */
static void put_where(struct show *show, const struct columns *columns,
		      const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);
	char text[TEXT_DEVICE_LEN > TEXT_NETNS_LEN ? TEXT_DEVICE_LEN : TEXT_NETNS_LEN];
	FILE *out = show->out;

	fprintf(out, "cpu%-3u ", record->cpu);
	put_cell(out, point->symbol, columns->point);
	fputs("  ", out);
	put_cell(out, text_device(record, text), columns->device);
	fputs("  ", out);
	put_cell(out, text_netns(show, record, text), columns->netns);
	fputs("  ", out);
}

/* The life that begins here, or that this one is merged into. */
static void put_child(FILE *out, const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_CHILD)
		fprintf(out, ", %s life %" PRIu64,
			point_of(record->point)->role == ROLE_MERGE ? "into" : "begins",
			(uint64_t)record->child);
}

static void put_what(struct show *show, const struct skbtrace_record *record)
{
	FILE *out = show->out;

	if (point_of(record->point)->kind == POINT_RETURN) {
		text_ret(out, record);
		put_child(out, record);
		return;
	}
	if (record->flags & SKBTRACE_F_REASON) {
		fputs("reason=", out);
		text_reason(show, record);
	} else if (record->payload != SKBTRACE_PAYLOAD_NONE) {
		put_payload(out, record);
	} else {
		fprintf(out, "len %5" PRIu32, record->len);
	}
	if (point_of(record->point)->data == POINT_NONE && record->users > 1)
		fprintf(out, ", %u users", record->users);
	put_child(out, record);
	if (record->flags & SKBTRACE_F_CALLER) {
		fputs(", called from ", out);
		text_caller(show, record);
	}
}

static const struct verdict_change *change_at(const struct verdict *verdict, uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].before == hop)
			return &verdict->changes[i];
	return NULL;
}

static void put_journey_hop(struct show *show, const struct columns *columns,
			    const struct journey *journey, const struct verdict *verdict,
			    uint32_t n)
{
	const struct journey_hop *hop = &journey->hops[n];
	const struct verdict_change *change = change_at(verdict, n);
	const struct skbtrace_record *record = &hop->record;
	bool is_return = point_of(record->point)->kind == POINT_RETURN;
	FILE *out = show->out;

	if (is_return)
		fputs(color(show, DIM), out);
	fprintf(out, "%12.1f µs  ", (double)(int64_t)(record->ts_ns - columns->start_ns) / 1e3);
	if (columns->branches)
		fprintf(out, "[%" PRIu32 "]%s", hop->life->number,
			hop->life->number < 10 ? "  " : " ");
	put_where(show, columns, record);
	put_what(show, record);
	if (record->payload != SKBTRACE_PAYLOAD_NONE || (record->flags & SKBTRACE_F_MALFORMED)) {
		if (hop->previous == JOURNEY_NO_HOP)
			show_state(out, record);
		else
			show_changes(out, &journey->hops[hop->previous].record, record);
	}
	if (hop->previous == JOURNEY_NO_HOP && is_task(record)) {
		fputs("  ", out);
		put_process(out, record);
	}
	if (change)
		fprintf(out, "  %s◀ %s%s", color(show, RED),
			verdict_how_name(change->how), color(show, RESET));
	fprintf(out, "%s\n", is_return ? color(show, RESET) : "");
	if (show->stacks)
		put_stack(show, record, "                      ");
}

static void widen(int *column, const char *text)
{
	int n = width(text);

	if (*column < n)
		*column = n;
}

/* Does a life carry the packet on a way of its own? */
static bool is_branch(const struct journey_life *life)
{
	return life->nr_hops && life->phase != LIFE_KEPT && life->phase != LIFE_PASSED_ON;
}

static void lay_out(struct show *show, const struct journey *journey, struct columns *columns)
{
	/* So much most need: the columns of most journeys stand in line. */
	static const struct columns least = { 24, 24, 8, 0, false };
	const struct journey_life *life;
	int branches = 0;
	uint32_t i;

	*columns = least;
	columns->start_ns = journey->first_ns;
	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		char text[TEXT_DEVICE_LEN > TEXT_NETNS_LEN ? TEXT_DEVICE_LEN : TEXT_NETNS_LEN];

		if (!filter_point(show->filter, record))
			continue;
		widen(&columns->point, point_of(record->point)->symbol);
		widen(&columns->device, text_device(record, text));
		widen(&columns->netns, text_netns(show, record, text));
	}
	for (life = journey->lives; life; life = life->next)
		branches += is_branch(life);
	columns->branches = branches > 1;
}

static void put_hops(struct show *show, const struct columns *columns,
		     const struct journey *journey, const struct verdict *verdict,
		     const struct journey_life *of)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct journey_hop *hop = &journey->hops[i];

		if ((!of || hop->life == of) && filter_point(show->filter, &hop->record))
			put_journey_hop(show, columns, journey, verdict, i);
	}
}

/* Branch by branch, each with where it comes from. */
static void put_tree(struct show *show, struct columns *columns,
		     const struct journey *journey, const struct verdict *verdict)
{
	const struct journey_life *life;

	columns->branches = false;
	for (life = journey->lives; life; life = life->next) {
		if (life->number)
			fprintf(show->out, "  branch %" PRIu32 " of %" PRIu32 ", skb 0x%" PRIx64
				", life %" PRIu64 "%s, %s:\n", life->number, life->parent,
				life->skb, life->id,
				life->phase == LIFE_TAP ? ", for a packet socket" : "",
				life->phase == LIFE_KEPT ? "kept by TCP" : show_end(life->end));
		put_hops(show, columns, journey, verdict, life);
	}
}

static void put_verdict(struct show *show, enum verdict_payload payload)
{
	static const char * const colors[] = {
		[VERDICT_INTACT] = GREEN,
		[VERDICT_CHANGED] = RED,
		[VERDICT_UNVERIFIED] = YELLOW,
	};

	fprintf(show->out, "%s%s%s", color(show, colors[payload]),
		payload == VERDICT_CHANGED ? "CHANGED" : verdict_name(payload),
		color(show, RESET));
}

/* Broken before it was first seen, or since: what its sender summed up is not there. */
static void put_bad_csum(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	FILE *out = show->out;

	fprintf(out, "   %schecksum BAD%s at ", color(show, RED), color(show, RESET));
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

	fprintf(out, "%s#%s ", color(show, BOLD), show_id(journey->id, id));
	put_time(show, journey->first_ns);
	fprintf(out, " %s%s%s\n", show_packet(journey, packet),
		journey->retransmission ? ", retransmission" : "", color(show, RESET));
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
	if (is_task(record)) {
		putc(' ', out);
		put_process(out, record);
	}
	fputs(", ", out);
	put_time(show, record->ts_ns);
	fprintf(out, ", crc32c %08" PRIx32 "\n", record->crc32c);
	put_stack(show, record, "                    ");
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

		fprintf(show->out, "   %spayload %s%s between:%s\n", color(show, RED),
			change_words[change->how], bytes_text(change, bytes),
			color(show, RESET));
		put_side(show, "last right: ", &journey->hops[change->after].record);
		put_side(show, "first wrong:", &journey->hops[change->before].record);
	}
	if (verdict->nr_changes > VERDICT_CHANGES)
		fprintf(show->out, "   and %" PRIu32 " times more\n",
			verdict->nr_changes - VERDICT_CHANGES);
}

static void text_journey(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	struct columns columns;

	lay_out(show, journey, &columns);
	put_heading(show, journey, verdict);
	if (show->messages)
		show_sender(show->messages, journey);
	if (show->tree)
		put_tree(show, &columns, journey, verdict);
	else
		put_hops(show, &columns, journey, verdict, NULL);
	if (show->messages)
		show_receiver(show->messages, journey);
	put_changes(show, journey, verdict);
	putc('\n', show->out);
}

static void text_changed(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	const struct verdict_change *change = &verdict->changes[0];
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];
	FILE *out = show->out;

	fprintf(out, "%schanged%s: #%s %s: right at ", color(show, RED), color(show, RESET),
		show_id(journey->id, id), show_packet(journey, packet));
	text_place(show, &journey->hops[change->after].record);
	fputs("; wrong at ", out);
	text_place(show, &journey->hops[change->before].record);
	if (verdict->nr_changes > 1)
		fprintf(out, "; and %" PRIu32 " more change%s", verdict->nr_changes - 1,
			verdict->nr_changes > 2 ? "s" : "");
	putc('\n', out);
}

static void text_unverified(struct show *show, const struct journey *journey,
			    const struct verdict *verdict)
{
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];

	fprintf(show->out, "%sunverified%s: #%s %s: %s\n", color(show, YELLOW),
		color(show, RESET), show_id(journey->id, id), show_packet(journey, packet),
		verdict->why);
}

/* A hop by itself also says what packet it is of. */
static void text_hop(struct show *show, const struct skbtrace_record *record)
{
	static const struct columns columns = { 24, 24, 8, 0, false };
	struct journey_hop hop = { .record = *record };
	const struct journey alone = { .hops = &hop, .nr_hops = 1 };
	char packet[SHOW_PACKET_LEN];
	FILE *out = show->out;

	put_time(show, record->ts_ns);
	fprintf(out, "  %" PRIx64 " life %-6" PRIu64 "  ", (uint64_t)record->skb,
		(uint64_t)record->life);
	put_where(show, &columns, record);
	put_what(show, record);
	if (record->payload != SKBTRACE_PAYLOAD_NONE) {
		show_state(out, record);
		fprintf(out, "  %s", show_packet(&alone, packet));
	}
	if (is_task(record)) {
		fputs("  ", out);
		put_process(out, record);
	}
	putc('\n', out);
	if (show->stacks)
		put_stack(show, record, "                    ");
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
		fprintf(show->out, "%snot all was seen%s: %s\n", color(show, YELLOW),
			color(show, RESET), summary->blind);
}

static void text_summary(struct show *show, const struct summary *summary)
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
	fprintf(out, "%s%" PRIu64 " changed%s, ", summary->changed ? color(show, RED) : "",
		summary->changed, summary->changed ? color(show, RESET) : "");
	fprintf(out, "%" PRIu64 " unverified; %" PRIu64 " dropped; %" PRIu64 " hops, %" PRIu64
		" records lost, %" PRIu64 " probes missed\n", summary->unverified,
		summary->dropped, summary->hops, summary->lost, summary->missed);
	put_records(out, summary);
	put_blind(show, summary);
}

const struct show_ops show_text_ops = {
	.journey = text_journey,
	.changed = text_changed,
	.unverified = text_unverified,
	.hop = text_hop,
	.summary = text_summary,
};
