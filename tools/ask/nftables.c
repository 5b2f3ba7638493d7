// SPDX-License-Identifier: GPL-2.0
/* The chains of nftables at netfilter's hooks, and what kinds of rules they have. */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "netlink.h"

/* Of include/uapi/linux/netfilter/nf_tables.h, 3.13. */
#define SUBSYSTEM		10	/* NFNL_SUBSYS_NFTABLES */
#define GET_CHAIN		4	/* NFT_MSG_* */
#define NEW_CHAIN		3
#define GET_RULE		7
#define NEW_RULE		6
#define CHAIN_TABLE		1	/* NFTA_CHAIN_* */
#define CHAIN_NAME		3
#define CHAIN_HOOK		4
#define CHAIN_POLICY		5
#define HOOK_NUMBER		1	/* NFTA_HOOK_* */
#define HOOK_DEVICE		3
#define RULE_TABLE		1	/* NFTA_RULE_* */
#define RULE_CHAIN		2
#define RULE_EXPRESSIONS	4
#define EXPRESSION_NAME		1	/* NFTA_EXPR_* */
#define EXPRESSION_DATA		2
#define IMMEDIATE_DATA		2	/* NFTA_IMMEDIATE_DATA */
#define DATA_VERDICT		2	/* NFTA_DATA_VERDICT */
#define VERDICT_CODE		1	/* NFTA_VERDICT_CODE */
#define PAYLOAD_FROM		5	/* NFTA_PAYLOAD_SREG: it writes */

#define CHAINS_MAX		512u

/**
 * struct chain - a chain, and its rules
 * @is_base: it is at a hook; else others jump to it
 * @family: NFPROTO_*
 * @hook: number of the hook
 * @drops_by_policy: what no rule decides is dropped
 * @rules: how many
 * @drops: of these drop or reject
 * @mangles: of these write into packets
 * @queues: of these pass them to a program
 */
struct chain {
	char table[64];
	char name[64];
	char dev[16];
	bool is_base;
	unsigned int family;
	unsigned int hook;
	bool drops_by_policy;
	unsigned int rules;
	unsigned int drops;
	unsigned int mangles;
	unsigned int queues;
};

struct chains {
	struct chain *chains;
	unsigned int nr;
};

