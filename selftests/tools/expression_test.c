// SPDX-License-Identifier: GPL-2.0
/*
 * Expressions: the text of programs, what is refused, and that they say of a packet
 * and of a record what libpcap's own interpreter says of the packet.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <skbtrace/cbpf.h>

#include "kselftest_harness.h"

#include "hops.h"
#include "show/show.h"

#define MAX	16

static int parse(const char *text, struct sock_filter *insns, struct cbpf_error *error)
{
	int nr = cbpf_parse(insns, MAX, text, error);

	if (nr > 0 && cbpf_check(insns, nr, error) < 0)
		return -1;
	return nr;
}

TEST(the_forms_of_a_program)
{
	static const char * const same[] = {
		"4\n48 0 0 9\n21 0 1 6\n6 0 0 4294967295\n6 0 0 0\n",
		"4,48 0 0 9,21 0 1 6,6 0 0 4294967295,6 0 0 0",
		"4;48 0 0 9;21 0 1 6;6 0 0 4294967295;6 0 0 0;",
		"4 48 0 0 9 21 0 1 6 6 0 0 4294967295 6 0 0 0",
		" 4,48,0,0,9,21,0,1,6,6,0,0,4294967295,6,0,0,0,\r\n",
		"04,048 00 00 09, 21 0 1 6, 6 0 0 4294967295, 6 0 0 0",
	};
	const struct sock_filter want[] = {
		{ 48, 0, 0, 9 }, { 21, 0, 1, 6 }, { 6, 0, 0, 0xffffffff }, { 6, 0, 0, 0 }
	};
	struct sock_filter insns[MAX];
	struct cbpf_error error;
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		memset(insns, 0xee, sizeof(insns));
		ASSERT_EQ(4, parse(same[i], insns, &error)) {
			TH_LOG("%s: %u %s", same[i], error.insn, error.what);
		}
		EXPECT_EQ(0, memcmp(insns, want, sizeof(want)));
	}
	EXPECT_EQ(0, parse("", insns, &error));
	EXPECT_EQ(0, parse("0", insns, &error));
	EXPECT_EQ(0, parse(" 0\n", insns, &error));
}

TEST(what_is_refused_and_why)
{
	static const struct {
		const char *text;
		uint32_t insn;
		const char *what;
	} refused[] = {
		{ "tcp port 80", CBPF_NO_INSN, "does not begin with the number" },
		{ "-1", CBPF_NO_INSN, "does not begin with the number" },
		{ "1x,6 0 0 0", CBPF_NO_INSN, "does not begin with the number" },
		{ "99999999999,6 0 0 0", CBPF_NO_INSN, "does not begin with the number" },
		{ "17,6 0 0 0", CBPF_NO_INSN, "has too many instructions" },
		{ "1,6 0 0 0,6 0 0 0", CBPF_NO_INSN, "has more instructions than" },
		{ "0,6 0 0 0", CBPF_NO_INSN, "has more instructions than" },
		{ "2,6 0 0 0", 1, "is missing" },
		{ "1", 0, "is missing" },
		{ "2,6 0 0 0,6 0 0", 1, "lacks some" },
		{ "1,65536 0 0 0", 0, "has a code that is no number up to 65535" },
		{ "1,6 256 0 0", 0, "has a jt that is no number up to 255" },
		{ "1,6 0 256 0", 0, "has a jf that is no number up to 255" },
		{ "1,6 0 0 4294967296", 0, "has a k that is no number up to 4294967295" },
		{ "1,6 0 0 -1", 0, "has a k that is" },
		{ "1,6 0 0 0x10", 0, "has a k that is" },
		{ "1,6 0 0 0.", 0, "has a k that is" },
		{ "1,48 0 0 0", 0, "is the last, and does not return" },
		{ "2,6 0 0 0,135 0 0 0", 1, "is the last, and does not return" },
		{ "2,5 0 0 1,6 0 0 0", 0, "jumps behind the last" },
		{ "2,5 0 0 4294967295,6 0 0 0", 0, "jumps back" },
		{ "3,48 0 0 0,21 1 0 5,6 0 0 0", 1, "jumps behind the last" },
		{ "3,48 0 0 0,21 0 1 5,6 0 0 0", 1, "jumps behind the last" },
		{ "1,21 0 0 5", 0, "jumps behind the last" },
		{ "2,52 0 0 0,6 0 0 0", 0, "divides by zero" },
		{ "2,148 0 0 0,6 0 0 0", 0, "divides by zero" },
		{ "2,100 0 0 32,6 0 0 0", 0, "shifts by more than 31 bits" },
		{ "2,116 0 0 4294967295,6 0 0 0", 0, "shifts by more than 31 bits" },
		{ "2,2 0 0 16,6 0 0 0", 0, "has no such word of memory" },
		{ "2,3 0 0 16,6 0 0 0", 0, "has no such word of memory" },
		{ "2,96 0 0 16,6 0 0 0", 0, "has no such word of memory" },
		{ "2,97 0 0 4294967295,6 0 0 0", 0, "has no such word of memory" },
		{ "2,48 0 0 4294963200,6 0 0 0", 0, "loads from a negative offset" },
		{ "2,40 0 0 4294963244,6 0 0 0", 0, "loads from a negative offset" },
		{ "2,32 0 0 4293918720,6 0 0 0", 0, "loads from a negative offset" },
		{ "2,177 0 0 4292870144,6 0 0 0", 0, "loads from a negative offset" },
		{ "2,8 0 0 0,6 0 0 0", 0, "has a code that classic BPF does not know" },
		{ "2,183 0 0 0,6 0 0 0", 0, "has a code" },
		{ "2,65535 0 0 0,6 0 0 0", 0, "has a code" },
		{ "1,14 0 0 0", 0, "has a code" },
	};
	struct sock_filter insns[MAX];
	struct cbpf_error error;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		error = (struct cbpf_error){ 0, "" };
		EXPECT_EQ(-1, parse(refused[i].text, insns, &error)) {
			TH_LOG("%s", refused[i].text);
		}
		EXPECT_EQ(refused[i].insn, error.insn) {
			TH_LOG("%s: %s", refused[i].text, error.what);
		}
		EXPECT_EQ(error.what, strstr(error.what, refused[i].what)) {
			TH_LOG("%s: %s", refused[i].text, error.what);
		}
	}
}

/* libpcap's, to compare with. */
typedef unsigned int (*bpf_filter_fn)(const struct sock_filter *insns, const uint8_t *packet,
				      unsigned int wire_len, unsigned int len);

