// SPDX-License-Identifier: GPL-2.0
/*
 * What a record means to the journeys: which life it is about, and what that life is
 * begun, cloned, passed on or freed for.
 *
 * The module numbers lives, and says what was made of what.  Where an skb was made and
 * nothing says of what, the packet is known by its headers, if at all: a guess.
 */
#include <string.h>

#include "answer.h"
#include "follow.h"
#include "guess.h"
#include "packet.h"
#include "point.h"
#include "regroup.h"

/* The life of that number, if it is not over; the newest is the only one. */
static struct journey_life *living(const struct journey_engine *engine, uint64_t id)
{
	struct journey_life *life = life_find(&engine->lives, LIFE_ID, id);

	return life && !life->gone ? life : NULL;
}

static void end_life(struct journey_engine *engine, struct journey_life *life, uint64_t ts_ns)
{
	life->gone = true;
	life->end_ns = ts_ns;
	if (life->phase == LIFE_MERGED)
		return;
	life_forget_key(&engine->lives, life, LIFE_HEAD);
	engine_life_changed(engine, life);
	/* Nothing more is heard of what it carried. */
	if (!life_may_go_on(life))
		engine_disband(engine, life);
}

static void set_end(struct journey_engine *engine, struct journey_life *life,
		    enum journey_end end, uint32_t hop)
{
	struct journey_life *part;

	life->end = end;
	life->end_hop = hop;
	engine_life_changed(engine, life);
	for (part = life->merged; part; part = part->next_merged)
		set_end(engine, part, end, hop == JOURNEY_NO_HOP ? hop :
						  part->journey->nr_hops - 1);
}

/* What has the number now is another transmission, or another packet: see birth(). */
static void supersede(struct journey_engine *engine, struct journey_life *life, uint64_t ts_ns)
{
	if (!life->journey) {
		engine_forget_kept(engine, life);
		return;
	}
	life_forget_key(&engine->lives, life, LIFE_IDENTITY);
	end_life(engine, life, ts_ns);
}

/* The clone travels in place of the skb that TCP keeps. */
static void keep(struct journey_engine *engine, struct journey_life *life)
{
	/* Packet and bytes are the clone's to be found by. */
	life_forget_key(&engine->lives, life, LIFE_IDENTITY);
	life_forget_key(&engine->lives, life, LIFE_PIECE);
	life_forget_key(&engine->lives, life, LIFE_SPLIT);
	life->phase = LIFE_KEPT;
	engine_life_changed(engine, life);
}

/*
 * A life that has come from @origin without our having seen how, and now
 * carries its packet.
 */
static struct journey_life *join(struct journey_engine *engine, struct journey_life *origin,
				 const struct skbtrace_record *record)
{
	struct journey_life *life;

	life = engine_begin_life(engine, origin->journey, origin, record->life, record->ts_ns);
	if (!life)
		return NULL;
	life->guessed = true;
	life->beside = !life_is_over(origin);
	if (life_is_over(origin)) {
		origin->phase = LIFE_PASSED_ON;
		life_forget_key(&engine->lives, origin, LIFE_IDENTITY);
		regroup_rebuilt(engine, origin, life);
	} else if (origin->phase == LIFE_BORN) {
		keep(engine, origin);
	}
	return life;
}

/* The packet was looked at in this life. */
static void arrive(struct journey_engine *engine, struct journey_life *life,
		   const struct point *point, const struct skbtrace_record *record)
{
	uint32_t previous = life->last_hop;
	struct journey_life *part;
	uint32_t hop;
	bool known;

	if (life->merged)
		regroup_shrink(engine, life, record);
	hop = engine_add_hop(engine, life, record);
	if (hop == JOURNEY_NO_HOP)
		return;
	life->skb = record->skb;
	life->last_hop = hop;
	life->copy = NULL;
	if (record->payload != SKBTRACE_PAYLOAD_NONE)
		life->told_hop = hop;
	for (part = life->merged; part; part = part->next_merged)
		part->last_hop = part->journey->nr_hops - 1;
	regroup_hop(engine, life, hop);
	life->nr_hops++;
	if (life->phase == LIFE_BORN || life->phase == LIFE_KEPT)
		life->phase = LIFE_GOING;
	if (point->role == ROLE_BIRTH && point->data == POINT_BYTES)
		life->phase = LIFE_BORN;
	if (record->head)
		life_set_key(&engine->lives, life, LIFE_HEAD, record->head);
	else
		life_forget_key(&engine->lives, life, LIFE_HEAD);

	known = life->nr_hops > 1 &&
		packet_same_identity(&life->journey->hops[previous].record, record);
	if (!known && packet_identity_is_strong(record))
		life_set_key(&engine->lives, life, LIFE_IDENTITY, packet_identity_hash(record));

	if (point->role == ROLE_DELIVER ||
	    (point->role == ROLE_TRANSPORT && !record->payload_len))
		set_end(engine, life, JOURNEY_DELIVERED, hop);
	else if (life->end != JOURNEY_OPEN && point->role != ROLE_TRANSPORT)
		/* It goes on: what had arrived was the outside of a tunnel. */
		set_end(engine, life, JOURNEY_OPEN, JOURNEY_NO_HOP);
	if (point->role == ROLE_CLONED && life->parent != life->number && record->users <= 1)
		life->phase = LIFE_TAP;
	engine_life_changed(engine, life);
	if (point->role == ROLE_DELIVER || point->role == ROLE_TRANSPORT)
		answer_asked(engine, life, point, record);
}

