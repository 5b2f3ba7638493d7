/* SPDX-License-Identifier: GPL-2.0 */
/* What probed functions are called with.  Inline, since each hop comes here. */
#ifndef SKBTRACE_ARGUMENT_H
#define SKBTRACE_ARGUMENT_H

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "probes.h"

/* So many skbs in a row make a point trusted. */
#define POINT_TRUSTED	64

struct sk_buff *skb_argument_with_care(struct point *point, struct pt_regs *regs);
bool is_skb(const struct sk_buff *pointer);
struct sk_buff *skb_behind(const void *arg);

/* NULL, error pointers and what cannot be an object of the kernel are NULL. */
static __always_inline void *sound_pointer(unsigned long value)
{
	if (value < PAGE_OFFSET || IS_ERR_VALUE(value) || value % sizeof(long))
		return NULL;
	return (void *)value;
}

/* The same of what a function is known to have as an argument, in less. */
static __always_inline bool may_be_pointer(const void *pointer)
{
	return (long)pointer < 0 && !IS_ERR_VALUE((unsigned long)pointer);
}

/* A constant tells the compiler the register; no point needs more of them. */
static __always_inline unsigned long argument(struct pt_regs *regs,
					      unsigned int n)
{
	if (likely(n == 0))
		return regs_get_kernel_argument(regs, 0);
	if (n == 1)
		return regs_get_kernel_argument(regs, 1);
	if (n == 2)
		return regs_get_kernel_argument(regs, 2);
	return 0;
}

/* The other of the first two arguments, where they are two skbs. */
static inline void *other_argument(const struct point *point, struct pt_regs *regs)
{
	return sound_pointer(argument(regs, !SKB_INDEX(point->skb_arg)));
}

/* Which socket sends the packet, where the point says that one does. */
static __always_inline const struct sock *
sending_socket(const struct point *point, struct pt_regs *regs,
	       const struct sk_buff *skb)
{
	unsigned int index = SKB_INDEX(point->skb_arg);

	if (likely(point->dev != DEV_SOCKET))
		return NULL;
	/* RHEL 7: ip_queue_xmit() has the skb alone, whose socket is set. */
	return index ? sound_pointer(argument(regs, index - 1)) : skb->sk;
}

#endif /* SKBTRACE_ARGUMENT_H */
