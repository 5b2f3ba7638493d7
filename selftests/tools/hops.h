/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hops made up for tests, and the journeys that come of them.
 *
 *	feed(t, HOP("veth_xmit", .skb = 1, .dev = "veth0", .peer = "veth1"));
 *
 * What a hop does not say is as it is most of the time: UDP over IPv4, always
 * the same flow, 100 bytes of payload with the digest 0xc0ffee, a microsecond
 * after the hop before.
 *
 * Lives are numbered as the module does: a new one where an skb is met, sent (but by
 * TCP) or made, kept until it is freed; HOP("kfree_skbmem", .skb = 1, .unseen = 1) is a
 * free that makes no record.
 */
#ifndef SKBTRACE_SELFTESTS_HOPS_H
#define SKBTRACE_SELFTESTS_HOPS_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journey/journey.h"

#define MSEC	1000000ULL
#define SEC	1000000000ULL

/* Reasons as of Linux 6.3 and later. */
#define REASON_CONSUMED		1
#define REASON_UNSPECIFIED	2
#define REASON_NO_SOCKET	3
#define REASON_NETFILTER	8
#define REASON_QUEUE_PURGE	9
#define REASON_SOCKET_CLOSE	10
#define REASON_OTHERHOST	11

#define NO_PAYLOAD		UINT32_MAX	/* .len = 0 would mean the default */

/* As many as the longest packets have. */
#define NR_BYTES		(1u << 17)
#define WRONG(number)		((number) + 1)	/* .wrong = 0 would mean byte 0 */

struct hop {
	const char *point;	/* "symbol" or "symbol:return" */
	uint64_t ts;		/* 0: a microsecond later */
	uint64_t skb;
	uint64_t life;		/* 0: the one that the skb has */
	uint64_t into;		/* of a merge: the skb that takes it */
	uint64_t child;		/* 0: a life that begins */
	int hidden;		/* not asked for */
	int unseen;		/* there is no record of it */
	uint64_t head;		/* 0: goes with the skb */
	unsigned int cpu;
	const char *dev;
	const char *peer;
	unsigned int l4proto;	/* 0: UDP */
	unsigned int protocol;	/* 0: IPv4 */
	unsigned int flow;	/* makes the source's address and port */
	unsigned int to;	/* makes the destination's address */
	uint32_t seq;
	uint32_t ip_id;
	uint32_t len;		/* 0: 100 */
	uint32_t crc;		/* 0: 0xc0ffee */
	struct {
		uint32_t from, len;
	} bytes;		/* payload of these of crc32c_of()'s: sets len and crc */
	uint32_t wrong;		/* WRONG(the one of these that is changed), 0: none is */
	uint32_t digest_len;	/* 0: len */
	uint32_t flags;		/* more of them */
	uint32_t frag_off;
	uint32_t gso_size;
	int64_t ret;
	int64_t reason;
	uint32_t duration;
	unsigned int users;	/* 0: 1 */
	unsigned int ttl;
	unsigned int context;
	uint32_t netns;
	uint32_t stack;
	uint32_t pid;
	const char *comm;
	int no_digest;
	unsigned int payload;	/* 0: as the protocol has it */
	unsigned int tunnel;
	uint32_t tunnel_id;
	unsigned int outer;	/* makes addresses of the IP header around it */
	uint64_t caller;
	uint64_t sp;
	unsigned int tcp_flags;
	int back;		/* the flow the other way round */
	unsigned int hook_family, hook;	/* of a return of nf_hook_slow() */
	unsigned int vlan;
};

#define HOP(...)	((struct hop){ __VA_ARGS__ })

static inline unsigned int point_id(const char *name)
{
	size_t len = strcspn(name, ":");
	enum point_kind kind = name[len] ? POINT_RETURN : POINT_ENTRY;
	unsigned int id;

	for (id = 0; id <= SKBTRACE_POINT_ID_MAX; id++) {
		const struct point *point = point_of(id);

		if (point->kind == kind && strlen(point->symbol) == len &&
		    !strncmp(point->symbol, name, len))
			return id;
	}
	fprintf(stderr, "no point is called %s\n", name);
	abort();
}

