/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recorded trace, and what would have been recorded if at one hop a byte of the payload
 * had been changed: the digests of that hop, and of all behind it that have the byte.
 *
 *	changes_open(&trace, source);
 *	changes_try(&trace, journey, hop, &outcome);
 *
 * CRCs are linear: a byte changed in front of n others changes the CRC by that of the
 * difference and n zeroes.
 */
#ifndef SKBTRACE_SELFTESTS_CHANGES_H
#define SKBTRACE_SELFTESTS_CHANGES_H

#include <stdlib.h>
#include <string.h>

#include "journey/evidence.h"
#include "journey/journey.h"
#include "lib/crc32c.h"
#include "source/source.h"

#define CHANGES_BYTE	0x20

/* A hop of a journey: which record it is, which hop it came from, of how many parts. */
struct changes_hop {
	uint32_t record;
	uint32_t previous;
	uint32_t nr_parts;
};

struct changes_journey {
	struct changes_hop *hops;
	uint32_t nr;
	struct verdict verdict;
	uint64_t id;
};

struct changes {
	struct skbtrace_record *records;	/* by time; index is the number in here */
	size_t nr;
	struct journey_reasons reasons;
	struct changes_journey *journeys;	/* as recorded */
	size_t nr_journeys;
	struct changes_journey *found;		/* with the change */
	size_t nr_found;
};

enum changes_outcome {
	CHANGES_NONE,		/* there is nothing to change, or no knowing what becomes of it */
	CHANGES_RIGHT,		/* told at its two hops, once, and nowhere else */
	CHANGES_UNVERIFIED,	/* not told, but doubted */
	CHANGES_MISSED,
	CHANGES_ELSEWHERE,	/* told, but not there, or more than once */
	CHANGES_FALSE,		/* told of a packet that does not come here */
};

static void changes_keep(struct changes_journey **list, size_t *nr, const struct journey *journey)
{
	struct changes_journey *kept;
	uint32_t i;

	*list = realloc(*list, (*nr + 1) * sizeof(**list));
	if (!*list)
		abort();
	kept = &(*list)[(*nr)++];
	kept->nr = journey->nr_hops;
	kept->id = journey->id;
	kept->hops = malloc((kept->nr + 1) * sizeof(*kept->hops));
	if (!kept->hops)
		abort();
	for (i = 0; i < kept->nr; i++)
		kept->hops[i] = (struct changes_hop){
			journey->hops[i].record.index, journey->hops[i].previous,
			journey->hops[i].nr_parts
		};
	verdict_of(journey, 0, &kept->verdict);
}

static void changes_forget(struct changes_journey **list, size_t *nr)
{
	while (*nr)
		free((*list)[--*nr].hops);
	free(*list);
	*list = NULL;
}

static void changes_recorded(void *context, const struct journey *journey)
{
	struct changes *c = context;

	changes_keep(&c->journeys, &c->nr_journeys, journey);
}

static void changes_found(void *context, const struct journey *journey)
{
	struct changes *c = context;

	changes_keep(&c->found, &c->nr_found, journey);
}

static void changes_run(struct changes *c, journey_done done)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	struct journey_engine *engine = journey_engine_new(&config, &c->reasons, done, c);
	size_t i;

	if (!engine)
		abort();
	for (i = 0; i < c->nr; i++)
		if (journey_record(engine, &c->records[i]))
			abort();
	journey_flush(engine);
	journey_engine_free(engine);
}

/* As tools/run.c has it. */
static void changes_reasons(struct journey_reasons *reasons, struct names *names)
{
	*reasons = (struct journey_reasons){
		.unspecified = names_reason_number(names, "NOT_SPECIFIED"),
		.no_socket = names_reason_number(names, "NO_SOCKET"),
		.queue_purge = names_reason_number(names, "QUEUE_PURGE"),
		.socket_close = names_reason_number(names, "SOCKET_CLOSE"),
		.otherhost = names_reason_number(names, "OTHERHOST"),
	};
	reasons->consumed = reasons->unspecified == 2 ? 1 : -1;
}

