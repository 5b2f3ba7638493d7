// SPDX-License-Identifier: GPL-2.0
/* What applications sent and got, as text or JSON. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "show_messages.h"

#define RED	"\033[1;31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define RESET	"\033[0m"

/* Two addresses and ports. */
#define FLOW_LEN	128

static const char * const place_names[] = {
	[STREAM_SENT] = "sent",
	[STREAM_QUEUED] = "queued",
	[STREAM_COPIED] = "copied",
	[STREAM_RETURNED] = "returned",
};

static const char * const place_texts[] = {
	[STREAM_SENT] = "between the application and the first hop",
	[STREAM_QUEUED] = "while queued in the receiver's socket",
	[STREAM_COPIED] = "while they were copied to the reader",
	[STREAM_RETURNED] = "in the reader's buffer, before the call returned",
};

static const char *color(const struct show_messages *show, const char *code)
{
	return show->color ? code : "";
}

static const char *name_of_point(unsigned int id)
{
#define NAME(_id, _symbol, _kind, _kernels, _handler)	\
	case _id:					\
		return #_symbol;
	switch (id) {
	SKBTRACE_MESSAGE_POINTS(NAME)
	}
#undef NAME
	return point_of(id)->symbol;
}

static const char *proto_name(const struct stream_flow *flow)
{
	return flow->l4proto == IPPROTO_UDP ? "udp" : "tcp";
}

static const char *flow_text(const struct stream_flow *flow, char *text)
{
	int family = flow->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET;
	const char *quote = family == AF_INET6 ? "[" : "", *unquote = family == AF_INET6 ? "]" : "";
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	inet_ntop(family, flow->saddr, from, sizeof(from));
	inet_ntop(family, flow->daddr, to, sizeof(to));
	snprintf(text, FLOW_LEN, "%s %s%s%s:%u > %s%s%s:%u", proto_name(flow), quote, from, unquote,
		 ntohs(flow->sport), quote, to, unquote, ntohs(flow->dport));
	return text;
}

