// SPDX-License-Identifier: GPL-2.0
/*
 * What applications write to sockets and read from them: probes of the calls and of
 * what copies, and the table of calls under way.
 *
 * Off unless socket=1: it reads the memory of applications, of which nothing but
 * CRCs is recorded.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/hash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "compat.h"
#include "config.h"
#include "handler.h"
#include "device.h"
#include "digest.h"
#include "filter.h"
#include "interrupts.h"
#include "messages.h"
#include "ring.h"
#include "stacks.h"

/* Calls that may be under way at once; a power of two. */
#define NR_CALLS	1024
#define CALL_BITS	10

/* Slots that a task's calls may be in. */
#define CALL_WAYS	8

/* Calls for which there was no slot. */
static DEFINE_PER_CPU(unsigned long, refused_calls);
static DEFINE_PER_CPU(u64, next_call);

static struct message_call *calls;	/* there as long as a probe is */

static DEFINE_MUTEX(messages_lock);
static bool attached;		/* under messages_lock, as what follows */
static bool was_attached;	/* once: then there may be records */

/* Is a point for a kernel such as this? */
#define IS_FOR_ANY	true
#ifdef HAVE_MSG_ITER
#define IS_FOR_ITER	true
#define IS_FOR_IOVEC	false
#else
#define IS_FOR_ITER	false
#define IS_FOR_IOVEC	true
#endif
#ifdef HAVE_TCP_SENDMSG_LOCKED
#define IS_FOR_LOCKED	true
#define IS_FOR_UNLOCKED	false
#else
#define IS_FOR_LOCKED	false
#define IS_FOR_UNLOCKED	true
#endif

/* Of entry points nothing is kept, and of all but copies a pointer. */
#define CALL_IS		true
#define ENTRY_IS	false

#define LEAVE_CALL(handler)	message_##handler##_leave
#define LEAVE_ENTRY(handler)	NULL

#define P(_id, _symbol, _kind, _kernels, _handler)				\
	{								\
		.id = _id,						\
		.is_call = _kind ## _IS,				\
		.symbol = #_symbol,					\
		.entry = message_ ## _handler,				\
		.leave = LEAVE_ ## _kind(_handler),			\
		.data_size = sizeof(void *),				\
		.state = IS_FOR_ ## _kernels ? -ENODEV : -EOPNOTSUPP,	\
	},
static struct message_point points[] = { SKBTRACE_MESSAGE_POINTS(P) };
#undef P

/**
 * message_call_of() - the call of this task that is under way, the innermost
 * @sk: on this socket, or NULL for any
 * @kind: of this kind
 *
 * Context: probe handler, in the task.
 * Return: the call, or NULL.
 */
struct message_call *message_call_of(const struct sock *sk, unsigned int kind)
{
	unsigned int i, hash = hash_ptr(current, CALL_BITS);
	struct message_call *found = NULL;

	for (i = 0; i < CALL_WAYS; i++) {
		struct message_call *call = &calls[(hash + i) % NR_CALLS];

		if (READ_ONCE(call->task) != current || call->kind != kind ||
		    (sk && call->sk != sk))
			continue;
		if (!found || call->began_ns > found->began_ns)
			found = call;
	}
	return found;
}

static const struct net_device *socket_device(const struct sock *sk)
{
	const struct dst_entry *dst = rcu_dereference_raw(sk->sk_dst_cache);

	return dst ? READ_ONCE(dst->dev) : NULL;
}

/* Whose packets would be followed from here on. */
static bool is_wanted(const struct config *in_force, const struct sock *sk,
		      unsigned int kind)
{
	struct devices at = { NULL, NULL };

	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return false;
	/* Where a datagram goes is known later: if it is followed. */
	if (sk->sk_protocol == IPPROTO_UDP)
		return kind != SKBTRACE_MESSAGE_SEND || !in_force->pid.nr ||
		       numbers_have(&in_force->pid, current->tgid);
	if (sk->sk_protocol != IPPROTO_TCP)
		return false;
	at.dev = socket_device(sk);
	if (kind == SKBTRACE_MESSAGE_SEND)
		return devices_are_wanted(in_force, at);
	/* Who reads may be another process, in another namespace. */
	if (!at.dev)
		return false;
	return in_force->dev.nr ? globs_match(&in_force->dev, at.dev->name, NULL) :
				  device_is_of_interest(at.dev);
}

