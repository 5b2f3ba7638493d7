// SPDX-License-Identifier: GPL-2.0
/* Was the payload of a packet the same all the way, and if not, where not? */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "evidence.h"
#include "packet.h"
#include "parts.h"
#include "point.h"
#include "verdict.h"

/* The first reason given is the one that is told. */
static void __attribute__((format(printf, 2, 3)))
unverified(struct verdict *verdict, const char *format, ...)
{
	va_list args;

	if (verdict->payload != VERDICT_INTACT)
		return;
	verdict->payload = VERDICT_UNVERIFIED;
	va_start(args, format);
	vsnprintf(verdict->why, sizeof(verdict->why), format, args);
	va_end(args);
}

static const char *symbol(const struct journey *journey, uint32_t hop)
{
	return point_of(journey->hops[hop].record.point)->symbol;
}

static void broken(struct verdict *verdict, const struct journey *journey, uint32_t hop)
{
	uint32_t flags = journey->hops[hop].record.flags;
	const char *what = "its payload lies where it could not be read";

	if (flags & SKBTRACE_F_MALFORMED)
		what = "the skb's lengths do not add up";
	else if (flags & SKBTRACE_F_TRUNCATED)
		what = "its headers promise more than the skb holds";
	unverified(verdict, "at %s %s", symbol(journey, hop), what);
}

static void changed(struct verdict *verdict, uint32_t after, uint32_t before,
		    enum verdict_how how, uint32_t bytes)
{
	if (verdict->nr_changes < VERDICT_CHANGES)
		verdict->changes[verdict->nr_changes] = (struct verdict_change){
			.after = after, .before = before, .how = how, .bytes = bytes
		};
	verdict->nr_changes++;
	verdict->payload = VERDICT_CHANGED;
}

/*
 * Bytes differ: they were changed, if it is certain that they are one packet's.  It is
 * not if it was guessed which packet an skb carries that was made unseen; but TCP's
 * sequence numbers say whose bytes are whose, if one was there before the other.
 */
static void differs(struct verdict *verdict, const struct journey *journey, uint32_t after,
		    uint32_t before, enum verdict_how how, uint32_t bytes)
{
	const struct journey_hop *a = &journey->hops[after], *b = &journey->hops[before];
	bool proven = how == VERDICT_OTHER && packet_is_tcp(&a->record) && !b->life->beside &&
		      packet_same_flow(&a->record, &b->record) &&
		      a->record.tcp_seq == b->record.tcp_seq;

	if (b->doubts > a->doubts || (b->record.flags & SKBTRACE_F_DOUBTFUL))
		unverified(verdict, "at %s it may be another packet in an skb of the same "
			   "address: the kernel skipped probes where skbs are freed",
			   symbol(journey, before));
	else if (b->guesses != a->guesses && !proven)
		unverified(verdict, "at %s the bytes are others than at %s, in an skb whose making "
			   "was not seen: it may be another packet", symbol(journey, before),
			   symbol(journey, after));
	else
		changed(verdict, after, before, how, bytes);
}

static void span_differs(struct verdict *verdict, const struct journey *journey,
			 const struct skbtrace_record *a, uint32_t hop, const char *why)
{
	const struct skbtrace_record *b = &journey->hops[hop].record;
	char from[24] = "", to[24] = "";

	if (packet_is_tcp(a) && packet_is_tcp(b)) {
		snprintf(from, sizeof(from), " at seq %" PRIu32, a->tcp_seq);
		snprintf(to, sizeof(to), " at seq %" PRIu32, b->tcp_seq);
	} else if (a->frag_off || b->frag_off) {
		snprintf(from, sizeof(from), " at offset %u", a->frag_off);
		snprintf(to, sizeof(to), " at offset %u", b->frag_off);
	}
	unverified(verdict, "payload went from %" PRIu32 " bytes%s to %" PRIu32
		   " bytes%s at %s: %s", a->payload_len, from, b->payload_len, to,
		   symbol(journey, hop), why);
}

/* A change that was found since a hop explains why the bytes are others. */
static bool has_changed_since(const struct verdict *verdict, uint32_t hop)
{
	return verdict->nr_changes &&
	       (verdict->nr_changes > VERDICT_CHANGES ||
		verdict->changes[verdict->nr_changes - 1].before > hop);
}

/* Is it certain what packet a hop is of, all the way? */
static bool is_certain(const struct journey *journey, uint32_t hop)
{
	return !journey->hops[hop].guesses && !journey->hops[hop].doubts;
}

