/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's journeys as objects.  Who uses whom:
 *
 *   journey -> follow -> {answer, guess, regroup} -> engine -> life -> {packet, span, point}
 *   verdict -> {compare, parts} -> {evidence, span} -> {packet, point}
 */
#ifndef SKBTRACE_TOOLS_ENGINE_H
#define SKBTRACE_TOOLS_ENGINE_H

#include "life.h"
#include "limits.h"

/* Losses that are remembered singly; older ones are taken together. */
#define ENGINE_LOSSES	64

/* CPUs that share one forget each other's. */
#define ANSWER_CALLS	256

/**
 * struct answer_call - the function on a CPU that has a packet which it may answer
 * @life: the life of the packet, 0 if there is none
 * @sp: the stack pointer on its entry
 * @cpu: the CPU
 * @context: enum skbtrace_context
 */
struct answer_call {
	uint64_t life;
	uint64_t sp;
	uint16_t cpu;
	uint8_t context;
};

/**
 * struct journey_engine - the state between records
 * @config: limits
 * @reasons: drop reasons that are none
 * @done: whom to give complete journeys to
 * @context: @done's
 * @lives: all lives
 * @travelling: journeys under way, the one not heard of for longest first
 * @waiting: journeys that are decided, but have a life that was not freed yet,
 *	or clones that were not seen yet; likewise
 * @ended: journeys whose lives are all over, kept for what returns late
 * @kept: lives that TCP keeps and whose journeys are complete, the oldest first
 * @nr_kept: how many
 * @pool: journeys to be used again
 * @nr_pool: how many
 * @nr_journeys: how many are open
 * @nr_hops: room for hops in all open journeys
 * @now_ns: the latest time seen
 * @losses: the latest losses, by beginning
 * @nr_losses: how many
 * @calls: see answer.c
 * @counts: what became of the records
 * @out_of_memory: an allocation failed since the record came
 */
struct journey_engine {
	struct journey_config config;
	struct journey_reasons reasons;
	journey_done done;
	void *context;
	struct life_table lives;
	struct list_head travelling;
	struct list_head waiting;
	struct list_head ended;
	struct list_head kept;
	uint32_t nr_kept;
	struct list_head pool;
	uint32_t nr_pool;
	uint32_t nr_journeys;
	uint64_t nr_hops;
	uint64_t now_ns;
	struct source_loss losses[ENGINE_LOSSES];
	unsigned int nr_losses;
	struct answer_call calls[ANSWER_CALLS];
	struct journey_counts counts;
	bool out_of_memory;
};

int engine_init(struct journey_engine *engine);
void engine_destroy(struct journey_engine *engine);

struct journey *engine_first(const struct list_head *list);
struct journey *engine_begin_journey(struct journey_engine *engine,
				     const struct skbtrace_record *record);
struct journey_life *engine_begin_life(struct journey_engine *engine, struct journey *journey,
				       const struct journey_life *parent, uint64_t id,
				       uint64_t ts_ns);
uint32_t engine_add_hop(struct journey_engine *engine, struct journey_life *life,
			const struct skbtrace_record *record);
uint32_t engine_mirror_hop(struct journey_engine *engine, struct journey_life *part,
			   const struct skbtrace_record *record);
void engine_life_changed(struct journey_engine *engine, struct journey_life *life);
void engine_disband(struct journey_engine *engine, struct journey_life *life);
void engine_forget_kept(struct journey_engine *engine, struct journey_life *life);
bool engine_journey_is_full(const struct journey_engine *engine, const struct journey *journey);
void engine_close_early(struct journey_engine *engine, struct journey *journey, const char *why);
void engine_finish(struct journey_engine *engine, struct journey *journey);
void engine_keep_bounds(struct journey_engine *engine);

#endif /* SKBTRACE_TOOLS_ENGINE_H */
