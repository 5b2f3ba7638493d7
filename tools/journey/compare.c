// SPDX-License-Identifier: GPL-2.0
/*
 * Two hops of one skb: is the payload the same?
 *
 * On one skb there are rightful reasons for other bytes: it was cut up, merged or
 * trimmed; it went into a tunnel or out of one that is not looked into; a frame was
 * padded.  What has none of them was changed, whatever became of its addresses.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "compare.h"
#include "lib/crc32c.h"
#include "packet.h"
#include "point.h"

/**
 * compare_has_digest() - is all of the payload digested
 * @record: the hop
 */
bool compare_has_digest(const struct skbtrace_record *record)
{
	return (record->flags & SKBTRACE_F_DIGEST) && record->digest_len == record->payload_len;
}

static struct comparison result(enum compare_result what, const char *why)
{
	return (struct comparison){ .result = what, .why = why };
}

static struct comparison changed(enum verdict_how how, uint32_t bytes)
{
	return (struct comparison){ .result = COMPARE_CHANGED, .how = how, .bytes = bytes };
}

/* Versions of IP are translated into each other, and ICMP with them. */
static bool same_l4proto(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	const bool a_icmp = a->l4proto == IPPROTO_ICMP || a->l4proto == IPPROTO_ICMPV6;
	const bool b_icmp = b->l4proto == IPPROTO_ICMP || b->l4proto == IPPROTO_ICMPV6;

	return a->l4proto == b->l4proto || (a_icmp && b_icmp);
}

/* Is it the same IP header, as its number says? */
static bool same_ip_id(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->ip_id && a->ip_id == b->ip_id && a->protocol == b->protocol;
}

/* Another IP header: no router gives a packet another number, or a longer time to live. */
static bool other_ip_header(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return (a->ip_id && b->ip_id && a->ip_id != b->ip_id) ||
	       (a->ttl && b->ttl && b->ttl > a->ttl);
}

/*
 * Can one be the outside of a tunnel that is not known, and the other that of another,
 * between which nothing was seen?  IPv6 has no number that tells.
 */
static bool may_be_two_tunnels(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	switch (b->l4proto) {
	case IPPROTO_TCP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return false;
	default:
		return !same_ip_id(a, b) && !packet_share_host(a, b) && !packet_same_device(a, b);
	}
}

static bool is_at_socket(const struct skbtrace_record *record)
{
	enum point_role role = point_of(record->point)->role;

	return role == ROLE_DELIVER || role == ROLE_TRANSPORT;
}

static bool is_regrouped(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->gso_size || b->gso_size || ((a->flags | b->flags) & SKBTRACE_F_FRAGMENT);
}

/* Short frames are filled up with zeroes, and these are cut off again. */
static bool is_padded(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	const struct skbtrace_record *less = a->payload_len < b->payload_len ? a : b;
	const struct skbtrace_record *more = less == a ? b : a;
	uint32_t padding = more->payload_len - less->payload_len;

	return compare_has_digest(a) && compare_has_digest(b) &&
	       more->payload_len <= ETH_ZLEN &&
	       crc32c_combine(less->crc32c, crc32c_of_zeros(padding), padding) == more->crc32c;
}

static struct comparison compare_lengths(const struct skbtrace_record *a,
					 const struct skbtrace_record *b)
{
	if (!b->payload_len)
		return changed(VERDICT_EMPTIED, a->payload_len);
	if (b->payload_len < a->payload_len)
		return changed(VERDICT_TRUNCATED, a->payload_len - b->payload_len);
	return changed(VERDICT_EXTENDED, b->payload_len - a->payload_len);
}

/* As many bytes, but others. */
static struct comparison compare_bytes(const struct skbtrace_record *a,
				       const struct skbtrace_record *b)
{
	if (a->payload != SKBTRACE_PAYLOAD_TRANSPORT && a->payload != SKBTRACE_PAYLOAD_NETWORK)
		return changed(VERDICT_OTHER, 0);
	if (a->frag_off != b->frag_off)
		return result(COMPARE_REGROUPED, NULL);
	if (!packet_same_flow(a, b)) {
		if (!same_l4proto(a, b) || other_ip_header(a, b) || may_be_two_tunnels(a, b))
			return result(COMPARE_ELSEWHERE, "its addresses are others");
		return changed(VERDICT_OTHER, 0);
	}
	/* What begins elsewhere in the stream has been trimmed, and merged with more. */
	if (packet_is_tcp(a) && a->tcp_seq != b->tcp_seq && (is_at_socket(b) || is_regrouped(a, b)))
		return result(COMPARE_REGROUPED, NULL);
	return changed(VERDICT_OTHER, 0);
}

