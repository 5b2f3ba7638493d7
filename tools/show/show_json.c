// SPDX-License-Identifier: GPL-2.0
/* JSON, one object a line: for programs. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "journey/journey.h"
#include "json.h"
#include "show.h"
#include "show_end.h"
#include "show_messages.h"
#include "text_pieces.h"

static const char * const kind_names[] = {
	[POINT_ENTRY] = "entry",
	[POINT_RETURN] = "return",
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
	fprintf(out, ",\"life\":%" PRIu64, (uint64_t)record->life);
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
	put_text(out, "csum", show_csum(record));
	put_tunnel(out, record);
	put_ret(out, point, record);
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
	bool ports = record->flags & SKBTRACE_F_PORTS;
	char proto[SHOW_PROTO_LEN], address[SHOW_ADDRESS_LEN];
	const char *from = NULL, *to = NULL;

	put_text(out, "proto", show_proto(record, proto));
	if (record->flags & SKBTRACE_F_FLOW)
		from = show_address(record, record->saddr, address);
	put_text(out, "src", from);
	if (ports)
		fprintf(out, ",\"sport\":%u", ntohs(record->sport));
	else
		fputs(",\"sport\":null", out);
	if (record->flags & SKBTRACE_F_FLOW)
		to = show_address(record, record->daddr, address);
	put_text(out, "dst", to);
	if (ports)
		fprintf(out, ",\"dport\":%u", ntohs(record->dport));
	else
		fputs(",\"dport\":null", out);
	if (ports && record->l4proto == IPPROTO_TCP)
		fprintf(out, ",\"seq\":%" PRIu32, record->tcp_seq);
	else
		fputs(",\"seq\":null", out);
	fprintf(out, ",\"payload_len\":%" PRIu32, record->payload_len);
}

static void json_journey(struct show *show, const struct journey *journey,
			 const struct verdict *verdict)
{
	FILE *out = show->out;
	char id[SHOW_ID_LEN];
	bool first = true;
	uint32_t i;

	fprintf(out, "{\"type\":\"journey\",\"id\":\"%s\"", show_id(journey->id, id));
	put_packet(out, journey);
	put_text(out, "payload", verdict_name(verdict->payload));
	put_text(out, "why", *verdict->why ? verdict->why : NULL);
	put_text(out, "end", show_end(journey->end));
	put_text(out, "end_detail", show_end_detail(journey));
	fprintf(out, ",\"copies\":{\"delivered\":%" PRIu32 ",\"dropped\":%" PRIu32
		",\"taps\":%" PRIu32 "}", journey->nr_delivered, journey->nr_dropped,
		journey->nr_taps);
	fprintf(out, ",\"retransmission\":%s", journey->retransmission ? "true" : "false");
	put_changes(show, journey, verdict);
	fputs(",\"hops\":[", out);
	for (i = 0; i < journey->nr_hops; i++) {
		if (!filter_point(show->filter, &journey->hops[i].record))
			continue;
		if (!first)
			putc(',', out);
		first = false;
		put_hop_object(show, &journey->hops[i].record);
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
	fputs("{\"type\":\"hop\",", show->out);
	put_hop(show, record);
	fputs("}\n", show->out);
}

static void json_summary(struct show *show, const struct summary *summary)
{
	fprintf(show->out, "{\"type\":\"summary\",\"journeys\":%" PRIu64 ",\"intact\":%" PRIu64
		",\"changed\":%" PRIu64 ",\"unverified\":%" PRIu64 ",\"dropped\":%" PRIu64
		",\"hops\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"missed\":%" PRIu64,
		summary->journeys, summary->intact, summary->changed, summary->unverified,
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
