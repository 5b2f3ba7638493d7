// SPDX-License-Identifier: GPL-2.0
/* Queueing disciplines, and the filters that packets pass on their way in and out. */
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parts.h"
#include "netlink.h"

#define ACT_KIND	1	/* TCA_ACT_KIND */
#define ACT_OPTIONS	2
#define GACT_PARMS	2	/* TCA_GACT_PARMS: struct tc_gact */
#define BPF_NAME	7	/* TCA_BPF_NAME */
#define PARENT_INGRESS	0xfffffff2u	/* of clsact, 4.5 */
#define PARENT_EGRESS	0xfffffff3u
#define INGRESS_HANDLE	0xffff0000u

/* Of include/uapi/linux/bpf.h, which RHEL 7's headers do not have. */
#define BPF_ASK_PROGRAMS	16	/* BPF_PROG_QUERY */
#define BPF_AT_TCX_INGRESS	46	/* BPF_TCX_INGRESS, 6.6 */
#define BPF_AT_TCX_EGRESS	47
#define BPF_PROGRAMS		16

/**
 * struct qdiscs - where filters may be
 * @index: number of the device
 * @parent: what to ask for
 * @way: of the packets
 * @nr: how many
 */
struct qdiscs {
	FILE *out;
	const struct links *links;
	struct {
		int index;
		uint32_t parent;
		const char *way;
	} at[FACTS_LINKS];
	unsigned int nr;
};

static void note_qdisc(struct qdiscs *qdiscs, int index, uint32_t parent, const char *way)
{
	if (qdiscs->nr == FACTS_LINKS)
		return;
	qdiscs->at[qdiscs->nr].index = index;
	qdiscs->at[qdiscs->nr].parent = parent;
	qdiscs->at[qdiscs->nr++].way = way;
}

static void put_qdisc(void *context, const struct nlmsghdr *message)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	struct qdiscs *qdiscs = context;
	struct attributes qdisc;
	const char *kind;
	char word[128];

	if (message->nlmsg_type != RTM_NEWQDISC || message->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)))
		return;
	attributes_of_message(&qdisc, message, sizeof(*tc));
	kind = attribute_text(qdisc.at[TCA_KIND]);
	if (!strcmp(kind, "clsact")) {
		note_qdisc(qdiscs, tc->tcm_ifindex, PARENT_INGRESS, "ingress");
		note_qdisc(qdiscs, tc->tcm_ifindex, PARENT_EGRESS, "egress");
	} else if (!strcmp(kind, "ingress")) {
		note_qdisc(qdiscs, tc->tcm_ifindex, INGRESS_HANDLE, "ingress");
	} else if (strcmp(kind, "noqueue")) {
		fprintf(qdiscs->out, "qdisc %s kind=%s root=%d\n",
			links_name(qdiscs->links, tc->tcm_ifindex), fact_word(kind, word),
			tc->tcm_parent == TC_H_ROOT);
		if (tc->tcm_handle)
			note_qdisc(qdiscs, tc->tcm_ifindex, tc->tcm_handle, "egress");
	}
}

/* Where the actions of a filter are, by its kind: TCA_*_ACT. */
static unsigned int actions_of(const char *kind)
{
	static const struct {
		const char *kind;
		unsigned int attribute;
	} kinds[] = {
		{ "u32", 7 }, { "flower", 3 }, { "matchall", 2 }, { "fw", 4 }, { "bpf", 1 },
		{ "basic", 3 }, { "cgroup", 1 }, { "flow", 11 }, { "route", 6 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, kind))
			return kinds[i].attribute;
	return 0;
}

static void put_action(FILE *out, const struct nlattr *nest, const char *before)
{
	struct attributes action, options;
	const struct tc_gact { uint32_t index, capab; int32_t action; } *gact = NULL;
	char word[128];
	const char *kind;

	attributes_nested(&action, nest);
	kind = attribute_text(action.at[ACT_KIND]);
	attributes_nested(&options, action.at[ACT_OPTIONS]);
	if (!strcmp(kind, "gact"))
		gact = attribute_data(options.at[GACT_PARMS], sizeof(*gact));
	fprintf(out, "%s%s", before, gact && gact->action == TC_ACT_SHOT ? "drop" :
		fact_word(kind, word));
}

