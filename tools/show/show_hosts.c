// SPDX-License-Identifier: GPL-2.0
/* A packet that several hosts have seen: its journeys there, and what became of it between. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "show_hosts.h"
#include "text_pieces.h"

#define RED	"\033[1;31m"
#define YELLOW	"\033[33m"
#define BOLD	"\033[1m"
#define RESET	"\033[0m"

/**
 * show_crossing_result() - the word for what came of a crossing
 * @result: that
 */
const char *show_crossing_result(enum crossing_result result)
{
	static const char * const names[] = {
		[CROSSING_SAME] = "same",
		[CROSSING_CHANGED] = "changed",
		[CROSSING_UNKNOWN] = "unknown",
		[CROSSING_LOST] = "lost",
	};

	return names[result];
}

static const struct shown_part *part_of(const struct shown_packet *shown, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < shown->nr_parts; i++)
		if (shown->parts[i].number == number)
			return &shown->parts[i];
	return NULL;
}

static unsigned int host_of_part(const struct shown_packet *shown, uint32_t number)
{
	return shown->join->parts[number].host;
}

/* What is shown now is of this host. */
static void turn_to(struct show *show, const struct shown_packet *shown, unsigned int host)
{
	show->names = shown->names[host];
	show->why = shown->whys[host];
	show->host = shown->hosts[host];
	show->packet = shown->packet - shown->join->packets;
}

/* The hop of an end.  NULL if its journey is not at hand. */
static const struct skbtrace_record *hop_of(const struct shown_packet *shown,
					    const struct end *end)
{
	const struct shown_part *part = part_of(shown, end->part);

	return part && end->hop < part->journey->nr_hops ?
	       &part->journey->hops[end->hop].record : NULL;
}

static const struct end *departure_of(const struct shown_packet *shown,
				      const struct crossing *crossing)
{
	return crossing->departure == END_NONE ? NULL :
	       &shown->join->departures[crossing->departure];
}

static const struct end *arrival_of(const struct shown_packet *shown,
				    const struct crossing *crossing)
{
	return crossing->arrival == END_NONE ? NULL : &shown->join->arrivals[crossing->arrival];
}

/**
 * show_packet_parts() - show the journeys of a packet, host by host
 * @show: how to show them
 * @shown: the packet
 */
void show_packet_parts(struct show *show, const struct shown_packet *shown)
{
	uint32_t i;

	for (i = 0; i < shown->nr_parts; i++) {
		const struct shown_part *part = &shown->parts[i];

		turn_to(show, shown, host_of_part(shown, part->number));
		show->ops->journey(show, part->journey, &part->verdict);
	}
}

/**
 * show_why_of_packet() - why a packet is not intact
 * @shown: the packet
 *
 * Return: a sentence, "" if it is.
 */
const char *show_why_of_packet(const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	const struct shown_part *part = NULL;

	if (packet->changed_part != END_NONE)
		part = part_of(shown, packet->changed_part);
	else if (packet->changed != END_NONE)
		return "its payload changed between two hosts";
	else if (packet->doubt_part != END_NONE)
		part = part_of(shown, packet->doubt_part);
	else if (packet->doubt != END_NONE)
		return shown->join->crossings[packet->doubt].why;
	return part ? part->verdict.why : "";
}

static void put_place(struct show *show, const struct shown_packet *shown, unsigned int host,
		      const struct end *end)
{
	const struct skbtrace_record *record = end ? hop_of(shown, end) : NULL;

	turn_to(show, shown, host);
	if (record)
		text_place(show, record);
	else
		fputs(shown->hosts[host], show->out);
}

/* How long it took, as far as the clocks tell. */
static bool transit(const struct shown_packet *shown, const struct crossing *crossing,
		    int64_t *least, int64_t *most)
{
	const struct end *departure = departure_of(shown, crossing);
	const struct end *arrival = arrival_of(shown, crossing);
	struct offset offset;

	if (!departure || !arrival)
		return false;
	offset = join_offset(shown->join, departure->host, arrival->host, departure->ts_ns);
	if (!offset_is_known(&offset))
		return false;
	*least = offset_between(departure->ts_ns, arrival->ts_ns) - offset.high;
	*most = offset_between(departure->ts_ns, arrival->ts_ns) - offset.low;
	/* It did not come before it left. */
	if (*least < 0)
		*least = 0;
	return true;
}

static void put_side(struct show *show, const struct shown_packet *shown, const char *side,
		     unsigned int host, const struct end *end)
{
	fprintf(show->out, "     %s  ", side);
	put_place(show, shown, host, end);
	fprintf(show->out, ", crc32c %08" PRIx32 "\n", end->crc);
}

