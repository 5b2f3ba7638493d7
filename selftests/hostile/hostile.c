// SPDX-License-Identifier: GPL-2.0
/*
 * Skbs that lie, for functions that skbtrace probes.  For tests alone.
 *
 * An skb whose lengths do not add up would not get far in a kernel.  So most
 * of the functions are decoys: they are here, have the names of functions of
 * modules that are not loaded, or that this kernel does not have, and look at
 * nothing.  The others are the kernel's, and drop at once what is not for this
 * host, or hand it to the driver, which is ours.
 *
 *	echo KIND > parameters/cast	all skbs of that kind, to all functions
 *	cat parameters/cast		how many skbs that was, and how many went
 *					to each function
 *
 * An skb ends or begins where a page does behind (or before) which nothing is
 * mapped: whoever reads on faults, KASAN or not.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/in.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>

MODULE_DESCRIPTION("skbs that lie, to test skbtrace with");
MODULE_LICENSE("GPL");

static unsigned int seed = 7878;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "of what is at random");

static unsigned int rounds = 2000;
module_param(rounds, uint, 0600);
MODULE_PARM_DESC(rounds, "skbs at random");

/* More than skbtrace follows, of a list of fragments or of packets. */
#define MANY		1500
#define FRAME_MAX	400

static DEFINE_MUTEX(cast_lock);
static unsigned int nr_skbs;

static struct net_device *dev;
static struct inet_sock *sock;
static struct page *page;
static u8 *low, *high;		/* pages without a neighbour, in that order */
static struct sk_buff *skb;
static struct sk_buff *chain[MANY];
static bool at_begin;		/* where in @low the next skb is */

static u8 frame[FRAME_MAX];
static unsigned int frame_len;

/*
 * The functions.  A decoy must not look to the compiler like one whose
 * arguments nobody uses.
 */
#define DECOY(type, name, ...)						\
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

/* An argument that is no skb is for decoys only. */
static void *argument;
static void *sock_argument;

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

/* Where skb->data stands: at the link, network or transport header. */
enum layer { LINK, NETWORK, TRANSPORT };

