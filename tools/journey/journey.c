// SPDX-License-Identifier: GPL-2.0
/*
 * Journeys as objects: begun, added to, closed and given away, within bounds.
 * What a record means to them is told in follow.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/*
 * A return is recorded after all that happened in the call, the free of the
 * skb included; what called the function that freed it returns within this
 * time, or is left out.
 */
#define ENDED_NS	10000000ULL

/*
 * A packet that was delivered is freed when the application reads it.  That
 * is the last that can be heard of it, and not worth waiting for longer.
 */
#define WAITING_NS	1000000000ULL

/* Most journeys have 20 to 40 hops; what is kept for the next has as many. */
#define HOPS_AT_FIRST	8
#define HOPS_IN_POOL	64
#define POOL_SIZE	4096

enum life_state {
	LIFE_QUIET,		/* nothing more is expected of it */
	LIFE_WAITING,
	LIFE_TRAVELLING,
};

/**
 * journey_engine_new() - make an engine
 * @config: limits
 * @reasons: drop reasons that are none
 * @done: called with each journey that is complete; it is gone afterwards
 * @context: passed to @done
 *
 * Return: the engine, or NULL if there is no memory.
 */
struct journey_engine *journey_engine_new(const struct journey_config *config,
					  const struct journey_reasons *reasons,
					  journey_done done, void *context)
{
	struct journey_engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->config = *config;
	engine->reasons = *reasons;
	engine->done = done;
	engine->context = context;
	list_init(&engine->travelling);
	list_init(&engine->waiting);
	list_init(&engine->ended);
	list_init(&engine->parked);
	list_init(&engine->pool);
	/* A journey has two lives more often than not. */
	if (life_table_init(&engine->lives, 2 * config->max_journeys)) {
		free(engine);
		return NULL;
	}
	return engine;
}

static void free_journey(struct journey *journey)
{
	list_del_init(&journey->link);
	free(journey->hops);
	free(journey);
}

static struct journey *first_journey(const struct list_head *list)
{
	return list_empty(list) ? NULL : container_of(list->next, struct journey, link);
}

static struct journey *get_journey(struct journey_engine *engine)
{
	struct journey *journey = first_journey(&engine->pool);
	struct journey_hop *hops = NULL;
	uint32_t room = 0;

	if (journey) {
		engine->nr_pool--;
		list_del_init(&journey->link);
		hops = journey->hops;
		room = journey->room;
	} else {
		journey = malloc(sizeof(*journey));
		if (!journey)
			return NULL;
	}
	memset(journey, 0, sizeof(*journey));
	journey->hops = hops;
	journey->room = room;
	journey->end_hop = JOURNEY_NO_HOP;
	journey->lives_tail = &journey->lives;
	list_init(&journey->link);
	return journey;
}

static void put_journey(struct journey_engine *engine, struct journey *journey)
{
	if (journey->room > HOPS_IN_POOL || engine->nr_pool >= POOL_SIZE) {
		free_journey(journey);
		return;
	}
	list_add_tail(&journey->link, &engine->pool);
	engine->nr_pool++;
}

/**
 * engine_begin_journey() - open a journey without hops
 * @engine: the engine
 * @ts_ns: when it begins
 *
 * Return: the journey, or NULL if there is no memory.
 */
struct journey *engine_begin_journey(struct journey_engine *engine, uint64_t ts_ns)
{
	struct journey *journey = get_journey(engine);

	if (!journey) {
		engine->out_of_memory = true;
		return NULL;
	}
	journey->id = engine->next_id++;
	journey->first_ns = ts_ns;
	journey->last_ns = ts_ns;
	engine->nr_journeys++;
	engine->nr_hops += journey->room;
	list_add_tail(&journey->link, &engine->travelling);
	return journey;
}

/**
 * engine_begin_life() - a journey gets a life
 * @engine: the engine
 * @journey: the journey
 * @parent: the life it is made from, NULL if from none
 * @skb: the skb's address
 * @ts_ns: when it begins
 *
 * Return: the life, or NULL if there is no memory.
 */
