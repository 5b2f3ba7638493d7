// SPDX-License-Identifier: GPL-2.0
/*
 * What a record means to the journeys: whose skb it is about, and what that
 * skb is made, cloned, passed on or freed for.
 */
#include <string.h>

#include "engine.h"

/* Among how many lives of one identity the origin of a packet is looked for. */
#define ORIGINS_MAX	8

static const struct skbtrace_record *last_of(const struct journey_life *life)
{
	return &life->journey->hops[life->last_hop].record;
}

/* The same, but of those that told what packet it is of, if any did. */
static const struct skbtrace_record *last_told_of(const struct journey_life *life)
{
	const struct skbtrace_record *last = last_of(life);

	if (last->payload == SKBTRACE_PAYLOAD_NONE && life->told_hop != JOURNEY_NO_HOP)
		last = &life->journey->hops[life->told_hop].record;
	return last;
}

/* The life that an skb pointer stands for now; the newest is the only one. */
static struct journey_life *living(const struct journey_engine *engine, uint64_t skb)
{
	struct journey_life *life = life_of_skb(&engine->lives, skb);

	return life && !life->gone ? life : NULL;
}

static void end_life(struct journey_engine *engine, struct journey_life *life, uint64_t ts_ns)
{
	life->gone = true;
	life->ended = true;
	life->end_ns = ts_ns;
	life_forget_head(&engine->lives, life);
	engine_life_changed(engine, life);
	/* Nothing more is heard of what it carried. */
	if (!regroup_may_go_on(life))
		regroup_forget(engine, life);
}

static void set_end(struct journey_engine *engine, struct journey_life *life,
		    enum journey_end end, uint32_t hop)
{
	struct journey_life *part;

	life->end = end;
	life->end_hop = hop;
	engine_life_changed(engine, life);
	for (part = life->merged; part; part = part->next_merged)
		set_end(engine, part, end, part->journey->nr_hops - 1);
}

/* The pointer stands for something else now: its free was not seen. */
static void supersede(struct journey_engine *engine, struct journey_life *life, uint64_t ts_ns)
{
	if (!life->journey) {
		engine_forget_parked(engine, life);
		return;
	}
	/* Its bytes are in another skb. */
	if (life->carrier) {
		life->gone = true;
		life->end_ns = ts_ns;
		return;
	}
	life->unseen_end = life->nr_hops && !life->parked && !life->continued;
	life_forget_identity(&engine->lives, life);
	end_life(engine, life, ts_ns);
}

/* The clone travels in place of the skb that TCP keeps. */
static void park(struct journey_engine *engine, struct journey_life *life)
{
	/* Packet and bytes are the clone's to be found by. */
	life_forget_identity(&engine->lives, life);
	life_forget_span(&engine->lives, life);
	life->at_birth = false;
	life->parked = true;
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

	life = engine_begin_life(engine, origin->journey, origin, record->skb, record->ts_ns);
	if (!life)
		return NULL;
	if (origin->ended) {
		origin->continued = true;
		life_forget_identity(&engine->lives, origin);
		regroup_rebuilt(engine, origin, life);
	} else if (origin->at_birth) {
		park(engine, origin);
	}
	return life;
}