static bpf_filter_fn libpcaps_filter(void)
{
	void *lib = dlopen("libpcap.so.1", RTLD_NOW);
	bpf_filter_fn fn = NULL;

	if (!lib)
		lib = dlopen("libpcap.so.0.8", RTLD_NOW);
	if (lib)
		*(void **)&fn = dlsym(lib, "bpf_filter");
	return fn;
}

#define NEEDS_LIBPCAP(fn) do {						\
	fn = libpcaps_filter();						\
	if (!fn)							\
		SKIP(return, "libpcap is not installed");		\
} while (0)

static const uint16_t codes[] = {
	0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x00, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03,
	0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74,
	0x7c, 0x84, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,
	0x06, 0x16, 0x07, 0x87,
};

#define NR_CODES	(sizeof(codes) / sizeof(codes[0]))

static uint32_t random32(void)
{
	return (uint32_t)random() << 16 ^ random();
}

/* A number as programs have them: mostly small, or just off the end of something. */
static uint32_t random_k(void)
{
	switch (random() % 6) {
	case 0:
		return random32();
	case 1:
		return 0xffffffff - random() % 4;
	case 2:
		return 0x7fffffff - random() % 4;
	default:
		return random() % 70;
	}
}

/*
 * A program that passes: libpcap's memory is not 0 at first, so every word is stored
 * to before anything else.
 */