static void put_comm(FILE *out, const char *comm, uint32_t pid)
{
	char text[SKBTRACE_NAME_LEN + 1];

	memcpy(text, comm, SKBTRACE_NAME_LEN);
	text[SKBTRACE_NAME_LEN] = '\0';
	utf8_printable(text);
	fprintf(out, "%s[%" PRIu32 "]", text, pid);
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

static void put_duration(FILE *out, uint64_t ns)
{
	if (ns < 10 * NSEC_PER_MSEC)
		fprintf(out, "%.1f µs", ns / 1e3);
	else
		fprintf(out, "%.1f ms", ns / 1e6);
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

	fprintf(out, "     %s  %s", side, name_of_point(witness->point));
	if (*witness->dev)
		fprintf(out, " on %.*s", SKBTRACE_NAME_LEN, witness->dev);
	if (netns)
		fprintf(out, ", netns %s", netns);
	fprintf(out, ", cpu%u", witness->cpu);
	if (witness->call) {
		fputs(", ", out);
		put_comm(out, witness->comm, witness->pid);
	}
	fputs(", ", out);
	put_time(show, witness->ts_ns);
	putc('\n', out);
	if (show->stacks)
		put_frames(show, witness->stack_id, "                    ");
}

static void text_change(struct show_messages *show, const struct stream_change *change)
{
	char flow[FLOW_LEN];
	FILE *out = show->out;

	fprintf(out, "%schanged%s: %s seq %" PRIu32 ": within %" PRIu32 " bytes, %s",
		color(show, RED), color(show, RESET), flow_text(&change->flow, flow),
		change->seq, change->len, place_texts[change->place]);
	if (change->is_late)
		fputs(", perhaps by the application while they were being sent", out);
	putc('\n', out);
	put_witness(show, "last right: ", &change->before);
	put_witness(show, "first wrong:", &change->after);
}

static void json_name(FILE *out, const char *key, const char *name)
{
	fprintf(out, ",\"%s\":", key);
	json_string(out, name, strnlen(name, SKBTRACE_NAME_LEN));
}

static void json_flow(struct show_messages *show, const struct stream_flow *flow)
{
	int family = flow->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET;
	const char *netns = names_netns(show->names, flow->netns);
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	FILE *out = show->out;

	inet_ntop(family, flow->saddr, from, sizeof(from));
	inet_ntop(family, flow->daddr, to, sizeof(to));
	fprintf(out, ",\"proto\":\"%s\",\"src\":\"%s\",\"sport\":%u,\"dst\":\"%s\",\"dport\":%u"
		",\"netns\":%" PRIu32 ",\"netns_name\":", proto_name(flow), from, ntohs(flow->sport), to,
		ntohs(flow->dport), flow->netns);
	if (netns)
		json_string(out, netns, strlen(netns));
	else
		fputs("null", out);
}

static void json_witness(struct show_messages *show, const char *key,
			 const struct witness *witness)
{
	FILE *out = show->out;

	fprintf(out, ",\"%s\":{\"ts_ns\":%" PRIu64 ",\"cpu\":%u,\"point\":\"%s\"", key,
		witness->ts_ns, witness->cpu, name_of_point(witness->point));
	json_name(out, "dev", witness->dev);
	if (witness->call) {
		fprintf(out, ",\"call\":%" PRIu64 ",\"pid\":%" PRIu32, witness->call,
			witness->pid);
		json_name(out, "comm", witness->comm);
	}
	putc('}', out);
}

static void json_change(struct show_messages *show, const struct stream_change *change)
{
	FILE *out = show->out;

	fprintf(out, "{\"type\":\"application_change\",\"place\":\"%s\"",
		place_names[change->place]);
	json_flow(show, &change->flow);
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
 */
void show_message_change(struct show_messages *show, const struct stream_change *change)
{
	if (show->json)
		json_change(show, change);
	else
		text_change(show, change);
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
	return is_sent(message) ? STREAM_QUEUED : STREAM_NR_PLACES;
}

/* Return: "intact", "CHANGED" or "unverified". */
static const char *verdict_of_call(const struct stream_message *message, const char **code)
{
	enum stream_place place;
	bool all = true;

	for (place = first_place(message); place < end_place(message); place++) {
		if (message->bytes[place].changed) {
			*code = RED;
			return "CHANGED";
		}
		all = all && message->bytes[place].same == message->len;
	}
	*code = all ? GREEN : YELLOW;
	return all ? "intact" : "unverified";
}

/* Why not all is verified. */
static void put_doubts(FILE *out, const struct stream_message *message)
{
	static const struct {
		uint32_t state;
		const char *text;
	} reasons[] = {
		{ SKBTRACE_M_ZEROCOPY, "MSG_ZEROCOPY: not copied" },
		{ SKBTRACE_M_UNPLACED, "others wrote or read in between: not certain which bytes" },
		{ SKBTRACE_M_UNREADABLE, "some of its memory was not readable" },
		{ SKBTRACE_M_TOO_LONG, "more than is looked at in one go" },
	};
	enum stream_place place;
	unsigned int i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (message->state & reasons[i].state)
			fprintf(out, "; %s", reasons[i].text);
	for (place = first_place(message); place < end_place(message); place++) {
		const struct stream_bytes *bytes = &message->bytes[place];
		uint64_t known = bytes->same + bytes->changed;

		if (known < message->len)
			fprintf(out, "; %" PRIu64 " bytes not verified %s", message->len - known,
				place_texts[place]);
	}
}

static void text_message(struct show_messages *show, const struct stream_message *message)
{
	const char *code, *verdict = verdict_of_call(message, &code);
	char flow[FLOW_LEN];
	FILE *out = show->out;

	put_time(show, message->began_ns);
	fprintf(out, "  %s  ", is_sent(message) ? "send" : "recv");
	put_comm(out, message->comm, message->pid);
	fprintf(out, "  %s  seq %" PRIu32 "  %" PRIu32 " bytes  %s%s%s",
		flow_text(&message->flow, flow), message->seq, message->len, color(show, code),
		verdict, color(show, RESET));
	if (message->is_read) {
		fputs("; read by ", out);
		put_comm(out, message->reader_comm, message->reader_pid);
		fputs(" ", out);
		put_duration(out, message->read_ns - message->began_ns);
		fputs(" after the call began", out);
	}
	put_doubts(out, message);
	putc('\n', out);
	if (show->stacks)
		put_frames(show, message->stack_id, "          ");
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
	json_name(out, "comm", message->comm);
	json_flow(show, &message->flow);
	fprintf(out, ",\"seq\":%" PRIu32 ",\"len\":%" PRIu32 ",\"verdict\":\"%s\"",
		message->seq, message->len,
		*verdict_of_call(message, &code) == 'C' ? "changed" :
							  verdict_of_call(message, &code));
	for (place = first_place(message); place < end_place(message); place++)
		fprintf(out, ",\"%s\":{\"same\":%" PRIu64 ",\"changed\":%" PRIu64 "}",
			place_names[place], message->bytes[place].same,
			message->bytes[place].changed);
	if (message->is_read) {
		fprintf(out, ",\"read_ns\":%" PRIu64 ",\"reader_pid\":%" PRIu32,
			message->read_ns, message->reader_pid);
		json_name(out, "reader_comm", message->reader_comm);
	}
}

/**
 * show_message() - a call, and what came of its bytes
 * @show: how
 * @message: the call
 */
void show_message(struct show_messages *show, const struct stream_message *message)
{
	if (!show->json) {
		text_message(show, message);
		return;
	}
	fputs("{\"type\":\"message\",", show->out);
	json_call(show, message);
	fputs("}\n", show->out);
}

/* A hop of a packet that its first sender, or last receiver, is told by. */
static const struct skbtrace_record *hop_with(const struct journey *journey, enum point_role role)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++)
		if (point_of(journey->hops[i].record.point)->role == role &&
		    journey->hops[i].record.payload_len)
			return &journey->hops[i].record;
	return NULL;
}

