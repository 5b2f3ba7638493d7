// SPDX-License-Identifier: GPL-2.0
/*
 * What many journeys came to, for Prometheus: its text format (0.0.4), which is what
 * node_exporter's textfile collector reads.  OpenMetrics has the same samples, but wants
 * families of counters named without the _total that promtool and node_exporter look for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/utf8.h"
#include "show.h"
#include "show_tally.h"

/* Series of a family at the most: the rest is added up in one whose labels are "other". */
#define SERIES_MAX	100

#define LABEL_LEN	(2 * TALLY_WHY_LEN)

/* A value of a label: backslash, quote and newline are escaped. */
static void put_label(FILE *out, const char *name, const char *value, size_t len)
{
	char text[LABEL_LEN];
	char *c;

	len = strnlen(value, len);
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, value, len);
	text[len] = '\0';
	utf8_printable(text);
	fprintf(out, "%s=\"", name);
	for (c = text; *c; c++) {
		if (*c == '\\' || *c == '"')
			putc('\\', out);
		putc(*c, out);
	}
	putc('"', out);
}

static void put_place(FILE *out, const char *prefix, const struct tally_place *place)
{
	const char *symbol = place->point ? point_of(place->point)->symbol : "";
	char name[32];

	snprintf(name, sizeof(name), "%s", prefix);
	put_label(out, name, symbol, strlen(symbol));
	putc(',', out);
	snprintf(name, sizeof(name), "%s_device", prefix);
	put_label(out, name, place->dev, SKBTRACE_NAME_LEN);
}

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_changes(FILE *out, struct names *names, const struct tally_row *row)
{
	(void)names;
	put_place(out, "after", &row->key.from);
	putc(',', out);
	put_place(out, "before", &row->key.to);
}

static void put_drops(FILE *out, struct names *names, const struct tally_row *row)
{
	const char *reason = row->key.reason < 0 ? NULL : names_reason(names, row->key.reason);

	put_place(out, "after", &row->key.from);
	putc(',', out);
	put_place(out, "by", &row->key.to);
	putc(',', out);
	put_label(out, "reason", reason ? reason : "", LABEL_LEN);
	fprintf(out, ",caller=\"0x%" PRIx64 "\"", row->key.caller);
}

static void put_causes(FILE *out, struct names *names, const struct tally_row *row)
{
	(void)names;
	put_label(out, "cause", row->key.why, TALLY_WHY_LEN);
}

static void put_counters(FILE *out, struct names *names, const struct tally *tally,
			 enum tally_kind kind, const char *name, const char *help,
			 void (*put_labels)(FILE *out, struct names *names,
					    const struct tally_row *row))
{
	unsigned int nr, i;
	const struct tally_row **rows = tally_rows(tally, kind, &nr);
	uint64_t rest = tally->left_out[kind];

	family(out, name, "counter", help);
	for (i = 0; rows && i < nr; i++) {
		if (i >= SERIES_MAX) {
			rest += rows[i]->count;
			continue;
		}
		fprintf(out, "%s{", name);
		put_labels(out, names, rows[i]);
		fprintf(out, "} %" PRIu64 "\n", rows[i]->count);
	}
	if (rest)
		fprintf(out, "%s{other=\"1\"} %" PRIu64 "\n", name, rest);
	free(rows);
}

/* From a microsecond to 17 seconds, each four times the one before. */
static void put_buckets(FILE *out, const char *name, const struct tally_row *row,
			const struct histogram *time)
{
	unsigned int bit;

	for (bit = 10; bit <= 36; bit += 2) {
		fprintf(out, "%s_bucket{", name);
		if (row) {
			put_place(out, "from", &row->key.from);
			putc(',', out);
			put_place(out, "to", &row->key.to);
			putc(',', out);
		}
		if (bit < 36)
			fprintf(out, "le=\"%.9g\"} %" PRIu64 "\n",
				(double)(1ull << bit) / NSEC_PER_SEC, histogram_below(time, 1ull << bit));
		else
			fprintf(out, "le=\"+Inf\"} %" PRIu64 "\n", time->count);
	}
}

