// SPDX-License-Identifier: GPL-2.0
/* From application to application: what is the same, what changed, what is not known. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "journey/point.h"
#include "kselftest_harness.h"
#include "message/flow.h"

#define SEC	1000000000ULL
#define STREAM	(1u << 18)
#define SEND_SK	0x1000
#define RECV_SK	0x2000

static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

/**
 * struct world - a stream and what was told of it
 * @bytes: what the application has
 * @isn: sequence number of the first byte
 * @skb: of the latest hop
 * @has_grid: hops say what their payloads are before and behind cuts
 */
struct world {
	uint8_t bytes[STREAM];
	uint32_t isn;
	bool has_grid;
	uint64_t skb;
	uint64_t now;
	struct streams *streams;
	struct stream_change change[8];
	unsigned int nr_changes;
	struct stream_message message[64];
	unsigned int nr_messages;
};

static void changed(void *context, const struct stream_change *change)
{
	struct world *world = context;

	if (world->nr_changes < 8)
		world->change[world->nr_changes] = *change;
	world->nr_changes++;
}

static void told(void *context, const struct stream_message *message)
{
	struct world *world = context;

	if (world->nr_messages < 64)
		world->message[world->nr_messages] = *message;
	world->nr_messages++;
}

static unsigned int point_with(enum point_role role)
{
	unsigned int id;

	for (id = 1; point_of(id)->role != role || strcmp(point_of(id)->group, "tcp"); id++)
		;
	return id;
}

/* @wrong: one more than the place of the byte that is another, or 0. */
static void hop(struct world *world, enum point_role role, uint32_t from, uint32_t len,
		uint32_t wrong)
{
	struct skbtrace_record record = {
		.ts_ns = world->now++, .point = point_with(role), .protocol = ETH_P_IP,
		.l4proto = IPPROTO_TCP, .payload = SKBTRACE_PAYLOAD_TRANSPORT, .saddr = { 10 },
		.daddr = { 11 }, .sport = htons(1), .dport = htons(2),
		.netns = role == ROLE_BIRTH ? 1 : 2, .tcp_seq = world->isn + from,
		.payload_len = len, .digest_len = len,
		.flags = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS | SKBTRACE_F_NETNS | SKBTRACE_F_DIGEST,
	};

	if (wrong)
		world->bytes[wrong - 1] ^= 0x55;
	record.crc32c = crc32c(world->bytes + from, len);

	if (world->has_grid) {
		uint32_t first = -record.tcp_seq % SKBTRACE_GRID;
		uint32_t last = len - (record.tcp_seq + len) % SKBTRACE_GRID;

		if (first < len) {
			record.flags |= SKBTRACE_F_GRID;
			record.crc32c_grid[0] = crc32c(world->bytes + from, first);
			record.crc32c_grid[1] = crc32c(world->bytes + from, last);
		}
	}
	if (wrong)
		world->bytes[wrong - 1] ^= 0x55;
	record.skb = 64 * ++world->skb;
	streams_record(world->streams, &record);
}

static void drop(struct world *world, uint64_t skb)
{
	struct skbtrace_record record = {
		.ts_ns = world->now++, .skb = 64 * skb, .users = 1,
	};

	for (record.point = 1; point_of(record.point)->role != ROLE_DROP; record.point++)
		;
	streams_record(world->streams, &record);
}

static void syn(struct world *world, enum point_role role)
{
	struct skbtrace_record record = {
		.ts_ns = world->now++, .point = point_with(role), .protocol = ETH_P_IP,
		.l4proto = IPPROTO_TCP, .payload = SKBTRACE_PAYLOAD_TRANSPORT, .saddr = { 10 },
		.daddr = { 11 }, .sport = htons(1), .dport = htons(2), .tcp_flags = 2,
		.netns = role == ROLE_BIRTH ? 1 : 2, .tcp_seq = world->isn - 1,
		.flags = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS | SKBTRACE_F_NETNS,
	};

	streams_record(world->streams, &record);
}