static void put_filter(void *context, const struct nlmsghdr *message)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	struct qdiscs *qdiscs = context;
	struct attributes filter, options;
	const struct nlattr *action;
	const char *kind, *between = "";
	unsigned int at;
	char word[128];
	size_t left;

	if (message->nlmsg_type != RTM_NEWTFILTER || message->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)))
		return;
	attributes_of_message(&filter, message, sizeof(*tc));
	kind = attribute_text(filter.at[TCA_KIND]);
	at = actions_of(kind);
	attributes_nested(&options, filter.at[TCA_OPTIONS]);
	/* Hash tables of u32, and the head of a chain, are messages of their own. */
	if (!filter.at[TCA_OPTIONS] || (!options.at[at] && strcmp(kind, "bpf")))
		return;
	fprintf(qdiscs->out, "filter %s way=%s kind=%s pref=%u actions=",
		links_name(qdiscs->links, tc->tcm_ifindex), qdiscs->at[qdiscs->nr].way,
		fact_word(kind, word), tc->tcm_info >> 16);
	for (action = attribute_first(options.at[at], &left); action;
	     action = attribute_next(action, &left)) {
		put_action(qdiscs->out, action, between);
		between = ",";
	}
	if (!*between)
		fprintf(qdiscs->out, "%s", fact_word(strcmp(kind, "bpf") ? "" :
				 attribute_text(options.at[BPF_NAME]), word));
	putc('\n', qdiscs->out);
}

/* Programs without a qdisc: what bpf(2) is asked for is its struct query. */
static void put_tcx(FILE *out, const struct links *links, int index, uint32_t where,
		    const char *way)
{
	uint32_t ids[BPF_PROGRAMS];
	struct {
		uint32_t target, attach_type, query_flags, attach_flags;
		uint64_t ids __attribute__((aligned(8)));
		uint32_t nr, pad;
		uint64_t rest[8];
	} query;
	unsigned int i;

	memset(&query, 0, sizeof(query));
	query.target = index;
	query.attach_type = where;
	query.ids = (uintptr_t)ids;
	query.nr = BPF_PROGRAMS;
#ifdef __NR_bpf
	if (syscall(__NR_bpf, BPF_ASK_PROGRAMS, &query, sizeof(query)))
		return;
#else
	return;
#endif
	for (i = 0; i < query.nr && i < BPF_PROGRAMS; i++)
		fprintf(out, "filter %s way=%s kind=tcx pref=0 actions=bpf:%u\n",
			links_name(links, index), way, ids[i]);
}

/**
 * facts_of_traffic_control() - qdiscs and filters of this namespace
 * @out: where to
 * @links: the names of devices
 */
void facts_of_traffic_control(FILE *out, const struct links *links)
{
	static struct qdiscs qdiscs;
	struct tcmsg request = { .tcm_family = AF_UNSPEC };
	unsigned int i, nr;

	qdiscs.out = out;
	qdiscs.links = links;
	qdiscs.nr = 0;
	netlink_dump(NETLINK_ROUTE, RTM_GETQDISC, &request, sizeof(request), put_qdisc, &qdiscs);
	nr = qdiscs.nr;
	/* put_filter() is told by @nr of which the answer is. */
	for (qdiscs.nr = 0; qdiscs.nr < nr; qdiscs.nr++) {
		request.tcm_ifindex = qdiscs.at[qdiscs.nr].index;
		request.tcm_parent = qdiscs.at[qdiscs.nr].parent;
		netlink_dump(NETLINK_ROUTE, RTM_GETTFILTER, &request, sizeof(request),
			     put_filter, &qdiscs);
	}
	for (i = 0; i < links->nr; i++) {
		put_tcx(out, links, links->index[i], BPF_AT_TCX_INGRESS, "ingress");
		put_tcx(out, links, links->index[i], BPF_AT_TCX_EGRESS, "egress");
	}
}
