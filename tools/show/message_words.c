// SPDX-License-Identifier: GPL-2.0
/* Words for what applications sent and got, for text and JSON alike. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <string.h>

#include "journey/point.h"
#include "json.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "message_words.h"

/**
 * message_place_name() - what a place is called for programs
 * @place: the place
 */
const char *message_place_name(enum stream_place place)
{
	static const char * const names[] = {
		[STREAM_SENT] = "sent",
		[STREAM_QUEUED] = "queued",
		[STREAM_COPIED] = "copied",
		[STREAM_RETURNED] = "returned",
		[STREAM_WHOLE] = "whole",
	};

	return names[place];
}

/**
 * message_place_text() - where a place is
 * @place: the place
 */
const char *message_place_text(enum stream_place place)
{
	static const char * const texts[] = {
		[STREAM_SENT] = "between the application and the first hop",
		[STREAM_QUEUED] = "while queued in the receiver's socket",
		[STREAM_COPIED] = "while they were copied to the reader",
		[STREAM_RETURNED] = "in the reader's buffer, before the call returned",
		[STREAM_WHOLE] = "from application to application",
	};

	return texts[place];
}

static const struct {
	const char *name;
	const char *text;
} doubts[] = {
	[DOUBT_NONE] = { "none", "" },
	[DOUBT_CALL] = { "call", "no call was seen that sent or got them" },
	[DOUBT_HOP] = { "hop", "no hop was recorded that has them" },
	[DOUBT_CUTS] = { "cuts", "in pieces of which none are the same bytes" },
	[DOUBT_TWICE] = { "twice", "they came twice, and not the same" },
	[DOUBT_CHANGED] = { "elsewhere", "they were changed at another place, or are others" },
	[DOUBT_ZEROCOPY] = { "zerocopy", "MSG_ZEROCOPY: not copied" },
	[DOUBT_UNPLACED] = { "unplaced",
			     "others wrote or read in between: not certain which bytes" },
	[DOUBT_UNREADABLE] = { "unreadable", "some of the memory was not readable" },
	[DOUBT_TOO_LONG] = { "too_long", "more than is looked at in one go" },
};

/**
 * message_doubt_text() - why bytes are not verified
 * @doubt: why
 */
const char *message_doubt_text(enum doubt doubt)
{
	return doubts[doubt].text;
}

/**
 * message_point_name() - the function that a point is at
 * @id: the number of a point, of messages or of hops
 */
const char *message_point_name(unsigned int id)
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

/**
 * message_flow_text() - whose bytes
 * @flow: the flow
 * @text: MESSAGE_FLOW_LEN bytes
 *
 * Return: @text.
 */
const char *message_flow_text(const struct stream_flow *flow, char *text)
{
	int family = flow->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET;
	const char *quote = family == AF_INET6 ? "[" : "", *unquote = family == AF_INET6 ? "]" : "";
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	inet_ntop(family, flow->saddr, from, sizeof(from));
	inet_ntop(family, flow->daddr, to, sizeof(to));
	snprintf(text, MESSAGE_FLOW_LEN, "%s %s%s%s:%u > %s%s%s:%u", proto_name(flow), quote, from,
		 unquote, ntohs(flow->sport), quote, to, unquote, ntohs(flow->dport));
	return text;
}

/**
 * message_put_comm() - a process
 * @out: where to
 * @comm: its name, SKBTRACE_NAME_LEN bytes at most
 * @pid: its number
 */
void message_put_comm(FILE *out, const char *comm, uint32_t pid)
{
	char text[SKBTRACE_NAME_LEN + 1];

	memcpy(text, comm, SKBTRACE_NAME_LEN);
	text[SKBTRACE_NAME_LEN] = '\0';
	utf8_printable(text);
	fprintf(out, "%s[%" PRIu32 "]", text, pid);
}

/**
 * message_put_duration() - how long something took
 * @out: where to
 * @ns: how long
 */
void message_put_duration(FILE *out, uint64_t ns)
{
	if (ns < 10 * NSEC_PER_MSEC)
		fprintf(out, "%.1f µs", ns / 1e3);
	else
		fprintf(out, "%.1f ms", ns / 1e6);
}

/**
 * message_json_name() - a member that is a name
 * @out: where to
 * @key: its key
 * @name: the name, SKBTRACE_NAME_LEN bytes at most
 */
void message_json_name(FILE *out, const char *key, const char *name)
{
	fprintf(out, ",\"%s\":", key);
	json_string(out, name, strnlen(name, SKBTRACE_NAME_LEN));
}

/**
 * message_json_flow() - the members that say whose bytes
 * @out: where to
 * @names: for the namespace
 * @flow: the flow
 */
void message_json_flow(FILE *out, struct names *names, const struct stream_flow *flow)
{
	int family = flow->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	const char *netns;

	inet_ntop(family, flow->saddr, from, sizeof(from));
	inet_ntop(family, flow->daddr, to, sizeof(to));
	fprintf(out, ",\"proto\":\"%s\",\"src\":\"%s\",\"sport\":%u,\"dst\":\"%s\",\"dport\":%u",
		proto_name(flow), from, ntohs(flow->sport), to, ntohs(flow->dport));
	/* A flow of both ends is of none. */
	if (!flow->netns)
		return;
	netns = names_netns(names, flow->netns);
	fprintf(out, ",\"netns\":%" PRIu32 ",\"netns_name\":", flow->netns);
	if (netns)
		json_string(out, netns, strlen(netns));
	else
		fputs("null", out);
}

/**
 * message_json_bytes() - the members that say what came of bytes, place by place
 * @out: where to
 * @bytes: that
 */
void message_json_bytes(FILE *out, const struct stream_bytes bytes[STREAM_NR_PLACES])
{
	enum stream_place place;
	enum doubt doubt;

	for (place = 0; place < STREAM_NR_PLACES; place++) {
		fprintf(out, ",\"%s\":{\"same\":%" PRIu64 ",\"late\":%" PRIu64 ",\"changed\":%" PRIu64
			",\"unverified\":%" PRIu64, message_place_name(place), bytes[place].same,
			bytes[place].late, bytes[place].changed, bytes[place].unverified);
		for (doubt = DOUBT_NONE + 1; doubt < NR_DOUBTS; doubt++)
			if (bytes[place].why[doubt])
				fprintf(out, ",\"%s\":%" PRIu64, doubts[doubt].name,
					bytes[place].why[doubt]);
		putc('}', out);
	}
}
