// SPDX-License-Identifier: GPL-2.0
/*
 * Which packet an skb carries, where nothing says what it was made of: by its data, by
 * flow, IP id and time.  A guess, and called one: see struct journey_life.
 */
#include <string.h>

#include "guess.h"
#include "packet.h"
#include "point.h"

/* Among how many lives of one identity the origin of a packet is looked for. */
#define ORIGINS_MAX	8

/* The last hop that told what packet a life is of, if any did; else the last. */
static const struct skbtrace_record *last_told_of(const struct journey_life *life)
{
	const struct skbtrace_record *last = life_last(life);

	if (last->payload == SKBTRACE_PAYLOAD_NONE && life->told_hop != JOURNEY_NO_HOP)
		last = &life->journey->hops[life->told_hop].record;
	return last;
}

/*
 * Another packet, whatever it has in common with that of the life: it comes from where
 * that came from, or with a longer time to live, which no router gives it.
 */
static bool is_sent_anew(const struct journey_life *life, const struct skbtrace_record *last,
			 const struct skbtrace_record *record)
{
	return life_began_at(life, record) || (last->ttl && record->ttl > last->ttl);
}

/**
 * guess_by_head() - what an skb was cloned from, if its making was not seen
 * @engine: the engine
 * @record: the first that is seen of the skb
 *
 * Clones share their data.
 *
 * Return: a life, or NULL.
 */
struct journey_life *guess_by_head(const struct journey_engine *engine,
				   const struct skbtrace_record *record)
{
	struct journey_life *life;

	if (!record->head)
		return NULL;
	for (life = life_find(&engine->lives, LIFE_HEAD, record->head); life;
	     life = life_older(life, LIFE_HEAD)) {
		const struct skbtrace_record *last = last_told_of(life);

		/*
		 * What was merged is cut again as part of its carrier; what was at this
		 * address is not any more, though its free was not seen.
		 */
		if (life->end != JOURNEY_OPEN || life->skb == record->skb ||
		    (life->phase != LIFE_GOING && life->phase != LIFE_BORN) ||
		    is_sent_anew(life, last, record) ||
		    engine_journey_is_full(engine, life->journey))
			continue;
		if (packet_same_flow(last, record) && !packet_is_other(last, record, true))
			return life;
	}
	return NULL;
}

/*
 * veth's XDP path frees the skb and builds another at the other end; generic XDP
 * does so in __netif_receive_skb_core(), if a program wants fragments.
 */
static bool was_handed_to(const struct skbtrace_record *last, const struct skbtrace_record *record)
{
	if (!strcmp(point_of(last->point)->symbol, "__netif_receive_skb_core"))
		return last->cpu == record->cpu &&
		       !strncmp(last->dev, record->dev, SKBTRACE_NAME_LEN);
	return last->peer[0] && !strncmp(last->peer, record->dev, SKBTRACE_NAME_LEN);
}

/**
 * guess_by_identity() - what an skb was built anew in place of
 * @engine: the engine
 * @record: the first that is seen of the skb
 *
 * The packet is known by what its headers say; but only if that leaves no doubt: of
 * two that it could be, it is none.
 *
 * Return: a life, or NULL.
 */
struct journey_life *guess_by_identity(const struct journey_engine *engine,
				       const struct skbtrace_record *record)
{
	bool strong = packet_identity_is_strong(record);
	struct journey_life *freed = NULL, *alive = NULL, *life;
	int nr_freed = 0, nr_alive = 0, nr = 0;

	for (life = life_find(&engine->lives, LIFE_IDENTITY, packet_identity_hash(record));
	     life; life = life_older(life, LIFE_IDENTITY)) {
		const struct skbtrace_record *last = life_last(life);

		if (++nr > ORIGINS_MAX)
			return NULL;
		if (!packet_same_identity(last, record) || life->phase == LIFE_TAP ||
		    is_sent_anew(life, last, record) ||
		    engine_journey_is_full(engine, life->journey))
			continue;
		if (life_is_over(life) && (strong || was_handed_to(last, record))) {
			freed = life;
			nr_freed++;
		} else if (!life_is_over(life) && strong && life->end == JOURNEY_OPEN &&
			   life->skb != record->skb) {
			alive = life;
			nr_alive++;
		}
	}
	if (nr_freed)
		return nr_freed == 1 ? freed : NULL;
	return nr_alive == 1 ? alive : NULL;
}

/**
 * guess_is_other() - is it plain that a life's number is another packet's
 * @life: the life
 * @record: what is seen of it now; frees may have been missed
 */
bool guess_is_other(const struct journey_life *life, const struct skbtrace_record *record)
{
	const struct skbtrace_record *last;

	if (!(record->flags & SKBTRACE_F_DOUBTFUL) || life->last_hop == JOURNEY_NO_HOP)
		return false;
	last = last_told_of(life);
	return packet_is_other(last, record, last->head == record->head);
}
