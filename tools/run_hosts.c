// SPDX-License-Identifier: GPL-2.0
/*
 * From recordings of several hosts to what is shown.
 *
 * They are read twice.  First each host's journeys are made, and what the joiner wants of
 * them kept.  When that has found out which are of one packet, they are made again, by time
 * of all hosts, and shown as soon as a packet has all its parts: so what is open at a time
 * is in memory, and no more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosts/join.h"
#include "journey/copy.h"
#include "lib/stop.h"
#include "run_hosts.h"
#include "sides.h"
#include "show/show.h"
#include "show/show_hosts.h"
#include "show/show_tally.h"
#include "source/source.h"

/* A packet of which not all parts have come yet. */
struct open_packet {
	struct shown_part *parts;
	uint32_t nr_parts;
};

/**
 * struct run_hosts - a run
 * @options: what was asked for
 * @sides: the hosts
 * @join: ties their journeys together
 * @packets: those of which parts are missing, by number
 * @show: how to show them
 * @summary: what has been seen
 * @tallies: what the journeys on each host came to, if that is wanted; else NULL
 * @nr_lost: packets that left a host and did not come to the other
 * @shown: packets, or hops
 * @host_names: by number
 * @names: likewise
 * @whys: likewise
 * @damage: why a file cannot be read further
 * @error: of the run
 * @failed: it did
 */
struct run_hosts {
	const struct options *options;
	struct sides sides;
	struct join *join;
	struct open_packet *packets;
	struct show show;
	struct summary summary;
	struct tally *tallies[JOIN_HOSTS];
	uint64_t nr_lost;
	uint64_t shown;
	const char *host_names[JOIN_HOSTS];
	struct names *names[JOIN_HOSTS];
	struct why *whys[JOIN_HOSTS];
	struct error damage;
	struct error *error;
	bool failed;
};

static int out_of_memory(struct run_hosts *run)
{
	run->failed = true;
	return error_set(run->error, "out of memory");
}

static void learn_journey(void *context, const struct journey *journey)
{
	struct side *side = context;
	struct run_hosts *run = side->context;

	if (join_journey(run->join, side->number, journey, side->missed))
		out_of_memory(run);
}

static bool is_hop(const struct skbtrace_record *record)
{
	return !(record->flags & SKBTRACE_F_MESSAGE);
}

/* Read all of a host for the first time. */
static int learn_side(struct run_hosts *run, struct side *side)
{
	struct merge_item item;
	int ret;

	if (side_start(side, learn_journey, run, run->error))
		return -1;
	if (!run->damage.text[0])
		run->damage = side->source->damage;
	while ((ret = merge_next(side->merge, UINT64_MAX, &item, run->error)) > 0) {
		if (stop_asked)
			return error_set(run->error, "interrupted");
		if (!item.record) {
			journey_lost(side->engine, &item.loss);
			if (join_loss(run->join, side->number, &item.loss))
				return out_of_memory(run);
			continue;
		}
		join_time(run->join, side->number, item.record->ts_ns);
		if (is_hop(item.record) && journey_record(side->engine, item.record))
			return out_of_memory(run);
	}
	if (ret < 0)
		return -1;
	journey_flush(side->engine);
	side_close(side);
	return run->failed ? -1 : 0;
}

