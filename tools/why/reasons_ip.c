// SPDX-License-Identifier: GPL-2.0
/* Why a packet was dropped: what IP did not route, and what was too long. */
#include <stdio.h>
#include <string.h>

#include "words.h"

/* is_skb_forwardable(): a link header of Ethernet, and a VLAN tag. */
#define LINK_HEADERS	(14 + 4)

/**
 * reason_veth_mtu() - the other end of the pair takes no frame of this length
 * @seam: where
 * @lines: added to
 */
void reason_veth_mtu(const struct seam *seam, struct why_lines *lines)
{
	char name[WORD_DEVICE];
	struct why_line *line;
	struct fact link;
	long mtu;

	word_device(seam->last->peer, name);
	if (!peer_of_seam(seam, &link))
		return;
	mtu = fact_number(&link, "mtu", 0);
	if (!fact_number(&link, "up", 1))
		line = seam_say(lines, true, "the other end, %s, is down", name);
	else if (mtu && !seam->last->gso_size && seam->last->len > mtu + LINK_HEADERS)
		line = seam_say(lines, true, "too long for the other end: its packet has %ld "
				"bytes, the MTU of %s is "
				"%ld", (long)seam->last->len - 14, name, mtu);
	else
		return;
	seam_look(line, seam, "ip -d link show dev %s", name);
	/* The peer is elsewhere. */
	snprintf(line->look, sizeof(line->look), "ip -d link show dev %s", name);
}

/**
 * reason_mtu() - it is too long for the way out, and must not be cut up
 * @seam: where
 * @lines: added to
 */
void reason_mtu(const struct seam *seam, struct why_lines *lines)
{
	bool known = seam_has_reason(seam, "PKT_TOO_BIG");
	struct fact link = { NULL, "" };
	char dev[WORD_DEVICE], address[46];
	struct why_line *line;
	unsigned int nr = 0;

	word_device(seam->last->dev, dev);
	while (facts_next(&seam->facts, "link", &link)) {
		long mtu = fact_number(&link, "mtu", 0);

		if (!fact_number(&link, "up", 0) || !mtu || seam->last->len <= mtu ||
		    (!strcmp(link.name, dev) && !seam_is_at(seam, "ip_output ip6_output")) || nr++)
			continue;
		line = seam_say(lines, false, "its packet has %lu bytes and must not be cut up: "
				"the MTU of %s is "
				"%ld", (unsigned long)seam->last->len, link.name, mtu);
		seam_look(line, seam, "ip route get %s",
			  word_address(seam->last, seam->last->daddr, address));
	}
	if (nr || !known)
		return;
	line = seam_say(lines, true, "its packet has %lu bytes and must not be cut up: longer than "
			"the MTU of its way", (unsigned long)seam->last->len);
	seam_look(line, seam, "ip route get %s",
		  word_address(seam->last, seam->last->daddr, address));
}

/**
 * reason_rp_filter() - the way back to its source is not out of where it came in
 * @seam: where
 * @lines: added to
 */
void reason_rp_filter(const struct seam *seam, struct why_lines *lines)
{
	bool known = seam_has_reason(seam, "IP_RPFILTER");
	char dev[WORD_DEVICE], source[46];
	long filter = 0, of_dev;
	struct why_line *line;
	struct fact conf;

	word_device(seam->last->dev, dev);
	word_address(seam->last, seam->last->saddr, source);
	/* The stricter of the two is in force. */
	if (facts_find(&seam->facts, "conf", "all", &conf))
		filter = fact_number(&conf, "rp_filter", 0);
	if (facts_find(&seam->facts, "conf", dev, &conf)) {
		of_dev = fact_number(&conf, "rp_filter", 0);
		filter = of_dev > filter ? of_dev : filter;
	}
	if (filter == 2)
		line = seam_say(lines, known, "rp_filter is 2 (loose) on %s: there is no way back "
				"to its source %s", dev, source);
	else if (filter == 1 || known)
		line = seam_say(lines, known, "rp_filter is %s on %s: the way back to its source "
				"%s is not out of "
				"there", filter ? "1 (strict)" : "on", dev, source);
	else
		line = seam_say(lines, false, "its source %s or destination is none that may come "
				"in by %s (a martian; rp_filter is off)", source, dev);
	seam_look(line, seam, "ip route get %s", source);
}

static void no_route(const struct seam *seam, struct why_lines *lines)
{
	char destination[46];
	struct why_line *line;

	word_address(seam->last, seam->last->daddr, destination);
	line = seam_say(lines, false, "no route to %s, or one that is unreachable, prohibit or "
			"blackhole", destination);
	seam_look(line, seam, "ip route get %s", destination);
}

/**
 * reason_forwarding() - it is for somebody else, and this host does not pass it on
 * @seam: where
 * @lines: added to
 */
void reason_forwarding(const struct seam *seam, struct why_lines *lines)
{
	bool v6 = seam_is_called_from(seam, "ip6_forward ip6_pkt_drop ip6_pkt_discard");
	const char *key = v6 ? "forwarding6" : "forwarding";
	char dev[WORD_DEVICE], destination[46];
	struct why_line *line;
	struct fact conf;

	word_device(seam->last->dev, dev);
	word_address(seam->last, seam->last->daddr, destination);
	if (!facts_find(&seam->facts, "conf", v6 ? "all" : dev, &conf) ||
	    fact_number(&conf, key, 1)) {
		/* That of IPv6 drops for other reasons, too. */
		if (!seam_is_called_from(seam, "ip6_forward"))
			no_route(seam, lines);
		return;
	}
	line = seam_say(lines, true, "forwarding is off on %s, and %s is not this host's", dev,
			destination);
	seam_look(line, seam, "sysctl net.ipv%s.conf.%s.forwarding", v6 ? "6" : "4",
		  v6 ? "all" : dev);
}

static bool is_neighbour(const struct fact *neighbour, const struct seam *seam)
{
	char dev[WORD_DEVICE];

	word_device(seam->last->dev, dev);
	return !strcmp(neighbour->name, dev);
}

/**
 * reason_neighbour() - who has the next address does not answer
 * @seam: where
 * @lines: added to
 */
void reason_neighbour(const struct seam *seam, struct why_lines *lines)
{
	bool known = seam->kind == SEAM_DROPPED;
	char destination[46], ip[FACT_WORD] = "", dev[WORD_DEVICE];
	struct fact neighbour = { NULL, "" };
	struct why_line *line;
	unsigned int nr = 0;
	bool own = false;

	word_device(seam->last->dev, dev);
	word_address(seam->last, seam->last->daddr, destination);
	while (facts_next(&seam->facts, "neigh", &neighbour)) {
		if (!is_neighbour(&neighbour, seam) || own)
			continue;
		own = fact_is(&neighbour, "ip", destination);
		fact_text(&neighbour, "ip", ip);
		nr++;
	}
	if (nr)
		line = seam_say(lines, own, "%s on %s has not answered who "
				"it is "
				"(%s)%s", ip, dev, strchr(ip, ':') ? "neighbour discovery" : "ARP",
				nr > 1 && !own ? ", nor have others" : "");
	else if (known)
		line = seam_say(lines, false, "its next hop on %s had not answered who it is (ARP, "
				"neighbour discovery)", dev);
	else
		return;
	seam_look(line, seam, "ip neigh show dev %s", dev);
}
