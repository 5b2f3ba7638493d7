/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From an skb at a point to a record, the only one there is of it: what is found
 * goes where it stays.  Inline, since each hop comes here.
 */
#ifndef SKBTRACE_HOP_H
#define SKBTRACE_HOP_H

#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "checksum.h"
#include "compat.h"
#include "config.h"
#include "device.h"
#include "digest.h"
#include "follow.h"
#include "handler.h"
#include "locate.h"
#include "parse.h"
#include "payload.h"
#include "stacks.h"

/* Two fields that stand side by side on both sides, in one go. */
struct pair_u16 {
	u16 field[2];
};

struct pair_u32 {
	u32 field[2];
};

static __always_inline void copy_pair_u16(u16 *to, const u16 *from)
{
	*(struct pair_u16 *)to = *(const struct pair_u16 *)from;
}

static __always_inline void copy_pair_u32(u32 *to, const u32 *from)
{
	*(struct pair_u32 *)to = *(const struct pair_u32 *)from;
}

static __always_inline u8 count_users(const struct sk_buff *skb)
{
	unsigned int users = skb_users(skb);

	return likely(users <= U8_MAX) ? users : U8_MAX;
}

/* Return: the flags that the skb itself has; it is sound. */
static __always_inline u32 put_shared_info(struct skbtrace_record *record,
					   const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	BUILD_BUG_ON(offsetof(struct skb_shared_info, gso_segs) !=
		     offsetof(struct skb_shared_info, gso_size) +
		     sizeof(shinfo->gso_size));
	copy_pair_u16(&record->gso_size, &shinfo->gso_size);	/* and gso_segs */
	return (skb_cloned(skb) ? SKBTRACE_F_CLONED : 0) |
	       (unlikely(skb->data_len) && shinfo->frag_list ?
		SKBTRACE_F_FRAG_LIST : 0);
}

/* What can be told of an skb without looking at its data. */
static __always_inline u32 put_skb(struct skbtrace_record *record,
				   const struct sk_buff *skb)
{
	record->head = (unsigned long)skb->head;
	BUILD_BUG_ON(offsetof(struct sk_buff, data_len) !=
		     offsetof(struct sk_buff, len) + sizeof(skb->len));
	copy_pair_u32(&record->len, &skb->len);	/* and data_len */
	record->users = count_users(skb);
	return skb->ip_summed;
}

/* The socket knows the namespace where there is no device. */
static __always_inline u32 put_devices(struct skbtrace_record *record,
				       struct devices at, const struct sock *sk)
{
	if (likely(!at.peer))
		zero_16(record->peer);
	else
		copy_name(record->peer, at.peer);
	copy_name(record->dev, at.dev);
	if (likely(at.dev))
		record->netns = net_inum(dev_net(at.dev));
	else if (sk)
		record->netns = net_inum(sock_net(sk));
	else
		return 0;
	return SKBTRACE_F_NETNS;
}

/*
 * Of a packet that is not looked at, or not found sound, or has no network header
 * yet, of which then its socket tells.  Return: flags for the record.
 */
static noinline u32 put_rarer(struct skbtrace_record *record,
			      const struct point *point,
			      const struct sk_buff *skb,
			      const struct config *config,
			      const struct sock *sk, u32 flags)
{
	if (point->data > DATA_LAST_NETWORK) {
		if (!sk) {
			put_no_packet(record);
			return flags;
		}
		if (skb_is_sound(skb))
			return parse_socket(record, point, skb, config, sk, flags |
					    put_shared_info(record, skb));
	}
	put_no_packet(record);
	return flags | SKBTRACE_F_MALFORMED;
}

/**
 * put_packet() - what packet an skb is
 * @record: where to put it, behind put_common() and put_devices()
 * @point: the point
 * @regs: the registers on entry
 * @skb: the skb, alive
 * @config: the parameters in force
 * @sk: sending_socket()
 * @flags: of the record, so far
 *
 * Context: probe handler, irqs off, rcu_read_lock().
 * Return: flags for the record, and what is of use until it is admitted.
 */
static __always_inline struct parsed
put_packet(struct skbtrace_record *record, const struct point *point,
	   struct pt_regs *regs, const struct sk_buff *skb,
	   const struct config *config, const struct sock *sk, u32 flags)
{
	struct parsed parsed = { .payload_len = -1 };

	record->sp = kernel_stack_pointer(regs);
	flags |= put_skb(record, skb);
	if (likely(point->data <= DATA_LAST_NETWORK && skb_is_sound(skb)))
		return parse(record, point, skb, config,
			     flags | put_shared_info(record, skb));
	parsed.flags = put_rarer(record, point, skb, config, sk, flags);
	if (record->payload != SKBTRACE_PAYLOAD_NONE)
		parsed.payload_len = record->payload_len;
	return parsed;
}

/* What is off by default and takes long: verify_csum=1 and stack=1. */
static noinline void put_asked_for(struct skbtrace_record *record,
				   struct cpu_trace *trace,
				   const struct point *point,
				   struct pt_regs *regs,
				   const struct sk_buff *skb,
				   const struct config *config)
{
	if (config->verify_csum && record->payload != SKBTRACE_PAYLOAD_NONE)
		record->csum = checksum_verdict(record, point, skb, config);
	if (config->stack)
		record->stack_id = stack_record(trace, regs);
}

/**
 * put_examined() - what takes long: digest, checksum, stack
 * @record: put_packet() has been there
 * @trace: the CPU's
 * @point: the point
 * @regs: the registers on entry
 * @skb: the skb
 * @config: the parameters in force
 * @life: its life
 * @parsed: what put_packet() has returned
 */
static __always_inline void
put_examined(struct skbtrace_record *record, struct cpu_trace *trace,
	     const struct point *point, struct pt_regs *regs,
	     const struct sk_buff *skb, const struct config *config,
	     struct life *life, struct parsed parsed)
{
	u32 flags = parsed.flags;

	if (likely(parsed.payload_len >= 0)) {
		if (likely(config->digest))
			flags |= digest(record, config, point, skb,
					parsed.payload_len);
		if (unlikely(parsed.payload_len != life->last_len ||
			     (flags & SKBTRACE_F_DIGEST &&
			      record->crc32c != life->last_crc32c)))
			flags |= life_payload_differs(life, parsed.payload_len,
						      record->crc32c);
	} else if (flags & SKBTRACE_F_MALFORMED) {
		local_inc(&trace->malformed);
	}
	record->stack_id = 0;
	record->flags = flags;
	if (unlikely(config->asks_for_more))
		put_asked_for(record, trace, point, regs, skb, config);
}

#endif /* SKBTRACE_HOP_H */
