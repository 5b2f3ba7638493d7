// SPDX-License-Identifier: GPL-2.0
/*
 * The skb, where it lies in memory, and how it gets to the functions.
 */
#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/gfp.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>

#include "hostile.h"

unsigned int nr_skbs;
bool decoys_only;

struct net_device *dev;
static struct inet_sock *sock;
static struct page *page;
u8 *low, *high;
struct sk_buff *skb;
struct sk_buff *chain[MANY];
static bool at_begin;		/* where in @low the next skb is */

/* Busy: the kernel keeps the skb, and goes no further in a list of them. */
static netdev_tx_t hostile_xmit(struct sk_buff *skb, struct net_device *dev)
{
	return NETDEV_TX_BUSY;
}

static const struct net_device_ops hostile_ops = {
	.ndo_start_xmit = hostile_xmit,
};

/*
 * The skb: its first @linear bytes in @low, the rest in a fragment, what
 * describes it in @high.
 */
static void place(enum layer layer, unsigned int linear)
{
	static const unsigned int layer_off[] = { 0, 14, 34 };
	unsigned int pulled = min(layer_off[layer], linear);
	u8 *from = at_begin ? low : low + PAGE_SIZE - linear;

	memset(high, 0, PAGE_SIZE);
	memcpy(from, frame, linear);
	skb->head = low;
	skb->data = from + pulled;
	skb_reset_tail_pointer(skb);
	skb->tail += linear - pulled;
	skb->end = high - low;
	skb->len = frame_len - pulled;
	skb->data_len = frame_len - linear;
	skb->mac_header = from - low;
	skb->network_header = skb->mac_header + min(14U, linear);
	skb->transport_header = skb->mac_header + min(34U, linear);
	skb->protocol = frame_len < 14 ? 0 : *(__be16 *)(frame + 12);
	skb->pkt_type = PACKET_HOST;
	skb->dev = dev;
	skb->next = NULL;
	argument = skb;
	sock_argument = sock;
	if (!skb->data_len)
		return;
	from = (u8 *)page_address(page) + PAGE_SIZE - skb->data_len;
	memcpy(from, frame + linear, skb->data_len);
	skb_fill_page_desc(skb, 0, page, PAGE_SIZE - skb->data_len,
			   skb->data_len);
}

/* An skb that is linear, has so many bytes and is in no list. */
static void make_sound(struct sk_buff *skb, unsigned int len)
{
	skb->next = NULL;
	skb->len = len;
	skb->data_len = 0;
	skb_reset_tail_pointer(skb);
	skb->tail += len;
	skb_shinfo(skb)->nr_frags = 0;
	skb_shinfo(skb)->frag_list = NULL;
}

/**
 * chained() - skbs of the @chain become the fragments
 * @nr: so many of them
 * @len: bytes in each, or 0
 */
void chained(unsigned int nr, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		make_sound(chain[i], len);
		if (i)
			chain[i - 1]->next = chain[i];
	}
	shared()->frag_list = chain[0];
	shared()->nr_frags = 0;
}

/**
 * cast() - one skb, to every function
 * @linear: how much of the frame is not in fragments
 * @lie: what to make of it, if anything
 * @arg: for @lie
 */
void cast(unsigned int linear, void (*lie)(unsigned long arg),
	  unsigned long arg)
{
	static struct sk_buff as_it_was;
	struct target *target;

	nr_skbs++;
	at_begin = !at_begin;
	for (target = targets; target < targets + nr_targets; target++) {
		if (!target->f || (decoys_only && !target->decoy))
			continue;
		place(target->layer, min(linear, frame_len));
		memcpy(&as_it_was, skb, sizeof(as_it_was));
		if (lie)
			lie(arg);
		/* Neither drops the last reference: the kernel may drop one. */
		skb_get(skb);
		if (argument == skb || target->decoy) {
			rcu_read_lock_bh();
			target->call(target->f);
			rcu_read_unlock_bh();
			target->calls++;
		}
		memcpy(skb, &as_it_was, sizeof(as_it_was));
	}
	cond_resched();
}

/**
 * skbs_free() - give back what skbs_alloc() has allocated, all or some of it
 */
void skbs_free(void)
{
	unsigned int i;

	for (i = 0; i < MANY && chain[i]; i++) {
		make_sound(chain[i], 0);
		kfree_skb(chain[i]);
	}
	/* Its data are ours. */
	kfree(skb);
	vfree(low);
	vfree(high);
	if (page)
		__free_page(page);
	kfree(sock);
	if (dev)
		free_netdev(dev);
}

/**
 * skbs_alloc() - what skbs are made of: memory, a device, a socket
 *
 * Return: 0 or -ENOMEM.
 */
int __init skbs_alloc(void)
{
	unsigned int i;

	/* Never freed by the kernel, hence of no cache of its. */
	skb = kzalloc(sizeof(*skb), GFP_KERNEL);
	sock = kzalloc(sizeof(struct tcp_sock), GFP_KERNEL);
	page = alloc_page(GFP_KERNEL);
	low = vmalloc(PAGE_SIZE);
	high = vmalloc(PAGE_SIZE);
	dev = alloc_etherdev(0);
	if (!skb || !sock || !page || !low || !high || !dev)
		goto no_memory;
	for (i = 0; i < MANY; i++) {
		chain[i] = alloc_skb(FRAME_MAX, GFP_KERNEL);
		if (!chain[i])
			goto no_memory;
	}
	if (low > high)
		swap(low, high);
	if (high - low > INT_MAX)
		goto no_memory;
	/* One reference; refcount_t and what was before it begin alike. */
	memcpy(&skb->users, &chain[0]->users, sizeof(skb->users));
	memset(page_address(page), 0x78, PAGE_SIZE);
	dev->netdev_ops = &hostile_ops;
	strcpy(dev->name, "hostile0");
	sock->sk.sk_family = AF_INET;
	sock->sk.sk_protocol = IPPROTO_TCP;
	sock_net_set(&sock->sk, &init_net);
	return 0;

no_memory:
	skbs_free();
	return -ENOMEM;
}
