// SPDX-License-Identifier: GPL-2.0
/* What applications sent and got, as text or JSON. */
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "lib/clock.h"
#include "message_words.h"
#include "show_messages.h"

#define RED	"\033[1;31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define RESET	"\033[0m"

static const char *color(const struct show_messages *show, const char *code)
{
	return show->color ? code : "";
}

static void put_time(struct show_messages *show, uint64_t mono_ns)
{
	uint64_t ns = names_real_ns(show->names, mono_ns);
	time_t seconds = ns / NSEC_PER_SEC;
	char text[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(show->out, "%s.%06u", text, (unsigned int)(ns % NSEC_PER_SEC / 1000));
}

static void put_frames(struct show_messages *show, uint32_t stack_id, const char *indent)
{
	const char *frames = names_stack(show->names, stack_id);

	while (frames && *frames) {
		int len = strcspn(frames, ";");

		fprintf(show->out, "%s%.*s\n", indent, len, frames);
		frames += len;
		frames += *frames == ';';
	}
}

static void put_witness(struct show_messages *show, const char *side,
			const struct witness *witness)
{
	const char *netns = names_netns(show->names, witness->netns);
	FILE *out = show->out;

	fprintf(out, "     %s  %s", side, message_point_name(witness->point));
	if (*witness->dev)
		fprintf(out, " on %.*s", SKBTRACE_NAME_LEN, witness->dev);
	if (netns)
		fprintf(out, ", netns %s", netns);
	fprintf(out, ", cpu%u", witness->cpu);
	if (witness->call) {
		fputs(", ", out);
		message_put_comm(out, witness->comm, witness->pid);
	}
	fputs(", ", out);
	put_time(show, witness->ts_ns);
	putc('\n', out);
	if (show->stacks)
		put_frames(show, witness->stack_id, "                    ");
}

static void text_change(struct show_messages *show, const struct stream_change *change)
{
	char flow[MESSAGE_FLOW_LEN];
	FILE *out = show->out;

	fprintf(out, "%schanged%s: %s seq %" PRIu32 ": within %" PRIu32 " bytes, %s",
		color(show, RED), color(show, RESET), message_flow_text(&change->flow, flow),
		change->seq, change->len, message_place_text(change->place));
	if (change->is_late)
		fputs(", perhaps by the application while they were being sent", out);
	putc('\n', out);
	put_witness(show, "last right: ", &change->before);
	put_witness(show, "first wrong:", &change->after);
}

static void json_stack(struct show_messages *show, uint32_t stack_id)
{
	const char *frames = names_stack(show->names, stack_id);
	FILE *out = show->out;
	const char *between = "";

	if (!frames)
		return;
	fputs(",\"stack\":[", out);
	while (*frames) {
		size_t len = strcspn(frames, ";");

		fputs(between, out);
		json_string(out, frames, len);
		between = ",";
		frames += len;
		frames += *frames == ';';
	}
	putc(']', out);
}

static void json_witness(struct show_messages *show, const char *key,
			 const struct witness *witness)
{
	FILE *out = show->out;

	fprintf(out, ",\"%s\":{\"ts_ns\":%" PRIu64 ",\"cpu\":%u,\"point\":\"%s\"", key,
		witness->ts_ns, witness->cpu, message_point_name(witness->point));
	message_json_name(out, "dev", witness->dev);
	if (witness->call) {
		fprintf(out, ",\"call\":%" PRIu64 ",\"pid\":%" PRIu32, witness->call,
			witness->pid);
		message_json_name(out, "comm", witness->comm);
		json_stack(show, witness->stack_id);
	}
	putc('}', out);
}

static void json_change(struct show_messages *show, const struct stream_change *change)
{
	FILE *out = show->out;

	fprintf(out, "{\"type\":\"application_change\",\"schema\":%d,\"place\":\"%s\"",
		JSON_SCHEMA, message_place_name(change->place));
	message_json_flow(out, show->names, &change->flow);
	fprintf(out, ",\"seq\":%" PRIu32 ",\"len\":%" PRIu32 ",\"late\":%s", change->seq,
		change->len, change->is_late ? "true" : "false");
	json_witness(show, "after", &change->before);
	json_witness(show, "before", &change->after);
	fputs("}\n", out);
}

/**
 * show_message_change() - bytes were changed outside of the hops
 * @show: how
 * @change: where
 *
 * Return: false if it is not of what is to be shown.
 */
bool show_message_change(struct show_messages *show, const struct stream_change *change)
{
	if (!message_filter_change(&show->filter, show->names, change))
		return false;
	if (show->json)
		json_change(show, change);
	else
		text_change(show, change);
	return true;
}

static bool is_sent(const struct stream_message *message)
{
	return message->kind == SKBTRACE_MESSAGE_SEND;
}

/* The first place that a call has to do with, and one behind the last. */
static enum stream_place first_place(const struct stream_message *message)
{
	return is_sent(message) ? STREAM_SENT : STREAM_QUEUED;
}

static enum stream_place end_place(const struct stream_message *message)
{
	return is_sent(message) ? STREAM_QUEUED : STREAM_WHOLE;
}

/* Return: "intact", "CHANGED" or "unverified". */
static const char *verdict_of_call(const struct stream_message *message, const char **code)
{
	switch (stream_verdict(message)) {
	case VERDICT_INTACT:
		*code = GREEN;
		return "intact";
	case VERDICT_CHANGED:
		*code = RED;
		return "CHANGED";
	default:
		*code = YELLOW;
		return "unverified";
	}
}

static void put_causes(FILE *out, uint32_t why)
{
	const char *between = " (";
	enum doubt doubt;

	for (doubt = DOUBT_NONE + 1; doubt < NR_DOUBTS; doubt++) {
		if (!(why & 1u << doubt))
			continue;
		fprintf(out, "%s%s", between, message_doubt_text(doubt));
		between = "; ";
	}
	if (*between == ';')
		putc(')', out);
}

/* Why not all is verified; what is the same from end to end is, whatever is between. */
static void put_doubts(FILE *out, const struct stream_message *message)
{
	enum stream_place place;

	if (message->bytes[STREAM_WHOLE].same == message->len)
		return;
	for (place = first_place(message); place < end_place(message); place++) {
		const struct call_bytes *bytes = &message->bytes[place];
		uint64_t known = (uint64_t)bytes->same + bytes->changed;

		if (known >= message->len)
			continue;
		fprintf(out, "; %" PRIu64 " bytes not verified %s", message->len - known,
			message_place_text(place));
		put_causes(out, bytes->why);
	}
}

static void text_message(struct show_messages *show, const struct stream_message *message)
{
	const char *code, *verdict = verdict_of_call(message, &code);
	char flow[MESSAGE_FLOW_LEN];
	FILE *out = show->out;

	put_time(show, message->began_ns);
	fprintf(out, "  #%" PRIu64 "  %s  ", message->call, is_sent(message) ? "send" : "recv");
	message_put_comm(out, message->comm, message->pid);
	fprintf(out, "  %s  seq %" PRIu32 "  %" PRIu32 " bytes  %s%s%s",
		message_flow_text(&message->flow, flow), message->seq, message->len, color(show, code),
		verdict, color(show, RESET));
	if (message->bytes[STREAM_WHOLE].same == message->len)
		fputs(" from end to end", out);
	if (message->is_read) {
		fputs("; read by ", out);
		message_put_comm(out, message->reader_comm, message->reader_pid);
		fputs(" ", out);
		message_put_duration(out, message->read_ns - message->began_ns);
		fputs(" after the call began", out);
	}
	put_doubts(out, message);
	putc('\n', out);
	if (show->stacks)
		put_frames(show, message->stack_id, "          ");
}

static void json_bytes(FILE *out, enum stream_place place, const struct call_bytes *bytes)
{
	fprintf(out, ",\"%s\":{\"same\":%" PRIu32 ",\"late\":%" PRIu32 ",\"changed\":%" PRIu32 "}",
		message_place_name(place), bytes->same, bytes->late, bytes->changed);
}

static void json_call(struct show_messages *show, const struct stream_message *message)
{
	enum stream_place place;
	FILE *out = show->out;
	const char *code;

	fprintf(out, "\"kind\":\"%s\",\"call\":%" PRIu64 ",\"began_ns\":%" PRIu64
		",\"ended_ns\":%" PRIu64 ",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32,
		is_sent(message) ? "send" : "recv", message->call, message->began_ns,
		message->ended_ns, message->pid, message->tid);
	message_json_name(out, "comm", message->comm);
	message_json_flow(out, show->names, &message->flow);
	fprintf(out, ",\"seq\":%" PRIu32 ",\"len\":%" PRIu32 ",\"verdict\":\"%s\"",
		message->seq, message->len,
		*verdict_of_call(message, &code) == 'C' ? "changed" :
							  verdict_of_call(message, &code));
	for (place = first_place(message); place < end_place(message); place++)
		json_bytes(out, place, &message->bytes[place]);
	json_bytes(out, STREAM_WHOLE, &message->bytes[STREAM_WHOLE]);
	json_stack(show, message->stack_id);
	if (message->is_read) {
		fprintf(out, ",\"read_ns\":%" PRIu64 ",\"reader_pid\":%" PRIu32,
			message->read_ns, message->reader_pid);
		message_json_name(out, "reader_comm", message->reader_comm);
	}
}

/**
 * show_message() - a call, and what came of its bytes
 * @show: how, and which
 * @message: the call
 *
 * Return: false if it is not of what is to be shown.
 */
bool show_message(struct show_messages *show, const struct stream_message *message)
{
	if (!message_filter_call(&show->filter, show->names, message))
		return false;
	if (!show->json) {
		text_message(show, message);
		return true;
	}
	fprintf(show->out, "{\"type\":\"message\",\"schema\":%d,", JSON_SCHEMA);
	json_call(show, message);
	fputs("}\n", show->out);
	return true;
}

/*
 * Is a hop the one by which a packet's sender, or its reader, is told?  What a socket makes
 * is at its first hop; what it has got, where the transport protocol takes it.
 */
static bool is_end_of(const struct skbtrace_record *record, unsigned int kind)
{
	enum point_role role = point_of(record->point)->role;

	if (!record->payload_len)
		return false;
	if (kind == SKBTRACE_MESSAGE_SEND)
		return role == ROLE_BIRTH;
	return role == ROLE_TRANSPORT || (role == ROLE_DELIVER && record->l4proto == IPPROTO_UDP);
}

static const struct skbtrace_record *end_hop(const struct journey *journey, unsigned int kind)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++)
		if (is_end_of(&journey->hops[i].record, kind))
			return &journey->hops[i].record;
	return NULL;
}

