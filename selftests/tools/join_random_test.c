// SPDX-License-Identifier: GPL-2.0
/*
 * Two hosts and a wire that cuts, merges, loses, repeats, delays, translates and damages at
 * random: what was damaged is never intact, what was not is never changed.
 */
#include "kselftest_harness.h"

#include "wire.h"

#define ROUNDS		300
#define FLOWS		4

static uint32_t seed;

/* Over all seeds. */
static struct {
	uint32_t packets, damaged, found, unverified, lost;
} total;

static uint32_t pick(uint32_t nr)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % nr;
}

/* What came, so that it is known again: by the number of its journey. */
struct came {
	uint64_t id;
	bool damaged;
};

struct world {
	struct wire *w;
	struct came came[4096];
	uint32_t nr_came;
	uint64_t next_skb;
	uint32_t next_ip_id;
	bool numbered;		/* by IP */
	bool translated;
	bool damages;
	uint32_t device_cuts;	/* into pieces of so many bytes, 0: into none */
	bool device_merges;
	/* On the wire, to come later. */
	struct hop late[64];
	uint32_t nr_late;
};

static void arrive(struct world *world, struct hop hop)
{
	struct wire *w = world->w;

	hop.skb = world->next_skb += 0x100;
	if (world->translated)
		hop.flow += 50;
	if (world->nr_came == sizeof(world->came) / sizeof(world->came[0]))
		abort();
	world->came[world->nr_came].id = JOURNEY_ID(w->hosts[B].test.index, 0);
	world->came[world->nr_came++].damaged = hop.wrong;
	come(w, B, hop);
}

/* What the wire does to a packet. */
static void transmit(struct world *world, struct hop hop)
{
	uint32_t fate = pick(100);

	pass(world->w, 10000 + pick(500000));
	if (world->damages && fate < 5 && hop.bytes.len > 8)
		hop.wrong = WRONG(hop.bytes.from + pick(hop.bytes.len));
	if (fate >= 5 && fate < 12)
		return;
	if (fate >= 12 && fate < 18 && world->nr_late < 64) {
		world->late[world->nr_late++] = hop;
		return;
	}
	arrive(world, hop);
	if (fate >= 18 && fate < 22)
		arrive(world, hop);
	if (world->nr_late && pick(3) == 0)
		arrive(world, world->late[--world->nr_late]);
}

static void send_stream(struct world *world, unsigned int flow, uint32_t from, uint32_t len)
{
	struct hop whole = stream(from, len, 0), part;
	uint32_t at, piece = world->device_cuts ? world->device_cuts : len;
	uint32_t merged = 0;

	whole.flow = 10 + flow;
	whole.skb = world->next_skb += 0x100;
	whole.ip_id = world->numbered ? world->next_ip_id : 0;
	whole.gso_size = len > piece ? piece : 0;
	leave(world->w, A, whole);
	for (at = 0; at < len; at += merged) {
		merged = piece;
		if (world->device_merges && pick(3) == 0)
			merged = 2 * piece;
		if (merged > len - at)
			merged = len - at;
		part = whole;
		part.seq += at;
		part.bytes.from += at;
		part.bytes.len = merged;
		part.gso_size = merged > piece ? piece : 0;
		if (world->numbered)
			part.ip_id = world->next_ip_id + at / piece;
		transmit(world, part);
	}
	world->next_ip_id += 1 + len / piece;
}

static void send_datagram(struct world *world, unsigned int flow)
{
	struct hop hop = HOP(.flow = 20 + flow, .ttl = 64);

	hop.skb = world->next_skb += 0x100;
	hop.ip_id = world->numbered ? world->next_ip_id++ : 0;
	/* Some are the same as others. */
	hop.bytes.from = pick(4) ? pick(1000) * 100 : 0;
	hop.bytes.len = 20 + pick(4) * 300;
	leave(world->w, A, hop);
	transmit(world, hop);
}