static unsigned int random_program(struct sock_filter *insns, unsigned int max)
{
	unsigned int nr = BPF_MEMWORDS + 1 + random() % (max - BPF_MEMWORDS), i;
	struct cbpf_error error;

	for (i = 0; i < nr; i++) {
		if (i < BPF_MEMWORDS) {
			insns[i] = (struct sock_filter){ BPF_ST, 0, 0, i };
			continue;
		}
		insns[i].code = codes[random() % NR_CODES];
		insns[i].jt = random() % 8;
		insns[i].jf = random() % 8;
		insns[i].k = random_k();
		if (i == nr - 1)
			insns[i].code = random() % 2 ? BPF_RET | BPF_K : BPF_RET | BPF_A;
		while (cbpf_check(insns, i + 1, &error) < 0 && error.insn == i &&
		       !strstr(error.what, "jumps") && !strstr(error.what, "last"))
			insns[i].k = random_k();
	}
	return cbpf_check(insns, nr, &error) < 0 ? 0 : nr;
}

TEST(random_programs_do_what_libpcaps_do)
{
	unsigned int nr, ran = 0, nonzero = 0, i;
	struct sock_filter insns[64];
	bpf_filter_fn bpf_filter;
	uint8_t packet[64];

	NEEDS_LIBPCAP(bpf_filter);
	srandom(7878);
	while (ran < 200000) {
		nr = random_program(insns, 64 - 1);
		if (!nr)
			continue;
		for (i = 0; i < sizeof(packet); i++)
			packet[i] = random() % 4 ? random() : random() % 3;
		for (i = 0; i < 4; i++) {
			unsigned int len = random() % (sizeof(packet) + 1);
			/* Of just so many bytes, for ASan to see what is read behind. */
			uint8_t *exact = malloc(len);
			uint32_t want, got;

			memcpy(exact, packet, len);
			want = bpf_filter(insns, exact, 1500, len);
			got = cbpf_run(insns, 1, exact, len, 1500);
			ASSERT_EQ(want, got) {
				TH_LOG("program %u of %u instructions", ran, nr);
			}
			nonzero += got != 0;
			free(exact);
			ran++;
		}
	}
	/* Of both there must be many, or nothing was compared. */
	EXPECT_LT(ran / 20, nonzero);
	EXPECT_GT(ran - ran / 20, nonzero);
}

/* What the packets below have: few addresses and ports, that all are met often. */
static const char * const flow_expressions[] = {
	"tcp", "udp", "icmp", "icmp6", "ip", "ip6", "sctp", "not tcp", "ip proto 47",
	"tcp port 80", "udp port 53", "port 80", "src port 80", "tcp dst port 443",
	"portrange 50-90", "host 10.0.0.1", "src host 10.0.0.1", "dst host 10.0.0.2",
	"tcp port 80 and host 10.0.0.1", "net 10.0.0.0/8", "not net 10.0.0.0/31", "ip6 host fd78::1",
	"dst net fd78::/64", "tcp port 80 or udp port 53", "tcp and not port 22",
	"ip6 and udp", "tcp[tcpflags] & tcp-syn != 0", "tcp[13] == 2", "tcp[4:4] > 0x7fffffff",
	"ip[8] < 5", "ip[4:2] & 1 == 0", "ip[6:2] & 0x1fff != 0", "ip[6:2] & 0x1fff = 0 and udp",
	"ip6[7] > 60", "greater 100", "less 60", "len > 70 and tcp", "udp[4:2] > 40",
	"ip[2:2] > 100", "port 80 and (host 10.0.0.1 or host fd78::2) and not udp",
	"ip6[6] = 44 and ip6[42:2] & 1 = 1", "ip[6] & 0x20 != 0",
	"ip[12:4] = ip[16:4]", "tcp[0:2] = tcp[2:2]", "tcp[12] & 0xf0 = 0x50",
};

