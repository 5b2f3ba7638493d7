// SPDX-License-Identifier: GPL-2.0
/*
 * Headers of encapsulations.
 *
 * One is believed if it is well formed; what is not is payload.  Each function
 * has the walk at the header and leaves it behind.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ppp_defs.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "config.h"
#include "ports.h"
#include "tunnel.h"

/* Not in the headers of all kernels, or not under this name. */
#define PROTOCOL_MPLS_UC	0x8847
#define PROTOCOL_MPLS_MC	0x8848
#define PROTOCOL_TEB		0x6558	/* transparent Ethernet bridging */
#define PROTOCOL_MACSEC		0x88e5
#define PROTOCOL_PPTP		0x880b	/* in GRE, version 1 */
#define IPPROTO_ETHERNET_IN_IP	97
#define IPPROTO_MPLS_IN_IP	137

static __always_inline const u8 *bytes(const struct walk *walk, int len)
{
	const u8 *header;

	return has_header(walk, len, &header) ? header : NULL;
}

static u32 be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 be24(const u8 *p)
{
	return p[0] << 16 | p[1] << 8 | p[2];
}

/* So compilers see that it is one load. */
static u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/*
 * Into an encapsulation of which @header bytes have been read: what was found so
 * far is now around it.
 */
static __always_inline bool enter(struct walk *walk, enum skbtrace_tunnel tunnel,
				  u32 id, int header)
{
	struct skbtrace_record *record = walk->record;

	if (record->depth == WALK_DEPTH_MAX) {
		walk->flags |= SKBTRACE_F_DEEP;
		return false;
	}
	record->depth++;
	record->tunnel = tunnel;
	walk->offset += header;
	record->tunnel_id = id;
	if (walk->flags & SKBTRACE_F_FLOW) {
		copy_16(record->outer_saddr, record->saddr);
		copy_16(record->outer_daddr, record->daddr);
		record->outer_protocol = ntohs(walk->protocol);
		walk->flags |= SKBTRACE_F_OUTER;
	}
	walk->checksum_at = NO_CHECKSUM_AT;
	return true;
}

/* What was found of the packet around is not this one's. */
static __always_inline enum walk_next inner(struct walk *walk, u16 protocol)
{
	walk->flags &= ~(SKBTRACE_F_FLOW | SKBTRACE_F_PORTS |
			 SKBTRACE_F_FRAGMENT);
	walk->l4proto = 0;
	walk->protocol = htons(protocol);
	return NEXT_NETWORK;
}

static __always_inline enum walk_next inner_ethernet(struct walk *walk)
{
	const u8 *eth = bytes(walk, ETH_HLEN);

	if (!eth) {
		inner(walk, 0);
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	}
	walk->offset += ETH_HLEN;
	return inner(walk, be16(eth + 12));
}

/* Its protocol is not told but by its version. */
static enum walk_next inner_ip(struct walk *walk)
{
	const u8 *first = bytes(walk, 1);

	return inner(walk, first && *first >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
}

static enum walk_next inner_of(struct walk *walk, u16 protocol)
{
	return protocol == PROTOCOL_TEB ? inner_ethernet(walk) :
					  inner(walk, protocol);
}

/* PPP's protocol number, of one byte if it is compressed: RFC 1661. */
static enum walk_next inner_ppp(struct walk *walk)
{
	const u8 *p = bytes(walk, 2);
	u16 protocol;

	if (p && be16(p) == (PPP_ALLSTATIONS << 8 | PPP_UI)) {
		walk->offset += 2;
		p = bytes(walk, 2);
	}
	if (!p) {
		inner(walk, 0);
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	}
	protocol = *p & 1 ? *p : be16(p);
	walk->offset += *p & 1 ? 1 : 2;
	switch (protocol) {
	case PPP_IP:
		return inner(walk, ETH_P_IP);
	case PPP_IPV6:
		return inner(walk, ETH_P_IPV6);
	}
	inner(walk, protocol);
	return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
}

static enum walk_next opaque(struct walk *walk)
{
	return payload_is(walk, SKBTRACE_PAYLOAD_OPAQUE);
}

/*
 * The stack of labels, and what is below: no label says.  IP begins with its
 * version; Ethernet may begin with anything, but has a control word of 0 in front
 * where it is meant to be told from IP (RFC 4385).
 */
static enum walk_next mpls(struct walk *walk)
{
	const u8 *label, *first;
	int i, header = 0;
	u32 id;

