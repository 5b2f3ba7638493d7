// SPDX-License-Identifier: GPL-2.0
/* Devices, bridges and their ports. */
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"
#include "netlink.h"

/* Of include/uapi/linux, by their numbers: headers of 3.10 do not have them all. */
#define LINK_XDP		43	/* IFLA_XDP, 4.8 */
#define LINK_NETNSID		37	/* IFLA_LINK_NETNSID, 4.0 */
#define LINK_XDP_ATTACHED	2	/* IFLA_XDP_ATTACHED */
#define LINK_XDP_PROG_ID	4	/* IFLA_XDP_PROG_ID, 4.13 */
#define INFO_SLAVE_KIND		4	/* IFLA_INFO_SLAVE_KIND, 3.14 */
#define INFO_SLAVE_DATA		5
#define BR_STP_STATE		5	/* IFLA_BR_STP_STATE, 4.1 */
#define BR_VLAN_FILTERING	7	/* IFLA_BR_VLAN_FILTERING, 4.3 */
#define BR_MCAST_SNOOPING	23	/* IFLA_BR_MCAST_SNOOPING, 4.4 */
#define BRPORT_STATE		1	/* IFLA_BRPORT_* */
#define BRPORT_HAIRPIN		4
#define BRPORT_UNICAST_FLOOD	9
#define BRPORT_MCAST_FLOOD	27
#define BRPORT_ISOLATED		33
#define AF_SPEC_VLAN_INFO	2	/* IFLA_BRIDGE_VLAN_INFO */
#define EXT_BRIDGE_VLANS	(1 << 1 | 1 << 2)	/* RTEXT_FILTER_BRVLAN, _COMPRESSED */

#define VLAN_PVID		(1 << 1)	/* BRIDGE_VLAN_INFO_* */
#define VLAN_UNTAGGED		(1 << 2)
#define VLAN_RANGE_BEGIN	(1 << 3)
#define VLAN_RANGE_END		(1 << 4)

/**
 * fact_word() - a name as a word of a line
 * @text: the name
 * @word: set to it
 *
 * Return: @word, "-" if the name is empty.
 */
const char *fact_word(const char *text, char word[128])
{
	size_t i;

	for (i = 0; text[i] && i < 127; i++)
		word[i] = (unsigned char)text[i] <= ' ' || text[i] == 0x7f ? '?' : text[i];
	word[i] = '\0';
	return i ? word : strcpy(word, "-");
}

/**
 * links_name() - the name of a device
 * @links: all
 * @index: its number
 *
 * Return: the name, "-" if there is none.
 */
const char *links_name(const struct links *links, int index)
{
	unsigned int i;

	for (i = 0; i < links->nr; i++)
		if (links->index[i] == index)
			return links->names[i];
	return "-";
}

struct writing {
	FILE *out;
	struct links *links;
};

static void note_link(void *context, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct links *links = context;
	struct attributes link;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) ||
	    links->nr == FACTS_LINKS)
		return;
	attributes_of_message(&link, message, sizeof(*info));
	links->index[links->nr] = info->ifi_index;
	snprintf(links->names[links->nr++], sizeof(links->names[0]), "%s",
		 attribute_text(link.at[IFLA_IFNAME]));
}

static int feature(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = (char *)&value;
	return ioctl(fd, SIOCETHTOOL, &request) ? -1 : !!value.data;
}