/* What a message record says of bytes; up to 20 cells. */
static void message(struct world *world, unsigned int kind, uint64_t call, uint32_t from,
		    uint32_t len, uint32_t state, uint32_t wrong, uint32_t late, uint32_t differs)
{
	struct skbtrace_message message = {
		.ts_ns = world->now++, .sk = kind ? RECV_SK : SEND_SK, .call = call,
		.began_ns = world->now - 1, .protocol = ETH_P_IP, .l4proto = IPPROTO_TCP,
		.saddr = { 10 }, .daddr = { 11 }, .sport = htons(1), .dport = htons(2),
		.netns = kind ? 2 : 1, .pid = kind ? 22 : 11, .comm = "application", .kind = kind,
		.seq = world->isn + from, .len = len, .size = len, .state = state, .late = late,
		.differs = differs, .flags = SKBTRACE_F_MESSAGE, .ret = len,
	};
	uint32_t done = 0, i, n;

	if (kind == SKBTRACE_MESSAGE_COPY)
		message.state |= SKBTRACE_M_COMPARED;
	for (i = 0; done < len; i++, done += n) {
		n = SKBTRACE_GRID - (message.seq + done) % SKBTRACE_GRID;
		if (n > len - done)
			n = len - done;
		message.cell[i] = crc32c(world->bytes + from + done, n) ^ (wrong >> i & 1);
	}
	streams_record(world->streams, (const struct skbtrace_record *)&message);
}

static void send_call(struct world *world, uint64_t call, uint32_t from, uint32_t len)
{
	message(world, SKBTRACE_MESSAGE_SEND, call, from, len, SKBTRACE_M_END, 0, 0, 0);
}

static void copy(struct world *world, uint64_t call, uint32_t from, uint32_t len)
{
	message(world, SKBTRACE_MESSAGE_COPY, call, from, len, 0, 0, 0, 0);
}

/* A call that has got all at once. */
static void copy_and_recv(struct world *world, uint64_t call, uint32_t from, uint32_t len,
			  uint32_t differs)
{
	message(world, SKBTRACE_MESSAGE_RECV, call, from, len, SKBTRACE_M_END |
		SKBTRACE_M_COPIED | SKBTRACE_M_COMPARED, 0, 0, differs);
}

static void recv_call(struct world *world, uint64_t call, uint32_t from, uint32_t len)
{
	message(world, SKBTRACE_MESSAGE_RECV, call, from, len, SKBTRACE_M_END, 0, 0, 0);
}

FIXTURE(stream)
{
	struct world *w;
	const struct stream_bytes *bytes;
};

FIXTURE_SETUP(stream)
{
	const struct stream_ops ops = { changed, told };
	unsigned int i;

	self->w = calloc(1, sizeof(*self->w));
	ASSERT_NE(NULL, self->w);
	srand(78);
	for (i = 0; i < STREAM; i++)
		self->w->bytes[i] = rand() >> 8;
	/* The numbers go round on the way. */
	self->w->isn = 0u - 10000;
	self->w->now = 100 * SEC;
	self->w->streams = streams_new(&ops, self->w);
	ASSERT_NE(NULL, self->w->streams);
	self->bytes = streams_bytes(self->w->streams);
}

FIXTURE_TEARDOWN(stream)
{
	streams_free(self->w->streams);
	free(self->w);
}

