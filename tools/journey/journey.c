// SPDX-License-Identifier: GPL-2.0
/* The engine from outside: records go in, time passes, records are lost, all is over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "journey.h"

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
	if (engine_init(engine)) {
		free(engine);
		return NULL;
	}
	return engine;
}

static void expire(struct journey_engine *engine, struct list_head *list, uint64_t timeout_ns)
{
	struct journey *journey;

	while ((journey = engine_first(list)) &&
	       engine->now_ns - journey->last_ns >= timeout_ns)
		engine_finish(engine, journey);
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
	follow_record(engine, record);
	engine_keep_bounds(engine);
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
}

/**
 * journey_flush() - close all journeys: there are no more records
 * @engine: the engine
 */
void journey_flush(struct journey_engine *engine)
{
	struct journey *journey;

	/* To close one may be the end of another: of what was merged into it. */
	while ((journey = engine_first(&engine->ended)) ||
	       (journey = engine_first(&engine->waiting)) ||
	       (journey = engine_first(&engine->travelling)))
		engine_finish(engine, journey);
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
 * journey_deciding_life() - the life whose end is the journey's
 * @journey: the journey
 *
 * Return: that life, or NULL if none has ended so.
 */
const struct journey_life *journey_deciding_life(const struct journey *journey)
{
	const struct journey_life *life;

	for (life = journey->lives; life; life = life->next)
		if (life->end == journey->end && life->end_hop == journey->end_hop &&
		    life->phase != LIFE_KEPT && life->phase != LIFE_PASSED_ON &&
		    life->phase != LIFE_TAP && (life->nr_hops || life->is_heir))
			return life;
	return NULL;
}

/**
 * journey_engine_free() - free an engine, and what is open without a word
 * @engine: the engine, or NULL
 */
void journey_engine_free(struct journey_engine *engine)
{
	if (!engine)
		return;
	engine_destroy(engine);
	free(engine);
}
