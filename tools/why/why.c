// SPDX-License-Identifier: GPL-2.0
/* From a journey to the places where something is to be said, and a host to ask. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask/ask.h"
#include "lib/clock.h"
#include "seam.h"

/* A host is asked again after so long: filters come and go by people's hands. */
#define FACTS_NS	(2 * NSEC_PER_SEC)

/* Namespaces that a journey goes through; of more the others are not asked. */
#define NETNS_MAX	32

/* How far back the hop is that says where a packet is to go to. */
#define WAY_BACK	4

/**
 * struct why - a host
 * @source: the records'
 * @names: theirs
 * @facts: what is known, NULL if nobody has asked yet
 * @asked_ns: when that was
 * @whole: it is of all namespaces
 * @netns: else of these
 * @nr_netns: how many
 */
struct why {
	struct source *source;
	struct names *names;
	struct all_facts *facts;
	uint64_t asked_ns;
	bool whole;
	uint32_t netns[NETNS_MAX];
	unsigned int nr_netns;
};

/**
 * why_new() - a host to ask for reasons
 * @source: its records: live, or of a file that has kept what was known
 * @names: the names that go with them
 *
 * Return: the host, or NULL if there is no memory.
 */
struct why *why_new(struct source *source, struct names *names)
{
	struct why *why = calloc(1, sizeof(*why));

	if (!why)
		return NULL;
	why->source = source;
	why->names = names;
	return why;
}

/**
 * why_free() - free it
 * @why: the host, or NULL
 */
void why_free(struct why *why)
{
	if (!why)
		return;
	all_facts_free(why->facts);
	free(why);
}

static void add_netns(uint32_t *netns, unsigned int *nr, const struct skbtrace_record *record)
{
	unsigned int i;

	if (!(record->flags & SKBTRACE_F_NETNS) || *nr == NETNS_MAX)
		return;
	for (i = 0; i < *nr; i++)
		if (netns[i] == record->netns)
			return;
	netns[(*nr)++] = record->netns;
}

static bool has_all(const struct why *why, const uint32_t *netns, unsigned int nr)
{
	unsigned int i, j;

	if (why->whole)
		return true;
	for (i = 0; i < nr; i++) {
		for (j = 0; j < why->nr_netns && why->netns[j] != netns[i]; j++)
			;
		if (j == why->nr_netns)
			return false;
	}
	return true;
}

/* The other end of a pair may be in a namespace that no hop has told of. */
static bool is_to_a_peer(const struct journey *journey)
{
	uint32_t end = journey->end_hop;
	uint32_t last = end == JOURNEY_NO_HOP ? JOURNEY_NO_HOP : journey->hops[end].previous;

	return last != JOURNEY_NO_HOP && *journey->hops[last].record.peer &&
	       !strcmp(point_of(journey->hops[last].record.point)->symbol, "veth_xmit");
}

static void ask(struct why *why, const struct journey *journey)
{
	uint32_t netns[NETNS_MAX], i;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	bool whole = is_to_a_peer(journey);
	unsigned int nr = 0;
	struct error ignored;
	char *facts;

	if (!why->source->is_live) {
		facts = why->whole ? NULL : source_text(why->source, SOURCE_FACTS, &ignored);
		why->whole = true;
		if (facts)
			why->facts = all_facts_new(facts);
		return;
	}
	for (i = 0; i < journey->nr_hops; i++)
		add_netns(netns, &nr, &journey->hops[i].record);
	if (why->facts && now - why->asked_ns < FACTS_NS) {
		if (has_all(why, netns, nr) && (why->whole || !whole))
			return;
		/* Rather all at once than one after the other. */
		whole |= !has_all(why, netns, nr);
	}
	facts = whole ? ask_all(&ignored) : ask_namespaces(netns, nr, &ignored);
	if (!facts)
		return;
	all_facts_free(why->facts);
	why->facts = all_facts_new(facts);
	why->asked_ns = now;
	why->whole = whole;
	why->nr_netns = nr;
	memcpy(why->netns, netns, nr * sizeof(*netns));
}

static void set_netns(const struct why *why, struct seam *seam)
{
	const struct skbtrace_record *place = seam->last;
	const char *path, *name;

	if (!(place->flags & SKBTRACE_F_NETNS) && seam->hook)
		place = seam->hook;
	if (!(place->flags & SKBTRACE_F_NETNS))
		place = seam->next;
	seam->facts.text = "";
	seam->facts.len = 0;
	if (!place || !(place->flags & SKBTRACE_F_NETNS))
		return;
	seam->netns = place->netns;
	seam->facts = facts_of(seam->all, place->netns);
	name = names_netns(why->names, place->netns);
	if (name && strcmp(name, "init"))
		snprintf(seam->enter, sizeof(seam->enter), "ip netns exec %.60s ", name);
	if (name)
		return;
	path = facts_path(seam->all, place->netns);
	if (*path)
		snprintf(seam->enter, sizeof(seam->enter), "nsenter --net=%.64s ", path);
}

/* A function without offset, module and what a compiler has put behind its name. */
static void set_caller(const struct why *why, struct seam *seam,
		       const struct skbtrace_record *drop)
{
	char symbol[256];

	names_symbol(why->names, drop->caller, symbol, sizeof(symbol));
	snprintf(seam->caller, sizeof(seam->caller), "%.*s", (int)strcspn(symbol, "+. "), symbol);
}

