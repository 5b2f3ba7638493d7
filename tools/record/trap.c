// SPDX-License-Identifier: GPL-2.0
/* Waiting for a journey of a kind, and keeping the time around it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journey/journey.h"
#include "lib/clock.h"
#include "lib/hurry.h"
#include "lib/stop.h"
#include "message/stream.h"
#include "past.h"
#include "show/show.h"
#include "show/show_end.h"
#include "show/show_messages.h"
#include "trap.h"

/* How often a live source is looked at, at least. */
#define WAIT_MS		100

/* How often the count of missed probes is asked for, live. */
#define MISSED_NS	NSEC_PER_SEC

/*
 * So many records at once: an eighth of a ring of 32768, which others go on to fill; and for
 * so long one hurries, as who makes so many makes more.
 */
#define BEHIND_RECORDS	4096
#define HURRY_NS	NSEC_PER_SEC

/*
 * What happened to a packet is known when its journey is complete: one of which nothing is
 * heard any more is given up after 10 s.  So much more is remembered than is wanted before.
 */
#define IDLE_NS		(10 * NSEC_PER_SEC)
#define COMPLETE_NS	(IDLE_NS + 2 * NSEC_PER_SEC)

/*
 * This runs for weeks beside what the host is for: 36 MB of hops, and 32 MB of records that
 * have been read and not followed yet.
 */
static const struct journey_config trap_journeys = { 1 << 14, 1 << 17, 1 << 13, IDLE_NS };
#define UNREAD_BLOCKS	512

/**
 * struct trap - the state
 * @config: what to wait for
 * @source: where records come from
 * @output: the files
 * @names: of what the records name
 * @merge: the streams as one
 * @engine: makes journeys of them
 * @streams: what applications sent and got
 * @past: the records
 * @show: how journeys are told
 * @messages: how changes outside of the hops are
 * @left_out: of each CPU, records not of the packets looked for
 * @counts: what came of it
 * @missed: probes that were skipped
 * @missed_at_ns: when that was found out
 * @now_ns: until when all is known
 * @end_ns: when to end, as enough has been seen
 */
struct trap {
	const struct trap_config *config;
	struct source *source;
	struct output *output;
	struct names *names;
	struct merge *merge;
	struct journey_engine *engine;
	struct streams *streams;
	struct past *past;
	struct show show;
	struct show_messages messages;
	uint64_t *left_out;
	struct trap_counts *counts;
	uint64_t missed;
	uint64_t missed_at_ns;
	uint64_t now_ns;
	uint64_t end_ns;
};

/* Each time that is wanted has a file of its own. */
static int begin_time(void *context, struct error *error)
{
	struct trap *trap = context;

	if (trap->output->file.fd >= 0 && output_end(trap->output, trap->source, error))
		return -1;
	return output_begin(trap->output, trap->source, trap->now_ns, error);
}

static int give_records(void *context, unsigned int cpu, const struct skbtrace_record *records,
			size_t nr, struct error *error)
{
	struct trap *trap = context;

	if (output_is_full(trap->output, trap->now_ns) &&
	    output_next(trap->output, trap->source, trap->now_ns, error))
		return -1;
	return output_records(trap->output, cpu, records, nr, error);
}

static const struct past_ops past_ops = { .begin = begin_time, .records = give_records };

static bool has_seen_all(const struct trap *trap)
{
	return trap->config->count && trap->counts->journeys >= trap->config->count;
}

/* Keep what is around a time. */
static void keep(struct trap *trap, uint64_t first_ns, uint64_t last_ns)
{
	const struct trap_config *config = trap->config;
	uint64_t from_ns = first_ns > config->before_ns ? first_ns - config->before_ns : 0;
	uint64_t until_ns = last_ns + config->after_ns;

	past_want(trap->past, from_ns, until_ns);
	trap->counts->journeys++;
	if (has_seen_all(trap) && until_ns > trap->end_ns)
		trap->end_ns = until_ns;
}

/* One line: whoever reads the log of a service knows which file to look into. */
static void tell(struct trap *trap, const struct journey *journey, const struct verdict *verdict)
{
	struct show *show = &trap->show;
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN];

	if (verdict->payload == VERDICT_CHANGED) {
		show->ops->changed(show, journey, verdict);
		return;
	}
	fprintf(show->out, "#%s %s: ", show_id(journey->id, id), show_packet(journey, packet));
	if (verdict->payload == VERDICT_UNVERIFIED)
		fprintf(show->out, "unverified: %s; ", verdict->why);
	show_end_of_journey(show, journey);
	putc('\n', show->out);
}