/* CRC32C of @len bytes from @from on, of bytes that are always the same. */
static inline uint32_t crc32c_of(uint32_t from, uint32_t len, uint32_t wrong)
{
	static uint8_t bytes[NR_BYTES];
	static uint32_t table[256];
	uint32_t crc, i, bit;

	for (i = 0; !table[255] && i < 256; i++)
		for (table[i] = i, bit = 0; bit < 8; bit++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78u : table[i] >> 1;
	for (i = 0; !bytes[NR_BYTES - 1] && i < NR_BYTES; i++)
		bytes[i] = (i + 1) * 2654435761u >> 24 | 1;
	if (from > NR_BYTES || len > NR_BYTES - from)
		abort();
	for (crc = ~0u, i = from; i < from + len; i++)
		crc = table[(crc ^ bytes[i] ^ (WRONG(i) == wrong ? 0x20 : 0)) & 255] ^ crc >> 8;
	return ~crc;
}

static inline struct skbtrace_record make_record(const struct hop *hop)
{
	const struct point *point = point_of(point_id(hop->point));
	struct skbtrace_record r = { .ts_ns = hop->ts, .skb = hop->skb };

	r.abi = SKBTRACE_ABI;
	r.point = point_id(hop->point);
	r.sp = hop->sp;
	r.cpu = hop->cpu;
	r.head = hop->head ? hop->head : hop->skb + 0x100000;
	r.users = hop->users ? hop->users : 1;
	r.context = hop->context;
	r.stack_id = hop->stack;
	r.pid = hop->pid;
	r.flags = hop->flags;
	if (hop->dev)
		strncpy(r.dev, hop->dev, sizeof(r.dev) - 1);
	if (hop->peer)
		strncpy(r.peer, hop->peer, sizeof(r.peer) - 1);
	if (hop->comm)
		strncpy(r.comm, hop->comm, sizeof(r.comm) - 1);
	if (hop->netns) {
		r.netns = hop->netns;
		r.flags |= SKBTRACE_F_NETNS;
	}
	if (point->kind == POINT_RETURN) {
		r.head = 0;
		r.ret = hop->ret;
		r.duration_ns = hop->duration;
		r.flags |= SKBTRACE_F_RET;
		if (hop->hook_family) {
			r.hook_family = hop->hook_family;
			r.hook = hop->hook;
			r.flags |= SKBTRACE_F_HOOK;
		}
		return r;
	}
	if (hop->reason) {
		r.ret = hop->reason;
		r.flags |= SKBTRACE_F_REASON;
	}
	if (hop->caller) {
		r.caller = hop->caller;
		r.flags |= SKBTRACE_F_CALLER;
	}
	if (point->data == POINT_NONE)
		return r;

	/* Such an skb is not looked into. */
	if (hop->flags & SKBTRACE_F_MALFORMED)
		return r;
	r.protocol = hop->protocol ? hop->protocol : ETH_P_IP;
	r.payload_len = hop->len == NO_PAYLOAD ? 0 : hop->len ? hop->len : 100;
	if (hop->bytes.len)
		r.payload_len = hop->bytes.len;
	r.len = r.payload_len + 28;
	r.ttl = hop->ttl;
	if (hop->vlan) {
		r.vlan_tci = hop->vlan;
		r.flags |= SKBTRACE_F_VLAN;
	}
	r.frag_off = hop->frag_off;
	r.gso_size = hop->gso_size;
	if (!hop->no_digest) {
		r.flags |= SKBTRACE_F_DIGEST;
		r.crc32c = !r.payload_len ? 0 : hop->crc ? hop->crc : 0xc0ffee;
		r.digest_len = hop->digest_len ? hop->digest_len : r.payload_len;
		if (hop->bytes.len)
			r.crc32c = crc32c_of(hop->bytes.from, r.digest_len, hop->wrong);
	}
	r.tunnel = hop->tunnel;
	r.tunnel_id = hop->tunnel_id;
	r.depth = !!hop->tunnel;
	if (hop->outer) {
		r.flags |= SKBTRACE_F_OUTER;
		r.outer_protocol = ETH_P_IP;
		r.outer_saddr[0] = r.outer_daddr[0] = 172;
		r.outer_saddr[3] = hop->outer;
		r.outer_daddr[3] = hop->outer + 1;
	}
	if (r.protocol != ETH_P_IP && r.protocol != ETH_P_IPV6) {
		r.payload = SKBTRACE_PAYLOAD_LINK;
		return r;
	}
	r.payload = SKBTRACE_PAYLOAD_TRANSPORT;
	r.flags |= SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
	r.l4proto = hop->l4proto ? hop->l4proto : IPPROTO_UDP;
	r.tcp_seq = hop->seq;
	r.tcp_flags = hop->tcp_flags;
	/* Above IP there is no IP header yet. */
	if (point->data != POINT_BYTES && point->data != POINT_SEGMENT)
		r.ip_id = hop->ip_id;
	r.saddr[0] = 10;
	r.saddr[1] = hop->flow >> 16;
	r.saddr[2] = hop->flow >> 8;
	r.saddr[3] = hop->flow;
	r.daddr[0] = 10;
	r.daddr[2] = hop->to;
	r.daddr[3] = 1;
	if (r.frag_off) {
		/* What is in front of it in the datagram has the ports. */
		r.payload = SKBTRACE_PAYLOAD_NETWORK;
		r.flags &= ~SKBTRACE_F_PORTS;
		return r;
	}
	if (hop->payload)
		r.payload = hop->payload;
	if (r.payload != SKBTRACE_PAYLOAD_TRANSPORT) {
		r.flags &= ~SKBTRACE_F_PORTS;
		return r;
	}
	r.sport = htons(1024 + (hop->flow & 0x7fff));
	r.dport = htons(80);
	if (hop->back) {
		memcpy(r.daddr, r.saddr, sizeof(r.daddr));
		memset(r.saddr, 0, sizeof(r.saddr));
		r.saddr[0] = 10;
		r.saddr[3] = 1;
		r.dport = r.sport;
		r.sport = htons(80);
	}
	return r;
}

/* What is remembered of a journey when it is complete. */
struct seen {
	uint64_t id;
	enum journey_end end;
	char end_point[32];
	bool retransmission;
	bool closed_early;
	unsigned int nr_hops;
	unsigned int nr_lives;
	unsigned int nr_taps;
	unsigned int nr_hidden;
	unsigned int nr_delivered, nr_dropped;
	struct verdict verdict;
	char after[32], before[32];	/* of the first change */
	char hops[1024];		/* "point point:return ..." */
};

#define SEEN_MAX	32

/* As many skbs as there are in the longest test, and some. */
#ifndef SKBS_MAX
#define SKBS_MAX	32768u
#endif

struct test {
	struct journey_engine *engine;
	uint64_t next_life;
	struct skb {
		uint64_t skb;
		uint64_t life, start_ns;
		uint64_t earlier;	/* the life before that */
		int gone;
	} skbs[SKBS_MAX];
	uint64_t index;			/* of the next record */
	uint64_t ts;
	uint64_t missed;
	unsigned int nr_seen;		/* may be more than are remembered */
	struct seen seen[SEEN_MAX];
};

static inline const char *hop_name(const struct journey *journey, uint32_t hop)
{
	return hop == JOURNEY_NO_HOP ? "" : point_of(journey->hops[hop].record.point)->symbol;
}

static inline void see(void *context, const struct journey *journey)
{
	struct test *t = context;
	const struct journey_life *life;
	struct seen *seen;
	uint32_t i;

	if (t->nr_seen++ >= SEEN_MAX)
		return;
	seen = &t->seen[t->nr_seen - 1];
	memset(seen, 0, sizeof(*seen));
	seen->id = journey->id;
	seen->end = journey->end;
	seen->retransmission = journey->retransmission;
	seen->closed_early = journey->closed_early;
	seen->nr_hops = journey->nr_hops;
	seen->nr_lives = journey->nr_lives;
	seen->nr_hidden = journey->nr_hidden;
	seen->nr_delivered = journey->nr_delivered;
	seen->nr_dropped = journey->nr_dropped;
	for (life = journey->lives; life; life = life->next)
		seen->nr_taps += life->phase == LIFE_TAP;
	snprintf(seen->end_point, sizeof(seen->end_point), "%s",
		 hop_name(journey, journey->end_hop));
	verdict_of(journey, t->missed, &seen->verdict);
	if (seen->verdict.nr_changes) {
		snprintf(seen->after, sizeof(seen->after), "%s",
			 hop_name(journey, seen->verdict.changes[0].after));
		snprintf(seen->before, sizeof(seen->before), "%s",
			 hop_name(journey, seen->verdict.changes[0].before));
	}
	for (i = 0; i < journey->nr_hops; i++) {
		const struct point *point = point_of(journey->hops[i].record.point);
		size_t len = strlen(seen->hops);

		snprintf(seen->hops + len, sizeof(seen->hops) - len, "%s%s%s", i ? " " : "",
			 point->symbol, point->kind == POINT_RETURN ? ":return" : "");
	}
}

static inline void test_begin_with(struct test *t, const struct journey_config *config)
{
	const struct journey_reasons reasons = {
		REASON_CONSUMED, REASON_UNSPECIFIED, REASON_NO_SOCKET,
		REASON_QUEUE_PURGE, REASON_SOCKET_CLOSE, REASON_OTHERHOST
	};

	memset(t, 0, sizeof(*t));
	t->ts = 1 * SEC;
	t->engine = journey_engine_new(config, &reasons, see, t);
	if (!t->engine)
		abort();
}

static inline void test_begin(struct test *t)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;

	test_begin_with(t, &config);
}

