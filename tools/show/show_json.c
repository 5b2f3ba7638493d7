// SPDX-License-Identifier: GPL-2.0
/* JSON, one object a line: for programs. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "journey/journey.h"
#include "json.h"
#include "lib/clock.h"
#include "show.h"
#include "show_end.h"
#include "show_why.h"
#include "show_messages.h"
#include "text_pieces.h"

static const char * const kind_names[] = {
	[POINT_ENTRY] = "entry",
	[POINT_RETURN] = "return",
};

/* include/linux/skbuff.h: CHECKSUM_* */
static const char * const summed_names[] = { "none", "unnecessary", "complete", "partial" };

static const char * const phase_names[] = {
	[LIFE_GOING] = "carries",
	[LIFE_BORN] = "carries",
	[LIFE_KEPT] = "kept",
	[LIFE_TAP] = "tap",
	[LIFE_PASSED_ON] = "passed on",
	[LIFE_MERGED] = "merged",
};

static void put_name(FILE *out, const char *key, const char *name)
{
	fprintf(out, ",\"%s\":", key);
	json_string(out, name, strnlen(name, SKBTRACE_NAME_LEN));
}

static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	if (text)
		json_string(out, text, strlen(text));
	else
		fputs("null", out);
}

/* Without a name the number is better than nothing. */
static void put_reason(struct show *show, const struct skbtrace_record *record)
{
	const char *name;
	char number[24];

	if (!(record->flags & SKBTRACE_F_REASON)) {
		put_text(show->out, "reason", NULL);
		return;
	}
	name = names_reason(show->names, record->ret);
	snprintf(number, sizeof(number), "%" PRId64, (int64_t)record->ret);
	put_text(show->out, "reason", name ? name : number);
}

static void put_ret(FILE *out, const struct point *point, const struct skbtrace_record *record)
{
	if (!(record->flags & SKBTRACE_F_RET))
		fputs(",\"ret\":null", out);
	else if (point->role == ROLE_CLONE || point->role == ROLE_SEGMENTS)
		fprintf(out, ",\"ret\":%" PRIu64, (uint64_t)record->ret);
	else
		fprintf(out, ",\"ret\":%" PRId64, (int64_t)record->ret);
}

static void put_stack(struct show *show, const struct skbtrace_record *record)
{
	const char *frames = names_stack(show->names, record->stack_id);
	FILE *out = show->out;

	if (!frames) {
		fputs(",\"stack\":null", out);
		return;
	}
	fputs(",\"stack\":[", out);
	for (;;) {
		size_t len = strcspn(frames, ";");

		json_string(out, frames, len);
		frames += len;
		if (!*frames++)
			break;
		putc(',', out);
	}
	putc(']', out);
}

static void put_netns(struct show *show, const struct skbtrace_record *record)
{
	if (!(record->flags & SKBTRACE_F_NETNS)) {
		fputs(",\"netns\":null,\"netns_name\":null", show->out);
		return;
	}
	fprintf(show->out, ",\"netns\":%" PRIu32, record->netns);
	put_text(show->out, "netns_name", names_netns(show->names, record->netns));
}

static void put_caller(struct show *show, const struct skbtrace_record *record)
{
	char name[TEXT_SYMBOL_LEN];

	if (record->flags & SKBTRACE_F_CALLER)
		names_symbol(show->names, record->caller, name, sizeof(name));
	put_text(show->out, "caller", record->flags & SKBTRACE_F_CALLER ? name : NULL);
}

static void put_tunnel(FILE *out, const struct skbtrace_record *record)
{
	bool outer = record->flags & SKBTRACE_F_OUTER;
	char address[SHOW_ADDRESS_LEN];

	if (!show_tunnel(record)) {
		fputs(",\"tunnel\":null", out);
		return;
	}
	fprintf(out, ",\"tunnel\":{\"kind\":\"%s\",\"id\":%" PRIu32 ",\"depth\":%u",
		show_tunnel(record), record->tunnel_id, record->depth);
	put_text(out, "src", outer ? show_outer_address(record, record->outer_saddr, address) : NULL);
	put_text(out, "dst", outer ? show_outer_address(record, record->outer_daddr, address) : NULL);
	putc('}', out);
}

