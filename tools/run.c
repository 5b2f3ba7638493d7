// SPDX-License-Identifier: GPL-2.0
/* From a source to what is shown: live, report, check, hops, summary and metrics. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journey/journey.h"
#include "lib/clock.h"
#include "lib/stop.h"
#include "message/stream.h"
#include "run.h"
#include "show/known.h"
#include "show/show.h"
#include "show/show_messages.h"
#include "show/show_tally.h"
#include "show/sorted.h"
#include "source/source.h"
#include "tally/tally.h"
#include "why/why.h"

/* How often a live source is looked at, at least. */
#define WAIT_MS		100

/* How often the count of missed probes is asked for, live. */
#define MISSED_NS	NSEC_PER_SEC

/* How often a file of metrics is written anew: Prometheus asks every 15 s as a rule. */
#define METRICS_NS	(10 * NSEC_PER_SEC)

/**
 * struct run - a run
 * @options: what was asked for
 * @source: where records come from
 * @names: the names that go with them
 * @merge: the streams as one
 * @engine: makes journeys of them; NULL if hops are shown
 * @show: how to show them
 * @streams: what applications sent and got, or NULL
 * @messages: how to show that
 * @changes: changes outside of the hops
 * @views: where to write them as well, NULL for what was not asked for
 * @sorted: keeps journeys until all are known, or NULL
 * @tally: what the journeys came to, if that is wanted; else NULL
 * @metrics_at_ns: when that was written to a file last
 * @known: what the records name, if that was asked for; else NULL
 * @why: the host, asked for reasons where journeys are shown; else NULL
 * @all: what all journeys came to, shown or not
 * @summary: what has been seen so far
 * @missed_at_ns: when summary.missed was found out
 * @health: whether the module sees what it is to see
 * @shown: journeys or hops
 * @out_of_memory: a journey could not be kept
 * @until_ns: the time to end at
 * @error: of the run
 */
struct run {
	const struct options *options;
	struct source *source;
	struct names *names;
	struct merge *merge;
	struct journey_engine *engine;
	struct show show;
	struct streams *streams;
	struct show_messages messages;
	uint64_t changes;
	struct view *views[NR_VIEWS];
	struct sorted *sorted;
	struct tally *tally;
	uint64_t metrics_at_ns;
	struct known *known;
	struct why *why;
	struct summary all;
	struct summary summary;
	uint64_t missed_at_ns;
	struct health health;
	uint64_t shown;
	bool out_of_memory;
	uint64_t until_ns;
	struct error *error;
};

/* How often probes were missed while there were records. */
static int count_missed(struct run *run)
{
	char *points = source_text(run->source, SOURCE_POINTS, run->error);
	uint64_t missed;

	if (!points)
		return -1;
	missed = names_missed(points);
	free(points);
	run->missed_at_ns = clock_ns(CLOCK_MONOTONIC);
	run->summary.missed = missed > run->source->missed_before ?
			      missed - run->source->missed_before : 0;
	return 0;
}

/* Whoever reads the file meanwhile sees the old one or the new one. */
static int write_metrics(struct run *run)
{
	const char *path = run->options->output;
	char part[PATH_MAX];
	FILE *out;

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return error_set(run->error, "%.100s...: %s", path, strerror(ENAMETOOLONG));
	out = fopen(part, "w");
	if (!out)
		return error_set(run->error, "%s: %s", part, strerror(errno));
	show_metrics(out, run->names, run->tally, &run->summary);
	if (ferror(out) | fclose(out) || rename(part, path))
		return error_set(run->error, "%s: %s", path, strerror(errno));
	run->metrics_at_ns = clock_ns(CLOCK_MONOTONIC);
	return 0;
}

/* Which are the first is known when all are. */
static bool has_shown_all(const struct run *run)
{
	return run->options->count && !run->sorted && run->shown >= run->options->count;
}

/* "check" names every change, and one journey that it cannot vouch for. */
static void show_check(struct run *run, const struct journey *journey,
		       const struct verdict *verdict)
{
	struct show *show = &run->show;

	if (verdict->payload == VERDICT_CHANGED)
		show->ops->changed(show, journey, verdict);
	else if (verdict->payload == VERDICT_UNVERIFIED && run->summary.unverified == 1)
		show->ops->unverified(show, journey, verdict);
}

