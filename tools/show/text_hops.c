// SPDX-License-Identifier: GPL-2.0
/* Hops as lines, by time. */
#include <inttypes.h>
#include <string.h>

#include "show_notes.h"
#include "text_fit.h"
#include "text_hops.h"
#include "text_pieces.h"

/* The kernel's KSYM_SYMBOL_LEN, about. */
#define FRAME_LEN	640

/* What is in a line in front of, between and behind the columns that vary. */
#define LINE_FIXED	85

/**
 * struct columns - how the hops of a journey are laid out
 * @point: width of the column, in characters
 * @device: likewise
 * @netns: likewise
 * @start_ns: what times are relative to
 * @branches: the packet went more ways than one: each hop says on which it is
 * @narrow: what is as in the line above is left out
 */
struct columns {
	int point;
	int device;
	int netns;
	uint64_t start_ns;
	bool branches;
	bool narrow;
};

/* So much most need: the columns of most journeys stand in line. */
static const struct columns usual = { 24, 24, 8, 0, false, false };

static void put_cell(FILE *out, const char *text, int columns)
{
	static const char blanks[] = "                                                ";
	int room = columns - text_width(text);

	fputs(text, out);
	for (; room > 0; room -= (int)sizeof(blanks) - 1)
		fwrite(blanks, 1, room < (int)sizeof(blanks) ? room : (int)sizeof(blanks) - 1, out);
}

/**
 * text_stack() - print the stack of a hop, if it has one
 * @show: where to, and names
 * @record: the hop
 * @indent: what stands in front of each line
 */
void text_stack(struct show *show, const struct skbtrace_record *record, const char *indent)
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

/**
 * text_is_task() - is the hop in the context of its process
 * @record: the hop
 */
bool text_is_task(const struct skbtrace_record *record)
{
	return record->context == SKBTRACE_TASK;
}

/**
 * text_process() - print whose context a hop is in
 * @out: where to
 * @record: the hop
 */
void text_process(FILE *out, const struct skbtrace_record *record)
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
		      const struct skbtrace_record *record,
		      const struct skbtrace_record *above)
{
	const struct point *point = point_of(record->point);
	char text[TEXT_DEVICE_LEN > TEXT_NETNS_LEN ? TEXT_DEVICE_LEN : TEXT_NETNS_LEN];
	FILE *out = show->out;

	fprintf(out, "cpu%-3u ", record->cpu);
	put_cell(out, point->symbol, columns->point);
	fputs("  ", out);
	put_cell(out, text_device(record, text), columns->narrow ? 0 : columns->device);
	fputs("  ", out);
	text_netns(show, record, text);
	/* Where columns are narrow what is behind them does not stand in line. */
	if (!columns->narrow)
		put_cell(out, text, columns->netns);
	else if (!above || above->netns != record->netns)
		fputs(text, out);
	fputs("  ", out);
}

/**
 * text_hop_where() - print where a hop by itself is
 * @show: where to, and names
 * @record: the hop
 */
void text_hop_where(struct show *show, const struct skbtrace_record *record)
{
	put_where(show, &usual, record, NULL);
}

/* The life that begins here, or that this one is merged into. */
static void put_child(FILE *out, const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_CHILD)
		fprintf(out, ", %s life %" PRIu64,
			point_of(record->point)->role == ROLE_MERGE ? "into" : "begins",
			(uint64_t)record->child);
}

/**
 * text_hop_what() - print what a hop saw: the payload, or what was returned
 * @show: where to, and names
 * @record: the hop
 */
void text_hop_what(struct show *show, const struct skbtrace_record *record)
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

/**
 * text_hop_news() - print what a hop saw, without what the line above says
 * @show: where to, and names
 * @record: the hop
 * @above: the last hop that looked at the packet, or NULL
 */
void text_hop_news(struct show *show, const struct skbtrace_record *record,
		   const struct skbtrace_record *above)
{
	const uint32_t flags = SKBTRACE_F_RET | SKBTRACE_F_REASON | SKBTRACE_F_CHILD |
			       SKBTRACE_F_CALLER;

	if (!above || record->payload == SKBTRACE_PAYLOAD_NONE || (record->flags & flags)) {
		text_hop_what(show, record);
		return;
	}
	if (above->len != record->len)
		fprintf(show->out, "len %" PRIu32 "  ", record->len);
	if (above->payload_len == record->payload_len && above->crc32c == record->crc32c &&
	    !((above->flags ^ record->flags) & SKBTRACE_F_DIGEST))
		return;
	fprintf(show->out, "payload %" PRIu32, record->payload_len);
	if ((record->flags & SKBTRACE_F_DIGEST) && record->payload_len)
		fprintf(show->out, "  %08" PRIx32, record->crc32c);
}

