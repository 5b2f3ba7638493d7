// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that are cut into several, and several that are put together: whose
 * bytes a new skb has, and whether what was put together has those of its parts.
 */
#include "lib/crc32c.h"
#include "packet.h"
#include "regroup.h"

/* How many lives of one key are looked at, at the most: cost is to be bounded. */
#define WHOLES_MAX	256
#define PARTS_AT_MAX	16

/* 512 KiB (BIG TCP) in segments of 1400 bytes, and some. */
#define PARTS_MAX	512

static const struct skbtrace_record *record_at(const struct journey_life *life, uint32_t hop)
{
	return &life->journey->hops[hop].record;
}

/* The skb of a packet that is cut goes on as the first part, and may end before the next. */
static bool was_cut(const struct journey_life *life)
{
	return life_is_known(life) && life->whole.len && !span_is_same(&life->span, &life->whole);
}

/* Of two that it may be: whose fragments are made on this CPU, then whose last. */
static bool is_likelier(const struct journey_life *life, const struct journey_life *other,
			const struct skbtrace_record *record)
{
	const struct skbtrace_record *a = record_at(life, life->last_hop);
	const struct skbtrace_record *b = record_at(other, other->last_hop);

	if (a->cpu != b->cpu && (a->cpu == record->cpu || b->cpu == record->cpu))
		return a->cpu == record->cpu;
	return a->ts_ns > b->ts_ns;
}

/**
 * regroup_origin() - the packet that a new skb is a part of
 * @engine: the engine
 * @record: the first that is seen of the skb
 *
 * Return: its life, or NULL if there is none.
 */
struct journey_life *regroup_origin(const struct journey_engine *engine,
				    const struct skbtrace_record *record)
{
	struct journey_life *life, *likeliest = NULL;
	struct span span;
	int nr = 0;

	if (!span_of(record).len)
		return NULL;
	for (life = life_find(&engine->lives, LIFE_SPLIT, span_part_hash(record));
	     life && nr < WHOLES_MAX; life = life_older(life, LIFE_SPLIT), nr++) {
		const struct skbtrace_record *whole;

		if ((!life_is_under_way(life) && !was_cut(life)) || life->carrier ||
		    life_began_at(life, record) ||
		    engine_journey_is_full(engine, life->journey))
			continue;
		whole = record_at(life, life->whole_hop);
		if (span_is_by_number(whole) ||
		    !span_of_segment(whole, record, life->nr_segments, &span))
			continue;
		if (packet_is_tcp(record) || whole->ip_id ||
		    (life->fragment_id && life->fragment_id == record->ip_id))
			return life;
		/* No number tells, as long as it has none of its fragments'. */
		if (life->fragment_id)
			continue;
		if (likeliest && likeliest->journey != life->journey &&
		    record_at(likeliest, likeliest->last_hop)->cpu ==
		    record_at(life, life->last_hop)->cpu) {
			likeliest->in_doubt = true;
			life->in_doubt = true;
		}
		if (!likeliest || is_likelier(life, likeliest, record))
			likeliest = life;
	}
	if (likeliest)
		likeliest->fragment_id = record->ip_id;
	return likeliest;
}

/* What was merged into a packet goes on with the life that has its bytes now. */
static void hand_on(struct journey_engine *engine, struct journey_life *part,
		    struct journey_life *life)
{
	life_put_down(part);
	life_carry(life, part);
	part->end = JOURNEY_OPEN;
	part->end_hop = JOURNEY_NO_HOP;
	engine_life_changed(engine, part);
}

/* A life has a part of a packet: what had been merged into that goes on with the part. */
static void take_part(struct journey_engine *engine, struct journey_life *whole,
		      struct journey_life *life, const struct span *span)
{
	struct journey_life *part, *next;

	if (life_is_over(whole)) {
		whole->phase = LIFE_PASSED_ON;
		engine_life_changed(engine, whole);
	}
	for (part = whole->merged; part; part = next) {
		next = part->next_merged;
		/* Addresses may be translated since; the bytes are counted alike. */
		part->span.space = span->space;
		if (span_contains(span, &part->span))
			hand_on(engine, part, life);
	}
}

