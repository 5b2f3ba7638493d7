// SPDX-License-Identifier: GPL-2.0
/* Why a packet was dropped: what a bridge did not forward. */
#include <stdio.h>
#include <string.h>

#include "words.h"

/* VLANs of a port are told up to this many letters. */
#define VIDS_SHOWN	48

static long vlan_of(const struct skbtrace_record *record)
{
	return record->flags & SKBTRACE_F_VLAN ? record->vlan_tci & 0xfff : -1;
}

static const char *vids_of(const struct fact *vlan, char text[FACT_WORD])
{
	fact_text(vlan, "vids", text);
	if (strlen(text) > VIDS_SHOWN)
		strcpy(text + VIDS_SHOWN - 3, "...");
	return *text && strcmp(text, "-") ? text : "none";
}

/* The port that the packet was to leave by. */
static bool way_out(const struct seam *seam, char name[WORD_DEVICE])
{
	*name = '\0';
	if (seam->way)
		word_device(seam->way->peer, name);
	return *name;
}

/**
 * reason_vlan_in() - the port that it came in by is not in its VLAN
 * @seam: where
 * @lines: added to
 */
void reason_vlan_in(const struct seam *seam, struct why_lines *lines)
{
	long vid = vlan_of(seam->last);
	char name[WORD_DEVICE], vids[FACT_WORD];
	struct why_line *line;
	struct fact vlan;
	bool untagged;

	word_device(seam->last->dev, name);
	if (!facts_find(&seam->facts, "vlan", name, &vlan))
		line = seam_say(lines, true, "the VLAN filter of the bridge does not let it in at "
				"port %s", name);
	else if (vid < 0 && fact_pvid(&vlan) < 0)
		line = seam_say(lines, true, "it has no VLAN tag, and port %s takes none without "
				"(no PVID; VLANs: %s)", name, vids_of(&vlan, vids));
	else if (vid < 0)
		line = seam_say(lines, false, "the VLAN filter does not let it in at port %s: it "
				"has no tag, and so is of VLAN %ld (the port's: %s)", name,
				fact_pvid(&vlan), vids_of(&vlan, vids));
	else
		line = seam_say(lines, !fact_has_vlan(&vlan, vid, &untagged),
				"port %s is not in VLAN %ld: the bridge does not let it in (the "
				"port's VLANs: %s)", name, vid, vids_of(&vlan, vids));
	seam_look(line, seam, "bridge vlan show dev %s", name);
}

static void say_not_in(const struct seam *seam, struct why_lines *lines, const char *name,
		       long vid, const struct fact *vlan, bool sure)
{
	char vids[FACT_WORD];
	struct why_line *line;

	line = seam_say(lines, sure, "port %s is not in VLAN %ld, which it was to go out to (the "
			"port's VLANs: %s)", name, vid, vids_of(vlan, vids));
	seam_look(line, seam, "bridge vlan show dev %s", name);
}

/* Of all ports but the one that it came by: is none in the VLAN? */
static void no_port_of_vlan(const struct seam *seam, struct why_lines *lines, long vid)
{
	struct fact own, port = { NULL, "" }, vlan;
	char name[WORD_DEVICE], bridge[FACT_WORD];
	struct why_line *line;
	bool untagged;

	word_device(seam->last->dev, name);
	if (!facts_find(&seam->facts, "port", name, &own))
		return;
	fact_text(&own, "bridge", bridge);
	while (facts_next(&seam->facts, "port", &port))
		if (strcmp(port.name, name) && fact_is(&port, "bridge", bridge) &&
		    (!facts_find(&seam->facts, "vlan", port.name, &vlan) ||
		     fact_has_vlan(&vlan, vid, &untagged)))
			return;
	line = seam_say(lines, true, "no other port of %s is in VLAN %ld", bridge, vid);
	seam_look(line, seam, "bridge vlan show");
}

/**
 * reason_vlan_out() - the port that it was to leave by is not in its VLAN
 * @seam: where
 * @lines: added to
 */
void reason_vlan_out(const struct seam *seam, struct why_lines *lines)
{
	long vid = vlan_of(seam->last);
	char name[WORD_DEVICE], bridge[FACT_WORD];
	struct fact port, vlan, filtering;
	bool untagged;

	word_device(seam->last->dev, name);
	if (facts_find(&seam->facts, "port", name, &port)) {
		fact_text(&port, "bridge", bridge);
		if (facts_find(&seam->facts, "bridge", bridge, &filtering) &&
		    !fact_number(&filtering, "vlan_filtering", 1))
			return;
	}
	if (vid < 0 && facts_find(&seam->facts, "vlan", name, &vlan))
		vid = fact_pvid(&vlan);
	if (vid < 0)
		return;
	if (!way_out(seam, name) && seam_is_at(seam, "br_flood br_allowed_egress"))
		no_port_of_vlan(seam, lines, vid);
	else if (facts_find(&seam->facts, "vlan", name, &vlan) &&
		 !fact_has_vlan(&vlan, vid, &untagged))
		say_not_in(seam, lines, name, vid, &vlan, seam_is_at(seam, "br_allowed_egress"));
}