/**
 * message_call_begin() - remember a call
 * @point: the point
 * @sk: the socket
 * @kind: SKBTRACE_MESSAGE_SEND or _RECV
 * @size: for how many bytes
 * @regs: registers on entry
 *
 * Context: probe handler.
 * Return: the call, of which what @kind has is not set; or NULL, if it is not wanted or
 * there is no slot, which is counted.
 */
struct message_call *message_call_begin(struct message_point *point,
					const struct sock *sk, unsigned int kind,
					size_t size, struct pt_regs *regs)
{
	unsigned int i, hash = hash_ptr(current, CALL_BITS);
	const struct config *in_force = rcu_dereference_sched(config);
	struct message_call *call;

	if (!sk || !size || current_context() != SKBTRACE_TASK ||
	    !in_force->on || !is_wanted(in_force, sk, kind))
		return NULL;
	for (i = 0; i < CALL_WAYS; i++) {
		call = &calls[(hash + i) % NR_CALLS];
		if (!READ_ONCE(call->task) &&
		    !cmpxchg(&call->task, NULL, current))
			break;
	}
	if (i == CALL_WAYS) {
		this_cpu_inc(refused_calls);
		return NULL;
	}
	call->sk = sk;
	call->id = this_cpu_inc_return(next_call) * nr_cpu_ids +
		   raw_smp_processor_id();
	call->life = 0;
	call->began_ns = RING_CLOCK();
	call->size = min_t(size_t, size, INT_MAX);
	call->state = 0;
	call->point = point->id;
	call->kind = kind;
	call->stack_id = 0;
	if (in_force->stack && kind == SKBTRACE_MESSAGE_SEND)
		call->stack_id = stack_record(this_cpu_ptr(&cpu_trace), regs);
	return call;
}

/**
 * message_call_end() - forget a call
 * @call: the call
 */
void message_call_end(struct message_call *call)
{
	smp_store_release(&call->task, NULL);
}

static bool socket_is_ipv6(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr);
#else
	return false;
#endif
}

/* Whoever sends the bytes is the source, on both ends. */
static void fill_flow(struct skbtrace_message *message, const struct sock *sk,
		      bool is_sender)
{
	const struct inet_sock *inet = inet_sk(sk);
	u8 *local = is_sender ? message->saddr : message->daddr;
	u8 *remote = is_sender ? message->daddr : message->saddr;

	if (socket_is_ipv6(sk)) {
		message->protocol = ETH_P_IPV6;
#if IS_ENABLED(CONFIG_IPV6)
		memcpy(local, &sk->sk_v6_rcv_saddr, 16);
		memcpy(remote, &sk->sk_v6_daddr, 16);
#endif
	} else {
		message->protocol = ETH_P_IP;
		memcpy(local, &inet->inet_saddr, 4);
		memcpy(remote, &inet->inet_daddr, 4);
	}
	message->sport = is_sender ? inet->inet_sport : inet->inet_dport;
	message->dport = is_sender ? inet->inet_dport : inet->inet_sport;
}

/**
 * message_claim() - begin a record
 * @call: the call that it is of
 * @point: the number of the point
 * @kind: what it is
 *
 * Context: probe handler, irqs off.
 * Return: the record, of which seq, len, cell and what comes with @kind is not set; or
 * NULL, if it is refused, which is counted.
 */
struct skbtrace_message *message_claim(const struct message_call *call,
				       unsigned int point, unsigned int kind)
{
	const struct config *in_force = rcu_dereference_sched(config);
	struct skbtrace_message *message;

	message = (struct skbtrace_message *)
		  claim(this_cpu_ptr(&cpu_trace), in_force);
	if (!message)
		return NULL;
	/* Everything that is not said below is 0. */
	memset((char *)message + offsetof(struct skbtrace_message, sk), 0,
	       sizeof(*message) - offsetof(struct skbtrace_message, sk));
	message->sk = (unsigned long)call->sk;
	message->call = call->id;
	message->began_ns = call->began_ns;
	message->life = call->life;
	memcpy(message->comm, current->comm, SKBTRACE_NAME_LEN);
	message->size = call->size;
	message->netns = net_inum(sock_net(call->sk));
	message->pid = current->tgid;
	message->tid = current->pid;
	message->stack_id = call->stack_id;
	message->flags = SKBTRACE_F_MESSAGE | SKBTRACE_F_FLOW |
			 SKBTRACE_F_PORTS | SKBTRACE_F_NETNS;
	message->state = call->state;
	message->point = point;
	message->cpu = raw_smp_processor_id();
	message->l4proto = call->sk->sk_protocol;
	message->kind = kind;
	message->context = SKBTRACE_TASK;
	message->abi = SKBTRACE_ABI;
	fill_flow(message, call->sk, kind == SKBTRACE_MESSAGE_SEND);
	return message;
}