static struct target {
	const char *name;
	void (*call)(void *f);
	void *decoy;
	enum layer layer;
	void *f;		/* NULL: this kernel has no such function */
	unsigned int calls;
} targets[] = {
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

/*
 * cast() - one skb, to every function
 * @linear: how much of the frame is not in fragments
 * @lie: what to make of it, if anything
 * @arg: for @lie
 */
static void cast(unsigned int linear, void (*lie)(unsigned long arg),
		 unsigned long arg)
{
	static struct sk_buff as_it_was;
	struct target *target;

	nr_skbs++;
	at_begin = !at_begin;
	for (target = targets; target < targets + ARRAY_SIZE(targets); target++) {
		if (!target->f)
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

/*
 * Frames.
 */
static void put(const void *from, unsigned int len)
{
	memcpy(frame + frame_len, from, len);
	frame_len += len;
}

#define PUT(...)						\
do {								\
	const u8 put_bytes[] = { __VA_ARGS__ };			\
								\
	put(put_bytes, sizeof(put_bytes));			\
} while (0)

static void put_payload(unsigned int len)
{
	while (len--)
		PUT(0x5a ^ len);
}

static void put_link(u16 protocol)
{
	frame_len = 0;
	PUT(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, protocol >> 8, protocol);
}

static void put_transport(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		PUT(0, 80, 0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18, 16,
		    0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
		break;
	case IPPROTO_UDP:
		PUT(0, 53, 0x12, 0x34, 0, 48, 1, 1);
		break;
	case IPPROTO_SCTP:
		PUT(0, 80, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8);
		break;
	default:
		PUT(8, 0, 0, 0, 0, 1, 0, 2);
	}
	put_payload(40);
}

/* IPv4 with so many bytes of options. */
static void put_ipv4(u8 protocol, unsigned int options, u16 frag_off)
{
	unsigned int begin = frame_len;

	PUT(0x45 + options / 4, 0, 0, 0, 0x12, 0x34, frag_off >> 8, frag_off,
	    64, protocol, 0, 0, 10, 78, 0, 1, 10, 78, 0, 2);
	while (options--)
		PUT(1);
	put_transport(protocol);
	frame[begin + 3] = frame_len - begin;
}

/* IPv6 with a chain of headers; chain ends with the transport protocol. */
static void put_ipv6(const u8 *headers, unsigned int nr, u8 protocol)
{
	unsigned int begin = frame_len;
	unsigned int i;

	PUT(0x60, 0, 0, 0, 0, 0, nr ? headers[0] : protocol, 64,
	    0xfd, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	    0xfd, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
	for (i = 0; i < nr; i++)
		PUT(i + 1 < nr ? headers[i + 1] : protocol, 0, 0, 0, 0, 0, 0, 0);
	put_transport(protocol);
	frame[begin + 5] = frame_len - begin - 40;
	frame[begin + 4] = (frame_len - begin - 40) >> 8;
}

#define IPV6(protocol, ...)					\
do {								\
	const u8 headers[] = { __VA_ARGS__ };			\
								\
	put_link(ETH_P_IPV6);					\
	put_ipv6(headers, sizeof(headers), protocol);		\
} while (0)

#define HOP	0
#define ROUTE	43
#define FRAG	44
#define ESP	50
#define AUTH	51
#define NONE	59
#define DEST	60

static void put_vlans(unsigned int n)
{
	put_link(ETH_P_8021Q);
	while (--n)
		PUT(0, 78, ETH_P_8021Q >> 8, ETH_P_8021Q & 0xff);
	PUT(0, 78, ETH_P_IP >> 8, ETH_P_IP & 0xff);
	put_ipv4(IPPROTO_UDP, 0, 0);
}

/* make_frame() - the frame of that number; false if there is none */
static bool make_frame(unsigned int n)
{
	static const u8 hops[32];	/* all HOP */

	switch (n) {
	case 0 ... 4: {
		static const u8 protocol[] = {
			IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, 253
		};

		put_link(ETH_P_IP);
		put_ipv4(protocol[n], 0, 0);
		return true;
	}
	case 5:		/* all options there can be */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_TCP, 40, 0);
		return true;
	case 6:		/* the first fragment */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_UDP, 0, 0x2000);
		return true;
	case 7:		/* and the last, that ends behind 64 KiB */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_UDP, 0, 0x1fff);
		return true;
	case 8:
		put_vlans(1);
		return true;
	case 9:
		put_vlans(4);
		return true;
	case 10:
		put_vlans(16);
		return true;
	case 11:
		put_link(ETH_P_ARP);
		PUT(0, 1, 8, 0, 6, 4, 0, 1);
		put_payload(38);
		return true;
	case 12:	/* a length where the protocol should be */
		put_link(100);
		put_payload(100);
		return true;
	case 13:	/* no protocol at all */
		put_link(0);
		put_payload(60);
		return true;
	case 14:
		IPV6(IPPROTO_TCP);
		return true;
	case 15:
		IPV6(IPPROTO_UDP);
		return true;
	case 16:
		IPV6(IPPROTO_ICMPV6);
		return true;
	case 17:
		IPV6(IPPROTO_TCP, HOP, DEST, ROUTE, FRAG, AUTH, DEST);
		return true;
	case 18:	/* fragments in fragments */
		IPV6(IPPROTO_UDP, FRAG, FRAG, FRAG);
		return true;
	case 19:
		IPV6(IPPROTO_UDP, FRAG, HOP);
		return true;
	case 20:
		IPV6(ESP, AUTH, DEST);
		return true;
	case 21:
		IPV6(NONE, ROUTE, ROUTE);
		return true;
	case 22 ... 29:	/* chains of headers, to one that only ends with the skb */
		put_link(ETH_P_IPV6);
		put_ipv6(hops, n == 29 ? 32 : n - 16, n == 29 ? HOP : IPPROTO_TCP);
		return true;
	case 30:	/* IPv6 that IPv4 is said to be, and the other way round */
		IPV6(IPPROTO_TCP);
		frame[12] = ETH_P_IP >> 8;
		frame[13] = ETH_P_IP & 0xff;
		return true;
	case 31:
		put_link(ETH_P_IPV6);
		put_ipv4(IPPROTO_TCP, 0, 0);
		return true;
	}
	return false;
}

/* Where fields may be that say how long something is. */
#define HEADERS_END	110

static void cast_sound(void)
{
	unsigned int i, n;

	/* Twice as many as it takes until a point is trusted. */
	for (i = 0; i < 4; i++)
		for (n = 0; make_frame(n); n++)
			cast(frame_len - i * 8, NULL, 0);
}

static void cast_headers(void)
{
	static const u8 values[] = { 0x00, 0x01, 0x0f, 0x40, 0x7f, 0x80, 0xff };
	unsigned int n, i, v, whole;

	for (n = 0; make_frame(n); n++) {
		whole = frame_len;
		/* Truncated; and cut in two, one part in a fragment. */
		for (i = 0; i < min(whole, (unsigned int)HEADERS_END); i++) {
			frame_len = i;
			cast(i, NULL, 0);
			frame_len = whole;
			cast(i, NULL, 0);
		}
		/* Each byte another, all linear or nothing but the link header. */
		for (i = 12; i < min(whole, (unsigned int)HEADERS_END); i++) {
			const u8 was = frame[i];

			for (v = 0; v < ARRAY_SIZE(values); v++) {
				frame[i] = values[v];
				cast(v & 1 ? 14 : whole, NULL, 0);
			}
			frame[i] = was;
		}
	}
}

/*
 * Lies.
 */
static void lie_of_lengths(unsigned long n)
{
	switch (n) {
	case 0:
		skb->len++;
		break;
	case 1:
		skb->len--;
		break;
	case 2:
		skb->len = UINT_MAX;
		break;
	case 3:
		skb->len = 0;
		break;
	case 4:
		skb->data_len = skb->len + 1;
		break;
	case 5:
		skb->data_len = UINT_MAX;
		break;
	case 6:		/* len - data_len is right */
		skb->data_len += 0x80000000;
		skb->len += 0x80000000;
		break;
	case 7:
		skb->data_len += 100;
		skb->len += 100;
		break;
	case 8:
		skb->len -= skb->data_len;
		skb->data_len = -skb->data_len;
		if (!skb->data_len)
			skb->len--;
		break;
	case 9:		/* the tail is behind the end */
		skb->end = 0;
		break;
	case 10:
		skb->end = skb->tail - 1;
		break;
	case 11:
		skb->tail = 0;
		skb->len++;
		break;
	case 12:
		skb->tail = UINT_MAX;
		break;
	case 13:	/* data is not in its buffer */
		skb->data = skb->head - 1;
		break;
	case 14:
		skb->data = skb->head + skb->end;
		skb->len++;
		break;
	case 15:
		skb->data = NULL;
		break;
	case 16:
		skb->head = skb->data + 1;
		break;
	case 17:	/* all of it is somewhere else */
		skb->head += 0x10000000;
		break;
	}
}

#define LIES_OF_LENGTHS		18

static struct skb_shared_info *shared(void)
{
	return (struct skb_shared_info *)high;
}

/* All of these are of an skb that is not linear. */
static void lie_of_fragments(unsigned long n)
{
	struct skb_shared_info *shinfo = shared();
	skb_frag_t *frag = &shinfo->frags[0];
	unsigned int i;

	switch (n) {
	case 0:
		shinfo->nr_frags = 0;
		break;
	case 1:
		shinfo->nr_frags = 255;
		break;
	case 2:		/* the first that is none */
		shinfo->nr_frags = MAX_SKB_FRAGS + 1;
		break;
	case 3:		/* as many as there can be, of nothing */
		shinfo->nr_frags = MAX_SKB_FRAGS;
		skb_frag_size_set(frag, 0);
		break;
	case 4:
		skb_frag_size_set(frag, skb->data_len - 1);
		break;
	case 5:
		skb_frag_size_set(frag, skb->data_len + 1);
		break;
	case 6:
		skb_frag_size_set(frag, UINT_MAX);
		break;
	case 7:		/* the sum is right, of 32 bits */
		for (i = 1; i < 3; i++)
			shinfo->frags[i] = *frag;
		skb_frag_size_set(&shinfo->frags[1], 0x80000000);
		skb_frag_size_set(&shinfo->frags[2], 0x80000000);
		shinfo->nr_frags = 3;
		break;
	}
}

#define LIES_OF_FRAGMENTS	8

/* Pages come first in all fragments. */
static void lie_of_pages(unsigned long value)
{
	*(unsigned long *)&shared()->frags[0] = value;
}

static const unsigned long not_pages[] = { 0, 1, 0x1000, -1UL, -4096UL,
	0x6b6b6b6b6b6b6b6bUL, 0xdead000000000100UL, 0xffff888000000000UL };

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

/* The @chain, all its skbs of no or so many bytes, becomes the fragments. */
static void chained(unsigned int nr, unsigned int len)
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

static void lie_of_lists(unsigned long n)
{
	switch (n) {
	case 0:		/* longer than anybody goes, the lengths are right */
		chained(MANY, 1);
		skb->len += MANY - skb->data_len;
		skb->data_len = MANY;
		break;
	case 1:		/* rings, of bytes and of nothing */
		chained(3, 1);
		chain[2]->next = chain[0];
		break;
	case 2:
		chained(3, 0);
		chain[2]->next = chain[0];
		break;
	case 3:
		chained(1, 0);
		chain[0]->next = chain[0];
		break;
	case 4:		/* it is its own fragment */
		shared()->frag_list = skb;
		break;
	case 5:
		chained(1, 0);
		shared()->frag_list = skb;
		skb->next = chain[0];
		chain[0]->next = skb;
		break;
	case 6:		/* lists in lists, and in themselves */
		chained(4, 0);
		chain[0]->len = chain[0]->data_len = skb->data_len;
		chain[1]->len = chain[1]->data_len = skb->data_len;
		chain[2]->len = chain[2]->data_len = skb->data_len;
		skb_shinfo(chain[0])->frag_list = chain[1];
		skb_shinfo(chain[1])->frag_list = chain[2];
		skb_shinfo(chain[2])->frag_list = chain[0];
		break;
	case 7:		/* more than the whole has, and less */
		chained(3, skb->data_len / 2 + 1);
		break;
	case 8:
		chained(2, skb->data_len / 3);
		break;
	case 9:		/* parts that lie */
		chained(1, skb->data_len);
		chain[0]->data_len = 1;
		break;
	case 10:
		chained(1, skb->data_len);
		chain[0]->tail += 8;
		break;
	case 11:
		chained(1, skb->data_len);
		chain[0]->len = chain[0]->data_len = skb->data_len;
		skb_shinfo(chain[0])->nr_frags = 255;
		break;
	}
}

#define LIES_OF_LISTS		12

/* Lists of whole packets: long, and in a ring. */
static void lie_of_packets(unsigned long n)
{
	chained(MANY, 1);
	shared()->frag_list = NULL;
	shared()->nr_frags = skb->data_len ? 1 : 0;
	skb->next = chain[0];
	if (n == 1)
		chain[2]->next = chain[0];
	if (n == 2)
		skb->next = skb;
	if (n == 3)
		chain[2]->next = skb;
	if (n == 4)
		chain[0]->len++;
	if (n == 5)
		skb->next = (void *)0xdead000000000100UL;
	if (n == 6)
		skb->next = (void *)1;
	if (n == 7)
		skb->next = (void *)low - 64;
}

#define LIES_OF_PACKETS		8

static const unsigned int offsets[] = { 0, 1, 13, 14, 15, 33, 34, 35, 4000, 4094,
	4095, 4096, 4097, 8192, 0x7fff, 0x8000, 0xfffe, 0xffff };

static void lie_of_network(unsigned long offset)
{
	skb->network_header = offset;
}

static void lie_of_transport(unsigned long offset)
{
	skb->transport_header = offset;
}

static void lie_of_mac(unsigned long offset)
{
	skb->mac_header = offset;
	skb->network_header = skb->data - skb->head;
}

static void lie_of_protocol(unsigned long protocol)
{
	skb->protocol = (__force __be16)protocol;
}

static void no_device(unsigned long n)
{
	skb->dev = NULL;
}

/* What is no skb, no head or no socket: for a kernel whose arguments moved. */
static const unsigned long not_pointers[] = { 0, 1, 8, 4096, 0x7ffffffff000UL,
	0x6b6b6b6b6b6b6b6bUL, 0xdead000000000100UL, 0xffff7fffffffff00UL, -1UL, -22UL,
	-4096UL, -8192UL };

static void lie_of_argument(unsigned long value)
{
	argument = (void *)value;
}

static void lie_of_head(unsigned long value)
{
	skb->head = (void *)value;
	if (skb->head == low)
		skb->len++;
}

static void lie_of_socket(unsigned long value)
{
	sock_argument = (void *)value;
}

static void lie_of_skb_socket(unsigned long value)
{
	skb->sk = (void *)value;
}

static void lie_of_device(unsigned long value)
{
	skb->dev = (void *)value;
}

static void lie_of_list(unsigned long value)
{
	shared()->frag_list = (void *)value;
	shared()->nr_frags = 0;
}

static u32 at_random(void)
{
	static u32 x;

	if (!x)
		x = seed ?: 1;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Up to three fields are something else, as they are or nearly. */
static void lie_at_random(unsigned long unused)
{
	unsigned int i, n = 1 + at_random() % 3;

	for (i = 0; i < n; i++) {
		u32 x = at_random();
		unsigned int value = x & 0x10000 ? x >> 20 : at_random();

		switch (x % 11) {
		case 0:
			skb->len += value;
			break;
		case 1:
			skb->data_len += value;
			break;
		case 2:
			skb->len += value;
			skb->data_len += value;
			break;
		case 3:
			skb->tail += value;
			break;
		case 4:
			lie_of_lists(value % LIES_OF_LISTS);
			break;
		case 5:
			shared()->nr_frags = value;
			break;
		case 6:
			skb_frag_size_set(&shared()->frags[0], value);
			break;
		case 7:
			skb->network_header = value;
			break;
		case 8:
			skb->transport_header = value;
			break;
		case 9:
			skb->mac_header = value;
			break;
		case 10:
			skb->data += (int)value;
			break;
		}
	}
}

static void cast_lies(void (*lie)(unsigned long), unsigned long nr, bool linear)
{
	unsigned long n, i;

	for (i = 0; i < 2; i++) {
		make_frame(i ? 14 : 0);
		for (n = 0; n < nr; n++) {
			if (linear) {
				cast(frame_len, lie, n);
				cast(frame_len, lie, n);
			}
			cast(60, lie, n);
			cast(60, lie, n);
		}
	}
}

/* cast_values() - all functions, all of these values */
static void cast_values(void (*lie)(unsigned long), const unsigned long *values,
			unsigned int nr)
{
	unsigned int i;

	make_frame(0);
	for (i = 0; i < nr; i++) {
		cast(60, lie, values[i]);
		cast(60, lie, values[i]);
	}
}

#define CAST_VALUES(lie, values)	\
	cast_values(lie, values, ARRAY_SIZE(values))

static void cast_lengths(void)
{
	cast_lies(lie_of_lengths, LIES_OF_LENGTHS, true);
}

static void cast_fragments(void)
{
	cast_lies(lie_of_fragments, LIES_OF_FRAGMENTS, false);
}

static void cast_pages(void)
{
	CAST_VALUES(lie_of_pages, not_pages);
}

static void cast_lists(void)
{
	cast_lies(lie_of_lists, LIES_OF_LISTS, false);
}

static void cast_packets(void)
{
	cast_lies(lie_of_packets, LIES_OF_PACKETS, true);
}

static void cast_offsets(void)
{
	unsigned int i, n;

	for (n = 0; make_frame(n); n++) {
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			cast(i & 1 ? 14 : frame_len, lie_of_network, offsets[i]);
			cast(i & 1 ? 60 : frame_len, lie_of_transport, offsets[i]);
			cast(i & 1 ? 60 : frame_len, lie_of_mac, offsets[i]);
		}
		/* What the skb says it is, and what it is. */
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_IP));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_IPV6));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_8021Q));
		cast(frame_len, lie_of_protocol, (__force u16)htons(ETH_P_ARP));
		cast(frame_len, lie_of_protocol, 0);
	}
}

