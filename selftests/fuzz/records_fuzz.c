// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of records: bytes become the hops of a few packets in a few skbs, on four
 * CPUs, with losses; then journeys and verdicts, within narrow limits.
 *
 * All packets carry the same bytes, at the place that their headers say, and a life has
 * one packet, which is cut and merged only where that may be. So as long as no digest is
 * made wrong, nothing may be called changed.
 *
 * An input is a struct setting, and then a struct step for each record.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "fuzz.h"
#include "journey/engine.h"
#include "journey/journey.h"
#include "lib/list.h"
#include "show/show.h"
#include "source/source.h"

struct setting {
	uint8_t max_journeys;
	uint8_t max_hops;
	uint8_t max_journey_hops;
	uint8_t how;
};

#define HOW_JSON	0x01
#define HOW_TREE	0x02
#define HOW_LIVE	0x04	/* read as the rings are */
#define HOW_OLDEST	0x08
#define HOW_MISSED	0x10
#define HOW_WRAP	0x20	/* the sequence numbers begin anew on the way */
#define HOW_STACKS	0x40
#define HOW_SHOWN	0x80	/* and only of one in eight, see is_shown() */

struct step {
	uint8_t point;
	uint8_t skb;		/* 3 bits: which; 3 bits: whose data, 0 its own */
	uint8_t time;		/* 4 bits, 3 bits by how much to shift them; a loss before */
	uint8_t packet;		/* 2 bits each: flow, protocol, CPU, context */
	uint8_t start;		/* 6 bits: where the bytes begin; the IP id counts them */
	uint8_t len;		/* 6 bits: how many; 2 bits: segments of what size */
	uint8_t what;		/* enum what */
	uint8_t more;		/* 3 bits: a clone; 2 bits: users; devices */
};

enum what {
	WHAT_ENDS = 8,		/* below: a drop reason or return value */
	WHAT_FRAGMENT,
	WHAT_UNDIGESTED,
	WHAT_DIGEST_MAX,
	WHAT_MALFORMED,
	WHAT_TRUNCATED,
	WHAT_UNREADABLE,
	WHAT_DOUBTFUL,		/* a free may have been missed: another packet perhaps */
	WHAT_HIDDEN,
	WHAT_ENDED,		/* the life before is over, unseen */
	WHAT_TUNNEL,
	WHAT_WRONG,		/* another digest */
	WHAT_INSANE,		/* bytes of the record are exchanged */
};

#define UNIT		128u	/* bytes; a whole packet is up to 63 of them */
#define UNITS		128u	/* that there are */
#define RECORDS_MAX	400
#define NR_CPUS		4

/* CRC32C of the bytes from a unit on, so many units: not by combining them. */
static uint32_t digest(uint32_t from, uint32_t nr)
{
	static uint32_t digests[UNITS][64];
	static bool known;
	uint32_t crc, i, n;

	for (i = 0; !known && i < UNITS; i++) {
		for (crc = ~0u, n = 0; n < 64 * 8 * UNIT; n++) {
			if (n % 8 == 0)
				crc ^= (i * UNIT + n / 8 + 7) * 2654435761u >> 24;
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
			if ((n + 1) % (8 * UNIT) == 0 && n / (8 * UNIT) + 1 < 64)
				digests[i][n / (8 * UNIT) + 1] = ~crc;
		}
	}
	known = true;
	return digests[from][nr];
}

/* What an skb carries in its life: the parts of a step that do not change. */
struct life {
	uint64_t id;
	bool has_packet;
	bool may_regroup;
	bool is_doubtful;
	struct step packet;
};

struct fuzz {
	struct life lives[8];
	uint64_t next_life;
	struct source source;
	unsigned int cpus[NR_CPUS];
	struct skbtrace_record records[RECORDS_MAX];
	unsigned int nr;
	unsigned int next[NR_CPUS];	/* to be read */
	uint64_t index[NR_CPUS];
	uint64_t ts_ns;
	bool truthful;			/* no digest is wrong */
	struct setting setting;
	struct show show;
	struct filter filter;
	struct journey_config config;
	uint64_t nr_journeys;
	uint64_t nr_hops;		/* but those that another journey has too */
};