/**
 * message_commit() - show readers the record that was begun
 */
void message_commit(void)
{
	ring_commit(&this_cpu_ptr(&cpu_trace)->ring);
}

/**
 * message_breathe() - let interrupts in between two stretches of a long reading
 * @irqs: what begin() returned
 *
 * Their softirqs wait, whose probes the kernel would skip, until the socket is released:
 * local_bh_enable() looks for them.
 *
 * Return: false if they cannot be let in.
 */
bool message_breathe(unsigned long irqs)
{
#if defined(HAVE_PREEMPT_COUNT_ADD) && !defined(CONFIG_PREEMPT_RT)
	if (irqs_disabled_flags(irqs))
		return false;
	__preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
	local_irq_restore(irqs);
	local_irq_save(irqs);
	__preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
	return true;
#else
	return false;
#endif
}

/* A handler that is running. */
struct running {
	unsigned long irqs;
	unsigned long missed;
	long faults;
};

static const struct kprobe *kprobe_of(const struct message_point *point)
{
	return point->is_call ? &point->rp.kp : &point->kp;
}

static struct running begin(const struct message_point *point)
{
	struct running running;

	local_irq_save(running.irqs);
	handler_rcu_read_lock();
	running.missed = READ_ONCE(kprobe_of(point)->nmissed);
	running.faults = this_cpu_read(usermem_faults);
	return running;
}

/* Interrupts stay off where the kernel restores them: see interrupts.c. */
static void end(struct message_point *point, const struct running *running)
{
	long faults = this_cpu_read(usermem_faults) - running->faults;

	if (unlikely(faults))
		atomic_long_add(min_t(long, faults, READ_ONCE(kprobe_of(point)->nmissed) -
					    running->missed), &point->own);
	handler_rcu_read_unlock();
	if (READ_ONCE(interrupts_restore))
		local_irq_restore(running->irqs);
}

/**
 * cells_read() - digest memory that is in one cell, and close that if it is at its end
 * @cells: the cells, with room for one
 * @at: the memory, moved on
 * @len: how much of it
 * @late: the kernel has copied it already
 *
 * Return: how many bytes were readable.
 */
size_t cells_read(struct cells *cells, struct usermem *at, size_t len, bool late)
{
	size_t got = usermem_crc(at, &cells->crc, len);

	cells->open += got;
	if (got && late)
		cells->is_late = true;
	if (got && cells_end(cells) % SKBTRACE_GRID == 0)
		cells_close(cells);
	return got;
}

static int __kprobes entry_handler_of(struct kprobe *kp, struct pt_regs *regs)
{
	struct message_point *point = container_of(kp, struct message_point, kp);
	struct running running = begin(point);

	point->entry(point, NULL, regs, running.irqs);
	end(point, &running);
	return 0;
}

static int __kprobes call_handler_of(struct kretprobe_instance *ri,
				     struct pt_regs *regs)
{
	struct message_point *point =
		container_of(get_kretprobe(ri), struct message_point, rp);
	struct running running = begin(point);
	int ret = point->entry(point, ri->data, regs, running.irqs);

	end(point, &running);
	return ret;
}

static int __kprobes return_handler_of(struct kretprobe_instance *ri,
				       struct pt_regs *regs)
{
	struct kretprobe *rp = get_kretprobe(ri);
	struct message_point *point;
	struct running running;

	/* NULL: the probe is being unregistered. */
	if (!rp)
		return 0;
	point = container_of(rp, struct message_point, rp);
	running = begin(point);
	point->leave(point, ri->data, regs, running.irqs);
	end(point, &running);
	return 0;
}