/* What a record knows nothing of. */
static const char * const byte_expressions[] = {
	"icmp[icmptype] == icmp-echo", "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
	"ip[0] & 0xf != 5", "ip[1] != 0", "tcp[14:2] > 1000", "udp[6:2] = 0",
	"ip[len - 1] > 100", "ip multicast", "ip6 multicast", "ip[ip[9]] % 7 = 3",
 "(ip[4:2] * 3) ^ ip[6:2] > 4711",
	"ether[20] = 0 or len / ip[8] > 2",
};

struct packet {
	uint8_t bytes[200];
	unsigned int len;	/* may be read */
	unsigned int wire_len;
	struct skbtrace_record record;
};

static void put_ports(struct packet *p, unsigned int l4, bool known)
{
	static const uint16_t ports[] = { 80, 53, 443, 22, 60, 40000 };
	struct skbtrace_record *r = &p->record;
	uint16_t sport = htons(ports[random() % 6]), dport = htons(ports[random() % 6]);

	memcpy(p->bytes + l4, &sport, 2);
	memcpy(p->bytes + l4 + 2, &dport, 2);
	if (known) {
		r->sport = sport;
		r->dport = dport;
		r->flags |= SKBTRACE_F_PORTS;
	}
}

static void put_be(uint8_t *p, uint32_t value, int bytes)
{
	while (bytes--)
		*p++ = value >> 8 * bytes;
}

/* The transport header, without options, and what the module would record of it. */
static unsigned int put_transport(struct packet *p, unsigned int l4, unsigned int payload_len)
{
	struct skbtrace_record *r = &p->record;
	bool later = r->frag_off;
	unsigned int len = 8;

	memset(p->bytes + l4, 0, 20);
	switch (r->l4proto) {
	case IPPROTO_TCP:
		len = 20;
		put_ports(p, l4, !later);
		r->tcp_seq = random32();
		r->tcp_flags = random() % 32;
		put_be(p->bytes + l4 + 4, r->tcp_seq, 4);
		p->bytes[l4 + 12] = 0x50;
		p->bytes[l4 + 13] = r->tcp_flags;
		break;
	case IPPROTO_UDP:
		put_ports(p, l4, !later);
		put_be(p->bytes + l4 + 4, 8 + payload_len, 2);
		break;
	case IPPROTO_SCTP:
		len = 12;
		put_ports(p, l4, !later);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p->bytes[l4] = random();
		break;
	default:
		len = 0;
	}
	r->payload_len = payload_len;
	r->payload = SKBTRACE_PAYLOAD_TRANSPORT;
	if (later || !len) {
		/* A header there is none, just bytes that look like one. */
		r->payload = SKBTRACE_PAYLOAD_NETWORK;
		r->payload_len += len;
		r->tcp_seq = 0;
		r->tcp_flags = 0;
	}
	return l4 + len;
}

static void put_ipv4(struct packet *p)
{
	struct skbtrace_record *r = &p->record;
	unsigned int payload_len = random() % 100, len;
	uint32_t from = 0x0a000000 + random() % 4, to = 0x0a000000 + random() % 4;

	r->protocol = ETH_P_IP;
	put_be(r->saddr, from, 4);
	put_be(r->daddr, to, 4);
	if (r->flags & SKBTRACE_F_FRAGMENT)
		r->frag_off = random() % 3 * 8;
	len = put_transport(p, 20, payload_len) + payload_len;
	p->bytes[0] = 0x45;
	put_be(p->bytes + 2, len, 2);
	put_be(p->bytes + 4, r->ip_id & 0xffff, 2);
	r->ip_id &= 0xffff;
	put_be(p->bytes + 6, r->frag_off ? r->frag_off / 8 :
	       r->flags & SKBTRACE_F_FRAGMENT ? 0x2000 : 0, 2);
	p->bytes[8] = r->ttl;
	p->bytes[9] = r->l4proto;
	memcpy(p->bytes + 12, r->saddr, 4);
	memcpy(p->bytes + 16, r->daddr, 4);
	p->len = p->wire_len = len;
}

