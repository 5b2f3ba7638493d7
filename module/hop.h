/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_HOP_H
#define SKBTRACE_HOP_H

#include <linux/in6.h>
#include <linux/types.h>
#include <skbtrace/record.h>

struct config;
struct net_device;
struct point;
struct pt_regs;
struct sk_buff;
struct sock;

/**
 * struct hop - an skb at a point, before it is a record
 * @point: the point
 * @config: the parameters in force
 * @regs: the registers on entry
 * @skb: the skb; alive while the handler runs, except in a return handler
 * @sk: the socket in argument 0, where the point says there is one
 * @dev: the device, or NULL
 * @peer: where the packet goes from there, or NULL
 * @flags: SKBTRACE_F_*
 * @netns: inode number of the network namespace, with SKBTRACE_F_NETNS
 * @appended: the packet is longer than its IP header says
 * @l4_off: where the transport header begins, bytes behind skb->data or, if
 *	it was pulled, before
 * @l4_len: length of what its checksum covers, bytes; 0 if it has none that
 *	could be verified
 *
 * The rest has the names of struct skbtrace_record and is set by
 * headers_parse().  Nothing in here outlives the handler.
 */
struct hop {
	const struct point *point;
	const struct config *config;
	struct pt_regs *regs;
	struct sk_buff *skb;
	const struct sock *sk;
	const struct net_device *dev;
	const struct net_device *peer;
	u32 flags;
	u32 netns;
	bool appended;
	int l4_off;
	u32 l4_len;

	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u32 tcp_seq;
	u32 ip_id;
	u32 payload_off;
	u32 payload_len;
	u16 protocol;
	u16 frag_off;
	u16 vlan_tci;
	u8 l4proto;
	u8 tcp_flags;
	u8 ttl;
	u8 payload;
	u8 csum;
};

/**
 * struct devices - where an skb is
 * @dev: the device it is at, or NULL
 * @peer: where it goes from there, or NULL
 */
struct devices {
	const struct net_device *dev;
	const struct net_device *peer;
};

/* device.c */
struct devices devices_at(const struct point *point, struct pt_regs *regs,
			  const struct sk_buff *skb, const struct sock *sk);
void hop_find_device(struct hop *hop);
bool device_is_of_interest(const struct net_device *dev);

/* headers.c */
void headers_parse(struct hop *hop);

/* checksum.c */
u8 hop_checksum(const struct hop *hop);

#endif /* SKBTRACE_HOP_H */