static void put_sums(FILE *out, const char *name, const struct tally_row *row,
		     const struct histogram *time)
{
	static const char * const suffixes[] = { "count", "sum" };
	int i;

	for (i = 0; i < 2; i++) {
		fprintf(out, "%s_%s", name, suffixes[i]);
		if (row) {
			putc('{', out);
			put_place(out, "from", &row->key.from);
			putc(',', out);
			put_place(out, "to", &row->key.to);
			putc('}', out);
		}
		if (i)
			fprintf(out, " %.9f\n", (double)time->sum_ns / NSEC_PER_SEC);
		else
			fprintf(out, " %" PRIu64 "\n", time->count);
	}
}

static void put_times(FILE *out, const struct tally *tally)
{
	static const char name[] = "skbtrace_residence_seconds";
	unsigned int nr, i;
	const struct tally_row **rows = tally_rows(tally, TALLY_TIME, &nr);

	family(out, name, "histogram", "Time from one hop to the next.");
	for (i = 0; rows && i < nr && i < SERIES_MAX; i++) {
		put_buckets(out, name, rows[i], rows[i]->time);
		put_sums(out, name, rows[i], rows[i]->time);
	}
	free(rows);
}

/**
 * show_metrics() - print what all journeys came to, for monitoring
 * @out: where to
 * @names: for drop reasons
 * @tally: the counts
 * @summary: what was lost and missed meanwhile
 */
void show_metrics(FILE *out, struct names *names, const struct tally *tally,
		  const struct summary *summary)
{
	static const char * const verdicts[] = {
		[VERDICT_INTACT] = "intact",
		[VERDICT_CHANGED] = "changed",
		[VERDICT_UNVERIFIED] = "unverified",
	};
	static const char journey_time[] = "skbtrace_journey_seconds";
	int i;

	family(out, "skbtrace_journeys_total", "counter", "Journeys of packets, by what became of their payload.");
	for (i = 0; i <= VERDICT_UNVERIFIED; i++)
		fprintf(out, "skbtrace_journeys_total{verdict=\"%s\"} %" PRIu64 "\n", verdicts[i],
			tally->verdicts[i]);
	family(out, "skbtrace_journey_ends_total", "counter", "Journeys of packets, by how they ended.");
	for (i = 0; i <= JOURNEY_FREED; i++)
		fprintf(out, "skbtrace_journey_ends_total{end=\"%s\"} %" PRIu64 "\n", show_end(i),
			tally->ends[i]);
	family(out, "skbtrace_payload_bytes_total", "counter", "Payload of all journeys.");
	fprintf(out, "skbtrace_payload_bytes_total %" PRIu64 "\n", tally->bytes);
	family(out, "skbtrace_verified_bytes_total", "counter",
	       "Payload that was the same at all hops.");
	fprintf(out, "skbtrace_verified_bytes_total %" PRIu64 "\n", tally->bytes_verified);
	family(out, "skbtrace_records_lost_total", "counter",
	       "Records that were overwritten before they were read.");
	fprintf(out, "skbtrace_records_lost_total %" PRIu64 "\n", summary->lost);
	family(out, "skbtrace_probes_missed_total", "counter", "Calls that the kernel kept from the probes.");
	fprintf(out, "skbtrace_probes_missed_total %" PRIu64 "\n", summary->missed);
	put_counters(out, names, tally, TALLY_CHANGED, "skbtrace_changes_total",
		     "Changes of a payload, by the hops before and after.", put_changes);
	put_counters(out, names, tally, TALLY_DROPPED, "skbtrace_drops_total",
		     "Packets that were dropped, by the last hop and the kernel's reason.", put_drops);
	put_counters(out, names, tally, TALLY_UNVERIFIED, "skbtrace_unverified_causes_total",
		     "Journeys that could not be verified, by cause.", put_causes);
	family(out, journey_time, "histogram", "Time from the first to the last hop.");
	put_buckets(out, journey_time, NULL, &tally->time);
	put_sums(out, journey_time, NULL, &tally->time);
	put_times(out, tally);
}