static void show_journey(struct run *run, const struct journey *journey,
			 const struct verdict *verdict)
{
	if (!run->sorted)
		run->show.ops->journey(&run->show, journey, verdict);
	else if (sorted_journey(run->sorted, &run->show, journey, verdict))
		run->out_of_memory = true;
}

/* A journey is complete: the engine calls this. */
static void take_journey(void *context, const struct journey *journey)
{
	struct run *run = context;
	struct summary *summary = &run->summary;
	struct verdict verdict;
	unsigned int i;

	if (has_shown_all(run) ||
	    !filter_journey(&run->options->filter, run->names, journey)) {
		summary->hidden += journey->nr_hops - journey->nr_hidden - journey->nr_repeated;
		return;
	}
	verdict_of(journey, summary->missed, &verdict);
	run->all.journeys++;
	run->all.changed += verdict.payload == VERDICT_CHANGED;
	run->all.unverified += verdict.payload == VERDICT_UNVERIFIED;
	if (!needle_is_wanted(&run->options->needle, journey, &verdict)) {
		summary->hidden += journey->nr_hops - journey->nr_hidden - journey->nr_repeated;
		return;
	}
	run->shown++;
	summary->journeys++;
	summary->intact += verdict.payload == VERDICT_INTACT;
	summary->changed += verdict.payload == VERDICT_CHANGED;
	summary->unverified += verdict.payload == VERDICT_UNVERIFIED;
	summary->dropped += journey->end == JOURNEY_DROPPED;
	summary->hops += journey->nr_hops - journey->nr_hidden;
	summary->repeated += journey->nr_repeated;
	if (run->tally)
		tally_journey(run->tally, journey, &verdict);
	if (run->options->command == COMMAND_CHECK)
		show_check(run, journey, &verdict);
	else if (run->options->command != COMMAND_SUMMARY &&
		 run->options->command != COMMAND_METRICS)
		show_journey(run, journey, &verdict);
	for (i = 0; i < NR_VIEWS; i++)
		if (run->views[i])
			view_journey(run->views[i], journey, &verdict);
}

static int take_record(struct run *run, const struct skbtrace_record *record)
{
	unsigned int i;

	run->summary.records++;
	if (run->streams && streams_record(run->streams, record))
		return error_set(run->error, "out of memory");
	if (run->known && !stream_is_message(record))
		known_record(run->known, run->names, record);
	if (stream_is_message(record)) {
		run->summary.messages++;
	} else if (run->options->command == COMMAND_MESSAGES) {
		run->summary.hidden++;
	} else if (run->engine) {
		if (journey_record(run->engine, record) || run->out_of_memory)
			return error_set(run->error, "out of memory");
	} else if (record->flags & SKBTRACE_F_HIDDEN) {
		run->summary.unasked++;
	} else if (!filter_record(&run->options->filter, run->names, record)) {
		run->summary.hidden++;
	} else {
		run->shown++;
		run->summary.hops++;
		run->show.ops->hop(&run->show, record);
		for (i = 0; i < NR_VIEWS; i++)
			if (run->views[i])
				view_hop(run->views[i], record);
	}
	return 0;
}

static void take_loss(struct run *run, const struct source_loss *loss)
{
	run->summary.lost += loss->count;
	if (run->engine)
		journey_lost(run->engine, loss);
}

/* Take what there is up to a time.  Return: 0 or -1. */
static int take_until(struct run *run, uint64_t ns)
{
	struct merge_item item;
	int ret = 0;

	while (!has_shown_all(run) &&
	       (ret = merge_next(run->merge, ns, &item, run->error)) > 0) {
		if (!item.record)
			take_loss(run, &item.loss);
		else if (take_record(run, item.record))
			return -1;
		if (stop_asked && !run->source->is_live)
			break;
	}
	return ret < 0 ? -1 : 0;
}