static void play(struct world *world)
{
	uint32_t sent[FLOWS] = { 0 }, round, flow, len;

	for (round = 0; round < ROUNDS; round++) {
		flow = pick(FLOWS);
		if (pick(8) == 0)
			chat(world->w, round);
		if (pick(2)) {
			send_datagram(world, flow);
			continue;
		}
		len = 1 + pick(world->device_cuts ? 4000 : MSS);
		if (sent[flow] + len > NR_BYTES)
			continue;
		send_stream(world, flow, sent[flow], len);
		/* Again, all or a part, cut elsewhere. */
		if (pick(6) == 0) {
			uint32_t skipped = pick(2) ? 0 : pick(len);

			pass(world->w, 200 * MSEC);
			send_stream(world, flow, sent[flow] + skipped, len - skipped);
		}
		sent[flow] += len;
		pass(world->w, pick(20) * MSEC);
	}
	pass(world->w, 2 * SEC);
	chat(world->w, round);
}

static void check(struct __test_metadata *_metadata, struct world *world, uint32_t number)
{
	const struct join *join = world->w->join;
	bool *has_damaged = calloc(join->nr_packets + 1, sizeof(*has_damaged));
	uint32_t i, nr_found = 0, nr_damaged = 0, nr_unverified = 0;

	for (i = 0; i < world->nr_came; i++) {
		uint32_t part = join_find(join, B, world->came[i].id), packet;

		/* A retransmission may be a hop of another journey: then it has no number. */
		if (part == END_NONE)
			continue;
		packet = join->parts[part].packet;
		if (!world->came[i].damaged)
			continue;
		has_damaged[packet] = true;
		nr_damaged++;
		nr_found += join->packets[packet].payload == VERDICT_CHANGED;
		/* What is joined with nothing says nothing. */
		if (join->packets[packet].nr_crossings) {
			EXPECT_NE(VERDICT_INTACT, join->packets[packet].payload) {
				TH_LOG("seed %u: a damaged packet is intact", number);
			}
		}
	}
	for (i = 0; i < join->nr_packets; i++) {
		nr_unverified += join->packets[i].payload == VERDICT_UNVERIFIED;
		if (has_damaged[i])
			continue;
		EXPECT_NE(VERDICT_CHANGED, join->packets[i].payload) {
			TH_LOG("seed %u: packet %u is no other than it was", number, i);
		}
	}
	total.packets += join->nr_packets;
	total.damaged += nr_damaged;
	total.found += nr_found;
	total.unverified += nr_unverified;
	total.lost += count_crossings(join, CROSSING_LOST);
	/* With numbers, and where devices do not cut, all of it is found. */
	if (world->numbered && !world->device_cuts) {
		EXPECT_EQ(nr_damaged, nr_found) {
			TH_LOG("seed %u: %u damaged, %u found, %u unverified", number, nr_damaged,
			       nr_found, nr_unverified);
		}
	}
	free(has_damaged);
}

TEST(at_random)
{
	uint32_t number, nr = getenv("SEEDS") ? atoi(getenv("SEEDS")) : 40;

	for (number = 0; number < nr; number++) {
		struct world *world = calloc(1, sizeof(*world));
		struct wire *w = malloc(sizeof(*w));

		ASSERT_NE(NULL, world);
		ASSERT_NE(NULL, w);
		seed = number * 7919 + 1;
		wire_begin(w);
		world->w = w;
		world->next_skb = 0x10000000;
		world->next_ip_id = 1;
		world->numbered = pick(3);
		world->translated = pick(2);
		world->damages = pick(4);
		world->device_cuts = pick(2) ? 500 + pick(900) : 0;
		world->device_merges = pick(2);
		w->hosts[B].ahead = (int64_t)(pick(20000)) * (int64_t)MSEC - 10 * (int64_t)SEC;
		w->hosts[B].ppm = (int64_t)pick(800) - 400;
		play(world);
		ASSERT_EQ(0, join_up(w));
		check(_metadata, world, number);
		wire_end(w);
		free(w);
		free(world);
	}
	TH_LOG("%u packets, %u lost; %u damaged, %u of these found; %u unverified", total.packets,
	       total.lost, total.damaged, total.found, total.unverified);
	/* Of what a device has cut it is not always known whose bytes are wrong. */
	EXPECT_LT(total.damaged * 3 / 4, total.found);
	EXPECT_LT(total.unverified, total.packets / 4);
}

TEST_HARNESS_MAIN