static void put_ipv6(struct packet *p)
{
	struct skbtrace_record *r = &p->record;
	unsigned int payload_len = random() % 100, l4 = 40, len;

	r->protocol = ETH_P_IPV6;
	inet_pton(AF_INET6, "fd78::", r->saddr);
	inet_pton(AF_INET6, random() % 4 ? "fd78::" : "fd79::", r->daddr);
	r->saddr[15] = random() % 4;
	r->daddr[15] = random() % 4;
	p->bytes[6] = r->l4proto;
	if (r->flags & SKBTRACE_F_FRAGMENT) {
		r->frag_off = random() % 3 * 8;
		l4 = 48;
		p->bytes[6] = 44;
		p->bytes[40] = r->l4proto;
		p->bytes[41] = 0;
		put_be(p->bytes + 42, r->frag_off ? r->frag_off : 1, 2);
		put_be(p->bytes + 44, r->ip_id, 4);
	} else {
		r->ip_id = 0;
	}
	len = put_transport(p, l4, payload_len) + payload_len;
	put_be(p->bytes, 0x60000000, 4);
	put_be(p->bytes + 4, len - 40, 2);
	p->bytes[7] = r->ttl;
	memcpy(p->bytes + 8, r->saddr, 16);
	memcpy(p->bytes + 24, r->daddr, 16);
	p->len = p->wire_len = len;
}

static void random_packet(struct packet *p)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP,
		IPPROTO_GRE, 0 /* ICMP */
	};
	struct skbtrace_record *r = &p->record;
	bool v6 = random() % 3 == 0;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < sizeof(p->bytes); i++)
		p->bytes[i] = random();
	memset(p->bytes, 0, 20);
	r->flags = SKBTRACE_F_FLOW;
	if (random() % 8 == 0)
		r->flags |= SKBTRACE_F_FRAGMENT;
	r->ttl = random() % 70;
	r->ip_id = random32();
	r->l4proto = protocols[random() % sizeof(protocols)];
	if (!r->l4proto)
		r->l4proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	if (v6)
		put_ipv6(p);
	else
		put_ipv4(p);
}

#define NR(array)	(sizeof(array) / sizeof((array)[0]))
#define NR_EXPRESSIONS	(NR(flow_expressions) + NR(byte_expressions))

static const char *expression_text(size_t i)
{
	return i < NR(flow_expressions) ? flow_expressions[i] :
					  byte_expressions[i - NR(flow_expressions)];
}

TEST(expressions_match_what_libpcaps_match)
{
	struct expression expression;
	bpf_filter_fn bpf_filter;
	unsigned int matches, skipped = 0, start, version;
	struct error error;
	struct packet p;
	size_t i;
	int round;

	NEEDS_LIBPCAP(bpf_filter);
	srandom(78);
	for (i = 0; i < NR_EXPRESSIONS; i++) {
		const char *text = expression_text(i);

		ASSERT_EQ(0, expression_compile(&expression, text, &error)) {
			TH_LOG("%s", error.text);
		}
		for (matches = 0, round = 0; round < 3000; round++) {
			uint8_t *exact;
			uint32_t want, got;

			random_packet(&p);
			/* Some are cut off, perhaps within a header; some have options. */
			if (random() % 4 == 0)
				p.len = random() % (p.len + 1);
			if (random() % 4 == 0 && p.record.protocol == ETH_P_IP)
				p.bytes[0] += random() % 11;
			exact = malloc(p.len);
			memcpy(exact, p.bytes, p.len);
			want = bpf_filter(expression.insns, exact, p.wire_len, p.len);
			got = cbpf_run(expression.insns, expression.uses_memory, exact, p.len,
				       p.wire_len);
			ASSERT_EQ(want, got) {
				TH_LOG("\"%s\", round %d", text, round);
			}
			matches += !!got;
			start = 0;
			version = p.record.protocol == ETH_P_IP ? 4 : 6;
			/* Of what is not all there one could not tell. */
			if (p.len >= (version == 4 ? 20 : 40))
				start = cbpf_start(expression.insns, version,
						   exact[cbpf_protocol_at(version)]);
			skipped += start;
			got = cbpf_run(expression.insns + start, expression.uses_memory, exact,
				       p.len, p.wire_len);
			ASSERT_EQ(want, got) {
				TH_LOG("\"%s\", round %d, from %u", text, round, start);
			}
			free(exact);
		}
		if (i < NR(flow_expressions)) {
			EXPECT_LT(0, matches) TH_LOG("\"%s\" never matched", text);
			EXPECT_GT(3000, matches) TH_LOG("\"%s\" always matched", text);
		}
		expression_free(&expression);
	}
	/* On average more than the question for the version. */
	EXPECT_LT(NR_EXPRESSIONS * 3000 * 3, skipped);
}

