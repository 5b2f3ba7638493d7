// SPDX-License-Identifier: GPL-2.0
/* What many journeys came to, as text: the most frequent, and what took longest, first. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/utf8.h"
#include "show.h"
#include "show_tally.h"
#include "text_pieces.h"

/* Rows of a table that are shown; the rest is counted in one line. */
#define ROWS_SHOWN	20
#define FLOWS_SHOWN	50

#define PLACE_LEN	96
#define BAR_LEN		40

static const char *place_text(const struct tally_place *place, char *text)
{
	char dev[SKBTRACE_NAME_LEN + 1] = "";

	memcpy(dev, place->dev, SKBTRACE_NAME_LEN);
	utf8_printable(dev);
	snprintf(text, PLACE_LEN, "%s%s%s", point_of(place->point)->symbol, *dev ? " on " : "", dev);
	return text;
}

static const char *time_text(uint64_t ns, char *text, size_t size)
{
	if (ns < 10000)
		snprintf(text, size, "%" PRIu64 " ns", ns);
	else if (ns < 10 * NSEC_PER_MSEC)
		snprintf(text, size, "%.1f µs", ns / 1e3);
	else if (ns < 10 * NSEC_PER_SEC)
		snprintf(text, size, "%.1f ms", ns / 1e6);
	else
		snprintf(text, size, "%.1f s", ns / 1e9);
	return text;
}

/* Right-aligned: "µ" is two bytes, of which printf() would count both. */
static void put_time_cell(FILE *out, uint64_t ns)
{
	char text[32];
	int width;

	time_text(ns, text, sizeof(text));
	width = strstr(text, "µ") ? 11 : 10;
	fprintf(out, " %*s", width, text);
}

static void put_times(FILE *out, const struct histogram *time)
{
	put_time_cell(out, histogram_percentile(time, 500));
	put_time_cell(out, histogram_percentile(time, 900));
	put_time_cell(out, histogram_percentile(time, 990));
	put_time_cell(out, time->max_ns);
}

static void put_rest(FILE *out, unsigned int nr, unsigned int shown, uint64_t left_out)
{
	if (nr > shown)
		fprintf(out, "  %10s  and %u more\n", "", nr - shown);
	if (left_out)
		fprintf(out, "  %10" PRIu64 "  others, for which there was no room\n", left_out);
}

static void put_changed(struct show *show, const struct tally_row *row)
{
	char from[PLACE_LEN], to[PLACE_LEN], id[SHOW_ID_LEN];

	fprintf(show->out, "  %10" PRIu64 "  between %s and %s, first #%s\n", row->count,
		place_text(&row->key.from, from), place_text(&row->key.to, to),
		show_id(row->first, id));
}

static const char *caller_text(struct show *show, uint64_t caller, char *text)
{
	char name[TEXT_SYMBOL_LEN];

	names_symbol(show->names, caller, name, sizeof(name));
	text_name(text, TEXT_SYMBOL_LEN, name, strlen(name));
	return text;
}

static void put_dropped(struct show *show, const struct tally_row *row)
{
	const char *reason = names_reason(show->names, row->key.reason);
	char place[PLACE_LEN], caller[TEXT_SYMBOL_LEN], id[SHOW_ID_LEN];
	FILE *out = show->out;

	fprintf(out, "  %10" PRIu64 " ", row->count);
	if (row->key.from.point)
		fprintf(out, " after %s", place_text(&row->key.from, place));
	if (row->key.to.point)
		fprintf(out, " by %s", place_text(&row->key.to, place));
	if (row->key.reason >= 0 && reason)
		fprintf(out, ": %s", reason);
	else if (row->key.reason >= 0)
		fprintf(out, ": reason %" PRId64, row->key.reason);
	if (row->key.caller)
		fprintf(out, ", called from %s", caller_text(show, row->key.caller, caller));
	fprintf(out, ", first #%s\n", show_id(row->first, id));
}

static void put_unverified(struct show *show, const struct tally_row *row)
{
	char id[SHOW_ID_LEN];

	fprintf(show->out, "  %10" PRIu64 "  %s, first #%s\n", row->count, row->key.why,
		show_id(row->first, id));
}

/*
 * What lies between a device's queue and its driver is time in the queue: from
 * __dev_queue_xmit() to dev_hard_start_xmit(), net/core/dev.c.
 */
static bool is_queue(const struct tally_key *key)
{
	return !strcmp(point_of(key->from.point)->symbol, "__dev_queue_xmit") &&
	       !strcmp(point_of(key->to.point)->symbol, "dev_hard_start_xmit") &&
	       !memcmp(key->from.dev, key->to.dev, SKBTRACE_NAME_LEN);
}