static void put_number(FILE *out, const char *key, bool known, uint64_t number)
{
	if (known)
		fprintf(out, ",\"%s\":%" PRIu64, key, number);
	else
		fprintf(out, ",\"%s\":null", key);
}

/* Addresses and ports, or null each. */
static void put_flow(FILE *out, const struct skbtrace_record *record)
{
	bool flow = record->flags & SKBTRACE_F_FLOW, ports = record->flags & SKBTRACE_F_PORTS;
	char address[SHOW_ADDRESS_LEN];

	put_text(out, "src", flow ? show_address(record, record->saddr, address) : NULL);
	put_number(out, "sport", ports, ntohs(record->sport));
	put_text(out, "dst", flow ? show_address(record, record->daddr, address) : NULL);
	put_number(out, "dport", ports, ntohs(record->dport));
}

/* What the hop saw in the packet's headers, and in the skb: null where it did not look. */
static void put_headers(FILE *out, const struct skbtrace_record *record)
{
	bool looked = record->payload != SKBTRACE_PAYLOAD_NONE;
	bool flow = record->flags & SKBTRACE_F_FLOW;
	char proto[SHOW_PROTO_LEN];

	put_text(out, "proto", looked ? show_proto(record, proto) : NULL);
	put_flow(out, record);
	put_number(out, "ttl", flow && record->ttl, record->ttl);
	put_number(out, "ip_id", flow, record->ip_id);
	put_number(out, "frag_off", looked && (record->flags & SKBTRACE_F_FRAGMENT),
		   record->frag_off);
	put_number(out, "vlan", looked && (record->flags & SKBTRACE_F_VLAN),
		   record->vlan_tci & 0xfff);
	put_text(out, "ip_summed",
		 looked ? summed_names[record->flags & SKBTRACE_F_IP_SUMMED] : NULL);
	put_number(out, "gso_size", looked && record->gso_size, record->gso_size);
	put_number(out, "gso_segs", looked && record->gso_size, record->gso_segs);
}

/* Why the digest is not the whole payload's. */
static void put_flaws(FILE *out, const struct skbtrace_record *record)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} flaws[] = {
		{ SKBTRACE_F_MALFORMED, "malformed" },
		{ SKBTRACE_F_UNREADABLE, "unreadable" },
		{ SKBTRACE_F_TRUNCATED, "truncated" },
		{ SKBTRACE_F_DIGEST_MAX, "digest_max" },
		{ SKBTRACE_F_DEEP, "deep" },
		{ SKBTRACE_F_DOUBTFUL, "doubtful" },
	};
	const char *comma = "";
	unsigned int i;

	fputs(",\"flaws\":[", out);
	for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
		if (!(record->flags & flaws[i].flag))
			continue;
		fprintf(out, "%s\"%s\"", comma, flaws[i].name);
		comma = ",";
	}
	putc(']', out);
}

/* The members of a hop, without braces. */
static void put_hop(struct show *show, const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);
	FILE *out = show->out;

	fprintf(out, "\"ts_ns\":%" PRIu64 ",\"cpu\":%u,\"ctx\":\"%s\",\"pid\":%" PRIu32,
		(uint64_t)record->ts_ns, record->cpu, show_context(record), record->pid);
	put_name(out, "comm", record->comm);
	fprintf(out, ",\"point\":\"%s\",\"kind\":\"%s\",\"skb\":\"0x%" PRIx64 "\","
		"\"head\":\"0x%" PRIx64 "\"", point->symbol, kind_names[point->kind],
		(uint64_t)record->skb, (uint64_t)record->head);
	fprintf(out, ",\"sp\":\"0x%" PRIx64 "\",\"life\":%" PRIu64, (uint64_t)record->sp,
		(uint64_t)record->life);
	if (record->flags & SKBTRACE_F_CHILD)
		fprintf(out, ",\"child\":%" PRIu64, (uint64_t)record->child);
	else
		fputs(",\"child\":null", out);
	put_name(out, "dev", record->dev);
	put_netns(show, record);
	put_name(out, "peer", record->peer);
	fprintf(out, ",\"len\":%" PRIu32 ",\"payload_len\":%" PRIu32,
		record->len, record->payload_len);
	if (record->flags & SKBTRACE_F_DIGEST)
		fprintf(out, ",\"crc32c\":\"0x%08" PRIx32 "\"", record->crc32c);
	else
		fputs(",\"crc32c\":null", out);
	fprintf(out, ",\"digest_len\":%" PRIu32, record->digest_len);
	put_text(out, "csum", show_csum(record));
	put_tunnel(out, record);
	put_headers(out, record);
	put_flaws(out, record);
	put_ret(out, point, record);
	put_number(out, "duration_ns", point->kind == POINT_RETURN, record->duration_ns);
	put_reason(show, record);
	put_caller(show, record);
	put_stack(show, record);
}

