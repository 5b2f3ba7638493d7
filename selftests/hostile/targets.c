// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that are called with the skb: decoys, and the kernel's.
 */
#include <linux/errno.h>
#include <linux/if_packet.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "hostile.h"

/*
 * A decoy must not look to the compiler like one whose arguments nobody uses,
 * hence it is not static.  But no other file calls it: its prototype is here.
 */
#define DECOY(type, name, ...)						\
	type name(__VA_ARGS__);						\
	noinline __attribute__((__noclone__, __used__))			\
	type name(__VA_ARGS__)
#define NOT_USED(...)	asm volatile("" : : __VA_ARGS__ : "memory")

DECOY(int, veth_xmit, struct sk_buff *skb, struct net_device *dev)
{
	NOT_USED("r" (skb), "r" (dev));
	return 0;
}

DECOY(int, br_handle_frame, struct sk_buff **pskb)
{
	NOT_USED("r" (pskb));
	return 0;
}

DECOY(int, br_pass_frame_up, struct sk_buff *skb)
{
	NOT_USED("r" (skb));
	return 0;
}

DECOY(int, br_nf_pre_routing, void *priv, struct sk_buff *skb)
{
	NOT_USED("r" (priv), "r" (skb));
	return 0;
}

/* A kernel has one of these. */
DECOY(int, tcp_transmit_skb, void *sk, struct sk_buff *skb)
{
	NOT_USED("r" (sk), "r" (skb));
	return 0;
}

DECOY(int, __tcp_transmit_skb, void *sk, struct sk_buff *skb)
{
	NOT_USED("r" (sk), "r" (skb), "i" (0));
	return 0;
}

void *argument;
void *sock_argument;

static void to_veth_xmit(void *f)
{
	veth_xmit(argument, dev);
}

static void to_br_handle_frame(void *f)
{
	br_handle_frame(argument == skb ? &skb : argument);
}

static void to_br_pass_frame_up(void *f)
{
	br_pass_frame_up(argument);
}

static void to_br_nf_pre_routing(void *f)
{
	br_nf_pre_routing(NULL, argument);
}

static void to_tcp_transmit_skb(void *f)
{
	tcp_transmit_skb(sock_argument, argument);
}

static void to___tcp_transmit_skb(void *f)
{
	__tcp_transmit_skb(sock_argument, argument);
}

static void to_dev_hard_start_xmit(void *f)
{
	struct sk_buff *(*xmit)(struct sk_buff *, struct net_device *,
				struct netdev_queue *, int *) = f;
	int ret;

	xmit(skb, dev, netdev_get_tx_queue(dev, 0), &ret);
}

static void to_tcp_v4_rcv(void *f)
{
	int (*rcv)(struct sk_buff *) = f;

	skb->pkt_type = PACKET_OTHERHOST;
	rcv(skb);
}

static void to_packet_rcv(void *f)
{
	int (*rcv)(struct sk_buff *, struct net_device *, struct packet_type *,
		   struct net_device *) = f;
	static struct packet_type type;

	skb->pkt_type = PACKET_LOOPBACK;
	rcv(skb, dev, &type, dev);
}

struct target targets[] = {
#define TARGET(name, layer, decoy)	{ #name, to_##name, decoy, layer }
	TARGET(veth_xmit, LINK, veth_xmit),
	TARGET(br_handle_frame, NETWORK, br_handle_frame),
	TARGET(br_pass_frame_up, NETWORK, br_pass_frame_up),
	TARGET(br_nf_pre_routing, NETWORK, br_nf_pre_routing),
	TARGET(tcp_transmit_skb, TRANSPORT, tcp_transmit_skb),
	TARGET(__tcp_transmit_skb, TRANSPORT, __tcp_transmit_skb),
	TARGET(dev_hard_start_xmit, LINK, NULL),
	TARGET(tcp_v4_rcv, TRANSPORT, NULL),
	TARGET(packet_rcv, NETWORK, NULL),
};
const unsigned int nr_targets = ARRAY_SIZE(targets);

/* Where a probe of that name would be. */
static void *find_function(const char *name)
{
	struct kprobe kp = { .symbol_name = name };
	void *address;

	if (register_kprobe(&kp))
		return NULL;
	address = kp.addr;
	unregister_kprobe(&kp);
	return address;
}

/**
 * targets_find() - look for the functions in this kernel
 *
 * Return: 0, or -EBUSY if the module that a decoy stands for is loaded.
 */
int __init targets_find(void)
{
	struct target *target;

	for (target = targets; target < targets + nr_targets; target++) {
		target->f = find_function(target->name);
		/* A breakpoint may be some bytes behind the beginning. */
		if (target->decoy && (target->f < target->decoy ||
				      target->f > target->decoy + 16)) {
			if (!strstr(target->name, "tcp")) {
				pr_err("hostile: there is another %s\n",
				       target->name);
				return -EBUSY;
			}
			target->f = NULL;
		}
	}
	return 0;
}
