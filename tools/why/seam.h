/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SEAM_H
#define SKBTRACE_TOOLS_SEAM_H

#include <stdbool.h>

#include "facts.h"
#include "journey/journey.h"
#include "why.h"

/**
 * enum seam_kind - what happened there
 * @SEAM_CHANGED: the payload was changed from one hop to the next
 * @SEAM_DROPPED: the packet was dropped behind a hop
 * @SEAM_FREED: it was freed behind one, and what became of it is not known
 * @SEAM_WAITING: nothing has been heard of it since
 * @SEAM_ARRIVED: it came to its protocol, as a connection that is asked for once more
 */
enum seam_kind {
	SEAM_CHANGED,
	SEAM_DROPPED,
	SEAM_FREED,
	SEAM_WAITING,
	SEAM_ARRIVED,
};

/**
 * struct seam - a place of a journey that something is to be said of
 * @kind: what happened
 * @last: the last hop that had the packet as it was
 * @next: SEAM_CHANGED: the first that had it changed; else NULL
 * @way: SEAM_DROPPED: the last hop on this way that says which port or device the packet
 *	is to leave by, or NULL
 * @hook: what netfilter's hook returned there, or NULL
 * @caller: the function that dropped it, without offset; "" if not known
 * @reason: the kernel's drop reason, "" if it has none
 * @netns: the namespace of @last
 * @enter: what a command has to begin with there: "ip netns exec NAME ", or ""
 * @facts: what is known of it
 * @all: what is known of all namespaces
 */
struct seam {
	enum seam_kind kind;
	const struct skbtrace_record *last;
	const struct skbtrace_record *next;
	const struct skbtrace_record *way;
	const struct skbtrace_record *hook;
	char caller[64];
	char reason[64];
	uint32_t netns;
	char enter[96];
	struct facts facts;
	const struct all_facts *all;
};

bool seam_is_at(const struct seam *seam, const char *symbols);
bool seam_goes_to(const struct seam *seam, const char *symbols);
bool seam_is_called_from(const struct seam *seam, const char *symbols);
bool seam_has_reason(const struct seam *seam, const char *reasons);

struct why_line *seam_say(struct why_lines *lines, bool sure, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void seam_look(struct why_line *line, const struct seam *seam, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void reasons_at_seam(const struct seam *seam, struct why_lines *lines);

/* The reasons, by what they are about; each adds lines, or none. */
typedef void reason(const struct seam *seam, struct why_lines *lines);

/* reasons_filter.c */
reason reason_netfilter, reason_nfqueue, reason_tc, reason_qdisc, reason_xdp, reason_xdp_took;
/* reasons_bridge.c */
reason reason_vlan_in, reason_vlan_out, reason_hairpin, reason_port, reason_isolated;
reason reason_snooping;
/* reasons_ip.c */
reason reason_veth_mtu, reason_mtu, reason_rp_filter, reason_forwarding, reason_neighbour;
/* reasons_socket.c */
reason reason_accept, reason_no_socket, reason_socket_full, reason_checksum, reason_caller;
/* reasons_changed.c */
reason reason_tc_writes, reason_xdp_writes, reason_hook_writes, reason_offload, reason_queued;
reason reason_nothing_known;

#endif /* SKBTRACE_TOOLS_SEAM_H */
