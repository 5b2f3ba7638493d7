/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, so that the other files read as mainline.
 *
 * The only place with version tests, and there is one: distributions backport,
 * so what headers can tell is found out by compiling (HAVE_*, see compat.sh),
 * and a feature with a symbol of its own by that.  Each says since when and
 * where from.
 */
#ifndef SKBTRACE_COMPAT_H
#define SKBTRACE_COMPAT_H

#include <linux/cpu.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/poll.h>
#include <linux/skbuff.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat_have.h"

/* Where the arguments of functions are is told here, and how stacks look in stacks.c. */
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "skbtrace knows x86-64 and arm64 only"
#endif

/*
 * Which argument carries the skb: the names of the skb column of points.h.
 * Fixed positions first.
 */
#define SKB_ARG0	0
#define SKB_ARG1	1
#define SKB_ARG2	2
#define SKB_PTR0	(0 | SKB_IS_POINTER)
#define SKB_IS_POINTER	0x80	/* the argument is struct sk_buff ** */
#define SKB_EITHER	0x40	/* either: the first skb seen there tells */
#define SKB_LIST	0x20	/* it is the first of a list */
#define SKB_LIST0	(0 | SKB_LIST)
#define SKB_INDEX(spec)	((spec) & 0x1f)

/*
 * okfn(skb) became okfn(sk, skb) in 4.1, 7026b1ddb6b8 ("netfilter: Pass socket
 * pointer down through okfn()"), which RHEL 7 has too, and okfn(net, sk, skb)
 * in 4.4, 0c4b51f0054c ("netfilter: Pass net into okfn").  ip_output() is one.
 */
#if defined(HAVE_OKFN_NET_SK)
#define SKB_OKFN	2
#elif defined(HAVE_OKFN_SK)
#define SKB_OKFN	1
#else
#define SKB_OKFN	0
#endif

/*
 * ip_queue_xmit(skb, flow) became (sk, skb, flow) in 3.15, b0270e91014d
 * ("ipv4: add a sock pointer to ip_queue_xmit()").
 */
#ifdef HAVE_IP_QUEUE_XMIT_SK
#define SKB_XMIT	1
#else
#define SKB_XMIT	0
#endif

/*
 * __netif_receive_skb_core() takes struct sk_buff ** since 5.6, c0bbbdc32feb
 * ("__netif_receive_skb_core: pass skb by reference").  That was a fix, which
 * went into the stable series and RHEL 8 as well; and it is a static function,
 * of which headers say nothing.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0)
#define SKB_CORE	(0 | SKB_IS_POINTER)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(4, 18, 0)
#define SKB_CORE	(0 | SKB_EITHER)
#else
#define SKB_CORE	0
#endif

/*
 * A module's probes may be armed while it is being removed: all handlers run
 * with preemption off, for which synchronize_rcu() waits since 5.0,
 * 3e3100989869 ("rcu: Consolidate RCU-sched update-side function
 * definitions").
 */
#ifdef HAVE_SYNCHRONIZE_SCHED
#define synchronize_rcu		synchronize_sched
#endif

/*
 * For the same reason handlers are readers of RCU as they are.  Before that,
 * and for lockdep, they have to say so, which takes a twentieth of a hop.
 */
static inline void handler_rcu_read_lock(void)
{
#if defined(HAVE_SYNCHRONIZE_SCHED) || defined(CONFIG_PROVE_RCU)
	rcu_read_lock();
#endif
}

static inline void handler_rcu_read_unlock(void)
{
#if defined(HAVE_SYNCHRONIZE_SCHED) || defined(CONFIG_PROVE_RCU)
	rcu_read_unlock();
#endif
}

/* 5.8, fe557319aa06 ("maccess: rename probe_kernel_{read,write}"). */
#ifndef HAVE_COPY_FROM_KERNEL_NOFAULT
#define copy_from_kernel_nofault	probe_kernel_read
#endif

/* 4.20, 3c88ee194c28 ("x86: ptrace: Add function argument access API"). */
#ifndef HAVE_REGS_GET_KERNEL_ARGUMENT
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
	case 4:
		return regs->r8;
	default:
		return 0;
	}
}
#endif

/* Where in struct pt_regs one of the first three arguments is. */
static inline size_t regs_argument_at(unsigned int n)
{
#ifdef CONFIG_X86_64
	return n == 0 ? offsetof(struct pt_regs, di) :
	       n == 1 ? offsetof(struct pt_regs, si) : offsetof(struct pt_regs, dx);
#else
	return offsetof(struct pt_regs, regs) + n * sizeof(u64);
#endif
}

/* The caller of the function whose first instruction is probed. */
static inline unsigned long regs_return_address(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return *(unsigned long *)regs->sp;
#else
	return procedure_link_pointer(regs);
#endif
}

/* 5.8, 0d00449c7a28 ("x86: Replace ist_enter() with nmi_enter()"): exc_int3(). */
#define BREAKPOINT_IS_NMI					\
	(IS_ENABLED(CONFIG_X86) &&				\
	 LINUX_VERSION_CODE >= KERNEL_VERSION(5, 8, 0))

/*
 * Modules may look at the names of the kernel until 5.7, 0bd476e6c671
 * ("kallsyms: unexport kallsyms_lookup_name() and
 * kallsyms_on_each_symbol()").  Distributions may have taken that over: hence
 * weak, and NULL where it is not exported.
 */
