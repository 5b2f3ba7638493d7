/* SPDX-License-Identifier: GPL-2.0 */
/* What journey.c, follow.c and regroup.c, the parts of the engine, share. */
#ifndef SKBTRACE_TOOLS_ENGINE_H
#define SKBTRACE_TOOLS_ENGINE_H

#include "journey.h"
#include "life.h"

/* Losses that are remembered singly; older ones are taken together. */
#define ENGINE_LOSSES	64

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
 * @parked: parked lives whose journeys are complete, the oldest first
 * @nr_parked: how many
 * @pool: journeys to be used again
 * @nr_pool: how many
 * @nr_journeys: how many are open
 * @nr_hops: room for hops in all open journeys
 * @now_ns: the latest time seen
 * @next_id: of the next journey
 * @losses: the latest losses, by beginning
 * @nr_losses: how many
 * @lost_until_ns: the latest end of a loss
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
	struct list_head parked;
	uint32_t nr_parked;
	struct list_head pool;
	uint32_t nr_pool;
	uint32_t nr_journeys;
	uint64_t nr_hops;
	uint64_t now_ns;
	uint64_t next_id;
	struct source_loss losses[ENGINE_LOSSES];
	unsigned int nr_losses;
	uint64_t lost_until_ns;
	struct journey_counts counts;
	bool out_of_memory;
};

struct journey *engine_begin_journey(struct journey_engine *engine, uint64_t ts_ns);
struct journey_life *engine_begin_life(struct journey_engine *engine, struct journey *journey,
				       const struct journey_life *parent, uint64_t skb,
				       uint64_t ts_ns);
uint32_t engine_add_hop(struct journey_engine *engine, struct journey_life *life,
			const struct skbtrace_record *record);
uint32_t engine_mirror_hop(struct journey_engine *engine, struct journey_life *part,
			   const struct skbtrace_record *record);
void engine_life_changed(struct journey_engine *engine, struct journey_life *life);
void engine_forget_parked(struct journey_engine *engine, struct journey_life *life);
bool engine_journey_is_full(const struct journey_engine *engine, const struct journey *journey);
void engine_close_early(struct journey_engine *engine, struct journey *journey, const char *why);

void engine_follow(struct journey_engine *engine, const struct skbtrace_record *record);

/* regroup.c */
struct journey_life *regroup_origin(const struct journey_engine *engine,
				    const struct skbtrace_record *record);
struct journey_life *regroup_segment(struct journey_engine *engine, struct journey_life *whole,
				     const struct skbtrace_record *record);
void regroup_rebuilt(struct journey_engine *engine, struct journey_life *origin,
		     struct journey_life *life);
void regroup_hop(struct journey_engine *engine, struct journey_life *life, uint32_t hop);
void regroup_shrink(struct journey_engine *engine, struct journey_life *life,
		    const struct skbtrace_record *record);
void regroup_again(struct journey_engine *engine, struct journey_life *life);
bool regroup_may_go_on(const struct journey_life *life);
void regroup_forget(struct journey_engine *engine, struct journey_life *life);

#endif /* SKBTRACE_TOOLS_ENGINE_H */
