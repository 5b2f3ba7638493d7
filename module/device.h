/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_DEVICE_H
#define SKBTRACE_DEVICE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "probes.h"

struct nf_hook_state;
struct pt_regs;
struct sock;

/**
 * struct devices - where an skb is
 * @dev: the device it is at, or NULL
 * @peer: where it goes from there, or NULL
 */
struct devices {
	const struct net_device *dev;
	const struct net_device *peer;
};

struct devices devices_elsewhere(const struct point *point,
				 struct pt_regs *regs,
				 const struct sk_buff *skb,
				 const struct sock *sk);
bool device_is_of_interest(const struct net_device *dev);
const struct nf_hook_state *hook_of(struct pt_regs *regs);

/**
 * devices_at() - which device an skb is at, and where it goes from there
 * @point: the point
 * @regs: the registers on entry
 * @skb: the skb
 * @sk: the socket that sends it where @point->dev is DEV_SOCKET, or NULL
 *
 * Context: any, in rcu_read_lock().
 */
static __always_inline struct devices
devices_at(const struct point *point, struct pt_regs *regs,
	   const struct sk_buff *skb, const struct sock *sk)
{
	struct devices devices = { skb->dev, NULL };

	if (likely(point->dev == DEV_SKB))
		return devices;
	return devices_elsewhere(point, regs, skb, sk);
}

#endif /* SKBTRACE_DEVICE_H */