/* Each record has become something that is counted. */
static inline void check_counts(const struct journey_engine *engine)
{
	const struct journey_counts *counts = journey_counts(engine);

	if (counts->records != counts->hops + counts->unknown + counts->late_returns +
	    counts->elsewhere + counts->hidden + counts->no_room)
		abort();
}

static inline void test_end(struct test *t)
{
	check_counts(t->engine);
	journey_engine_free(t->engine);
}

/* Open addressing; nothing is removed. */
static inline struct skb *skb_of(struct test *t, uint64_t skb)
{
	uint32_t i = skb * 0x9e3779b97f4a7c15ULL >> 40;

	while (t->skbs[i %= SKBS_MAX].skb && t->skbs[i].skb != skb)
		i++;
	t->skbs[i].skb = skb;
	return &t->skbs[i];
}

static inline uint64_t begin_life(struct test *t, uint64_t pointer)
{
	struct skb *skb = skb_of(t, pointer);

	skb->earlier = skb->life;
	skb->life = ++t->next_life;
	skb->start_ns = t->ts;
	skb->gone = 0;
	return skb->life;
}

static inline uint64_t life_of(struct test *t, uint64_t pointer)
{
	struct skb *skb = skb_of(t, pointer);

	return skb->life && !skb->gone ? skb->life : begin_life(t, pointer);
}