static struct journey_life *begin(struct journey_engine *engine,
				  const struct skbtrace_record *record)
{
	struct journey *journey = engine_begin_journey(engine, record);
	struct journey_life *life;

	if (!journey)
		return NULL;
	life = engine_begin_life(engine, journey, NULL, record->life, record->ts_ns);
	if (life)
		answer_sent(engine, life, record);
	return life;
}

/*
 * An skb is sent; TCP sends the same skb again if it is not acknowledged, and each
 * transmission is a journey.
 */
static void birth(struct journey_engine *engine, const struct point *point,
		  const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->life);
	uint64_t flow = packet_flow_hash(record);
	bool again = false;

	if (life) {
		/* The sequence number may have moved up by what was acknowledged. */
		uint32_t moved = record->tcp_seq - life->sent_seq;

		again = life->sent_flow == flow && (!moved || moved < life->sent_len);
		supersede(engine, life, record->ts_ns);
	}
	life = begin(engine, record);
	if (!life)
		return;
	life->journey->retransmission = again;
	if (point->data == POINT_BYTES) {
		life->sent_flow = flow;
		life->sent_seq = record->tcp_seq;
		life->sent_len = record->payload_len;
	}
	arrive(engine, life, point, record);
}

/* Count a record that is no hop. */
static void leave_out(struct journey_engine *engine, const struct journey_life *life,
		      const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_HIDDEN)
		engine->counts.hidden++;
	else if (life)
		engine->counts.elsewhere++;
	else
		engine->counts.unknown++;
}

/* Nothing says what this skb was made of, if it was made of another. */
static struct journey_life *begin_untied(struct journey_engine *engine,
					 const struct skbtrace_record *record)
{
	struct journey_life *origin, *whole = NULL;

	origin = guess_by_head(engine, record);
	if (!origin) {
		origin = guess_by_identity(engine, record);
		if (!origin || packet_is_tcp(record))
			whole = regroup_origin(engine, record);
		/* Sent again, it looks like what was lost: the latest it is. */
		if (origin && whole && life_last(whole)->ts_ns > life_last(origin)->ts_ns)
			origin = NULL;
	}
	if (origin)
		return join(engine, origin, record);
	if (whole)
		return regroup_segment(engine, whole, record);
	return begin(engine, record);
}

static void pass(struct journey_engine *engine, const struct point *point,
		 const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->life);

	/* Read after its journey was complete: nothing begins where nobody looks. */
	if (point->data == POINT_NONE && (!life || !life->journey)) {
		leave_out(engine, NULL, record);
		return;
	}
	if (life && (!life->journey || guess_is_other(life, record))) {
		supersede(engine, life, record->ts_ns);
		life = NULL;
	}
	if (life && engine_journey_is_full(engine, life->journey)) {
		engine_close_early(engine, life->journey, "too many hops");
		life = NULL;
	}
	if (!life)
		life = begin_untied(engine, record);
	else if (life->whole_life)
		regroup_tied(engine, life, record);
	else if (life->phase == LIFE_MERGED || life->phase == LIFE_PASSED_ON)
		regroup_again(engine, life);
	if (!life)
		return;
	/* It was not merged after all. */
	if (life->into)
		life_part(life);
	arrive(engine, life, point, record);
}

/*
 * Add a record that did not look at the packet.
 *
 * Return: the number of the hop, JOURNEY_NO_HOP if there is no room.
 */
static uint32_t annotate(struct journey_engine *engine, struct journey_life *life,
			 const struct skbtrace_record *record)
{
	if (engine_journey_is_full(engine, life->journey)) {
		if (record->flags & SKBTRACE_F_HIDDEN)
			engine->counts.hidden++;
		else
			engine->counts.no_room++;
		return JOURNEY_NO_HOP;
	}
	return engine_add_hop(engine, life, record);
}

/* The same of one that is not shown if it was not asked for: then it is no hop. */
static uint32_t annotate_shown(struct journey_engine *engine, struct journey_life *life,
			       const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_HIDDEN) {
		engine->counts.hidden++;
		return JOURNEY_NO_HOP;
	}
	return annotate(engine, life, record);
}