/* A request that is one segment, read at once. */
TEST_F(stream, request)
{
	syn(self->w, ROLE_BIRTH);
	syn(self->w, ROLE_TRANSPORT);
	hop(self->w, ROLE_BIRTH, 0, 700, 0);
	send_call(self->w, 1, 0, 700);
	hop(self->w, ROLE_TRANSPORT, 0, 700, 0);
	copy(self->w, 2, 0, 700);
	recv_call(self->w, 2, 0, 700);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	ASSERT_EQ(2, self->w->nr_messages);
	EXPECT_EQ(700, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(700, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(700, self->bytes[STREAM_COPIED].same);
	EXPECT_EQ(700, self->bytes[STREAM_RETURNED].same);
	EXPECT_EQ(SKBTRACE_MESSAGE_RECV, self->w->message[0].kind);
	EXPECT_EQ(SKBTRACE_MESSAGE_SEND, self->w->message[1].kind);
	EXPECT_EQ(700, self->w->message[1].len);
	EXPECT_EQ(700, self->w->message[1].bytes[STREAM_SENT].same);
	EXPECT_EQ(700, self->w->message[0].bytes[STREAM_QUEUED].same);
	EXPECT_EQ(true, self->w->message[1].is_read);
	EXPECT_EQ(22, self->w->message[1].reader_pid);
	EXPECT_EQ(700, self->bytes[STREAM_WHOLE].same);
	EXPECT_EQ(700, self->w->message[1].bytes[STREAM_WHOLE].same);
	EXPECT_EQ(VERDICT_INTACT, stream_verdict(&self->w->message[0]));
}

/* Segments end elsewhere than calls do; one of them has other bytes. */
TEST_F(stream, changed_before_the_first_hop)
{
	hop(self->w, ROLE_BIRTH, 0, 8000, 0);
	hop(self->w, ROLE_BIRTH, 8000, 8000, 9000);
	hop(self->w, ROLE_BIRTH, 16000, 8000, 0);
	send_call(self->w, 1, 0, 24000);
	send_call(self->w, 2, 24000, 100);
	hop(self->w, ROLE_BIRTH, 24000, 100, 0);
	streams_flush(self->w->streams);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_SENT, self->w->change[0].place);
	EXPECT_EQ(self->w->isn, self->w->change[0].seq);
	EXPECT_EQ(24000, self->w->change[0].len);
	EXPECT_EQ(11, self->w->change[0].before.pid);
	EXPECT_EQ(point_with(ROLE_BIRTH), self->w->change[0].after.point);
	EXPECT_EQ(false, self->w->change[0].is_late);
	EXPECT_EQ(100, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(24000, self->bytes[STREAM_SENT].changed);
}

TEST_F(stream, late_bytes_say_so)
{
	message(self->w, SKBTRACE_MESSAGE_SEND, 1, 0, 8000, SKBTRACE_M_END, 0, 1, 0);
	hop(self->w, ROLE_BIRTH, 0, 8000, 1);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(true, self->w->change[0].is_late);
}

TEST_F(stream, changed_in_the_queue)
{
	hop(self->w, ROLE_TRANSPORT, 0, 8192, 0);
	message(self->w, SKBTRACE_MESSAGE_COPY, 2, 0, 8192, 0, 2, 0, 0);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_QUEUED, self->w->change[0].place);
	EXPECT_EQ(8192, self->w->change[0].len);
}

/* The very cell is known, and what happens to it later is not. */
TEST_F(stream, changed_as_it_is_copied)
{
	hop(self->w, ROLE_TRANSPORT, 0, 12000, 0);
	message(self->w, SKBTRACE_MESSAGE_COPY, 2, 0, 12000, 0, 0, 0, 2);
	recv_call(self->w, 2, 0, 12000);
	streams_flush(self->w->streams);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_COPIED, self->w->change[0].place);
	/* The sequence number of the first cut behind the beginning. */
	EXPECT_EQ(0, self->w->change[0].seq % SKBTRACE_GRID);
	EXPECT_EQ(SKBTRACE_GRID, self->w->change[0].len);
	EXPECT_EQ(12000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(0, self->bytes[STREAM_RETURNED].changed);
	EXPECT_EQ(SKBTRACE_GRID, self->bytes[STREAM_RETURNED].unverified);
}

TEST_F(stream, changed_before_the_call_returned)
{
	copy(self->w, 2, 0, 3000);
	copy(self->w, 2, 3000, 3000);
	message(self->w, SKBTRACE_MESSAGE_RECV, 2, 0, 6000, SKBTRACE_M_END, 1, 0, 0);
	streams_flush(self->w->streams);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_RETURNED, self->w->change[0].place);
	EXPECT_EQ(22, self->w->change[0].after.pid);
}

