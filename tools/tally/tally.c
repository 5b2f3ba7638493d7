// SPDX-License-Identifier: GPL-2.0
/*
 * Counts of journeys.  A table a kind, of fixed size: whoever reads for weeks needs no more
 * memory than after a minute, and what finds no row any more is counted as left out.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

/* Twice as many places as rows, so that few are looked at. */
#define TALLY_PLACES	(2 * TALLY_ROWS)

struct tally_table {
	unsigned int nr;
	struct tally_row rows[TALLY_ROWS];
	uint16_t place[TALLY_PLACES];	/* number of a row, and one more; 0: none */
};

/**
 * tally_new() - start to count
 * @by_flow: flows as well
 *
 * Return: the counts, or NULL if there is no memory.
 */
struct tally *tally_new(bool by_flow)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	int kind;

	if (!tally)
		return NULL;
	for (kind = 0; kind < TALLY_KINDS; kind++) {
		if (kind == TALLY_FLOW && !by_flow)
			continue;
		tally->tables[kind] = calloc(1, sizeof(*tally->tables[kind]));
		if (!tally->tables[kind]) {
			tally_free(tally);
			return NULL;
		}
	}
	return tally;
}

/**
 * tally_free() - the end of it
 * @tally: what tally_new() returned, or NULL
 */
void tally_free(struct tally *tally)
{
	unsigned int i;
	int kind;

	if (!tally)
		return;
	for (kind = 0; kind < TALLY_KINDS; kind++) {
		struct tally_table *table = tally->tables[kind];

		for (i = 0; table && i < table->nr; i++)
			free(table->rows[i].time);
		free(table);
	}
	free(tally);
}

static uint64_t hash(const struct tally_key *key)
{
	const unsigned char *p = (const unsigned char *)key;
	uint64_t h = 0, word;
	size_t i;

	for (i = 0; i + sizeof(word) <= sizeof(*key); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}
	return h;
}

/* Find the row of a key, or begin one.  Return: NULL if there is no room. */
static struct tally_row *row_of(struct tally *tally, enum tally_kind kind,
				const struct tally_key *key, uint64_t id)
{
	struct tally_table *table = tally->tables[kind];
	struct tally_row *row;
	uint64_t at;

	for (at = hash(key) % TALLY_PLACES; table->place[at]; at = (at + 1) % TALLY_PLACES) {
		row = &table->rows[table->place[at] - 1];
		if (!memcmp(&row->key, key, sizeof(*key)))
			return row;
	}
	if (table->nr == TALLY_ROWS)
		goto left_out;
	row = &table->rows[table->nr];
	if (kind == TALLY_TIME || kind == TALLY_FLOW) {
		row->time = calloc(1, sizeof(*row->time));
		if (!row->time)
			goto left_out;
	}
	row->key = *key;
	row->first = id;
	table->place[at] = ++table->nr;
	return row;

left_out:
	tally->left_out[kind]++;
	return NULL;
}

static void count(struct tally *tally, enum tally_kind kind, const struct tally_key *key,
		  uint64_t id)
{
	struct tally_row *row = row_of(tally, kind, key, id);

	if (row)
		row->count++;
}

static void put_place(struct tally_place *place, const struct skbtrace_record *record)
{
	place->point = record->point;
	/* What is behind the NUL may differ. */
	strncpy(place->dev, record->dev, sizeof(place->dev));
}

static void count_changes(struct tally *tally, const struct journey *journey,
			  const struct verdict *verdict)
{
	struct tally_key key;
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++) {
		memset(&key, 0, sizeof(key));
		put_place(&key.from, &journey->hops[verdict->changes[i].after].record);
		put_place(&key.to, &journey->hops[verdict->changes[i].before].record);
		count(tally, TALLY_CHANGED, &key, journey->id);
	}
}

static void count_drop(struct tally *tally, const struct journey *journey)
{
	const struct journey_hop *hop;
	struct tally_key key;

	memset(&key, 0, sizeof(key));
	key.reason = -1;
	if (journey->end_hop != JOURNEY_NO_HOP) {
		hop = &journey->hops[journey->end_hop];
		put_place(&key.to, &hop->record);
		if (hop->record.flags & SKBTRACE_F_REASON)
			key.reason = hop->record.ret;
		if (hop->record.flags & SKBTRACE_F_CALLER)
			key.caller = hop->record.caller;
		if (hop->previous != JOURNEY_NO_HOP)
			put_place(&key.from, &journey->hops[hop->previous].record);
	}
	count(tally, TALLY_DROPPED, &key, journey->id);
}

/* Each number is written as N: "7 records were lost" and "9 records ..." are one cause. */
static void count_unverified(struct tally *tally, const struct journey *journey,
			     const struct verdict *verdict)
{
	const char *from = verdict->why;
	struct tally_key key;
	size_t n = 0;

	memset(&key, 0, sizeof(key));
	while (*from && n < sizeof(key.why) - 1) {
		if (isdigit((unsigned char)*from) && (from == verdict->why || from[-1] == ' ')) {
			key.why[n++] = 'N';
			from += strspn(from, "0123456789");
		} else {
			key.why[n++] = *from++;
		}
	}
	count(tally, TALLY_UNVERIFIED, &key, journey->id);
}

