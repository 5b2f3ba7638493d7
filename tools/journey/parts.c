// SPDX-License-Identifier: GPL-2.0
/* The parts of a packet that was cut up, where a journey has seen them. */
#include <stdlib.h>

#include "compare.h"
#include "evidence.h"
#include "lib/crc32c.h"
#include "packet.h"
#include "parts.h"

/* A part of a packet that was cut up: the first hop that has seen it. */
struct segment {
	struct span span;
	uint32_t hop;
};

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	int32_t distance = (int32_t)(x->span.start - y->span.start);

	return distance ? (distance < 0 ? -1 : 1) : (x->hop < y->hop ? -1 : x->hop > y->hop);
}

/**
 * parts_number() - which of the segments of a packet a hop is of
 * @journey: the journey
 * @before: the hop that has seen it whole
 * @hop: the hop
 *
 * A packet that is cut in place goes on as the first.
 */
uint32_t parts_number(const struct journey *journey, uint32_t before, uint32_t hop)
{
	const struct journey_life *life = journey->hops[hop].life;

	return life == journey->hops[before].life ? 0 : life->segment;
}

/**
 * parts_compare() - have the parts that a packet was cut into, put together, the bytes
 *	it had
 * @journey: the journey
 * @before: the hop that has seen it last as a whole
 * @first: set to the first hop that has seen one of them
 */
enum journey_joint parts_compare(const struct journey *journey, uint32_t before, uint32_t *first)
{
	const struct skbtrace_record *whole = &journey->hops[before].record;
	enum journey_joint result = JOURNEY_JOINT_UNKNOWN;
	struct segment *segments = NULL;
	uint32_t hop, nr = 0, room = 0, crc = 0, i;
	struct span all = span_of(whole);
	uint32_t next = all.start;
	bool by_number = span_is_by_number(whole);
	bool certain = true;

	*first = JOURNEY_NO_HOP;
	for (hop = before + 1; hop < journey->nr_hops; hop++) {
		const struct skbtrace_record *record = &journey->hops[hop].record;
		struct segment segment = { .hop = hop };

		if (evidence_of(record) != EVIDENCE_DIGEST || !compare_has_digest(record) ||
		    evidence_before(journey, hop) != before ||
		    !span_of_segment(whole, record, parts_number(journey, before, hop),
				     &segment.span))
			continue;
		certain &= journey->hops[hop].guesses == journey->hops[before].guesses &&
			   journey->hops[hop].doubts == journey->hops[before].doubts;
		if (nr == room) {
			void *more = realloc(segments, (room + 64) * sizeof(*segments));

			if (!more)
				goto out;
			segments = more;
			room += 64;
		}
		segments[nr++] = segment;
	}
	if (!nr)
		goto out;
	*first = segments[0].hop;
	qsort(segments, nr, sizeof(*segments), compare_segments);
	for (i = 0; i < nr; i++) {
		const struct skbtrace_record *record = &journey->hops[segments[i].hop].record;

		/* It was doubled before it was cut (netem), and both have the same. */
		if (i && !by_number && span_is_same(&segments[i].span, &segments[i - 1].span) &&
		    record->crc32c == journey->hops[segments[i - 1].hop].record.crc32c)
			continue;
		if (segments[i].span.start != (by_number ? all.start + i : next))
			goto out;
		crc = crc32c_combine(crc, record->crc32c, record->payload_len);
		next += record->payload_len;
	}
	if (next != all.start + all.len || !compare_has_digest(whole))
		goto out;
	result = crc == whole->crc32c ? JOURNEY_JOINT_SAME : JOURNEY_JOINT_CHANGED;
	/* Whose they are, or in which order they stand, is a guess: see verdict.c. */
	if (result == JOURNEY_JOINT_CHANGED && !certain)
		result = JOURNEY_JOINT_UNKNOWN;
out:
	free(segments);
	return result;
}

/**
 * parts_seen_before() - the latest hop that has seen the same bytes and no others
 * @journey: the journey
 * @hop: the hop before which it is to be
 *
 * Without a number in their headers, datagrams that are alike are not the same.
 *
 * Return: the hop, or JOURNEY_NO_HOP.
 */
uint32_t parts_seen_before(const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;
	struct span span = span_of(record);

	if (!span.len || !compare_has_digest(record) || (!packet_is_tcp(record) && !record->ip_id))
		return JOURNEY_NO_HOP;
	while (hop--) {
		const struct skbtrace_record *earlier = &journey->hops[hop].record;
		struct span other = span_of(earlier);

		/* Addresses may be translated; it is one journey. */
		if (evidence_of(earlier) == EVIDENCE_DIGEST && compare_has_digest(earlier) &&
		    earlier->l4proto == record->l4proto && other.start == span.start &&
		    other.len == span.len &&
		    (packet_is_tcp(record) || earlier->ip_id == record->ip_id))
			return hop;
	}
	return JOURNEY_NO_HOP;
}

/**
 * parts_fragment_was_seen() - was there a fragment with the same bytes in the same place
 * @journey: the journey
 * @hop: the hop before which it is to be
 *
 * A bridge that tracks connections reassembles IPv6 datagrams and gives their fragments
 * another number.
 */
bool parts_fragment_was_seen(const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;

	if (!(record->flags & SKBTRACE_F_FRAGMENT) || !compare_has_digest(record))
		return false;
	while (hop--) {
		const struct skbtrace_record *earlier = &journey->hops[hop].record;

		if ((earlier->flags & SKBTRACE_F_FRAGMENT) && compare_has_digest(earlier) &&
		    earlier->frag_off == record->frag_off && packet_same_bytes(earlier, record))
			return true;
	}
	return false;
}