static void cast_random(void)
{
	unsigned int i, k;

	for (i = 0; i < rounds; i++) {
		make_frame(at_random() % 32);
		for (k = at_random() % 4; k; k--)
			frame[12 + at_random() % (frame_len - 12)] = at_random();
		cast(at_random() & 1 ? frame_len : at_random() % frame_len,
		     lie_at_random, 0);
	}
}

/* Where the kernel looks at the device itself, it has to have one. */
static void cast_no_device(void)
{
	static const unsigned long nothing[] = { 0, 0, 0, 0 };
	struct target *target;
	void *f[ARRAY_SIZE(targets)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		target = &targets[i];
		f[i] = target->f;
		if (!target->decoy)
			target->f = NULL;
	}
	CAST_VALUES(no_device, nothing);
	CAST_VALUES(lie_of_skb_socket, not_pointers);
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		targets[i].f = f[i];
}

static void cast_arguments(void)
{
	CAST_VALUES(lie_of_argument, not_pointers);
	CAST_VALUES(lie_of_head, not_pointers);
	CAST_VALUES(lie_of_socket, not_pointers);
}

static void cast_devices(void)
{
	cast_values(lie_of_device, not_pointers + 1,
		    ARRAY_SIZE(not_pointers) - 1);
}

static void cast_list_pointers(void)
{
	CAST_VALUES(lie_of_list, not_pointers);
}

