// SPDX-License-Identifier: GPL-2.0
/* What changed from one hop to the next, besides the payload. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "journey/journey.h"
#include "show_notes.h"

static void note_flow(FILE *out, const struct skbtrace_record *before,
		      const struct skbtrace_record *record)
{
	char address[SHOW_ADDRESS_LEN], from[SHOW_PROTO_LEN], to[SHOW_PROTO_LEN];

	if (!(before->flags & record->flags & SKBTRACE_F_FLOW) ||
	    packet_same_flow(before, record))
		return;
	if (before->l4proto != record->l4proto)
		fprintf(out, "  protocol %s→%s", show_proto(before, from), show_proto(record, to));
	if (memcmp(before->saddr, record->saddr, sizeof(record->saddr)))
		fprintf(out, "  source →%s", show_address(record, record->saddr, address));
	if (memcmp(before->daddr, record->daddr, sizeof(record->daddr)))
		fprintf(out, "  destination →%s", show_address(record, record->daddr, address));
	if (!(before->flags & record->flags & SKBTRACE_F_PORTS))
		return;
	if (before->sport != record->sport)
		fprintf(out, "  source port %u→%u", ntohs(before->sport), ntohs(record->sport));
	if (before->dport != record->dport)
		fprintf(out, "  destination port %u→%u", ntohs(before->dport),
			ntohs(record->dport));
}

static void note_vlan(FILE *out, const struct skbtrace_record *before,
		      const struct skbtrace_record *record)
{
	bool had = before->flags & SKBTRACE_F_VLAN, has = record->flags & SKBTRACE_F_VLAN;

	/* The lower 12 bits are the VLAN, the upper 4 a priority. */
	if (has && !had)
		fprintf(out, "  vlan +%u", record->vlan_tci & 0xfff);
	else if (had && !has)
		fprintf(out, "  vlan -%u", before->vlan_tci & 0xfff);
	else if (has && before->vlan_tci != record->vlan_tci)
		fprintf(out, "  vlan %u→%u", before->vlan_tci & 0xfff, record->vlan_tci & 0xfff);
}

/* "vxlan 1 172.16.0.1 > 172.16.0.2" */
static void put_tunnel(FILE *out, const struct skbtrace_record *record)
{
	char from[SHOW_ADDRESS_LEN], to[SHOW_ADDRESS_LEN];

	fprintf(out, "  %s", show_tunnel(record));
	if (record->tunnel_id)
		fprintf(out, " %" PRIu32, record->tunnel_id);
	if (record->flags & SKBTRACE_F_OUTER)
		fprintf(out, " %s > %s",
			show_outer_address(record, record->outer_saddr, from),
			show_outer_address(record, record->outer_daddr, to));
	if (record->depth > 1)
		fprintf(out, " in %u others", record->depth - 1u);
}

static bool same_tunnel(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->tunnel == b->tunnel && a->tunnel_id == b->tunnel_id && a->depth == b->depth &&
	       !memcmp(a->outer_saddr, b->outer_saddr, sizeof(a->outer_saddr)) &&
	       !memcmp(a->outer_daddr, b->outer_daddr, sizeof(a->outer_daddr));
}

static void note_tunnel(FILE *out, const struct skbtrace_record *before,
			const struct skbtrace_record *record)
{
	if (before->payload == SKBTRACE_PAYLOAD_NONE || same_tunnel(before, record))
		return;
	if (show_tunnel(record))
		put_tunnel(out, record);
	else
		fprintf(out, "  out of %s", show_tunnel(before));
}

static void note_ip_summed(FILE *out, const struct skbtrace_record *before,
			   const struct skbtrace_record *record)
{
	/* include/linux/skbuff.h: CHECKSUM_* */
	static const char * const names[] = { "none", "unnecessary", "complete", "partial" };
	unsigned int from = before->flags & SKBTRACE_F_IP_SUMMED;
	unsigned int to = record->flags & SKBTRACE_F_IP_SUMMED;

	if (from != to)
		fprintf(out, "  ip_summed %s→%s", names[from], names[to]);
}

