// SPDX-License-Identifier: GPL-2.0
/* What became of a packet, in words: as far as the records tell, and no further. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "show_end.h"
#include "text_pieces.h"

/* Copies that are told of one by one. */
#define COPIES_SHOWN	16

static const struct skbtrace_record *record_at(const struct journey *journey, uint32_t hop)
{
	return hop == JOURNEY_NO_HOP ? NULL : &journey->hops[hop].record;
}

static bool is_at(const struct skbtrace_record *record, const char *symbol)
{
	return record && !strcmp(point_of(record->point)->symbol, symbol);
}

static bool was_sent(const struct skbtrace_record *last)
{
	return is_at(last, "dev_hard_start_xmit") || is_at(last, "__dev_queue_xmit");
}

static bool waits_for_neighbour(const struct skbtrace_record *last)
{
	return is_at(last, "ip_finish_output2") || is_at(last, "ip6_finish_output2");
}

/*
 * packet_rcv() may have found that the socket does not want it: then the skb was freed
 * in the call, on a stack that is deeper.
 */
static bool was_freed_in(const struct skbtrace_record *call, const struct skbtrace_record *end)
{
	return end && end->cpu == call->cpu && end->context == call->context &&
	       end->sp < call->sp && call->sp - end->sp < 16384;
}

/*
 * Who reads from a tap frees what its device was to send; of others that is somebody whose
 * packet was next, or the device's interrupt.
 */
static const char *sent(const struct skbtrace_record *last, const struct skbtrace_record *end,
			char *text)
{
	char comm[SKBTRACE_NAME_LEN + 1];

	if (!end || end->context != SKBTRACE_TASK || was_freed_in(last, end))
		return "the device had sent it";
	text_name(comm, sizeof(comm), end->comm, SKBTRACE_NAME_LEN);
	snprintf(text, SHOW_END_LEN, "the device had it, and %s[%" PRIu32 "] took it", comm,
		 end->pid);
	return text;
}

/* What a life that was freed, or was not, came to; @text is room for it. */
static const char *detail_of(const struct journey *journey, const struct journey_life *life,
			     char *text)
{
	const struct skbtrace_record *last = record_at(journey, life->last_hop);
	const struct skbtrace_record *end = record_at(journey, life->end_hop);
	enum point_role role = last ? point_of(last->point)->role : ROLE_PASS;

	switch (life->end) {
	case JOURNEY_DELIVERED:
		if (life->answer == LIFE_ANSWERED)
			return "and answered";
		if (life->unread_hop != JOURNEY_NO_HOP)
			return "and given up unread";
		if (role == ROLE_TRANSPORT)
			return "what became of it there is not seen";
		return role == ROLE_DELIVER && last->payload == SKBTRACE_PAYLOAD_LINK ?
		       "what became of it there is not seen" : NULL;
	case JOURNEY_FREED:
		if (life->answer == LIFE_UNANSWERED)
			return role == ROLE_TRANSPORT ?
			       "no answer was seen: the listener's queue may be full" :
			       "no answer was seen: it asks for none, or for another host";
		if (role == ROLE_CLONED && last->users <= 1)
			return was_freed_in(last, end) ? "no packet socket wanted it" :
			       "a packet socket had it";
		if (is_at(last, "ip_local_deliver") || is_at(last, "ip6_input"))
			return "its protocol had it";
		if (was_sent(last))
			return sent(last, end, text);
		if (is_at(last, "veth_xmit"))
			return "XDP at the other end may have taken it";
		return "neither delivered nor dropped";
	case JOURNEY_OPEN:
		if (waits_for_neighbour(last))
			return "waits for the link address of its next hop";
		return "its end was not seen";
	case JOURNEY_DROPPED:
		break;
	}
	return NULL;
}

/**
 * show_end_detail() - more of how a journey ended than the word
 * @journey: the journey
 * @text: room for SHOW_END_LEN characters
 *
 * Return: a few words, or NULL if there is no more to say.
 */
const char *show_end_detail(const struct journey *journey, char *text)
{
	const struct journey_life *life = journey_deciding_life(journey);

	return life ? detail_of(journey, life, text) : NULL;
}

static void put_why(struct show *show, const struct skbtrace_record *record)
{
	FILE *out = show->out;

	if (record->flags & SKBTRACE_F_REASON) {
		fputs(", reason ", out);
		text_reason(show, record);
	} else if (record->flags & SKBTRACE_F_RET) {
		fprintf(out, ", %s ", point_of(record->point)->symbol);
		text_ret(out, record);
	}
	if (record->flags & SKBTRACE_F_CALLER) {
		fputs(", called from ", out);
		text_caller(show, record);
	}
}