#if defined(CONFIG_KALLSYMS) && LINUX_VERSION_CODE < KERNEL_VERSION(5, 7, 0)
#define HAVE_KALLSYMS_ON_EACH_SYMBOL
extern typeof(kallsyms_on_each_symbol) kallsyms_on_each_symbol __weak;
extern typeof(module_mutex) module_mutex __weak;
#endif

/* 5.2, e9b98e162aa5 ("stacktrace: Provide helpers for common stack trace operations"). */
#ifndef HAVE_STACK_TRACE_SAVE
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
#ifndef HAVE_CPUS_READ_LOCK
#define cpus_read_lock()	get_online_cpus()
#define cpus_read_unlock()	put_online_cpus()
#endif

/* 5.0, ca79b0c211af ("mm: convert totalram_pages ... variables to atomic"). */
#ifndef HAVE_TOTALRAM_PAGES_CALL
#define totalram_pages()	totalram_pages
#endif

/* 4.16, e6c8adca20ba ("anntotate the places where ->poll() return values go"). */
#ifndef HAVE_POLL_T
typedef unsigned int __poll_t;
#define EPOLLIN		POLLIN
#define EPOLLRDNORM	POLLRDNORM
#endif

/* 5.4, 7240b60c98d6 ("linux: Add skb_frag_t page_offset accessors"). */
#ifndef HAVE_SKB_FRAG_OFF
static inline unsigned int skb_frag_off(const skb_frag_t *frag)
{
	return frag->page_offset;
}
#endif

/* 3.19, 435d5f408ca8 ("common object embedded into various struct ....ns"). */
static inline unsigned int net_inum(const struct net *net)
{
#ifdef HAVE_NET_NS_COMMON
	return net->ns.inum;
#else
	return net->proc_inum;
#endif
}

/* 4.13, 14afee4b6092 ("net: convert sk_buff.users from atomic_t to refcount_t"). */
static inline unsigned int skb_users(const struct sk_buff *skb)
{
#ifdef HAVE_SKB_USERS_REFCOUNT
	return refcount_read(&skb->users);
#else
	return atomic_read(&skb->users);
#endif
}

/* 4.4, d976441f44bc ("compiler, atomics, kasan: Provide READ_ONCE_NOCHECK()"). */
#ifndef READ_ONCE_NOCHECK
#define READ_ONCE_NOCHECK	READ_ONCE
#endif

/*
 * 5.11, d741bf41d7c7 ("kprobes: Remove kretprobe hash"): until then return handlers run
 * under a lock, with interrupts off.
 */
#ifdef HAVE_GET_KRETPROBE
#define RETURNS_UNLOCKED	true
#else
#define RETURNS_UNLOCKED	false
#endif

/* 5.11, d741bf41d7c7: there ri->rp is behind this function. */
#ifndef HAVE_GET_KRETPROBE
static inline struct kretprobe *get_kretprobe(struct kretprobe_instance *ri)
{
	return ri->rp;
}
#endif

/*
 * CRC-32C of the kernel's own, for CPUs without the instruction.  Renamed in
 * 6.14 when the architecture's version moved into lib/, 68ea3c2ae0eb
 * ("lib/crc32: rename __crc32c_le() to crc32c_le()"); crc32c() itself since
 * 6.15.
 */
#ifdef HAVE_CRC32C_LE
#include <linux/crc32.h>
#define kernel_crc32c(crc, p, len)	__crc32c_le(crc, p, len)
#else
#include <linux/crc32c.h>
#define kernel_crc32c(crc, p, len)	crc32c(crc, p, len)
#endif

/* 4.14, 52267790ef52 ("sock: add MSG_ZEROCOPY"). */
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0
#endif

/*
 * sendmsg(iocb, sk, msg, size) and recvmsg() became (sk, msg, size) in 4.1, 1b784140474e
 * ("net: Remove iocb argument from sendmsg and recvmsg").
 */
#ifdef HAVE_TCP_SENDMSG_SK
#define MESSAGE_SK_ARG	0
#else
#define MESSAGE_SK_ARG	1
#endif

#ifdef HAVE_MSG_ITER
/* 4.20, 00e23707442a ("iov_iter: Use accessor function"). */
#ifndef HAVE_ITER_IS_KVEC
static inline bool iov_iter_is_kvec(const struct iov_iter *iter)
{
	return iter->type & ITER_KVEC;
}

static inline bool iov_iter_is_bvec(const struct iov_iter *iter)
{
	return iter->type & ITER_BVEC;
}
#endif

/* 6.0, fcb14cb1bdac ("new iov_iter flavour - ITER_UBUF"). */
static inline bool iter_is_user(const struct iov_iter *iter)
{
#ifdef HAVE_USER_BACKED_ITER
	return user_backed_iter(iter);
#else
	return iter_is_iovec(iter);
#endif
}

/* 6.4, de4f5fed3f23 ("iov_iter: add iter_iovec() helper") and what followed. */
static inline struct iovec iter_iovec(const struct iov_iter *iter)
{
	struct iovec piece;

#ifdef HAVE_ITER_UBUF
	if (iter_is_ubuf(iter)) {
		piece.iov_base = iter->ubuf + iter->iov_offset;
		piece.iov_len = iter->count;
		return piece;
	}
#endif
#ifdef HAVE_ITER_IOV_ADDR
	piece.iov_base = iter_iov_addr(iter);
	piece.iov_len = min(iter_iov_len(iter), iter->count);
#else
	piece = iov_iter_iovec(iter);
#endif
	return piece;
}
#endif

#endif /* SKBTRACE_COMPAT_H */