	for (i = 0; i < WALK_HEADERS_MAX; i++) {
		label = header_at(walk->skb, walk->offset + header, 4);
		if (!label)
			return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
		header += 4;
		id = be24(label) >> 4;
		if (label[2] & 1)
			break;
	}
	if (i == WALK_HEADERS_MAX) {
		walk->flags |= SKBTRACE_F_DEEP;
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	}
	if (!enter(walk, SKBTRACE_TUNNEL_MPLS, id, header))
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	first = bytes(walk, 1);
	switch (first ? *first >> 4 : 0xf) {
	case 4:
		return inner(walk, ETH_P_IP);
	case 6:
		return inner(walk, ETH_P_IPV6);
	case 0:
		walk->offset += 4;
		return inner_ethernet(walk);
	}
	return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
}

static enum walk_next pppoe(struct walk *walk)
{
	const u8 *p = bytes(walk, 6);
	int end;

	/* Version 1, type 1, code 0: RFC 2516. */
	if (!p || p[0] != 0x11 || p[1])
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	end = walk->offset + 6 + (int)be16(p + 4);
	if (!enter(walk, SKBTRACE_TUNNEL_PPPOE, be16(p + 2), 6))
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	if (!walk->record->gso_size && (u32)end <= (u32)walk->end)
		walk->end = end;
	return inner_ppp(walk);
}

static enum walk_next macsec(struct walk *walk)
{
	const u8 *p = bytes(walk, 6);

	/* The identifier of the channel is there if a bit says so. */
	if (!p || !enter(walk, SKBTRACE_TUNNEL_MACSEC, 0, p[0] & 0x20 ? 14 : 6))
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	return opaque(walk);
}

/**
 * tunnel_of_network() - go into an encapsulation that has an ethertype
 * @walk: at its header
 */
enum walk_next tunnel_of_network(struct walk *walk)
{
	switch (ntohs(walk->protocol)) {
	case PROTOCOL_MPLS_UC:
	case PROTOCOL_MPLS_MC:
		return mpls(walk);
	case ETH_P_PPP_SES:
		return pppoe(walk);
	case PROTOCOL_MACSEC:
		return macsec(walk);
	}
	return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
}

static enum walk_next ip_in_ip(struct walk *walk, u16 protocol)
{
	if (!enter(walk, SKBTRACE_TUNNEL_IPIP, 0, 0))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	return inner(walk, protocol);
}

#define GRE_CHECKSUM	0x8000
#define GRE_ROUTING	0x4000
#define GRE_KEY		0x2000
#define GRE_SEQUENCE	0x1000
#define GRE_ACK		0x0080
#define GRE_VERSION	0x0007

/* RFC 2637: a key that is a length and the call's number, and then PPP. */
static enum walk_next pptp(struct walk *walk, u32 gre, const u8 *p)
{
	int header = 8 + (gre & GRE_SEQUENCE ? 4 : 0) + (gre & GRE_ACK ? 4 : 0);

	if (!enter(walk, SKBTRACE_TUNNEL_PPTP, be16(p + 6), header))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	/* Without a number it only acknowledges. */
	if (!(gre & GRE_SEQUENCE)) {
		inner(walk, 0);
		return payload_is(walk, SKBTRACE_PAYLOAD_LINK);
	}
	return inner_ppp(walk);
}

static enum walk_next gre(struct walk *walk)
{
	const u8 *p = bytes(walk, 4);
	u32 flags, protocol, key = 0;
	int header = 4;

	if (!p)
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	flags = be16(p);
	protocol = be16(p + 2);
	if ((flags & (GRE_VERSION | GRE_KEY)) == (1 | GRE_KEY) &&
	    protocol == PROTOCOL_PPTP) {
		p = bytes(walk, 8);
		if (p)
			return pptp(walk, flags, p);
	}
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	if (flags & GRE_CHECKSUM)
		header += 4;
	if (flags & GRE_KEY) {
		p = header_at(walk->skb, walk->offset + header, 4);
		if (!p)
			return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
		key = be32(p);
		header += 4;
	}
	if (flags & GRE_SEQUENCE)
		header += 4;
	if (!enter(walk, SKBTRACE_TUNNEL_GRE, key, header))
		return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
	return inner_of(walk, protocol);
}

/**
 * tunnel_of_transport() - go into an encapsulation that has an IPPROTO_*
 * @walk: at its header
 */
enum walk_next tunnel_of_transport(struct walk *walk)
{
	const u8 *p;