static int compare_parts(const void *a, const void *b)
{
	const struct shown_part *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static bool is_wanted(struct run_hosts *run, const struct shown_packet *shown)
{
	uint32_t i;

	for (i = 0; i < shown->nr_parts; i++) {
		const struct shown_part *part = &shown->parts[i];
		const struct side *side = &run->sides.sides[run->join->parts[part->number].host];
		struct verdict verdict = part->verdict;

		/* What kind it is of is said of all of it. */
		verdict.payload = shown->packet->payload;
		if (filter_journey(&run->options->filter, side->names, part->journey) &&
		    needle_is_wanted(&run->options->needle, part->journey, &verdict))
			return true;
	}
	return false;
}

static void count_packet(struct run_hosts *run, const struct shown_packet *shown)
{
	enum verdict_payload payload = shown->packet->payload;
	struct summary *summary = &run->summary;
	bool dropped = false, delivered = false;
	uint32_t i;

	summary->journeys++;
	summary->intact += payload == VERDICT_INTACT;
	summary->changed += payload == VERDICT_CHANGED;
	summary->unverified += payload == VERDICT_UNVERIFIED;
	run->nr_lost += shown->packet->nr_lost;
	for (i = 0; i < shown->nr_parts; i++) {
		const struct journey *journey = shown->parts[i].journey;
		struct tally *tally = run->tallies[run->join->parts[shown->parts[i].number].host];

		if (tally)
			tally_journey(tally, journey, &shown->parts[i].verdict);
		summary->hops += journey->nr_hops - journey->nr_hidden;
		summary->repeated += journey->nr_repeated;
		dropped |= journey->end == JOURNEY_DROPPED;
		delivered |= journey->end == JOURNEY_DELIVERED;
	}
	summary->dropped += dropped && !delivered;
}

static void take_packet(struct run_hosts *run, const struct shown_packet *shown)
{
	const struct options *options = run->options;
	uint32_t i;

	if ((options->count && run->shown >= options->count) || !is_wanted(run, shown)) {
		for (i = 0; i < shown->nr_parts; i++)
			run->summary.hidden += shown->parts[i].journey->nr_hops -
					       shown->parts[i].journey->nr_hidden -
					       shown->parts[i].journey->nr_repeated;
		return;
	}
	run->shown++;
	count_packet(run, shown);
	if (options->command == COMMAND_SUMMARY)
		return;
	if (options->command == COMMAND_REPORT || options->json) {
		if (options->json)
			show_packet_json(&run->show, shown);
		else
			show_packet_text(&run->show, shown);
	} else if (shown->packet->payload == VERDICT_CHANGED) {
		show_packet_changed(&run->show, shown);
	} else if (shown->packet->payload == VERDICT_UNVERIFIED && run->summary.unverified == 1) {
		show_packet_unverified(&run->show, shown);
	}
}

/* A packet has all its parts. */
static void end_packet(struct run_hosts *run, uint32_t number)
{
	struct open_packet *open = &run->packets[number];
	const struct shown_packet shown = {
		.join = run->join, .packet = &run->join->packets[number], .parts = open->parts,
		.nr_parts = open->nr_parts, .hosts = run->host_names, .names = run->names,
		.whys = run->whys,
	};
	uint32_t i;

	if (!open->nr_parts)
		return;
	qsort(open->parts, open->nr_parts, sizeof(*open->parts), compare_parts);
	/* A packet begins where it was seen first. */
	for (i = 1; i < open->nr_parts; i++)
		if (run->join->parts[open->parts[i].number].begins &&
		    !run->join->parts[open->parts[0].number].begins) {
			struct shown_part first = open->parts[i];

			memmove(open->parts + 1, open->parts, i * sizeof(first));
			open->parts[0] = first;
		}
	take_packet(run, &shown);
	for (i = 0; i < open->nr_parts; i++)
		journey_copy_free(open->parts[i].journey);
	free(open->parts);
	open->parts = NULL;
	open->nr_parts = 0;
}

static void take_journey(void *context, const struct journey *journey)
{
	struct side *side = context;
	struct run_hosts *run = side->context;
	uint32_t number = join_find(run->join, side->number, journey->id), packet;
	struct open_packet *open;
	struct shown_part *parts;

	if (run->failed)
		return;
	/* The same records make the same journeys, unless the file was changed meanwhile. */
	if (number == END_NONE) {
		run->failed = true;
		error_set(run->error, "%s: is being written to", side->paths[0]);
		return;
	}
	packet = run->join->parts[number].packet;
	open = &run->packets[packet];
	parts = realloc(open->parts, (open->nr_parts + 1) * sizeof(*parts));
	if (!parts) {
		out_of_memory(run);
		return;
	}
	open->parts = parts;
	parts += open->nr_parts;
	parts->number = number;
	parts->journey = journey_copy(journey);
	if (!parts->journey) {
		out_of_memory(run);
		return;
	}
	open->nr_parts++;
	verdict_of(journey, side->missed, &parts->verdict);
	if (open->nr_parts == run->join->packets[packet].nr_parts)
		end_packet(run, packet);
}

/* Roughly: what is shown in this order is not said to have happened in it. */
static int64_t ahead_of_first(const struct run_hosts *run, const struct side *side)
{
	const struct join_host *hosts = run->join->hosts;
	const struct side *first = &run->sides.sides[0];
	struct offset offset = join_offset(run->join, 0, side->number, hosts[0].begin_ns +
					   (hosts[0].end_ns - hosts[0].begin_ns) / 2);

	if (side == first)
		return 0;
	if (offset_is_known(&offset))
		return offset.low + (offset.high - offset.low) / 2;
	return (int64_t)(side->source->mono_ns - side->source->real_ns) -
	       (int64_t)(first->source->mono_ns - first->source->real_ns);
}

static void show_hop(struct run_hosts *run, struct side *side,
		     const struct skbtrace_record *record)
{
	run->show.names = side->names;
	run->show.host = side->name;
	if (record->flags & SKBTRACE_F_HIDDEN) {
		run->summary.unasked++;
	} else if ((run->options->count && run->shown >= run->options->count) ||
		   !filter_record(&run->options->filter, side->names, record)) {
		run->summary.hidden++;
	} else {
		run->shown++;
		run->summary.hops++;
		run->show.ops->hop(&run->show, record);
	}
}

static int take_next(struct run_hosts *run, struct side *side)
{
	const struct skbtrace_record *record = side->next.record;

	if (!record) {
		run->summary.lost += side->next.loss.count;
		journey_lost(side->engine, &side->next.loss);
		return 0;
	}
	run->summary.records++;
	if (!is_hop(record))
		run->summary.messages++;
	else if (run->options->command == COMMAND_HOPS)
		show_hop(run, side, record);
	else if (journey_record(side->engine, record))
		return out_of_memory(run);
	return 0;
}

static int fetch_next(struct run_hosts *run, struct side *side)
{
	int ret = merge_next(side->merge, UINT64_MAX, &side->next, run->error);

	side->has_next = ret > 0;
	return ret < 0 ? -1 : 0;
}

static int64_t time_of_next(const struct side *side)
{
	return (side->next.record ? side->next.record->ts_ns : side->next.loss.from_ns) -
	       side->ahead;
}

/* Read all of them again, at a time. */
static int take_all(struct run_hosts *run)
{
	struct side *side, *first;
	unsigned int i;

	for (;;) {
		first = NULL;
		for (i = 0; i < run->sides.nr; i++) {
			side = &run->sides.sides[i];
			if (side->has_next && (!first || time_of_next(side) < time_of_next(first)))
				first = side;
		}
		if (!first || stop_asked)
			return 0;
		if (take_next(run, first) || run->failed || fetch_next(run, first))
			return -1;
	}
}

static void end_sides(struct run_hosts *run)
{
	struct summary *summary = &run->summary;
	unsigned int i;

	for (i = 0; i < run->sides.nr; i++) {
		const struct journey_counts *counts = journey_counts(run->sides.sides[i].engine);

		journey_flush(run->sides.sides[i].engine);
		summary->unknown += counts->unknown + counts->late_returns;
		summary->elsewhere += counts->elsewhere;
		summary->no_room += counts->no_room;
		summary->unasked += counts->hidden;
		summary->missed += run->sides.sides[i].missed;
	}
}

static int show_all(struct run_hosts *run)
{
	unsigned int i;
	uint32_t packet;
	int ret = 0;

	run->packets = calloc(run->join->nr_packets + 1, sizeof(*run->packets));
	if (!run->packets)
		return out_of_memory(run);
	for (i = 0; i < run->sides.nr; i++) {
		if (side_start(&run->sides.sides[i], take_journey, run, run->error))
			return -1;
		run->names[i] = run->sides.sides[i].names;
		run->whys[i] = run->sides.sides[i].why;
		if (run->options->command != COMMAND_SUMMARY)
			continue;
		run->tallies[i] = tally_new(false);
		if (!run->tallies[i])
			return out_of_memory(run);
	}
	for (i = 0; i < run->sides.nr; i++) {
		run->sides.sides[i].ahead = ahead_of_first(run, &run->sides.sides[i]);
		if (fetch_next(run, &run->sides.sides[i]))
			return -1;
	}
	ret = take_all(run);
	end_sides(run);
	/* If it was interrupted not all parts have come. */
	for (packet = 0; packet < run->join->nr_packets; packet++)
		end_packet(run, packet);
	return run->failed ? -1 : ret;
}

static void show_end_of_hosts(struct run_hosts *run)
{
	struct shown_hosts shown = {
		.join = run->join, .hosts = run->host_names, .nr_lost = run->nr_lost,
	};
	char blind[sizeof(((struct health *)0)->text) + HOST_NAME_LEN + 32] = "";
	struct health health;
	struct error ignored;
	unsigned int i;

	for (i = 0; i < run->sides.nr; i++) {
		struct side *side = &run->sides.sides[i];

		if (!*blind && side->source && !health_of(side->source, &health, &ignored) &&
		    *health.text)
			snprintf(blind, sizeof(blind), "on %s: %s", side->name, health.text);
		if (side->source)
			shown.real_ns[i] = side->source->real_ns - side->source->mono_ns;
	}
	run->summary.blind = blind;
	run->summary.hops_only = run->options->command == COMMAND_HOPS;
	run->show.host = NULL;
	/* Of JSON the summary is the last line. */
	if (run->options->json)
		show_hosts_end(&run->show, &shown, true);
	run->show.ops->summary(&run->show, &run->summary);
	if (!run->options->json)
		show_hosts_end(&run->show, &shown, false);
	for (i = 0; i < run->sides.nr && run->tallies[i]; i++) {
		run->show.names = run->sides.sides[i].names;
		fprintf(run->show.out, "\non %s:\n", run->host_names[i]);
		show_tally(&run->show, run->tallies[i]);
	}
	run->summary.blind = *blind ? "yes" : NULL;
}

static int status_of(const struct run_hosts *run)
{
	const struct summary *summary = &run->summary;

	if (run->options->command != COMMAND_CHECK)
		return STATUS_OK;
	if (summary->changed)
		return STATUS_CHANGED;
	if (summary->unverified || summary->lost || !summary->journeys || summary->blind)
		return STATUS_UNVERIFIED;
	return STATUS_OK;
}

static int join_sides(struct run_hosts *run)
{
	unsigned int i;

	for (i = 0; run->options->inputs[i]; i++) {
		if (!strcmp(run->options->inputs[i], "-"))
			return error_set(run->error, "-: of several recordings each is to be a file");
		if (sides_add(&run->sides, run->options->inputs[i], run->error))
			return -1;
	}
	sides_name(&run->sides);
	for (i = 0; i < run->sides.nr; i++)
		run->host_names[i] = run->sides.sides[i].name;
	run->join = join_new(run->sides.nr);
	if (!run->join)
		return out_of_memory(run);
	for (i = 0; i < run->sides.nr; i++)
		if (learn_side(run, &run->sides.sides[i]))
			return -1;
	return join_all(run->join) ? out_of_memory(run) : 0;
}

/**
 * run_hosts() - show what recordings of several hosts have
 * @options: which, and how
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int run_hosts(const struct options *options, struct error *error)
{
	struct run_hosts *run = calloc(1, sizeof(*run));
	int status = STATUS_ERROR;
	unsigned int i;

	if (!run) {
		error_set(error, "out of memory");
		return STATUS_ERROR;
	}
	run->options = options;
	run->error = error;
	run->show = (struct show){
		.ops = options->json ? &show_json_ops : &show_text_ops,
		.out = stdout, .filter = &options->filter, .color = options->color,
		.stacks = options->stacks, .tree = options->tree, .width = options->width,
	};
	stop_on_signals();
	if (!join_sides(run) && !show_all(run)) {
		show_end_of_hosts(run);
		status = status_of(run);
	}
	/* Damage is told last, where it is not overlooked. */
	if (!*error->text && *run->damage.text) {
		*error = run->damage;
		status = STATUS_ERROR;
	}
	for (i = 0; i < run->sides.nr; i++) {
		side_close(&run->sides.sides[i]);
		free(run->sides.sides[i].paths);
		tally_free(run->tallies[i]);
	}
	free(run->packets);
	join_free(run->join);
	free(run);
	return status;
}