/* Clones share their data: is this a clone whose making was not seen? */
static struct journey_life *origin_by_head(const struct journey_engine *engine,
					   const struct skbtrace_record *record)
{
	struct journey_life *life;

	if (!record->head)
		return NULL;
	for (life = life_of_head(&engine->lives, record->head); life;
	     life = life_older_of_head(life)) {
		const struct skbtrace_record *last = last_told_of(life);

		/* What was merged is cut again as part of its carrier. */
		if (life->end != JOURNEY_OPEN || life->tap || life->parked ||
		    life->carrier || life->continued ||
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

/*
 * An skb may be replaced by one that was built anew.  Then the packet is
 * known by what its headers say; but only if that leaves no doubt: of two
 * that it could be, it is none.
 */
static struct journey_life *origin_by_identity(const struct journey_engine *engine,
					       const struct skbtrace_record *record)
{
	bool strong = packet_identity_is_strong(record);
	struct journey_life *freed = NULL, *alive = NULL, *life;
	int nr_freed = 0, nr_alive = 0, nr = 0;

	for (life = life_of_identity(&engine->lives, packet_identity_hash(record)); life;
	     life = life_older_of_identity(life)) {
		const struct skbtrace_record *last = last_of(life);

		if (++nr > ORIGINS_MAX)
			return NULL;
		if (!packet_same_identity(last, record) || life->tap ||
		    engine_journey_is_full(engine, life->journey))
			continue;
		if (life->ended && (strong || was_handed_to(last, record))) {
			freed = life;
			nr_freed++;
		} else if (!life->ended && strong && life->end == JOURNEY_OPEN) {
			alive = life;
			nr_alive++;
		}
	}
	if (nr_freed)
		return nr_freed == 1 ? freed : NULL;
	return nr_alive == 1 ? alive : NULL;
}

/*
 * Has the pointer of a known life been used again?  Once the packet has
 * arrived or was dropped its skb goes nowhere; and where records were lost,
 * the free may be among them.
 */
static bool is_used_again(const struct journey_engine *engine, const struct journey_life *life,
			  const struct point *point, const struct skbtrace_record *record)
{
	const struct skbtrace_record *last = last_of(life);

	if (life->end == JOURNEY_DROPPED)
		return true;
	if (life->end == JOURNEY_DELIVERED && point->role != ROLE_DELIVER &&
	    point->role != ROLE_TRANSPORT)
		return true;
	if (engine->lost_until_ns > last->ts_ns)
		return !packet_proven_same(last, record);
	last = last_told_of(life);
	/* A clone that was not looked at yet has the data of what it was made of. */
	return packet_is_other(last, record, (life->head ? life->head : last->head) == record->head);
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
	life->last_hop = hop;
	if (record->payload != SKBTRACE_PAYLOAD_NONE)
		life->told_hop = hop;
	for (part = life->merged; part; part = part->next_merged)
		part->last_hop = part->journey->nr_hops - 1;
	regroup_hop(engine, life, hop);
	life->nr_hops++;
	life->at_birth = point->role == ROLE_BIRTH && point->data == POINT_BYTES;
	life->parked = false;
	life_set_head(&engine->lives, life, record->head);

	known = life->nr_hops > 1 &&
		packet_same_identity(&life->journey->hops[previous].record, record);
	if (!known && packet_identity_is_strong(record))
		life_set_identity(&engine->lives, life, packet_identity_hash(record));

	if (point->role == ROLE_DELIVER)
		set_end(engine, life, JOURNEY_DELIVERED, hop);
	else if (point->role == ROLE_TRANSPORT && !record->payload_len)
		set_end(engine, life, JOURNEY_DELIVERED, hop);
	else if (point->role == ROLE_CLONED && life->parent != life->number && record->users <= 1)
		life->tap = true;
	engine_life_changed(engine, life);
}

static struct journey_life *begin(struct journey_engine *engine,
				  const struct skbtrace_record *record)
{
	struct journey *journey = engine_begin_journey(engine, record->ts_ns);

	if (!journey)
		return NULL;
	return engine_begin_life(engine, journey, NULL, record->skb, record->ts_ns);
}

/* An skb is sent; TCP sends the same skb again if it is not acknowledged. */
static void birth(struct journey_engine *engine, const struct point *point,
		  const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->skb);
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
static void leave_out(struct journey_engine *engine, const struct journey_life *life)
{
	if (life)
		engine->counts.elsewhere++;
	else
		engine->counts.unknown++;
}

static void pass(struct journey_engine *engine, const struct point *point,
		 const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->skb), *origin, *whole = NULL;

	if (life && (!life->journey || is_used_again(engine, life, point, record))) {
		supersede(engine, life, record->ts_ns);
		life = NULL;
	}
	if (life && engine_journey_is_full(engine, life->journey)) {
		engine_close_early(engine, life->journey, "too many hops");
		life = NULL;
	}
	/*
	 * Read after its journey was complete: nothing begins where nobody looks at the
	 * packet.
	 */
	if (!life && point->data == POINT_NONE) {
		leave_out(engine, NULL);
		return;
	}
	if (!life) {
		origin = origin_by_head(engine, record);
		if (!origin) {
			origin = origin_by_identity(engine, record);
			if (!origin || packet_is_tcp(record))
				whole = regroup_origin(engine, record);
			/* Sent again, it looks like what was lost: the latest it is. */
			if (origin && whole && last_of(whole)->ts_ns > last_of(origin)->ts_ns)
				origin = NULL;
		}
		if (origin)
			life = join(engine, origin, record);
		else if (whole)
			life = regroup_segment(engine, whole, record);
		else
			life = begin(engine, record);
	} else if (life->carrier || life->continued) {
		regroup_again(engine, life);
	}
	if (life)
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
		engine->counts.no_room++;
		return JOURNEY_NO_HOP;
	}
	return engine_add_hop(engine, life, record);
}

static bool is_followed(const struct journey_life *life)
{
	return life && life->journey && !life->parked;
}

static void clone(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *parent, *stale, *life;
	uint64_t skb = (uint64_t)record->ret;
	uint32_t hop;

	stale = skb ? living(engine, skb) : NULL;
	if (stale)
		supersede(engine, stale, record->ts_ns);

	parent = living(engine, record->skb);
	if (parent && parent->carrier)
		parent = parent->carrier;
	if (!is_followed(parent) || parent->last_hop == JOURNEY_NO_HOP) {
		leave_out(engine, parent);
		return;
	}
	hop = annotate(engine, parent, record);
	if (!skb || hop == JOURNEY_NO_HOP)
		return;
	life = engine_begin_life(engine, parent->journey, parent, skb, record->ts_ns);
	if (!life)
		return;
	life->parent_hop = hop;
	/* What is cloned where a packet socket has it is for that socket. */
	life->tap = parent->tap || point_of(last_of(parent)->point)->role == ROLE_CLONED;
	if (parent->at_birth)
		park(engine, parent);
	engine_life_changed(engine, life);
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
	if (point_of(last_of(life)->point)->role == ROLE_TRANSPORT)
		return true;
	return last_of(life)->payload_len && record->ret != reasons->no_socket &&
	       record->ret != reasons->queue_purge && record->ret != reasons->socket_close;
}

static void drop(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->skb);
	uint32_t hop;

	if (!is_followed(life)) {
		leave_out(engine, life);
		return;
	}
	hop = annotate(engine, life, record);
	/* Somebody let go of it; others still have it. */
	if (hop == JOURNEY_NO_HOP || record->users > 1)
		return;
	if ((record->flags & SKBTRACE_F_REASON) && record->ret == engine->reasons.consumed)
		return;
	if (life->end == JOURNEY_DELIVERED && !undoes_delivery(engine, life, record))
		return;
	set_end(engine, life, JOURNEY_DROPPED, hop);
	life->otherhost = (record->flags & SKBTRACE_F_REASON) &&
			  record->ret == engine->reasons.otherhost;
	engine_life_changed(engine, life);
}

