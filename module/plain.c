// SPDX-License-Identifier: GPL-2.0
/*
 * The short way from a probe to a record, for what most hops are: an skb that
 * is followed, with an IPv4 header without options and a UDP or TCP header in
 * its linear part.
 *
 * What is found is what capture.c would find, in a quarter of the instructions:
 * it goes from where it lies to the record.  If something is out of the
 * ordinary, the record is left to capture.c.
 */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "capture.h"
#include "cbpf.h"
#include "compat.h"
#include "config.h"
#include "filter.h"
#include "handler.h"
#include "hop.h"
#include "payload.h"
#include "plain.h"
#include "probes.h"
#include "ring.h"

/* Version 4, 5 words. */
#define IPV4_WITHOUT_OPTIONS	0x45

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

static __always_inline void fill_address(u8 to[16], __be32 address)
{
	zero_16(to);
	*(__be32 *)to = address;
}

/*
 * See headers_parse(), which finds the same.  @skb is sound.
 *
 * Return: false if they are not those that are looked for.
 */
static __always_inline bool fill_headers(struct skbtrace_record *record,
					 const struct point *point,
					 const struct sk_buff *skb,
					 const struct net_device *dev,
					 int *payload_off)
{
	const u8 *tail = skb_tail_pointer(skb), *p = skb->data, *l4;
	__be16 protocol = skb->protocol;
	const struct iphdr *iph;
	int len, said, l4_len;
	u8 l4proto;

	if (point->data == DATA_TRANSPORT) {
		p = skb_network_header(skb);
	} else if (point->data == DATA_LINK) {
		if (dev->type != ARPHRD_ETHER || tail - p < ETH_HLEN)
			return false;
		protocol = ((const struct ethhdr *)p)->h_proto;
		p += ETH_HLEN;
	}
	if (protocol != htons(ETH_P_IP) || skb_vlan_tag_present(skb) ||
	    tail - p < (int)(sizeof(*iph) + sizeof(struct udphdr)))
		return false;
	iph = (const struct iphdr *)p;
	if (*p != IPV4_WITHOUT_OPTIONS ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return false;
	l4 = p + sizeof(*iph);

	/*
	 * What packet_end() says; a length of 0 is too short below.  What is
	 * checked is read once: whoever shares the data may write to it.
	 */
	len = tail - p + skb->data_len;
	if (point->data != DATA_TRANSPORT && point->data != DATA_NET_TX) {
		said = ntohs(READ_ONCE(iph->tot_len));
		if (said > len)
			return false;
		len = said;
	}
	l4proto = READ_ONCE(iph->protocol);
	if (l4proto == IPPROTO_UDP) {
		l4_len = sizeof(struct udphdr);
		record->tcp_seq = 0;
		record->tcp_flags = 0;
	} else if (l4proto == IPPROTO_TCP) {
		const struct tcphdr *th = (const struct tcphdr *)l4;

		if (tail - l4 < (int)sizeof(*th))
			return false;
		l4_len = (READ_ONCE(l4[12]) >> 4) * 4;
		if (l4_len < (int)sizeof(*th))
			return false;
		record->tcp_seq = ntohl(th->seq);
		record->tcp_flags = l4[13];
	} else {
		return false;
	}
	*payload_off = l4 + l4_len - skb->data;
	len -= (int)sizeof(*iph) + l4_len;
	if (*payload_off < 0 || len < 0)
		return false;

	fill_address(record->saddr, iph->saddr);
	fill_address(record->daddr, iph->daddr);
	record->ip_id = ntohs(iph->id);
	record->protocol = ETH_P_IP;
	record->ttl = iph->ttl;
	record->frag_off = 0;
	record->vlan_tci = 0;
	record->l4proto = l4proto;
	/* The ports stand where TCP's do in UDP too. */
	copy_pair_u16((__force u16 *)&record->sport, (const u16 *)l4);
	record->payload = SKBTRACE_PAYLOAD_TRANSPORT;
	record->payload_off = *payload_off;
	record->payload_len = len;
	return true;
}

/* Return: the flags that the skb itself has. */
static __always_inline u32 fill_skb(struct skbtrace_record *record,
				    const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 flags = skb->ip_summed;

	record->head = (unsigned long)skb->head;
	BUILD_BUG_ON(offsetof(struct sk_buff, data_len) !=
		     offsetof(struct sk_buff, len) + sizeof(skb->len));
	copy_pair_u32(&record->len, &skb->len);	/* and data_len */
	record->users = min_t(unsigned int, skb_users(skb), U8_MAX);
	BUILD_BUG_ON(offsetof(struct skb_shared_info, gso_segs) !=
		     offsetof(struct skb_shared_info, gso_size) +
		     sizeof(shinfo->gso_size));
	copy_pair_u16(&record->gso_size, &shinfo->gso_size);	/* and gso_segs */
	if (unlikely(shinfo->frag_list))
		flags |= SKBTRACE_F_FRAG_LIST;
	if (skb_cloned(skb))
		flags |= SKBTRACE_F_CLONED;
	return flags;
}

/* Return: false if it is not plain, and all of the record still to be filled. */
static __always_inline bool fill_plain(struct skbtrace_record *record,
				       const struct point *point,
				       struct pt_regs *regs,
				       const struct sk_buff *skb,
				       const struct config *config)
{
	const struct net_device *dev = skb->dev, *peer = NULL;
	struct digest sum;
	int payload_off;
	u32 flags;

	if (unlikely(point->dev != DEV_SKB)) {
		const struct devices at = devices_at(point, regs, skb, NULL);

		dev = at.dev;
		peer = at.peer;
	}
	if (!dev)
		return false;
	if (likely(!skb->data_len) ? !skb_linear_is_sound(skb) :
				     !skb_is_sound(skb))
		return false;
	if (!fill_headers(record, point, skb, dev, &payload_off))
		return false;

	/* From here on it is. */
	copy_name(record->dev, dev);
	copy_name(record->peer, peer);
	record->netns = net_inum(dev_net(dev));
	fill_common(record, point, skb);
	record->ret = 0;
	record->stack_id = 0;
	record->csum = SKBTRACE_CSUM_UNCHECKED;
	flags = fill_skb(record, skb) | SKBTRACE_F_FLOW | SKBTRACE_F_PORTS |
		SKBTRACE_F_NETNS;
	if (likely(config->digest)) {
		sum = digest(config, skb, payload_off, record->payload_len);
		record->crc32c = sum.crc32c;
		record->digest_len = sum.len;
		flags |= sum.flags;
	} else {
		record->crc32c = 0;
		record->digest_len = 0;
	}
	record->flags = flags;
	return true;
}

/*
 * What entry_handler() ends with if the skb is followed: there will be a
 * record, so the slot is claimed before anything is found out, and nothing
 * need be kept until it is.  Not inline: who is ignored does not pay for its
 * registers.
 */
static noinline int finish_followed(const struct point *point,
				    struct pt_regs *regs, struct sk_buff *skb,
				    const struct config *config,
				    unsigned long flags)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	struct skbtrace_record *record = claim(trace);

	if (likely(record)) {
		handler_rcu_read_lock();
		if (!fill_plain(record, point, regs, skb, config))
			capture_fill(record, point, regs, skb, config);
		handler_rcu_read_unlock();
		ring_commit(&trace->ring);
	}
	handler_leave(flags);
	return 0;
}

