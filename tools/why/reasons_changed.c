// SPDX-License-Identifier: GPL-2.0
/* Why a payload changed: what writes into packets between two hops. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

#define NSEC_PER_MSEC	1000000ULL

#define BEFORE_EGRESS	"__dev_queue_xmit ip_finish_output2 ip6_finish_output2 " \
			"br_dev_queue_push_xmit br_nf_dev_queue_xmit ip_output ip6_output " \
			"ip_send_skb ip_queue_xmit " \
			"inet6_csk_xmit __tcp_transmit_skb tcp_transmit_skb ip_forward ip6_forward"
#define BEHIND_EGRESS	"dev_hard_start_xmit veth_xmit netkit_xmit loopback_xmit br_dev_xmit"
#define BEFORE_INGRESS	"__netif_receive_skb_core netif_rx_internal enqueue_to_backlog " \
			"napi_gro_receive gro_receive_skb veth_xmit netkit_xmit loopback_xmit"
#define BEHIND_INGRESS	"ip_rcv ip_rcv_core ipv6_rcv ip6_rcv_core br_handle_frame arp_rcv " \
			"br_handle_frame_finish br_nf_pre_routing"

/* Actions that leave a packet's bytes as they are. */
static bool only_steers(const char *actions)
{
	static const char * const steers[] = {
		"mirred", "drop", "vlan", "gact", "police", "sample", "skbedit", "mpls", "connmark",
		"tunnel_key", "gate", "-"
	};
	unsigned int i;

	while (*actions) {
		size_t len = strcspn(actions, ",");

		for (i = 0; i < sizeof(steers) / sizeof(steers[0]); i++)
			if (strlen(steers[i]) == len && !strncmp(steers[i], actions, len))
				break;
		if (i == sizeof(steers) / sizeof(steers[0]))
			return false;
		actions += len;
		actions += *actions == ',';
	}
	return true;
}

static void tc_at(const struct seam *seam, struct why_lines *lines, const char *dev,
		  const char *way)
{
	struct fact filter = { NULL, "" };
	char actions[FACT_WORD], kind[FACT_WORD], name[WORD_DEVICE];
	struct why_line *line;

	word_device(dev, name);
	while (facts_next(&seam->facts, "filter", &filter)) {
		fact_text(&filter, "actions", actions);
		if (strcmp(filter.name, name) || !fact_is(&filter, "way", way) ||
		    only_steers(actions))
			continue;
		fact_text(&filter, "kind", kind);
		line = seam_say(lines, false, "a tc filter at %s of %s, %s, pref %ld, with action "
				"%s",
				way, name, kind, fact_number(&filter, "pref", 0), actions);
		seam_look(line, seam, "tc -s filter show dev %s %s", name, way);
	}
}

/**
 * reason_tc_writes() - tc filters with actions that write
 * @seam: where
 * @lines: added to
 */
void reason_tc_writes(const struct seam *seam, struct why_lines *lines)
{
	if (seam_is_at(seam, BEFORE_EGRESS) && seam_goes_to(seam, BEHIND_EGRESS))
		tc_at(seam, lines, seam->next->dev, "egress");
	if (seam_is_at(seam, BEFORE_INGRESS) && seam_goes_to(seam, BEHIND_INGRESS)) {
		struct seam at = *seam;

		at.facts = facts_of(seam->all, seam->next->netns);
		tc_at(&at, lines, seam_is_at(seam, "__netif_receive_skb_core") ? seam->last->dev :
		      seam->next->dev, "ingress");
	}
}

/**
 * reason_xdp_writes() - an XDP program that may have
 * @seam: where
 * @lines: added to
 */
void reason_xdp_writes(const struct seam *seam, struct why_lines *lines)
{
	struct xdp_place place;
	struct why_line *line;

	if (!seam_is_at(seam, BEFORE_INGRESS))
		return;
	xdp_of_seam(seam, &place);
	if (!*place.mode)
		return;
	line = seam_say(lines, false, "XDP program %ld on %s (%s mode)", place.program, place.dev,
			place.mode);
	seam_look(line, seam, "bpftool prog dump xlated id %ld", place.program);
}