/* Read all of it, and what becomes of it as it is. */
static int changes_open(struct changes *c, struct source *source)
{
	struct error error = { "" };
	struct names *names = names_new(source, &error);
	struct merge *merge = merge_new(source, &error);
	struct merge_item item;
	size_t room = 0;
	int ret = -1;

	memset(c, 0, sizeof(*c));
	if (!names || !merge)
		goto out;
	changes_reasons(&c->reasons, names);
	while ((ret = merge_next(merge, UINT64_MAX, &item, &error)) > 0) {
		if (!item.record || (item.record->flags & SKBTRACE_F_MESSAGE))
			continue;
		if (c->nr == room) {
			room = room ? 2 * room : 1024;
			c->records = realloc(c->records, room * sizeof(*c->records));
			if (!c->records)
				abort();
		}
		c->records[c->nr] = *item.record;
		c->records[c->nr].index = c->nr;
		c->nr++;
	}
	changes_run(c, changes_recorded);
out:
	if (merge)
		merge_free(merge);
	if (names)
		names_free(names);
	return ret;
}

static bool changes_looks(const struct point *point)
{
	return point->role == ROLE_PASS || point->role == ROLE_DELIVER ||
	       point->role == ROLE_TRANSPORT || point->role == ROLE_CLONED;
}

/* The same trace as it is with some points only, as the module has it: a number each. */
static __attribute__((unused)) void changes_open_some(struct changes *c, const struct changes *all,
						      uint32_t number)
{
	bool asked[SKBTRACE_POINT_ID_MAX + 1];
	uint32_t random = number, percent = 0;
	size_t i;

	for (i = 0; i <= SKBTRACE_POINT_ID_MAX; i++) {
		random = random * 1664525 + 1013904223;
		if (!i)
			percent = 10 + (random >> 8) % 80;
		asked[i] = (random >> 8) % 100 < percent;
	}
	memset(c, 0, sizeof(*c));
	c->reasons = all->reasons;
	c->records = malloc((all->nr + 1) * sizeof(*c->records));
	if (!c->records)
		abort();
	for (i = 0; i < all->nr; i++) {
		const struct skbtrace_record *record = &all->records[i];

		if (!asked[record->point] && changes_looks(point_of(record->point)))
			continue;
		c->records[c->nr] = *record;
		c->records[c->nr].index = c->nr;
		/* Births, copies and frees are recorded all the same. */
		if (!asked[record->point])
			c->records[c->nr].flags |= SKBTRACE_F_HIDDEN;
		c->nr++;
	}
	changes_run(c, changes_recorded);
}

/* Is a device one of those that dev= names, each of which has a number of its own? */
static bool changes_is_named(const struct skbtrace_record *record, uint32_t number)
{
	uint32_t hash = number * 2654435761u ^ record->netns;
	unsigned int i;

	for (i = 0; i < SKBTRACE_NAME_LEN && record->dev[i]; i++)
		hash = (hash ^ (uint8_t)record->dev[i]) * 16777619;
	return i && hash >> 16 & 1;
}

/*
 * The same trace as it is with dev=: what is sent or seen at one of some devices is
 * followed from there on, and what is made of it.
 */
static __attribute__((unused)) void changes_open_devices(struct changes *c,
							 const struct changes *all,
							 uint32_t number)
{
	uint64_t most = 0;
	bool *followed;
	size_t i;

	for (i = 0; i < all->nr; i++) {
		if (all->records[i].life > most)
			most = all->records[i].life;
		if (all->records[i].flags & SKBTRACE_F_CHILD && all->records[i].child > most)
			most = all->records[i].child;
	}
	memset(c, 0, sizeof(*c));
	c->reasons = all->reasons;
	c->records = malloc((all->nr + 1) * sizeof(*c->records));
	followed = calloc(most + 1, sizeof(*followed));
	if (!c->records || !followed)
		abort();
	for (i = 0; i < all->nr; i++) {
		const struct skbtrace_record *record = &all->records[i];
		enum point_role role = point_of(record->point)->role;

		if (role == ROLE_BIRTH)
			followed[record->life] = changes_is_named(record, number);
		else if (changes_looks(point_of(record->point)))
			followed[record->life] |= changes_is_named(record, number);
		if (!followed[record->life])
			continue;
		if ((role == ROLE_CLONE || role == ROLE_SEGMENTS) &&
		    record->flags & SKBTRACE_F_CHILD)
			followed[record->child] = true;
		if (role == ROLE_FREE && record->users <= 1)
			followed[record->life] = false;
		c->records[c->nr] = *record;
		c->records[c->nr].index = c->nr;
		c->nr++;
	}
	free(followed);
	changes_run(c, changes_recorded);
}

