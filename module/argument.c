// SPDX-License-Identifier: GPL-2.0
/*
 * The skb that a probed function is called with, where nobody has tried yet
 * whether this kernel has it in the argument that is thought of.
 */
#include <linux/skbuff.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include "argument.h"
#include "compat.h"
#include "probes.h"

/**
 * is_skb() - is that an skb, as far as one can see without trusting it
 * @pointer: a pointer of the kernel's
 *
 * Where a kernel that nobody has tried has moved an argument, this is what stands
 * between the host and an oops.
 *
 * Context: any.
 */
bool is_skb(const struct sk_buff *pointer)
{
	struct sk_buff skb;

	return !copy_from_kernel_nofault(&skb, pointer, sizeof(skb)) &&
	       sound_pointer((unsigned long)skb.head) &&
	       skb.head <= skb.data && skb.data_len <= skb.len &&
	       skb.data + skb_headlen(&skb) == skb_tail_pointer(&skb) &&
	       skb_tail_pointer(&skb) <= skb_end_pointer(&skb) &&
	       skb_users(&skb) < 1 << 20;
}

/**
 * skb_behind() - read a pointer to an skb
 * @arg: where, not trusted
 *
 * Context: any.
 * Return: what is sound_pointer() of it, or NULL.
 */
struct sk_buff *skb_behind(const void *arg)
{
	unsigned long skb;

	if (copy_from_kernel_nofault(&skb, arg, sizeof(skb)))
		return NULL;
	return sound_pointer(skb);
}

/* SKB_EITHER: what looks like an skb tells how the argument carries it. */
static void settle_skb_arg(struct point *point, void *arg)
{
	const struct sk_buff *behind;

	if (is_skb(arg)) {
		WRITE_ONCE(point->skb_arg, point->skb_arg & ~SKB_EITHER);
		return;
	}
	behind = skb_behind(arg);
	if (behind && is_skb(behind))
		WRITE_ONCE(point->skb_arg,
			   SKB_INDEX(point->skb_arg) | SKB_IS_POINTER);
}

static struct sk_buff *skb_argument(struct point *point, struct pt_regs *regs)
{
	void *arg = sound_pointer(argument(regs, SKB_INDEX(point->skb_arg)));

	if (!arg)
		return NULL;
	if (unlikely(point->skb_arg & SKB_EITHER))
		settle_skb_arg(point, arg);
	return point->skb_arg & SKB_IS_POINTER ? skb_behind(arg) : arg;
}

static bool is_inet_socket(const struct sock *pointer)
{
	struct sock_common common;

	return !copy_from_kernel_nofault(&common, pointer, sizeof(common)) &&
	       (common.skc_family == AF_INET || common.skc_family == AF_INET6);
}

static enum point_way way_of(u8 skb_arg)
{
	if (skb_arg & SKB_EITHER)
		return WAY_UNKNOWN;
	if (skb_arg & SKB_IS_POINTER)
		return WAY_POINTER;
	return skb_arg & SKB_LIST ? WAY_LIST : WAY_SKB;
}

/**
 * skb_argument_with_care() - the skb that a function is called with
 * @point: the point
 * @regs: registers on entry
 *
 * Until its point is trusted skb and socket are looked at with care; what is not
 * an skb is counted against the point.
 *
 * Context: probe handler.
 * Return: the skb, or NULL if there is none.
 */
struct sk_buff *skb_argument_with_care(struct point *point, struct pt_regs *regs)
{
	bool trusted = READ_ONCE(point->trusted) >= POINT_TRUSTED;
	struct sk_buff *skb = skb_argument(point, regs);
	const struct sock *sk;

	if (!skb)
		return NULL;
	if (!trusted && !is_skb(skb))
		goto not_an_skb;
	if (point->dev == DEV_SOCKET) {
		sk = sending_socket(point, regs, skb);
		if (!sk)
			return NULL;
		if (!trusted && !is_inet_socket(sk))
			goto not_an_skb;
	}
	if (!trusted)
		WRITE_ONCE(point->trusted, point->trusted + 1);
	else if (point->way == WAY_UNKNOWN)
		WRITE_ONCE(point->way, way_of(point->skb_arg));
	return skb;

not_an_skb:
	WRITE_ONCE(point->trusted, 0);
	WRITE_ONCE(point->way, WAY_UNKNOWN);
	WRITE_ONCE(point->implausible, point->implausible + 1);
	return NULL;
}