/* Which hooks are between two hops: those called behind the last, before the next. */
static const struct {
	const char *last;
	const char *next;
	unsigned int families;		/* bits of NFPROTO_* */
	unsigned int number;
} hooks_between[] = {
	{ "ip_rcv ip_rcv_core ipv6_rcv ip6_rcv_core", "ip_local_deliver ip6_input ip_forward "
	  "ip6_forward tcp_v4_rcv tcp_v6_rcv udp_rcv udpv6_rcv "
	  "br_nf_pre_routing_finish", 1 << 2 | 1 << 10, 0 },
	{ "ip_local_deliver ip6_input ip_rcv ip_rcv_core ipv6_rcv ip6_rcv_core", "tcp_v4_rcv "
		"tcp_v6_rcv udp_rcv udpv6_rcv icmp_rcv icmpv6_rcv "
		"__udp_enqueue_schedule_skb", 1 << 2 | 1 << 10, 1 },
	{ "ip_forward ip6_forward", "ip_output ip6_output ip_finish_output2 ip6_finish_output2",
	  1 << 2 | 1 << 10, 2 },
	{ "ip_queue_xmit inet6_csk_xmit ip_send_skb ip6_send_skb __tcp_transmit_skb "
		"tcp_transmit_skb",
	  "ip_output ip6_output ip_finish_output2 ip6_finish_output2", 1 << 2 | 1 << 10, 3 },
	{ "ip_output ip6_output", "ip_finish_output2 ip6_finish_output2 __dev_queue_xmit",
	  1 << 2 | 1 << 10, 4 },
	{ "br_handle_frame br_nf_pre_routing", "br_handle_frame_finish br_nf_pre_routing_finish "
	  "br_allowed_ingress", 1 << 2 | 1 << 10 | 1 << 7, 0 },
	{ "__br_forward br_nf_forward br_nf_forward_ip", "br_forward_finish br_nf_forward_finish "
	  "br_dev_queue_push_xmit br_nf_post_routing", 1 << 2 | 1 << 10 | 1 << 7, 2 },
	{ "br_forward_finish br_nf_post_routing", "br_dev_queue_push_xmit br_nf_dev_queue_xmit "
	  "__dev_queue_xmit", 1 << 2 | 1 << 10 | 1 << 7, 4 },
	{ "br_pass_frame_up", "br_netif_receive_skb", 1 << 7, 1 },
	{ "__netif_receive_skb_core", BEHIND_INGRESS, 1 << 5, 0 },
	{ "__dev_queue_xmit", BEHIND_EGRESS, 1 << 5, 1 },
};

static void chains_at(const struct seam *seam, struct why_lines *lines, unsigned int families,
		      unsigned int number)
{
	struct fact chain = { NULL, "" };
	char table[FACT_WORD], name[FACT_WORD];
	struct hook_place place = { 0, number, seam->netns, NULL };
	struct why_line *line;

	while (facts_next(&seam->facts, "hook", &chain)) {
		long mangles = fact_number(&chain, "mangles", 0);
		long queues = fact_number(&chain, "queues", 0);
		bool is_there = false;

		for (place.family = 0; place.family <= 10; place.family++)
			is_there |= families & 1u << place.family && hook_has_chain(&place, &chain);
		if (!is_there || (!mangles && !queues))
			continue;
		fact_text(&chain, "table", table);
		fact_text(&chain, "chain", name);
		line = seam_say(lines, false, "chain %s of table %s %s: rules that %s: %ld", name,
				word_family_nft(chain.name), table, mangles ? "write into packets" :
				"pass packets to a program (NFQUEUE)", mangles ? mangles : queues);
		if (fact_is(&chain, "kind", "iptables"))
			seam_look(line, seam, "iptables -t %s -vnL %s", table, name);
		else
			seam_look(line, seam, "nft list table %s %s", word_family_nft(chain.name),
				  table);
	}
}