/* What it ends with if it does not know. */
static noinline int finish_any(struct point *point, struct pt_regs *regs,
			       unsigned long flags)
{
	capture_entry(point, regs);
	handler_leave(flags);
	return 0;
}

/*
 * What it ends with if filter= has to be asked: from @insn on, or without it
 * in the long way.
 */
static noinline int finish_filter(struct point *point, struct pt_regs *regs,
				  const struct sk_buff *skb,
				  const struct program *filter,
				  const struct sock_filter *insn,
				  unsigned long flags)
{
	enum packet_verdict verdict;

	if (insn)
		verdict = program_verdict(filter, insn, skb,
					  program_packet(point, skb));
	else
		verdict = packet_verdict_of_any(filter, point, skb);
	if (verdict != PACKET_REJECTED)
		capture_entry(point, regs);
	handler_leave(flags);
	return 0;
}

/**
 * entry_handler() - the handler of all entry points
 * @kp: a point's
 * @regs: registers on entry
 *
 * Most of what a host sees is of no interest, or with a filter most packets:
 * what is not followed, and will not be, is found out here.  The rest is left
 * to others as the last thing, so that no register is saved before.
 */
int __kprobes entry_handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct point *point = container_of(kp, struct point, kp);
	const struct config *in_force;
	struct sk_buff *skb;
	unsigned long flags;

	if (!READ_ONCE(probes_armed))
		return 0;
	flags = handler_enter();
	count_hit(point);
	/* Handlers are readers of RCU: see handler_rcu_read_lock(). */
	in_force = rcu_dereference_sched(config);
	skb = trusted_skb(point, regs);
	if (unlikely(!skb))
		return finish_any(point, regs, flags);
	if (followed(skb)) {
		if (likely(in_force->is_plain & point->is_plain))
			return finish_followed(point, regs, skb, in_force, flags);
		return finish_any(point, regs, flags);
	}
	if (point->data != DATA_NONE) {
		const struct program *filter = &in_force->filter;
		const struct sock_filter *insn;

		if (!filter->nr || !sound_pointer((unsigned long)skb))
			return finish_any(point, regs, flags);
		insn = program_start(filter, point, skb);
		if (!insn || !insn_rejects(insn))
			return finish_filter(point, regs, skb, filter, insn,
					     flags);
	}
	handler_leave(flags);
	return 0;
}