static const struct nfgenmsg *header_of(const struct nlmsghdr *message, uint16_t type)
{
	if (message->nlmsg_type != (SUBSYSTEM << 8 | type) ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return NULL;
	return NLMSG_DATA(message);
}

static void take_chain(void *context, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = header_of(message, NEW_CHAIN);
	struct attributes attributes, hook;
	struct chains *chains = context;
	struct chain *chain;

	if (!header || chains->nr == CHAINS_MAX)
		return;
	attributes_of_message(&attributes, message, sizeof(*header));
	attributes_nested(&hook, attributes.at[CHAIN_HOOK]);
	chain = &chains->chains[chains->nr++];
	memset(chain, 0, sizeof(*chain));
	snprintf(chain->table, sizeof(chain->table), "%s",
		 attribute_text(attributes.at[CHAIN_TABLE]));
	snprintf(chain->name, sizeof(chain->name), "%s",
		 attribute_text(attributes.at[CHAIN_NAME]));
	snprintf(chain->dev, sizeof(chain->dev), "%s", attribute_text(hook.at[HOOK_DEVICE]));
	chain->is_base = attributes.at[CHAIN_HOOK];
	chain->family = header->nfgen_family;
	chain->hook = attribute_be32(hook.at[HOOK_NUMBER], 0);
	chain->drops_by_policy = attribute_be32(attributes.at[CHAIN_POLICY], 1) == 0;
}

static struct chain *find_chain(struct chains *chains, unsigned int family, const char *table,
				const char *name)
{
	unsigned int i;

	for (i = 0; i < chains->nr; i++)
		if (chains->chains[i].family == family && !strcmp(chains->chains[i].table, table) &&
		    !strcmp(chains->chains[i].name, name))
			return &chains->chains[i];
	return NULL;
}

static void count_verdict(struct chain *chain, const struct nlattr *expression)
{
	struct attributes immediate, data, verdict;
	uint32_t code;

	attributes_nested(&immediate, expression);
	attributes_nested(&data, immediate.at[IMMEDIATE_DATA]);
	attributes_nested(&verdict, data.at[DATA_VERDICT]);
	if (!verdict.at[VERDICT_CODE])
		return;
	code = attribute_be32(verdict.at[VERDICT_CODE], 1);
	chain->drops += code == 0;
	chain->queues += (code & 0xff) == 3;
}

/* Only what drops, writes or queues; iptables-nft has iptables' own targets as "target". */
static void count_expression(struct chain *chain, const struct nlattr *nest)
{
	struct attributes expression, data;
	const char *name;

	attributes_nested(&expression, nest);
	name = attribute_text(expression.at[EXPRESSION_NAME]);
	attributes_nested(&data, expression.at[EXPRESSION_DATA]);
	if (!strcmp(name, "immediate")) {
		count_verdict(chain, expression.at[EXPRESSION_DATA]);
	} else if (!strcmp(name, "reject")) {
		chain->drops++;
	} else if (!strcmp(name, "queue")) {
		chain->queues++;
	} else if (!strcmp(name, "payload")) {
		chain->mangles += !!data.at[PAYLOAD_FROM];
	} else if (!strcmp(name, "target")) {
		const char *target = attribute_text(data.at[1]);	/* NFTA_TARGET_NAME */

		chain->drops += !strcmp(target, "REJECT") || !strcmp(target, "DROP");
		chain->queues += !strcmp(target, "NFQUEUE");
	}
}

static void take_rule(void *context, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = header_of(message, NEW_RULE);
	const struct nlattr *expression;
	struct attributes rule;
	struct chain *chain;
	size_t left;

	if (!header)
		return;
	attributes_of_message(&rule, message, sizeof(*header));
	chain = find_chain(context, header->nfgen_family, attribute_text(rule.at[RULE_TABLE]),
			   attribute_text(rule.at[RULE_CHAIN]));
	if (!chain)
		return;
	chain->rules++;
	for (expression = attribute_first(rule.at[RULE_EXPRESSIONS], &left); expression;
	     expression = attribute_next(expression, &left))
		count_expression(chain, expression);
}

/*
 * Those that others jump to are counted with each chain at a hook of their table: by
 * which way packets come to them is not found out.
 */
static void put_chain(FILE *out, const struct chains *chains, const struct chain *base)
{
	struct chain sum = *base;
	char table[128], name[128], dev[128];
	unsigned int i;

	for (i = 0; i < chains->nr; i++) {
		const struct chain *chain = &chains->chains[i];

		if (chain->is_base || chain->family != base->family ||
		    strcmp(chain->table, base->table))
			continue;
		sum.drops += chain->drops;
		sum.mangles += chain->mangles;
		sum.queues += chain->queues;
	}
	fprintf(out, "hook %u number=%u kind=nft table=%s chain=%s dev=%s policy=%s rules=%u "
		"drops=%u mangles=%u queues=%u\n", sum.family, sum.hook,
		fact_word(sum.table, table), fact_word(sum.name, name), fact_word(sum.dev, dev),
		sum.drops_by_policy ? "drop" : "accept", sum.rules, sum.drops, sum.mangles,
		sum.queues);
}

/**
 * facts_of_nftables() - the chains at hooks in this namespace
 * @out: where to
 */
void facts_of_nftables(FILE *out)
{
	const struct nfgenmsg all = { .nfgen_family = AF_UNSPEC };
	struct chains chains = { NULL, 0 };
	unsigned int i;

	/* To ask for it would load it. Where nothing is a module nothing is loaded. */
	if (access("/sys/module/nf_tables", F_OK) && !access("/proc/modules", F_OK))
		return;
	chains.chains = malloc(CHAINS_MAX * sizeof(*chains.chains));
	if (!chains.chains)
		return;
	netlink_dump(NETLINK_NETFILTER, SUBSYSTEM << 8 | GET_CHAIN, &all, sizeof(all), take_chain,
		     &chains);
	if (chains.nr)
		netlink_dump(NETLINK_NETFILTER, SUBSYSTEM << 8 | GET_RULE, &all, sizeof(all),
			     take_rule, &chains);
	for (i = 0; i < chains.nr; i++)
		if (chains.chains[i].is_base)
			put_chain(out, &chains, &chains.chains[i]);
	free(chains.chains);
}
