// SPDX-License-Identifier: GPL-2.0
/* What came of applications' bytes, all together and flow by flow, as text or JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "message/flow.h"
#include "json.h"
#include "message_words.h"
#include "show_messages.h"

#define RED	"\033[1;31m"
#define RESET	"\033[0m"

/* The flows that are shown, to be sorted. */
struct flow_list {
	const struct flow_total **total;
	uint64_t nr;
	uint64_t room;
	bool failed;
};

static void put_why(FILE *out, const struct stream_bytes *bytes, const char *indent)
{
	enum doubt doubt;

	for (doubt = DOUBT_NONE + 1; doubt < NR_DOUBTS; doubt++)
		if (bytes->why[doubt])
			fprintf(out, "%s  %" PRIu64 ": %s\n", indent, bytes->why[doubt],
				message_doubt_text(doubt));
}

/* A line a place, with the causes below it. */
static void put_places(struct show_messages *show, const struct stream_bytes *bytes,
		       const char *indent)
{
	const char *red = show->color ? RED : "", *reset = show->color ? RESET : "";
	enum stream_place place;
	FILE *out = show->out;

	for (place = 0; place < STREAM_NR_PLACES; place++) {
		const struct stream_bytes *at = &bytes[place];

		if (place == STREAM_WHOLE && !at->same)
			continue;
		fprintf(out, "%s%s: %" PRIu64 " bytes the same", indent, message_place_text(place),
			at->same);
		if (at->late)
			fprintf(out, " (%" PRIu64 " looked at late)", at->late);
		if (place != STREAM_WHOLE)
			fprintf(out, ", %s%" PRIu64 " changed%s", at->changed ? red : "",
				at->changed, at->changed ? reset : "");
		fprintf(out, ", %" PRIu64 " not verified\n", at->unverified);
		put_why(out, at, indent);
	}
}

/**
 * show_messages_summary() - what came of all bytes
 * @show: how
 */
void show_messages_summary(struct show_messages *show)
{
	const struct stream_bytes *bytes = streams_bytes(show->streams);
	FILE *out = show->out;

	if (show->json) {
		fprintf(out, "{\"type\":\"applications\",\"schema\":%d,\"messages\":%" PRIu64,
			JSON_SCHEMA, streams_messages(show->streams));
		message_json_bytes(out, bytes);
		fputs("}\n", out);
		return;
	}
	fprintf(out, "%" PRIu64 " messages of applications\n", streams_messages(show->streams));
	put_places(show, bytes, "  ");
}

static void put_end(struct show_messages *show, const struct flow_end *end, const char *verb)
{
	const char *netns = names_netns(show->names, end->netns);
	FILE *out = show->out;

	if (!end->calls) {
		fprintf(out, "  %s: not seen\n", verb);
		return;
	}
	fprintf(out, "  %s: %" PRIu64 " bytes in %" PRIu64 " calls of ", verb, end->bytes, end->calls);
	message_put_comm(out, end->comm, end->pid);
	if (end->more)
		fputs(" and others", out);
	if (netns)
		fprintf(out, ", netns %s", netns);
	putc('\n', out);
}

static void text_flow(struct show_messages *show, const struct flow_total *total)
{
	char flow[MESSAGE_FLOW_LEN];
	FILE *out = show->out;

	fprintf(out, "%s\n", total->flow.protocol ? message_flow_text(&total->flow, flow) :
						    "flows that there was no room for");
	put_end(show, &total->end[0], "sent");
	put_end(show, &total->end[1], "got");
	if (total->nr_read) {
		fputs("  read ", out);
		message_put_duration(out, total->read_ns / total->nr_read);
		fputs(" after a call began to send, ", out);
		message_put_duration(out, total->read_max_ns);
		fputs(" at most\n", out);
	}
	put_places(show, total->bytes, "  ");
}

static void json_end(FILE *out, const char *key, const struct flow_end *end)
{
	fprintf(out, ",\"%s\":{\"calls\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"pid\":%" PRIu32
		",\"netns\":%" PRIu32, key, end->calls, end->bytes, end->pid, end->netns);
	message_json_name(out, "comm", end->comm);
	fprintf(out, ",\"others\":%s}", end->more ? "true" : "false");
}

static void json_flow(struct show_messages *show, const struct flow_total *total)
{
	FILE *out = show->out;

	fprintf(out, "{\"type\":\"application_flow\",\"schema\":%d", JSON_SCHEMA);
	if (total->flow.protocol)
		message_json_flow(out, show->names, &total->flow);
	json_end(out, "sender", &total->end[0]);
	json_end(out, "receiver", &total->end[1]);
	fprintf(out, ",\"read\":%" PRIu64 ",\"read_ns\":%" PRIu64 ",\"read_max_ns\":%" PRIu64,
		total->nr_read, total->read_ns, total->read_max_ns);
	message_json_bytes(out, total->bytes);
	fputs("}\n", out);
}

static void add(void *context, const struct flow_total *total)
{
	struct flow_list *list = context;
	const struct flow_total **more;

	if (!total->end[0].calls && !total->end[1].calls)
		return;
	if (list->nr == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		more = realloc(list->total, list->room * sizeof(*more));
		if (!more) {
			list->failed = true;
			list->room = list->nr;
			return;
		}
		list->total = more;
	}
	list->total[list->nr++] = total;
}

/* Those that have changes first, then those with most bytes. */
static int compare(const void *a, const void *b)
{
	const struct flow_total *totals[2] = { *(const struct flow_total * const *)a,
					       *(const struct flow_total * const *)b };
	uint64_t changed[2] = { 0, 0 }, bytes[2];
	enum stream_place place;
	int i;

	for (i = 0; i < 2; i++) {
		for (place = 0; place < STREAM_NR_PLACES; place++)
			changed[i] += totals[i]->bytes[place].changed;
		bytes[i] = totals[i]->end[0].bytes + totals[i]->end[1].bytes;
	}
	if (changed[0] != changed[1])
		return changed[0] < changed[1] ? 1 : -1;
	return bytes[0] < bytes[1] ? 1 : bytes[0] > bytes[1] ? -1 : 0;
}

/**
 * show_flows() - what came of bytes, flow by flow
 * @show: how, and which
 *
 * Return: 0, or -1 without memory.
 */
int show_flows(struct show_messages *show)
{
	struct flow_list list = { NULL, 0, 0, false };
	uint64_t i;

	flows_each(streams_flows(show->streams), add, &list);
	if (list.nr)
		qsort(list.total, list.nr, sizeof(*list.total), compare);
	for (i = 0; i < list.nr; i++) {
		if (!message_filter_flow(&show->filter, show->names, list.total[i]))
			continue;
		if (show->json)
			json_flow(show, list.total[i]);
		else
			text_flow(show, list.total[i]);
	}
	free(list.total);
	return list.failed ? -1 : 0;
}