static void put_crossing(struct show *show, const struct shown_packet *shown,
			 const struct crossing *crossing)
{
	const struct end *departure = departure_of(shown, crossing);
	const struct end *arrival = arrival_of(shown, crossing);
	const char *red = show->color ? RED : "", *yellow = show->color ? YELLOW : "";
	const char *reset = show->color ? RESET : "";
	FILE *out = show->out;
	int64_t least, most;

	fprintf(out, "   between %s and %s: ",
		departure ? shown->hosts[departure->host] : "another host",
		shown->hosts[crossing->to]);
	switch (crossing->result) {
	case CROSSING_SAME:
		fputs("the same bytes", out);
		break;
	case CROSSING_CHANGED:
		fprintf(out, "%spayload %s%s", red, verdict_how_name(crossing->how), reset);
		break;
	case CROSSING_UNKNOWN:
		fprintf(out, "%sunverified%s: %s", yellow, reset, crossing->why);
		break;
	case CROSSING_LOST:
		fprintf(out, "%slost%s after ", red, reset);
		put_place(show, shown, departure->host, departure);
		if (crossing->why)
			fprintf(out, ", %s", crossing->why);
		break;
	}
	if (crossing->nr_departures > 1)
		fprintf(out, ", merged of %" PRIu32 " packets", crossing->nr_departures);
	if (crossing->nr_arrivals > 1)
		fprintf(out, "%s %" PRIu32 " packets", crossing->result == CROSSING_CHANGED ?
			", in one of" : ", in", crossing->nr_arrivals);
	if (crossing->is_duplicate)
		fputs(", which have come before: duplicated", out);
	if (transit(shown, crossing, &least, &most)) {
		fputs("; it took ", out);
		text_duration(out, least);
		fputs(" to ", out);
		text_duration(out, most);
	}
	putc('\n', out);
	if (crossing->result != CROSSING_CHANGED)
		return;
	put_side(show, shown, "last right: ", departure->host, departure);
	put_side(show, shown, "first wrong:", crossing->to, arrival);
}

/* Of segments that one packet was cut into, what is true of all is said once. */
static void put_crossings(struct show *show, const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	uint32_t i;

	for (i = packet->crossings; i < packet->crossings + packet->nr_crossings; i++)
		put_crossing(show, shown, &shown->join->crossings[i]);
}

static void put_heading(struct show *show, const struct shown_packet *shown)
{
	static const char * const words[] = { "intact", "CHANGED", "unverified" };
	const struct shown_part *first = &shown->parts[0];
	char packet[SHOW_PACKET_LEN];
	uint32_t i;

	fprintf(show->out, "%spacket %" PRIu32 "%s: %s: ", show->color ? BOLD : "",
		(uint32_t)(shown->packet - shown->join->packets), show->color ? RESET : "",
		show_packet(first->journey, packet));
	for (i = 0; i < shown->nr_parts; i++) {
		unsigned int host = host_of_part(shown, shown->parts[i].number);

		if (i && host == host_of_part(shown, shown->parts[i - 1].number))
			continue;
		fprintf(show->out, "%s%s", i ? " > " : "", shown->hosts[host]);
	}
	fprintf(show->out, ": %s%s%s\n", show->color && shown->packet->payload ?
		(shown->packet->payload == VERDICT_CHANGED ? RED : YELLOW) : "",
		words[shown->packet->payload], show->color && shown->packet->payload ? RESET : "");
}

/**
 * show_packet_text() - show a packet for people
 * @show: how to show it
 * @shown: the packet
 */
void show_packet_text(struct show *show, const struct shown_packet *shown)
{
	if (shown->packet->nr_crossings)
		put_heading(show, shown);
	show_packet_parts(show, shown);
	put_crossings(show, shown);
	if (shown->packet->nr_crossings)
		putc('\n', show->out);
}

/* Show just what changed: where, if it was on a host; else between which. */
void show_packet_changed(struct show *show, const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	const struct shown_part *part;
	const struct crossing *crossing;
	char text[SHOW_PACKET_LEN];
	FILE *out = show->out;

	if (packet->changed_part != END_NONE) {
		part = part_of(shown, packet->changed_part);
		turn_to(show, shown, host_of_part(shown, part->number));
		show->ops->changed(show, part->journey, &part->verdict);
		return;
	}
	crossing = &shown->join->crossings[packet->changed];
	fprintf(out, "%schanged%s: packet %" PRIu32 " %s: right at ", show->color ? RED : "",
		show->color ? RESET : "", (uint32_t)(packet - shown->join->packets),
		show_packet(shown->parts[0].journey, text));
	put_place(show, shown, departure_of(shown, crossing)->host, departure_of(shown, crossing));
	fputs("; wrong at ", out);
	put_place(show, shown, crossing->to, arrival_of(shown, crossing));
	fputs(": between them\n", out);
}

