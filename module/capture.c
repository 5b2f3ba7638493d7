// SPDX-License-Identifier: GPL-2.0
/*
 * From a probe to a record.
 *
 * Everything here runs in probe handlers: in anyone's context, irqs perhaps
 * off, in NMIs too.  Nothing sleeps, allocates, prints, takes a lock or uses
 * the FPU, and nothing loops without bound.
 */
#include <linux/netdevice.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/sock.h>

#include "capture.h"
#include "cbpf.h"
#include "compat.h"
#include "config.h"
#include "filter.h"
#include "handler.h"
#include "hop.h"
#include "payload.h"
#include "probes.h"
#include "ring.h"
#include "stacks.h"

static void *pointer_argument(struct pt_regs *regs, unsigned int n)
{
	return sound_pointer(argument(regs, n));
}

/*
 * Is that an skb, as far as one can see without trusting it?  Where a kernel
 * that nobody has tried has moved an argument, this is what stands between
 * the host and an oops.
 */
static bool is_skb(const struct sk_buff *pointer)
{
	struct sk_buff skb;

	return !copy_from_kernel_nofault(&skb, pointer, sizeof(skb)) &&
	       sound_pointer((unsigned long)skb.head) &&
	       skb.head <= skb.data && skb.data_len <= skb.len &&
	       skb.data + skb_headlen(&skb) == skb_tail_pointer(&skb) &&
	       skb_tail_pointer(&skb) <= skb_end_pointer(&skb) &&
	       skb_users(&skb) < 1 << 20;
}

static struct sk_buff *skb_behind(void *arg)
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
	void *arg = pointer_argument(regs, SKB_INDEX(point->skb_arg));

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

/*
 * The socket that sends an skb at a point of its own: the argument before the
 * skb, or where the skb is the first (ip_queue_xmit() of RHEL 7) skb->sk.
 */
static const struct sock *socket_argument(const struct point *point,
					  struct pt_regs *regs,
					  const struct sk_buff *skb)
{
	unsigned int index = SKB_INDEX(point->skb_arg);

	return index ? pointer_argument(regs, index - 1) : skb->sk;
}

static enum point_way way_of(u8 skb_arg)
{
	switch (skb_arg) {
	case 0:
		return WAY_ARG0;
	case 1:
		return WAY_ARG1;
	case 2:
		return WAY_ARG2;
	case 0 | SKB_IS_POINTER:
		return WAY_POINTER0;
	case SKB_LIST0:
		return WAY_LIST0;
	}
	return WAY_UNKNOWN;
}

/*
 * Get skb and socket of a hop.  Until its point is trusted they are looked at
 * with care; what is not an skb is counted against the point.
 */
static bool hop_arguments(struct hop *hop, struct point *point)
{
	bool trusted = READ_ONCE(point->trusted) >= POINT_TRUSTED;

	hop->skb = skb_argument(point, hop->regs);
	if (!hop->skb)
		return false;
	if (!trusted && !is_skb(hop->skb))
		goto not_an_skb;
	if (point->dev == DEV_SOCKET) {
		hop->sk = socket_argument(point, hop->regs, hop->skb);
		if (!hop->sk)
			return false;
		if (!trusted && !is_inet_socket(hop->sk))
			goto not_an_skb;
	}
	if (!trusted)
		WRITE_ONCE(point->trusted, point->trusted + 1);
	else if (point->way == WAY_UNKNOWN)
		WRITE_ONCE(point->way, way_of(point->skb_arg));
	return true;

not_an_skb:
	WRITE_ONCE(point->trusted, 0);
	WRITE_ONCE(point->way, WAY_UNKNOWN);
	WRITE_ONCE(point->implausible, point->implausible + 1);
	return false;
}

/* Where an skb is freed, skb->head is gone before the skb itself. */
static bool data_is_readable(const struct hop *hop)
{
	return hop->point->data != DATA_NONE &&
	       !(hop->flags & SKBTRACE_F_MALFORMED);
}

static void fill_entry(struct skbtrace_record *record, const struct hop *hop,
		       const struct digest *digest, u32 stack_id)
{
	const struct sk_buff *skb = hop->skb;
	u32 flags = hop->flags | digest->flags | skb->ip_summed;

	if (READ_ONCE(hop->point->hidden))
		flags |= SKBTRACE_F_HIDDEN;
	fill_common(record, hop->point, skb);
	record->head = (unsigned long)skb->head;
	record->ret = 0;
	if (hop->point->has_reason) {
		record->ret = (u32)regs_get_kernel_argument(hop->regs,
				SKB_INDEX(hop->point->skb_arg) + 1);
		flags |= SKBTRACE_F_REASON;
	}
	copy_name(record->dev, hop->dev);
	copy_name(record->peer, hop->peer);
	memcpy(record->saddr, &hop->saddr, sizeof(record->saddr));
	memcpy(record->daddr, &hop->daddr, sizeof(record->daddr));
	record->tcp_seq = hop->tcp_seq;
	record->ip_id = hop->ip_id;
	record->netns = hop->netns;
	record->len = skb->len;
	record->data_len = skb->data_len;
	record->payload_len = hop->payload_len;
	record->crc32c = digest->crc32c;
	record->digest_len = digest->len;
	record->stack_id = stack_id;
	record->protocol = hop->protocol;
	record->sport = hop->sport;
	record->dport = hop->dport;
	record->payload_off = hop->payload_off;
	record->frag_off = hop->frag_off;
	record->vlan_tci = hop->vlan_tci;
	record->l4proto = hop->l4proto;
	record->tcp_flags = hop->tcp_flags;
	record->payload = hop->payload;
	record->ttl = hop->ttl;
	record->csum = hop->csum;
	record->users = min_t(unsigned int, skb_users(skb), U8_MAX);
	if (data_is_readable(hop)) {
		const struct skb_shared_info *shinfo = skb_shinfo(skb);

		record->gso_size = shinfo->gso_size;
		record->gso_segs = shinfo->gso_segs;
		if (shinfo->frag_list)
			flags |= SKBTRACE_F_FRAG_LIST;
		if (skb_cloned(skb))
			flags |= SKBTRACE_F_CLONED;
	} else {
		record->gso_size = 0;
		record->gso_segs = 0;
	}
	record->flags = flags;
}