static void make_packet(struct fuzz *fuzz, const struct step *step, struct skbtrace_record *r)
{
	static const uint16_t others[] = { IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_GRE, 0 };
	uint32_t flow = step->packet & 3, start = step->start & 63, nr = step->len & 63;
	uint32_t base = fuzz->setting.how & HOW_WRAP ? 0u - 20 * UNIT : 1000;
	bool fragment = step->what == WHAT_FRAGMENT;

	r->protocol = ETH_P_IP;
	r->payload = SKBTRACE_PAYLOAD_TRANSPORT;
	r->flags |= SKBTRACE_F_FLOW | SKBTRACE_F_PORTS;
	r->payload_len = nr * UNIT;
	r->gso_size = (const uint16_t[]){ 0, 1, 4, 10 }[step->len >> 6] * UNIT;
	r->gso_segs = r->gso_size ? r->payload_len / r->gso_size : 0;
	r->saddr[0] = r->daddr[0] = 10;
	r->saddr[3] = flow >> 1;
	r->sport = htons(1024 + (flow & 1));
	r->dport = htons(80);
	r->ttl = 64 - (step->more >> 7);
	switch (step->packet >> 2 & 3) {
	case 0:
		r->l4proto = IPPROTO_TCP;
		r->tcp_flags = 0x10;
		r->tcp_seq = base + start * UNIT;
		r->ip_id = step->start & 0x40 ? start + 1 : 0;
		break;
	case 1:
		r->l4proto = IPPROTO_UDP;
		r->ip_id = 100;
		break;
	case 2:
		r->l4proto = IPPROTO_UDP;
		r->protocol = ETH_P_IPV6;
		r->ip_id = fragment ? 100 : 0;
		break;
	default:
		r->l4proto = others[flow];
		r->ip_id = step->start & 0x40 ? 100 : 0;
	}
	if (!r->l4proto) {
		r->protocol = ETH_P_ARP;
		r->payload = SKBTRACE_PAYLOAD_LINK;
		r->flags &= ~(SKBTRACE_F_FLOW | SKBTRACE_F_PORTS);
	} else if (r->l4proto != IPPROTO_TCP) {
		/* A datagram begins at its beginning; only parts of it do not. */
		if (fragment && start) {
			r->frag_off = 8 + start * UNIT;
			r->payload = SKBTRACE_PAYLOAD_NETWORK;
			r->flags &= ~SKBTRACE_F_PORTS;
			r->sport = r->dport = 0;
		} else if (!fragment && step->start & 0x40) {
			r->ip_id += start;
		} else {
			start = 0;
		}
	}
	if (fragment)
		r->flags |= SKBTRACE_F_FRAGMENT;
	r->crc32c = digest(start, nr);
	r->digest_len = r->payload_len;
	r->flags |= SKBTRACE_F_DIGEST;
	r->len = r->payload_len + 40;
}

static void make_doubtful(struct fuzz *fuzz, const struct step *step, struct skbtrace_record *r)
{
	switch (step->what) {
	case WHAT_UNDIGESTED:
		r->flags &= ~SKBTRACE_F_DIGEST;
		r->digest_len = 0;
		break;
	case WHAT_DIGEST_MAX:
		if (r->payload_len <= UNIT)
			break;
		r->flags |= SKBTRACE_F_DIGEST_MAX;
		r->digest_len = UNIT;
		fuzz->truthful = false;
		break;
	case WHAT_MALFORMED:
		r->flags |= SKBTRACE_F_MALFORMED;
		r->flags &= ~SKBTRACE_F_DIGEST;
		r->payload = SKBTRACE_PAYLOAD_NONE;
		break;
	case WHAT_TRUNCATED:
		r->flags |= SKBTRACE_F_TRUNCATED;
		break;
	case WHAT_UNREADABLE:
		r->flags |= SKBTRACE_F_UNREADABLE;
		r->flags &= ~SKBTRACE_F_DIGEST;
		break;
	case WHAT_TUNNEL:
		r->tunnel = 1 + step->more % 12;
		r->tunnel_id = step->more;
		r->depth = 1 + step->more % 3;
		r->flags |= step->more & 1 ? SKBTRACE_F_OUTER : 0;
		r->outer_protocol = step->more & 1 ? ETH_P_IP : 0;
		break;
	case WHAT_WRONG:
		r->crc32c ^= 1u << (step->more & 31);
		fuzz->truthful = false;
		break;
	}
}

static bool is_tcp(const struct step *step)
{
	return !(step->packet >> 2 & 3);
}

static bool has_gso(const struct step *step)
{
	return step->len >> 6;
}