/* Show just that it is unverified, and why. */
void show_packet_unverified(struct show *show, const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	const struct shown_part *part;
	char text[SHOW_PACKET_LEN];

	if (packet->doubt_part != END_NONE) {
		part = part_of(shown, packet->doubt_part);
		turn_to(show, shown, host_of_part(shown, part->number));
		show->ops->unverified(show, part->journey, &part->verdict);
		return;
	}
	fprintf(show->out, "%sunverified%s: packet %" PRIu32 " %s: on its way to %s: %s\n",
		show->color ? YELLOW : "", show->color ? RESET : "",
		(uint32_t)(packet - shown->join->packets),
		show_packet(shown->parts[0].journey, text),
		shown->hosts[shown->join->crossings[packet->doubt].to],
		show_why_of_packet(shown));
}

static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\":", key);
	if (text)
		json_string(out, text, strlen(text));
	else
		fputs("null", out);
}

static void put_record(FILE *out, const struct shown_packet *shown, unsigned int host,
		       uint32_t part, const struct skbtrace_record *record)
{
	char id[SHOW_ID_LEN];

	putc('{', out);
	put_text(out, "host", shown->hosts[host]);
	putc(',', out);
	put_text(out, "journey", part == END_NONE ? NULL :
		 show_id(shown->join->parts[part].id, id));
	putc(',', out);
	put_text(out, "point", record ? point_of(record->point)->symbol : NULL);
	fputs(",\"dev\":", out);
	if (record)
		json_string(out, record->dev, strnlen(record->dev, SKBTRACE_NAME_LEN));
	else
		fputs("null", out);
	if (record)
		fprintf(out, ",\"ts_ns\":%" PRIu64 ",\"payload_len\":%" PRIu32
			",\"crc32c\":\"0x%08" PRIx32 "\"", (uint64_t)record->ts_ns,
			record->payload_len, record->crc32c);
	putc('}', out);
}

static void put_end(FILE *out, const struct shown_packet *shown, const char *key,
		    unsigned int host, const struct end *end)
{
	fprintf(out, "\"%s\":", key);
	put_record(out, shown, host, end ? end->part : END_NONE, end ? hop_of(shown, end) : NULL);
}

static void json_crossing(FILE *out, const struct shown_packet *shown,
			  const struct crossing *crossing)
{
	const struct end *departure = departure_of(shown, crossing);
	const struct end *arrival = arrival_of(shown, crossing);
	int64_t least, most;

	fprintf(out, "{\"result\":\"%s\",\"how\":%s%s%s,\"bytes\":%" PRIu32
		",\"departures\":%" PRIu32 ",\"arrivals\":%" PRIu32 ",\"duplicate\":%s,",
		show_crossing_result(crossing->result),
		crossing->result == CROSSING_CHANGED ? "\"" : "",
		crossing->result == CROSSING_CHANGED ? verdict_how_name(crossing->how) : "null",
		crossing->result == CROSSING_CHANGED ? "\"" : "", crossing->bytes,
		crossing->nr_departures, crossing->nr_arrivals,
		crossing->is_duplicate ? "true" : "false");
	put_text(out, "why", crossing->why);
	putc(',', out);
	if (departure)
		put_end(out, shown, "from", departure->host, departure);
	else
		fputs("\"from\":null", out);
	putc(',', out);
	put_end(out, shown, "to", crossing->to, arrival);
	if (transit(shown, crossing, &least, &most))
		fprintf(out, ",\"least_ns\":%" PRId64 ",\"most_ns\":%" PRId64 "}", least, most);
	else
		fputs(",\"least_ns\":null,\"most_ns\":null}", out);
}

/* The first change, on a host or between two. */
static void json_changed(FILE *out, const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	const struct shown_part *part = packet->changed_part == END_NONE ? NULL :
					part_of(shown, packet->changed_part);
	const struct crossing *crossing;

	fputs("\"changed\":", out);
	if (part) {
		const struct verdict_change *change = &part->verdict.changes[0];
		unsigned int host = host_of_part(shown, part->number);

		fputs("{\"after\":", out);
		put_record(out, shown, host, part->number,
			   &part->journey->hops[change->after].record);
		fputs(",\"before\":", out);
		put_record(out, shown, host, part->number,
			   &part->journey->hops[change->before].record);
		putc('}', out);
	} else if (packet->changed != END_NONE) {
		crossing = &shown->join->crossings[packet->changed];
		putc('{', out);
		put_end(out, shown, "after", departure_of(shown, crossing)->host,
			departure_of(shown, crossing));
		putc(',', out);
		put_end(out, shown, "before", crossing->to, arrival_of(shown, crossing));
		putc('}', out);
	} else {
		fputs("null", out);
	}
}

