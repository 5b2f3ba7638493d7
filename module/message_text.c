// SPDX-License-Identifier: GPL-2.0
/* A message record as one line of text, for /sys/kernel/debug/skbtrace. */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/time.h>
#include <skbtrace/message.h>

#include "text.h"

static const char * const kind_names[SKBTRACE_NR_MESSAGE_KINDS] = {
	[SKBTRACE_MESSAGE_SEND] = "send",
	[SKBTRACE_MESSAGE_COPY] = "copy to reader",
	[SKBTRACE_MESSAGE_RECV] = "recv",
};

/**
 * text_show_message() - print a message record
 * @m: where to
 * @message: the record
 */
void text_show_message(struct seq_file *m, const struct skbtrace_message *message)
{
	const char *proto = message->l4proto == IPPROTO_UDP ? "udp" : "tcp";
	u32 rest;
	u64 seconds = div_u64_rem(message->ts_ns, NSEC_PER_SEC, &rest);

	seq_printf(m, "%6llu.%09u %3u task    %6u %-16.16s %-26s sk=%llx netns=%u",
		   seconds, rest, message->cpu, message->pid, message->comm,
		   message->kind < SKBTRACE_NR_MESSAGE_KINDS ?
		   kind_names[message->kind] : "?", message->sk, message->netns);
	if (message->protocol == ETH_P_IPV6)
		seq_printf(m, " %s [%pI6c]:%u > [%pI6c]:%u", proto, message->saddr,
			   ntohs(message->sport), message->daddr, ntohs(message->dport));
	else
		seq_printf(m, " %s %pI4:%u > %pI4:%u", proto, message->saddr,
			   ntohs(message->sport), message->daddr, ntohs(message->dport));
	seq_printf(m, " call=%llu seq=%u bytes=%u of=%u", message->call, message->seq,
		   message->len, message->size);
	if (message->life)
		seq_printf(m, " life=%llu", message->life);
	if (message->state & SKBTRACE_M_END)
		seq_printf(m, " ret=%d", message->ret);
	if (message->state & SKBTRACE_M_COPIED)
		seq_puts(m, " copied");
	if (message->late)
		seq_puts(m, " late");
	if (message->differs)
		seq_puts(m, " DIFFERS");
	if (message->state & SKBTRACE_M_UNREADABLE)
		seq_puts(m, " unreadable");
	if (message->state & SKBTRACE_M_UNPLACED)
		seq_puts(m, " unplaced");
	if (message->stack_id)
		seq_printf(m, " stack=%u", message->stack_id);
	seq_putc(m, '\n');
}
