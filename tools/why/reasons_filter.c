// SPDX-License-Identifier: GPL-2.0
/* Why a packet was dropped: what filters it on purpose. */
#include <stdio.h>
#include <string.h>

#include "seam.h"
#include "words.h"

/* Chains that are named; the others are counted. */
#define CHAINS_NAMED	2

static bool may_drop(const struct fact *chain)
{
	return fact_is(chain, "policy", "drop") || fact_number(chain, "drops", 0) > 0;
}

static const char *how_it_drops(const struct fact *chain, char text[64])
{
	long drops = fact_number(chain, "drops", 0);
	bool policy = fact_is(chain, "policy", "drop");

	if (policy && drops)
		snprintf(text, 64, "policy drop, and rules that drop: %ld", drops);
	else if (policy)
		snprintf(text, 64, "policy drop");
	else
		snprintf(text, 64, "rules that drop: %ld", drops);
	return text;
}

static void look_at_chain(struct why_line *line, const struct seam *seam,
			  const struct fact *chain)
{
	char kind[FACT_WORD], table[FACT_WORD], name[FACT_WORD];
	bool v6 = !strcmp(chain->name, "10");

	fact_text(chain, "kind", kind);
	fact_text(chain, "table", table);
	fact_text(chain, "chain", name);
	if (!strcmp(kind, "iptables"))
		seam_look(line, seam, "ip%stables -t %s -vnL %s", v6 ? "6" : "", table, name);
	else
		seam_look(line, seam, "nft list chain %s %s %s", word_family_nft(chain->name),
			  table, name);
}

/**
 * reason_netfilter() - a chain of a hook dropped it: which may that be
 * @seam: where
 * @lines: added to
 */
void reason_netfilter(const struct seam *seam, struct why_lines *lines)
{
	struct hook_place place;
	struct fact chain = { NULL, "" };
	struct facts facts;
	unsigned int named = 0;
	char how[64], table[FACT_WORD], name[FACT_WORD], where[128];
	struct why_line *line = NULL;

	/* It was not dropped by a rule, but could not be queued. */
	if (seam->hook && seam->hook->ret >= 0 && !seam_has_reason(seam, "NETFILTER_DROP"))
		return;
	if (!hook_of_seam(seam, &place))
		return;
	facts = facts_of(seam->all, place.netns);
	word_hook(&place, where, sizeof(where));
	while (facts_next(&facts, "hook", &chain)) {
		if (!hook_has_chain(&place, &chain) || !may_drop(&chain))
			continue;
		if (named++ >= CHAINS_NAMED)
			continue;
		fact_text(&chain, "table", table);
		fact_text(&chain, "chain", name);
		/* Each of them drops there; which of them it was, if several do, is open. */
		line = seam_say(lines, seam->hook, "dropped in netfilter's hook %s, where chain %s "
				"of table %s drops (%s)", where, name, table,
				how_it_drops(&chain, how));
		look_at_chain(line, seam, &chain);
	}
	if (!named) {
		line = seam_say(lines, seam->hook, "dropped in netfilter's hook %s%s", where,
				facts.len ? ": no chain of nftables or iptables there drops; a "
					"module (conntrack, ebtables, ...) may"
				: "");
		seam_look(line, seam, "nft list ruleset; iptables-save");
	}
}

/**
 * reason_nfqueue() - a rule hands it to a program, and that was not there to take it
 * @seam: where
 * @lines: added to
 */
void reason_nfqueue(const struct seam *seam, struct why_lines *lines)
{
	struct fact queue = { NULL, "" };
	struct hook_place place;
	struct facts facts;
	struct why_line *line;
	char where[128] = "";

	/* Where nf_queue() is a part of nf_hook_slow(), that returns 0 if it was queued. */
	if (seam_is_called_from(seam, "nf_hook_slow") && (!seam->hook || seam->hook->ret != 0))
		return;
	facts = seam->facts;
	if (hook_of_seam(seam, &place)) {
		facts = facts_of(seam->all, place.netns);
		word_hook(&place, where, sizeof(where));
	}
	if (facts_next(&facts, "nfqueue", &queue))
		line = seam_say(lines, false, "a rule in netfilter's hook %s queues it for a "
				"program (NFQUEUE), whose queue was full or was not the one of "
				"the rule",
				where);
	else
		line = seam_say(lines, facts.len, "a rule in netfilter's hook %s queues it for a "
				"program (NFQUEUE), and none listens", where);
	seam_look(line, seam, "cat /proc/net/netfilter/nfnetlink_queue");
}

