// SPDX-License-Identifier: GPL-2.0
/* A record as a line for people: what "cat /sys/kernel/debug/skbtrace" shows. */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/time.h>
#include <skbtrace/record.h>

#include "compat.h"
#include "probes.h"
#include "text.h"

static const char * const context_names[] = {
	[SKBTRACE_TASK] = "task",
	[SKBTRACE_SOFTIRQ] = "softirq",
	[SKBTRACE_HARDIRQ] = "hardirq",
	[SKBTRACE_NMI] = "nmi",
};

static const char * const reason_names[] = {
#ifdef DEFINE_DROP_REASON
#define REASON_NAME(name)	[SKB_DROP_REASON_ ## name] = #name,
	DEFINE_DROP_REASON(REASON_NAME, REASON_NAME)
#undef REASON_NAME
#endif
	NULL		/* not an empty array where no name is known */
};

/* The drop reason's name, or NULL where this kernel has not named it. */
static const char *reason_name(u32 reason)
{
	return reason < ARRAY_SIZE(reason_names) ? reason_names[reason] : NULL;
}

/**
 * text_show_reasons() - print the drop reasons of this kernel, a line each
 * @m: where to
 */
void text_show_reasons(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "# reason name\n");
	for (i = 0; i < ARRAY_SIZE(reason_names); i++)
		if (reason_names[i])
			seq_printf(m, "%u %s\n", i, reason_names[i]);
}

/**
 * text_show_header() - print what the columns are
 * @m: where to
 */
void text_show_header(struct seq_file *m)
{
	seq_puts(m, "#     TIME        CPU CONTEXT    PID COMM            POINT                      SKB\n");
}

static const char *l4proto_name(u8 l4proto)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	}
	return NULL;
}

static void show_flow(struct seq_file *m, const struct skbtrace_record *record)
{
	const char *name = l4proto_name(record->l4proto);
	bool ports = record->flags & SKBTRACE_F_PORTS;

	if (!(record->flags & SKBTRACE_F_FLOW)) {
		if (record->protocol == ETH_P_ARP)
			seq_puts(m, " arp");
		else if (record->payload != SKBTRACE_PAYLOAD_NONE)
			seq_printf(m, " protocol=0x%04x", record->protocol);
		return;
	}
	if (name)
		seq_printf(m, " %s ", name);
	else
		seq_printf(m, " proto-%u ", record->l4proto);
	if (record->protocol == ETH_P_IPV6) {
		seq_printf(m, ports ? "[%pI6c]" : "%pI6c", record->saddr);
		if (ports)
			seq_printf(m, ":%u", ntohs(record->sport));
		seq_printf(m, ports ? ">[%pI6c]" : ">%pI6c", record->daddr);
		if (ports)
			seq_printf(m, ":%u", ntohs(record->dport));
	} else {
		seq_printf(m, "%pI4", record->saddr);
		if (ports)
			seq_printf(m, ":%u", ntohs(record->sport));
		seq_printf(m, ">%pI4", record->daddr);
		if (ports)
			seq_printf(m, ":%u", ntohs(record->dport));
	}
	if (record->l4proto == IPPROTO_TCP && ports)
		seq_printf(m, " seq=%u", record->tcp_seq);
	if (record->flags & SKBTRACE_F_FRAGMENT)
		seq_printf(m, " frag_off=%u", record->frag_off);
}

static const char * const csum_names[] = {
	[SKBTRACE_CSUM_UNCHECKED] = "unchecked",
	[SKBTRACE_CSUM_OK] = "ok",
	[SKBTRACE_CSUM_BAD] = "bad",
	[SKBTRACE_CSUM_PARTIAL] = "partial",
	[SKBTRACE_CSUM_NONE] = "none",
};

static void show_payload(struct seq_file *m,
			 const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_MALFORMED) {
		seq_puts(m, " malformed");
		return;
	}
	if (record->payload == SKBTRACE_PAYLOAD_NONE)
		return;
	seq_printf(m, " payload=%u", record->payload_len);
	if (record->flags & SKBTRACE_F_DIGEST)
		seq_printf(m, " crc32c=%08x", record->crc32c);
	if (record->flags & SKBTRACE_F_DIGEST_MAX)
		seq_printf(m, " digest_len=%u", record->digest_len);
	if (record->csum != SKBTRACE_CSUM_UNCHECKED &&
	    record->csum < ARRAY_SIZE(csum_names))
		seq_printf(m, " csum=%s", csum_names[record->csum]);
	if (record->flags & SKBTRACE_F_UNREADABLE)
		seq_puts(m, " unreadable");
	if (record->flags & SKBTRACE_F_TRUNCATED)
		seq_puts(m, " truncated");
}

static void show_return(struct seq_file *m, const struct point *point,
			const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_RET) {
		if (point && point->role == ROLE_CLONE)
			seq_printf(m, " copy=%llx", (u64)record->ret);
		else
			seq_printf(m, " ret=%lld", record->ret);
		seq_printf(m, " took=%uns", record->duration_ns);
	}
	if (record->flags & SKBTRACE_F_REASON) {
		const char *name = reason_name(record->ret);

		if (name)
			seq_printf(m, " reason=%s", name);
		else
			seq_printf(m, " reason=%lld", record->ret);
	}
}

/* A task may call itself anything, a newline included. */
static void show_name(struct seq_file *m, const char *name, int width)
{
	char printable[SKBTRACE_NAME_LEN + 1];
	int i;

	for (i = 0; i < SKBTRACE_NAME_LEN && name[i]; i++)
		printable[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
	printable[i] = '\0';
	seq_printf(m, "%-*s", width, printable);
}

/**
 * text_show_record() - print a record as one line
 * @m: where to
 * @record: the record
 */
void text_show_record(struct seq_file *m, const struct skbtrace_record *record)
{
	const struct point *point = point_by_id(record->point);
	bool is_return = point && point->kind == POINT_RETURN;
	char name[40];
	u64 seconds;
	u32 rest;

	seconds = div_u64_rem(record->ts_ns, NSEC_PER_SEC, &rest);
	seq_printf(m, "%6llu.%09u %3u %-7s %6u ", seconds, rest, record->cpu,
		   record->context < ARRAY_SIZE(context_names) ?
		   context_names[record->context] : "?", record->pid);
	show_name(m, record->comm, SKBTRACE_NAME_LEN);
	snprintf(name, sizeof(name), "%s%s", point ? point->symbol : "?",
		 is_return ? ":return" : "");
	seq_printf(m, " %-26s %llx", name, record->skb);
	if (record->dev[0]) {
		seq_puts(m, " dev=");
		show_name(m, record->dev, 0);
	}
	if (record->peer[0]) {
		seq_puts(m, " to=");
		show_name(m, record->peer, 0);
	}
	if (record->flags & SKBTRACE_F_NETNS)
		seq_printf(m, " netns=%u", record->netns);
	if (!is_return)
		seq_printf(m, " len=%u", record->len);
	show_flow(m, record);
	show_payload(m, record);
	show_return(m, point, record);
	if (record->stack_id)
		seq_printf(m, " stack=%u", record->stack_id);
	seq_putc(m, '\n');
}