/* What takes long.  Return: line of skbtrace.d/stacks. */
static u32 examine(struct cpu_trace *trace, struct hop *hop, struct digest *sum)
{
	const struct config *config = hop->config;

	*sum = (struct digest) { 0 };
	if (hop->flags & SKBTRACE_F_MALFORMED)
		local_inc(&trace->malformed);
	else if (config->digest && hop->payload != SKBTRACE_PAYLOAD_NONE)
		*sum = digest(config, hop->skb, hop->payload_off,
			      hop->payload_len);
	hop->csum = config->verify_csum ? hop_checksum(hop) :
					  SKBTRACE_CSUM_UNCHECKED;
	return config->stack ? stack_record(trace, hop->regs) : 0;
}

static void record_entry(struct hop *hop)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	struct skbtrace_record *slot;
	struct digest sum;
	u32 stack_id;

	stack_id = examine(trace, hop, &sum);
	slot = claim_allowed(trace, hop->config);
	if (!slot)
		return;
	fill_entry(slot, hop, &sum, stack_id);
	ring_commit(&trace->ring);
}

/**
 * capture_fill() - fill the record of an skb that is followed
 * @record: the slot, whatever is in it
 * @point: a point that is plain, and trusted
 * @regs: registers on entry
 * @skb: the skb
 * @config: the parameters in force
 *
 * Context: probe handler, irqs off, rcu_read_lock().
 */
void capture_fill(struct skbtrace_record *record, const struct point *point,
		  struct pt_regs *regs, struct sk_buff *skb,
		  const struct config *config)
{
	struct hop hop = {
		.point = point, .regs = regs, .skb = skb, .config = config,
	};
	struct digest sum;
	u32 stack_id;

	hop_find_device(&hop);
	headers_parse(&hop);
	stack_id = examine(this_cpu_ptr(&cpu_trace), &hop, &sum);
	fill_entry(record, &hop, &sum, stack_id);
}

/* Does filter= admit the packet?  Parses its headers, if it does. */
static bool packet_is_admitted(struct hop *hop)
{
	const struct program *filter = &hop->config->filter;
	enum packet_verdict verdict = PACKET_ADMITTED;

	if (filter->nr)
		verdict = packet_verdict_of_any(filter, hop->point, hop->skb);
	if (verdict == PACKET_REJECTED)
		return false;
	headers_parse(hop);
	return verdict == PACKET_ADMITTED || flow_is_admitted(hop);
}

/*
 * An skb that is followed may be another packet by now: surely where one
 * begins, unless TCP sends it again.
 */
static bool may_be_another(const struct hop *hop)
{
	return hop->point->role == ROLE_BIRTH;
}

static void capture_skb(struct hop *hop)
{
	const struct point *point = hop->point;
	bool known;

	if (point->data == DATA_NONE) {
		if (!followed(hop->skb))
			return;
		record_entry(hop);
		/* napi_consume_skb() may just drop a reference. */
		if (point->role == ROLE_FREE && skb_users(hop->skb) <= 1)
			unfollow(hop->skb);
		return;
	}
	if (READ_ONCE(point->hidden))
		return;
	hop_find_device(hop);
	known = followed(hop->skb);
	if (!known && !hop_is_wanted(hop))
		return;
	if (known && !may_be_another(hop)) {
		headers_parse(hop);
	} else if (!packet_is_admitted(hop)) {
		if (known)
			unfollow(hop->skb);
		return;
	}
	if (!known) {
		if (!flow_is_sampled(hop))
			return;
		follow(hop->skb);
	}
	record_entry(hop);
}

/**
 * capture_argument() - the skb that a function is called with
 * @point: the point, which need not be trusted
 * @regs: registers on entry
 *
 * Context: probe handler.
 * Return: the skb, or NULL if there is none.
 */
struct sk_buff *capture_argument(struct point *point, struct pt_regs *regs)
{
	struct hop hop = { .point = point, .regs = regs };

	return hop_arguments(&hop, point) ? hop.skb : NULL;
}

/* A packet of 512 KiB (BIG TCP) in segments has 362; of a longer list that is counted. */
#define SKB_LIST_MAX	512

/**
 * capture_entry() - record that a function was called with an skb, or a list
 * @point: the point
 * @regs: registers on entry
 *
 * Context: probe handler, irqs off.
 */
void capture_entry(struct point *point, struct pt_regs *regs)
{
	struct hop hop = { .point = point, .regs = regs };
	unsigned int i;

	if (!hop_arguments(&hop, point))
		return;
	handler_rcu_read_lock();
	hop.config = rcu_dereference_sched(config);
	for (i = 0; i < SKB_LIST_MAX; i++) {
		const struct config *in_force = hop.config;
		struct sk_buff *skb = hop.skb;

		capture_skb(&hop);
		if (!(point->skb_arg & SKB_LIST))
			break;
		/* Only the first of a list was looked at before. */
		skb = skb_behind(&skb->next);
		if (!skb || !is_skb(skb))
			break;
		hop = (struct hop) {
			.point = point, .regs = regs, .config = in_force,
			.skb = skb,
		};
	}
	if (i == SKB_LIST_MAX)
		local_inc(&this_cpu_ptr(&cpu_trace)->long_lists);
	handler_rcu_read_unlock();
}
