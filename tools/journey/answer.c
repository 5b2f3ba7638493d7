// SPDX-License-Identifier: GPL-2.0
/*
 * Was a SYN answered, or an ARP request?  The answer is sent by the function that has the
 * packet, before it frees it: on its stack, so to say.  A packet that such a function frees
 * without having sent one was not answered, however it frees it.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "answer.h"

/* In less of the stack than this the answer is made. */
#define CALL_DEPTH	16384

#define TCP_SYN		0x02
#define TCP_ACK		0x10

static struct answer_call *call_on(struct journey_engine *engine, unsigned int cpu)
{
	return &engine->calls[cpu % ANSWER_CALLS];
}

static bool is_within(const struct answer_call *call, const struct skbtrace_record *record)
{
	return call->life && call->cpu == record->cpu && call->context == record->context &&
	       record->sp < call->sp && call->sp - record->sp < CALL_DEPTH;
}

static bool asks(const struct point *point, const struct skbtrace_record *record)
{
	if (point->role == ROLE_TRANSPORT)
		return packet_is_tcp(record) &&
		       (record->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return point->role == ROLE_DELIVER && record->protocol == ETH_P_ARP;
}

/**
 * answer_asked() - a packet has come to where it may be answered
 * @engine: the engine
 * @life: its life
 * @point: where
 * @record: what was seen of it there
 */
void answer_asked(struct journey_engine *engine, const struct journey_life *life,
		  const struct point *point, const struct skbtrace_record *record)
{
	struct answer_call *call = call_on(engine, record->cpu);

	call->life = 0;
	if (!record->sp || !asks(point, record))
		return;
	call->life = life->id;
	call->sp = record->sp;
	call->cpu = record->cpu;
	call->context = record->context;
}

/* To the one who asked, from the one who was asked. */
static bool is_answer(const struct skbtrace_record *asked, const struct skbtrace_record *record)
{
	if (asked->protocol == ETH_P_ARP)
		return record->protocol == ETH_P_ARP;
	return packet_is_tcp(record) && asked->sport == record->dport &&
	       asked->dport == record->sport &&
	       !memcmp(asked->saddr, record->daddr, sizeof(asked->saddr)) &&
	       !memcmp(asked->daddr, record->saddr, sizeof(asked->daddr));
}

/**
 * answer_sent() - a packet was sent that is none of those known
 * @engine: the engine
 * @life: its life
 * @record: its first hop
 */
void answer_sent(struct journey_engine *engine, struct journey_life *life,
		 const struct skbtrace_record *record)
{
	struct answer_call *call = call_on(engine, record->cpu);
	struct journey_life *asked;

	if (!is_within(call, record))
		return;
	asked = life_find(&engine->lives, LIFE_ID, call->life);
	if (!asked || asked->gone || !life_is_known(asked) ||
	    !is_answer(life_last(asked), record))
		return;
	asked->answer = LIFE_ANSWERED;
	life->answer = LIFE_IS_ANSWER;
}

/**
 * answer_over() - an skb is freed
 * @engine: the engine
 * @life: its life
 * @record: of the free
 */
void answer_over(struct journey_engine *engine, struct journey_life *life,
		 const struct skbtrace_record *record)
{
	struct answer_call *call = call_on(engine, record->cpu);

	if (call->life != life->id)
		return;
	if (is_within(call, record) && life->answer == LIFE_NO_ANSWER)
		life->answer = LIFE_UNANSWERED;
	call->life = 0;
}