/**
 * show_call_comment() - in a few words, the calls that sent, or got, what a hop has
 * @streams: where they are told, or NULL
 * @hop: the hop
 * @text: where to
 * @size: room there
 *
 * Return: the length; 0 if it is not the hop by which they are told.
 */
int show_call_comment(const struct streams *streams, const struct skbtrace_record *hop,
		      char *text, int size)
{
	unsigned int kind = is_end_of(hop, SKBTRACE_MESSAGE_SEND) ? SKBTRACE_MESSAGE_SEND :
								    SKBTRACE_MESSAGE_RECV;
	struct stream_message calls[SHOW_CALLS];
	unsigned int nr = 0, i;
	int len = 0;

	if (streams && is_end_of(hop, kind))
		nr = streams_calls_of(streams, hop, kind, calls, SHOW_CALLS);
	for (i = 0; i < nr && len < size; i++)
		len += snprintf(text + len, size - len, "; %s %.*s[%" PRIu32 "], call %" PRIu64
				", %" PRIu32 " bytes from seq %" PRIu32, is_sent(&calls[i]) ?
				"sent by" : "read by", SKBTRACE_NAME_LEN, calls[i].comm,
				calls[i].pid, calls[i].call, calls[i].len, calls[i].seq);
	if (len < size)
		return len;
	/* Whole calls, or none. */
	*text = '\0';
	return 0;
}