static void put_time(struct show *show, const struct tally_row *row)
{
	char from[PLACE_LEN], to[PLACE_LEN];
	FILE *out = show->out;

	fprintf(out, "  %10" PRIu64, row->count);
	put_times(out, row->time);
	if (is_queue(&row->key))
		fprintf(out, "  in the queue of %.*s\n", SKBTRACE_NAME_LEN, row->key.to.dev);
	else
		fprintf(out, "  %s → %s\n", place_text(&row->key.from, from),
			place_text(&row->key.to, to));
}

static void put_flow(struct show *show, const struct tally_row *row)
{
	struct skbtrace_record record = { .protocol = row->key.flow.protocol };
	char from[SHOW_ADDRESS_LEN], to[SHOW_ADDRESS_LEN], proto[SHOW_PROTO_LEN];
	FILE *out = show->out;

	record.l4proto = row->key.flow.l4proto;
	record.flags = SKBTRACE_F_FLOW;
	fprintf(out, "  %10" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64, row->count,
		row->bytes, row->changed, row->dropped, row->unverified);
	put_times(out, row->time);
	fprintf(out, "  %s %s", show_proto(&record, proto),
		show_address(&record, row->key.flow.saddr, from));
	if (row->key.flow.has_ports)
		fprintf(out, " port %u", ntohs(row->key.flow.sport));
	fprintf(out, " > %s", show_address(&record, row->key.flow.daddr, to));
	if (row->key.flow.has_ports)
		fprintf(out, " port %u", ntohs(row->key.flow.dport));
	putc('\n', out);
}

static void put_table(struct show *show, const struct tally *tally, enum tally_kind kind,
		      const char *heading, void (*put)(struct show *show, const struct tally_row *row))
{
	unsigned int nr, i, shown = kind == TALLY_FLOW ? FLOWS_SHOWN : ROWS_SHOWN;
	const struct tally_row **rows = tally_rows(tally, kind, &nr);

	if (!nr)
		return;
	fprintf(show->out, "\n%s\n", heading);
	for (i = 0; rows && i < nr && i < shown; i++)
		put(show, rows[i]);
	put_rest(show->out, nr, i, tally->left_out[kind]);
	free(rows);
}

/* A line for each power of two of nanoseconds that there was. */
static void put_histogram(FILE *out, const struct histogram *time)
{
	static const char bar[] = "########################################";
	uint64_t n[HISTOGRAM_BITS + 1], below = 0, most = 0, next;
	unsigned int bit, first = HISTOGRAM_BITS, last = 0;

	for (bit = 0; bit <= HISTOGRAM_BITS; bit++) {
		next = bit < HISTOGRAM_BITS ? histogram_below(time, 1ull << bit) : time->count;
		n[bit] = next - below;
		below = next;
		if (!n[bit])
			continue;
		if (n[bit] > most)
			most = n[bit];
		if (bit < first)
			first = bit;
		last = bit;
	}
	for (bit = first; bit <= last && most; bit++) {
		fprintf(out, "  %10" PRIu64 " ", n[bit]);
		put_time_cell(out, bit ? 1ull << (bit - 1) : 0);
		fputs(" to", out);
		put_time_cell(out, 1ull << bit);
		fprintf(out, "  %.*s\n", (int)(n[bit] * BAR_LEN / most), bar);
	}
}

/**
 * show_tally() - print what all journeys came to
 * @show: where to, and names
 * @tally: the counts
 */
void show_tally(struct show *show, const struct tally *tally)
{
	FILE *out = show->out;

	if (!tally->journeys)
		return;
	fprintf(out, "%" PRIu64 " bytes of payload in %" PRIu64 " journeys, %" PRIu64 " of them verified"
		"; %" PRIu64 " delivered, %" PRIu64 " dropped, %" PRIu64 " freed, %" PRIu64 " open\n",
		tally->bytes, tally->journeys, tally->bytes_verified,
		tally->ends[JOURNEY_DELIVERED], tally->ends[JOURNEY_DROPPED],
		tally->ends[JOURNEY_FREED], tally->ends[JOURNEY_OPEN]);
	put_table(show, tally, TALLY_CHANGED, "payload changed", put_changed);
	put_table(show, tally, TALLY_DROPPED, "dropped", put_dropped);
	put_table(show, tally, TALLY_UNVERIFIED, "unverified", put_unverified);
	put_table(show, tally, TALLY_FLOW,
		  "   journeys        bytes  changed  dropped unverified        p50        p90        p99        max  flow",
		  put_flow);
	put_table(show, tally, TALLY_TIME,
		  "      times        p50        p90        p99        max  from hop to hop", put_time);
	fputs("\nfrom the first to the last hop of a journey\n", out);
	put_histogram(out, &tally->time);
}
