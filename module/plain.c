// SPDX-License-Identifier: GPL-2.0
/*
 * The short way from a probe to a record, for what most hops are: an skb that
 * is followed, with an IPv4 header without options and a UDP or TCP header in
 * its linear part.
 *
 * What is found is what capture.c would find, in a quarter of the instructions:
 * headers are read where they lie when the record is written, and not copied
 * twice.  Whatever is out of the ordinary is left to capture.c, before anything
 * has been done.
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

/**
 * struct headers - where they are
 * @iph: the IP header
 * @l4: the header of UDP or TCP
 * @l4proto: which
 * @payload_off: where the payload begins, bytes behind skb->data
 * @payload_len: its length; it is all there
 */
struct headers {
	const struct iphdr *iph;
	const u8 *l4;
	u8 l4proto;
	int payload_off;
	int payload_len;
};

/*
 * See headers_parse(), which finds the same.  @skb is sound.
 *
 * Return: the headers, without @iph if they are none of those.
 */
static __always_inline struct headers find_headers(const struct point *point,
						   const struct sk_buff *skb,
						   const struct net_device *dev)
{
	const u8 *tail = skb_tail_pointer(skb), *p = skb->data;
	__be16 protocol = skb->protocol;
	const struct headers none = { NULL };
	const struct iphdr *iph;
	struct headers headers;
	int len, said, l4_len;

	if (point->data == DATA_TRANSPORT) {
		p = skb_network_header(skb);
	} else if (point->data == DATA_LINK) {
		if (dev->type != ARPHRD_ETHER || tail - p < ETH_HLEN)
			return none;
		protocol = ((const struct ethhdr *)p)->h_proto;
		p += ETH_HLEN;
	}
	if (protocol != htons(ETH_P_IP) || skb_vlan_tag_present(skb) ||
	    tail - p < (int)(sizeof(*iph) + sizeof(struct udphdr)))
		return none;
	iph = (const struct iphdr *)p;
	if (*p != IPV4_WITHOUT_OPTIONS ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return none;
	headers.iph = iph;
	headers.l4 = p + sizeof(*iph);

	/*
	 * What packet_end() says; a length of 0 is too short below.  What is
	 * checked is read once: whoever shares the data may write to it.
	 */
	len = tail - p + skb->data_len;
	if (point->data != DATA_TRANSPORT && point->data != DATA_NET_TX) {
		said = ntohs(READ_ONCE(iph->tot_len));
		if (said > len)
			return none;
		len = said;
	}
	headers.l4proto = READ_ONCE(iph->protocol);
	if (headers.l4proto == IPPROTO_UDP) {
		l4_len = sizeof(struct udphdr);
	} else if (headers.l4proto == IPPROTO_TCP) {
		if (tail - headers.l4 < (int)sizeof(struct tcphdr))
			return none;
		l4_len = (READ_ONCE(headers.l4[12]) >> 4) * 4;
		if (l4_len < (int)sizeof(struct tcphdr))
			return none;
	} else {
		return none;
	}
	headers.payload_off = headers.l4 + l4_len - skb->data;
	headers.payload_len = len - (int)sizeof(*iph) - l4_len;
	if (headers.payload_off < 0 || headers.payload_len < 0)
		return none;
	return headers;
}

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

static __always_inline void fill_headers(struct skbtrace_record *record,
					 const struct headers *headers)
{
	const struct iphdr *iph = headers->iph;
	const struct tcphdr *th = (const struct tcphdr *)headers->l4;

	fill_address(record->saddr, iph->saddr);
	fill_address(record->daddr, iph->daddr);
	record->ip_id = ntohs(iph->id);
	record->protocol = ETH_P_IP;
	record->ttl = iph->ttl;
	record->frag_off = 0;
	record->vlan_tci = 0;
	record->l4proto = headers->l4proto;
	copy_pair_u16((__force u16 *)&record->sport,
		      (__force const u16 *)&th->source); /* and dport, of UDP too */
	if (headers->l4proto == IPPROTO_TCP) {
		record->tcp_seq = ntohl(th->seq);
		record->tcp_flags = headers->l4[13];
	} else {
		record->tcp_seq = 0;
		record->tcp_flags = 0;
	}
	record->payload = SKBTRACE_PAYLOAD_TRANSPORT;
	record->payload_off = headers->payload_off;
	record->payload_len = headers->payload_len;
}

static __always_inline void fill_skb(struct skbtrace_record *record,
				     const struct sk_buff *skb, u32 flags)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	record->head = (unsigned long)skb->head;
	BUILD_BUG_ON(offsetof(struct sk_buff, data_len) !=
		     offsetof(struct sk_buff, len) + sizeof(skb->len));
	copy_pair_u32(&record->len, &skb->len);	/* and data_len */
	record->users = min_t(unsigned int, skb_users(skb), U8_MAX);
	BUILD_BUG_ON(offsetof(struct skb_shared_info, gso_segs) !=
		     offsetof(struct skb_shared_info, gso_size) +
		     sizeof(shinfo->gso_size));
	copy_pair_u16(&record->gso_size, &shinfo->gso_size);	/* and gso_segs */
	flags |= skb->ip_summed;
	if (unlikely(shinfo->frag_list))
		flags |= SKBTRACE_F_FRAG_LIST;
	if (skb_cloned(skb))
		flags |= SKBTRACE_F_CLONED;
	record->flags = flags;
}