/* Sent to the other end of a pair, and back at this one: no skb does that by itself. */
static void note_turn(FILE *out, const struct skbtrace_record *before,
		      const struct skbtrace_record *record)
{
	if (strcmp(point_of(before->point)->symbol, "veth_xmit") || !*before->peer ||
	    strncmp(before->dev, record->dev, sizeof(record->dev)) ||
	    before->netns != record->netns || !(record->flags & SKBTRACE_F_NETNS) ||
	    (strcmp(point_of(record->point)->symbol, "napi_gro_receive") &&
	     strcmp(point_of(record->point)->symbol, "gro_receive_skb") &&
	     strcmp(point_of(record->point)->symbol, "__netif_receive_skb_core")))
		return;
	fprintf(out, "  turned back at the other end (XDP_TX)");
}

/**
 * show_hook() - what a hook's 0 means: it was queued, stolen, or br_netfilter's way
 * @out: where to
 * @journey: the journey
 * @hop: the return of nf_hook_slow()
 */
void show_hook(FILE *out, const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *hook = &journey->hops[hop].record;
	bool within = false, dropped = false;
	uint32_t i;

	if (!(hook->flags & SKBTRACE_F_HOOK) || hook->ret)
		return;
	for (i = 0; i < hop; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		if (journey->hops[i].life != journey->hops[hop].life ||
		    record->ts_ns + hook->duration_ns < hook->ts_ns ||
		    record->cpu != hook->cpu || record->sp >= hook->sp)
			continue;
		within = true;
		dropped |= point_of(record->point)->role == ROLE_DROP;
	}
	if (hook->hook_family == 7 && within)
		fputs(", br_netfilter's way", out);
	else if (dropped)
		fputs(", no program took it (NFQUEUE)", out);
}

/**
 * show_changes() - what is not as it was at the hop before
 * @out: where to
 * @before: the hop before
 * @record: the hop
 */
void show_changes(FILE *out, const struct skbtrace_record *before,
		  const struct skbtrace_record *record)
{
	note_flow(out, before, record);
	note_tunnel(out, before, record);
	/* Before the IP header is made there is no time to live. */
	if (before->ttl && record->ttl && before->ttl != record->ttl)
		fprintf(out, "  ttl %u→%u", before->ttl, record->ttl);
	note_vlan(out, before, record);
	note_ip_summed(out, before, record);
	note_turn(out, before, record);
	/* gso_segs is 0 or 1 where nothing is to be segmented. */
	if ((before->gso_size || record->gso_size) &&
	    (before->gso_size != record->gso_size || before->gso_segs != record->gso_segs))
		fprintf(out, "  gso %u×%u→%u×%u", before->gso_segs, before->gso_size,
			record->gso_segs, record->gso_size);
	if (record->csum == SKBTRACE_CSUM_BAD && before->csum != record->csum)
		fputs("  checksum bad", out);
}

/**
 * show_state() - what is remarkable about a hop by itself
 * @out: where to
 * @record: the hop
 */
void show_state(FILE *out, const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_MALFORMED)
		fputs("  malformed", out);
	if (record->flags & SKBTRACE_F_UNREADABLE)
		fputs("  unreadable", out);
	if (record->flags & SKBTRACE_F_TRUNCATED)
		fputs("  truncated", out);
	if (record->flags & SKBTRACE_F_DIGEST_MAX)
		fprintf(out, "  first %" PRIu32 " bytes", record->digest_len);
	if (show_tunnel(record))
		put_tunnel(out, record);
	if (record->gso_size)
		fprintf(out, "  gso %u×%u", record->gso_segs, record->gso_size);
	if (record->flags & SKBTRACE_F_VLAN)
		fprintf(out, "  vlan %u", record->vlan_tci & 0xfff);
	if (record->csum == SKBTRACE_CSUM_BAD)
		fputs("  checksum bad", out);
}
