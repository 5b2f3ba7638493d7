// SPDX-License-Identifier: GPL-2.0
/* Calls of applications under way, which of them are looked at, and their records. */
#include <linux/hash.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "config.h"
#include "device.h"
#include "filter.h"
#include "handler.h"
#include "messages.h"
#include "ring.h"
#include "stacks.h"

/* Calls that may be under way at once; a power of two. */
#define CALL_BITS	10
#define NR_CALLS	(1 << CALL_BITS)

/* Slots that a task's calls may be in. */
#define CALL_WAYS	8

/* Calls for which there was no slot. */
static DEFINE_PER_CPU(unsigned long, refused_calls);
static DEFINE_PER_CPU(u64, next_call);

/*
 * The calls under way, allocated while probes of socket=1 are attached.  The task that
 * makes call i is owners[i], NULL if that slot is free: an array of its own, since each
 * handler searches it.
 */
static struct message_call *calls;
static struct task_struct *owners[NR_CALLS];

/**
 * message_calls_init() - make room for calls
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int message_calls_init(void)
{
	memset(owners, 0, sizeof(owners));
	calls = vzalloc(NR_CALLS * sizeof(*calls));
	return calls ? 0 : -ENOMEM;
}

/**
 * message_calls_exit() - that is no longer needed
 *
 * Context: process, may sleep; no handler looks at calls any more.
 */
void message_calls_exit(void)
{
	vfree(calls);
	calls = NULL;
}

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
		unsigned int slot = (hash + i) % NR_CALLS;
		struct message_call *call;

		if (likely(READ_ONCE(owners[slot]) != current))
			continue;
		call = &calls[slot];
		if (call->kind != kind || (sk && call->sk != sk))
			continue;
		if (!found || call->began_ns > found->began_ns)
			found = call;
	}
	return found;
}

static bool socket_is_ipv6(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr);
#else
	return false;
#endif
}

/* Return: the ethertype.  The source is who sends the bytes, also in a record of recv(). */
static u16 put_addresses(const struct sock *sk, u8 *local, u8 *remote)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (socket_is_ipv6(sk)) {
#if IS_ENABLED(CONFIG_IPV6)
		memcpy(local, &sk->sk_v6_rcv_saddr, 16);
		memcpy(remote, &sk->sk_v6_daddr, 16);
#endif
		return ETH_P_IPV6;
	}
	zero_16((char *)local);
	zero_16((char *)remote);
	memcpy(local, &inet->inet_saddr, 4);
	memcpy(remote, &inet->inet_daddr, 4);
	return ETH_P_IP;
}

/*
 * filter= and sample=, asked with what the socket says of the stream.  Of a datagram that is
 * known later.
 */
static noinline bool flow_is_wanted(const struct config *in_force, const struct sock *sk,
				    bool is_sender, size_t size)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct skbtrace_record flow;

	memset(&flow, 0, sizeof(flow));
	flow.protocol = is_sender ? put_addresses(sk, flow.saddr, flow.daddr) :
				    put_addresses(sk, flow.daddr, flow.saddr);
	flow.sport = is_sender ? inet->inet_sport : inet->inet_dport;
	flow.dport = is_sender ? inet->inet_dport : inet->inet_sport;
	flow.l4proto = IPPROTO_TCP;
	flow.tcp_flags = TCPHDR_ACK | TCPHDR_PSH;
	flow.payload = SKBTRACE_PAYLOAD_TRANSPORT;
	flow.payload_len = size;
	flow.flags = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
	if (in_force->filter.nr && !flow_is_admitted(&in_force->filter, &flow, flow.flags))
		return false;
	return flow_is_sampled(in_force, &flow, flow.flags);
}

static const struct net_device *socket_device(const struct sock *sk)
{
	const struct dst_entry *dst = rcu_dereference_raw(sk->sk_dst_cache);

	return dst ? READ_ONCE(dst->dev) : NULL;
}

