// SPDX-License-Identifier: GPL-2.0
/*
 * Which device an skb is at, and where it goes from there.
 *
 * All of this runs in handlers, under rcu_read_lock(): a device that is found
 * stays until they are done.
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/rtnetlink.h>

#include "argument.h"
#include "compat.h"
#include "device.h"
#include "probes.h"

/*
 * Pairs of devices whose packets pass from one to the other, and whose private
 * structure begins with the pointer to the peer: veth's since the driver exists,
 * netkit's since 6.7, 35dfaad7188c ("netkit, bpf: Add bpf programmable net
 * device").
 */
static bool device_is_paired(const struct net_device *dev)
{
	const struct rtnl_link_ops *ops = dev->rtnl_link_ops;

	return ops && ops->kind &&
	       (!strcmp(ops->kind, "veth") || !strcmp(ops->kind, "netkit"));
}

/*
 * These structures are private to the drivers: the peer is believed only if it is
 * such a device too and points back.
 */
static const struct net_device *paired_device(const struct net_device *dev)
{
	const struct net_device *peer;

	if (!device_is_paired(dev))
		return NULL;
	peer = rcu_dereference_raw(*(struct net_device __rcu **)netdev_priv(dev));
	if (!peer || peer->rtnl_link_ops != dev->rtnl_link_ops ||
	    rcu_access_pointer(*(struct net_device __rcu **)netdev_priv(peer)) != dev)
		return NULL;
	return peer;
}

/*
 * struct net_bridge_port is private to net/bridge, but begins with the bridge
 * and the port's device.  It is believed only if the device says that this is
 * its port: br_port_get_rcu() of net/bridge/br_private.h.
 */
static const struct net_device *bridge_port_device(const void *port)
{
	const struct {
		const void *br;
		const struct net_device *dev;
	} *begin = port;
	const struct net_device *dev;

	if (!begin)
		return NULL;
	dev = READ_ONCE(begin->dev);
	if (!dev || !netif_is_bridge_port(dev) ||
	    rcu_access_pointer(dev->rx_handler_data) != port)
		return NULL;
	return dev;
}

/**
 * hook_of() - what netfilter says of the hook that a packet is at
 * @regs: the registers on entry of nf_hook_slow()
 *
 * Argument 1 since 4.1, cfdfab314647 ("netfilter: Create and use nf_hook_state"), and on
 * RHEL 7; before, argument 0 was no skb, so that nobody comes here.
 *
 * Return: the hook's state, NULL if there is none.
 */
const struct nf_hook_state *hook_of(struct pt_regs *regs)
{
	return sound_pointer(argument(regs, 1));
}

/* Where a packet has come in by is left out where it is going out only, and so on. */
static struct devices hook_devices(const struct nf_hook_state *state)
{
	struct devices devices = { NULL, NULL };

#if IS_ENABLED(CONFIG_NETFILTER)
	if (!state)
		return devices;
	devices.dev = state->in ? state->in : state->out;
	devices.peer = state->in ? state->out : NULL;
#endif
	return devices;
}

static const struct net_device *route_device(const struct dst_entry *dst)
{
	return dst ? READ_ONCE(dst->dev) : NULL;
}

/**
 * device_is_of_interest() - is it one of those followed by default
 * @dev: the device
 */
bool device_is_of_interest(const struct net_device *dev)
{
	return device_is_paired(dev) || netif_is_bridge_port(dev) ||
	       netif_is_bridge_master(dev);
}

/**
 * devices_elsewhere() - devices_at(), where it is not just skb->dev
 * @point: the point
 * @regs: the registers on entry
 * @skb: the skb
 * @sk: the socket that sends it where @point->dev is DEV_SOCKET, or NULL
 *
 * Context: any, in rcu_read_lock().
 */
struct devices devices_elsewhere(const struct point *point,
				 struct pt_regs *regs,
				 const struct sk_buff *skb,
				 const struct sock *sk)
{
	struct devices devices = { NULL, NULL };

	switch (point->dev) {
	case DEV_NONE:
		break;
	case DEV_SKB:
		devices.dev = skb->dev;
		break;
	case DEV_XMIT:
		devices.dev = skb->dev;
		if (devices.dev)
			devices.peer = paired_device(devices.dev);
		break;
	case DEV_PORT0:
		devices.dev = skb->dev;
		devices.peer = bridge_port_device((const void *)
				regs_get_kernel_argument(regs, 0));
		break;
	case DEV_MASTER:
		devices.dev = skb->dev;
		if (devices.dev && netif_is_bridge_port(devices.dev))
			devices.peer = netdev_master_upper_dev_get_rcu(
					(struct net_device *)devices.dev);
		break;
	case DEV_ROUTE:
		devices.dev = route_device(skb_dst(skb));
		if (!devices.dev)
			devices.dev = skb->dev;
		break;
	case DEV_SOCKET:
		if (sk)
			devices.dev = route_device(__sk_dst_get((struct sock *)sk));
		break;
	case DEV_HOOK:
		devices = hook_devices(hook_of(regs));
		break;
	}
	return devices;
}