/* A journey is complete: the engine calls this. */
static void take_journey(void *context, const struct journey *journey)
{
	struct trap *trap = context;
	struct verdict verdict;

	if (has_seen_all(trap) || !filter_journey(trap->config->filter, trap->names, journey))
		return;
	verdict_of(journey, trap->missed, &verdict);
	if (!needle_is_wanted(trap->config->needle, journey, &verdict))
		return;
	tell(trap, journey, &verdict);
	keep(trap, journey->first_ns, journey->last_ns);
}

/* Bytes were changed outside of the hops, where no journey has them. */
static void take_change(void *context, const struct stream_change *change)
{
	struct trap *trap = context;
	const struct filter *filter = trap->config->filter;
	const struct witness *before = &change->before, *after = &change->after;

	if (has_seen_all(trap) || !needle_wants_changed(trap->config->needle) ||
	    (filter->has_pid && filter->pid != before->pid && filter->pid != after->pid))
		return;
	show_message_change(&trap->messages, change);
	keep(trap, before->ts_ns < after->ts_ns ? before->ts_ns : after->ts_ns,
	     before->ts_ns < after->ts_ns ? after->ts_ns : before->ts_ns);
}

static void take_message(void *context, const struct stream_message *message)
{
	(void)context;
	(void)message;
}

/*
 * Only packets that are looked for are kept.  Their indices close up: what is missing in a
 * file is what was lost.
 */
static int remember(struct trap *trap, const struct skbtrace_record *record, struct error *error)
{
	struct skbtrace_record kept;

	if (!trap->config->filter->expression)
		return past_add(trap->past, record, error);
	if (!filter_packet(trap->config->filter, record)) {
		trap->left_out[record->cpu]++;
		trap->counts->left_out++;
		return 0;
	}
	kept = *record;
	kept.index -= trap->left_out[record->cpu];
	return past_add(trap->past, &kept, error);
}

static int take_record(struct trap *trap, const struct skbtrace_record *record,
		       struct error *error)
{
	if (remember(trap, record, error))
		return -1;
	if ((trap->streams && streams_record(trap->streams, record)) ||
	    (!stream_is_message(record) && journey_record(trap->engine, record)))
		return error_set(error, "out of memory");
	trap->now_ns = record->ts_ns;
	return 0;
}

/* What is so old that no journey that is not complete yet can want it. */
static int forget(struct trap *trap, struct error *error)
{
	uint64_t held_ns = trap->config->before_ns + COMPLETE_NS;

	return trap->now_ns > held_ns ? past_forget(trap->past, trap->now_ns - held_ns, error) : 0;
}

/* Take what there is up to a time.  Return: 0 or -1. */
static int take_until(struct trap *trap, uint64_t ns, struct error *error)
{
	struct merge_item item;
	unsigned int nr = 0;
	int ret;

	while ((ret = merge_next(trap->merge, ns, &item, error)) > 0) {
		if (item.record && take_record(trap, item.record, error))
			return -1;
		if (!item.record) {
			trap->counts->lost += item.loss.count;
			journey_lost(trap->engine, &item.loss);
		}
		if (!(++nr % 1024) && forget(trap, error))
			return -1;
		if (!trap->source->is_live &&
		    (stop_asked || (trap->end_ns && trap->now_ns >= trap->end_ns)))
			break;
	}
	return ret < 0 ? -1 : 0;
}

/* How often probes were missed while there were records. */
static int count_missed(struct trap *trap, uint64_t now, struct error *error)
{
	char *points = source_text(trap->source, SOURCE_POINTS, error);
	uint64_t missed;

	if (!points)
		return -1;
	missed = names_missed(points);
	free(points);
	trap->missed_at_ns = now;
	trap->missed = missed > trap->source->missed_before ?
		       missed - trap->source->missed_before : 0;
	return 0;
}

/* Time has passed: journeys of which nothing is heard any more are complete. */
static int advance(struct trap *trap, uint64_t ns, struct error *error)
{
	if (ns > trap->now_ns)
		trap->now_ns = ns;
	journey_advance(trap->engine, ns);
	if (trap->streams)
		streams_advance(trap->streams, ns);
	return forget(trap, error);
}