	switch (walk->l4proto) {
	case IPPROTO_IPIP:
		return ip_in_ip(walk, ETH_P_IP);
	case IPPROTO_IPV6:
		return ip_in_ip(walk, ETH_P_IPV6);
	case IPPROTO_MPLS_IN_IP:
		walk->protocol = htons(PROTOCOL_MPLS_UC);
		return mpls(walk);
	case IPPROTO_GRE:
		return gre(walk);
	case IPPROTO_ETHERNET_IN_IP:
		if (!enter(walk, SKBTRACE_TUNNEL_IPIP, 0, 2))
			break;
		return inner_ethernet(walk);
	case IPPROTO_ESP:
		p = bytes(walk, 8);
		if (!p || !enter(walk, SKBTRACE_TUNNEL_ESP, be32(p), 8))
			break;
		return opaque(walk);
	}
	return payload_is(walk, SKBTRACE_PAYLOAD_NETWORK);
}

static __always_inline enum walk_next vxlan(struct walk *walk)
{
	const u8 *p = bytes(walk, 8);
	u32 flags, vni;

	if (!p)
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	flags = be32(p);
	vni = be32(p + 4);
	/* Its only flag, or with that for a group policy's number: all else is 0. */
	if ((flags != 0x08000000 && flags >> 24 != 0x88) || (u8)vni ||
	    !enter(walk, SKBTRACE_TUNNEL_VXLAN, vni >> 8, 8))
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	return inner_ethernet(walk);
}

static enum walk_next vxlan_gpe(struct walk *walk)
{
	const u8 *p = bytes(walk, 8);
	u8 kind;

	/* Version 0, an identifier, a protocol; not OAM. */
	if (!p || (p[0] & ~0x02) != 0x0c || be16(p + 1) || p[7])
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	kind = p[3];
	if (kind != 1 && kind != 2 && kind != 3 && kind != 5)
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	if (!enter(walk, SKBTRACE_TUNNEL_VXLAN_GPE, be24(p + 4), 8))
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	if (kind == 3)
		return inner_ethernet(walk);
	return inner(walk, kind == 1 ? ETH_P_IP : kind == 2 ? ETH_P_IPV6 :
							      PROTOCOL_MPLS_UC);
}

static enum walk_next geneve(struct walk *walk)
{
	const u8 *p = bytes(walk, 8);
	u32 protocol;

	/* Version 0, options of so many words, no bit that means nothing yet. */
	if (!p || p[0] >> 6 || p[1] & 0x3f || p[7])
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	protocol = be16(p + 2);
	if (!enter(walk, SKBTRACE_TUNNEL_GENEVE, be24(p + 4),
		   8 + (p[0] & 0x3f) * 4))
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	return inner_of(walk, protocol);
}

/* Of user data alone: 3GPP TS 29.281, 5. */
static enum walk_next gtp(struct walk *walk)
{
	const u8 *p = bytes(walk, 8);
	int i, header = 8;
	bool has_more;
	u32 id;

	/* Version 1, GTP and not GTP', a G-PDU. */
	if (!p || (p[0] & 0xf8) != 0x30 || p[1] != 0xff)
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	id = be32(p + 4);
	if (p[0] & 7) {
		has_more = p[0] & 4;
		header += 4;
		for (i = 0; has_more && i < WALK_HEADERS_MAX; i++) {
			/* The last byte of each tells what the next one is. */
			p = header_at(walk->skb, walk->offset + header - 1, 2);
			if (!p || !p[0])
				break;
			if (!p[1])
				return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
			header += p[1] * 4;
		}
	}
	if (!enter(walk, SKBTRACE_TUNNEL_GTP, id, header))
		return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
	return inner_ip(walk);
}

/**
 * is_tunnel_port() - is it one that an encapsulation has
 * @walk: a walk
 * @port: a UDP port
 */
bool is_tunnel_port(const struct walk *walk, u16 port)
{
	return port == PORT_VXLAN || port == PORT_VXLAN_OLD ||
	       port == PORT_VXLAN_GPE || port == PORT_GENEVE ||
	       port == PORT_GTP ||
	       numbers_have(&walk->config->vxlan_port, port);
}

/**
 * tunnel_of_port() - go into an encapsulation that has a UDP port
 * @walk: behind the UDP header
 * @port: the destination
 *
 * Of others than those of a tunnel what follows is the payload.
 */
enum walk_next tunnel_of_port(struct walk *walk, u16 port)
{
	switch (port) {
	case PORT_VXLAN:
	case PORT_VXLAN_OLD:
		return vxlan(walk);
	case PORT_VXLAN_GPE:
		return vxlan_gpe(walk);
	case PORT_GENEVE:
		return geneve(walk);
	case PORT_GTP:
		return gtp(walk);
	}
	if (numbers_have(&walk->config->vxlan_port, port))
		return vxlan(walk);
	return payload_is(walk, SKBTRACE_PAYLOAD_TRANSPORT);
}
