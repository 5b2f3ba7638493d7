/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP stream made up for tests, of bytes that are always the same: whole packets,
 * segments of them, and segments that were merged, each with the digest of its bytes.
 *
 *	send_whole(t, 0x10, 0, 3 * MSS);
 *	at(t, "veth_xmit", SEGMENT(1));
 *	receive(t, segments(0, 3, WRONG(MSS)));
 *	EXPECT_CHANGED(t, 0, "veth_xmit", "tcp_v4_rcv");
 *
 * FIXTURE() and EXPECT_...() need kselftest_harness.h, which comes first.
 */
#ifndef SKBTRACE_SELFTESTS_SEGMENTS_H
#define SKBTRACE_SELFTESTS_SEGMENTS_H

#include "hops.h"

FIXTURE(regroup)
{
	struct test t;
};

FIXTURE_SETUP(regroup)
{
	test_begin(&self->t);
}

FIXTURE_TEARDOWN(regroup)
{
	test_end(&self->t);
}

#define MSS		1448
#define SEGMENTS	45
#define SUPER		(SEGMENTS * MSS)

/* Of the first byte; the tests are processes of their own. */
static uint32_t sequence = 1000;

static inline struct hop tcp(uint64_t skb, uint32_t from, uint32_t len)
{
	return HOP(.skb = skb, .l4proto = IPPROTO_TCP, .flow = 7, .seq = sequence + from,
		   .ip_id = 1 + from % 65535, .bytes = { from, len },
		   .gso_size = len > MSS ? MSS : 0);
}

static inline void at(struct test *t, const char *point, struct hop hop)
{
	hop.point = point;
	feed(t, hop);
}

static inline void gone(struct test *t, uint64_t skb)
{
	feed(t, HOP("kfree_skbmem", .skb = skb));
}

/* From the socket to the device, as a clone of what TCP keeps. */
static inline void send_whole(struct test *t, uint64_t skb, uint32_t from, uint32_t len)
{
	const uint64_t original = skb + 8;

	at(t, "__tcp_transmit_skb", tcp(original, from, len));
	feed(t, HOP("skb_clone:return", .skb = original, .ret = skb));
	at(t, "ip_queue_xmit", tcp(skb, from, len));
	at(t, "ip_output", tcp(skb, from, len));
	at(t, "__dev_queue_xmit", tcp(skb, from, len));
}

static inline void receive(struct test *t, struct hop hop)
{
	at(t, "tcp_v4_rcv", hop);
	at(t, "tcp_queue_rcv", hop);
	gone(t, hop.skb);
}

/* The segment of that number; those of the first packet come first. */
#define SEGMENT_SKB(i)	(0x100000 + 0x100 * (uint64_t)(i))
#define SEGMENT(i)	tcp(SEGMENT_SKB(i), (i) * MSS, MSS)

static inline struct hop segment_with(unsigned int i, uint32_t wrong)
{
	struct hop hop = SEGMENT(i);

	hop.wrong = wrong;
	return hop;
}

/* A packet of @nr segments at once, as GSO sends and GRO receives it. */
static inline struct hop segments(unsigned int i, unsigned int nr, uint32_t wrong)
{
	struct hop hop = tcp(SEGMENT_SKB(i), i * MSS, nr * MSS);

	hop.wrong = wrong;
	return hop;
}

/* Segments [first, first + nr) as GRO takes them; all but the first are freed. */
static inline void gro(struct test *t, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		at(t, "napi_gro_receive", SEGMENT(i));
		if (i > first)
			feed(t, HOP("napi_skb_free_stolen_head", .skb = SEGMENT_SKB(i)));
	}
}

/* Three packets of their own. */
static inline void send_three(struct test *t)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		at(t, "ip_output", SEGMENT(i));
		at(t, "veth_xmit", SEGMENT(i));
	}
}

#define EXPECT_SEEN(t, i, _payload, _end) do {					\
	const struct seen *s_ = &(t)->seen[i];					\
										\
	EXPECT_EQ(_payload, s_->verdict.payload) {				\
		TH_LOG("journey %u: %s: %s", (unsigned int)(i), s_->verdict.why, s_->hops); \
	}									\
	EXPECT_EQ(_end, s_->end) {						\
		TH_LOG("journey %u ended at %s: %s", (unsigned int)(i), s_->end_point, s_->hops); \
	}									\
} while (0)

#define EXPECT_INTACT(t, i)	EXPECT_SEEN(t, i, VERDICT_INTACT, JOURNEY_DELIVERED)

#define EXPECT_ALL_INTACT(t, nr) do {						\
	unsigned int i_;							\
										\
	flush(t);								\
	ASSERT_EQ(nr, (t)->nr_seen);						\
	for (i_ = 0; i_ < (nr); i_++)						\
		EXPECT_INTACT(t, i_);						\
} while (0)

#define EXPECT_CHANGED(t, i, _after, _before) do {				\
	const struct seen *c_ = &(t)->seen[i];					\
										\
	EXPECT_SEEN(t, i, VERDICT_CHANGED, JOURNEY_DELIVERED);			\
	EXPECT_EQ(1, c_->verdict.nr_changes) {					\
		TH_LOG("journey %u: %s", (unsigned int)(i), c_->verdict.why);	\
	}									\
	EXPECT_STREQ(_after, c_->after);					\
	EXPECT_STREQ(_before, c_->before);					\
} while (0)

#endif /* SKBTRACE_SELFTESTS_SEGMENTS_H */