/* A record is as good as the packet for whatever it knows. */
TEST(records_match_as_their_packets_do)
{
	struct expression expression;
	bpf_filter_fn bpf_filter;
	struct error error;
	struct packet p;
	size_t i;
	int round;

	NEEDS_LIBPCAP(bpf_filter);
	srandom(79);
	for (i = 0; i < NR(flow_expressions); i++) {
		ASSERT_EQ(0, expression_compile(&expression, flow_expressions[i], &error));
		for (round = 0; round < 3000; round++) {
			bool want;

			random_packet(&p);
			want = bpf_filter(expression.insns, p.bytes, p.wire_len, p.len);
			ASSERT_EQ(want, expression_matches(&expression, &p.record)) {
				TH_LOG("\"%s\", round %d: protocol %x l4proto %u flags %x",
				       flow_expressions[i], round, p.record.protocol,
				       p.record.l4proto, p.record.flags);
			}
		}
		expression_free(&expression);
	}
}

/* A program needs no libpcap: ICMP, any IPv4. */
#define ICMP_PROGRAM	"4,48 0 0 9,21 0 1 1,6 0 0 1,6 0 0 0"

TEST(a_program_is_an_expression)
{
	struct expression expression;
	struct error error = { "" };
	char *text;

	ASSERT_EQ(0, expression_compile(&expression, ICMP_PROGRAM, &error));
	text = expression_program(&expression, &error);
	EXPECT_STREQ("4,48,0,0,9,21,0,1,1,6,0,0,1,6,0,0,0", text);
	free(text);
	expression_free(&expression);
	EXPECT_EQ(-1, expression_compile(&expression, "2,6 0 0 0,48 0 0 0", &error));
	EXPECT_NE(NULL, strstr(error.text, "instruction 1 of the program is the last"));
	expression_free(&expression);
	EXPECT_EQ(-1, expression_compile(&expression, "2,6 0 0 0", &error));
	EXPECT_STREQ("the program's instruction 1 is missing: the first number says how many "
		     "there are", error.text);
	expression_free(&expression);
	EXPECT_EQ(-1, expression_compile(&expression, "0", &error));
	EXPECT_STREQ("the program has no instructions", error.text);
	expression_free(&expression);
}

TEST(errors_are_libpcaps_own)
{
	struct expression expression;
	bpf_filter_fn bpf_filter;
	struct error error = { "" };

	NEEDS_LIBPCAP(bpf_filter);
	(void)bpf_filter;
	EXPECT_EQ(-1, expression_compile(&expression, "tcp prot 80", &error));
	EXPECT_NE(NULL, strstr(error.text, "\"tcp prot 80\": "));
	EXPECT_NE(NULL, strstr(error.text, "syntax error"));
	expression_free(&expression);
	EXPECT_EQ(-1, expression_compile(&expression, "arp", &error));
	EXPECT_NE(NULL, strstr(error.text, "rejects all packets"));
	expression_free(&expression);
	EXPECT_EQ(-1, expression_compile(&expression, "ip6 protochain 6", &error));
	EXPECT_NE(NULL, strstr(error.text, "of the program jumps back"));
	expression_free(&expression);
}

