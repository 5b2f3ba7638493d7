// SPDX-License-Identifier: GPL-2.0
/*
 * Journeys for ui.perfetto.dev and chrome://tracing: the Trace Event Format, as JSON.
 *
 * A network namespace is a process, a device a thread of it, a hop a slice that lasts
 * until the packet's next one, and arrows lead from device to device and from a packet
 * to its copies.  Slices of a thread must lie within each other or side by side: where
 * packets overlap the device has more threads, its lanes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "lib/list.h"
#include "show.h"
#include "text_pieces.h"
#include "view.h"

#define NR_BUCKETS	1024

/* Lanes of a device; what finds none is counted. */
#define LANES_MAX	256

/**
 * struct track - a device in a network namespace
 * @node: in a bucket of perfetto.tracks
 * @netns: inode number, 0 if it is not known
 * @process: the namespace's number in the file
 * @dev: the device's name, "" if there is none
 * @number: of its first lane's thread; the others follow
 * @nr_lanes: how many lanes are in use
 * @end_ns: when the last slice of each ends
 */
struct track {
	struct hlist_node node;
	uint32_t netns;
	uint32_t process;
	char dev[SKBTRACE_NAME_LEN];
	uint32_t number;
	uint32_t nr_lanes;
	uint64_t end_ns[LANES_MAX];
};

/**
 * struct place - where the slice of a hop is
 * @track: the device, NULL if there is no slice
 * @lane: which of its lanes
 * @start_ns: when it begins
 * @end_ns: when it ends
 * @before: the hop of the same life before it that has a slice, or JOURNEY_NO_HOP
 */
struct place {
	struct track *track;
	uint32_t lane;
	uint32_t before;
	uint64_t start_ns;
	uint64_t end_ns;
};

/**
 * struct perfetto - what is known of a file that is written
 * @tracks: those that are written
 * @nr_tracks: how many
 * @nr_processes: network namespaces
 * @nr_arrows: likewise
 * @nr_events: likewise
 * @left_out: slices that found no lane
 * @places: of the hops of the journey that is written
 * @nr_places: how many there is memory for
 * @last: the last hop of each of its lives that has a slice
 * @nr_last: how many there is memory for
 */
struct perfetto {
	struct hlist_head tracks[NR_BUCKETS];
	uint32_t nr_tracks;
	uint32_t nr_processes;
	uint64_t nr_arrows;
	uint64_t nr_events;
	uint64_t left_out;
	struct place *places;
	uint32_t nr_places;
	uint32_t *last;
	uint32_t nr_last;
};

/* Begins an event; the caller adds members and the brace. */
static FILE *event(struct view *view, const char *phase)
{
	struct perfetto *perfetto = view->private;

	fprintf(view->out, "%s\n{\"ph\":\"%s\"", perfetto->nr_events++ ? "," : "", phase);
	return view->out;
}

static void put_where(FILE *out, const struct track *track, uint32_t lane)
{
	fprintf(out, ",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32, track->process,
		track->number + lane);
}

/* Microseconds, of which nanoseconds are a part. */
static void put_us(FILE *out, const char *key, uint64_t ns)
{
	fprintf(out, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned int)(ns % 1000));
}

static void put_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	json_string(out, text, strlen(text));
}

static void name_thread(struct view *view, const struct track *track, uint32_t lane)
{
	char dev[SKBTRACE_NAME_LEN + 1], text[SKBTRACE_NAME_LEN + 16];
	FILE *out;

	text_name(dev, sizeof(dev), track->dev, SKBTRACE_NAME_LEN);
	snprintf(text, sizeof(text), lane ? "%s (%" PRIu32 ")" : "%s", *dev ? dev : "no device",
		 lane + 1);
	out = event(view, "M");
	fputs(",\"name\":\"thread_name\"", out);
	put_where(out, track, lane);
	fputs(",\"args\":{\"name\":", out);
	json_string(out, text, strlen(text));
	fputs("}}", out);
	out = event(view, "M");
	fputs(",\"name\":\"thread_sort_index\"", out);
	put_where(out, track, lane);
	fprintf(out, ",\"args\":{\"sort_index\":%" PRIu32 "}}", track->number + lane);
}