/* Of a call that has got all at once one record tells both. */
TEST_F(stream, copied_and_returned)
{
	send_call(self->w, 1, 0, 9000);
	hop(self->w, ROLE_TRANSPORT, 0, 9000, 0);
	copy_and_recv(self->w, 2, 0, 9000, 0);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(9000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(9000, self->bytes[STREAM_COPIED].same);
	EXPECT_EQ(9000, self->bytes[STREAM_RETURNED].same);
	EXPECT_EQ(9000, self->bytes[STREAM_WHOLE].same);
}

/* What came of the copy is another cell: that is where, and no other place is. */
TEST_F(stream, changed_as_it_is_copied_and_returned)
{
	send_call(self->w, 1, 0, 12000);
	hop(self->w, ROLE_TRANSPORT, 0, 12000, 0);
	copy_and_recv(self->w, 2, 0, 12000, 2);
	streams_flush(self->w->streams);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_COPIED, self->w->change[0].place);
	EXPECT_EQ(SKBTRACE_GRID, self->bytes[STREAM_COPIED].changed);
	EXPECT_EQ(12000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(SKBTRACE_GRID, self->bytes[STREAM_RETURNED].why[DOUBT_CHANGED]);
	EXPECT_EQ(12000 - SKBTRACE_GRID, self->bytes[STREAM_WHOLE].same);
}

/* What is sent again, or peeked at before it is read, is counted once. */
TEST_F(stream, once_more)
{
	send_call(self->w, 1, 0, 6000);
	hop(self->w, ROLE_BIRTH, 0, 3000, 0);
	hop(self->w, ROLE_BIRTH, 0, 3000, 0);
	hop(self->w, ROLE_BIRTH, 3000, 3000, 0);
	hop(self->w, ROLE_BIRTH, 0, 6000, 0);
	hop(self->w, ROLE_TRANSPORT, 0, 6000, 0);
	copy(self->w, 2, 0, 6000);
	recv_call(self->w, 2, 0, 6000);
	copy(self->w, 3, 0, 6000);
	recv_call(self->w, 3, 0, 6000);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(6000, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(6000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(6000, self->bytes[STREAM_RETURNED].same);
}

/* A segment with a wrong checksum arrives and is dropped, then comes the right one. */
TEST_F(stream, dropped_as_broken_and_sent_again)
{
	hop(self->w, ROLE_TRANSPORT, 0, 3000, 0x55);
	hop(self->w, ROLE_TRANSPORT, 0, 3000, 0);
	copy(self->w, 2, 0, 3000);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(0, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(3000, self->bytes[STREAM_QUEUED].unverified);
	EXPECT_EQ(3000, self->bytes[STREAM_QUEUED].why[DOUBT_TWICE]);
}

/* What the queue cannot tell, both ends can. */
TEST_F(stream, verified_from_end_to_end)
{
	send_call(self->w, 1, 0, 3000);
	hop(self->w, ROLE_BIRTH, 0, 3000, 0);
	hop(self->w, ROLE_TRANSPORT, 0, 3000, 0x55);
	hop(self->w, ROLE_TRANSPORT, 0, 3000, 0);
	copy(self->w, 2, 0, 3000);
	recv_call(self->w, 2, 0, 3000);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(3000, self->bytes[STREAM_WHOLE].same);
	ASSERT_EQ(2, self->w->nr_messages);
	EXPECT_EQ(VERDICT_INTACT, stream_verdict(&self->w->message[0]));
	EXPECT_EQ(VERDICT_INTACT, stream_verdict(&self->w->message[1]));
}

/* Who got it has other bytes: where is not known, so nobody is told that they changed. */
TEST_F(stream, others_at_the_other_end)
{
	send_call(self->w, 1, 0, 3000);
	message(self->w, SKBTRACE_MESSAGE_RECV, 2, 0, 3000, SKBTRACE_M_END, 3, 0, 0);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(0, self->bytes[STREAM_WHOLE].same);
	EXPECT_EQ(0, self->bytes[STREAM_WHOLE].changed);
	EXPECT_EQ(3000, self->bytes[STREAM_WHOLE].why[DOUBT_CHANGED]);
	ASSERT_EQ(2, self->w->nr_messages);
	EXPECT_EQ(VERDICT_UNVERIFIED, stream_verdict(&self->w->message[0]));
}

static void keep_total(void *context, const struct flow_total *total)
{
	*(struct flow_total *)context = *total;
}

/* Both ends of a flow are counted as one, sixteen calls of one and one of the other. */
TEST_F(stream, flow)
{
	struct flow_total total;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		message(self->w, SKBTRACE_MESSAGE_SEND, i, i * 1000, 1000, SKBTRACE_M_END, 0,
			!i, 0);
		hop(self->w, ROLE_BIRTH, i * 1000, 1000, i == 3 ? 3001 : 0);
	}
	hop(self->w, ROLE_TRANSPORT, 0, 15000, 0);
	copy(self->w, 99, 0, 15000);
	recv_call(self->w, 99, 0, 15000);
	streams_flush(self->w->streams);
	ASSERT_EQ(1, flows_each(streams_flows(self->w->streams), keep_total, &total));
	EXPECT_EQ(16, total.end[0].calls);
	EXPECT_EQ(16000, total.end[0].bytes);
	EXPECT_EQ(11, total.end[0].pid);
	EXPECT_EQ(1, total.end[1].calls);
	EXPECT_EQ(15000, total.end[1].bytes);
	EXPECT_EQ(15, total.nr_read);
	EXPECT_EQ(15000, total.bytes[STREAM_SENT].same);
	EXPECT_EQ(1000, total.bytes[STREAM_SENT].late);
	EXPECT_EQ(1000, total.bytes[STREAM_SENT].changed);
	EXPECT_EQ(15000, total.bytes[STREAM_WHOLE].same);
	EXPECT_EQ(1000, total.bytes[STREAM_WHOLE].unverified);
	EXPECT_EQ(1000, total.bytes[STREAM_WHOLE].why[DOUBT_CALL]);
	EXPECT_EQ(self->bytes[STREAM_QUEUED].same, total.bytes[STREAM_QUEUED].same);
}

/* If that is seen one knows which it was. */
TEST_F(stream, dropped_as_broken)
{
	self->w->has_grid = true;
	hop(self->w, ROLE_TRANSPORT, 0, 20000, 0x55);
	drop(self->w, 1);
	hop(self->w, ROLE_TRANSPORT, 0, 20000, 0);
	/* Dropped because it is there already. */
	hop(self->w, ROLE_TRANSPORT, 0, 20000, 0);
	drop(self->w, 3);
	copy(self->w, 2, 0, 20000);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(20000, self->bytes[STREAM_QUEUED].same);
}

/* With the CRCs at cuts all but a few cells around the change are verified. */
TEST_F(stream, cut)
{
	self->w->has_grid = true;
	hop(self->w, ROLE_BIRTH, 0, 10000, 0);
	hop(self->w, ROLE_BIRTH, 10000, 10000, 0);
	message(self->w, SKBTRACE_MESSAGE_SEND, 1, 0, 40000, SKBTRACE_M_END, 1 << 2, 0, 0);
	hop(self->w, ROLE_BIRTH, 20000, 10000, 0);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(2 * SKBTRACE_GRID, self->w->change[0].len);
	EXPECT_EQ(0, self->w->change[0].seq % SKBTRACE_GRID);
	EXPECT_LT(10000, self->bytes[STREAM_SENT].same);
}

/* One that was lost arrives when others have been there for long. */
TEST_F(stream, out_of_order)
{
	hop(self->w, ROLE_TRANSPORT, 0, 1000, 0);
	hop(self->w, ROLE_TRANSPORT, 2000, 1000, 0);
	hop(self->w, ROLE_TRANSPORT, 3000, 1000, 0);
	copy(self->w, 2, 0, 1000);
	self->w->now += 20 * SEC;
	hop(self->w, ROLE_TRANSPORT, 1000, 1000, 0);
	copy(self->w, 3, 1000, 3000);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(4000, self->bytes[STREAM_QUEUED].same);
}

/* A record is lost: the rest goes on, and what is missing is said to be. */
TEST_F(stream, a_record_is_lost)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		send_call(self->w, i, i * 5000, 5000);
		if (i != 7)
			hop(self->w, ROLE_BIRTH, i * 5000, 5000, 0);
		self->w->now += SEC;
	}
	EXPECT_EQ(19 * 5000, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].unverified);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].why[DOUBT_HOP]);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(20, self->w->nr_messages);
}