/**
 * regroup_segment() - a life begins with a part of a packet, as it seems
 * @engine: the engine
 * @whole: the life of the packet
 * @record: the first that is seen of the part
 *
 * Return: the life, or NULL if there is no memory.
 */
struct journey_life *regroup_segment(struct journey_engine *engine, struct journey_life *whole,
				     const struct skbtrace_record *record)
{
	struct journey_life *life;
	struct span span;

	life = engine_begin_life(engine, whole->journey, whole, record->life, record->ts_ns);
	if (!life)
		return NULL;
	life->segment = whole->nr_segments++;
	span_of_segment(record_at(whole, whole->whole_hop), record, life->segment, &span);
	life->last_hop = whole->whole_hop;
	/* TCP's sequence numbers say whose bytes they are. */
	life->guessed = !packet_is_tcp(record);
	take_part(engine, whole, life, &span);
	return life;
}

/**
 * regroup_tied() - a life that was made of another is looked at for the first time
 * @engine: the engine
 * @life: the life
 * @record: what is seen of it
 */
void regroup_tied(struct journey_engine *engine, struct journey_life *life,
		  const struct skbtrace_record *record)
{
	struct journey_life *whole = life->whole_life;
	struct span span;

	life->whole_life = NULL;
	if (life->last_hop == JOURNEY_NO_HOP)
		return;
	if (span_of_segment(record_at(life, life->last_hop), record, life->segment, &span)) {
		take_part(engine, whole, life, &span);
		return;
	}
	if (whole->gone && whole->phase != LIFE_MERGED)
		regroup_rebuilt(engine, whole, life);
	/* It may have grown since: what it had is one of the parts. */
	if (whole->span.len && !life->span.len) {
		life->span = whole->span;
		life_set_key(&engine->lives, life, LIFE_PIECE,
			     span_piece_hash(life->span.space, life->span.start));
	}
}

/**
 * regroup_rebuilt() - an skb was replaced by one that was built anew
 * @engine: the engine
 * @origin: the life of the former, which is over
 * @life: that of the latter
 */
void regroup_rebuilt(struct journey_engine *engine, struct journey_life *origin,
		     struct journey_life *life)
{
	while (origin->merged)
		hand_on(engine, origin->merged, life);
}

/* Parts are put together in one namespace; not all points know theirs. */
static bool is_beside(const struct skbtrace_record *part, const struct skbtrace_record *record)
{
	return part->netns == record->netns ||
	       !(part->flags & record->flags & SKBTRACE_F_NETNS);
}

static bool has_digest(const struct skbtrace_record *record)
{
	return (record->flags & SKBTRACE_F_DIGEST) && record->digest_len == record->payload_len;
}

/* The hop seen last need not be the one that told the bytes: that may be broken. */
static bool has_digest_of(const struct skbtrace_record *record, const struct span *span)
{
	struct span seen = span_of(record);

	return has_digest(record) && seen.start == span->start && seen.len == span->len;
}

/* Have two lives as many bytes, but others, as they were seen last? */
static bool are_at_odds(const struct journey_life *a, const struct journey_life *b)
{
	return a->span.len == b->span.len && has_digest_of(life_last(a), &a->span) &&
	       has_digest_of(life_last(b), &b->span) &&
	       life_last(a)->crc32c != life_last(b)->crc32c;
}

/*
 * The life, not of anything else yet, that brought the bytes from @start on.  Of a packet
 * that was doubled on its way (by a bond, or netem) it is the one that a record says, or
 * the last; @doubt is set if another may have brought others.
 */
static struct journey_life *part_at(const struct journey_engine *engine,
				    const struct journey_life *carrier,
				    const struct skbtrace_record *record, uint64_t space,
				    uint32_t start, bool *doubt)
{
	struct journey_life *life, *found = NULL;
	int nr = 0;

	for (life = life_find(&engine->lives, LIFE_PIECE, span_piece_hash(space, start));
	     life && nr < PARTS_AT_MAX; life = life_older(life, LIFE_PIECE), nr++) {
		if (life->span.space != space || life->span.start != start)
			continue;
		if (life == carrier)
			return life;
		if ((life->into && life->into != carrier) || !life_is_under_way(life) ||
		    (life->phase != LIFE_GOING && life->phase != LIFE_BORN) ||
		    !is_beside(life_last(life), record))
			continue;
		if (life->into)
			return life;
		if (!found)
			found = life;
		else if (are_at_odds(found, life))
			*doubt = true;
	}
	return found;
}