/**
 * reason_hairpin() - it would have to leave by the port that it came in by
 * @seam: where
 * @lines: added to
 */
void reason_hairpin(const struct seam *seam, struct why_lines *lines)
{
	char in[WORD_DEVICE], out[WORD_DEVICE];
	struct why_line *line;
	struct fact port;
	bool known;

	word_device(seam->last->dev, in);
	if (!way_out(seam, out) || strcmp(in, out))
		return;
	known = facts_find(&seam->facts, "port", in, &port);
	if (known && fact_number(&port, "hairpin", 0))
		return;
	line = seam_say(lines, known, "it would have to go out of %s, the port that it came in by, "
			"which is not in hairpin mode", in);
	seam_look(line, seam, "bridge -d link show dev %s", in);
}

/* Flooded: is there a port to go out of at all, other than the one it came in by? */
static void no_port_forwards(const struct seam *seam, struct why_lines *lines)
{
	struct fact own, port = { NULL, "" };
	char name[WORD_DEVICE], bridge[FACT_WORD];
	struct why_line *line;

	word_device(seam->last->dev, name);
	if (!facts_find(&seam->facts, "port", name, &own))
		return;
	fact_text(&own, "bridge", bridge);
	while (facts_next(&seam->facts, "port", &port))
		if (strcmp(port.name, name) && fact_is(&port, "bridge", bridge) &&
		    fact_number(&port, "state", 3) == 3)
			return;
	line = seam_say(lines, true, "no other port of %s forwards", bridge);
	seam_look(line, seam, "bridge -d link show master %s", bridge);
}

/**
 * reason_port() - a port does not forward
 * @seam: where
 * @lines: added to
 */
void reason_port(const struct seam *seam, struct why_lines *lines)
{
	/* include/uapi/linux/if_bridge.h: BR_STATE_* */
	static const char * const states[] = {
		"disabled", "listening", "learning", "forwarding", "blocking"
	};
	char names[2][WORD_DEVICE];
	struct why_line *line;
	struct fact port;
	unsigned int i;

	word_device(seam->last->dev, names[0]);
	way_out(seam, names[1]);
	for (i = 0; i < 2; i++) {
		long state;

		if (!*names[i] || !facts_find(&seam->facts, "port", names[i], &port))
			continue;
		state = fact_number(&port, "state", 3);
		if (state == 3 || state < 0 || state > 4)
			continue;
		line = seam_say(lines, true, "port %s is %s, not forwarding (STP, or it is down)",
				names[i], states[state]);
		seam_look(line, seam, "bridge -d link show dev %s", names[i]);
		if (!strcmp(names[0], names[1]))
			break;
	}
	if (!*names[1] && seam_is_at(seam, "br_flood br_multicast_flood"))
		no_port_forwards(seam, lines);
}

/**
 * reason_isolated() - both ports are isolated
 * @seam: where
 * @lines: added to
 */
void reason_isolated(const struct seam *seam, struct why_lines *lines)
{
	char in[WORD_DEVICE], out[WORD_DEVICE];
	struct why_line *line;
	struct fact port;

	word_device(seam->last->dev, in);
	if (!way_out(seam, out) || !strcmp(in, out) ||
	    !facts_find(&seam->facts, "port", in, &port) || !fact_number(&port, "isolated", 0) ||
	    !facts_find(&seam->facts, "port", out, &port) || !fact_number(&port, "isolated", 0))
		return;
	line = seam_say(lines, true, "ports %s and %s are both isolated", in, out);
	seam_look(line, seam, "bridge -d link show dev %s", out);
}

static bool snoops(const struct seam *seam)
{
	char name[WORD_DEVICE], bridge[FACT_WORD];
	struct fact fact;

	word_device(seam->last->dev, name);
	if (!facts_find(&seam->facts, "port", name, &fact))
		return false;
	fact_text(&fact, "bridge", bridge);
	return facts_find(&seam->facts, "bridge", bridge, &fact) &&
	       fact_number(&fact, "mcast_snooping", 0);
}

/**
 * reason_snooping() - no port has joined its group
 * @seam: where
 * @lines: added to
 */
void reason_snooping(const struct seam *seam, struct why_lines *lines)
{
	char address[46];
	struct why_line *line;

	/* Each port that takes it is sent a copy: then this is the bridge's own. */
	line = seam_say(lines, snoops(seam), "multicast snooping: behind no other port has anybody joined "
			"%s, and none leads to a router",
			word_address(seam->last, seam->last->daddr, address));
	seam_look(line, seam, "bridge mdb show");
}
