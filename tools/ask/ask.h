/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this host has to do with its packets, as the kernel tells whoever asks: devices,
 * bridges, filters, neighbours.  No other program is needed for it, nothing is changed,
 * and no module is loaded.
 *
 * The answer is text, a line a fact, so that a file can keep it as it was:
 *
 *   netns INODE PATH	what follows is of this network namespace
 *   link DEV KEY=VALUE...	a device: index kind mtu up master link netns xdp tx rx tso
 *			gso gro (offloads)
 *   bridge DEV ...	vlan_filtering mcast_snooping stp
 *   port DEV ...	bridge state hairpin isolated flood mcast_flood
 *   vlan DEV ...	vids: 1pu,7,100-200 (p: of untagged frames, u: sent untagged)
 *   qdisc DEV ...	kind, root
 *   filter DEV ...	way kind pref actions: pedit,drop
 *   hook FAMILY ...	number kind table chain dev policy rules drops mangles queues
 *   neigh DEV ...	ip state
 *   conf DEV ...	rp_filter forwarding
 *   sysctl KEY ...	value
 *   listen PORT ...	queued backlog
 *   nfqueue NUMBER ...	pid
 *
 * No name in it has a blank.
 */
#ifndef SKBTRACE_TOOLS_ASK_H
#define SKBTRACE_TOOLS_ASK_H

#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"

/* What is kept of a namespace, and of how many. */
#define ASK_NETNS_BYTES	(128u << 10)
#define ASK_BYTES		(2u << 20)
#define ASK_NETNS_MAX		1024u

char *ask_namespaces(const uint32_t *inodes, unsigned int nr, struct error *error);
char *ask_all(struct error *error);

#endif /* SKBTRACE_TOOLS_ASK_H */
