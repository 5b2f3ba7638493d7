/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hosts and a wire between them, made up for tests of the joiner: what is sent on one host
 * and what comes to another, each by its own clock.
 *
 *	leave(w, A, HOP(.skb = 1, .ip_id = 7));
 *	come(w, B, HOP(.skb = 1, .ip_id = 7));
 *	ASSERT_EQ(0, join_up(w));
 */
#ifndef SKBTRACE_SELFTESTS_WIRE_H
#define SKBTRACE_SELFTESTS_WIRE_H

#include "hops.h"
#include "hosts/join.h"

#define A	0
#define B	1
#define C	2
#define NR_HOSTS	3

#define MSS	1448

struct wire {
	struct join *join;
	uint64_t now;			/* what no clock shows */
	struct wire_host {
		struct wire *wire;
		struct test test;
		int64_t ahead;		/* by so much its clock is */
		int64_t ppm;		/* and goes faster */
	} hosts[NR_HOSTS];
};

static inline void joined(void *context, const struct journey *journey)
{
	struct wire_host *host = context;

	if (join_journey(host->wire->join, host - host->wire->hosts, journey, host->test.missed))
		abort();
}

static inline void wire_begin(struct wire *w)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons reasons = { .consumed = -1 };
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SEC;
	w->join = join_new(NR_HOSTS);
	for (i = 0; i < NR_HOSTS; i++) {
		struct test *t = &w->hosts[i].test;

		test_begin(t);
		journey_engine_free(t->engine);
		t->engine = journey_engine_new(&config, &reasons, joined, &w->hosts[i]);
		w->hosts[i].wire = w;
		if (!t->engine || !w->join)
			abort();
	}
}

static inline void wire_end(struct wire *w)
{
	unsigned int i;

	for (i = 0; i < NR_HOSTS; i++)
		test_end(&w->hosts[i].test);
	join_free(w->join);
}

static inline uint64_t clock_of(const struct wire *w, unsigned int host)
{
	const struct wire_host *h = &w->hosts[host];

	return w->now + h->ahead + (int64_t)(w->now - 1000 * SEC) * h->ppm / 1000000;
}

/* A hop on a host, a microsecond later. */
static inline void on(struct wire *w, unsigned int host, const char *point, struct hop hop)
{
	w->now += 1000;
	hop.point = point;
	hop.ts = clock_of(w, host);
	hop.netns = 100 + host;
	if (!hop.dev)
		hop.dev = "eth0";
	join_time(w->join, host, hop.ts);
	feed(&w->hosts[host].test, hop);
}

static inline void pass(struct wire *w, uint64_t ns)
{
	w->now += ns;
}

/* From a socket to the device; of TCP a clone is sent. */
static inline void leave(struct wire *w, unsigned int host, struct hop hop)
{
	struct hop original = hop;

	if (hop.l4proto == IPPROTO_TCP) {
		original.skb += 8;
		on(w, host, "__tcp_transmit_skb", original);
		on(w, host, "skb_clone:return", HOP(.skb = original.skb, .ret = hop.skb));
		on(w, host, "ip_output", hop);
	} else {
		on(w, host, "ip_send_skb", hop);
	}
	on(w, host, "__dev_queue_xmit", hop);
	on(w, host, "dev_hard_start_xmit", hop);
	on(w, host, "kfree_skbmem", HOP(.skb = hop.skb));
}

/* From the device to a socket. */
static inline void come(struct wire *w, unsigned int host, struct hop hop)
{
	bool tcp = hop.l4proto == IPPROTO_TCP;

	on(w, host, "napi_gro_receive", hop);
	on(w, host, "ip_rcv", hop);
	on(w, host, tcp ? "tcp_v4_rcv" : "udp_rcv", hop);
	on(w, host, tcp ? "tcp_queue_rcv" : "__udp_enqueue_schedule_skb", hop);
	on(w, host, "kfree_skbmem", HOP(.skb = hop.skb));
}

/* Of a stream: @len bytes from @from on. */
static inline struct hop stream(uint32_t from, uint32_t len, uint32_t ip_id)
{
	return HOP(.skb = 0x1000 + ip_id * 0x100, .l4proto = IPPROTO_TCP, .flow = 7,
		   .seq = 1000 + from, .ip_id = ip_id, .bytes = { from, len }, .ttl = 64,
		   .gso_size = len > MSS ? MSS : 0);
}

static inline struct hop wrong(struct hop hop, uint32_t byte)
{
	hop.wrong = WRONG(byte);
	return hop;
}

static inline struct hop in_flow(struct hop hop, unsigned int flow)
{
	hop.flow = flow;
	return hop;
}

/* A datagram, and what comes back: with that both directions are known. */
static inline struct hop datagram(unsigned int flow, uint32_t ip_id)
{
	return HOP(.skb = 0x9000000 + ip_id * 0x100, .flow = flow, .ip_id = ip_id, .ttl = 64,
		   .bytes = { ip_id % 4096, 300 });
}

/* What else goes to and fro all the time, and tells of clocks. */
static inline void chat(struct wire *w, uint32_t nr)
{
	leave(w, A, datagram(100, 10000 + nr));
	pass(w, 200000);
	come(w, B, datagram(100, 10000 + nr));
	leave(w, B, datagram(200, 20000 + nr));
	pass(w, 300000);
	come(w, A, datagram(200, 20000 + nr));
}

#define CHATTED(nr)	(2 * (nr))	/* packets */

static inline int join_up(struct wire *w)
{
	unsigned int i;

	for (i = 0; i < NR_HOSTS; i++)
		journey_flush(w->hosts[i].test.engine);
	return join_all(w->join);
}

static inline const char *crossing_points(const struct join *join, const struct crossing *crossing)
{
	static char text[100];

	snprintf(text, sizeof(text), "%c %s > %c %s",
		 'A' + join->departures[crossing->departure].host,
		 point_of(join->departures[crossing->departure].point)->symbol,
		 'A' + crossing->to, crossing->arrival == END_NONE ? "-" :
		 point_of(join->arrivals[crossing->arrival].point)->symbol);
	return text;
}

static inline unsigned int count_packets(const struct join *join, enum verdict_payload payload)
{
	unsigned int nr = 0;
	uint32_t i;

	for (i = 0; i < join->nr_packets; i++)
		nr += join->packets[i].payload == payload;
	return nr;
}

static inline unsigned int count_crossings(const struct join *join, enum crossing_result result)
{
	unsigned int nr = 0;
	uint32_t i;

	for (i = 0; i < join->nr_crossings; i++)
		nr += join->crossings[i].result == result;
	return nr;
}

static inline const struct crossing *first_crossing(const struct join *join,
						    enum crossing_result result)
{
	uint32_t i;

	for (i = 0; i < join->nr_crossings; i++)
		if (join->crossings[i].result == result)
			return &join->crossings[i];
	return NULL;
}

#endif /* SKBTRACE_SELFTESTS_WIRE_H */