/* Which way a packet was filtered, and at which device. */
static const char *way_of(const struct seam *seam, const char **dev)
{
	*dev = seam->last->dev;
	if (seam_has_reason(seam, "TC_EGRESS"))
		return "egress";
	if (seam_has_reason(seam, "TC_INGRESS"))
		return "ingress";
	return seam_is_at(seam, "__dev_queue_xmit") ? "egress" : "ingress";
}

/**
 * reason_tc() - a filter of tc dropped it
 * @seam: where
 * @lines: added to
 */
void reason_tc(const struct seam *seam, struct why_lines *lines)
{
	bool known = seam_has_reason(seam, "TC_INGRESS TC_EGRESS");
	struct fact filter = { NULL, "" };
	const char *dev, *way = way_of(seam, &dev);
	char actions[FACT_WORD], kind[FACT_WORD], name[WORD_DEVICE];
	struct why_line *line = NULL;
	unsigned int nr = 0;

	word_device(dev, name);
	while (facts_next(&seam->facts, "filter", &filter)) {
		fact_text(&filter, "actions", actions);
		fact_text(&filter, "kind", kind);
		if (strcmp(filter.name, name) || !fact_is(&filter, "way", way) ||
		    !(strstr(actions, "drop") || strstr(kind, "bpf") || strstr(kind, "tcx") ||
		      strstr(actions, "bpf") || strstr(actions, "police")) || nr++)
			continue;
		line = seam_say(lines, false, "dropped by a tc filter at %s of %s: %s, pref %ld, "
				"action %s", way, name, kind,
				fact_number(&filter, "pref", 0), actions);
		seam_look(line, seam, "tc -s filter show dev %s %s", name, way);
	}
	if (nr == 1)
		line->sure = known;
	if (!nr && known) {
		line = seam_say(lines, true, "dropped by a tc filter at %s of %s", way, name);
		seam_look(line, seam, "tc -s filter show dev %s %s", name, way);
	}
}

/**
 * reason_qdisc() - a queue dropped it
 * @seam: where
 * @lines: added to
 */
void reason_qdisc(const struct seam *seam, struct why_lines *lines)
{
	struct fact qdisc = { NULL, "" };
	char name[WORD_DEVICE], kind[FACT_WORD] = "";
	bool known = seam->reason[0] && !seam_has_reason(seam, "NOT_SPECIFIED");
	struct why_line *line;

	word_device(seam->last->dev, name);
	while (facts_next(&seam->facts, "qdisc", &qdisc))
		if (!strcmp(qdisc.name, name) && fact_number(&qdisc, "root", 0))
			fact_text(&qdisc, "kind", kind);
	/* A filter has been found, or there is no queue. */
	if (!known && (lines->nr || !*kind))
		return;
	line = seam_say(lines, known, "the queue of %s%s%s%s dropped it: it is full, or means to",
			name, *kind ? " (" : "", kind, *kind ? ")" : "");
	seam_look(line, seam, "tc -s qdisc show dev %s", name);
}

/**
 * reason_xdp() - an XDP program dropped it
 * @seam: where
 * @lines: added to
 */
void reason_xdp(const struct seam *seam, struct why_lines *lines)
{
	struct xdp_place place;
	struct why_line *line;

	xdp_of_seam(seam, &place);
	if (*place.mode)
		line = seam_say(lines, true, "XDP_DROP (or an error) of program %ld on %s (%s "
				"mode)",
				place.program, place.dev, place.mode);
	else
		line = seam_say(lines, true, "XDP_DROP (or an error) of the XDP program on %s",
				place.dev);
	seam_look(line, seam, "bpftool net show; bpftool prog show id %ld", place.program);
	if (!place.program)
		seam_look(line, seam, "bpftool net show");
}

/**
 * reason_xdp_took() - an XDP program took it: it goes on without its skb
 * @seam: where
 * @lines: added to
 */
void reason_xdp_took(const struct seam *seam, struct why_lines *lines)
{
	struct xdp_place place;
	struct why_line *line;

	xdp_of_seam(seam, &place);
	if (!*place.mode)
		return;
	line = seam_say(lines, false, "turned back or redirected (XDP_TX, XDP_REDIRECT) by XDP "
			"program %ld on %s (%s mode)", place.program, place.dev, place.mode);
	seam_look(line, seam, "bpftool prog show id %ld", place.program);
}