static void put_features(FILE *out, const char *name)
{
	static const struct {
		const char *name;
		uint32_t command;
	} features[] = {
		{ "tx", ETHTOOL_GTXCSUM }, { "rx", ETHTOOL_GRXCSUM }, { "tso", ETHTOOL_GTSO },
		{ "gso", ETHTOOL_GGSO }, { "gro", ETHTOOL_GGRO },
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int i;

	for (i = 0; fd >= 0 && i < sizeof(features) / sizeof(features[0]); i++) {
		int on = feature(fd, name, features[i].command);

		if (on >= 0)
			fprintf(out, " %s=%d", features[i].name, on);
	}
	if (fd >= 0)
		close(fd);
}

static void put_xdp(FILE *out, const struct nlattr *nest)
{
	/* XDP_ATTACHED_* */
	static const char * const modes[] = { NULL, "driver", "generic", "device", "several" };
	struct attributes xdp;
	uint32_t mode;

	attributes_nested(&xdp, nest);
	mode = attribute_number(xdp.at[LINK_XDP_ATTACHED], 0);
	if (mode && mode < sizeof(modes) / sizeof(modes[0]))
		fprintf(out, " xdp=%s:%u", modes[mode],
			attribute_number(xdp.at[LINK_XDP_PROG_ID], 0));
}

static void put_bridge(FILE *out, const char *name, const struct nlattr *nest)
{
	struct attributes bridge;

	attributes_nested(&bridge, nest);
	fprintf(out, "bridge %s", name);
	if (bridge.at[BR_VLAN_FILTERING])
		fprintf(out, " vlan_filtering=%u",
			attribute_number(bridge.at[BR_VLAN_FILTERING], 0));
	if (bridge.at[BR_MCAST_SNOOPING])
		fprintf(out, " mcast_snooping=%u",
			attribute_number(bridge.at[BR_MCAST_SNOOPING], 0));
	fprintf(out, " stp=%u\n", attribute_number(bridge.at[BR_STP_STATE], 0));
}

static void put_port(FILE *out, const char *name, const char *bridge, const struct nlattr *nest)
{
	struct attributes port;

	attributes_nested(&port, nest);
	fprintf(out, "port %s bridge=%s state=%u hairpin=%u isolated=%u flood=%u mcast_flood=%u\n",
		name, bridge, attribute_number(port.at[BRPORT_STATE], 3),
		attribute_number(port.at[BRPORT_HAIRPIN], 0),
		attribute_number(port.at[BRPORT_ISOLATED], 0),
		attribute_number(port.at[BRPORT_UNICAST_FLOOD], 1),
		attribute_number(port.at[BRPORT_MCAST_FLOOD], 1));
}

static void put_link(void *context, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct writing *to = context;
	struct attributes link, linkinfo;
	const char *name, *kind, *master;
	char word[128];
	FILE *out = to->out;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	attributes_of_message(&link, message, sizeof(*info));
	attributes_nested(&linkinfo, link.at[IFLA_LINKINFO]);
	name = links_name(to->links, info->ifi_index);
	kind = attribute_text(linkinfo.at[IFLA_INFO_KIND]);
	master = links_name(to->links, attribute_number(link.at[IFLA_MASTER], 0));
	fprintf(out, "link %s index=%d kind=%s mtu=%u up=%d carrier=%d promisc=%d", name,
		info->ifi_index, fact_word(kind, word), attribute_number(link.at[IFLA_MTU], 0),
		!!(info->ifi_flags & IFF_UP), !!(info->ifi_flags & IFF_RUNNING),
		!!(info->ifi_flags & IFF_PROMISC));
	if (link.at[IFLA_MASTER])
		fprintf(out, " master=%s", master);
	if (link.at[IFLA_LINK])
		fprintf(out, " link=%u", attribute_number(link.at[IFLA_LINK], 0));
	if (link.at[LINK_NETNSID])
		fputs(" elsewhere=1", out);
	put_xdp(out, link.at[LINK_XDP]);
	put_features(out, name);
	putc('\n', out);
	if (!strcmp(kind, "bridge"))
		put_bridge(out, name, linkinfo.at[IFLA_INFO_DATA]);
	if (!strcmp(attribute_text(linkinfo.at[INFO_SLAVE_KIND]), "bridge"))
		put_port(out, name, master, linkinfo.at[INFO_SLAVE_DATA]);
}

/**
 * facts_of_links() - the devices of this namespace, bridges and ports
 * @out: where to
 * @links: set to their names
 */
void facts_of_links(FILE *out, struct links *links)
{
	const struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
	struct writing to = { out, links };

	/* A master may come behind its ports. */
	if (!netlink_dump(NETLINK_ROUTE, RTM_GETLINK, &all, sizeof(all), note_link, links))
		netlink_dump(NETLINK_ROUTE, RTM_GETLINK, &all, sizeof(all), put_link, &to);
}

static void put_vlans(void *context, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct writing *to = context;
	const struct nlattr *attribute;
	struct attributes link;
	const char *between = "";
	size_t left;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	attributes_of_message(&link, message, sizeof(*info));
	if (!link.at[IFLA_AF_SPEC])
		return;
	fprintf(to->out, "vlan %s vids=", links_name(to->links, info->ifi_index));
	for (attribute = attribute_first(link.at[IFLA_AF_SPEC], &left); attribute;
	     attribute = attribute_next(attribute, &left)) {
		const struct { uint16_t flags, vid; } *vlan = attribute_data(attribute, 4);

		if ((attribute->nla_type & NLA_TYPE_MASK) != AF_SPEC_VLAN_INFO || !vlan)
			continue;
		fprintf(to->out, "%s%u", vlan->flags & VLAN_RANGE_END ? "-" : between, vlan->vid);
		if (!(vlan->flags & VLAN_RANGE_BEGIN))
			fprintf(to->out, "%s%s", vlan->flags & VLAN_PVID ? "p" : "",
				vlan->flags & VLAN_UNTAGGED ? "u" : "");
		between = ",";
	}
	fprintf(to->out, "%s\n", *between ? "" : "-");
}

/**
 * facts_of_bridges() - which VLANs each bridge and port is in
 * @out: where to
 * @links: the names of devices
 */
void facts_of_bridges(FILE *out, const struct links *links)
{
	struct {
		struct ifinfomsg info;
		struct nlattr head;
		uint32_t mask;
	} request = {
		.info = { .ifi_family = AF_BRIDGE },
		.head = { sizeof(struct nlattr) + sizeof(uint32_t), IFLA_EXT_MASK },
		.mask = EXT_BRIDGE_VLANS,
	};
	struct writing to = { out, (struct links *)links };

	netlink_dump(NETLINK_ROUTE, RTM_GETLINK, &request, sizeof(request), put_vlans, &to);
}