static bool is_followed(const struct journey_life *life)
{
	return life && life->journey && life->phase != LIFE_KEPT;
}

/*
 * An skb was made of another: a clone, a copy, a segment.  Of several segments each has
 * a record, in order; the first may be the skb itself.
 */
static void child(struct journey_engine *engine, const struct point *point,
		  const struct skbtrace_record *record)
{
	bool tied = record->flags & SKBTRACE_F_CHILD && record->child;
	struct journey_life *parent, *known = NULL, *life;

	parent = living(engine, record->life);
	if (parent && parent->phase == LIFE_MERGED)
		parent = parent->carrier;
	if (tied && record->child != record->life)
		known = living(engine, record->child);
	if (known && (!known->journey || known->whole_life != parent)) {
		supersede(engine, known, record->ts_ns);
		known = NULL;
	}
	if (!is_followed(parent) || parent->last_hop == JOURNEY_NO_HOP) {
		leave_out(engine, parent, record);
		return;
	}
	annotate_shown(engine, parent, record);
	/* Some copies are made by two functions that both are points. */
	if (!tied || known || engine_journey_is_full(engine, parent->journey))
		return;
	if (record->child == record->life) {
		parent->nr_segments++;
		return;
	}
	life = engine_begin_life(engine, parent->journey, parent, record->child, record->ts_ns);
	if (!life)
		return;
	life->whole_life = parent;
	parent->copy = life;
	life->guessed = parent->guessed && !parent->nr_hops;
	if (point->role == ROLE_SEGMENTS) {
		life->is_segment = true;
		life->segment = parent->nr_segments++;
	}
	/* What is cloned where a packet socket has it is for that socket. */
	if (parent->phase == LIFE_TAP || point_of(life_last(parent)->point)->role == ROLE_CLONED)
		life->phase = LIFE_TAP;
	if (parent->phase == LIFE_BORN)
		keep(engine, parent);
	engine_life_changed(engine, life);
}

/* Its bytes are to go on in another skb; that they did is seen when that has grown. */
static void merge(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->life), *carrier = NULL;

	if (record->flags & SKBTRACE_F_CHILD)
		carrier = living(engine, record->child);
	if (!is_followed(life) || life->last_hop == JOURNEY_NO_HOP) {
		leave_out(engine, life, record);
		return;
	}
	annotate_shown(engine, life, record);
	if (carrier && carrier != life && carrier->journey && life->phase != LIFE_MERGED)
		life_join(carrier, life);
}

static bool gives_reason(const struct journey_engine *engine, const struct skbtrace_record *record)
{
	return (record->flags & SKBTRACE_F_REASON) && record->ret != engine->reasons.unspecified;
}

/*
 * Does giving it up mean that a packet which had arrived was lost after all?
 * Not if it is a FIN in the queue of a socket that is closed: it has nothing
 * that could be lost.
 */
static bool undoes_delivery(const struct journey_engine *engine,
			    const struct journey_life *life,
			    const struct skbtrace_record *record)
{
	const struct journey_reasons *reasons = &engine->reasons;

	if (!gives_reason(engine, record))
		return false;
	/* TCP had looked at no more than its header. */
	if (point_of(life_last(life)->point)->role == ROLE_TRANSPORT)
		return true;
	return life_last(life)->payload_len && record->ret != reasons->no_socket &&
	       record->ret != reasons->queue_purge && record->ret != reasons->socket_close;
}

static bool is_unread(const struct journey_engine *engine, const struct journey_life *life,
		      const struct skbtrace_record *record)
{
	const struct journey_reasons *reasons = &engine->reasons;

	return (record->flags & SKBTRACE_F_REASON) && life_last(life)->payload_len &&
	       (record->ret == reasons->queue_purge || record->ret == reasons->socket_close);
}

static void drop(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->life);
	bool consumed = (record->flags & SKBTRACE_F_REASON) &&
			record->ret == engine->reasons.consumed;
	bool ends;
	uint32_t hop;

	if (!is_followed(life) || life->last_hop == JOURNEY_NO_HOP) {
		leave_out(engine, life, record);
		return;
	}
	/* Somebody let go of it; others still have it. */
	ends = record->users <= 1 && !consumed;
	hop = ends ? annotate(engine, life, record) : annotate_shown(engine, life, record);
	if (hop == JOURNEY_NO_HOP || !ends)
		return;
	if (life->end == JOURNEY_DELIVERED && !undoes_delivery(engine, life, record)) {
		if (is_unread(engine, life, record))
			life->unread_hop = hop;
		return;
	}
	set_end(engine, life, JOURNEY_DROPPED, hop);
	life->otherhost = (record->flags & SKBTRACE_F_REASON) &&
			  record->ret == engine->reasons.otherhost;
	engine_life_changed(engine, life);
}