static void merge_part(struct journey_engine *engine, struct journey_life *carrier,
		       struct journey_life *part, uint32_t hop)
{
	const struct journey_hop *joint = &carrier->journey->hops[hop];
	struct journey_life *inner;
	uint32_t mirrored;

	life_part(part);
	/* What was merged into it is now merged into the carrier. */
	while ((inner = part->merged)) {
		life_put_down(inner);
		merge_part(engine, carrier, inner, hop);
	}
	/* What has its bytes later comes from the carrier. */
	life_forget_key(&engine->lives, part, LIFE_IDENTITY);
	if (part->journey == carrier->journey) {
		part->phase = LIFE_PASSED_ON;
	} else if (!engine_journey_is_full(engine, part->journey) ||
		   part->journey->mirrored == engine->counts.records) {
		life_carry(carrier, part);
		part->end = JOURNEY_OPEN;
		part->end_hop = JOURNEY_NO_HOP;
		mirrored = engine_mirror_hop(engine, part, &joint->record);
		if (mirrored != JOURNEY_NO_HOP) {
			part->last_hop = mirrored;
			part->journey->hops[mirrored].joint = joint->joint;
			part->journey->hops[mirrored].nr_parts = joint->nr_parts;
		}
	}
	engine_life_changed(engine, part);
}

/*
 * Whose bytes a packet that has grown has, in order: by where they stand in the stream
 * or datagram.
 *
 * Return: how many lives, 0 if not all are known.
 */
static uint32_t parts_by_place(const struct journey_engine *engine, struct journey_life *carrier,
			       const struct skbtrace_record *record, const struct span *span,
			       struct journey_life **parts, bool *doubt)
{
	uint32_t len, nr = 0;

	for (len = 0; len < span->len; len += parts[nr++]->span.len) {
		if (nr == PARTS_MAX)
			return 0;
		parts[nr] = part_at(engine, carrier, record, span->space, span->start + len, doubt);
		if (!parts[nr] || parts[nr]->span.len > span->len - len)
			return 0;
	}
	return nr;
}

/* The same, by the records of the merges, for want of a number that says where. */
static uint32_t parts_by_ties(struct journey_life *carrier, const struct span *span,
			      struct journey_life **parts)
{
	struct list_head *link;
	uint32_t len = carrier->span.len, nr = 0;

	parts[nr++] = carrier;
	for (link = carrier->joining.next; link != &carrier->joining; link = link->next) {
		parts[nr] = container_of(link, struct journey_life, joining_link);
		if (nr == PARTS_MAX - 1 || !life_is_known(parts[nr]))
			return 0;
		len += parts[nr++]->span.len;
	}
	return len == span->len ? nr : 0;
}

/* A datagram that grows was merged only if something says so. */
static bool may_be_merged(const struct journey_life *carrier, const struct skbtrace_record *record)
{
	return packet_is_tcp(record) || record->gso_size || !list_empty(&carrier->joining) ||
	       (life_last(carrier)->flags & SKBTRACE_F_FRAGMENT) ||
	       (record->flags & SKBTRACE_F_FRAGMENT);
}

