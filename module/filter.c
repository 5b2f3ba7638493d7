// SPDX-License-Identifier: GPL-2.0
/*
 * What is admitted: the packets that dev=, netns=, pid=, filter= and sample= want,
 * as fast as max_rate= says.
 *
 * Programs of filter= are given the packet's own headers, outermost and innermost.
 * Where there is no IP header yet (TCP has not handed its segment to IP), or it is
 * not in the linear part, they get headers made from what the parser found: a
 * packet is admitted at its first hop, not at the first that has a header.
 */
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/netdevice.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <skbtrace/cbpf.h>
#include <skbtrace/cbpf_flow.h>

#include "compat.h"
#include "config.h"
#include "filter.h"
#include "ring.h"

/**
 * device_is_wanted() - does dev= want packets of a device
 * @list: dev=
 * @dev: the device
 *
 * Context: any, in rcu_read_lock().
 */
bool device_is_wanted(const struct device_list *list,
		      const struct net_device *dev)
{
	const struct globs *globs = &list->globs;
	bool in = false;

	if (!globs->nr || list->adds)
		in = device_is_of_interest(dev);
	if (globs_lack(globs, dev->name[0]))
		return in;
	return list->adds ? globs_decide(globs, in, dev->name, NULL) :
			    globs_match(globs, dev->name, NULL);
}

/**
 * devices_are_wanted() - do dev=, netns= and pid= want packets here
 * @config: the parameters in force
 * @at: where the packet is
 *
 * Context: any, in rcu_read_lock().
 */
bool devices_are_wanted(const struct config *config, struct devices at)
{
	if (!at.dev)
		return false;
	if (!device_is_wanted(&config->dev, at.dev) &&
	    !(at.peer && config->dev.globs.nr &&
	      device_is_wanted(&config->dev, at.peer)))
		return false;
	if (config->netns.nr &&
	    !numbers_have(&config->netns, net_inum(dev_net(at.dev))))
		return false;
	if (config->pid.nr &&
	    (in_serving_softirq() || hardirq_count() ||
	     !numbers_have(&config->pid, current->tgid)))
		return false;
	return true;
}

/* May a packet be within this one?  Not if it has one of these protocols. */
static bool may_be_tunnel(u8 l4proto)
{
	return l4proto != IPPROTO_TCP && l4proto != IPPROTO_ICMP &&
	       l4proto != IPPROTO_ICMPV6;
}

/**
 * ask_filter() - what filter= says of a packet by its outermost header
 * @filter: the program in force, of at least one instruction
 * @skb: the packet
 * @place: what locate() says
 *
 * Nothing is read that is not in the linear part, wherever the skb says that
 * headers are.
 *
 * Context: any, in rcu_read_lock().
 */