/* Was the skb copied, and not looked at since?  Then the copy is in its place. */
static bool goes_on_in_copy(const struct journey_life *life)
{
	const struct journey_life *copy = life->copy;

	/* Which segment has what was merged into it is seen when they are looked at. */
	return life->nr_hops && copy && copy->phase != LIFE_TAP &&
	       (!copy->is_segment || (copy->nr_hops && !life->merged));
}

static void release(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->life);
	uint32_t hop;

	/* napi_consume_skb() of a shared skb gives up a reference, no more. */
	if (record->users > 1 || !is_followed(life) || life->phase == LIFE_MERGED)
		leave_out(engine, life, record);
	if (record->users > 1 || !life)
		return;
	if (!life->journey) {
		engine_forget_kept(engine, life);
		return;
	}
	answer_over(engine, life, record);
	/* Its bytes are in another skb, whose end is theirs. */
	if (life->phase == LIFE_MERGED) {
		end_life(engine, life, record->ts_ns);
		return;
	}
	if (life->phase != LIFE_KEPT) {
		hop = annotate_shown(engine, life, record);
		if (life->end == JOURNEY_OPEN && goes_on_in_copy(life)) {
			regroup_rebuilt(engine, life, life->copy);
			life->phase = LIFE_PASSED_ON;
			life->copy->is_heir = true;
		} else if (life->end == JOURNEY_OPEN) {
			set_end(engine, life, JOURNEY_FREED, hop);
		}
	}
	/* It may go on in another skb: see guess_by_identity(). */
	if (life->end == JOURNEY_FREED && life->nr_hops && life->phase != LIFE_PASSED_ON)
		life_set_key(&engine->lives, life, LIFE_IDENTITY,
			     packet_identity_hash(life_last(life)));
	else
		life_forget_key(&engine->lives, life, LIFE_IDENTITY);
	end_life(engine, life, record->ts_ns);
}

/* Did a life begin with the call that now returns? */
static bool began_with_call(const struct journey_life *life, const struct point *point,
			    const struct skbtrace_record *record)
{
	const struct skbtrace_record *first = &life->journey->hops[0].record;

	return !life->number && first->cpu == record->cpu &&
	       !strcmp(point_of(first->point)->symbol, point->symbol);
}

/*
 * A function has returned that was called with an skb.  That may be freed since; what
 * TCP sends may be sent again: the life that is meant is that of the time of the call.
 */
static void annotate_return(struct journey_engine *engine, const struct point *point,
			    const struct skbtrace_record *record)
{
	uint64_t called_ns = record->ts_ns - record->duration_ns;
	struct journey_life *life = life_find(&engine->lives, LIFE_ID, record->life);
	uint32_t hop;

	for (; life; life = life_older(life, LIFE_ID)) {
		if (!life->journey || !life->journey->nr_hops || life->start_ns > record->ts_ns)
			continue;
		if (life->start_ns <= called_ns || began_with_call(life, point, record))
			break;
	}
	if (!life || (life->gone && life->end_ns < called_ns)) {
		if (record->flags & SKBTRACE_F_HIDDEN)
			engine->counts.hidden++;
		else
			engine->counts.late_returns++;
		return;
	}
	hop = annotate(engine, life, record);
	if (hop == JOURNEY_NO_HOP || !(record->flags & SKBTRACE_F_RET) ||
	    !point_ret_is_drop(point, record->ret))
		return;
	/* The reason given when it was dropped says more, if there was one. */
	if (life->end == JOURNEY_DROPPED &&
	    gives_reason(engine, &life->journey->hops[life->end_hop].record))
		return;
	/* The queue that it had been delivered to is the one that refuses. */
	if (life->end != JOURNEY_DELIVERED || point->role == ROLE_QUEUED) {
		set_end(engine, life, JOURNEY_DROPPED, hop);
		life_forget_key(&engine->lives, life, LIFE_IDENTITY);
	}
}

/**
 * follow_record() - take a record into the journeys
 * @engine: the engine
 * @record: the record
 */
void follow_record(struct journey_engine *engine, const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);

	switch (point->role) {
	case ROLE_BIRTH:
		birth(engine, point, record);
		break;
	case ROLE_PASS:
	case ROLE_DELIVER:
	case ROLE_TRANSPORT:
	case ROLE_CLONED:
		pass(engine, point, record);
		break;
	case ROLE_CLONE:
	case ROLE_SEGMENTS:
		child(engine, point, record);
		break;
	case ROLE_MERGE:
		merge(engine, record);
		break;
	case ROLE_DROP:
		drop(engine, record);
		break;
	case ROLE_FREE:
		release(engine, record);
		break;
	case ROLE_NETDEV:
	case ROLE_RXHANDLER:
	case ROLE_HOOK:
	case ROLE_BACKLOG:
	case ROLE_QUEUED:
		annotate_return(engine, point, record);
		break;
	}
}