static struct life *begin_life(struct fuzz *fuzz, unsigned int skb)
{
	struct life *life = &fuzz->lives[skb & 7];

	memset(life, 0, sizeof(*life));
	life->id = ++fuzz->next_life;
	return life;
}

static struct life *life_of(struct fuzz *fuzz, unsigned int skb)
{
	struct life *life = &fuzz->lives[skb & 7];

	return life->id ? life : begin_life(fuzz, skb);
}

/*
 * A life keeps its packet. TCP's may be other bytes of the stream before or after it was
 * cut or merged, which is so where segmentation is offloaded.
 */
static struct step keep_packet(struct life *life, const struct step *step)
{
	struct step now = *step;

	if (life->has_packet && step->what != WHAT_DOUBTFUL) {
		bool other_bytes = is_tcp(&life->packet) &&
				   (life->may_regroup || has_gso(step));

		now.packet = (now.packet & 0xf0) | (life->packet.packet & 0x0f);
		if (!other_bytes) {
			now.start = life->packet.start;
			now.len = life->packet.len;
			if ((life->packet.what == WHAT_FRAGMENT) != (now.what == WHAT_FRAGMENT))
				now.what = life->packet.what;
		}
	}
	life->has_packet = true;
	life->may_regroup = has_gso(&now);
	life->packet = now;
	return now;
}

static uint64_t skb_of(unsigned int n)
{
	return 0xffff888000000000u + ((n & 7) + 1) * 0x100;
}

/* Every point has its turn, and those that the table has not. */
static uint16_t point_number(uint8_t n)
{
#define NUMBER(_id, ...)	_id,
	static const uint16_t ids[] = { SKBTRACE_POINTS(NUMBER) };

	return n < sizeof(ids) / sizeof(ids[0]) ? ids[n] : n + 1000 * (n == 0xff);
}

static void give_child(struct fuzz *fuzz, const struct step *step, const struct point *point,
		       struct skbtrace_record *r)
{
	struct life *life = life_of(fuzz, step->skb), *child;

	switch (point->role) {
	case ROLE_CLONE:
	case ROLE_SEGMENTS:
		if (!step->what || (step->more & 7) == (step->skb & 7))
			return;
		child = begin_life(fuzz, step->more);
		child->has_packet = life->has_packet;
		child->packet = life->packet;
		child->may_regroup = life->may_regroup;
		child->is_doubtful = life->is_doubtful;
		/* Which bytes of a datagram a segment has its number says. */
		if (point->role == ROLE_SEGMENTS && !is_tcp(&life->packet))
			fuzz->truthful = false;
		break;
	case ROLE_MERGE:
		child = life_of(fuzz, step->more);
		break;
	default:
		if (point->role == ROLE_DROP && step->more & 0x80) {
			r->caller = 0xffffffff81000000u + step->more;
			r->flags |= SKBTRACE_F_CALLER;
		}
		return;
	}
	r->child = child->id;
	r->flags |= SKBTRACE_F_CHILD;
}

