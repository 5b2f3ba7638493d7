/* SPDX-License-Identifier: GPL-2.0 */
/* Datagrams made up for tests, and the three fragments of each. */
#ifndef SKBTRACE_SELFTESTS_FRAGMENTS_H
#define SKBTRACE_SELFTESTS_FRAGMENTS_H

#include "segments.h"

#define FRAGMENT	1480
#define DATAGRAM	4000		/* payload: three fragments, with UDP's header */
#define DATAGRAM_SKB(id) (0x1000 * (uint64_t)(id))
#define FRAGMENT_SKB(id, i) (DATAGRAM_SKB(id) + 0x100 * ((i) + 1))

struct ip {
	unsigned int protocol;
	const char *send, *output, *finish, *rcv, *deliver, *udp;
};

static const struct ip __attribute__((unused)) ipv4 = {
	ETH_P_IP, "ip_send_skb", "ip_output", "ip_finish_output2", "ip_rcv", "ip_local_deliver",
	"udp_rcv"
};

static const struct ip __attribute__((unused)) ipv6 = {
	ETH_P_IPV6, "ip6_send_skb", "ip6_output", "ip6_finish_output2", "ipv6_rcv", "ip6_input",
	"udpv6_rcv"
};

/* The datagram of that number; each has bytes of its own. */
static inline struct hop datagram(const struct ip *ip, uint64_t skb, uint32_t id)
{
	return HOP(.skb = skb, .protocol = ip->protocol, .ip_id = ip == &ipv6 ? 0 : id,
		   .bytes = { DATAGRAM * (id % 8), DATAGRAM });
}

/* Its fragment number 0, 1 or 2. */
static inline struct hop fragment(const struct ip *ip, uint32_t id, unsigned int i)
{
	struct hop hop = datagram(ip, FRAGMENT_SKB(id, i), id);

	hop.ip_id = id;
	hop.flags = SKBTRACE_F_FRAGMENT;
	hop.frag_off = i * FRAGMENT;
	hop.bytes.from += i ? i * FRAGMENT - 8 : 0;
	hop.bytes.len = !i ? FRAGMENT - 8 : i == 1 ? FRAGMENT : DATAGRAM + 8 - 2 * FRAGMENT;
	return hop;
}

#endif /* SKBTRACE_SELFTESTS_FRAGMENTS_H */