/* Do dev=, netns=, pid=, filter= and sample= admit packets of this socket? */
static bool is_wanted(const struct config *in_force, const struct sock *sk,
		      unsigned int kind, size_t size)
{
	bool is_sender = kind == SKBTRACE_MESSAGE_SEND;
	struct devices at = { NULL, NULL };

	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return false;
	/* Where a datagram goes is known later: if it is followed. */
	if (sk->sk_protocol == IPPROTO_UDP)
		return !is_sender || !in_force->pid.nr ||
		       numbers_have(&in_force->pid, current->tgid);
	if (sk->sk_protocol != IPPROTO_TCP)
		return false;
	at.dev = socket_device(sk);
	/* Of a reader dev= alone is asked: pid= and netns= are the sender's. */
	if (is_sender ? !devices_are_wanted(in_force, at) :
	    !at.dev || !device_is_wanted(&in_force->dev, at.dev))
		return false;
	return likely(!in_force->filter.nr && in_force->sample <= 1) ||
	       flow_is_wanted(in_force, sk, is_sender, size);
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
 * Return: the call, whose union (send or recv) is not set yet; or NULL if it is not wanted,
 * or if there is no slot, which is counted.
 */
struct message_call *message_call_begin(struct message_point *point,
					const struct sock *sk, unsigned int kind,
					size_t size, struct pt_regs *regs)
{
	unsigned int i, slot, hash = hash_ptr(current, CALL_BITS);
	const struct config *in_force = rcu_dereference_sched(config);
	struct message_call *call;

	if (!sk || !size || !is_call_of_task() ||
	    !in_force->on || !is_wanted(in_force, sk, kind, size))
		return NULL;
	for (i = 0; i < CALL_WAYS; i++) {
		slot = (hash + i) % NR_CALLS;
		if (!READ_ONCE(owners[slot]) &&
		    !cmpxchg(&owners[slot], NULL, current))
			break;
	}
	if (i == CALL_WAYS) {
		this_cpu_inc(refused_calls);
		return NULL;
	}
	call = &calls[slot];
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
	smp_store_release(&owners[call - calls], NULL);
}

/**
 * message_claim() - begin a record
 * @call: the call that it is of
 * @point: the number of the point
 * @kind: what it is
 *
 * Context: probe handler, irqs off.
 * Return: the record, of which seq, len, ret and cell are not set, and late and differs are
 * 0; or NULL, if it is refused, which is counted.
 */
struct skbtrace_message *message_claim(const struct message_call *call,
				       unsigned int point, unsigned int kind)
{
	const struct config *in_force = rcu_dereference_sched(config);
	bool is_sender = kind == SKBTRACE_MESSAGE_SEND;
	const struct inet_sock *inet = inet_sk(call->sk);
	struct skbtrace_message *message;

	message = (struct skbtrace_message *)
		  claim(this_cpu_ptr(&cpu_trace), in_force);
	if (!message)
		return NULL;
	/* Field by field: to clear all of it with memset() first takes longer. */
	message->sk = (unsigned long)call->sk;
	message->call = call->id;
	message->began_ns = call->began_ns;
	message->life = call->life;
	memcpy(message->comm, current->comm, SKBTRACE_NAME_LEN);
	message->protocol = is_sender ?
		put_addresses(call->sk, message->saddr, message->daddr) :
		put_addresses(call->sk, message->daddr, message->saddr);
	message->sport = is_sender ? inet->inet_sport : inet->inet_dport;
	message->dport = is_sender ? inet->inet_dport : inet->inet_sport;
	message->size = call->size;
	message->netns = net_inum(sock_net(call->sk));
	message->pid = current->tgid;
	message->late = 0;
	message->differs = 0;
	message->reserved[0] = 0;
	message->reserved[1] = 0;
	message->stack_id = call->stack_id;
	message->flags = SKBTRACE_F_MESSAGE | SKBTRACE_F_FLOW |
			 SKBTRACE_F_PORTS | SKBTRACE_F_NETNS;
	message->state = call->state;
	message->point = point;
	message->ret = 0;
	message->tid = current->pid;
	message->reserved2 = 0;
	message->cpu = raw_smp_processor_id();
	message->reserved3 = 0;
	message->l4proto = call->sk->sk_protocol;
	message->kind = kind;
	message->context = SKBTRACE_TASK;
	message->payload = SKBTRACE_PAYLOAD_NONE;
	memset(message->reserved4, 0, sizeof(message->reserved4));
	message->abi = SKBTRACE_ABI;
	memset(message->reserved5, 0, sizeof(message->reserved5));
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

/**
 * message_calls_show() - print what cannot be seen in records
 * @m: where to
 *
 * Context: process; calls do not go away meanwhile.
 */
void message_calls_show(struct seq_file *m)
{
	unsigned long refused = 0, faults = 0;
	unsigned int under_way = 0, i;
	int cpu;

	for_each_possible_cpu(cpu) {
		refused += per_cpu(refused_calls, cpu);
		faults += per_cpu(usermem_faults, cpu);
	}
	for (i = 0; calls && i < NR_CALLS; i++)
		under_way += !!READ_ONCE(owners[i]);
	seq_printf(m, "socket_refused %lu\nsocket_absent %lu\nsocket_under_way %u\n",
		   refused, faults, under_way);
}
