// SPDX-License-Identifier: GPL-2.0
/* Names of hooks, families and devices, and what is at the other end of a pair. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "words.h"

/* include/uapi/linux/netfilter.h: NFPROTO_* */
#define FAMILY_INET	1
#define FAMILY_IPV4	2
#define FAMILY_NETDEV	5
#define FAMILY_BRIDGE	7
#define FAMILY_IPV6	10

/* word_device() - the name of a record's device, as facts have it */
const char *word_device(const char dev[SKBTRACE_NAME_LEN], char name[WORD_DEVICE])
{
	snprintf(name, WORD_DEVICE, "%.*s", SKBTRACE_NAME_LEN, dev);
	return name;
}

/* word_address() - an address of a record */
const char *word_address(const struct skbtrace_record *record, const uint8_t *address,
			 char text[46])
{
	if (!(record->flags & SKBTRACE_F_FLOW) ||
	    !inet_ntop(record->protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET, address, text, 46))
		snprintf(text, 46, "?");
	return text;
}

/* word_family_nft() - what nft(8) calls a family */
const char *word_family_nft(const char *number)
{
	switch (atoi(number)) {
	case FAMILY_INET:
		return "inet";
	case FAMILY_IPV4:
		return "ip";
	case FAMILY_IPV6:
		return "ip6";
	case FAMILY_BRIDGE:
		return "bridge";
	case FAMILY_NETDEV:
		return "netdev";
	case 3:
		return "arp";
	}
	return "?";
}

/**
 * word_hook() - a hook, by name, with its family and devices
 * @place: the hook
 * @text: set
 * @size: of @text
 */
void word_hook(const struct hook_place *place, char *text, size_t size)
{
	char in[WORD_DEVICE] = "", out[WORD_DEVICE] = "";

	if (place->record) {
		word_device(place->record->dev, in);
		word_device(place->record->peer, out);
	}
	snprintf(text, size, "%s of %s%s%s%s%s", point_hook_name(place->family, place->number),
		 point_hook_family(place->family), *in ? " on " : "", in, *out ? " ⇒ " : "", out);
}

/* By where it was last, where no return of a hook was seen. */
static bool guess_hook(const struct seam *seam, struct hook_place *place)
{
	static const struct {
		const char *points;
		unsigned int family;
		unsigned int number;
	} hooks[] = {
		{ "ip_rcv ip_rcv_core", FAMILY_IPV4, 0 },
		{ "ip_local_deliver", FAMILY_IPV4, 1 },
		{ "ip_forward", FAMILY_IPV4, 2 },
		{ "ip_queue_xmit ip_send_skb", FAMILY_IPV4, 3 },
		{ "ip_output", FAMILY_IPV4, 4 },
		{ "ipv6_rcv ip6_rcv_core", FAMILY_IPV6, 0 },
		{ "ip6_input", FAMILY_IPV6, 1 },
		{ "ip6_forward", FAMILY_IPV6, 2 },
		{ "inet6_csk_xmit ip6_send_skb", FAMILY_IPV6, 3 },
		{ "ip6_output", FAMILY_IPV6, 4 },
		{ "br_handle_frame br_nf_pre_routing", FAMILY_BRIDGE, 0 },
		{ "br_pass_frame_up", FAMILY_BRIDGE, 1 },
		{ "__br_forward br_nf_forward_ip br_nf_forward", FAMILY_BRIDGE, 2 },
		{ "br_forward_finish br_nf_post_routing", FAMILY_BRIDGE, 4 },
		{ "__netif_receive_skb_core", FAMILY_NETDEV, 0 },
		{ "__dev_queue_xmit", FAMILY_NETDEV, 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!seam_is_at(seam, hooks[i].points))
			continue;
		place->family = hooks[i].family;
		place->number = hooks[i].number;
		place->netns = seam->netns;
		place->record = NULL;
		return true;
	}
	return false;
}

/**
 * hook_of_seam() - at which of netfilter's hooks did it happen
 * @seam: the seam
 * @place: set
 *
 * Return: false if that is not known.
 */
bool hook_of_seam(const struct seam *seam, struct hook_place *place)
{
	const struct skbtrace_record *hook = seam->hook;

	if (!hook || !(hook->flags & SKBTRACE_F_HOOK))
		return guess_hook(seam, place);
	place->family = hook->hook_family;
	place->number = hook->hook;
	place->netns = hook->flags & SKBTRACE_F_NETNS ? hook->netns : seam->netns;
	place->record = hook;
	return true;
}

/**
 * hook_has_chain() - is a chain at a hook
 * @place: the hook
 * @chain: the chain's line
 */
bool hook_has_chain(const struct hook_place *place, const struct fact *chain)
{
	unsigned int family = atoi(chain->name);
	char dev[WORD_DEVICE], of[FACT_WORD];

	if (fact_number(chain, "number", -1) != (long)place->number ||
	    (family != place->family &&
	     !(family == FAMILY_INET && (place->family == FAMILY_IPV4 ||
					 place->family == FAMILY_IPV6))))
		return false;
	if (family != FAMILY_NETDEV || !place->record)
		return true;
	word_device(place->record->dev, dev);
	fact_text(chain, "dev", of);
	return !strcmp(of, "-") || !strcmp(of, dev);
}

/* Two ends of a pair name each other by number; of several that do, none is taken. */
static bool is_peer(const struct fact *link, const struct fact *other)
{
	char kind[FACT_WORD];

	fact_text(link, "kind", kind);
	return fact_is(other, "kind", kind) &&
	       fact_number(other, "link", -1) == fact_number(link, "index", -2) &&
	       fact_number(link, "link", -1) == fact_number(other, "index", -2);
}

/**
 * peer_of_seam() - the device that the last hop sends to
 * @seam: with veth_xmit() as the last
 * @link: set to its line
 *
 * Return: false if it is not known.
 */
bool peer_of_seam(const struct seam *seam, struct fact *link)
{
	char dev[WORD_DEVICE], name[WORD_DEVICE];
	struct fact own, other;
	unsigned int i, found = 0;

	word_device(seam->last->dev, dev);
	word_device(seam->last->peer, name);
	if (!*name || !facts_find(&seam->facts, "link", dev, &own))
		return false;
	for (i = 0; i < seam->all->nr; i++) {
		if (!facts_find(&seam->all->netns[i].facts, "link", name, &other) ||
		    !is_peer(&own, &other))
			continue;
		*link = other;
		found++;
	}
	return found == 1;
}

/* xdp_of_link() - the XDP program of a device */
void xdp_of_link(const struct fact *link, struct xdp_place *place)
{
	char value[FACT_WORD];
	size_t len;

	if (!fact_text(link, "xdp", value))
		return;
	len = strcspn(value, ":");
	snprintf(place->mode, sizeof(place->mode), "%.*s", (int)len, value);
	place->program = value[len] ? atol(value + len + 1) : 0;
}

/**
 * xdp_of_seam() - where an XDP program may have had the packet
 * @seam: the seam
 * @place: set
 */
void xdp_of_seam(const struct seam *seam, struct xdp_place *place)
{
	struct fact link;

	memset(place, 0, sizeof(*place));
	if (seam_is_at(seam, "veth_xmit netkit_xmit") && *seam->last->peer) {
		word_device(seam->last->peer, place->dev);
		if (peer_of_seam(seam, &link))
			xdp_of_link(&link, place);
		return;
	}
	word_device(seam->last->dev, place->dev);
	if (facts_find(&seam->facts, "link", place->dev, &link))
		xdp_of_link(&link, place);
}