/* Bytes of which nobody knows where they went are not compared. */
TEST_F(stream, unplaced)
{
	message(self->w, SKBTRACE_MESSAGE_SEND, 1, 0, 5000,
		SKBTRACE_M_END | SKBTRACE_M_UNPLACED, 1, 0, 0);
	hop(self->w, ROLE_BIRTH, 0, 5000, 0);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].unverified);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].why[DOUBT_UNPLACED]);
	ASSERT_EQ(1, self->w->nr_messages);
	EXPECT_EQ(5000, self->w->message[0].len);
}

TEST_F(stream, zerocopy)
{
	message(self->w, SKBTRACE_MESSAGE_SEND, 1, 0, 5000,
		SKBTRACE_M_END | SKBTRACE_M_ZEROCOPY, 1, 0, 0);
	hop(self->w, ROLE_BIRTH, 0, 5000, 0);
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].unverified);
	EXPECT_EQ(5000, self->bytes[STREAM_SENT].why[DOUBT_ZEROCOPY]);
}

/* Another connection of the same ports begins within the numbers of the first. */
TEST_F(stream, ports_are_used_again)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		syn(self->w, ROLE_BIRTH);
		hop(self->w, ROLE_BIRTH, 0, 5000, 0);
		send_call(self->w, i + 1, 0, 5000);
		/* Of this only one look is had. */
		hop(self->w, ROLE_BIRTH, 5000, 5000, 0);
		memset(self->w->bytes, i, sizeof(self->w->bytes));
		self->w->isn += 7000;
	}
	streams_flush(self->w->streams);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(15000, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(15000, self->bytes[STREAM_SENT].unverified);
}