static void count_times(struct tally *tally, const struct journey *journey)
{
	struct tally_key key;
	struct tally_row *row;
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct journey_hop *hop = &journey->hops[i], *before;

		if (hop->previous == JOURNEY_NO_HOP ||
		    (hop->record.flags & (SKBTRACE_F_RET | SKBTRACE_F_HIDDEN)))
			continue;
		before = &journey->hops[hop->previous];
		if (hop->record.ts_ns < before->record.ts_ns)
			continue;
		memset(&key, 0, sizeof(key));
		put_place(&key.from, &before->record);
		put_place(&key.to, &hop->record);
		row = row_of(tally, TALLY_TIME, &key, journey->id);
		if (!row)
			continue;
		row->count++;
		histogram_add(row->time, hop->record.ts_ns - before->record.ts_ns);
	}
}

/* What the flow is, the first hop that has one tells.  Return: false if none has. */
static bool flow_of(const struct journey *journey, struct tally_key *key, uint32_t *bytes)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		if (!(record->flags & SKBTRACE_F_FLOW))
			continue;
		memset(key, 0, sizeof(*key));
		memcpy(key->flow.saddr, record->saddr, sizeof(key->flow.saddr));
		memcpy(key->flow.daddr, record->daddr, sizeof(key->flow.daddr));
		key->flow.protocol = record->protocol;
		key->flow.l4proto = record->l4proto;
		if (record->flags & SKBTRACE_F_PORTS) {
			key->flow.has_ports = true;
			key->flow.sport = record->sport;
			key->flow.dport = record->dport;
		}
		*bytes = record->payload_len;
		return true;
	}
	return false;
}

static void count_flow(struct tally *tally, const struct journey *journey,
		       const struct verdict *verdict, const struct tally_key *key, uint32_t bytes)
{
	struct tally_row *row = row_of(tally, TALLY_FLOW, key, journey->id);

	if (!row)
		return;
	row->count++;
	row->bytes += bytes;
	row->changed += verdict->payload == VERDICT_CHANGED;
	row->unverified += verdict->payload == VERDICT_UNVERIFIED;
	row->dropped += journey->end == JOURNEY_DROPPED;
	histogram_add(row->time, journey->last_ns - journey->first_ns);
}

/**
 * tally_journey() - count a journey that is complete
 * @tally: where
 * @journey: the journey
 * @verdict: what verdict_of() says of it
 */
void tally_journey(struct tally *tally, const struct journey *journey,
		   const struct verdict *verdict)
{
	struct tally_key key;
	uint32_t bytes = 0;
	bool has_flow = flow_of(journey, &key, &bytes);

	tally->journeys++;
	tally->verdicts[verdict->payload]++;
	tally->ends[journey->end]++;
	tally->bytes += bytes;
	if (verdict->payload == VERDICT_INTACT)
		tally->bytes_verified += bytes;
	histogram_add(&tally->time, journey->last_ns - journey->first_ns);
	if (has_flow && tally->tables[TALLY_FLOW])
		count_flow(tally, journey, verdict, &key, bytes);
	count_changes(tally, journey, verdict);
	if (journey->end == JOURNEY_DROPPED)
		count_drop(tally, journey);
	if (verdict->payload == VERDICT_UNVERIFIED)
		count_unverified(tally, journey, verdict);
	count_times(tally, journey);
}

static int compare_rows(const void *a, const void *b)
{
	const struct tally_row *x = *(const struct tally_row * const *)a;
	const struct tally_row *y = *(const struct tally_row * const *)b;

	/* Only times from hop to hop; a flow's row has a number of journeys, too. */
	if (x->key.to.point && x->time && x->time->sum_ns != y->time->sum_ns)
		return x->time->sum_ns < y->time->sum_ns ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/**
 * tally_rows() - the rows of a kind, the most frequent first; of TALLY_TIME, those that
 * took longest in all
 * @tally: the counts
 * @kind: the kind
 * @nr: set to how many there are
 *
 * Return: the rows, to be freed; or NULL if there are none, or no memory (@nr is not 0).
 */
const struct tally_row **tally_rows(const struct tally *tally, enum tally_kind kind,
				    unsigned int *nr)
{
	const struct tally_table *table = tally->tables[kind];
	const struct tally_row **rows;
	unsigned int i;

	*nr = table ? table->nr : 0;
	if (!*nr)
		return NULL;
	rows = malloc(*nr * sizeof(*rows));
	for (i = 0; rows && i < *nr; i++)
		rows[i] = &table->rows[i];
	if (rows)
		qsort(rows, *nr, sizeof(*rows), compare_rows);
	return rows;
}
