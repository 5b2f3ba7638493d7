/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, so that the other files read as mainline.
 *
 * The only place with version tests.  Each says since when and where from.
 * A feature is told by its own symbol where it has one, else by what Kbuild
 * found out by compiling (HAVE_*), and by version only as the last resort:
 * distributions backport.
 */
#ifndef SKBTRACE_COMPAT_H
#define SKBTRACE_COMPAT_H

#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/poll.h>
#include <linux/skbuff.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <net/net_namespace.h>
#include <net/sock.h>

/*
 * Which argument carries the skb: the names of the skb column of points.h.
 * Fixed positions first.
 */
#define SKB_ARG0	0
#define SKB_ARG1	1
#define SKB_PTR0	(0 | SKB_IS_POINTER)
#define SKB_IS_POINTER	0x80	/* the argument is struct sk_buff ** */
#define SKB_INDEX(spec)	((spec) & 0x7f)

/*
 * okfn(sk, skb) became okfn(net, sk, skb) in 4.4, 0c4b51f0054c ("netfilter:
 * Pass net into okfn").  RHEL 7 kept the former.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 4, 0)
#define SKB_OKFN	2
#else
#define SKB_OKFN	1
#endif

/*
 * ip_queue_xmit(skb, flow) became (sk, skb, flow) in 3.15, b0270e91014d
 * ("ipv4: add a sock pointer to ip_queue_xmit()").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(3, 15, 0)
#define SKB_XMIT	1
#else
#define SKB_XMIT	0
#endif

/*
 * __netif_receive_skb_core() takes struct sk_buff ** since 5.6, c0bbbdc32feb
 * ("__netif_receive_skb_core: pass skb by reference").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0)
#define SKB_CORE	(0 | SKB_IS_POINTER)
#else
#define SKB_CORE	0
#endif

/*
 * A module's probes may be armed while it is being removed: all handlers run
 * with preemption off, for which synchronize_rcu() waits since 5.0,
 * 3e3100989869 ("rcu: Consolidate RCU-sched update-side function
 * definitions").
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 0, 0)
#define synchronize_rcu		synchronize_sched
#endif

/* 5.8, fe557319aa06 ("maccess: rename probe_kernel_{read,write}"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0)
#define copy_from_kernel_nofault	probe_kernel_read
#endif

/* 4.20, 3c88ee194c28 ("x86: ptrace: Add function argument access API"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 20, 0) && defined(CONFIG_X86_64)
static inline unsigned long regs_get_kernel_argument(struct pt_regs *regs,
						     unsigned int n)
{
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->cx;
	default:
		return 0;
	}
}
#endif

/* The caller of the function whose first instruction is probed. */
static inline unsigned long regs_return_address(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return *(unsigned long *)regs->sp;
#else
	return procedure_link_pointer(regs);
#endif
}

/* 5.2, e9b98e162aa5 ("stacktrace: Provide helpers for common stack trace operations"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 2, 0)
static inline unsigned int stack_trace_save(unsigned long *store,
					    unsigned int size,
					    unsigned int skipnr)
{
	struct stack_trace trace = {
		.entries = store,
		.max_entries = size,
		.skip = skipnr,
	};

	save_stack_trace(&trace);
	if (trace.nr_entries && store[trace.nr_entries - 1] == ULONG_MAX)
		trace.nr_entries--;
	return trace.nr_entries;
}
#endif

/* 4.13, 8f553c498e17 ("cpu/hotplug: Provide cpus_read|write_[un]lock()"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 13, 0)
#define cpus_read_lock()	get_online_cpus()
#define cpus_read_unlock()	put_online_cpus()
#endif

/* 5.0, ca79b0c211af ("mm: convert totalram_pages ... variables to atomic"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 0, 0)
#define totalram_pages()	totalram_pages
#endif

/* 4.16, e6c8adca20ba ("anntotate the places where ->poll() return values go"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 16, 0)
typedef unsigned int __poll_t;
#define EPOLLIN		POLLIN
#define EPOLLRDNORM	POLLRDNORM
#endif

/* 5.4, 7240b60c98d6 ("linux: Add skb_frag_t page_offset accessors"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 4, 0)
static inline unsigned int skb_frag_off(const skb_frag_t *frag)
{
	return frag->page_offset;
}
#endif

/* 3.19, 435d5f408ca8 ("common object embedded into various struct ....ns"). */
static inline unsigned int net_inum(const struct net *net)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(3, 19, 0)
	return net->ns.inum;
#else
	return net->proc_inum;
#endif
}

/* 4.13, 14afee4b6092 ("net: convert sk_buff.users from atomic_t to refcount_t"). */
static inline unsigned int skb_users(const struct sk_buff *skb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 13, 0)
	return refcount_read(&skb->users);
#else
	return atomic_read(&skb->users);
#endif
}

/* 5.11, d741bf41d7c7 ("kprobes: Remove kretprobe hash") hides ri->rp. */
#ifndef CONFIG_KRETPROBE_ON_RETHOOK
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
static inline struct kretprobe *get_kretprobe(struct kretprobe_instance *ri)
{
	return ri->rp;
}
#endif
#endif

/*
 * Where a function says why it gives an skb up: kfree_skb_reason() and
 * sk_skb_reason_drop() have the reason behind the skb, kfree_skb() has none.
 * The names of the reasons came in 5.19, ec43908dd556 ("net: skb: use auto-
 * generation to convert skb drop reason to string"); the macro that lists
 * them is its own feature symbol.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
#include <net/dropreason.h>
#endif

/*
 * CRC-32C of the kernel's own, for CPUs without the instruction.  Renamed in
 * 6.14 when the architecture's version moved into lib/, 68ea3c2ae0eb
 * ("lib/crc32: rename __crc32c_le() to crc32c_le()"); crc32c() itself since
 * 6.15.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#include <linux/crc32c.h>
#define kernel_crc32c(crc, p, len)	crc32c(crc, p, len)
#else
#include <linux/crc32.h>
#define kernel_crc32c(crc, p, len)	__crc32c_le(crc, p, len)
#endif

#endif /* SKBTRACE_COMPAT_H */
