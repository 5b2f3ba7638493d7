// SPDX-License-Identifier: GPL-2.0
/* A record as a line for people: what "cat /sys/kernel/debug/skbtrace" shows. */
#include <linux/bitops.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/time.h>
#include <skbtrace/record.h>

#include "compat.h"
#include "probes.h"
#include <skbtrace/message.h>

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

/*
 * A line is put together in the buffer of the seq_file.  Most of it is numbers, and
 * seq_printf() takes some 300 instructions for each.  Where the line has no room all
 * of it is shown again, in a buffer that has.
 */
struct line {
	char *text;
	size_t room;
	size_t len;
	bool is_cut;
};

static bool has_room(struct line *line, size_t len)
{
	if (len <= line->room - line->len)
		return true;
	line->is_cut = true;
	return false;
}

static void put_char(struct line *line, char c)
{
	if (has_room(line, 1))
		line->text[line->len++] = c;
}

/* Inline: the length of most is known, and to copy them is an instruction or two. */
static __always_inline void put_text(struct line *line, const char *text)
{
	size_t len = strlen(text);

	if (!has_room(line, len))
		return;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

/* So that what was put since @start is @width wide. */
static void pad(struct line *line, size_t start, size_t width)
{
	size_t len = line->len - start;

	if (len >= width || !has_room(line, width - len))
		return;
	memset(line->text + line->len, ' ', width - len);
	line->len += width - len;
}

/* Two digits a division. */
static const char pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

/* In decimal, at least @width wide, with @fill in front. */
static void put_filled(struct line *line, u32 number, int width, char fill)
{
	u32 limit = 10;
	int nr = 1;
	char *to;

	for (; nr < 10 && number >= limit; limit *= 10)
		nr++;
	if (width < nr)
		width = nr;
	if (!has_room(line, width))
		return;
	to = line->text + line->len;
	line->len += width;
	for (; width > nr; width--)
		*to++ = fill;
	for (; nr > 1; number /= 100, nr -= 2)
		memcpy(to + nr - 2, pairs + 2 * (number % 100), 2);
	if (nr)
		*to = '0' + number;
}

/* The same, with blanks; it calls itself twice at most. */
static void put_decimal(struct line *line, u64 number, int width)
{
	u32 rest;

	if (number >> 32) {
		put_decimal(line, div_u64_rem(number, 1000000000, &rest), width - 9);
		put_filled(line, rest, 9, '0');
	} else {
		put_filled(line, number, width, ' ');
	}
}

static __always_inline void put_number(struct line *line, const char *before, u64 number)
{
	put_text(line, before);
	put_decimal(line, number, 0);
}

static __always_inline void put_signed(struct line *line, const char *before, s64 number)
{
	put_text(line, before);
	if (number < 0)
		put_char(line, '-');
	put_decimal(line, number < 0 ? 0 - (u64)number : number, 0);
}

/* In hexadecimal, at least @width wide, with zeroes in front. */
static void put_digits(struct line *line, u64 number, int width)
{
	int shift = max(number ? (fls64(number) - 1) & ~3 : 0, 4 * (width - 1));
	char *to = line->text + line->len;

	if (!has_room(line, 16))
		return;
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[number >> shift & 0xf];
	line->len = to - line->text;
}

static __always_inline void put_hex(struct line *line, const char *before, u64 number, int width)
{
	put_text(line, before);
	put_digits(line, number, width);
}

static void put_address(struct line *line, u16 protocol, const u8 *address)
{
	char text[40];
	int i;

	if (protocol == ETH_P_IPV6) {
		snprintf(text, sizeof(text), "%pI6c", address);
		put_text(line, text);
	} else {
		for (i = 0; i < 4; i++) {
			if (i)
				put_char(line, '.');
			put_filled(line, address[i], 0, ' ');
		}
	}
}

/* Who sends or gets it. */
static void put_end(struct line *line, const struct skbtrace_record *record,
		    const u8 *address, __be16 port)
{
	bool ports = record->flags & SKBTRACE_F_PORTS;
	/* It ends where its bracket does, not at a colon. */
	bool is_bracketed = ports && record->protocol == ETH_P_IPV6;

	if (is_bracketed)
		put_char(line, '[');
	put_address(line, record->protocol, address);
	if (is_bracketed)
		put_char(line, ']');
	if (ports)
		put_number(line, ":", ntohs(port));
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

static void show_flow(struct line *line, const struct skbtrace_record *record)
{
	const char *name = l4proto_name(record->l4proto);

	if (!(record->flags & SKBTRACE_F_FLOW)) {
		if (record->protocol == ETH_P_ARP)
			put_text(line, " arp");
		else if (record->payload != SKBTRACE_PAYLOAD_NONE)
			put_hex(line, " protocol=0x", record->protocol, 4);
		return;
	}
	put_char(line, ' ');
	if (name)
		put_text(line, name);
	else
		put_number(line, "proto-", record->l4proto);
	put_char(line, ' ');
	put_end(line, record, record->saddr, record->sport);
	put_char(line, '>');
	put_end(line, record, record->daddr, record->dport);
	if (record->l4proto == IPPROTO_TCP && record->flags & SKBTRACE_F_PORTS)
		put_number(line, " seq=", record->tcp_seq);
	if (record->flags & SKBTRACE_F_FRAGMENT)
		put_number(line, " frag_off=", record->frag_off);
	if (record->flags & SKBTRACE_F_ICMP_ERROR)
		put_text(line, " icmp_error");
}

static const struct {
	const char *name;
	bool has_id;
} tunnels[] = {
	[SKBTRACE_TUNNEL_IPIP] = { "ipip", false },
	[SKBTRACE_TUNNEL_GRE] = { "gre", true },
	[SKBTRACE_TUNNEL_PPTP] = { "pptp", true },
	[SKBTRACE_TUNNEL_VXLAN] = { "vxlan", true },
	[SKBTRACE_TUNNEL_VXLAN_GPE] = { "vxlan-gpe", true },
	[SKBTRACE_TUNNEL_GENEVE] = { "geneve", true },
	[SKBTRACE_TUNNEL_GTP] = { "gtp", true },
	[SKBTRACE_TUNNEL_MPLS] = { "mpls", true },
	[SKBTRACE_TUNNEL_PPPOE] = { "pppoe", true },
	[SKBTRACE_TUNNEL_ESP] = { "esp", true },
	[SKBTRACE_TUNNEL_MACSEC] = { "macsec", false },
};

/* What the payload is in. */
static void show_tunnel(struct line *line, const struct skbtrace_record *record)
{
	if (record->payload == SKBTRACE_PAYLOAD_NONE ||
	    record->tunnel == SKBTRACE_TUNNEL_NONE ||
	    record->tunnel >= ARRAY_SIZE(tunnels))
		return;
	put_text(line, " tunnel=");
	put_text(line, tunnels[record->tunnel].name);
	if (tunnels[record->tunnel].has_id)
		put_number(line, "/", record->tunnel_id);
	if (record->depth > 1)
		put_number(line, " depth=", record->depth);
	if (record->flags & SKBTRACE_F_DEEP)
		put_text(line, " deep");
	if (record->flags & SKBTRACE_F_OUTER) {
		put_text(line, " outer=");
		put_address(line, record->outer_protocol, record->outer_saddr);
		put_char(line, '>');
		put_address(line, record->outer_protocol, record->outer_daddr);
	}
}

static const char * const csum_names[] = {
	[SKBTRACE_CSUM_UNCHECKED] = "unchecked",
	[SKBTRACE_CSUM_OK] = "ok",
	[SKBTRACE_CSUM_BAD] = "bad",
	[SKBTRACE_CSUM_PARTIAL] = "partial",
	[SKBTRACE_CSUM_NONE] = "none",
};

static void show_payload(struct line *line,
			 const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_MALFORMED) {
		put_text(line, " malformed");
		return;
	}
	if (record->payload == SKBTRACE_PAYLOAD_NONE)
		return;
	put_number(line, " payload=", record->payload_len);
	if (record->flags & SKBTRACE_F_DIGEST)
		put_hex(line, " crc32c=", record->crc32c, 8);
	if (record->flags & SKBTRACE_F_DIGEST_MAX)
		put_number(line, " digest_len=", record->digest_len);
	if (record->csum != SKBTRACE_CSUM_UNCHECKED &&
	    record->csum < ARRAY_SIZE(csum_names)) {
		put_text(line, " csum=");
		put_text(line, csum_names[record->csum]);
	}
	if (record->flags & SKBTRACE_F_UNREADABLE)
		put_text(line, " unreadable");
	if (record->flags & SKBTRACE_F_TRUNCATED)
		put_text(line, " truncated");
	if (record->payload == SKBTRACE_PAYLOAD_OPAQUE)
		put_text(line, " opaque");
}

static void show_return(struct line *line, const struct point *point,
			const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_RET) {
		if (point && point->role == ROLE_CLONE)
			put_hex(line, " copy=", record->ret, 1);
		else
			put_signed(line, " ret=", record->ret);
	}
	if (point && point->kind == POINT_RETURN) {
		put_number(line, " took=", record->duration_ns);
		put_text(line, "ns");
	}
	if (record->flags & SKBTRACE_F_REASON) {
		const char *name = reason_name(record->ret);

		if (name) {
			put_text(line, " reason=");
			put_text(line, name);
		} else {
			put_signed(line, " reason=", record->ret);
		}
	}
}

