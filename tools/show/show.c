// SPDX-License-Identifier: GPL-2.0
/* Words for what is in records and journeys, for text and JSON alike. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "journey/journey.h"
#include "show.h"
#include "show_messages.h"

struct number_name {
	unsigned int number;
	const char *name;
};

static const struct number_name l4proto_names[] = {
	{ IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" },
	{ IPPROTO_ICMP, "icmp" },
	{ IPPROTO_ICMPV6, "icmpv6" },
	{ IPPROTO_IGMP, "igmp" },
	{ IPPROTO_SCTP, "sctp" },
	{ IPPROTO_GRE, "gre" },
	{ IPPROTO_ESP, "esp" },
	{ IPPROTO_AH, "ah" },
	{ IPPROTO_UDPLITE, "udplite" },
	{ IPPROTO_IPIP, "ipip" },
	{ IPPROTO_IPV6, "ipv6" },
	{ IPPROTO_DCCP, "dccp" },
	{ IPPROTO_RSVP, "rsvp" },
	{ IPPROTO_EGP, "egp" },
	{ IPPROTO_PIM, "pim" },
	{ IPPROTO_COMP, "ipcomp" },
	{ IPPROTO_MPLS, "mpls" },
	{ IPPROTO_NONE, "none" },
	{ 89, "ospf" },
	{ 97, "etherip" },
	{ 112, "vrrp" },
	{ 115, "l2tp" },
	{ 0, NULL }
};

static const struct number_name ethertype_names[] = {
	{ ETH_P_IP, "ip" },
	{ ETH_P_IPV6, "ipv6" },
	{ ETH_P_ARP, "arp" },
	{ ETH_P_802_2, "llc" },
	{ 0x88cc, "lldp" },
	{ 0x8863, "pppoe-d" },
	{ 0x8864, "pppoe" },
	{ 0x8847, "mpls" },
	{ 0x8848, "mpls-mc" },
	{ 0x88e5, "macsec" },
	{ 0x8035, "rarp" },
	{ 0x888e, "eapol" },
	{ 0x88f7, "ptp" },
	{ 0x8809, "slow" },
	{ 0, NULL }
};

static const char *name_of(const struct number_name *names, unsigned int number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

/**
 * show_redirect() - show what follows elsewhere
 * @show: how things are shown
 * @out: where to
 *
 * Return: where it was shown before.
 */
FILE *show_redirect(struct show *show, FILE *out)
{
	FILE *before = show->out;

	show->out = out;
	if (show->messages)
		show->messages->out = out;
	return before;
}

/**
 * show_proto() - the protocol of a hop
 * @record: the hop
 * @text: SHOW_PROTO_LEN bytes, for protocols without a name
 *
 * Return: name or number of what is in the IP packet, else of what is in the
 * frame.
 */
const char *show_proto(const struct skbtrace_record *record, char *text)
{
	const char *name;

	if (record->flags & SKBTRACE_F_FLOW) {
		name = name_of(l4proto_names, record->l4proto);
		/* What ip(8) calls a tunnel in IPv6, of either. */
		if (record->protocol == ETH_P_IPV6 && (record->l4proto == IPPROTO_IPIP ||
						       record->l4proto == IPPROTO_IPV6))
			name = "ip6tnl";
		snprintf(text, SHOW_PROTO_LEN, "%u", record->l4proto);
		return name ? name : text;
	}
	/* Below this it is a length, and IEEE 802.2 follows. */
	name = name_of(ethertype_names,
		       record->protocol < ETH_P_802_3_MIN ? ETH_P_802_2 : record->protocol);
	snprintf(text, SHOW_PROTO_LEN, "0x%04x", record->protocol);
	return name ? name : text;
}

/**
 * show_address() - an IP address
 * @record: the hop that it is of
 * @address: its saddr or daddr
 * @text: SHOW_ADDRESS_LEN bytes
 *
 * Return: @text.
 */
const char *show_address(const struct skbtrace_record *record, const uint8_t *address,
			 char *text)
{
	inet_ntop(record->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET, address, text,
		  SHOW_ADDRESS_LEN);
	return text;
}

/**
 * show_first() - the hop that tells what packet a journey is of
 * @journey: the journey
 *
 * Return: the first with addresses, else the first that looked at the packet,
 * else just the first.
 */
const struct skbtrace_record *show_first(const struct journey *journey)
{
	const struct skbtrace_record *looked = NULL;
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		if (record->flags & SKBTRACE_F_FLOW)
			return record;
		if (!looked && record->payload != SKBTRACE_PAYLOAD_NONE)
			looked = record;
	}
	return looked ? looked : &journey->hops[0].record;
}

/**
 * show_at() - the hop that tells at which device a packet was at another
 * @journey: the journey
 * @hop: number of the other
 *
 * Return: itself, or if it has no device (above IP) the last before it that has one.
 */
const struct skbtrace_record *show_at(const struct journey *journey, uint32_t hop)
{
	uint32_t n = hop;

	while (n != JOURNEY_NO_HOP && !*journey->hops[n].record.dev)
		n = journey->hops[n].previous;
	return &journey->hops[n == JOURNEY_NO_HOP ? hop : n].record;
}

/**
 * show_id() - what a journey is called
 * @id: journey.id
 * @text: SHOW_ID_LEN bytes
 *
 * Return: @text: "INDEX.CPU" of its first record, which --id takes.
 */
const char *show_id(uint64_t id, char *text)
{
	snprintf(text, SHOW_ID_LEN, "%" PRIu64 ".%u", JOURNEY_ID_INDEX(id), JOURNEY_ID_CPU(id));
	return text;
}