/* Follow a live source until its time is up, or the user has had enough. */
static int follow(struct run *run)
{
	uint64_t complete_ns, now;
	unsigned int i;

	while (!stop_asked && !has_shown_all(run)) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (now >= run->until_ns)
			break;
		if (now - run->missed_at_ns >= MISSED_NS && count_missed(run))
			return -1;
		if (merge_drain(run->merge, run->error))
			return -1;
		complete_ns = merge_complete_ns(run->merge);
		if (complete_ns > run->until_ns)
			complete_ns = run->until_ns;
		if (take_until(run, complete_ns))
			return -1;
		if (run->engine)
			journey_advance(run->engine, complete_ns);
		if (run->streams)
			streams_advance(run->streams, complete_ns);
		fflush(run->show.out);
		for (i = 0; i < NR_VIEWS; i++)
			if (run->views[i])
				view_flush(run->views[i]);
		if (run->options->command == COMMAND_METRICS && run->options->output &&
		    now - run->metrics_at_ns >= METRICS_NS && write_metrics(run))
			return -1;
		if (source_wait(run->source, WAIT_MS, run->error))
			return -1;
	}
	return 0;
}

static int take_all(struct run *run)
{
	uint64_t now;

	if (!run->source->is_live)
		return count_missed(run) || take_until(run, UINT64_MAX) ||
		       health_of(run->source, &run->health, run->error) ? -1 : 0;
	if (!run->source->from_oldest && follow(run))
		return -1;
	/* What is there by now, but not what comes while it is looked at. */
	now = clock_ns(CLOCK_MONOTONIC);
	if (now > run->until_ns)
		now = run->until_ns;
	if (merge_drain(run->merge, run->error) || count_missed(run))
		return -1;
	merge_end(run->merge);
	if (take_until(run, now))
		return -1;
	return health_of(run->source, &run->health, run->error);
}

static void take_change(void *context, const struct stream_change *change)
{
	struct run *run = context;

	run->changes += show_message_change(&run->messages, change);
}

static void take_message(void *context, const struct stream_message *message)
{
	struct run *run = context;

	if (run->options->command == COMMAND_MESSAGES && !run->options->by_flow &&
	    !has_shown_all(run))
		run->shown += show_message(&run->messages, message);
}

/* Only if sockets were looked at at all. */
static int start_streams(struct run *run)
{
	const struct stream_ops ops = { .changed = take_change, .message = take_message };
	unsigned int i;
	int looks;

	if (run->options->command == COMMAND_HOPS)
		return 0;
	looks = health_has_sockets(run->source, run->error);
	if (looks <= 0)
		return looks;
	run->streams = streams_new(&ops, run);
	if (!run->streams)
		return error_set(run->error, "out of memory");
	run->messages.out = run->show.out;
	run->messages.names = run->names;
	run->messages.streams = run->streams;
	run->messages.json = run->options->json;
	run->messages.color = run->options->color;
	run->messages.stacks = run->options->stacks;
	run->messages.filter.filter = &run->options->filter;
	run->messages.filter.needle = &run->options->needle;
	run->show.messages = &run->messages;
	for (i = 0; i < NR_VIEWS; i++)
		if (run->views[i])
			run->views[i]->config.streams = run->streams;
	return 0;
}

static int open_views(struct run *run)
{
	const struct view_config config = {
		.names = run->names,
		.filter = &run->options->filter,
		.capture_at = run->options->capture_at,
		.why = run->why,
	};
	unsigned int i;

	for (i = 0; i < NR_VIEWS; i++) {
		if (!run->options->views[i])
			continue;
		run->views[i] = view_open(view_ops_of(i), run->options->views[i], &config,
					  run->error);
		if (!run->views[i])
			return -1;
	}
	return 0;
}

static int start(struct run *run)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	bool counts = run->options->command == COMMAND_SUMMARY ||
		      run->options->command == COMMAND_METRICS;
	struct journey_reasons reasons;

	run->names = names_new(run->source, run->error);
	if (!run->names)
		return -1;
	run->show.names = run->names;
	if (run->options->filter.devices || run->options->filter.netns) {
		run->known = known_new(&run->options->filter);
		if (!run->known)
			return error_set(run->error, "out of memory");
	}
	if (!counts && !run->summary.hops_only) {
		run->why = why_new(run->source, run->names);
		if (!run->why)
			return error_set(run->error, "out of memory");
		run->show.why = run->why;
	}
	if (open_views(run))
		return -1;
	if (run->options->sort) {
		run->sorted = sorted_new(run->options->sort, run->options->count);
		if (!run->sorted)
			return error_set(run->error, "out of memory");
	}
	run->merge = merge_new(run->source, run->error);
	if (!run->merge)
		return -1;
	if (start_streams(run))
		return -1;
	if (run->summary.hops_only)
		return 0;
	if (counts || ((run->options->command == COMMAND_LIVE ||
			run->options->command == COMMAND_RUN) && !run->options->json)) {
		run->tally = tally_new(run->options->by_flow);
		if (!run->tally)
			return error_set(run->error, "out of memory");
	}
	journey_reasons_of(run->names, &reasons);
	run->engine = journey_engine_new(&config, &reasons, take_journey, run);
	return run->engine ? 0 : error_set(run->error, "out of memory");
}