static void name_process(struct view *view, const struct track *track)
{
	uint32_t netns = track->netns;
	const char *name = netns ? names_netns(view->config.names, netns) : NULL;
	char text[TEXT_NETNS_LEN + 16];
	FILE *out;

	if (name)
		snprintf(text, sizeof(text), "netns %.64s", name);
	else if (netns)
		snprintf(text, sizeof(text), "netns %" PRIu32, netns);
	else
		snprintf(text, sizeof(text), "no netns");
	out = event(view, "M");
	fputs(",\"name\":\"process_name\"", out);
	put_where(out, track, 0);
	fputs(",\"args\":{\"name\":", out);
	json_string(out, text, strlen(text));
	fputs("}}", out);
}

/* The number of a namespace in the file, 0 if it has none yet. */
static uint32_t process_of(const struct perfetto *perfetto, uint32_t netns)
{
	const struct hlist_node *node;
	unsigned int i;

	for (i = 0; i < NR_BUCKETS; i++)
		for (node = perfetto->tracks[i].first; node; node = node->next) {
			const struct track *track = container_of(node, struct track, node);

			if (track->netns == netns)
				return track->process;
		}
	return 0;
}

static struct track *track_new(struct view *view, uint32_t netns, const char *dev)
{
	struct perfetto *perfetto = view->private;
	struct track *track = calloc(1, sizeof(*track));

	if (!track)
		return NULL;
	track->netns = netns;
	memcpy(track->dev, dev, sizeof(track->dev));
	track->number = perfetto->nr_tracks++ * LANES_MAX + 1;
	track->process = process_of(perfetto, netns);
	if (!track->process) {
		track->process = ++perfetto->nr_processes;
		name_process(view, track);
	}
	return track;
}

static struct track *track_of(struct view *view, const struct skbtrace_record *record)
{
	struct perfetto *perfetto = view->private;
	uint32_t netns = record->flags & SKBTRACE_F_NETNS ? record->netns : 0, hash = netns;
	char dev[SKBTRACE_NAME_LEN] = "";
	struct hlist_head *head;
	struct hlist_node *node;
	struct track *track;
	int i;

	memcpy(dev, record->dev, strnlen(record->dev, sizeof(dev)));
	for (i = 0; i < SKBTRACE_NAME_LEN; i++)
		hash = hash * 31 + (uint8_t)dev[i];
	head = &perfetto->tracks[hash % NR_BUCKETS];
	for (node = head->first; node; node = node->next) {
		track = container_of(node, struct track, node);
		if (track->netns == netns && !memcmp(track->dev, dev, sizeof(dev)))
			return track;
	}
	track = track_new(view, netns, dev);
	if (track)
		hlist_add_head(&track->node, head);
	return track;
}

/* A lane in which nothing is at that time, or after it; LANES_MAX if there is none. */
static uint32_t lane_at(struct view *view, struct track *track, uint64_t start_ns)
{
	uint32_t lane;

	for (lane = 0; lane < track->nr_lanes; lane++)
		if (track->end_ns[lane] <= start_ns)
			return lane;
	if (lane < LANES_MAX) {
		name_thread(view, track, lane);
		track->nr_lanes++;
	}
	return lane;
}

/* Did the hop look at the packet, and is it to be shown? */
static bool is_shown(const struct view *view, const struct skbtrace_record *record)
{
	return point_of(record->point)->kind == POINT_ENTRY &&
	       record->payload != SKBTRACE_PAYLOAD_NONE &&
	       !(record->flags & SKBTRACE_F_HIDDEN) &&
	       filter_point(view->config.filter, record);
}

/* Two of them at one time are one behind the other all the same. */
static uint64_t later(uint64_t ns, uint64_t than)
{
	return ns > than ? ns : than + 1;
}

static int make_room(struct perfetto *perfetto, const struct journey *journey)
{
	if (perfetto->nr_places < journey->nr_hops) {
		free(perfetto->places);
		perfetto->places = calloc(journey->nr_hops, sizeof(*perfetto->places));
		perfetto->nr_places = perfetto->places ? journey->nr_hops : 0;
	}
	if (perfetto->nr_last < journey->nr_lives) {
		free(perfetto->last);
		perfetto->last = calloc(journey->nr_lives, sizeof(*perfetto->last));
		perfetto->nr_last = perfetto->last ? journey->nr_lives : 0;
	}
	return perfetto->places && perfetto->last ? 0 : -1;
}