static void make_record(struct fuzz *fuzz, const struct step *step, struct skbtrace_record *r)
{
	static const char * const devices[] = { "", "veth0", "veth1", "br0" };
	const struct point *point;
	struct life *life;
	struct step kept;

	memset(r, 0, sizeof(*r));
	/* One after the other: of two CPUs' at a time nobody knows which was first. */
	fuzz->ts_ns += 1 + ((uint64_t)(step->time & 15) << (step->time >> 4 & 7) * 4);
	r->ts_ns = fuzz->ts_ns;
	r->cpu = step->packet >> 4 & 3;
	r->context = step->packet >> 6;
	/* Lost records are there, by number. */
	fuzz->index[r->cpu] += step->time & 0x80 ? 1 + (step->time & 15) : 0;
	r->index = fuzz->index[r->cpu]++;
	r->abi = SKBTRACE_ABI;
	r->point = point_number(step->point);
	r->skb = skb_of(step->skb);
	r->head = skb_of(step->skb >> 3 & 7 ? (step->skb >> 3) - 1 : step->skb) + 0x100000;
	r->users = step->more >> 3 & 3;
	r->pid = 1;
	r->stack_id = step->more >> 5 & 1;
	r->flags = step->more & 0x40 ? 0 : SKBTRACE_F_NETNS;
	r->netns = 4026531840u + (step->more >> 7);
	strcpy(r->comm, "curl");
	strcpy(r->dev, devices[step->more >> 5 & 3]);
	strcpy(r->peer, devices[step->more >> 6 & 3]);

	point = point_of(r->point);
	if (step->what == WHAT_ENDED ||
	    (point->role == ROLE_BIRTH && point->data != POINT_BYTES))
		begin_life(fuzz, step->skb);
	life = life_of(fuzz, step->skb);
	r->life = life->id;
	/* From then on. */
	life->is_doubtful |= step->what == WHAT_DOUBTFUL;
	if (life->is_doubtful)
		r->flags |= SKBTRACE_F_DOUBTFUL;
	if (step->what == WHAT_HIDDEN && point->data == POINT_NONE)
		r->flags |= SKBTRACE_F_HIDDEN;
	give_child(fuzz, step, point, r);
	if (point->kind == POINT_RETURN) {
		r->head = 0;
		r->flags |= SKBTRACE_F_RET;
		r->duration_ns = step->len << (step->start & 15);
		r->ret = (int64_t)step->what - 2;
		if (point->role == ROLE_CLONE || point->role == ROLE_SEGMENTS)
			r->ret = step->what ? skb_of(step->more) : 0;
	} else if (point->data == POINT_NONE) {
		if (step->what <= WHAT_ENDS) {
			r->ret = step->what;
			r->flags |= SKBTRACE_F_REASON;
		}
	} else {
		kept = keep_packet(life, step);
		make_packet(fuzz, &kept, r);
		make_doubtful(fuzz, &kept, r);
	}
	if (point->role == ROLE_FREE && r->users <= 1)
		memset(life, 0, sizeof(*life));
}

/* Anything, but for what the ring itself makes sure of. */
static void make_insane(struct skbtrace_record *r, const uint8_t bytes[4])
{
	const struct skbtrace_record was = *r;
	uint8_t *at = (uint8_t *)r;

	at[bytes[0] % sizeof(*r)] ^= bytes[1];
	at[bytes[2] % sizeof(*r)] ^= bytes[3];
	r->index = was.index;
	r->ts_ns = was.ts_ns;
	r->cpu = was.cpu;
}

static ssize_t fuzz_read(struct source *source, unsigned int stream,
			 struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct fuzz *fuzz = container_of(source, struct fuzz, source);
	size_t done = 0;

	/* A few at a time: blocks end, and begin. */
	for (; done < nr && done < 5 && fuzz->next[stream] < fuzz->nr; fuzz->next[stream]++)
		if (fuzz->records[fuzz->next[stream]].cpu == stream)
			records[done++] = fuzz->records[fuzz->next[stream]];
	return done;
}

static char *fuzz_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "",
		[SOURCE_STATS] = "",
		[SOURCE_STACKS] = "1 veth_xmit+0x5/0x2b0 [veth];dev_hard_start_xmit\n",
		[SOURCE_REASONS] = "2 NOT_SPECIFIED\n6 OTHERHOST\n7 NETFILTER_DROP\n",
		[SOURCE_NETNS] = "4026531840 init\n",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n",
		[SOURCE_HOST] = "name there\nboot 11111111-2222\n",
	};

	return strdup(texts[which]);
}

static const struct source_ops fuzz_ops = { .read = fuzz_read, .text = fuzz_text };

static void check_hops(const struct fuzz *fuzz, const struct journey *journey)
{
	const struct journey_life *life;
	uint32_t i, nr_lives = 0;

	FUZZ_EXPECT(journey->nr_hops && journey->nr_hops <= fuzz->config.max_journey_hops);
	FUZZ_EXPECT(journey->end_hop == JOURNEY_NO_HOP || journey->end_hop < journey->nr_hops);
	FUZZ_EXPECT(journey->first_ns == journey->hops[0].record.ts_ns);
	FUZZ_EXPECT(journey->last_ns == journey->hops[journey->nr_hops - 1].record.ts_ns);
	for (life = journey->lives; life; life = life->next) {
		FUZZ_EXPECT(life->number == nr_lives++);
		FUZZ_EXPECT(life->parent <= life->number);
	}
	FUZZ_EXPECT(nr_lives == journey->nr_lives);
	for (i = 0; i < journey->nr_hops; i++) {
		const struct journey_hop *hop = &journey->hops[i];

		FUZZ_EXPECT(hop->previous == JOURNEY_NO_HOP || hop->previous < i);
		FUZZ_EXPECT(hop->life->number < nr_lives);
		FUZZ_EXPECT(!i || hop->record.ts_ns >= hop[-1].record.ts_ns);
	}
}