/* What the life of the skb has to do with others. */
static void show_life(struct line *line, const struct skbtrace_record *record)
{
	char caller[80];

	if (record->flags & SKBTRACE_F_CHILD)
		put_number(line, " child=", record->child);
	if (record->flags & SKBTRACE_F_CALLER) {
		/* Where the call is: what follows it may be another function. */
		snprintf(caller, sizeof(caller), "%ps",
			 (void *)(unsigned long)(record->caller - 1));
		put_text(line, " caller=");
		put_text(line, caller);
	}
	if (record->flags & SKBTRACE_F_DOUBTFUL)
		put_text(line, " doubtful");
}

/* A task may call itself anything, a newline included. */
static void put_name(struct line *line, const char *name)
{
	char *to = line->text + line->len;
	int i;

	if (!has_room(line, SKBTRACE_NAME_LEN))
		return;
	for (i = 0; i < SKBTRACE_NAME_LEN && name[i]; i++)
		*to++ = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
	line->len = to - line->text;
}

/* When, where, who: what all lines begin with, in columns. */
static void show_head(struct line *line, const struct point *point,
		      const struct skbtrace_record *record)
{
	size_t start;
	u64 seconds;
	u32 rest;

	seconds = div_u64_rem(record->ts_ns, NSEC_PER_SEC, &rest);
	put_decimal(line, seconds, 6);
	put_char(line, '.');
	put_filled(line, rest, 9, '0');
	put_char(line, ' ');
	put_filled(line, record->cpu, 3, ' ');
	put_char(line, ' ');
	start = line->len;
	put_text(line, record->context < ARRAY_SIZE(context_names) ?
		 context_names[record->context] : "?");
	pad(line, start, 7);
	put_char(line, ' ');
	put_filled(line, record->pid, 6, ' ');
	put_char(line, ' ');
	start = line->len;
	put_name(line, record->comm);
	pad(line, start, SKBTRACE_NAME_LEN);
	put_char(line, ' ');
	start = line->len;
	put_text(line, point ? point->symbol : "?");
	if (point && point->kind == POINT_RETURN)
		put_text(line, ":return");
	pad(line, start, 26);
	put_hex(line, " ", record->skb, 1);
}