static struct comparison compare_ip_lengths(const struct skbtrace_record *a,
					    const struct skbtrace_record *b)
{
	if (!packet_same_flow(a, b)) {
		if (!same_l4proto(a, b) || !same_ip_id(a, b))
			return result(COMPARE_ELSEWHERE, "its addresses are others");
		/* The header is the same but for its addresses. */
		if (is_regrouped(a, b))
			return result(COMPARE_REGROUPED, NULL);
		return compare_lengths(a, b);
	}
	if (is_regrouped(a, b))
		return result(COMPARE_REGROUPED, NULL);
	/* What has no bytes says nothing of those that others had before. */
	if (packet_is_tcp(a) && !a->payload_len)
		return result(COMPARE_REGROUPED, NULL);
	if (packet_is_tcp(a) && b->payload_len &&
	    (a->tcp_seq != b->tcp_seq || (b->payload_len > a->payload_len && is_at_socket(b))))
		return result(COMPARE_REGROUPED, NULL);
	return compare_lengths(a, b);
}

/* Both are behind the headers of the same kind of thing. */
static bool same_kind(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	if (a->payload != b->payload)
		return false;
	switch (a->payload) {
	case SKBTRACE_PAYLOAD_OPAQUE:
		return a->tunnel == b->tunnel && a->tunnel_id == b->tunnel_id;
	case SKBTRACE_PAYLOAD_LINK:
		return a->protocol == b->protocol;
	default:
		return !((a->flags ^ b->flags) & SKBTRACE_F_ICMP_ERROR);
	}
}

static const char *kind_differs(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	if (a->payload == SKBTRACE_PAYLOAD_OPAQUE || b->payload == SKBTRACE_PAYLOAD_OPAQUE)
		return "it is encrypted there, or was until then";
	if ((a->flags ^ b->flags) & SKBTRACE_F_FRAGMENT)
		return "fragments of a tunnel's packet are not looked into";
	return "its headers are others";
}

/*
 * ESP may be encrypted by the device, or in its place where the packet leaves for it.
 */
static bool may_be_encrypted_late(const struct skbtrace_record *a,
				  const struct skbtrace_record *b)
{
	const char *from = point_of(a->point)->symbol;

	return a->payload == SKBTRACE_PAYLOAD_OPAQUE && a->tunnel == SKBTRACE_TUNNEL_ESP &&
	       (strstr(from, "output") || !strcmp(from, "__dev_queue_xmit")) &&
	       point_of(b->point)->data == POINT_LINK;
}

/*
 * Is there more in front of the payload that may be changed on the way?  Headers of a
 * protocol that forwards frames, with its own times to live, or deeper than is walked.
 */
static bool may_have_headers(const struct skbtrace_record *record)
{
	if (record->flags & SKBTRACE_F_DEEP)
		return true;
	if (record->payload != SKBTRACE_PAYLOAD_LINK)
		return false;
	switch (record->protocol) {
	case 0x22f3:	/* TRILL */
	case 0x4305:	/* B.A.T.M.A.N. */
	case 0x8847:	/* MPLS that is not as it should be */
	case 0x8848:
	case 0x88e7:	/* PBB */
	case 0x88fb:	/* PRP */
	case 0x892f:	/* HSR */
	case 0x894f:	/* NSH */
		return true;
	}
	return false;
}

/**
 * compare_hops() - compare a hop of an skb with the one before
 * @a: the one before
 * @b: the hop, both with a digest unless they have no payload
 */
struct comparison compare_hops(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	bool one_fragment = (a->flags ^ b->flags) & SKBTRACE_F_FRAGMENT;

	if (packet_same_bytes(a, b))
		return result(COMPARE_SAME, NULL);
	if (one_fragment && packet_same_datagram(a, b))
		return result(COMPARE_REGROUPED, NULL);
	if (one_fragment || !same_kind(a, b))
		return result(COMPARE_ELSEWHERE, kind_differs(a, b));
	if (a->payload_len == b->payload_len) {
		if (!a->payload_len)
			return result(COMPARE_SAME, NULL);
		if (a->digest_len != b->digest_len)
			return result(COMPARE_UNKNOWN, "digest_max was changed on the way");
		if (may_have_headers(a) || may_have_headers(b))
			return result(COMPARE_UNKNOWN, "its headers are more than are looked at");
		if (may_be_encrypted_late(a, b))
			return result(COMPARE_UNKNOWN, "ESP is encrypted late for some devices");
		return compare_bytes(a, b);
	}
	if (a->payload == SKBTRACE_PAYLOAD_LINK)
		return is_padded(a, b) ? result(COMPARE_SAME, NULL) :
		       result(COMPARE_UNKNOWN, "as much of it as may be padding is more or less");
	if (a->payload == SKBTRACE_PAYLOAD_OPAQUE && may_be_encrypted_late(a, b))
		return result(COMPARE_UNKNOWN, "ESP is encrypted late for some devices");
	if (a->payload == SKBTRACE_PAYLOAD_OPAQUE && !is_regrouped(a, b))
		return compare_lengths(a, b);
	return compare_ip_lengths(a, b);
}

/**
 * compare_across() - may two hops be compared with hops between that could not be
 * @a: the earlier
 * @b: the later
 *
 * Both are outside of what is not looked into, or both are in it.
 */
bool compare_across(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	if ((a->flags ^ b->flags) & SKBTRACE_F_FRAGMENT || !same_kind(a, b))
		return false;
	if (a->payload == SKBTRACE_PAYLOAD_OPAQUE)
		return true;
	return packet_same_flow(a, b) || packet_same_bytes(a, b);
}
