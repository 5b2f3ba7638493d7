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
#include "hop.h"
#include "payload.h"
#include "probes.h"
#include "ring.h"
#include "stacks.h"

/* NULL, error pointers and what cannot be an object of the kernel are NULL. */
static void *sound_pointer(unsigned long value)
{
	if (value < PAGE_OFFSET || IS_ERR_VALUE(value) || value % sizeof(long))
		return NULL;
	return (void *)value;
}

static void *pointer_argument(struct pt_regs *regs, unsigned int n)
{
	return sound_pointer(regs_get_kernel_argument(regs, n));
}

/* So many skbs in a row make a point trusted. */
#define POINT_TRUSTED	64

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
	return true;

not_an_skb:
	WRITE_ONCE(point->trusted, 0);
	WRITE_ONCE(point->implausible, point->implausible + 1);
	return false;
}

static u8 current_context(void)
{
	if (in_nmi())
		return SKBTRACE_NMI;
	if (hardirq_count())
		return SKBTRACE_HARDIRQ;
	if (in_serving_softirq())
		return SKBTRACE_SOFTIRQ;
	return SKBTRACE_TASK;
}

/* Device names are NUL-terminated within IFNAMSIZ. */
static void copy_name(char *to, const struct net_device *dev)
{
	if (dev)
		memcpy(to, dev->name, SKBTRACE_NAME_LEN);
	else
		memset(to, 0, SKBTRACE_NAME_LEN);
}

/* Get the slot for a record, unless it is refused; refusals are counted. */
static struct skbtrace_record *claim(struct cpu_trace *trace,
				     const struct config *config, u64 *index)
{
	if (!rate_allows(trace, config->max_rate)) {
		local_inc(&trace->rate_limited);
		return NULL;
	}
	if (!trace->ring.slots) {
		local_inc(&trace->no_ring);
		return NULL;
	}
	return ring_claim(&trace->ring, index);
}

/* What every record has, of an entry or a return. */
static void fill_common(struct skbtrace_record *record,
			const struct point *point, const struct sk_buff *skb)
{
	record->skb = (unsigned long)skb;
	record->pid = current->tgid;
	memcpy(record->comm, current->comm, SKBTRACE_NAME_LEN);
	record->point = point->id;
	record->cpu = raw_smp_processor_id();
	record->context = current_context();
	record->abi = SKBTRACE_ABI;
}

/* Where an skb is freed, skb->head is gone before the skb itself. */
static bool data_is_readable(const struct hop *hop)
{
	return hop->point->data != DATA_NONE &&
	       !(hop->flags & SKBTRACE_F_MALFORMED);
}

static void fill_entry(struct skbtrace_record *record, const struct hop *hop,
		       u32 crc32c, u32 digest_len, u32 stack_id)
{
	const struct sk_buff *skb = hop->skb;
	u32 flags = hop->flags | skb->ip_summed;

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
	record->crc32c = crc32c;
	record->digest_len = digest_len;
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

static void record_entry(struct hop *hop)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	const struct config *config = hop->config;
	u32 crc32c = 0, digest_len = 0, stack_id = 0;
	struct skbtrace_record *slot;
	u64 index;

	if (hop->flags & SKBTRACE_F_MALFORMED) {
		local_inc(&trace->malformed);
	} else if (config->digest && hop->payload != SKBTRACE_PAYLOAD_NONE) {
		digest_len = hop->payload_len;
		if (config->digest_max && digest_len > config->digest_max) {
			digest_len = config->digest_max;
			hop->flags |= SKBTRACE_F_DIGEST_MAX;
		}
		if (payload_digest(hop->skb, hop->payload_off, digest_len,
				   &crc32c))
			hop->flags |= SKBTRACE_F_UNREADABLE;
		else
			hop->flags |= SKBTRACE_F_DIGEST;
	}
	hop->csum = config->verify_csum ? hop_checksum(hop) :
					  SKBTRACE_CSUM_UNCHECKED;
	if (config->stack)
		stack_id = stack_record(trace, hop->regs);

	/*
	 * The slot last: while it is being written readers wait for it, and
	 * after a lap nested writers are refused.
	 */
	slot = claim(trace, config, &index);
	if (!slot)
		return;
	fill_entry(slot, hop, crc32c, digest_len, stack_id);
	ring_commit(&trace->ring, slot, index);
}

/* Does filter= admit the packet?  Parses its headers, if it does. */
static bool packet_is_admitted(struct hop *hop)
{
	enum packet_verdict verdict = packet_verdict(&hop->config->filter,
						     hop->point, hop->skb);

	if (verdict == PACKET_REJECTED)
		return false;
	headers_parse(hop);
	return verdict == PACKET_ADMITTED || flow_is_admitted(hop);
}