/* Follow a live source until its time is up, or enough has been seen. */
static int follow(struct trap *trap, struct error *error)
{
	struct hurry haste = { 0 };
	uint64_t complete_ns, now, taken, behind_ns = 0;

	while (!stop_asked && !(trap->end_ns && trap->now_ns >= trap->end_ns)) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (trap->now_ns >= trap->config->until_ns)
			break;
		if (now - trap->missed_at_ns >= MISSED_NS && count_missed(trap, now, error))
			return -1;
		if (merge_drain(trap->merge, error))
			return -1;
		complete_ns = merge_complete_ns(trap->merge);
		if (complete_ns > trap->config->until_ns)
			complete_ns = trap->config->until_ns;
		taken = journey_counts(trap->engine)->records;
		if (take_until(trap, complete_ns, error) || advance(trap, complete_ns, error))
			return -1;
		taken = journey_counts(trap->engine)->records - taken;
		if (taken > BEHIND_RECORDS)
			behind_ns = now;
		hurry(&haste, behind_ns && now - behind_ns < HURRY_NS);
		fflush(trap->show.out);
		if (source_wait(trap->source, WAIT_MS, error))
			return -1;
	}
	if (!stop_asked)
		return 0;
	/* What is there by now, but not what comes while it is looked at. */
	now = clock_ns(CLOCK_MONOTONIC);
	if (merge_drain(trap->merge, error))
		return -1;
	merge_end(trap->merge);
	return take_until(trap, now < trap->config->until_ns ? now : trap->config->until_ns, error);
}

/* All is over: what is not complete will not be, and what is wanted is given. */
static int finish(struct trap *trap, struct error *error)
{
	journey_flush(trap->engine);
	if (trap->streams)
		streams_flush(trap->streams);
	if (past_forget(trap->past, UINT64_MAX, error))
		return -1;
	return trap->output->file.fd >= 0 ? output_end(trap->output, trap->source, error) : 0;
}

/* Only if sockets are looked at at all. */
static int start_streams(struct trap *trap, struct error *error)
{
	const struct stream_ops ops = { .changed = take_change, .message = take_message };
	int looks = health_has_sockets(trap->source, error);

	if (looks <= 0)
		return looks;
	trap->streams = streams_new(&ops, trap);
	if (!trap->streams)
		return error_set(error, "out of memory");
	trap->messages.out = trap->show.out;
	trap->messages.names = trap->names;
	trap->messages.streams = trap->streams;
	return 0;
}

static int start(struct trap *trap, struct error *error)
{
	struct journey_reasons reasons;

	trap->names = names_new(trap->source, error);
	if (!trap->names)
		return -1;
	trap->show.names = trap->names;
	trap->merge = merge_new(trap->source, error);
	if (!trap->merge)
		return -1;
	merge_limit(trap->merge, UNREAD_BLOCKS);
	journey_reasons_of(trap->names, &reasons);
	trap->engine = journey_engine_new(&trap_journeys, &reasons, take_journey, trap);
	trap->past = past_new(trap->config->memory, trap->output->file.compressor, &past_ops, trap);
	trap->left_out = calloc(FILE_CPUS_MAX, sizeof(*trap->left_out));
	if (!trap->engine || !trap->past || !trap->left_out)
		return error_set(error, "out of memory");
	if (start_streams(trap, error))
		return -1;
	return count_missed(trap, clock_ns(CLOCK_MONOTONIC), error);
}

/**
 * trap() - keep the time around journeys of a kind
 * @config: which, and how much
 * @source: where records come from
 * @output: where to
 * @counts: set to what came of it
 * @error: set if it fails
 *
 * Each journey is told on standard error.
 *
 * Return: 0 or -1.
 */
int trap(const struct trap_config *config, struct source *source, struct output *output,
	 struct trap_counts *counts, struct error *error)
{
	struct trap trap = {
		.config = config, .source = source, .output = output, .counts = counts,
		.show = { .ops = &show_text_ops, .out = stderr, .filter = config->filter },
	};
	int ret = start(&trap, error);

	if (!ret)
		ret = source->is_live ? follow(&trap, error) : take_until(&trap, UINT64_MAX, error);
	if (!ret)
		ret = finish(&trap, error);
	if (trap.past) {
		counts->left_out += past_counts(trap.past)->left_out;
		counts->cut = past_counts(trap.past)->cut;
		counts->missing_ns = past_counts(trap.past)->missing_ns;
	}
	free(trap.left_out);
	past_free(trap.past);
	streams_free(trap.streams);
	journey_engine_free(trap.engine);
	merge_free(trap.merge);
	names_free(trap.names);
	return ret;
}