static void changes_close(struct changes *c)
{
	changes_forget(&c->journeys, &c->nr_journeys);
	free(c->records);
}

/* What CHANGES_BYTE and @zeroes bytes of zero change a CRC by. */
static uint32_t changes_crc(uint32_t zeroes)
{
	uint32_t crc = CHANGES_BYTE;
	int bit;

	for (bit = 0; bit < 8; bit++)
		crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	return crc32c_combine(crc, 0, zeroes);
}

static uint32_t changes_before(const struct changes *c, const struct changes_journey *journey,
			       uint32_t hop)
{
	do {
		hop = journey->hops[hop].previous;
	} while (hop != JOURNEY_NO_HOP &&
		 evidence_of(&c->records[journey->hops[hop].record]) != EVIDENCE_DIGEST);
	return hop;
}

/* Is it known which bytes of the packet a record is of?  Not of segments without numbers. */
static bool changes_is_plain(const struct skbtrace_record *record)
{
	return compare_has_digest(record) && span_of(record).len &&
	       (packet_is_tcp(record) || !record->gso_size);
}

static bool changes_has(const struct skbtrace_record *record, uint32_t at)
{
	struct span span = span_of(record);

	return at - span.start < span.len;
}

/*
 * Of what was put together: was the byte changed in the part that brought it?  Which part
 * that was is not known where the packet was doubled and one of the two was changed.
 */
static bool changes_came(const struct changes *c, const struct changes_journey *journey,
			 uint32_t hop, uint32_t at, const bool *behind, bool *known)
{
	const struct skbtrace_record *whole = &c->records[journey->hops[hop].record];
	const struct skbtrace_record *part = NULL;
	bool came = false;
	uint32_t i;

	for (i = hop; i--;) {
		const struct skbtrace_record *record = &c->records[journey->hops[i].record];

		if (evidence_of(record) != EVIDENCE_DIGEST || !changes_has(record, at) ||
		    (record->flags & whole->flags & SKBTRACE_F_NETNS &&
		     record->netns != whole->netns))
			continue;
		if (!part) {
			part = record;
			came = behind[i];
		} else if (record->life != part->life &&
			   span_of(part).len == span_of(record).len) {
			*known &= came == behind[i];
		}
	}
	return came;
}

/*
 * Change the byte @at in all records from @hop on.
 *
 * Return: false if it is not known of all of them whether they have it.
 */
static bool changes_apply(struct changes *c, const struct changes_journey *journey, uint32_t hop,
			  uint32_t at)
{
	bool *behind = calloc(journey->nr, sizeof(*behind)), known = true;
	uint8_t l4proto = c->records[journey->hops[hop].record].l4proto;
	uint32_t i;

	if (!behind)
		abort();
	for (i = hop; i < journey->nr; i++) {
		const struct changes_hop *h = &journey->hops[i];
		struct skbtrace_record *record = &c->records[h->record];
		struct span span = span_of(record);

		behind[i] = i == hop ||
			    (h->nr_parts > 1 ? changes_came(c, journey, i, at, behind, &known) :
			     h->previous != JOURNEY_NO_HOP && h->previous >= hop &&
			     behind[h->previous]);
		if (!behind[i] || evidence_of(record) != EVIDENCE_DIGEST || !record->payload_len)
			continue;
		if (!changes_is_plain(record) || record->l4proto != l4proto) {
			known = false;
			break;
		}
		if (changes_has(record, at))
			record->crc32c ^= changes_crc(span.len - (at - span.start) - 1);
	}
	free(behind);
	return known;
}