/* What is not known is not there: a program that loads it matches nothing. */
TEST(of_icmp_no_more_is_known_than_that_it_is)
{
	struct skbtrace_record record;
	struct expression expression;
	struct error error = { "" };
	struct hop hop = { .point = "ip_rcv", .skb = 1 };

	/* Any IPv4 packet that has a byte behind the header. */
	ASSERT_EQ(0, expression_compile(&expression, "2,48 0 0 20,6 0 0 1", &error));
	record = make_record(&hop);
	EXPECT_TRUE(expression_matches(&expression, &record));
	hop.l4proto = IPPROTO_ICMP;
	record = make_record(&hop);
	record.flags &= ~SKBTRACE_F_PORTS;
	EXPECT_FALSE(expression_matches(&expression, &record));
	expression_free(&expression);
}

/* Either header admits: 172.16.0.1 is around the tunnel, 10.0.0.1 in it. */
TEST(around_a_tunnel_and_in_it)
{
	static const struct {
		const char *program;
		bool in, around;
	} wanted[] = {
		{ "4,32 0 0 12,21 0 1 2886729729,6 0 0 1,6 0 0 0", false, true },
		{ "4,32 0 0 16,21 0 1 167772161,6 0 0 1,6 0 0 0", true, true },
		/* UDP by its protocol: within is TCP. */
		{ "4,48 0 0 9,21 0 1 17,6 0 0 1,6 0 0 0", false, true },
		{ "4,32 0 0 12,21 0 1 2886729730,6 0 0 1,6 0 0 0", false, false },
	};
	struct hop hop = { .point = "ip_rcv", .skb = 1, .l4proto = IPPROTO_TCP };
	struct skbtrace_record record;
	struct expression expression;
	struct error error = { "" };
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ASSERT_EQ(0, expression_compile(&expression, wanted[i].program, &error));
		hop.tunnel = 0;
		hop.outer = 0;
		record = make_record(&hop);
		EXPECT_EQ(wanted[i].in, expression_matches(&expression, &record));
		hop.tunnel = SKBTRACE_TUNNEL_VXLAN;
		hop.outer = 1;
		record = make_record(&hop);
		record.outer_saddr[1] = 16;
		EXPECT_EQ(wanted[i].around, expression_matches(&expression, &record));
		expression_free(&expression);
	}
}

TEST(hops_and_journeys)
{
	struct journey_hop hops[3] = { 0 };
	struct journey journey = { .nr_hops = 3, .hops = hops };
	const struct hop arrival = { .point = "ip_rcv", .skb = 1 };
	struct expression expression;
	struct filter filter = { .expression = &expression };
	struct error error = { "" };
	struct hop hop = arrival;

	ASSERT_EQ(0, expression_compile(&expression, ICMP_PROGRAM, &error));
	hops[0].record = make_record(&hop);
	EXPECT_FALSE(filter_packet(&filter, &hops[0].record));
	EXPECT_FALSE(filter_record(&filter, NULL, &hops[0].record));

	hop.l4proto = IPPROTO_ICMP;
	hops[1].record = make_record(&hop);
	EXPECT_TRUE(filter_packet(&filter, &hops[1].record));
	EXPECT_TRUE(filter_record(&filter, NULL, &hops[1].record));

	/* A free says not of what; it is saved, but does not match. */
	hop = (struct hop){ .point = "kfree_skbmem", .skb = 1 };
	hops[2].record = make_record(&hop);
	EXPECT_TRUE(filter_packet(&filter, &hops[2].record));
	EXPECT_FALSE(filter_record(&filter, NULL, &hops[2].record));

	/* ARP says what it is, and is no IP. */
	hop = arrival;
	hop.protocol = ETH_P_ARP;
	hops[2].record = make_record(&hop);
	EXPECT_FALSE(filter_packet(&filter, &hops[2].record));

	/* One hop that matches is enough: NAT may change what the others say. */
	EXPECT_TRUE(filter_journey(&filter, NULL, &journey));
	hops[1].record = hops[0].record;
	EXPECT_FALSE(filter_journey(&filter, NULL, &journey));
	filter.expression = NULL;
	EXPECT_TRUE(filter_journey(&filter, NULL, &journey));
	expression_free(&expression);
}

TEST_HARNESS_MAIN