enum admission ask_filter(const struct program *filter,
			  const struct sk_buff *skb, struct place place)
{
	const u8 *p = skb->data + place.offset, *end = skb_tail_pointer(skb);
	const struct sock_filter *insn = filter->insns;
	bool is_ipv6 = place.protocol == htons(ETH_P_IPV6);
	u8 l4proto;
	u32 len;

	/* What is no IP packet may have one in it. */
	if (!is_ipv6 && place.protocol != htons(ETH_P_IP))
		return ASK_INNER;
	if (end > skb_end_pointer(skb) || p < skb->head || p >= end)
		return ASK_RECORD;
	if (*p >> 4 != (is_ipv6 ? 6 : 4))
		return REJECTED;
	len = end - p;
	if (skb->data_len && len < (is_ipv6 ? IPV6_HEADERS : IPV4_HEADERS))
		return ASK_RECORD;
	if (len < (is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		return REJECTED;
	l4proto = p[cbpf_protocol_at(is_ipv6 ? 6 : 4)];
	insn += filter->start[is_ipv6][l4proto];
	if (cbpf_run(insn, filter->uses_memory, p, len,
		     skb->len + (u32)(skb->data - p)))
		return ADMITTED;
	return may_be_tunnel(l4proto) ? ASK_INNER : REJECTED;
}

/**
 * flow_is_admitted() - does filter= admit what a record tells of a flow
 * @filter: the program in force, of at least one instruction
 * @record: the addresses, and what else is known
 * @flags: its flags
 *
 * Context: any, in rcu_read_lock().
 */
bool flow_is_admitted(const struct program *filter,
		      const struct skbtrace_record *record, u32 flags)
{
	struct cbpf_flow flow = {
		.saddr = record->saddr,
		.daddr = record->daddr,
		.protocol = record->protocol,
		.l4proto = record->l4proto,
		.has_ports = !!(flags & SKBTRACE_F_PORTS),
		.sport = ntohs(record->sport),
		.dport = ntohs(record->dport),
		.tcp_seq = record->tcp_seq,
		.tcp_flags = record->tcp_flags,
		.ttl = record->ttl,
		.is_fragment = !!(flags & SKBTRACE_F_FRAGMENT),
		.frag_off = flags & SKBTRACE_F_FRAGMENT ? record->frag_off : 0,
		.ip_id = record->ip_id,
		.is_transport = record->payload == SKBTRACE_PAYLOAD_TRANSPORT,
		.payload_len = record->payload_len,
	};
	u8 header[CBPF_HEADER_MAX];
	u32 len, wire_len;

	len = cbpf_header(&flow, header, &wire_len);
	return cbpf_run(filter->insns, filter->uses_memory, header, len,
			wire_len);
}

/**
 * record_is_admitted() - does filter= admit a packet, where ask_filter() cannot say
 * @filter: the program in force, of at least one instruction
 * @admission: what that has said: ASK_INNER or ASK_RECORD
 * @record: parsed
 * @flags: its flags
 * @skb: the packet
 * @network: where its innermost IP header is, bytes behind skb->data
 *
 * What is no IP packet, and has none in it, is rejected, whatever the program
 * would say of it.
 *
 * Context: any, in rcu_read_lock().
 */
bool record_is_admitted(const struct program *filter, enum admission admission,
			const struct skbtrace_record *record, u32 flags,
			const struct sk_buff *skb, int network)
{
	bool is_tunnel = record->tunnel != SKBTRACE_TUNNEL_NONE;
	const u8 *p = skb->data + network;
	int len = (int)skb_headlen(skb) - network;

	if (!(flags & SKBTRACE_F_FLOW) || (admission == ASK_INNER && !is_tunnel))
		return false;
	if (is_tunnel && len >= IPV6_HEADERS && p >= skb->head)
		return cbpf_run(filter->insns, filter->uses_memory, p, len,
				skb->len - network);
	return flow_is_admitted(filter, record, flags);
}

/**
 * flow_is_sampled() - does sample= keep this flow
 * @config: the parameters in force
 * @record: parsed
 * @flags: its flags
 *
 * Both directions of a flow, and all fragments of a datagram, have the same
 * answer.  What has no flow (ARP) is kept.
 *
 * Context: any.
 */
bool flow_is_sampled(const struct config *config,
		     const struct skbtrace_record *record, u32 flags)
{
	u32 ends, ports = 0;

	if (config->sample <= 1 || !(flags & SKBTRACE_F_FLOW))
		return true;
	if (flags & SKBTRACE_F_PORTS && !(flags & SKBTRACE_F_FRAGMENT))
		ports = (__force u32)(record->sport ^ record->dport);
	ends = jhash(record->saddr, sizeof(record->saddr), 0) ^
	       jhash(record->daddr, sizeof(record->daddr), 0);
	return jhash_3words(ends, ports, record->l4proto, 0) %
	       config->sample == 0;
}

/*
 * max_rate may be exceeded for so long after a pause: 1/64 s worth of
 * records, so that a second's burst stays within 2 %.
 */
#define RATE_BURST_NS16	((NSEC_PER_SEC / 64) << 4)

/**
 * rate_allows() - does max_rate= allow one more record now
 * @trace: the CPU's
 * @max_rate: records a second, not 0
 *
 * The generic cell rate algorithm (ITU-T I.371).
 *
 * Context: handler, on @trace's CPU.
 */
bool rate_allows(struct cpu_trace *trace, u32 max_rate)
{
	u64 interval = div_u64((u64)NSEC_PER_SEC << 4, max_rate);
	u64 now = RING_CLOCK() << 4;
	u64 due = trace->allowed_ns16;

	if ((s64)(due - now) > (s64)RATE_BURST_NS16)
		return false;
	trace->allowed_ns16 = ((s64)(due - now) > 0 ? due : now) + interval;
	return true;
}