static bool tells_bytes(const struct skbtrace_record *record)
{
	return !record->payload_len || (record->flags & SKBTRACE_F_DIGEST);
}

static void check_verdict(struct fuzz *fuzz, const struct journey *journey,
			  const struct verdict *verdict)
{
	uint32_t i;

	FUZZ_EXPECT((verdict->payload == VERDICT_CHANGED) == (verdict->nr_changes > 0));
	FUZZ_EXPECT((verdict->payload == VERDICT_INTACT) == !verdict->why[0]);
	if (verdict->nr_changes && fuzz->truthful) {
		show_text_ops.journey(&fuzz->show, journey, verdict);
		FUZZ_EXPECT(!verdict->nr_changes, "%s", verdict->why);
	}
	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++) {
		const struct verdict_change *change = &verdict->changes[i];

		FUZZ_EXPECT(change->after < change->before && change->before < journey->nr_hops);
		FUZZ_EXPECT(tells_bytes(&journey->hops[change->after].record) &&
			    tells_bytes(&journey->hops[change->before].record));
	}
}

/*
 * To show journeys takes several times as long as all the rest, and the other
 * targets do little else.
 */
static bool is_shown(const struct fuzz *fuzz)
{
	return fuzz->setting.how & HOW_SHOWN && fuzz->setting.max_journeys >> 5 == 7;
}

static void take_journey(void *context, const struct journey *journey)
{
	struct fuzz *fuzz = context;
	struct verdict verdict;

	check_hops(fuzz, journey);
	verdict_of(journey, !!(fuzz->setting.how & HOW_MISSED), &verdict);
	fuzz->nr_journeys++;
	fuzz->nr_hops += journey->nr_hops - journey->nr_hidden - journey->nr_repeated;
	check_verdict(fuzz, journey, &verdict);
	if (!is_shown(fuzz))
		return;
	fuzz->show.ops->journey(&fuzz->show, journey, &verdict);
	if (verdict.payload == VERDICT_CHANGED)
		fuzz->show.ops->changed(&fuzz->show, journey, &verdict);
	else if (verdict.payload == VERDICT_UNVERIFIED)
		fuzz->show.ops->unverified(&fuzz->show, journey, &verdict);
}

/* Memory is bounded, see journey.h; one journey may be longer than all may be. */
static void check_bounds(const struct fuzz *fuzz, const struct journey_engine *engine)
{
	FUZZ_EXPECT(engine->nr_journeys <= fuzz->config.max_journeys);
	FUZZ_EXPECT(engine->nr_hops <= fuzz->config.max_hops || engine->nr_journeys <= 1);
	FUZZ_EXPECT(engine->nr_kept <= fuzz->config.max_journeys);
}

/* Nothing is lost without a word. */
static void check_counts(const struct fuzz *fuzz, const struct journey_engine *engine)
{
	const struct journey_counts *counts = journey_counts(engine);

	FUZZ_EXPECT(counts->records == fuzz->nr);
	FUZZ_EXPECT(counts->records == counts->hops + counts->unknown + counts->late_returns +
		    counts->elsewhere + counts->hidden + counts->no_room);
	FUZZ_EXPECT(counts->hops == fuzz->nr_hops);
}

static void follow(struct fuzz *fuzz)
{
	const struct journey_reasons reasons = { 1, 2, 3, 4, 5, 6 };
	struct journey_engine *engine;
	struct error error = { "" };
	struct merge_item item;
	struct merge *merge;
	uint64_t last_ns = 0, nr = 0;

	fuzz->show.names = names_new(&fuzz->source, &error);
	merge = merge_new(&fuzz->source, &error);
	engine = journey_engine_new(&fuzz->config, &reasons, take_journey, fuzz);
	if (!fuzz->show.names || !merge || !engine)
		abort();
	if (fuzz->source.is_live) {
		merge_drain(merge, &error);
		merge_end(merge);
	}
	while (merge_next(merge, UINT64_MAX, &item, &error) > 0) {
		if (!item.record) {
			FUZZ_EXPECT(item.loss.from_ns <= item.loss.to_ns);
			journey_lost(engine, &item.loss);
			continue;
		}
		FUZZ_EXPECT(item.record->ts_ns >= last_ns, "time goes back");
		last_ns = item.record->ts_ns;
		nr++;
		FUZZ_EXPECT(!journey_record(engine, item.record));
		check_bounds(fuzz, engine);
	}
	FUZZ_EXPECT(!error.text[0], "%s", error.text);
	FUZZ_EXPECT(nr == fuzz->nr);
	journey_flush(engine);
	check_counts(fuzz, engine);
	FUZZ_EXPECT(fuzz->nr_journeys == journey_counts(engine)->begun, "not all journeys are told of");
	FUZZ_EXPECT(!engine->nr_journeys && !engine->nr_hops);
	journey_engine_free(engine);
	merge_free(merge);
	names_free(fuzz->show.names);
}