/* Compare where the packet was cut up or put together. */
static void compare_regrouped(struct verdict *verdict, const struct journey *journey,
			      uint32_t before, uint32_t hop)
{
	const struct skbtrace_record *a = &journey->hops[before].record;
	const struct skbtrace_record *b = &journey->hops[hop].record;
	enum journey_joint joint = journey->hops[hop].joint;
	uint32_t first = hop, earlier;
	struct span span;

	if (joint == JOURNEY_NO_JOINT &&
	    span_of_segment(a, b, parts_number(journey, before, hop), &span)) {
		if (verdict->cut_at != before) {
			verdict->cut_at = before;
			verdict->cut = parts_compare(journey, before, &verdict->cut_first);
		}
		joint = verdict->cut;
		first = verdict->cut_first;
	}
	if (joint == JOURNEY_JOINT_SAME)
		return;
	if (joint == JOURNEY_JOINT_CHANGED) {
		if (hop == first && journey->hops[hop].doubts == journey->hops[before].doubts)
			changed(verdict, before, hop, VERDICT_OTHER, 0);
		return;
	}
	earlier = parts_seen_before(journey, hop);
	if (earlier == JOURNEY_NO_HOP && parts_fragment_was_seen(journey, hop))
		return;
	if (earlier == JOURNEY_NO_HOP) {
		span_differs(verdict, journey, a, hop, joint == JOURNEY_NO_JOINT ?
			     "not known whose bytes these are" :
			     "not all of its parts were seen");
		return;
	}
	if (journey->hops[earlier].record.crc32c == b->crc32c || has_changed_since(verdict, earlier))
		return;
	if (packet_is_tcp(b) || (is_certain(journey, earlier) && is_certain(journey, hop)))
		/* Where no bytes were seen none were right. */
		changed(verdict, a->payload_len ? before : earlier, hop, VERDICT_OTHER, 0);
	else
		span_differs(verdict, journey, a, hop, "not known whose bytes these are");
}

static void only_partly(struct verdict *verdict, const struct skbtrace_record *record)
{
	unverified(verdict, "digest_max: only the first %" PRIu32 " of %" PRIu32
		   " bytes were compared", record->digest_len, record->payload_len);
}

/*
 * Has a hop between two, one without a digest, seen the packet out of its tunnel?  Then
 * it may be in another one now, and as long by chance.
 */
static bool was_in_another(const struct journey *journey, uint32_t before, uint32_t hop)
{
	uint32_t l4proto = journey->hops[hop].record.l4proto;

	while ((hop = journey->hops[hop].previous) != before)
		if ((journey->hops[hop].record.flags & SKBTRACE_F_FLOW) &&
		    journey->hops[hop].record.l4proto != l4proto)
			return true;
	return false;
}

/* Has the journey, on the way to a hop, seen nothing but what is encrypted? */
static bool began_encrypted(const struct journey *journey, uint32_t hop)
{
	for (; hop != JOURNEY_NO_HOP; hop = evidence_before(journey, hop))
		if (journey->hops[hop].record.payload != SKBTRACE_PAYLOAD_OPAQUE)
			return false;
	return true;
}

/*
 * A hop sees the outside of something, or its inside again: it is compared with the
 * last that has seen the same side.
 */
static void compare_beyond(struct verdict *verdict, const struct journey *journey,
			   uint32_t before, uint32_t hop, const char *why)
{
	const struct skbtrace_record *b = &journey->hops[hop].record;
	struct comparison comparison;
	uint32_t beyond = before;

	while ((beyond = evidence_before(journey, beyond)) != JOURNEY_NO_HOP)
		if (compare_across(&journey->hops[beyond].record, b))
			break;
	if (beyond == JOURNEY_NO_HOP) {
		if (verdict->crossed_at == JOURNEY_NO_HOP) {
			verdict->crossed_at = hop;
			verdict->crossed_why = why;
			verdict->began_within = b->payload != SKBTRACE_PAYLOAD_OPAQUE &&
						began_encrypted(journey, before);
		}
		return;
	}
	/* Back where it was before: there is nothing that was not compared. */
	if (verdict->crossed_at != JOURNEY_NO_HOP && beyond < verdict->crossed_at)
		verdict->crossed_at = JOURNEY_NO_HOP;
	if (journey->hops[hop].joint == JOURNEY_JOINT_SAME)
		return;
	comparison = compare_hops(&journey->hops[beyond].record, b);
	if (comparison.result == COMPARE_CHANGED && !has_changed_since(verdict, beyond))
		differs(verdict, journey, beyond, hop, comparison.how, comparison.bytes);
	else if (comparison.result == COMPARE_REGROUPED)
		compare_regrouped(verdict, journey, beyond, hop);
	else if (comparison.result == COMPARE_UNKNOWN)
		unverified(verdict, "%s, at %s", comparison.why, symbol(journey, hop));
}