static void udp_hop(struct world *world, enum point_role role, uint64_t life, uint32_t len)
{
	struct skbtrace_record record = {
		.ts_ns = world->now++, .protocol = ETH_P_IP, .l4proto = IPPROTO_UDP,
		.payload = SKBTRACE_PAYLOAD_TRANSPORT, .saddr = { 10 }, .daddr = { 11 },
		.sport = htons(1), .dport = htons(2), .netns = 1, .life = life,
		.payload_len = len, .digest_len = len,
		.flags = SKBTRACE_F_FLOW | SKBTRACE_F_PORTS | SKBTRACE_F_NETNS | SKBTRACE_F_DIGEST,
		.crc32c = crc32c(world->bytes, len),
	};

	for (record.point = 1; point_of(record.point)->role != role; record.point++)
		;
	streams_record(world->streams, &record);
}

static void udp_message(struct world *world, unsigned int kind, uint64_t call, uint64_t life,
			uint32_t len, uint32_t wrong, uint32_t differs)
{
	struct skbtrace_message message = {
		.ts_ns = world->now++, .protocol = ETH_P_IP, .l4proto = IPPROTO_UDP,
		.call = call, .life = life, .kind = kind, .pid = kind ? 22 : 11, .len = len,
		.size = len, .ret = len, .differs = differs, .flags = SKBTRACE_F_MESSAGE,
		.state = SKBTRACE_M_END | (kind == SKBTRACE_MESSAGE_COPY ? SKBTRACE_M_COMPARED : 0),
	};
	uint32_t done, i, n;

	for (i = done = 0; done < len; i++, done += n) {
		n = len - done < SKBTRACE_GRID ? len - done : SKBTRACE_GRID;
		message.cell[i] = crc32c(world->bytes + done, n) ^ (wrong >> i & 1);
	}
	streams_record(world->streams, (const struct skbtrace_record *)&message);
}