static void put_calls(struct show_messages *show, const struct journey *journey, unsigned int kind)
{
	const struct skbtrace_record *hop = end_hop(journey, kind);
	struct stream_message calls[SHOW_CALLS];
	unsigned int nr, i;
	FILE *out = show->out;

	nr = hop ? streams_calls_of(show->streams, hop, kind, calls, SHOW_CALLS) : 0;
	if (show->json)
		fprintf(out, ",\"%s\":[", kind == SKBTRACE_MESSAGE_SEND ? "sent_by" : "read_by");
	for (i = 0; i < nr; i++) {
		uint64_t at = is_sent(&calls[i]) ? calls[i].began_ns : calls[i].ended_ns;

		if (show->json) {
			fputs(i ? ",{" : "{", out);
			json_call(show, &calls[i]);
			putc('}', out);
			continue;
		}
		fprintf(out, "%12.1f µs  %s ", (double)(int64_t)(at - journey->first_ns) / 1e3,
			is_sent(&calls[i]) ? "send" : "recv");
		message_put_comm(out, calls[i].comm, calls[i].pid);
		fprintf(out, ", %" PRIu32 " bytes from seq %" PRIu32 "%s\n", calls[i].len,
			calls[i].seq, calls[i].bytes[STREAM_SENT].changed ||
			calls[i].bytes[STREAM_QUEUED].changed ||
			calls[i].bytes[STREAM_COPIED].changed ||
			calls[i].bytes[STREAM_RETURNED].changed ? ": some CHANGED" : "");
	}
	if (show->json)
		putc(']', out);
}

/**
 * show_sender() - the calls that sent what a packet has
 * @show: how
 * @journey: the packet
 */
void show_sender(struct show_messages *show, const struct journey *journey)
{
	put_calls(show, journey, SKBTRACE_MESSAGE_SEND);
}

/**
 * show_receiver() - the calls that got what a packet has, as far as they did by now
 * @show: how
 * @journey: the packet
 */
void show_receiver(struct show_messages *show, const struct journey *journey)
{
	put_calls(show, journey, SKBTRACE_MESSAGE_RECV);
}