/*
 * Return: false, and nothing done, if it is not plain.  Not inline: who is
 * ignored does not pay for its registers.
 */
static noinline bool record_plain(const struct point *point,
				  struct pt_regs *regs,
				  const struct sk_buff *skb,
				  const struct config *config)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	const struct net_device *dev = skb->dev, *peer = NULL;
	struct digest sum = { 0 };
	struct skbtrace_record *record;
	struct headers headers;
	u64 index;

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
	headers = find_headers(point, skb, dev);
	if (!headers.iph)
		return false;

	/* From here on it is. */
	if (likely(config->digest))
		sum = digest(config, skb, headers.payload_off,
			     headers.payload_len);
	record = claim(trace, &index);
	if (!record)
		return true;
	fill_common(record, point, skb);
	fill_headers(record, &headers);
	fill_skb(record, skb, sum.flags | SKBTRACE_F_FLOW | SKBTRACE_F_PORTS |
			      SKBTRACE_F_NETNS);
	record->ret = 0;
	copy_name(record->dev, dev);
	if (unlikely(peer))
		copy_name(record->peer, peer);
	else
		zero_16(record->peer);
	record->netns = net_inum(dev_net(dev));
	record->crc32c = sum.crc32c;
	record->digest_len = sum.len;
	record->stack_id = 0;
	record->csum = SKBTRACE_CSUM_UNCHECKED;
	ring_commit(&trace->ring, record, index);
	return true;
}

/**
 * point_is_plain() - can capture_plain() be asked at this point
 * @point: the point
 */
bool point_is_plain(const struct point *point)
{
	return point->kind == POINT_ENTRY && point->role != ROLE_BIRTH &&
	       point->dev != DEV_NONE && point->dev != DEV_SOCKET &&
	       (point->data == DATA_LINK || point->data == DATA_NET ||
		point->data == DATA_NET_TX || point->data == DATA_TRANSPORT);
}

/*
 * Is that all, because the packet is not followed, and will not be?  Most of
 * what a host sees is of no interest, or with a filter most packets.
 */
static __always_inline bool is_ignored(const struct point *point,
				       const struct sk_buff *skb,
				       const struct config *config)
{
	if (point->data == DATA_NONE)
		return true;
	return config->filter.nr && sound_pointer((unsigned long)skb) &&
	       packet_verdict(&config->filter, point, skb) == PACKET_REJECTED;
}

/* Return: false, and nothing done, if capture_entry() has to. */
static __always_inline bool capture_plain(const struct point *point,
					  struct pt_regs *regs)
{
	/* Handlers are readers of RCU: see handler_rcu_read_lock(). */
	const struct config *in_force = rcu_dereference_sched(config);
	const struct sk_buff *skb = trusted_skb(point, regs);
	bool done;

	if (!skb)
		return false;
	if (!followed(skb))
		return is_ignored(point, skb, in_force);
	if (!(in_force->is_plain & point->is_plain))
		return false;
	handler_rcu_read_lock();
	done = record_plain(point, regs, skb, in_force);
	handler_rcu_read_unlock();
	return done;
}

/**
 * entry_handler() - the handler of all entry points
 * @kp: a point's
 * @regs: registers on entry
 */
int __kprobes entry_handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct point *point = container_of(kp, struct point, kp);
	unsigned long flags;

	if (!READ_ONCE(probes_armed))
		return 0;
	flags = handler_enter();
	count_hit(point);
	if (!capture_plain(point, regs))
		capture_entry(point, regs);
	handler_leave(flags);
	return 0;
}