static void put_hop_object(struct show *show, const struct skbtrace_record *record)
{
	putc('{', show->out);
	put_hop(show, record);
	putc('}', show->out);
}

static void put_change(struct show *show, const struct journey *journey,
		       const struct verdict_change *change)
{
	fprintf(show->out, "{\"how\":\"%s\",\"bytes\":%" PRIu32 ",\"after\":",
		verdict_how_name(change->how), change->bytes);
	put_hop_object(show, &journey->hops[change->after].record);
	fputs(",\"before\":", show->out);
	put_hop_object(show, &journey->hops[change->before].record);
}

/* The first change is "changed"; later ones stand in its "further". */
static void put_changes(struct show *show, const struct journey *journey,
			const struct verdict *verdict)
{
	uint32_t i, nr = verdict->nr_changes;

	if (nr > VERDICT_CHANGES)
		nr = VERDICT_CHANGES;
	fputs(",\"changed\":", show->out);
	if (!nr) {
		fputs("null", show->out);
		return;
	}
	put_change(show, journey, &verdict->changes[0]);
	fputs(",\"further\":[", show->out);
	for (i = 1; i < nr; i++) {
		put_change(show, journey, &verdict->changes[i]);
		fputs(i + 1 < nr ? "}," : "}", show->out);
	}
	fputs("]}", show->out);
}

static void put_packet(FILE *out, const struct journey *journey)
{
	const struct skbtrace_record *record = show_first(journey);
	char proto[SHOW_PROTO_LEN];

	put_text(out, "proto", show_proto(record, proto));
	put_flow(out, record);
	put_number(out, "seq", (record->flags & SKBTRACE_F_PORTS) && packet_is_tcp(record),
		   record->tcp_seq);
	fprintf(out, ",\"payload_len\":%" PRIu32, record->payload_len);
}

/* To the nanosecond, as RFC 3339 has it. */
static void put_start(struct show *show, uint64_t mono_ns)
{
	uint64_t ns = names_real_ns(show->names, mono_ns);
	time_t seconds = ns / NSEC_PER_SEC;
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(show->out, ",\"start\":\"%s.%09uZ\"", text, (unsigned int)(ns % NSEC_PER_SEC));
}

static void put_place(struct show *show, const char *key, const struct journey *journey,
		      uint32_t hop)
{
	const struct skbtrace_record *record;

	fprintf(show->out, "\"%s\":", key);
	if (hop == JOURNEY_NO_HOP) {
		fputs("null", show->out);
		return;
	}
	record = &journey->hops[hop].record;
	fprintf(show->out, "{\"point\":\"%s\"", point_of(record->point)->symbol);
	put_name(show->out, "dev", record->dev);
	put_netns(show, record);
	put_name(show->out, "peer", record->peer);
	putc('}', show->out);
}

/* Where something ended, where it was before that, and why, as far as hops say it. */
static void put_ending(struct show *show, const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record;

	fputs(",\"ending\":", show->out);
	if (hop == JOURNEY_NO_HOP) {
		fputs("null", show->out);
		return;
	}
	record = &journey->hops[hop].record;
	putc('{', show->out);
	put_place(show, "at", journey, hop);
	putc(',', show->out);
	put_place(show, "after", journey, journey->hops[hop].previous);
	put_ret(show->out, point_of(record->point), record);
	put_reason(show, record);
	put_caller(show, record);
	putc('}', show->out);
}