/*
 * An skb that is followed may be another packet by now: surely where one
 * begins, unless TCP sends it again, and at any point if nobody saw it freed.
 */
static bool may_be_another(const struct hop *hop)
{
	return hop->point->role == ROLE_BIRTH || !hop->config->sees_frees;
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

/* A packet of 512 KiB (BIG TCP) in segments has 362; of a longer list that is counted. */
#define SKB_LIST_MAX	512

/*
 * Is filter= all that has to be asked, because it rejects the packet?  With a
 * filter most come here at each hop, and nothing else is done for them.
 *
 * Handlers run with preemption off, for which synchronize_rcu() waits as well.
 */
static bool is_just_rejected(const struct point *point, struct pt_regs *regs)
{
	const struct program *filter = &rcu_dereference_sched(config)->filter;
	const struct sk_buff *skb;
	void *arg;

	if (!filter->nr || point->data == DATA_NONE ||
	    READ_ONCE(point->trusted) < POINT_TRUSTED)
		return false;
	arg = pointer_argument(regs, SKB_INDEX(point->skb_arg));
	if (!arg)
		return false;
	skb = point->skb_arg & SKB_IS_POINTER ?
	      sound_pointer(*(unsigned long *)arg) : arg;
	if (!skb || (point->skb_arg & SKB_LIST && skb->next))
		return false;
	return packet_is_rejected(filter, point, skb);
}

static noinline void capture_list(struct point *point, struct pt_regs *regs)
{
	struct hop hop = { .point = point, .regs = regs };
	unsigned int i;

	if (!hop_arguments(&hop, point))
		return;
	rcu_read_lock();
	hop.config = rcu_dereference(config);
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
	rcu_read_unlock();
}

/**
 * capture_entry() - record that a function was called with an skb, or a list
 * @point: the point
 * @regs: registers on entry
 *
 * Context: probe handler, irqs off.
 */
void capture_entry(struct point *point, struct pt_regs *regs)
{
	if (!is_just_rejected(point, regs))
		capture_list(point, regs);
}

/**
 * capture_call() - remember the call of a function whose return is wanted
 * @point: the point
 * @regs: registers on entry
 * @call: set to what capture_return() is to be told
 *
 * Context: probe handler, irqs off.
 * Return: false if the return is not to be recorded.
 */
bool capture_call(struct point *point, struct pt_regs *regs,
		  struct capture_call *call)
{
	struct hop hop = { .point = point, .regs = regs };
	bool wanted;

	if (!hop_arguments(&hop, point))
		return false;
	rcu_read_lock();
	/* Whether a packet is wanted is the entry points' to say. */
	wanted = followed(hop.skb);
	if (wanted) {
		hop_find_device(&hop);
		call->skb = hop.skb;
		call->ts_ns = RING_CLOCK();
		call->netns = hop.netns;
		call->flags = hop.flags;
		copy_name(call->dev, hop.dev);
		copy_name(call->peer, hop.peer);
	}
	rcu_read_unlock();
	return wanted;
}

/**
 * capture_return() - record that a function returned
 * @point: the point
 * @regs: registers on return
 * @call: what capture_call() remembered
 *
 * The skb is not touched: it may be gone.
 *
 * Context: probe handler, irqs off.
 */
void capture_return(const struct point *point, struct pt_regs *regs,
		    const struct capture_call *call)
{
	struct cpu_trace *trace = this_cpu_ptr(&cpu_trace);
	unsigned long ret = regs_return_value(regs);
	struct skbtrace_record *slot;
	const struct sk_buff *copy;
	u64 index;

	/* A copy of a packet that is followed is followed. */
	copy = point->role == ROLE_CLONE ? sound_pointer(ret) : NULL;
	if (copy && !followed(copy))
		follow(copy);

	rcu_read_lock();
	slot = claim(trace, rcu_dereference(config), &index);
	rcu_read_unlock();
	if (!slot)
		return;
	/* Everything that is not said below is 0. */
	memset((char *)slot + offsetof(struct skbtrace_record, skb), 0,
	       sizeof(*slot) - offsetof(struct skbtrace_record, skb));
	fill_common(slot, point, call->skb);
	slot->ret = point->role == ROLE_CLONE ? (s64)ret : (s32)ret;
	slot->duration_ns = min_t(u64, slot->ts_ns - call->ts_ns, U32_MAX);
	slot->netns = call->netns;
	slot->flags = call->flags | SKBTRACE_F_RET;
	memcpy(slot->dev, call->dev, sizeof(slot->dev));
	memcpy(slot->peer, call->peer, sizeof(slot->peer));
	ring_commit(&trace->ring, slot, index);
}