/* When the slices are: each ends where the next of its life begins. */
static int find_times(struct view *view, const struct journey *journey)
{
	struct perfetto *perfetto = view->private;
	uint32_t i;

	memset(perfetto->last, 0xff, perfetto->nr_last * sizeof(*perfetto->last));
	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		uint32_t *last = &perfetto->last[journey->hops[i].life->number];
		struct place *place = &perfetto->places[i];

		place->track = NULL;
		if (!is_shown(view, record))
			continue;
		place->track = track_of(view, show_at(journey, i));
		if (!place->track)
			return -1;
		place->start_ns = record->ts_ns;
		place->before = *last;
		*last = i;
		if (place->before != JOURNEY_NO_HOP) {
			place->start_ns = later(place->start_ns,
						perfetto->places[place->before].start_ns);
			perfetto->places[place->before].end_ns = place->start_ns;
		}
		place->end_ns = place->start_ns + 1;
	}
	return 0;
}

/* Those of one life that are at one device, one after the other, are in one lane. */
static void find_lanes(struct view *view, const struct journey *journey)
{
	struct perfetto *perfetto = view->private;
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		struct place *place = &perfetto->places[i];
		const struct place *before = NULL;
		struct track *track = place->track;

		if (!track)
			continue;
		if (place->before != JOURNEY_NO_HOP)
			before = &perfetto->places[place->before];
		if (before && before->track == track &&
		    track->end_ns[before->lane] == place->start_ns)
			place->lane = before->lane;
		else
			place->lane = lane_at(view, track, place->start_ns);
		if (place->lane < LANES_MAX) {
			track->end_ns[place->lane] = place->end_ns;
		} else {
			perfetto->left_out++;
			place->track = NULL;
		}
	}
}

static const struct verdict_change *change_at(const struct verdict *verdict, uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].before == hop)
			return &verdict->changes[i];
	return NULL;
}

static void put_args(struct view *view, const struct journey *journey,
		     const struct verdict *verdict, const struct skbtrace_record *record)
{
	char packet[SHOW_PACKET_LEN], id[SHOW_ID_LEN], comm[SKBTRACE_NAME_LEN + 1];
	char peer[SKBTRACE_NAME_LEN + 1];
	FILE *out = view->out;

	fputs(",\"args\":{\"journey\":", out);
	show_id(journey->id, id);
	json_string(out, id, strlen(id));
	put_key(out, "packet", show_packet(journey, packet));
	put_key(out, "payload", verdict_name(verdict->payload));
	put_key(out, "end", show_end(journey->end));
	if (*record->peer) {
		text_name(peer, sizeof(peer), record->peer, SKBTRACE_NAME_LEN);
		put_key(out, "to", peer);
	}
	text_name(comm, sizeof(comm), record->comm, SKBTRACE_NAME_LEN);
	fprintf(out, ",\"cpu\":%u,\"context\":\"%s\"", record->cpu, show_context(record));
	put_key(out, "comm", comm);
	fprintf(out, ",\"process\":%" PRIu32 ",\"len\":%" PRIu32 ",\"payload_len\":%" PRIu32,
		record->pid, record->len, record->payload_len);
	if (record->flags & SKBTRACE_F_DIGEST)
		fprintf(out, ",\"crc32c\":\"%08" PRIx32 "\"", record->crc32c);
	putc('}', out);
}

static void put_slice(struct view *view, const struct journey *journey,
		      const struct verdict *verdict, uint32_t hop, const struct place *place)
{
	const struct skbtrace_record *record = &journey->hops[hop].record;
	const struct verdict_change *change = change_at(verdict, hop);
	FILE *out = event(view, "X");
	char name[64];

	put_where(out, place->track, place->lane);
	put_us(out, "ts", place->start_ns);
	put_us(out, "dur", place->end_ns - place->start_ns);
	snprintf(name, sizeof(name), "%s%s%s", point_of(record->point)->symbol,
		 change ? " ◀ " : "", change ? verdict_how_name(change->how) : "");
	put_key(out, "name", name);
	/* Red, by the name that the format has for it. */
	fprintf(out, ",\"cat\":\"%s\"%s", change ? "changed" : "hop",
		change ? ",\"cname\":\"terrible\"" : "");
	put_args(view, journey, verdict, record);
	putc('}', out);
}

