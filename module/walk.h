/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk through the headers of a packet: what all headers need.  Each has a
 * function that begins at it, leaves the walk behind it, and says what comes next.
 */
#ifndef SKBTRACE_WALK_H
#define SKBTRACE_WALK_H

#include <linux/in6.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>
#include <skbtrace/record.h>

#include "locate.h"

struct config;
struct sk_buff;

/* No bound is reached by packets that anybody means: deeper ones are payload. */
#define WALK_DEPTH_MAX		4	/* encapsulations */
#define WALK_HEADERS_MAX	16	/* headers between the first and the payload */

/* Where there is no transport checksum that could be verified. */
#define NO_CHECKSUM_AT		INT_MIN

/**
 * struct walk - how far the headers of a packet have been read
 * @skb: the packet; its lengths add up
 * @record: what is found goes here
 * @config: the parameters in force
 * @data: skb->data
 * @headlen: bytes behind that are in the linear part
 * @offset: of the header that is next, bytes behind skb->data
 * @end: of the packet, likewise, as far as is known
 * @network: of the innermost IP header, likewise
 * @checksum_at: of the transport header, likewise, or NO_CHECKSUM_AT
 * @flags: of the record
 * @protocol: ethertype of what is next, or of the IP header that was last
 * @l4proto: what is next behind that, IPPROTO_*
 * @headers: headers that walk_on() has seen so far, where one of IP or of a transport
 *	protocol does not count that comes right behind another
 *
 * Payload, tunnel and depth are those of the record.
 */
struct walk {
	const struct sk_buff *skb;
	struct skbtrace_record *record;
	const struct config *config;
	const u8 *data;
	int headlen;
	int offset;
	int end;
	int network;
	int checksum_at;
	u32 flags;
	__be16 protocol;
	u8 l4proto;
	u8 headers;
};

/**
 * enum walk_next - what is at the offset of a walk
 * @NEXT_PAYLOAD: the payload
 * @NEXT_NETWORK: a header whose ethertype is known
 * @NEXT_TRANSPORT: a header whose IPPROTO_* is known
 * @NEXT_OTHER_NETWORK: a header of an ethertype that is not IP
 * @NEXT_OTHER_TRANSPORT: a header that is none of TCP, UDP, ICMP
 * @NEXT_PORT: what is behind a UDP header with a port that a tunnel may have
 * @NEXT_ICMP_ERROR: what an ICMP error quotes
 */
enum walk_next {
	NEXT_PAYLOAD,
	NEXT_NETWORK,
	NEXT_TRANSPORT,
	NEXT_OTHER_NETWORK,
	NEXT_OTHER_TRANSPORT,
	NEXT_PORT,
	NEXT_ICMP_ERROR,
};

/* Compilers make a loop of a memset(). */
static __always_inline void zero_16(void *to)
{
	u64 *words = to;

	words[0] = 0;
	words[1] = 0;
}

/*
 * Of one of 16 bytes they make a value that might be put on the stack, for whose
 * alignment each call would have a frame.
 */
static __always_inline void copy_16(void *to, const void *from)
{
	const u64 *source = from;
	u64 *words = to;

	words[0] = source[0];
	words[1] = source[1];
}

static __always_inline void put_ipv4(__u8 to[16], __be32 address)
{
	u64 *words = (u64 *)to;

#ifdef __LITTLE_ENDIAN
	words[0] = (__force u32)address;
#else
	words[0] = (u64)(__force u32)address << 32;
#endif
	words[1] = 0;
}

static __always_inline void put_ipv6(__u8 to[16], const struct in6_addr *address)
{
	copy_16(to, address);
}

/* Like header_at(), but without a test where the header is linear. */
static __always_inline bool has_header(const struct walk *walk, int len,
				       void *header)
{
	const void **at = header;

	if (likely(len <= walk->headlen - walk->offset)) {
		*at = walk->data + walk->offset;
		return true;
	}
	*at = header_copy(walk->skb, walk->offset, len);
	return *at;
}

static __always_inline enum walk_next payload_is(struct walk *walk,
						 enum skbtrace_payload kind)
{
	walk->record->payload = kind;
	return NEXT_PAYLOAD;
}

#endif /* SKBTRACE_WALK_H */
