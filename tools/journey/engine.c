// SPDX-License-Identifier: GPL-2.0
/*
 * Journeys as objects: begun, added to, closed and given away, within bounds.
 * What a record means to them is told in follow.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* Most journeys have 20 to 40 hops; what is kept for the next has as many. */
#define HOPS_AT_FIRST	8
#define HOPS_IN_POOL	64
#define POOL_SIZE	4096

static void free_journey(struct journey *journey)
{
	list_del_init(&journey->link);
	free(journey->hops);
	free(journey);
}

/**
 * engine_first() - the journey on a list that was not heard of for longest
 * @list: one of the engine's lists of journeys
 */
struct journey *engine_first(const struct list_head *list)
{
	return list_empty(list) ? NULL : container_of(list->next, struct journey, link);
}

static struct journey *get_journey(struct journey_engine *engine)
{
	struct journey *journey = engine_first(&engine->pool);
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
	journey->unread_hop = JOURNEY_NO_HOP;
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
 * @record: of its first hop
 *
 * Return: the journey, or NULL if there is no memory.
 */
struct journey *engine_begin_journey(struct journey_engine *engine,
				     const struct skbtrace_record *record)
{
	struct journey *journey = get_journey(engine);

	if (!journey) {
		engine->out_of_memory = true;
		return NULL;
	}
	journey->id = JOURNEY_ID(record->index, record->cpu);
	journey->first_ns = record->ts_ns;
	journey->last_ns = record->ts_ns;
	engine->nr_journeys++;
	engine->counts.begun++;
	engine->nr_hops += journey->room;
	list_add_tail(&journey->link, &engine->travelling);
	return journey;
}

/**
 * engine_begin_life() - a journey gets a life
 * @engine: the engine
 * @journey: the journey
 * @parent: the life it is made from, NULL if from none
 * @id: its number
 * @ts_ns: when it begins
 *
 * Return: the life, or NULL if there is no memory.
 */
struct journey_life *engine_begin_life(struct journey_engine *engine, struct journey *journey,
				       const struct journey_life *parent, uint64_t id,
				       uint64_t ts_ns)
{
	struct journey_life *life = life_new(&engine->lives, id, ts_ns);

	if (!life) {
		engine->out_of_memory = true;
		return NULL;
	}
	life->journey = journey;
	life->number = journey->nr_lives++;
	life->parent = life->number;
	if (parent) {
		life->parent = parent->number;
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
	const struct journey_hop *previous;
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
	hop->guesses = life->guessed && !life->nr_hops;
	hop->doubts = !!(record->flags & SKBTRACE_F_DOUBTFUL);
	if (hop->previous != JOURNEY_NO_HOP) {
		previous = &journey->hops[hop->previous];
		hop->guesses += previous->guesses;
		hop->doubts += previous->doubts;
	}
	journey->nr_hidden += !!(record->flags & SKBTRACE_F_HIDDEN);
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

	if (record->flags & SKBTRACE_F_HIDDEN)
		engine->counts.hidden++;
	else
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
		journey->nr_repeated += !(record->flags & SKBTRACE_F_HIDDEN);
	}
	return hop;
}

static void count_expected(struct journey *journey, enum life_expected state, int n)
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
	enum life_expected expected = life_expected(life);

	if (expected == life->expected)
		return;
	count_expected(life->journey, life->expected, -1);
	count_expected(life->journey, expected, 1);
	life->expected = expected;
	touch_journey(engine, life->journey);
}

/**
 * engine_forget_kept() - the journey of a life that TCP keeps is complete, and so
 *	is the life now
 * @engine: the engine
 * @life: a life without journey
 */
void engine_forget_kept(struct journey_engine *engine, struct journey_life *life)
{
	engine->nr_kept--;
	life_release(&engine->lives, life);
}

static void keep_life(struct journey_engine *engine, struct journey_life *life)
{
	life_part(life);
	life->journey = NULL;
	life->next = NULL;
	life->whole_life = NULL;
	life->copy = NULL;
	life_forget_key(&engine->lives, life, LIFE_HEAD);
	life_forget_key(&engine->lives, life, LIFE_IDENTITY);
	list_add_tail(&life->kept_link, &engine->kept);
	engine->nr_kept++;
	if (engine->nr_kept > engine->config.max_journeys)
		engine_forget_kept(engine, container_of(engine->kept.next,
							  struct journey_life, kept_link));
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

	if (life->phase == LIFE_TAP || life->phase == LIFE_KEPT ||
	    life->phase == LIFE_PASSED_ON || (!life->nr_hops && !life->is_heir))
		return 0;
	return life->otherhost ? 1 : weights[life->end];
}