static void put_calls(struct show_messages *show, const struct journey *journey,
		      enum point_role role, unsigned int kind)
{
	const struct skbtrace_record *hop = hop_with(journey, role);
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
		put_comm(out, calls[i].comm, calls[i].pid);
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
	put_calls(show, journey, ROLE_BIRTH, SKBTRACE_MESSAGE_SEND);
}

/**
 * show_receiver() - the calls that got what a packet has, as far as they did by now
 * @show: how
 * @journey: the packet
 */
void show_receiver(struct show_messages *show, const struct journey *journey)
{
	put_calls(show, journey, ROLE_TRANSPORT, SKBTRACE_MESSAGE_RECV);
}

/**
 * show_messages_summary() - what came of all bytes
 * @show: how
 */
void show_messages_summary(struct show_messages *show)
{
	const struct stream_bytes *bytes = streams_bytes(show->streams);
	enum stream_place place;
	FILE *out = show->out;

	if (show->json)
		fprintf(out, "{\"type\":\"applications\",\"messages\":%" PRIu64,
			streams_messages(show->streams));
	else
		fprintf(out, "%" PRIu64 " messages of applications\n",
			streams_messages(show->streams));
	for (place = 0; place < STREAM_NR_PLACES; place++) {
		if (show->json)
			fprintf(out, ",\"%s\":{\"same\":%" PRIu64 ",\"changed\":%" PRIu64
				",\"unverified\":%" PRIu64 "}", place_names[place],
				bytes[place].same, bytes[place].changed, bytes[place].unverified);
		else
			fprintf(out, "  %s: %" PRIu64 " bytes the same, %s%" PRIu64
				" changed%s, %" PRIu64 " not verified\n", place_texts[place],
				bytes[place].same,
				color(show, bytes[place].changed ? RED : ""), bytes[place].changed,
				color(show, bytes[place].changed ? RESET : ""),
				bytes[place].unverified);
	}
	if (show->json)
		fputs("}\n", out);
}