/**
 * text_show_record() - print a record as one line
 * @m: where to
 * @record: the record
 */
void text_show_record(struct seq_file *m, const struct skbtrace_record *record)
{
	const struct point *point = point_by_id(record->point);
	struct line line = { .text = NULL };

	if (record->flags & SKBTRACE_F_MESSAGE) {
		text_show_message(m, (const struct skbtrace_message *)record);
		return;
	}
	line.room = seq_get_buf(m, &line.text);
	show_head(&line, point, record);
	put_number(&line, " life=", record->life);
	if (record->dev[0]) {
		put_text(&line, " dev=");
		put_name(&line, record->dev);
	}
	if (record->peer[0]) {
		put_text(&line, " to=");
		put_name(&line, record->peer);
	}
	if (record->flags & SKBTRACE_F_NETNS)
		put_number(&line, " netns=", record->netns);
	if (!point || point->kind != POINT_RETURN)
		put_number(&line, " len=", record->len);
	show_flow(&line, record);
	show_tunnel(&line, record);
	show_payload(&line, record);
	show_return(&line, point, record);
	show_life(&line, record);
	if (record->stack_id)
		put_number(&line, " stack=", record->stack_id);
	put_char(&line, '\n');
	seq_commit(m, line.is_cut ? -1 : (int)line.len);
}