struct journey_life *engine_begin_life(struct journey_engine *engine, struct journey *journey,
				       const struct journey_life *parent, uint64_t skb,
				       uint64_t ts_ns)
{
	struct journey_life *life = life_new(&engine->lives, skb, ts_ns);

	if (!life) {
		engine->out_of_memory = true;
		return NULL;
	}
	life->journey = journey;
	life->number = journey->nr_lives++;
	life->parent = life->number;
	if (parent) {
		life->parent = parent->number;
		life->parent_hop = parent->last_hop;
		life->last_hop = parent->last_hop;
		life->told_hop = parent->told_hop;
	}
	*journey->lives_tail = life;
	journey->lives_tail = &life->next;
	engine_life_changed(engine, life);
	return life;
}

static int make_room(struct journey_engine *engine, struct journey *journey)
{
	uint32_t room = journey->room ? 2 * journey->room : HOPS_AT_FIRST;
	struct journey_hop *hops = realloc(journey->hops, room * sizeof(*hops));

	if (!hops)
		return -ENOMEM;
	engine->nr_hops += room - journey->room;
	journey->hops = hops;
	journey->room = room;
	return 0;
}

/* To the end of the list that it is to be on. */
static void touch_journey(struct journey_engine *engine, struct journey *journey)
{
	struct list_head *list = &engine->ended;

	if (journey->nr_travelling)
		list = &engine->travelling;
	else if (journey->nr_waiting)
		list = &engine->waiting;
	list_move_tail(&journey->link, list);
}

/* Return: the number of the hop, or JOURNEY_NO_HOP if there is no memory. */
static uint32_t append_hop(struct journey_engine *engine, struct journey_life *life,
			   const struct skbtrace_record *record)
{
	struct journey *journey = life->journey;
	struct journey_life *part;
	struct journey_hop *hop;

	if (journey->nr_hops == journey->room && make_room(engine, journey)) {
		engine->out_of_memory = true;
		return JOURNEY_NO_HOP;
	}
	hop = &journey->hops[journey->nr_hops];
	hop->record = *record;
	hop->life = life;
	hop->previous = life->last_hop;
	hop->joint = JOURNEY_NO_JOINT;
	hop->nr_parts = 1;
	if (record->ts_ns > journey->last_ns)
		journey->last_ns = record->ts_ns;
	touch_journey(engine, journey);
	journey->nr_hops++;
	for (part = life->merged; part; part = part->next_merged)
		engine_mirror_hop(engine, part, record);
	return journey->nr_hops - 1;
}

/**
 * engine_add_hop() - add a record to a journey
 * @engine: the engine
 * @life: the life it belongs to
 * @record: the record
 *
 * What is merged into the life has the hop in its own journey as well.
 *
 * Return: the number of the hop, or JOURNEY_NO_HOP if there is no memory.
 */
uint32_t engine_add_hop(struct journey_engine *engine, struct journey_life *life,
			const struct skbtrace_record *record)
{
	uint32_t hop = append_hop(engine, life, record);

	engine->counts.hops += hop != JOURNEY_NO_HOP;
	return hop;
}

/**
 * engine_mirror_hop() - add a record of a carrier to the journey of what it carries
 * @engine: the engine
 * @part: a life that is carried
 * @record: the record that the engine is being fed with
 *
 * A journey has it once, however many of its lives are carried.
 *
 * Return: the number of the hop, or JOURNEY_NO_HOP if there is no room.
 */
uint32_t engine_mirror_hop(struct journey_engine *engine, struct journey_life *part,
			   const struct skbtrace_record *record)
{
	struct journey *journey = part->journey;
	uint32_t hop;

	if (journey->mirrored == engine->counts.records)
		return journey->nr_hops - 1;
	if (engine_journey_is_full(engine, journey)) {
		if (!journey->closed_early)
			engine->counts.closed_early++;
		journey->closed_early = "too many hops";
		return JOURNEY_NO_HOP;
	}
	hop = append_hop(engine, part, record);
	if (hop != JOURNEY_NO_HOP) {
		journey->mirrored = engine->counts.records;
		journey->nr_repeated++;
	}
	return hop;
}

static enum life_state life_state(const struct journey_life *life)
{
	if (life->parked || life->tap || life->continued)
		return LIFE_QUIET;
	if (life->ended)
		return regroup_may_go_on(life) ? LIFE_WAITING : LIFE_QUIET;
	if (life->nr_hops && life->end == JOURNEY_OPEN)
		return LIFE_TRAVELLING;
	return LIFE_WAITING;
}