/* Of a packet that was put together of several each has the hop. */
static bool changes_comes_here(const struct changes_journey *journey, uint32_t record)
{
	uint32_t i;

	for (i = 0; i < journey->nr; i++)
		if (journey->hops[i].record == record)
			return true;
	return false;
}

static bool changes_was_changed(const struct changes *c, uint64_t id)
{
	size_t i;

	for (i = 0; i < c->nr_journeys; i++)
		if (c->journeys[i].id == id)
			return c->journeys[i].verdict.payload == VERDICT_CHANGED;
	return false;
}

static enum changes_outcome changes_judge(const struct changes *c,
					  const struct changes_journey *original, uint32_t before,
					  uint32_t hop)
{
	enum changes_outcome outcome = CHANGES_MISSED;
	size_t i;

	for (i = 0; i < c->nr_found; i++) {
		const struct changes_journey *journey = &c->found[i];
		const struct verdict *verdict = &journey->verdict;

		if (journey->id == original->id && verdict->payload == VERDICT_UNVERIFIED)
			outcome = CHANGES_UNVERIFIED;
		if (verdict->payload != VERDICT_CHANGED || changes_was_changed(c, journey->id))
			continue;
		if (!changes_comes_here(journey, original->hops[hop].record))
			return CHANGES_FALSE;
		if (verdict->nr_changes > 1)
			return CHANGES_ELSEWHERE;
		if (journey->id != original->id)
			continue;
		/* Of parts the first is named. */
		if (journey->hops[verdict->changes[0].after].record !=
		    original->hops[before].record)
			return CHANGES_ELSEWHERE;
		outcome = CHANGES_RIGHT;
	}
	return outcome;
}

/* Had the packet the byte from the beginning, or only what it was merged into? */
static bool changes_is_own(const struct changes *c, const struct changes_journey *journey,
			   uint32_t at)
{
	uint32_t hop;

	for (hop = 0; hop < journey->nr; hop++) {
		const struct skbtrace_record *record = &c->records[journey->hops[hop].record];

		if (evidence_of(record) == EVIDENCE_DIGEST && record->payload_len)
			return changes_has(record, at);
	}
	return false;
}

/* Change a byte of a journey, as recorded, at a hop. */
static enum changes_outcome changes_try(struct changes *c, size_t number, uint32_t hop,
					uint32_t random)
{
	const struct changes_journey *journey = &c->journeys[number];
	uint32_t before = changes_before(c, journey, hop), at;
	const struct skbtrace_record *record = &c->records[journey->hops[hop].record];
	enum changes_outcome outcome = CHANGES_NONE;
	struct skbtrace_record *saved;
	struct span span = span_of(record);

	if (journey->verdict.payload != VERDICT_INTACT || before == JOURNEY_NO_HOP ||
	    evidence_of(record) != EVIDENCE_DIGEST || !changes_is_plain(record) ||
	    !changes_is_plain(&c->records[journey->hops[before].record]))
		return CHANGES_NONE;
	at = span.start + random % span.len;
	if (!changes_has(&c->records[journey->hops[before].record], at) ||
	    !changes_is_own(c, journey, at))
		return CHANGES_NONE;
	saved = malloc(c->nr * sizeof(*saved));
	if (!saved)
		abort();
	memcpy(saved, c->records, c->nr * sizeof(*saved));
	if (changes_apply(c, journey, hop, at)) {
		changes_run(c, changes_found);
		outcome = changes_judge(c, journey, before, hop);
		changes_forget(&c->found, &c->nr_found);
	}
	memcpy(c->records, saved, c->nr * sizeof(*saved));
	free(saved);
	return outcome;
}

#endif /* SKBTRACE_SELFTESTS_CHANGES_H */