/**
 * reason_hook_writes() - rules of netfilter that write, or have a program do it
 * @seam: where
 * @lines: added to
 */
void reason_hook_writes(const struct seam *seam, struct why_lines *lines)
{
	unsigned int i;

	for (i = 0; i < sizeof(hooks_between) / sizeof(hooks_between[0]); i++)
		if (seam_is_at(seam, hooks_between[i].last) &&
		    seam_goes_to(seam, hooks_between[i].next))
			chains_at(seam, lines, hooks_between[i].families, hooks_between[i].number);
}

/**
 * reason_queued() - it lay in a device's queue meanwhile
 * @seam: where
 * @lines: added to
 */
void reason_queued(const struct seam *seam, struct why_lines *lines)
{
	uint64_t ns = seam->next->ts_ns - seam->last->ts_ns;
	struct fact qdisc = { NULL, "" };
	char name[WORD_DEVICE], kind[FACT_WORD] = "";
	struct why_line *line;

	if (!seam_is_at(seam, "__dev_queue_xmit") || !seam_goes_to(seam, BEHIND_EGRESS))
		return;
	word_device(seam->next->dev, name);
	while (facts_next(&seam->facts, "qdisc", &qdisc))
		if (!strcmp(qdisc.name, name) && (!*kind || fact_is(&qdisc, "kind", "netem")))
			fact_text(&qdisc, "kind", kind);
	if (!*kind)
		return;
	if (strcmp(kind, "netem")) {
		if (ns < NSEC_PER_MSEC)
			return;
		line = seam_say(lines, false, "it was in the queue of %s (%s) for %.1f ms: the "
				"pages of a file that is sent with sendfile() may be written to "
				"meanwhile", name, kind, ns / 1e6);
	} else {
		line = seam_say(lines, false, "netem of %s corrupts packets if it is told to; it "
				"had this one for %.1f ms, in which the pages of a file that is "
				"sent with sendfile() may be written to",
				name, ns / 1e6);
	}
	seam_look(line, seam, "tc -s qdisc show dev %s", name);
}

/**
 * reason_offload() - checksums, filled in where a device does not do that
 * @seam: where
 * @lines: added to
 */
void reason_offload(const struct seam *seam, struct why_lines *lines)
{
	/* include/linux/skbuff.h: CHECKSUM_* */
	static const char * const names[] = { "none", "unnecessary", "complete", "partial" };
	unsigned int from = seam->last->flags & SKBTRACE_F_IP_SUMMED;
	unsigned int to = seam->next->flags & SKBTRACE_F_IP_SUMMED;
	char dev[WORD_DEVICE];
	struct why_line *line;
	struct fact link;
	long tx = -1;

	if (from == to)
		return;
	word_device(seam->next->dev, dev);
	if (facts_find(&seam->facts, "link", dev, &link))
		tx = fact_number(&link, "tx", -1);
	line = seam_say(lines, false, "ip_summed went from %s to %s%s%s%s", names[from], names[to],
			from == 3 && to == 0 ? ": a checksum was filled in, perhaps at the wrong "
				"place"
			: "", tx == 0 ? "; tx checksumming is off on " : "", tx == 0 ? dev : "");
	seam_look(line, seam, "ethtool -k %s", dev);
}

/**
 * reason_nothing_known() - the last words: what it is not
 * @seam: where
 * @lines: added to, if there are none yet
 */
void reason_nothing_known(const struct seam *seam, struct why_lines *lines)
{
	struct why_line *line;
	bool same = seam->last->cpu == seam->next->cpu;

	if (lines->nr)
		return;
	if (seam->facts.len)
		line = seam_say(lines, false, "no tc filter, XDP program or rule of nftables that "
				"this host tells of writes into packets there: a driver, a "
				"module, or whoever else has the "
				"pages%s", same ? "" : " (the CPU changed, too)");
	else
		line = seam_say(lines, false, "nothing is known of the namespace that it happened "
				"in");
	snprintf(line->look, sizeof(line->look), "skbtrace report --stack (module: stack=1)");
}
