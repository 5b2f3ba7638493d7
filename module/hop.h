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
	return min_t(unsigned int, skb_users(skb), U8_MAX);
}

/* Return: the flags that the skb itself has; it is sound. */
static __always_inline u32 put_shared_info(struct skbtrace_record *record,
					   const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 flags = 0;

	BUILD_BUG_ON(offsetof(struct skb_shared_info, gso_segs) !=
		     offsetof(struct skb_shared_info, gso_size) +
		     sizeof(shinfo->gso_size));
	copy_pair_u16(&record->gso_size, &shinfo->gso_size);	/* and gso_segs */
	if (unlikely(skb->data_len) && shinfo->frag_list)
		flags |= SKBTRACE_F_FRAG_LIST;
	if (skb_cloned(skb))
		flags |= SKBTRACE_F_CLONED;
	return flags;
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

/* Of a packet that is not looked at, or not found sound. */
static noinline struct parsed put_unparsed(struct skbtrace_record *record,
					   const struct sk_buff *skb,
					   struct devices at,
					   const struct sock *sk, u32 flags)
{
	struct parsed parsed = { .flags = flags };

	parsed.flags |= put_devices(record, at, sk) | put_skb(record, skb);
	put_no_packet(record);
	return parsed;
}

/* The outermost tag is the one that is not in the data. */
static __always_inline struct parsed
put_vlan_tag(struct skbtrace_record *record, const struct sk_buff *skb,
	     u32 flags, struct parsed parsed)
{
	parsed.flags |= flags;
	if (unlikely(skb_vlan_tag_present(skb))) {
		record->vlan_tci = skb_vlan_tag_get(skb);
		parsed.flags |= SKBTRACE_F_VLAN;
	}
	return parsed;
}

/**
 * put_packet() - where an skb is, and what packet it is
 * @record: where to put it
 * @point: the point
 * @regs: the registers on entry
 * @skb: the skb, alive
 * @config: the parameters in force
 * @at: its devices
 * @sk: sending_socket()
 *
 * Context: probe handler, irqs off, rcu_read_lock().
 * Return: flags for the record, and what is of use until it is admitted.
 */
static __always_inline struct parsed
put_packet(struct skbtrace_record *record, const struct point *point,
	   struct pt_regs *regs, const struct sk_buff *skb,
	   const struct config *config, struct devices at,
	   const struct sock *sk)
{
	u32 flags;

	record->sp = kernel_stack_pointer(regs);
	if (unlikely(point->data > DATA_LAST_NETWORK) && !sk)
		return put_unparsed(record, skb, at, sk, 0);
	if (unlikely(!skb_is_sound(skb)))
		return put_unparsed(record, skb, at, sk, SKBTRACE_F_MALFORMED);
	flags = put_devices(record, at, sk) | put_skb(record, skb) |
		put_shared_info(record, skb);
	if (likely(point->data <= DATA_LAST_NETWORK))
		return put_vlan_tag(record, skb, flags,
				    parse(record, point, skb, config,
					  locate(point, skb)));
	return put_vlan_tag(record, skb, flags,
			    parse_socket(record, point, skb, config, sk));
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
 * @flags: what put_packet() has returned
 */
static __always_inline void
put_examined(struct skbtrace_record *record, struct cpu_trace *trace,
	     const struct point *point, struct pt_regs *regs,
	     const struct sk_buff *skb, const struct config *config,
	     struct life *life, u32 flags)
{
	u32 crc32c = 0;
	u64 payload;

	record->csum = SKBTRACE_CSUM_UNCHECKED;
	if (likely(record->payload != SKBTRACE_PAYLOAD_NONE)) {
		if (likely(config->digest)) {
			flags |= digest(record, config, point, skb);
			if (likely(flags & SKBTRACE_F_DIGEST))
				crc32c = record->crc32c;
		}
		payload = life_payload(record->payload_len, crc32c);
		if (unlikely(payload != life->last))
			flags |= life_payload_differs(life, payload);
		if (unlikely(config->verify_csum))
			record->csum = checksum_verdict(record, point, skb,
							config);
	} else if (flags & SKBTRACE_F_MALFORMED) {
		local_inc(&trace->malformed);
	}
	record->stack_id = unlikely(config->stack) ? stack_record(trace, regs) : 0;
	record->flags = flags;
}

#endif /* SKBTRACE_HOP_H */