static void release(struct journey_engine *engine, const struct skbtrace_record *record)
{
	struct journey_life *life = living(engine, record->skb);
	uint32_t hop;

	/* napi_consume_skb() of a shared skb gives up a reference, no more. */
	if (record->users > 1 || !is_followed(life) || life->carrier)
		leave_out(engine, life);
	if (record->users > 1 || !life)
		return;
	if (!life->journey) {
		engine_forget_parked(engine, life);
		return;
	}
	/* Its bytes are in another skb, whose end is theirs. */
	if (life->carrier) {
		life->gone = true;
		life->end_ns = record->ts_ns;
		return;
	}
	if (!life->parked) {
		hop = annotate(engine, life, record);
		if (life->end == JOURNEY_OPEN)
			set_end(engine, life, JOURNEY_FREED, hop);
	}
	/* It may go on in another skb: see origin_by_identity(). */
	if (life->end == JOURNEY_FREED && life->nr_hops && !life->continued)
		life_set_identity(&engine->lives, life, packet_identity_hash(last_of(life)));
	else
		life_forget_identity(&engine->lives, life);
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
 * A function has returned that was called with an skb.  The skb may be freed
 * since, and its pointer may be another packet's: the life that is meant is
 * that of the time of the call.
 */
static void annotate_return(struct journey_engine *engine, const struct point *point,
			    const struct skbtrace_record *record)
{
	uint64_t called_ns = record->ts_ns - record->duration_ns;
	struct journey_life *life = life_of_skb(&engine->lives, record->skb);
	uint32_t hop;

	for (; life; life = life_older_of_skb(life)) {
		if (!life->journey || life->start_ns > record->ts_ns)
			continue;
		if (life->start_ns <= called_ns || began_with_call(life, point, record))
			break;
	}
	if (!life || (life->gone && life->end_ns < called_ns)) {
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
		life_forget_identity(&engine->lives, life);
	}
}

/**
 * engine_follow() - take a record into the journeys
 * @engine: the engine
 * @record: the record
 */
void engine_follow(struct journey_engine *engine, const struct skbtrace_record *record)
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
		clone(engine, record);
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