/* TCP flags as tcpdump shows them. */
static const char *tcp_flags(uint8_t flags, char *text)
{
	static const char letters[] = "FSRP.UEW";
	int i, n = 0;

	for (i = 0; i < 8; i++)
		if (flags & 1 << i)
			text[n++] = letters[i];
	text[n] = '\0';
	return text;
}

/**
 * show_packet() - a line that tells what packet a journey is of
 * @journey: the journey
 * @text: SHOW_PACKET_LEN bytes
 *
 * Return: @text.
 */
const char *show_packet(const struct journey *journey, char *text)
{
	const struct skbtrace_record *record = show_first(journey);
	char proto[SHOW_PROTO_LEN], from[SHOW_ADDRESS_LEN], to[SHOW_ADDRESS_LEN];
	char ports[2][8] = { "", "" }, tcp[48] = "", flags[9];
	bool v6 = record->protocol == ETH_P_IPV6;

	if (!(record->flags & SKBTRACE_F_FLOW)) {
		snprintf(text, SHOW_PACKET_LEN, "%s, %" PRIu32 " bytes",
			 show_proto(record, proto), record->payload_len);
		return text;
	}
	if (record->flags & SKBTRACE_F_PORTS) {
		snprintf(ports[0], sizeof(ports[0]), ":%u", ntohs(record->sport));
		snprintf(ports[1], sizeof(ports[1]), ":%u", ntohs(record->dport));
	}
	if (record->l4proto == IPPROTO_TCP && (record->flags & SKBTRACE_F_PORTS))
		snprintf(tcp, sizeof(tcp), " [%s] seq %" PRIu32,
			 tcp_flags(record->tcp_flags, flags), record->tcp_seq);
	else if (record->flags & SKBTRACE_F_FRAGMENT)
		snprintf(tcp, sizeof(tcp), " fragment at %u", record->frag_off);
	/* An IPv6 address ends where its bracket does, not at a colon. */
	v6 = v6 && *ports[0];
	snprintf(text, SHOW_PACKET_LEN, "%s %s%s%s%s > %s%s%s%s%s, %" PRIu32 " bytes",
		 show_proto(record, proto),
		 v6 ? "[" : "", show_address(record, record->saddr, from), v6 ? "]" : "",
		 ports[0],
		 v6 ? "[" : "", show_address(record, record->daddr, to), v6 ? "]" : "",
		 ports[1], tcp, record->payload_len);
	return text;
}

/**
 * show_tunnel() - the encapsulation that a payload is in
 * @record: the hop
 *
 * Return: its name, or NULL if it is in none.
 */
const char *show_tunnel(const struct skbtrace_record *record)
{
	static const char * const names[] = {
		[SKBTRACE_TUNNEL_IPIP] = "ipip",
		[SKBTRACE_TUNNEL_GRE] = "gre",
		[SKBTRACE_TUNNEL_PPTP] = "pptp",
		[SKBTRACE_TUNNEL_VXLAN] = "vxlan",
		[SKBTRACE_TUNNEL_VXLAN_GPE] = "vxlan-gpe",
		[SKBTRACE_TUNNEL_GENEVE] = "geneve",
		[SKBTRACE_TUNNEL_GTP] = "gtp",
		[SKBTRACE_TUNNEL_MPLS] = "mpls",
		[SKBTRACE_TUNNEL_PPPOE] = "pppoe",
		[SKBTRACE_TUNNEL_ESP] = "esp",
		[SKBTRACE_TUNNEL_MACSEC] = "macsec",
	};

	if (record->payload == SKBTRACE_PAYLOAD_NONE || record->tunnel == SKBTRACE_TUNNEL_NONE)
		return NULL;
	return record->tunnel <= SKBTRACE_TUNNEL_MACSEC ? names[record->tunnel] : "unknown tunnel";
}

/**
 * show_outer_address() - an address of the IP header around a tunnel
 * @record: the hop, with SKBTRACE_F_OUTER
 * @address: its outer_saddr or outer_daddr
 * @text: SHOW_ADDRESS_LEN bytes
 *
 * Return: @text.
 */
const char *show_outer_address(const struct skbtrace_record *record, const uint8_t *address,
			       char *text)
{
	inet_ntop(record->outer_protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET, address, text,
		  SHOW_ADDRESS_LEN);
	return text;
}

/**
 * show_context() - what the CPU was doing
 * @record: the hop
 */
const char *show_context(const struct skbtrace_record *record)
{
	static const char * const names[] = {
		[SKBTRACE_TASK] = "task",
		[SKBTRACE_SOFTIRQ] = "softirq",
		[SKBTRACE_HARDIRQ] = "hardirq",
		[SKBTRACE_NMI] = "nmi",
	};

	return record->context <= SKBTRACE_NMI ? names[record->context] : "unknown";
}

/**
 * show_csum() - what the packet's own checksum is
 * @record: the hop
 *
 * Return: the word, or NULL if it was not looked at.
 */
const char *show_csum(const struct skbtrace_record *record)
{
	switch (record->csum) {
	case SKBTRACE_CSUM_OK:
		return "ok";
	case SKBTRACE_CSUM_BAD:
		return "bad";
	case SKBTRACE_CSUM_PARTIAL:
		return "partial";
	case SKBTRACE_CSUM_NONE:
		return "none";
	default:
		return NULL;
	}
}

/**
 * show_end() - how a journey ended
 * @end: how
 */
const char *show_end(enum journey_end end)
{
	static const char * const names[] = {
		[JOURNEY_OPEN] = "open",
		[JOURNEY_DELIVERED] = "delivered",
		[JOURNEY_DROPPED] = "dropped",
		[JOURNEY_FREED] = "freed",
	};

	return names[end];
}