static void end_journeys(struct run *run)
{
	const struct journey_counts *counts = journey_counts(run->engine);

	journey_flush(run->engine);
	run->summary.unknown = counts->unknown + counts->late_returns;
	run->summary.elsewhere = counts->elsewhere;
	run->summary.no_room = counts->no_room;
	run->summary.unasked = counts->hidden;
}

/* What all came to, in the end. */
static int show_end_of(struct run *run)
{
	run->summary.blind = run->health.text;
	if (run->options->command != COMMAND_METRICS) {
		run->show.ops->summary(&run->show, &run->summary);
		if (run->tally)
			show_tally(&run->show, run->tally);
		return 0;
	}
	if (run->options->output)
		return write_metrics(run);
	show_metrics(run->show.out, run->names, run->tally, &run->summary);
	return 0;
}

static int status_of(const struct run *run)
{
	bool runs = run->options->command == COMMAND_RUN;
	/* What a needle has left out is no less changed. */
	const struct summary *summary = runs ? &run->all : &run->summary;

	if (run->options->command != COMMAND_CHECK && !runs)
		return STATUS_OK;
	if (summary->changed || run->changes)
		return STATUS_CHANGED;
	/* Where nothing was seen nothing was verified. */
	if (summary->unverified || run->summary.lost || !summary->journeys || *run->health.text)
		return STATUS_UNVERIFIED;
	return STATUS_OK;
}

/**
 * run() - show what a source has
 * @options: how, and which of it
 * @source: the source
 * @error: set if it fails
 *
 * What was read before an error is shown nevertheless.
 *
 * Return: the exit status.
 */
int run(const struct options *options, struct source *source, struct error *error)
{
	struct run run = {
		.options = options,
		.source = source,
		.until_ns = UINT64_MAX,
		.error = error,
		.show = {
			.ops = options->json ? &show_json_ops : &show_text_ops,
			.out = stdout,
			.filter = &options->filter,
			.width = options->width,
			.color = options->color,
			.stacks = options->stacks,
			.tree = options->tree,
		},
		.summary = {
			.hops_only = options->command == COMMAND_HOPS ||
				     options->command == COMMAND_MESSAGES,
		},
	};
	unsigned int i;
	int ret;

	stop_on_signals();
	if (options->has_duration)
		run.until_ns = clock_ns(CLOCK_MONOTONIC) + options->duration_ns;
	ret = start(&run);
	if (!ret) {
		ret = take_all(&run);
		if (run.engine)
			end_journeys(&run);
		if (run.sorted)
			sorted_show(run.sorted, &run.show);
		if (run.streams) {
			streams_flush(run.streams);
			if (options->command == COMMAND_MESSAGES && options->by_flow &&
			    show_flows(&run.messages))
				ret = error_set(error, "out of memory");
			if (options->command != COMMAND_SUMMARY &&
			    options->command != COMMAND_METRICS)
				show_messages_summary(&run.messages);
		}
		if (show_end_of(&run) || (!ret && run.known && !run.shown &&
					  known_check(run.known, error)))
			ret = -1;
	}
	for (i = 0; i < NR_VIEWS; i++)
		if (view_close(run.views[i], error))
			ret = -1;
	sorted_free(run.sorted);
	streams_free(run.streams);
	journey_engine_free(run.engine);
	tally_free(run.tally);
	known_free(run.known);
	why_free(run.why);
	merge_free(run.merge);
	names_free(run.names);
	return ret ? STATUS_ERROR : status_of(&run);
}