static void set_reason(const struct why *why, struct seam *seam,
		       const struct skbtrace_record *drop)
{
	const char *name = names_reason(why->names, drop->ret);

	if (name)
		snprintf(seam->reason, sizeof(seam->reason), "%s", name);
}

/* What is told of an end is in several records of its life: who freed it, and a hook. */
static void set_drop(const struct why *why, struct seam *seam, const struct journey *journey,
		     const struct journey_life *life)
{
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		enum point_role role = point_of(record->point)->role;

		if (journey->hops[i].life != life || record->ts_ns < seam->last->ts_ns)
			continue;
		if (role == ROLE_DROP && record->flags & SKBTRACE_F_CALLER)
			set_caller(why, seam, record);
		if (role == ROLE_DROP && record->flags & SKBTRACE_F_REASON)
			set_reason(why, seam, record);
		/* The innermost that dropped it; those around it were told that it is gone. */
		if (role == ROLE_HOOK && (!seam->hook || seam->hook->ret >= 0))
			seam->hook = record;
	}
}

static void set_way(struct seam *seam, const struct journey *journey, uint32_t hop)
{
	unsigned int i;

	for (i = 0; i < WAY_BACK && hop != JOURNEY_NO_HOP; i++) {
		const struct journey_hop *at = &journey->hops[hop];

		if (*at->record.peer) {
			seam->way = &at->record;
			return;
		}
		hop = at->previous;
	}
}

static bool is_at(const struct skbtrace_record *record, const char *symbol)
{
	return !strcmp(point_of(record->point)->symbol, symbol);
}

/* A connection that is asked for again, though the question came to TCP. */
static bool asks_again(const struct journey *journey, const struct skbtrace_record *last)
{
	return journey->retransmission && last->l4proto == IPPROTO_TCP &&
	       (last->tcp_flags & 0x12) == 0x02 &&
	       (is_at(last, "tcp_v4_rcv") || is_at(last, "tcp_v6_rcv"));
}

/* Return: false if nothing is to be said of how a life ended. */
static bool seam_of_life(const struct why *why, struct seam *seam,
			 const struct journey *journey, const struct journey_life *life)
{
	uint32_t last = life->last_hop;

	/* A copy that no hop has seen, as XDP makes them: the last is what it was made at. */
	if (last == JOURNEY_NO_HOP && life->end_hop != JOURNEY_NO_HOP)
		last = journey->hops[life->end_hop].previous;
	if (last == JOURNEY_NO_HOP)
		return false;
	seam->last = &journey->hops[last].record;
	switch (life->end) {
	case JOURNEY_DROPPED:
		seam->kind = SEAM_DROPPED;
		set_drop(why, seam, journey, life);
		set_way(seam, journey, last);
		return true;
	case JOURNEY_FREED:
		seam->kind = SEAM_FREED;
		return true;
	case JOURNEY_OPEN:
		seam->kind = SEAM_WAITING;
		return true;
	case JOURNEY_DELIVERED:
		seam->kind = SEAM_ARRIVED;
		return asks_again(journey, seam->last);
	}
	return false;
}

static bool may_have_reasons(const struct journey *journey, const struct verdict *verdict)
{
	return verdict->nr_changes || journey->end == JOURNEY_DROPPED ||
	       journey->end == JOURNEY_FREED || journey->end == JOURNEY_OPEN ||
	       journey->retransmission;
}

/* Is there anything that a host would have to be asked about? */
static bool is_worth_asking(const struct seam *seam)
{
	switch (seam->kind) {
	case SEAM_CHANGED:
	case SEAM_DROPPED:
	case SEAM_ARRIVED:
		return true;
	case SEAM_FREED:
		return seam_is_at(seam, "veth_xmit __netif_receive_skb_core tcp_v4_rcv tcp_v6_rcv");
	case SEAM_WAITING:
		return seam_is_at(seam, "ip_finish_output2 ip6_finish_output2");
	}
	return false;
}

static void reasons_at(struct why *why, const struct journey *journey, struct seam *seam,
		       struct why_lines *lines)
{
	if (!is_worth_asking(seam))
		return;
	ask(why, journey);
	seam->all = why->facts;
	set_netns(why, seam);
	reasons_at_seam(seam, lines);
}

/**
 * why_journey() - why a journey is as it is
 * @why: the host
 * @journey: the journey
 * @verdict: what verdict_of() says of it
 * @lines: set to what may be the reasons
 */
void why_journey(struct why *why, const struct journey *journey, const struct verdict *verdict,
		 struct why_lines *lines)
{
	const struct journey_life *life;
	struct seam seam;

	lines->nr = 0;
	if (!may_have_reasons(journey, verdict))
		return;
	memset(&seam, 0, sizeof(seam));
	if (verdict->nr_changes) {
		seam.kind = SEAM_CHANGED;
		seam.last = &journey->hops[verdict->changes[0].after].record;
		seam.next = &journey->hops[verdict->changes[0].before].record;
		reasons_at(why, journey, &seam, lines);
	}
	life = journey_deciding_life(journey);
	memset(&seam, 0, sizeof(seam));
	if (life && lines->nr < WHY_LINES && seam_of_life(why, &seam, journey, life))
		reasons_at(why, journey, &seam, lines);
}