static int attach_one(struct message_point *point)
{
	atomic_long_set(&point->own, 0);
	if (!point->is_call) {
		memset(&point->kp, 0, sizeof(point->kp));
		point->kp.symbol_name = point->symbol;
		point->kp.pre_handler = entry_handler_of;
		return register_kprobe(&point->kp);
	}
	memset(&point->rp, 0, sizeof(point->rp));
	point->rp.kp.symbol_name = point->symbol;
	point->rp.entry_handler = call_handler_of;
	point->rp.handler = return_handler_of;
	point->rp.data_size = point->data_size;
	if (point->entry == message_copy)
		point->rp.data_size = message_copy_size;
	/* Calls sleep: as many as may be under way. */
	point->rp.maxactive = NR_CALLS / 4;
	return register_kretprobe(&point->rp);
}

static unsigned long missed(struct message_point *point)
{
	unsigned long missed = point->missed;

	if (!point->state)
		missed += kprobe_of(point)->nmissed - atomic_long_read(&point->own) +
			  (point->is_call ? point->rp.nmissed : 0);
	return missed;
}

static void detach(void)
{
	struct kprobe *kps[ARRAY_SIZE(points)];
	struct kretprobe *rps[ARRAY_SIZE(points)];
	int nr_kps = 0, nr_rps = 0, i;

	WRITE_ONCE(digest_is_cut, false);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (points[i].state)
			continue;
		if (points[i].is_call)
			rps[nr_rps++] = &points[i].rp;
		else
			kps[nr_kps++] = &points[i].kp;
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (points[i].state)
			continue;
		points[i].missed = missed(&points[i]);
		points[i].state = -ENODEV;
	}
	/* Handlers of other points look at calls, too. */
	synchronize_rcu();
	vfree(calls);
	calls = NULL;
	attached = false;
}

/*
 * What looks at calls under way comes before what begins them, or a call could be
 * without its middle.
 */
static void attach(void)
{
	int i;

	calls = vzalloc(NR_CALLS * sizeof(*calls));
	if (!calls) {
		pr_err("socket=1: no memory for calls\n");
		return;
	}
	attached = true;
	was_attached = true;
	digest_tie = message_udp_tie;
	smp_store_release(&digest_is_cut, true);
	for (i = ARRAY_SIZE(points) - 1; i >= 0; i--)
		if (points[i].state != -EOPNOTSUPP)
			points[i].state = attach_one(&points[i]);
}

/**
 * messages_apply() - attach or detach
 * @wanted: which
 *
 * Context: process, may sleep.
 */
void messages_apply(bool wanted)
{
	mutex_lock(&messages_lock);
	if (wanted && !attached)
		attach();
	else if (!wanted && attached)
		detach();
	mutex_unlock(&messages_lock);
}

/**
 * messages_show() - print the points, a line each
 * @m: where to
 *
 * Context: process, may sleep.
 */
void messages_show(struct seq_file *m)
{
	struct message_point *point;

	mutex_lock(&messages_lock);
	for (point = points; was_attached && point < points + ARRAY_SIZE(points); point++) {
		if (point->state == -EOPNOTSUPP)
			continue;
		seq_printf(m, "%u %s %s socket vmlinux - %lu - ", point->id, point->symbol,
			   point->is_call ? "return" : "entry", missed(point));
		if (!point->state)
			seq_puts(m, "active\n");
		else if (point->state == -ENODEV)
			seq_puts(m, "off\n");
		else if (point->state == -ENOENT)
			seq_puts(m, "absent: this kernel has no such function of its own\n");
		else
			seq_printf(m, "refused: error %d\n", point->state);
	}
	mutex_unlock(&messages_lock);
}

/**
 * messages_show_counts() - print what cannot be seen in records
 * @m: where to
 *
 * Context: process, may sleep.
 */
void messages_show_counts(struct seq_file *m)
{
	unsigned long refused = 0, faults = 0;
	unsigned int under_way = 0, i;
	int cpu;

	for_each_possible_cpu(cpu) {
		refused += per_cpu(refused_calls, cpu);
		faults += per_cpu(usermem_faults, cpu);
	}
	mutex_lock(&messages_lock);
	for (i = 0; calls && i < NR_CALLS; i++)
		under_way += !!READ_ONCE(calls[i].task);
	if (was_attached)
		seq_printf(m, "socket_refused %lu\nsocket_absent %lu\nsocket_under_way %u\n",
			   refused, faults, under_way);
	mutex_unlock(&messages_lock);
}