/*
 * A segment is shorter than what it was made of, and what was merged is longer. Neither
 * is it known that all of a packet's bytes are in an skb that was made unseen, if the
 * numbers are TCP's.
 */
static bool is_other_part(const struct journey *journey, uint32_t before, uint32_t hop)
{
	const struct journey_hop *a = &journey->hops[before], *b = &journey->hops[hop];
	uint32_t between;

	/* A hop without a digest may have seen it whole. */
	for (between = b->previous; between != before; between = journey->hops[between].previous)
		if (journey->hops[between].record.gso_size)
			return true;
	if (b->joint != JOURNEY_NO_JOINT || (b->life != a->life && b->life->is_segment))
		return true;
	return b->guesses != a->guesses && packet_is_tcp(&b->record);
}

/*
 * What came out of something has been seen twice, and is the same.  If there is nothing
 * in front of that to compare with, it is as with any journey that begins on its way.
 */
static void came_out(struct verdict *verdict, uint32_t hop)
{
	if (verdict->crossed_at == hop && verdict->began_within)
		verdict->crossed_at = JOURNEY_NO_HOP;
}

/* Compare a hop with the one that the packet came from. */
static void compare(struct verdict *verdict, const struct journey *journey,
		    uint32_t before, uint32_t hop)
{
	const struct skbtrace_record *a = &journey->hops[before].record;
	const struct skbtrace_record *b = &journey->hops[hop].record;
	struct comparison comparison = compare_hops(a, b);

	switch (comparison.result) {
	case COMPARE_SAME:
		if (a->digest_len < a->payload_len)
			only_partly(verdict, a);
		came_out(verdict, before);
		break;
	case COMPARE_CHANGED:
		if ((comparison.how != VERDICT_OTHER || a->tcp_seq != b->tcp_seq) &&
		    is_other_part(journey, before, hop))
			compare_regrouped(verdict, journey, before, hop);
		else if (was_in_another(journey, before, hop))
			span_differs(verdict, journey, a, hop, "not known whose bytes these are");
		else if (comparison.how == VERDICT_EXTENDED && (a->flags & SKBTRACE_F_TRUNCATED))
			broken(verdict, journey, before);
		else
			differs(verdict, journey, before, hop, comparison.how, comparison.bytes);
		break;
	case COMPARE_REGROUPED:
		if ((a->flags | b->flags) & SKBTRACE_F_DIGEST_MAX)
			only_partly(verdict, a->flags & SKBTRACE_F_DIGEST_MAX ? a : b);
		else
			compare_regrouped(verdict, journey, before, hop);
		if (journey->hops[hop].joint == JOURNEY_JOINT_SAME)
			came_out(verdict, before);
		break;
	case COMPARE_ELSEWHERE:
		compare_beyond(verdict, journey, before, hop, comparison.why);
		break;
	case COMPARE_UNKNOWN:
		unverified(verdict, "%s, at %s", comparison.why, symbol(journey, hop));
		break;
	}
}

/* Did it go into a tunnel, which is longer, encrypted, or cut into fragments? */
static bool went_in(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return b->payload == SKBTRACE_PAYLOAD_OPAQUE || b->payload_len > a->payload_len ||
	       (b->flags & ~a->flags & SKBTRACE_F_FRAGMENT);
}

/* Where what it went into, or came out of, could not be compared. */
static void crossed(struct verdict *verdict, const struct journey *journey)
{
	uint32_t hop = verdict->crossed_at;
	const struct skbtrace_record *a = &journey->hops[evidence_before(journey, hop)].record;

	/* It came to nothing in there. */
	if (journey->end == JOURNEY_DROPPED && went_in(a, &journey->hops[hop].record))
		return;
	span_differs(verdict, journey, a, hop, verdict->crossed_why);
}

/* Its headers promise more than there is; if it was cut there, that is told already. */
static bool is_newly_truncated(const struct journey *journey, uint32_t before, uint32_t hop)
{
	return (journey->hops[hop].record.flags & SKBTRACE_F_TRUNCATED) &&
	       (before == JOURNEY_NO_HOP ||
		!(journey->hops[before].record.flags & SKBTRACE_F_TRUNCATED));
}