/* Where it was last seen, and why it was dropped. */
static void put_drop(struct show *show, const struct journey *journey, uint32_t end_hop)
{
	const struct journey_hop *hop = &journey->hops[end_hop];

	if (hop->previous != JOURNEY_NO_HOP) {
		fputs(" after ", show->out);
		text_place(show, &journey->hops[hop->previous].record);
	}
	put_why(show, &hop->record);
}

static void put_places(struct show *show, const struct journey *journey)
{
	const struct journey_life *life;
	bool first = true;

	for (life = journey->lives; life; life = life->next) {
		if (life->end != JOURNEY_DELIVERED || life->end_hop == JOURNEY_NO_HOP ||
		    life->phase == LIFE_TAP || life->phase == LIFE_KEPT ||
		    life->phase == LIFE_PASSED_ON)
			continue;
		fputs(first ? " by " : " and by ", show->out);
		text_place(show, record_at(journey, life->end_hop));
		first = false;
	}
}

/**
 * show_end_of_journey() - how it ended, and where that was seen
 * @show: how to show it
 * @journey: the journey
 */
void show_end_of_journey(struct show *show, const struct journey *journey)
{
	char text[SHOW_END_LEN];
	const char *detail = show_end_detail(journey, text);
	FILE *out = show->out;

	fputs(show_end(journey->end), out);
	if (journey->end == JOURNEY_DELIVERED && journey->nr_delivered > 1) {
		if (journey->nr_delivered == 2) {
			fputs(" twice", out);
			put_places(show, journey);
		} else {
			fprintf(out, " %" PRIu32 " times", journey->nr_delivered);
		}
	} else if (journey->end == JOURNEY_DROPPED && journey->end_hop != JOURNEY_NO_HOP) {
		put_drop(show, journey, journey->end_hop);
	} else if (journey->end_hop != JOURNEY_NO_HOP &&
		   !(journey->hops[journey->end_hop].record.flags & SKBTRACE_F_HIDDEN)) {
		fputs(" by ", out);
		text_place(show, &journey->hops[journey->end_hop].record);
	}
	if (detail && !(journey->end == JOURNEY_OPEN && journey->closed_early))
		fprintf(out, "%s%s", journey->end == JOURNEY_OPEN ? ": " : ", ", detail);
	if (journey->unread_hop != JOURNEY_NO_HOP)
		put_why(show, &journey->hops[journey->unread_hop].record);
	if (journey->nr_dropped && journey->end != JOURNEY_DROPPED)
		fprintf(out, ", %" PRIu32 " cop%s dropped", journey->nr_dropped,
			journey->nr_dropped == 1 ? "y" : "ies");
	else if (journey->nr_dropped > 1)
		fprintf(out, ", as were %" PRIu32 " copies", journey->nr_dropped - 1);
	if (journey->nr_taps)
		fprintf(out, ", %" PRIu32 " for packet sockets", journey->nr_taps);
}

static bool is_copy(const struct journey_life *life)
{
	return (life->nr_hops || life->is_heir) && life->phase != LIFE_KEPT &&
	       life->phase != LIFE_PASSED_ON;
}

static void put_copy(struct show *show, const struct journey *journey,
		     const struct journey_life *life)
{
	const struct skbtrace_record *last = record_at(journey, life->last_hop);
	char text[SHOW_END_LEN];
	const char *detail = detail_of(journey, life, text);
	FILE *out = show->out;

	fprintf(out, "     copy [%" PRIu32 "] ", life->number);
	if (life->phase == LIFE_TAP) {
		fputs("for a packet socket\n", out);
		return;
	}
	fputs(show_end(life->end), out);
	if (life->end == JOURNEY_DROPPED && life->end_hop != JOURNEY_NO_HOP) {
		put_drop(show, journey, life->end_hop);
	} else if (last) {
		fputs(life->end == JOURNEY_DELIVERED ? " by " : " after ", out);
		text_place(show, last);
	}
	if (detail)
		fprintf(out, ", %s", detail);
	putc('\n', out);
}

/**
 * show_end_of_copies() - how each copy of a packet ended, if there are several
 * @show: how to show it
 * @journey: the journey
 */
void show_end_of_copies(struct show *show, const struct journey *journey)
{
	const struct journey_life *life;
	uint32_t nr = 0, shown = 0;

	for (life = journey->lives; life; life = life->next)
		nr += is_copy(life);
	/* Of segments that all arrived there is no more to say. */
	if (nr < 2 || nr == journey->nr_delivered)
		return;
	for (life = journey->lives; life && shown < COPIES_SHOWN; life = life->next) {
		if (!is_copy(life))
			continue;
		put_copy(show, journey, life);
		shown++;
	}
	if (nr > shown)
		fprintf(show->out, "     and %" PRIu32 " copies more\n", nr - shown);
}