/* What the module says of lives. */
static inline void give_life(struct test *t, const struct hop *hop, struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);
	struct skb *skb = skb_of(t, hop->skb);

	if (point->role == ROLE_BIRTH && point->data != POINT_BYTES)
		begin_life(t, hop->skb);
	/* A return is about the skb that there was at the call. */
	if (point->kind == POINT_RETURN && point->role != ROLE_CLONE && skb->life)
		record->life = skb->earlier && skb->start_ns > hop->ts - hop->duration ?
			       skb->earlier : skb->life;
	else
		record->life = life_of(t, hop->skb);
	if (hop->life)
		record->life = hop->life;
	if (hop->hidden)
		record->flags |= SKBTRACE_F_HIDDEN;
	if ((point->role == ROLE_CLONE || point->role == ROLE_SEGMENTS) && hop->ret) {
		record->child = hop->child ? hop->child :
				(uint64_t)hop->ret == hop->skb ? record->life :
				begin_life(t, hop->ret);
		record->flags |= SKBTRACE_F_CHILD;
	} else if (point->role == ROLE_MERGE) {
		record->child = life_of(t, hop->into);
		record->flags |= SKBTRACE_F_CHILD;
	} else if (point->role == ROLE_FREE && record->users <= 1) {
		skb->gone = 1;
	}
}