static const struct verdict_change *change_at(const struct verdict *verdict, uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].before == hop)
			return &verdict->changes[i];
	return NULL;
}

/**
 * text_hop_notes() - print what is not as it was at the hop before
 * @show: where to
 * @journey: the journey
 * @verdict: what became of its payload
 * @n: number of the hop
 */
void text_hop_notes(struct show *show, const struct journey *journey,
		    const struct verdict *verdict, uint32_t n)
{
	const struct verdict_change *change = change_at(verdict, n);
	const struct journey_hop *hop = &journey->hops[n];
	const struct skbtrace_record *record = &hop->record;
	FILE *out = show->out;

	if (point_of(record->point)->kind == POINT_RETURN)
		show_hook(out, journey, n);
	if (record->payload != SKBTRACE_PAYLOAD_NONE || (record->flags & SKBTRACE_F_MALFORMED)) {
		if (hop->previous == JOURNEY_NO_HOP)
			show_state(out, record);
		else
			show_changes(out, &journey->hops[hop->previous].record, record);
	}
	if (hop->previous == JOURNEY_NO_HOP && text_is_task(record)) {
		fputs("  ", out);
		text_process(out, record);
	}
	if (change)
		fprintf(out, "  %s◀ %s%s", text_color(show, RED),
			verdict_how_name(change->how), text_color(show, RESET));
}

static void put_hop(struct show *show, const struct columns *columns,
		    const struct journey *journey, const struct verdict *verdict, uint32_t n,
		    const struct skbtrace_record *above)
{
	const struct journey_hop *hop = &journey->hops[n];
	const struct skbtrace_record *record = &hop->record;
	bool is_return = point_of(record->point)->kind == POINT_RETURN;
	FILE *out = show->out;

	if (!columns->narrow)
		above = NULL;
	if (is_return)
		fputs(text_color(show, DIM), out);
	fprintf(out, "%12.1f µs  ", (double)(int64_t)(record->ts_ns - columns->start_ns) / 1e3);
	if (columns->branches)
		fprintf(out, "[%" PRIu32 "]%s", hop->life->number,
			hop->life->number < 10 ? "  " : " ");
	put_where(show, columns, record, above);
	text_hop_news(show, record, above);
	text_hop_notes(show, journey, verdict, n);
	fprintf(out, "%s\n", is_return ? text_color(show, RESET) : "");
	if (show->stacks)
		text_stack(show, record, "                      ");
}

static void widen(int *column, const char *text)
{
	int n = text_width(text);

	if (*column < n)
		*column = n;
}

/**
 * text_branches() - did the packet go more ways than one
 * @journey: the journey
 */
bool text_branches(const struct journey *journey)
{
	const struct journey_life *life;
	int nr = 0;

	for (life = journey->lives; life; life = life->next)
		nr += life->nr_hops && life->phase != LIFE_KEPT && life->phase != LIFE_PASSED_ON;
	return nr > 1;
}

static void find_widths(struct show *show, const struct journey *journey,
			struct columns *columns)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		char text[TEXT_DEVICE_LEN > TEXT_NETNS_LEN ? TEXT_DEVICE_LEN : TEXT_NETNS_LEN];

		if (!filter_point(show->filter, record))
			continue;
		widen(&columns->point, point_of(record->point)->symbol);
		widen(&columns->device, text_device(record, text));
		widen(&columns->netns, text_netns(show, record, text));
	}
}

static void lay_out(struct show *show, const struct journey *journey, struct columns *columns)
{
	*columns = usual;
	find_widths(show, journey, columns);
	columns->narrow = show->width && columns->point + columns->device + columns->netns +
			  LINE_FIXED > (int)show->width;
	if (columns->narrow) {
		columns->point = columns->device = columns->netns = 0;
		find_widths(show, journey, columns);
	}
	columns->start_ns = journey->first_ns;
	columns->branches = text_branches(journey);
}

/**
 * text_hops() - print the hops of a journey, by time
 * @show: how
 * @journey: the journey
 * @verdict: what became of its payload
 */
void text_hops(struct show *show, const struct journey *journey, const struct verdict *verdict)
{
	const struct skbtrace_record *above = NULL;
	struct columns columns;
	uint32_t i;

	lay_out(show, journey, &columns);
	for (i = 0; i < journey->nr_hops; i++) {
		const struct journey_hop *hop = &journey->hops[i];

		if (!filter_point(show->filter, &hop->record))
			continue;
		put_hop(show, &columns, journey, verdict, i, above);
		if (hop->record.payload != SKBTRACE_PAYLOAD_NONE)
			above = &hop->record;
	}
}