/**
 * show_packet_json() - show a packet for programs
 * @show: how to show it
 * @shown: the packet
 */
void show_packet_json(struct show *show, const struct shown_packet *shown)
{
	const struct join_packet *packet = shown->packet;
	const char *why = show_why_of_packet(shown);
	FILE *out = show->out;
	char id[SHOW_ID_LEN];
	uint32_t i;

	show_packet_parts(show, shown);
	fprintf(out, "{\"type\":\"packet\",\"schema\":%d,\"packet\":%" PRIu32
		",\"payload\":\"%s\",", JSON_SCHEMA, (uint32_t)(packet - shown->join->packets),
		verdict_name(packet->payload));
	put_text(out, "why", *why ? why : NULL);
	fputs(",\"journeys\":[", out);
	for (i = 0; i < shown->nr_parts; i++) {
		const struct shown_part *part = &shown->parts[i];

		fputs(i ? ",{" : "{", out);
		put_text(out, "host", shown->hosts[host_of_part(shown, part->number)]);
		putc(',', out);
		put_text(out, "id", show_id(part->journey->id, id));
		putc('}', out);
	}
	fputs("],\"crossings\":[", out);
	for (i = 0; i < packet->nr_crossings; i++) {
		if (i)
			putc(',', out);
		json_crossing(out, shown, &shown->join->crossings[packet->crossings + i]);
	}
	fputs("],", out);
	json_changed(out, shown);
	fputs("}\n", out);
}

/* In the middle of the time that both were traced, by the clock of the first. */
static uint64_t middle(const struct join_host *host)
{
	return host->begin_ns + (host->end_ns - host->begin_ns) / 2;
}

static void put_clocks(struct show *show, const struct shown_hosts *shown, unsigned int a,
		       unsigned int b, bool json, bool *first)
{
	struct offset offset = join_offset(shown->join, a, b, middle(&shown->join->hosts[a]));
	int64_t ahead, uncertain;
	FILE *out = show->out;

	if (!offset_is_known(&offset))
		return;
	ahead = offset.low + (offset.high - offset.low) / 2 + shown->real_ns[b] -
		shown->real_ns[a];
	uncertain = (offset.high - offset.low) / 2;
	if (json) {
		fputs(*first ? "{" : ",{", out);
		*first = false;
		put_text(out, "host", shown->hosts[a]);
		putc(',', out);
		put_text(out, "other", shown->hosts[b]);
		fprintf(out, ",\"ahead_ns\":%" PRId64 ",\"uncertain_ns\":%" PRId64 "}", ahead,
			uncertain);
		return;
	}
	fprintf(out, "the clock of %s is %.6f s %s that of %s, ± ", shown->hosts[b],
		(ahead < 0 ? -ahead : ahead) / 1e9, ahead < 0 ? "behind" : "ahead of",
		shown->hosts[a]);
	text_duration(out, uncertain);
	fputs(", as the packets between them tell\n", out);
}

/**
 * show_hosts_end() - show what there was between the hosts
 * @show: how to show it
 * @shown: that
 * @json: for programs
 */
void show_hosts_end(struct show *show, const struct shown_hosts *shown, bool json)
{
	uint64_t nr[CROSSING_LOST + 1] = { 0 };
	FILE *out = show->out;
	bool first = true;
	unsigned int a, b;
	uint32_t i;

	for (i = 0; i < shown->join->nr_crossings; i++)
		nr[shown->join->crossings[i].result]++;
	if (json) {
		fprintf(out, "{\"type\":\"hosts\",\"schema\":%d,\"same\":%" PRIu64
			",\"changed\":%" PRIu64 ",\"unknown\":%" PRIu64 ",\"lost\":%" PRIu64
			",\"clocks\":[", JSON_SCHEMA,
			nr[CROSSING_SAME], nr[CROSSING_CHANGED], nr[CROSSING_UNKNOWN],
			shown->nr_lost);
	} else {
		fprintf(out, "between hosts: %" PRIu64 " the same, %" PRIu64 " changed, %" PRIu64
			" unverified; %" PRIu64 " packets lost\n", nr[CROSSING_SAME],
			nr[CROSSING_CHANGED], nr[CROSSING_UNKNOWN], shown->nr_lost);
	}
	for (a = 0; a < shown->join->nr_hosts; a++)
		for (b = a + 1; b < shown->join->nr_hosts; b++)
			put_clocks(show, shown, a, b, json, &first);
	if (json)
		fputs("]}\n", out);
}