static inline void feed(struct test *t, struct hop hop)
{
	struct skbtrace_record record;

	if (!hop.ts)
		hop.ts = t->ts + 1000;
	t->ts = hop.ts;
	record = make_record(&hop);
	record.index = t->index++;
	give_life(t, &hop, &record);
	if (!hop.unseen && journey_record(t->engine, &record))
		abort();
}

/* An skb whose lengths do not add up: nothing was looked at. */
static inline __attribute__((unused)) void feed_malformed(struct test *t, struct hop hop)
{
	struct skbtrace_record record;

	hop.ts = t->ts += 1000;
	record = make_record(&hop);
	record.flags &= ~(SKBTRACE_F_DIGEST | SKBTRACE_F_FLOW | SKBTRACE_F_PORTS);
	record.flags |= SKBTRACE_F_MALFORMED;
	record.payload = SKBTRACE_PAYLOAD_NONE;
	record.payload_len = record.digest_len = record.crc32c = 0;
	record.index = t->index++;
	give_life(t, &hop, &record);
	if (journey_record(t->engine, &record))
		abort();
}

/* The same hop at one point after the other. */
static inline void feed_all(struct test *t, struct hop hop, const char * const *points)
{
	for (; *points; points++) {
		hop.point = *points;
		hop.ts = 0;
		feed(t, hop);
	}
}

static inline int compare_ids(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* All that is open is complete; what is remembered is sorted by its beginning. */
static inline void flush(struct test *t)
{
	journey_flush(t->engine);
	qsort(t->seen, t->nr_seen < SEEN_MAX ? t->nr_seen : SEEN_MAX, sizeof(t->seen[0]),
	      compare_ids);
}

/* From one veth pair over a bridge to another. */
static const char * const bridged[] __attribute__((unused)) = {
	"__dev_queue_xmit", "dev_hard_start_xmit", "veth_xmit", "netif_rx_internal",
	"enqueue_to_backlog", "__netif_receive_skb_core", "br_handle_frame",
	"br_handle_frame_finish", "__br_forward", "br_forward_finish",
	"br_dev_queue_push_xmit", "__dev_queue_xmit", "dev_hard_start_xmit", "veth_xmit",
	"netif_rx_internal", "enqueue_to_backlog", "__netif_receive_skb_core", NULL
};

#define NR_BRIDGED	17

/* TCP keeps the original, and its clone travels. */
static inline void send_tcp(struct test *t, uint64_t original, uint64_t clone, uint32_t seq)
{
	const struct hop hop = {
		.skb = clone, .head = original, .l4proto = IPPROTO_TCP, .seq = seq, .ip_id = seq
	};

	feed(t, HOP("__tcp_transmit_skb", .skb = original, .head = original,
		    .l4proto = IPPROTO_TCP, .seq = seq));
	feed(t, HOP("skb_clone:return", .skb = original, .ret = clone));
	feed(t, HOP("ip_queue_xmit", .skb = clone, .head = original,
		    .l4proto = IPPROTO_TCP, .seq = seq));
	feed_all(t, hop, bridged);
}

static inline void deliver_tcp(struct test *t, uint64_t original, uint64_t clone, uint32_t seq)
{
	struct hop hop = {
		.skb = clone, .head = original, .l4proto = IPPROTO_TCP, .seq = seq, .ip_id = seq
	};

	hop.point = "tcp_v4_rcv";
	feed(t, hop);
	hop.point = "tcp_queue_rcv";
	feed(t, hop);
	feed(t, HOP("kfree_skbmem", .skb = clone));
}

#endif /* SKBTRACE_SELFTESTS_HOPS_H */
