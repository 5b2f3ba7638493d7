// SPDX-License-Identifier: GPL-2.0
/* The tables of iptables and ip6tables that are not nftables', as those programs ask for. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"

#define HOOKS		5
#define GET_INFO	64	/* IPT_SO_GET_INFO, IP6T_SO_GET_INFO */
#define GET_ENTRIES	65
#define TABLE_MAX	(16u << 20)
#define NAME_LEN	32

/* struct ipt_getinfo, struct ip6t_getinfo */
struct table_info {
	char name[NAME_LEN];
	uint32_t valid_hooks;
	uint32_t hook_entry[HOOKS];
	uint32_t underflow[HOOKS];
	uint32_t num_entries;
	uint32_t size;
};

/* struct ipt_get_entries, struct ip6t_get_entries */
struct table_entries {
	char name[NAME_LEN];
	uint32_t size;
	uint64_t entries[];
};

/**
 * struct family - what differs between IPv4 and IPv6
 * @number: NFPROTO_*
 * @level: of getsockopt(2)
 * @offsets_at: where in an entry the offsets of its target and of the next are
 * @names: the tables that there are; to ask for another would load it
 */
struct family {
	unsigned int number;
	int domain;
	int level;
	unsigned int offsets_at;
	const char *names;
};

static const struct family families[] = {
	{ 2, AF_INET, IPPROTO_IP, 88, "/proc/self/net/ip_tables_names" },
	{ 10, AF_INET6, IPPROTO_IPV6, 140, "/proc/self/net/ip6_tables_names" },
};

struct counts {
	unsigned int rules;
	unsigned int drops;
	unsigned int queues;
};

/* struct xt_entry_target and, of the one without a name, struct xt_standard_target */
struct target {
	uint16_t size;
	char name[29];
	uint8_t revision;
	int32_t verdict;
};

#define VERDICT_DROP	(-1)	/* -NF_DROP - 1 */

/* Return: where the next entry is, 0 if there is none. */
static uint32_t entry_at(const struct family *family, const char *entries, uint32_t size,
			 uint32_t at, struct target *target)
{
	uint16_t offsets[2];

	if (at > size || size - at < family->offsets_at + sizeof(offsets))
		return 0;
	memcpy(offsets, entries + at + family->offsets_at, sizeof(offsets));
	if (offsets[1] < family->offsets_at || offsets[0] > size - at ||
	    size - at - offsets[0] < sizeof(*target))
		return 0;
	memcpy(target, entries + at + offsets[0], sizeof(*target));
	target->name[sizeof(target->name) - 1] = '\0';
	return at + offsets[1];
}

static void count(struct counts *counts, const struct target *target)
{
	counts->rules++;
	counts->drops += (!*target->name && target->verdict == VERDICT_DROP) ||
			 !strcmp(target->name, "REJECT");
	counts->queues += !strcmp(target->name, "NFQUEUE");
}

/* Chains that others jump to are behind those of the hooks: counted with each. */
static struct counts count_rules(const struct family *family, const struct table_info *info,
				 const char *entries, unsigned int hook)
{
	struct counts counts = { 0, 0, 0 };
	uint32_t at = 0, next, last = 0;
	struct target target;
	unsigned int i;

	for (i = 0; i < HOOKS; i++)
		if (info->valid_hooks & 1u << i && info->underflow[i] > last)
			last = info->underflow[i];
	for (; (next = entry_at(family, entries, info->size, at, &target)); at = next) {
		if (at > last && strcmp(target.name, "ERROR"))
			count(&counts, &target);
		else if (at >= info->hook_entry[hook] && at < info->underflow[hook])
			count(&counts, &target);
	}
	return counts;
}

static void put_table(FILE *out, const struct family *family, const struct table_info *info,
		      const char *entries)
{
	static const char * const chains[HOOKS] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"
	};
	unsigned int hook;

	for (hook = 0; hook < HOOKS; hook++) {
		struct counts counts;
		struct target policy;

		if (!(info->valid_hooks & 1u << hook) ||
		    !entry_at(family, entries, info->size, info->underflow[hook], &policy))
			continue;
		counts = count_rules(family, info, entries, hook);
		fprintf(out, "hook %u number=%u kind=iptables table=%s chain=%s dev=- policy=%s "
			"rules=%u drops=%u mangles=0 queues=%u\n", family->number, hook,
			info->name, chains[hook], policy.verdict == VERDICT_DROP ? "drop" :
			"accept", counts.rules, counts.drops, counts.queues);
	}
}

static void ask_table(FILE *out, const struct family *family, int fd, const char *name)
{
	struct table_entries *entries;
	struct table_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	snprintf(info.name, sizeof(info.name), "%s", name);
	if (getsockopt(fd, family->level, GET_INFO, &info, &len) || info.size > TABLE_MAX)
		return;
	len = sizeof(*entries) + info.size;
	entries = calloc(1, len);
	if (!entries)
		return;
	snprintf(entries->name, sizeof(entries->name), "%s", name);
	entries->size = info.size;
	info.name[NAME_LEN - 1] = '\0';
	if (!getsockopt(fd, family->level, GET_ENTRIES, entries, &len))
		put_table(out, family, &info, (const char *)entries->entries);
	free(entries);
}

/**
 * facts_of_iptables() - the chains of this namespace's tables
 * @out: where to
 */
void facts_of_iptables(FILE *out)
{
	unsigned int i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		FILE *names = fopen(families[i].names, "re");
		char name[NAME_LEN];
		int fd;

		if (!names)
			continue;
		fd = socket(families[i].domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
		while (fd >= 0 && fscanf(names, "%31s", name) == 1)
			ask_table(out, &families[i], fd, name);
		if (fd >= 0)
			close(fd);
		fclose(names);
	}
}
