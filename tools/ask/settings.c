// SPDX-License-Identifier: GPL-2.0
/* Neighbours that do not answer, settings of IP, and sockets that others wait for. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "parts.h"
#include "netlink.h"

/* Of each kind; on a host with more than these the first tell enough. */
#define NEIGHBOURS_MAX	128
#define SOCKETS_MAX	512

struct neighbours {
	FILE *out;
	const struct links *links;
	unsigned int nr;
};

static void put_neighbour(void *context, const struct nlmsghdr *message)
{
	const struct ndmsg *neighbour = NLMSG_DATA(message);
	struct neighbours *neighbours = context;
	struct attributes attributes;
	char address[INET6_ADDRSTRLEN];
	const void *destination;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*neighbour)) ||
	    !(neighbour->ndm_state & (NUD_INCOMPLETE | NUD_FAILED)) ||
	    (neighbour->ndm_family != AF_INET && neighbour->ndm_family != AF_INET6) ||
	    neighbours->nr == NEIGHBOURS_MAX)
		return;
	attributes_of_message(&attributes, message, sizeof(*neighbour));
	destination = attribute_data(attributes.at[NDA_DST],
				     neighbour->ndm_family == AF_INET ? 4 : 16);
	if (!destination || !inet_ntop(neighbour->ndm_family, destination, address,
				       sizeof(address)))
		return;
	neighbours->nr++;
	fprintf(neighbours->out, "neigh %s ip=%s state=%s\n",
		links_name(neighbours->links, neighbour->ndm_ifindex), address,
		neighbour->ndm_state & NUD_FAILED ? "failed" : "incomplete");
}

/**
 * facts_of_neighbours() - those of this namespace that have not answered
 * @out: where to
 * @links: the names of devices
 */
void facts_of_neighbours(FILE *out, const struct links *links)
{
	const struct ndmsg all = { .ndm_family = AF_UNSPEC };
	struct neighbours neighbours = { out, links, 0 };

	netlink_dump(NETLINK_ROUTE, RTM_GETNEIGH, &all, sizeof(all), put_neighbour, &neighbours);
}

/* Return: a setting that is a number, -1 if there is none. */
static long setting(const char *directory, const char *dev, const char *name)
{
	char path[128];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s%s/%s", directory, *dev ? "/" : "", dev,
		 name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static void put_conf(FILE *out, const char *dev)
{
	fprintf(out, "conf %s rp_filter=%ld forwarding=%ld forwarding6=%ld\n", dev,
		setting("ipv4/conf", dev, "rp_filter"), setting("ipv4/conf", dev, "forwarding"),
		setting("ipv6/conf", dev, "forwarding"));
}

/**
 * facts_of_settings() - how this namespace routes
 * @out: where to
 * @links: the names of devices
 */
void facts_of_settings(FILE *out, const struct links *links)
{
	static const char * const settings[][3] = {
		{ "ipv4", "", "ip_forward" }, { "bridge", "", "bridge-nf-call-iptables" },
		{ "bridge", "", "bridge-nf-call-ip6tables" }, { "core", "", "netdev_max_backlog" },
		{ "core", "", "rmem_max" }, { "core", "", "somaxconn" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		long value = setting(settings[i][0], settings[i][1], settings[i][2]);

		if (value >= 0)
			fprintf(out, "sysctl net.%s.%s value=%ld\n", settings[i][0],
				settings[i][2], value);
	}
	put_conf(out, "all");
	for (i = 0; i < links->nr; i++)
		put_conf(out, links->names[i]);
}

/* Of a socket that listens the second queue is of those that wait to be accepted. */
static void put_listeners(FILE *out, const char *path, const char *family)
{
	FILE *file = fopen(path, "re");
	unsigned int port, state, nr = 0;
	unsigned long queued;
	char line[512];

	while (file && nr < SOCKETS_MAX && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*u: %*[0-9A-Fa-f]:%x %*s %x %*x:%lx", &port, &state,
			   &queued) != 3 ||
		    state != 0x0a)
			continue;
		fprintf(out, "listen %u family=%s queued=%lu\n", port, family, queued);
		nr++;
	}
	if (file)
		fclose(file);
}

static void put_queues(FILE *out)
{
	FILE *file = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	unsigned int number, pid, nr = 0;
	char line[256];

	while (file && nr++ < SOCKETS_MAX && fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %u", &number, &pid) == 2)
			fprintf(out, "nfqueue %u pid=%u\n", number, pid);
	if (file)
		fclose(file);
}

/**
 * facts_of_sockets() - who listens in this namespace
 * @out: where to
 */
void facts_of_sockets(FILE *out)
{
	put_listeners(out, "/proc/self/net/tcp", "tcp");
	put_listeners(out, "/proc/self/net/tcp6", "tcp6");
	put_queues(out);
}