static void count_state(struct journey *journey, enum life_state state, int n)
{
	if (state == LIFE_TRAVELLING)
		journey->nr_travelling += n;
	else if (state == LIFE_WAITING)
		journey->nr_waiting += n;
}

/**
 * engine_life_changed() - take note of what was changed in a life
 * @engine: the engine
 * @life: the life
 */
void engine_life_changed(struct journey_engine *engine, struct journey_life *life)
{
	enum life_state state = life_state(life);

	if (state == life->state)
		return;
	count_state(life->journey, life->state, -1);
	count_state(life->journey, state, 1);
	life->state = state;
	touch_journey(engine, life->journey);
}

/**
 * engine_forget_parked() - the journey of a parked life is complete, and so
 *	is the life now
 * @engine: the engine
 * @life: a life without journey
 */
void engine_forget_parked(struct journey_engine *engine, struct journey_life *life)
{
	engine->nr_parked--;
	life_release(&engine->lives, life);
}

static void keep_parked(struct journey_engine *engine, struct journey_life *life)
{
	life->journey = NULL;
	life->next = NULL;
	life_forget_head(&engine->lives, life);
	life_forget_identity(&engine->lives, life);
	list_add_tail(&life->parked_link, &engine->parked);
	engine->nr_parked++;
	if (engine->nr_parked > engine->config.max_journeys)
		engine_forget_parked(engine, container_of(engine->parked.next,
							  struct journey_life, parked_link));
}

/*
 * How much a life says about what became of the packet.  One that is still
 * under way may come to more than one that was dropped.
 */
static int weight(const struct journey_life *life)
{
	static const int weights[] = {
		[JOURNEY_FREED] = 2,
		[JOURNEY_DROPPED] = 3,
		[JOURNEY_OPEN] = 4,
		[JOURNEY_DELIVERED] = 5,
	};

	if (life->tap || life->parked || life->continued || !life->nr_hops)
		return 0;
	return life->otherhost ? 1 : weights[life->end];
}

/* What became of a packet: the best that any of its copies came to. */
static void decide_end(struct journey *journey)
{
	const struct journey_life *life;
	int most = 0;

	for (life = journey->lives; life; life = life->next) {
		if (weight(life) <= most)
			continue;
		most = weight(life);
		journey->end = life->end;
		journey->end_hop = life->end_hop;
	}
}

static void find_losses(const struct journey_engine *engine, struct journey *journey)
{
	/* A journey that is not over is still under way. */
	uint64_t last_ns = journey->nr_travelling ? engine->now_ns : journey->last_ns;
	unsigned int i;

	for (i = 0; i < engine->nr_losses; i++) {
		const struct source_loss *loss = &engine->losses[i];

		if (loss->from_ns > last_ns || loss->to_ns < journey->first_ns)
			continue;
		if (!journey->nr_losses++)
			journey->loss = *loss;
	}
}

static void release_lives(struct journey_engine *engine, struct journey *journey)
{
	struct journey_life *life, *next;

	for (life = journey->lives; life; life = next) {
		next = life->next;
		regroup_forget(engine, life);
		if (life->parked && !life->ended)
			keep_parked(engine, life);
		else
			life_release(&engine->lives, life);
	}
}

/* Give a journey away and forget it. */
static void finish(struct journey_engine *engine, struct journey *journey)
{
	decide_end(journey);
	find_losses(engine, journey);
	engine->done(engine->context, journey);
	release_lives(engine, journey);
	list_del_init(&journey->link);
	engine->nr_journeys--;
	engine->nr_hops -= journey->room;
	put_journey(engine, journey);
}

/**
 * engine_journey_is_full() - has a journey as many hops as it may
 * @engine: the engine
 * @journey: the journey
 */
bool engine_journey_is_full(const struct journey_engine *engine, const struct journey *journey)
{
	return journey->nr_hops >= engine->config.max_journey_hops;
}

/**
 * engine_close_early() - close a journey before its end
 * @engine: the engine
 * @journey: the journey, gone afterwards, with its lives
 * @why: why
 */
void engine_close_early(struct journey_engine *engine, struct journey *journey, const char *why)
{
	/* One that had ended, or arrived, lacks nothing. */
	if (journey->nr_travelling) {
		journey->closed_early = why;
		engine->counts.closed_early++;
	}
	finish(engine, journey);
}