TEST_F(stream, datagram_that_was_got_at_once)
{
	struct skbtrace_message message = {
		.ts_ns = self->w->now, .protocol = ETH_P_IP, .l4proto = IPPROTO_UDP, .call = 2,
		.life = 5, .kind = SKBTRACE_MESSAGE_RECV, .pid = 22, .len = 3000, .size = 3000,
		.ret = 3000, .flags = SKBTRACE_F_MESSAGE, .state = SKBTRACE_M_END |
		SKBTRACE_M_COPIED | SKBTRACE_M_COMPARED,
	};

	message.cell[0] = crc32c(self->w->bytes, 3000);
	udp_hop(self->w, ROLE_BIRTH, 5, 3000);
	udp_message(self->w, SKBTRACE_MESSAGE_SEND, 1, 5, 3000, 0, 0);
	udp_hop(self->w, ROLE_TRANSPORT, 5, 3000);
	streams_record(self->w->streams, (const struct skbtrace_record *)&message);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(3000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(3000, self->bytes[STREAM_COPIED].same);
	EXPECT_EQ(3000, self->bytes[STREAM_RETURNED].same);
	EXPECT_EQ(3000, self->bytes[STREAM_WHOLE].same);
	ASSERT_EQ(2, self->w->nr_messages);
	EXPECT_EQ(VERDICT_INTACT, stream_verdict(&self->w->message[1]));
}

TEST_F(stream, datagram)
{
	udp_hop(self->w, ROLE_BIRTH, 5, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_SEND, 1, 5, 9000, 0, 0);
	udp_hop(self->w, ROLE_TRANSPORT, 7, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_COPY, 2, 7, 9000, 0, 0);
	udp_message(self->w, SKBTRACE_MESSAGE_RECV, 2, 7, 9000, 0, 0);
	EXPECT_EQ(0, self->w->nr_changes);
	ASSERT_EQ(2, self->w->nr_messages);
	EXPECT_EQ(9000, self->bytes[STREAM_SENT].same);
	EXPECT_EQ(9000, self->bytes[STREAM_QUEUED].same);
	EXPECT_EQ(9000, self->bytes[STREAM_COPIED].same);
	EXPECT_EQ(9000, self->bytes[STREAM_RETURNED].same);
	/* Addresses are the hops': sockets need not know them. */
	EXPECT_EQ(htons(1), self->w->message[0].flow.sport);
	EXPECT_EQ(htons(2), self->w->message[1].flow.dport);
	EXPECT_EQ(9000, self->w->message[1].bytes[STREAM_QUEUED].same);
}

TEST_F(stream, datagram_changed)
{
	udp_hop(self->w, ROLE_BIRTH, 5, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_SEND, 1, 5, 9000, 1, 0);
	ASSERT_EQ(1, self->w->nr_changes);
	EXPECT_EQ(STREAM_SENT, self->w->change[0].place);
	EXPECT_EQ(11, self->w->change[0].before.pid);
	udp_hop(self->w, ROLE_TRANSPORT, 7, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_COPY, 2, 7, 9000, 2, 0);
	ASSERT_EQ(2, self->w->nr_changes);
	EXPECT_EQ(STREAM_QUEUED, self->w->change[1].place);
	udp_hop(self->w, ROLE_TRANSPORT, 9, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_COPY, 3, 9, 9000, 0, 2);
	ASSERT_EQ(3, self->w->nr_changes);
	EXPECT_EQ(STREAM_COPIED, self->w->change[2].place);
	udp_message(self->w, SKBTRACE_MESSAGE_RECV, 3, 9, 9000, 2, 0);
	EXPECT_EQ(3, self->w->nr_changes);
	udp_message(self->w, SKBTRACE_MESSAGE_RECV, 2, 7, 9000, 0, 0);
	ASSERT_EQ(4, self->w->nr_changes);
	EXPECT_EQ(STREAM_RETURNED, self->w->change[3].place);
}

/* A part of a datagram, or one whose hop is not known, is not compared. */
TEST_F(stream, datagram_unverified)
{
	udp_hop(self->w, ROLE_BIRTH, 5, 9000);
	udp_message(self->w, SKBTRACE_MESSAGE_SEND, 1, 5, 4000, 1, 0);
	udp_message(self->w, SKBTRACE_MESSAGE_SEND, 2, 6, 9000, 1, 0);
	udp_message(self->w, SKBTRACE_MESSAGE_RECV, 3, 6, 100, 0, 0);
	EXPECT_EQ(0, self->w->nr_changes);
	EXPECT_EQ(13000, self->bytes[STREAM_SENT].unverified);
	EXPECT_EQ(100, self->bytes[STREAM_RETURNED].unverified);
	EXPECT_EQ(3, self->w->nr_messages);
}

/* Damaged records do no harm. */
TEST_F(stream, nonsense)
{
	unsigned int i, j;

	for (i = 0; i < 20000; i++) {
		struct skbtrace_message message;
		uint8_t *byte = (uint8_t *)&message;

		for (j = 0; j < sizeof(message); j++)
			byte[j] = rand() >> 7;
		message.flags = i & 1 ? SKBTRACE_F_MESSAGE : ~SKBTRACE_F_MESSAGE;
		message.kind %= 4;
		message.ts_ns = self->w->now += SEC / 100;
		message.len %= i & 2 ? UINT32_MAX : 1 << 17;
		streams_record(self->w->streams, (const struct skbtrace_record *)&message);
	}
	streams_flush(self->w->streams);
}

static uint32_t at_random(uint32_t max)
{
	return 1 + rand() % max;
}

/*
 * Calls, segments and reads of all sizes, records lost, one place changed or none: what
 * was changed is found or not verified, and nothing else is.
 */
TEST_F(stream, random)
{
	unsigned int round, lost, wrong, i;

	for (round = 0; round < 100; round++) {
		const uint32_t total = 100000;
		uint32_t sent = 0, out = 0, in = 0, got = 0, call = 1 + round * 1000, bad, n;
		const struct stream_bytes *bytes = self->bytes;
		struct stream_bytes before[STREAM_NR_PLACES];

		memcpy(before, bytes, sizeof(before));
		self->w->nr_changes = 0;
		self->w->isn = rand() * 2u;
		self->w->has_grid = rand() % 2;
		wrong = rand() % 3;	/* 0: nothing, 1: sent, 2: queued */
		lost = rand() % 2;
		bad = rand() % total;
		syn(self->w, ROLE_BIRTH);
		syn(self->w, ROLE_TRANSPORT);
		while (got < total) {
			if (sent < total && sent < out + 30000) {
				n = at_random(40000);
				n = n < total - sent ? n : total - sent;
				if (!lost || rand() % 10)
					send_call(self->w, call, sent, n);
				call++;
				sent += n;
			}
			if (out < sent) {
				n = at_random(9000);
				n = n < sent - out ? n : sent - out;
				if (!lost || rand() % 30)
					hop(self->w, ROLE_BIRTH, out, n,
					    wrong == 1 && bad - out < n ? bad + 1 : 0);
				out += n;
			}
			if (in < out) {
				n = at_random(9000);
				n = n < out - in ? n : out - in;
				if (!lost || rand() % 30)
					hop(self->w, ROLE_TRANSPORT, in, n,
					    wrong == 2 && bad - in < n ? bad + 1 : 0);
				in += n;
			}
			if (got < in) {
				n = at_random(20000);
				n = n < in - got ? n : in - got;
				if (!lost || rand() % 30)
					copy(self->w, call, got, n);
				if (!lost || rand() % 30)
					recv_call(self->w, call, got, n);
				call++;
				got += n;
			}
			self->w->now += SEC / 10;
		}
		streams_flush(self->w->streams);
		for (i = 0; i < STREAM_NR_PLACES; i++) {
			uint64_t same = bytes[i].same - before[i].same;
			uint64_t change = bytes[i].changed - before[i].changed;

			if (!lost) {
				EXPECT_EQ(total, same + change);
			}
			EXPECT_GE(total, same + change);
			if (!wrong || i != (wrong == 1 ? STREAM_SENT : STREAM_QUEUED)) {
				EXPECT_EQ(0, change);
			} else if (!lost) {
				EXPECT_NE(0, change);
			}
		}
		EXPECT_GE(1, self->w->nr_changes);
		if (self->w->nr_changes) {
			EXPECT_LT(self->w->isn + bad - self->w->change[0].seq,
				  self->w->change[0].len);
		}
	}
}

TEST_HARNESS_MAIN