/* Each way that the packet went, as "branch" of its hops names it. */
static void put_branches(struct show *show, const struct journey *journey)
{
	const struct journey_life *life;
	FILE *out = show->out;

	fputs(",\"branches\":[", out);
	for (life = journey->lives; life; life = life->next) {
		fprintf(out, "%s{\"branch\":%" PRIu32 ",\"parent\":", life->number ? "," : "",
			life->number);
		if (life->parent == life->number)
			fputs("null", out);
		else
			fprintf(out, "%" PRIu32, life->parent);
		fprintf(out, ",\"life\":%" PRIu64 ",\"skb\":\"0x%" PRIx64
			"\",\"what\":\"%s\",\"end\":\"%s\"",
			life->id, life->skb, phase_names[life->phase], show_end(life->end));
		put_ending(show, journey, life->end_hop);
		putc('}', out);
	}
	putc(']', out);
}

static void json_journey(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	FILE *out = show->out;
	char id[SHOW_ID_LEN], detail[SHOW_END_LEN];
	bool first = true;
	uint32_t i;

	fprintf(out, "{\"type\":\"journey\",\"schema\":%d,\"id\":\"%s\"", JSON_SCHEMA,
		show_id(journey->id, id));
	if (show->host) {
		put_text(out, "host", show->host);
		fprintf(out, ",\"packet\":%" PRIu32, show->packet);
	}
	put_start(show, journey->first_ns);
	fprintf(out, ",\"latency_ns\":%" PRIu64, journey->last_ns - journey->first_ns);
	put_packet(out, journey);
	put_text(out, "payload", verdict_name(verdict->payload));
	put_text(out, "why", *verdict->why ? verdict->why : NULL);
	put_text(out, "end", show_end(journey->end));
	put_text(out, "end_detail", show_end_detail(journey, detail));
	put_ending(show, journey, journey->end_hop);
	fprintf(out, ",\"copies\":{\"delivered\":%" PRIu32 ",\"dropped\":%" PRIu32
		",\"taps\":%" PRIu32 "}", journey->nr_delivered, journey->nr_dropped,
		journey->nr_taps);
	fprintf(out, ",\"retransmission\":%s", journey->retransmission ? "true" : "false");
	putc(',', out);
	put_place(show, "bad_checksum", journey, verdict->bad_csum);
	put_changes(show, journey, verdict);
	put_branches(show, journey);
	show_why_json(show, journey, verdict);
	fputs(",\"hops\":[", out);
	for (i = 0; i < journey->nr_hops; i++) {
		if (!filter_point(show->filter, &journey->hops[i].record))
			continue;
		if (!first)
			putc(',', out);
		first = false;
		putc('{', out);
		put_hop(show, &journey->hops[i].record);
		fprintf(out, ",\"branch\":%" PRIu32 "}", journey->hops[i].life->number);
	}
	putc(']', out);
	if (show->messages) {
		show_sender(show->messages, journey);
		show_receiver(show->messages, journey);
	}
	fputs("}\n", out);
}

static void json_hop(struct show *show, const struct skbtrace_record *record)
{
	fprintf(show->out, "{\"type\":\"hop\",\"schema\":%d", JSON_SCHEMA);
	if (show->host)
		put_text(show->out, "host", show->host);
	putc(',', show->out);
	put_hop(show, record);
	fputs("}\n", show->out);
}

static void json_summary(struct show *show, const struct summary *summary)
{
	fprintf(show->out, "{\"type\":\"summary\",\"schema\":%d,\"journeys\":%" PRIu64 ",\"intact\":%" PRIu64
		",\"changed\":%" PRIu64 ",\"unverified\":%" PRIu64 ",\"dropped\":%" PRIu64
		",\"hops\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"missed\":%" PRIu64,
		JSON_SCHEMA, summary->journeys, summary->intact, summary->changed, summary->unverified,
		summary->dropped, summary->hops, summary->lost, summary->missed);
	fprintf(show->out, ",\"records\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"hidden\":%" PRIu64
		",\"unknown\":%" PRIu64 ",\"elsewhere\":%" PRIu64 ",\"no_room\":%" PRIu64
		",\"unasked\":%" PRIu64,
		summary->records, summary->repeated, summary->hidden, summary->unknown,
		summary->elsewhere, summary->no_room, summary->unasked);
	put_text(show->out, "blind", summary->blind && *summary->blind ? summary->blind : NULL);
	fputs("}\n", show->out);
}

const struct show_ops show_json_ops = {
	.journey = json_journey,
	.changed = json_journey,
	.unverified = json_journey,
	.hop = json_hop,
	.summary = json_summary,
};
