// SPDX-License-Identifier: GPL-2.0
/*
 * Frames, header by header.  Each is sound, or was not rightly made by its sender;
 * what the skb says of it is true.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "hostile.h"

u8 frame[FRAME_MAX];
unsigned int frame_len;

static void put(const void *from, unsigned int len)
{
	memcpy(frame + frame_len, from, len);
	frame_len += len;
}

#define PUT(...)						\
do {								\
	const u8 put_bytes[] = { __VA_ARGS__ };			\
								\
	put(put_bytes, sizeof(put_bytes));			\
} while (0)

static void put_payload(unsigned int len)
{
	while (len--)
		PUT(0x5a ^ len);
}

static void put_link(u16 protocol)
{
	frame_len = 0;
	PUT(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, protocol >> 8, protocol);
}

static void put_transport(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		PUT(0, 80, 0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18, 16,
		    0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
		break;
	case IPPROTO_UDP:
		PUT(0, 53, 0x12, 0x34, 0, 48, 1, 1);
		break;
	case IPPROTO_SCTP:
		PUT(0, 80, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8);
		break;
	default:
		PUT(8, 0, 0, 0, 0, 1, 0, 2);
	}
	put_payload(40);
}

/* IPv4 with so many bytes of options. */
static void put_ipv4(u8 protocol, unsigned int options, u16 frag_off)
{
	unsigned int begin = frame_len;

	PUT(0x45 + options / 4, 0, 0, 0, 0x12, 0x34, frag_off >> 8, frag_off,
	    64, protocol, 0, 0, 10, 78, 0, 1, 10, 78, 0, 2);
	while (options--)
		PUT(1);
	put_transport(protocol);
	frame[begin + 3] = frame_len - begin;
}

/* IPv6 with a chain of headers; chain ends with the transport protocol. */
static void put_ipv6(const u8 *headers, unsigned int nr, u8 protocol)
{
	unsigned int begin = frame_len;
	unsigned int i;

	PUT(0x60, 0, 0, 0, 0, 0, nr ? headers[0] : protocol, 64,
	    0xfd, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	    0xfd, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
	for (i = 0; i < nr; i++)
		PUT(i + 1 < nr ? headers[i + 1] : protocol, 0, 0, 0, 0, 0, 0, 0);
	put_transport(protocol);
	frame[begin + 5] = frame_len - begin - 40;
	frame[begin + 4] = (frame_len - begin - 40) >> 8;
}

#define IPV6(protocol, ...)					\
do {								\
	const u8 headers[] = { __VA_ARGS__ };			\
								\
	put_link(ETH_P_IPV6);					\
	put_ipv6(headers, sizeof(headers), protocol);		\
} while (0)

#define HOP	0
#define ROUTE	43
#define FRAG	44
#define ESP	50
#define AUTH	51
#define NONE	59
#define DEST	60

static void put_vlans(unsigned int n)
{
	put_link(ETH_P_8021Q);
	while (--n)
		PUT(0, 78, ETH_P_8021Q >> 8, ETH_P_8021Q & 0xff);
	PUT(0, 78, ETH_P_IP >> 8, ETH_P_IP & 0xff);
	put_ipv4(IPPROTO_UDP, 0, 0);
}

/**
 * make_frame() - put a frame together
 * @n: its number, from 0
 *
 * Return: false if there is none of that number.
 */
bool make_frame(unsigned int n)
{
	static const u8 hops[32];	/* all HOP */

	switch (n) {
	case 0 ... 4: {
		static const u8 protocol[] = {
			IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, 253
		};

		put_link(ETH_P_IP);
		put_ipv4(protocol[n], 0, 0);
		return true;
	}
	case 5:		/* all options there can be */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_TCP, 40, 0);
		return true;
	case 6:		/* the first fragment */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_UDP, 0, 0x2000);
		return true;
	case 7:		/* and the last, that ends behind 64 KiB */
		put_link(ETH_P_IP);
		put_ipv4(IPPROTO_UDP, 0, 0x1fff);
		return true;
	case 8:
		put_vlans(1);
		return true;
	case 9:
		put_vlans(4);
		return true;
	case 10:
		put_vlans(16);
		return true;
	case 11:
		put_link(ETH_P_ARP);
		PUT(0, 1, 8, 0, 6, 4, 0, 1);
		put_payload(38);
		return true;
	case 12:	/* a length where the protocol should be */
		put_link(100);
		put_payload(100);
		return true;
	case 13:	/* no protocol at all */
		put_link(0);
		put_payload(60);
		return true;
	case 14:
		IPV6(IPPROTO_TCP);
		return true;
	case 15:
		IPV6(IPPROTO_UDP);
		return true;
	case 16:
		IPV6(IPPROTO_ICMPV6);
		return true;
	case 17:
		IPV6(IPPROTO_TCP, HOP, DEST, ROUTE, FRAG, AUTH, DEST);
		return true;
	case 18:	/* fragments in fragments */
		IPV6(IPPROTO_UDP, FRAG, FRAG, FRAG);
		return true;
	case 19:
		IPV6(IPPROTO_UDP, FRAG, HOP);
		return true;
	case 20:
		IPV6(ESP, AUTH, DEST);
		return true;
	case 21:
		IPV6(NONE, ROUTE, ROUTE);
		return true;
	case 22 ... 29:	/* chains of headers, to one that only ends with the skb */
		put_link(ETH_P_IPV6);
		put_ipv6(hops, n == 29 ? 32 : n - 16, n == 29 ? HOP : IPPROTO_TCP);
		return true;
	case 30:	/* IPv6 that IPv4 is said to be, and the other way round */
		IPV6(IPPROTO_TCP);
		frame[12] = ETH_P_IP >> 8;
		frame[13] = ETH_P_IP & 0xff;
		return true;
	case 31:
		put_link(ETH_P_IPV6);
		put_ipv4(IPPROTO_TCP, 0, 0);
		return true;
	}
	return false;
}