static const struct {
	const char *name;
	void (*cast)(void);
} kinds[] = {
	{ "sound", cast_sound },
	{ "headers", cast_headers },
	{ "lengths", cast_lengths },
	{ "fragments", cast_fragments },
	{ "pages", cast_pages },
	{ "lists", cast_lists },
	{ "packets", cast_packets },
	{ "offsets", cast_offsets },
	{ "no_device", cast_no_device },
	{ "arguments", cast_arguments },
	{ "devices", cast_devices },
	{ "list_pointers", cast_list_pointers },
	{ "random", cast_random },
};

static int cast_set(const char *value, const struct kernel_param *kp)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!sysfs_streq(value, kinds[i].name))
			continue;
		if (!skb)
			return -ENODEV;
		mutex_lock(&cast_lock);
		nr_skbs = 0;
		for (k = 0; k < ARRAY_SIZE(targets); k++)
			targets[k].calls = 0;
		kinds[i].cast();
		mutex_unlock(&cast_lock);
		return 0;
	}
	return -EINVAL;
}

static int cast_get(char *buffer, const struct kernel_param *kp)
{
	unsigned int i, len;

	mutex_lock(&cast_lock);
	len = sprintf(buffer, "skbs %u\n", nr_skbs);
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i].f)
			len += sprintf(buffer + len, "%s %u\n", targets[i].name,
				       targets[i].calls);
	mutex_unlock(&cast_lock);
	return len;
}

static const struct kernel_param_ops cast_ops = {
	.set = cast_set,
	.get = cast_get,
};
module_param_cb(cast, &cast_ops, NULL, 0600);

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

static void hostile_free(void)
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

static int __init hostile_init(void)
{
	struct target *target;
	unsigned int i;

	for (target = targets; target < targets + ARRAY_SIZE(targets); target++) {
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
	hostile_free();
	return -ENOMEM;
}
module_init(hostile_init);

static void __exit hostile_exit(void)
{
	hostile_free();
}
module_exit(hostile_exit);