/* A packet has grown: find the parts that it now consists of, and compare. */
static void merge(struct journey_engine *engine, struct journey_life *carrier, uint32_t hop,
		  const struct span *span)
{
	struct journey_hop *joint = &carrier->journey->hops[hop];
	struct journey_life *parts[PARTS_MAX], *part;
	bool known = has_digest(&joint->record), doubt = false;
	uint32_t crc = 0, nr, i;

	nr = parts_by_place(engine, carrier, &joint->record, span, parts, &doubt);
	if (!nr && !packet_is_tcp(&joint->record))
		nr = parts_by_ties(carrier, span, parts);
	if (!nr && may_be_merged(carrier, &joint->record))
		joint->joint = JOURNEY_JOINT_UNKNOWN;
	if (!nr)
		return;
	for (i = 0; i < nr; i++) {
		const struct skbtrace_record *record;

		record = record_at(parts[i], parts[i] == carrier ? joint->previous :
							       parts[i]->last_hop);
		known &= has_digest_of(record, &parts[i]->span);
		crc = crc32c_combine(crc, record->crc32c, parts[i]->span.len);
	}
	joint->nr_parts = nr;
	joint->joint = !known ? JOURNEY_JOINT_UNKNOWN :
		       crc == joint->record.crc32c ? JOURNEY_JOINT_SAME :
		       doubt ? JOURNEY_JOINT_UNKNOWN : JOURNEY_JOINT_CHANGED;
	/* What it carried already was in one of the parts. */
	for (part = carrier->merged; part; part = part->next_merged) {
		part->journey->hops[part->last_hop].joint = joint->joint;
		part->journey->hops[part->last_hop].nr_parts = nr;
	}
	for (i = 0; i < nr; i++)
		if (parts[i] != carrier)
			merge_part(engine, carrier, parts[i], hop);
}

/**
 * regroup_hop() - take note of the bytes that a hop has seen
 * @engine: the engine
 * @life: the life
 * @hop: the hop, the latest of the life
 */
void regroup_hop(struct journey_engine *engine, struct journey_life *life, uint32_t hop)
{
	const struct journey_hop *now = &life->journey->hops[hop];
	struct span span;

	if (now->previous == JOURNEY_NO_HOP)
		span = span_of(&now->record);
	else
		span = span_in(&now->record, record_at(life, now->previous));
	if (!span.len)
		return;
	if (life->span.len && !span_is_same(&span, &life->span) &&
	    span_contains(&span, &life->span))
		merge(engine, life, hop, &span);
	if (!span_is_same(&span, &life->span)) {
		life->span = span;
		life_set_key(&engine->lives, life, LIFE_PIECE,
			     span_piece_hash(span.space, span.start));
	}
	/* The merge may have made room for more hops. */
	now = &life->journey->hops[hop];
	if (was_cut(life) && now->record.flags & SKBTRACE_F_FRAGMENT) {
		/* It goes on as the first of its fragments: they all have this number. */
		life->fragment_id = now->record.ip_id;
	} else if (span_may_be_split(&now->record) &&
		   (!span_contains(&life->whole, &span) || span_is_same(&life->whole, &span))) {
		life->whole = span;
		life->whole_hop = hop;
		life->fragment_id = 0;
		/* The newest is the one that was whole last. */
		life_forget_key(&engine->lives, life, LIFE_SPLIT);
		life_set_key(&engine->lives, life, LIFE_SPLIT, span_split_hash(&now->record));
	}
}

/**
 * regroup_shrink() - put down what a packet has no bytes of any more
 * @engine: the engine
 * @life: the life
 * @record: what is seen of it now
 *
 * A datagram that is cut in place is the first of its fragments; the rest is in those
 * that come next, each made of the one before.
 */
void regroup_shrink(struct journey_engine *engine, struct journey_life *life,
		    const struct skbtrace_record *record)
{
	struct journey_life *rest = life->copy, *part, *next;
	struct span span = span_in(record, record_at(life, life->last_hop));

	if (!span.len)
		return;
	for (part = life->merged; part; part = next) {
		next = part->next_merged;
		part->span.space = span.space;
		if (span_contains(&span, &part->span))
			continue;
		if (rest && rest->is_segment && rest->whole_life) {
			hand_on(engine, part, rest);
		} else {
			life_put_down(part);
			engine_life_changed(engine, part);
		}
	}
}

/**
 * regroup_again() - an skb is seen whose bytes had been merged: they are its
 *	own again
 * @engine: the engine
 * @life: its life
 */
void regroup_again(struct journey_engine *engine, struct journey_life *life)
{
	if (life->carrier)
		life_put_down(life);
	if (life->phase == LIFE_PASSED_ON)
		life->phase = LIFE_GOING;
	engine_life_changed(engine, life);
}
