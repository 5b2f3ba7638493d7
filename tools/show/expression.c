// SPDX-License-Identifier: GPL-2.0
/*
 * Expressions as of tcpdump, and the hops that match them.
 *
 * A record has no headers.  The program runs over some that are made of what
 * the record knows, see header.c: who asks for anything else matches nothing.
 */
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <skbtrace/cbpf.h>

#include "expression.h"
#include "header.h"
#include "libpcap.h"

/* As many as the kernel takes, and libpcap makes. */
#define INSNS_MAX	4096

/* ",65535,255,255,4294967295" */
#define INSN_TEXT_LEN	25

/* No expression consists of numbers alone. */
static bool is_program(const char *text)
{
	return !text[strspn(text, "0123456789 \t\r\n,;")];
}

static int read_program(struct expression *expression, const char *text, struct error *error)
{
	struct cbpf_error wrong = { CBPF_NO_INSN, "has no instructions" };
	int nr;

	expression->insns = malloc(INSNS_MAX * sizeof(*expression->insns));
	if (!expression->insns)
		return error_set(error, "out of memory");
	nr = cbpf_parse(expression->insns, INSNS_MAX, text, &wrong);
	if (nr > 0) {
		expression->nr = nr;
		return 0;
	}
	if (wrong.insn == CBPF_NO_INSN)
		return error_set(error, "the program %s", wrong.what);
	return error_set(error, "the program's instruction %" PRIu32 " %s", wrong.insn, wrong.what);
}

/**
 * expression_compile() - make an expression ready for use
 * @expression: set to it; to be freed with expression_free(), also if this fails
 * @text: as of pcap-filter(7), or a program as "tcpdump -y RAW -ddd" prints it
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int expression_compile(struct expression *expression, const char *text, struct error *error)
{
	struct cbpf_error wrong = { 0, "is missing" };
	int ret;

	memset(expression, 0, sizeof(*expression));
	if (is_program(text))
		ret = read_program(expression, text, error);
	else
		ret = libpcap_compile(text, &expression->insns, &expression->nr, error);
	if (ret)
		return -1;
	ret = expression->nr ? cbpf_check(expression->insns, expression->nr, &wrong) : -1;
	if (ret < 0)
		return error_set(error, "\"%s\": instruction %" PRIu32 " of the program %s", text,
				 wrong.insn, wrong.what);
	expression->uses_memory = ret;
	return 0;
}

/**
 * expression_program() - the program of an expression as text
 * @expression: the expression
 * @error: set if it fails
 *
 * Return: the text as the module's parameter filter= takes it, to be freed; or
 * NULL.  It has no blanks, at which insmod would take it apart.
 */
char *expression_program(const struct expression *expression, struct error *error)
{
	size_t size = (expression->nr + 1) * INSN_TEXT_LEN + 1, len;
	char *text = malloc(size);
	unsigned int i;

	if (!text) {
		error_set(error, "out of memory");
		return NULL;
	}
	len = snprintf(text, size, "%u", expression->nr);
	for (i = 0; i < expression->nr; i++) {
		const struct sock_filter *insn = &expression->insns[i];

		len += snprintf(text + len, size - len, ",%u,%u,%u,%" PRIu32, insn->code, insn->jt,
				insn->jf, insn->k);
	}
	return text;
}

static bool matches(const struct expression *expression, const struct skbtrace_record *record)
{
	uint8_t header[CBPF_HEADER_MAX];
	uint32_t len, wire_len;

	if (!(record->flags & SKBTRACE_F_FLOW))
		return false;
	len = header_of(record, header, &wire_len);
	return cbpf_run(expression->insns, expression->uses_memory, header, len, wire_len);
}

/* The IP header around a tunnel, as far as a record tells: no ports. */
static struct skbtrace_record outside_of(const struct skbtrace_record *record)
{
	struct skbtrace_record outer = *record;

	outer.flags = record->flags & SKBTRACE_F_OUTER ? SKBTRACE_F_FLOW : 0;
	outer.payload = SKBTRACE_PAYLOAD_NETWORK;
	outer.protocol = record->outer_protocol;
	outer.ip_id = 0;
	memcpy(outer.saddr, record->outer_saddr, sizeof(outer.saddr));
	memcpy(outer.daddr, record->outer_daddr, sizeof(outer.daddr));
	switch (record->tunnel) {
	case SKBTRACE_TUNNEL_VXLAN:
	case SKBTRACE_TUNNEL_VXLAN_GPE:
	case SKBTRACE_TUNNEL_GENEVE:
	case SKBTRACE_TUNNEL_GTP:
		outer.l4proto = IPPROTO_UDP;
		break;
	case SKBTRACE_TUNNEL_GRE:
	case SKBTRACE_TUNNEL_PPTP:
		outer.l4proto = IPPROTO_GRE;
		break;
	case SKBTRACE_TUNNEL_ESP:
		outer.l4proto = IPPROTO_ESP;
		break;
	default:
		outer.l4proto = record->protocol == ETH_P_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	}
	return outer;
}

/**
 * expression_matches() - does a hop match an expression
 * @expression: the expression
 * @record: the hop; its innermost IP header is asked, and the one around its tunnel
 *
 * Return: false also if the record does not say what packet it is of, as those
 * of returns and frees.
 */
bool expression_matches(const struct expression *expression, const struct skbtrace_record *record)
{
	struct skbtrace_record outer;

	if (matches(expression, record))
		return true;
	if (record->payload == SKBTRACE_PAYLOAD_NONE || !(record->flags & SKBTRACE_F_OUTER))
		return false;
	outer = outside_of(record);
	return matches(expression, &outer);
}

/**
 * expression_free() - free what an expression consists of
 * @expression: the expression
 */
void expression_free(struct expression *expression)
{
	free(expression->insns);
	memset(expression, 0, sizeof(*expression));
}