/* What else keeps us from saying that all is well. */
static void find_doubts(struct verdict *verdict, const struct journey *journey, uint64_t missed)
{
	const struct source_loss *loss = &journey->loss;

	if (journey->nr_losses && loss->cpu < 0)
		unverified(verdict, "%" PRIu64 " records of several CPUs were lost while it was "
			   "under way", loss->count);
	else if (journey->nr_losses && !loss->count)
		unverified(verdict, "older records of cpu%d, perhaps of its beginning, "
			   "are overwritten", loss->cpu);
	else if (journey->nr_losses)
		unverified(verdict, "%" PRIu64 " record%s lost on cpu%d while it was under way",
			   loss->count, loss->count == 1 ? "" : "s", loss->cpu);
	if (journey->closed_early)
		unverified(verdict, "closed early: %s", journey->closed_early);
	if ((journey->end == JOURNEY_OPEN || journey->end == JOURNEY_FREED) && missed)
		unverified(verdict, "its end was not seen, and the kernel skipped %" PRIu64
			   " probe%s (see skbtrace points)", missed, missed == 1 ? "" : "s");
}

/**
 * verdict_how_name() - the word for what became of a payload
 * @how: what
 */
const char *verdict_how_name(enum verdict_how how)
{
	static const char * const names[] = {
		[VERDICT_OTHER] = "changed",
		[VERDICT_TRUNCATED] = "truncated",
		[VERDICT_EXTENDED] = "extended",
		[VERDICT_EMPTIED] = "emptied",
	};

	return names[how];
}

static void explain_changes(struct verdict *verdict, const struct journey *journey)
{
	const struct verdict_change *first = &verdict->changes[0];
	char by[32] = "";
	int len;

	if (first->how == VERDICT_TRUNCATED || first->how == VERDICT_EXTENDED)
		snprintf(by, sizeof(by), " by %" PRIu32 " byte%s", first->bytes,
			 first->bytes == 1 ? "" : "s");
	len = snprintf(verdict->why, sizeof(verdict->why), "payload %s%s between %s and %s",
		       verdict_how_name(first->how), by, symbol(journey, first->after),
		       symbol(journey, first->before));
	if (verdict->nr_changes > 1 && len > 0 && (size_t)len < sizeof(verdict->why))
		snprintf(verdict->why + len, sizeof(verdict->why) - len,
			 ", and %" PRIu32 " time%s more", verdict->nr_changes - 1,
			 verdict->nr_changes > 2 ? "s" : "");
}

/**
 * verdict_of() - judge a journey
 * @journey: the journey, complete
 * @missed: how many times the kernel skipped a probe while it was traced
 * @verdict: set to the verdict
 *
 * Each hop is compared with the one that the packet came from, back over
 * clones to their origin.  A difference is a change, whatever else is wrong;
 * without one any doubt makes the journey unverified.
 */
void verdict_of(const struct journey *journey, uint64_t missed, struct verdict *verdict)
{
	uint32_t hop, before, nr_digests = 0, nr_undigested = 0;
	bool has_payload = false;

	verdict->payload = VERDICT_INTACT;
	verdict->why[0] = '\0';
	verdict->nr_changes = 0;
	verdict->bad_csum = JOURNEY_NO_HOP;
	verdict->cut_at = JOURNEY_NO_HOP;
	verdict->crossed_at = JOURNEY_NO_HOP;

	for (hop = 0; hop < journey->nr_hops; hop++) {
		const struct skbtrace_record *record = &journey->hops[hop].record;

		has_payload |= record->payload != SKBTRACE_PAYLOAD_NONE && record->payload_len;
		if (record->csum == SKBTRACE_CSUM_BAD && verdict->bad_csum == JOURNEY_NO_HOP)
			verdict->bad_csum = hop;
		switch (evidence_of(record)) {
		case EVIDENCE_NONE:
			nr_undigested += record->payload != SKBTRACE_PAYLOAD_NONE;
			break;
		case EVIDENCE_BROKEN:
			broken(verdict, journey, hop);
			break;
		case EVIDENCE_DIGEST:
			nr_digests++;
			before = evidence_before(journey, hop);
			if (before != JOURNEY_NO_HOP)
				compare(verdict, journey, before, hop);
			if (is_newly_truncated(journey, before, hop))
				broken(verdict, journey, hop);
			break;
		}
	}
	if (verdict->payload == VERDICT_CHANGED) {
		explain_changes(verdict, journey);
		return;
	}
	if (verdict->crossed_at != JOURNEY_NO_HOP)
		crossed(verdict, journey);
	if (has_payload && nr_digests < 2)
		unverified(verdict, nr_undigested ? "its payload was not digested (digest=0?)" :
						    "seen at one point only");
	else if (!nr_digests && !has_payload)
		unverified(verdict, "its payload was seen nowhere");
	find_doubts(verdict, journey, missed);
}

/**
 * verdict_name() - the word for a verdict
 * @payload: the verdict
 */
const char *verdict_name(enum verdict_payload payload)
{
	static const char * const names[] = {
		[VERDICT_INTACT] = "intact",
		[VERDICT_CHANGED] = "changed",
		[VERDICT_UNVERIFIED] = "unverified",
	};

	return names[payload];
}
