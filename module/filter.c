// SPDX-License-Identifier: GPL-2.0
/*
 * What is recorded.
 *
 * The first hop of a packet that the parameters want makes its skb followed:
 * from then on every hop of it is recorded, until it is freed.  So a journey
 * is whole, points that know no device (clones, frees) belong to a packet,
 * and the frees of all the other skbs of the host are not recorded.
 */
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/netdevice.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "config.h"
#include "filter.h"
#include "hop.h"
#include "ring.h"

struct followed_bucket *followed_table;

int followed_init(void)
{
	followed_table = vzalloc(sizeof(*followed_table) << FOLLOWED_BITS);
	return followed_table ? 0 : -ENOMEM;
}

void followed_exit(void)
{
	vfree(followed_table);
}

/**
 * follow() - record this skb at all points from now on
 * @skb: its address, not followed() yet
 *
 * Context: any, on the CPU it stays on.
 */
void follow(const struct sk_buff *skb)
{
	struct followed_bucket *bucket = followed_bucket(skb);
	int i;

	for (i = 0; i < FOLLOWED_WAYS; i++)
		if (!READ_ONCE(bucket->skb[i]) &&
		    cmpxchg(&bucket->skb[i], 0, (unsigned long)skb) == 0)
			return;
	WRITE_ONCE(bucket->skb[0], (unsigned long)skb);
	local_inc(&this_cpu_ptr(&cpu_trace)->untracked);
}

/**
 * unfollow() - the end of an skb
 * @skb: its address
 *
 * Context: any.
 */
void unfollow(const struct sk_buff *skb)
{
	struct followed_bucket *bucket = followed_bucket(skb);
	int i;

	for (i = 0; i < FOLLOWED_WAYS; i++)
		if (READ_ONCE(bucket->skb[i]) == (unsigned long)skb)
			cmpxchg(&bucket->skb[i], (unsigned long)skb, 0);
}

/**
 * hop_is_wanted() - do dev=, netns= and pid= want packets at this hop
 * @hop: a hop whose device has been looked for
 *
 * Context: any, in rcu_read_lock().
 */
bool hop_is_wanted(const struct hop *hop)
{
	const struct config *config = hop->config;

	if (!hop->dev)
		return false;
	if (config->dev.nr) {
		if (!globs_match(&config->dev, hop->dev->name, NULL) &&
		    !(hop->peer && globs_match(&config->dev, hop->peer->name,
					       NULL)))
			return false;
	} else if (!device_is_of_interest(hop->dev)) {
		return false;
	}
	if (config->netns.nr && !numbers_have(&config->netns, hop->netns))
		return false;
	if (config->pid.nr &&
	    (in_serving_softirq() || hardirq_count() ||
	     !numbers_have(&config->pid, current->tgid)))
		return false;
	return true;
}

/**
 * flow_is_sampled() - does sample= keep this flow
 * @hop: a hop whose headers have been parsed
 *
 * Both directions of a flow, and all fragments of a datagram, have the same
 * answer.  What has no flow (ARP) is kept.
 *
 * Context: any.
 */
bool flow_is_sampled(const struct hop *hop)
{
	u32 ends, ports = 0;

	if (hop->config->sample <= 1 || !(hop->flags & SKBTRACE_F_FLOW))
		return true;
	if (hop->flags & SKBTRACE_F_PORTS &&
	    !(hop->flags & SKBTRACE_F_FRAGMENT))
		ports = (__force u32)(hop->sport ^ hop->dport);
	ends = jhash(&hop->saddr, sizeof(hop->saddr), 0) ^
	       jhash(&hop->daddr, sizeof(hop->daddr), 0);
	return jhash_3words(ends, ports, hop->l4proto, 0) %
	       hop->config->sample == 0;
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
 * The generic cell rate algorithm (ITU-T I.371): one word, changed by cmpxchg,
 * so that nested handlers need no lock.  Whoever loses the exchange to a
 * nested handler tries again; bounded, as the nested one has finished.
 *
 * Context: any, on @trace's CPU.
 */
bool rate_allows(struct cpu_trace *trace, u32 max_rate)
{
	u64 interval, due, from, now;

	interval = div_u64((u64)NSEC_PER_SEC << 4, max_rate);
	now = RING_CLOCK() << 4;
	do {
		due = READ_ONCE(trace->allowed_ns16);
		if ((s64)(due - now) > (s64)RATE_BURST_NS16)
			return false;
		from = (s64)(due - now) > 0 ? due : now;
	} while (cmpxchg_local(&trace->allowed_ns16, due, from + interval) != due);
	return true;
}