/* Who has a packet that he has no use for says nothing. */
static bool was_ignored(const struct journey *journey, const struct journey_life *life)
{
	return life->end == JOURNEY_DELIVERED && life->answer == LIFE_UNANSWERED &&
	       journey->lives->answer != LIFE_IS_ANSWER;
}

/* What became of a packet: the best that any of its copies came to. */
static void decide_end(struct journey *journey)
{
	struct journey_life *life;
	int most = 0;

	for (life = journey->lives; life; life = life->next) {
		if (was_ignored(journey, life))
			life->end = JOURNEY_FREED;
		journey->nr_taps += life->phase == LIFE_TAP;
		if (!weight(life))
			continue;
		journey->nr_delivered += life->end == JOURNEY_DELIVERED;
		journey->nr_dropped += life->end == JOURNEY_DROPPED;
		if (weight(life) <= most)
			continue;
		most = weight(life);
		journey->end = life->end;
		journey->end_hop = life->end_hop;
		journey->unread_hop = life->unread_hop;
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

/**
 * engine_disband() - nothing is in a life's skb any more, nor it in another's
 * @engine: the engine
 * @life: the life
 */
void engine_disband(struct journey_engine *engine, struct journey_life *life)
{
	struct journey_life *part;

	if (life->carrier)
		life_put_down(life);
	while ((part = life->merged)) {
		life_put_down(part);
		part->gone = true;
		part->end_ns = part->journey->last_ns;
		engine_life_changed(engine, part);
	}
}

static void release_lives(struct journey_engine *engine, struct journey *journey)
{
	struct journey_life *life, *next;

	for (life = journey->lives; life; life = next) {
		next = life->next;
		engine_disband(engine, life);
		if (life->phase == LIFE_KEPT && !life->gone)
			keep_life(engine, life);
		else
			life_release(&engine->lives, life);
	}
}

/**
 * engine_finish() - give a journey away and forget it
 * @engine: the engine
 * @journey: the journey, gone afterwards, with its lives
 */
void engine_finish(struct journey_engine *engine, struct journey *journey)
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
	engine_finish(engine, journey);
}

/**
 * engine_keep_bounds() - close what there is no room for
 * @engine: the engine
 */
void engine_keep_bounds(struct journey_engine *engine)
{
	struct journey *journey;

	while (engine->nr_journeys > engine->config.max_journeys ||
	       (engine->nr_hops > engine->config.max_hops && engine->nr_journeys > 1)) {
		journey = engine_first(&engine->ended);
		if (!journey)
			journey = engine_first(&engine->waiting);
		if (!journey)
			journey = engine_first(&engine->travelling);
		engine_close_early(engine, journey, "too many open journeys");
	}
}

/**
 * engine_init() - make an engine that knows nothing
 * @engine: the engine, all zeroes but for what it was told
 *
 * Return: 0 or -ENOMEM.
 */
int engine_init(struct journey_engine *engine)
{
	list_init(&engine->travelling);
	list_init(&engine->waiting);
	list_init(&engine->ended);
	list_init(&engine->kept);
	list_init(&engine->pool);
	/* A journey has two lives more often than not. */
	return life_table_init(&engine->lives, 2 * engine->config.max_journeys);
}

/**
 * engine_destroy() - forget all, without a word
 * @engine: the engine
 */
void engine_destroy(struct journey_engine *engine)
{
	struct journey *journey;

	while ((journey = engine_first(&engine->ended)) ||
	       (journey = engine_first(&engine->waiting)) ||
	       (journey = engine_first(&engine->travelling))) {
		release_lives(engine, journey);
		free_journey(journey);
	}
	while ((journey = engine_first(&engine->pool)))
		free_journey(journey);
	while (!list_empty(&engine->kept))
		engine_forget_kept(engine, container_of(engine->kept.next,
							struct journey_life, kept_link));
	life_table_destroy(&engine->lives);
}