static void keep_bounds(struct journey_engine *engine)
{
	struct journey *journey;

	while (engine->nr_journeys > engine->config.max_journeys ||
	       (engine->nr_hops > engine->config.max_hops && engine->nr_journeys > 1)) {
		journey = first_journey(&engine->ended);
		if (!journey)
			journey = first_journey(&engine->waiting);
		if (!journey)
			journey = first_journey(&engine->travelling);
		engine_close_early(engine, journey, "too many open journeys");
	}
}

static void expire(struct journey_engine *engine, struct list_head *list, uint64_t timeout_ns)
{
	struct journey *journey;

	while ((journey = first_journey(list)) &&
	       engine->now_ns - journey->last_ns >= timeout_ns)
		finish(engine, journey);
}

/**
 * journey_advance() - tell that time has passed
 * @engine: the engine
 * @now_ns: all records up to here have been fed
 *
 * Needed only where no records come for a while.
 */
void journey_advance(struct journey_engine *engine, uint64_t now_ns)
{
	if (now_ns > engine->now_ns)
		engine->now_ns = now_ns;
	expire(engine, &engine->ended, ENDED_NS);
	expire(engine, &engine->waiting, WAITING_NS);
	expire(engine, &engine->travelling, engine->config.idle_ns);
}

/**
 * journey_record() - feed a record
 * @engine: the engine
 * @record: the record, not older than those before
 *
 * Return: 0 or -ENOMEM.
 */
int journey_record(struct journey_engine *engine, const struct skbtrace_record *record)
{
	journey_advance(engine, record->ts_ns);
	engine->counts.records++;
	engine->out_of_memory = false;
	engine_follow(engine, record);
	keep_bounds(engine);
	return engine->out_of_memory ? -ENOMEM : 0;
}

/* Take the two oldest losses for one, which covers more than both. */
static void join_losses(struct journey_engine *engine)
{
	struct source_loss *loss = engine->losses;

	if (loss[1].to_ns > loss[0].to_ns)
		loss[0].to_ns = loss[1].to_ns;
	if (loss[0].cpu != loss[1].cpu)
		loss[0].cpu = -1;
	loss[0].count += loss[1].count;
	engine->nr_losses--;
	memmove(loss + 1, loss + 2, (engine->nr_losses - 1) * sizeof(*loss));
}

/**
 * journey_lost() - tell that records are missing
 * @engine: the engine
 * @loss: what is known of them; to be told before any record that is younger
 *	than its beginning is fed
 */
void journey_lost(struct journey_engine *engine, const struct source_loss *loss)
{
	if (engine->nr_losses == ENGINE_LOSSES)
		join_losses(engine);
	engine->losses[engine->nr_losses++] = *loss;
	if (loss->to_ns > engine->lost_until_ns)
		engine->lost_until_ns = loss->to_ns;
}

/**
 * journey_flush() - close all journeys: there are no more records
 * @engine: the engine
 */
void journey_flush(struct journey_engine *engine)
{
	struct journey *journey;

	/* To close one may be the end of another: of what was merged into it. */
	while ((journey = first_journey(&engine->ended)) ||
	       (journey = first_journey(&engine->waiting)) ||
	       (journey = first_journey(&engine->travelling)))
		finish(engine, journey);
}

/**
 * journey_counts() - what became of the records
 * @engine: the engine
 */
const struct journey_counts *journey_counts(const struct journey_engine *engine)
{
	return &engine->counts;
}

/**
 * journey_engine_free() - free an engine, and what is open without a word
 * @engine: the engine, or NULL
 */
void journey_engine_free(struct journey_engine *engine)
{
	struct journey *journey;

	if (!engine)
		return;
	while ((journey = first_journey(&engine->ended)) ||
	       (journey = first_journey(&engine->waiting)) ||
	       (journey = first_journey(&engine->travelling))) {
		release_lives(engine, journey);
		free_journey(journey);
	}
	while ((journey = first_journey(&engine->pool)))
		free_journey(journey);
	while (!list_empty(&engine->parked))
		engine_forget_parked(engine, container_of(engine->parked.next,
							  struct journey_life, parked_link));
	life_table_destroy(&engine->lives);
	free(engine);
}