static void take_steps(struct fuzz *fuzz, const uint8_t *data, size_t size)
{
	struct step step;

	while (size >= sizeof(step) && fuzz->nr < RECORDS_MAX) {
		struct skbtrace_record *record = &fuzz->records[fuzz->nr++];

		memcpy(&step, data, sizeof(step));
		data += sizeof(step);
		size -= sizeof(step);
		make_record(fuzz, &step, record);
		if (step.what == WHAT_INSANE && size >= 4) {
			make_insane(record, data);
			fuzz->truthful = false;
			data += 4;
			size -= 4;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz fuzz;
	unsigned int i;

	if (size < sizeof(fuzz.setting))
		return 0;
	memset(&fuzz, 0, offsetof(struct fuzz, records));
	memset(&fuzz.nr, 0, sizeof(fuzz) - offsetof(struct fuzz, nr));
	memcpy(&fuzz.setting, data, sizeof(fuzz.setting));
	fuzz.config.max_journeys = 1 + fuzz.setting.max_journeys % 32;
	fuzz.config.max_hops = 8u << fuzz.setting.max_hops % 7;
	fuzz.config.max_journey_hops = 2 + fuzz.setting.max_journey_hops % 128;
	fuzz.config.idle_ns = 10 * 1000000000ULL;
	fuzz.ts_ns = 1000000000;
	fuzz.truthful = true;
	take_steps(&fuzz, data + sizeof(fuzz.setting), size - sizeof(fuzz.setting));
	for (i = 0; i < NR_CPUS; i++)
		fuzz.cpus[i] = i;
	fuzz.source.ops = &fuzz_ops;
	fuzz.source.nr_streams = NR_CPUS;
	fuzz.source.cpus = fuzz.cpus;
	fuzz.source.is_live = fuzz.setting.how & HOW_LIVE;
	fuzz.source.from_oldest = fuzz.setting.how & HOW_OLDEST;
	fuzz.show.ops = fuzz.setting.how & HOW_JSON ? &show_json_ops : &show_text_ops;
	fuzz.show.filter = &fuzz.filter;
	fuzz.show.tree = fuzz.setting.how & HOW_TREE;
	fuzz.show.stacks = fuzz.setting.how & HOW_STACKS;
	fuzz.show.out = fuzz_begin();
	follow(&fuzz);
	fuzz_end(fuzz.setting.how & HOW_JSON ? FUZZ_JSON : FUZZ_TEXT);
	return 0;
}

/* A step is exchanged, copied, moved: what a change within one cannot do. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	const size_t first = sizeof(struct setting), each = sizeof(struct step);
	size_t nr, from, to, len;
	uint8_t copy[4 * sizeof(struct step)];

	if (seed % 4 || size < first + each)
		return LLVMFuzzerMutate(data, size, max_size);
	nr = (size - first) / each;
	from = seed / 4 % nr;
	to = seed / 256 % nr;
	len = (1 + seed / 16384 % 4) * each;
	if (len > size - first - from * each)
		len = each;
	memcpy(copy, data + first + from * each, len);
	to = first + to * each;
	if (seed / 65536 % 4 == 0 && size > first + len) {
		from = first + from * each;
		memmove(data + from, data + from + len, size - from - len);
		return size - len;
	}
	if (len > max_size - size)
		return LLVMFuzzerMutate(data, size, max_size);
	memmove(data + to + len, data + to, size - to);
	memcpy(data + to, copy, len);
	/* The same for the next hop, but somewhere else. */
	if (seed / 262144 % 2)
		data[to] = seed / 524288;
	return size + len;
}