/* One end of an arrow: it is the slice's that is there at that time. */
static void put_arrow(struct view *view, const char *phase, uint64_t id, const struct place *place,
		      uint64_t ns)
{
	FILE *out = event(view, phase);

	put_where(out, place->track, place->lane);
	put_us(out, "ts", ns);
	fprintf(out, ",\"id\":%" PRIu64 ",\"cat\":\"journey\",\"name\":\"journey\"%s}", id,
		*phase == 'f' ? ",\"bp\":\"e\"" : "");
}

/* What it was dropped for, where it was last. */
static void put_drop(struct view *view, const struct journey *journey,
		     const struct journey_life *life)
{
	const struct perfetto *perfetto = view->private;
	const struct skbtrace_record *record;
	const struct place *place;
	const char *reason;
	FILE *out;

	if (life->end != JOURNEY_DROPPED || life->end_hop == JOURNEY_NO_HOP ||
	    life->last_hop == JOURNEY_NO_HOP)
		return;
	place = &perfetto->places[life->last_hop];
	record = &journey->hops[life->end_hop].record;
	if (!place->track)
		return;
	reason = record->flags & SKBTRACE_F_REASON ?
		 names_reason(view->config.names, record->ret) : NULL;
	out = event(view, "i");
	put_where(out, place->track, place->lane);
	put_us(out, "ts", later(record->ts_ns, place->start_ns));
	fputs(",\"s\":\"t\",\"cat\":\"dropped\",\"cname\":\"bad\",\"name\":\"dropped", out);
	fputs("\",\"args\":{\"by\":", out);
	json_string(out, point_of(record->point)->symbol, strlen(point_of(record->point)->symbol));
	if (reason)
		put_key(out, "reason", reason);
	fputs("}}", out);
}

static void perfetto_journey(struct view *view, const struct journey *journey,
			     const struct verdict *verdict)
{
	struct perfetto *perfetto = view->private;
	const struct journey_life *life;
	uint32_t i;

	if (make_room(perfetto, journey) || find_times(view, journey)) {
		view->error = view->error ? view->error : ENOMEM;
		return;
	}
	find_lanes(view, journey);
	for (i = 0; i < journey->nr_hops; i++) {
		const struct place *place = &perfetto->places[i], *from = NULL;
		uint32_t previous = journey->hops[i].previous;
		uint64_t at;

		if (!place->track)
			continue;
		put_slice(view, journey, verdict, i, place);
		while (previous != JOURNEY_NO_HOP && !perfetto->places[previous].track)
			previous = journey->hops[previous].previous;
		if (previous != JOURNEY_NO_HOP)
			from = &perfetto->places[previous];
		if (!from || (from->track == place->track && from->lane == place->lane))
			continue;
		at = from->end_ns - 1 < place->start_ns ? from->end_ns - 1 : place->start_ns;
		put_arrow(view, "s", perfetto->nr_arrows, from, at);
		put_arrow(view, "f", perfetto->nr_arrows++, place, place->start_ns);
	}
	for (life = journey->lives; life; life = life->next)
		put_drop(view, journey, life);
}

static int perfetto_begin(struct view *view)
{
	view->private = calloc(1, sizeof(struct perfetto));
	if (!view->private)
		return -1;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", view->out);
	return 0;
}

static void perfetto_end(struct view *view)
{
	struct perfetto *perfetto = view->private;
	struct hlist_node *node, *next;
	unsigned int i;

	fprintf(view->out, "\n],\"otherData\":{\"left_out\":%" PRIu64 "}}\n", perfetto->left_out);
	for (i = 0; i < NR_BUCKETS; i++)
		for (node = perfetto->tracks[i].first; node; node = next) {
			next = node->next;
			free(container_of(node, struct track, node));
		}
	free(perfetto->last);
	free(perfetto->places);
	free(perfetto);
}

const struct view_ops perfetto_view = {
	.name = "perfetto",
	.begin = perfetto_begin,
	.journey = perfetto_journey,
	.end = perfetto_end,
};
