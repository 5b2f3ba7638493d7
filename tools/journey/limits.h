/* SPDX-License-Identifier: GPL-2.0 */
/* What the engine is told at first, and what it has counted. */
#ifndef SKBTRACE_TOOLS_LIMITS_H
#define SKBTRACE_TOOLS_LIMITS_H

#include <stdint.h>

struct journey;

/* Called with each journey that is complete. */
typedef void (*journey_done)(void *context, const struct journey *journey);

/**
 * struct journey_config - limits
 * @max_journeys: open at once
 * @max_hops: in all open journeys together
 * @max_journey_hops: in one journey
 * @idle_ns: a journey under way of which nothing was heard for so long, in
 *	the time of the records, is closed
 */
struct journey_config {
	uint32_t max_journeys;
	uint32_t max_hops;
	uint32_t max_journey_hops;
	uint64_t idle_ns;
};

/*
 * 65536 packets at once is the backlog of a busy host; 256 MiB of hops.  A
 * packet of 512 KiB (BIG TCP) is cut into 362 segments.  (selftests/fuzz has
 * smaller ones.)
 */
#ifndef JOURNEY_CONFIG_DEFAULT
#define JOURNEY_CONFIG_DEFAULT { 1 << 16, 1 << 20, 1 << 14, 10 * 1000000000ULL }
#endif

/**
 * struct journey_reasons - drop reasons that do not always mean a drop
 * @consumed: the number of SKB_CONSUMED on the kernel that made the records:
 *	never one
 * @unspecified: that of SKB_DROP_REASON_NOT_SPECIFIED: once it has arrived,
 *	some protocols free with kfree_skb() what they have made use of
 * @no_socket: that of SKB_DROP_REASON_NO_SOCKET: once it has arrived, at ICMP,
 *	no socket of ping's wanted it as well
 * @queue_purge: that of SKB_DROP_REASON_QUEUE_PURGE: once it has arrived, the
 *	socket was closed with it unread, as with every FIN
 * @socket_close: that of SKB_DROP_REASON_SOCKET_CLOSE, likewise
 * @otherhost: that of SKB_DROP_REASON_OTHERHOST: flooded to where nobody wants
 *	it, which says nothing of the packet if it went elsewhere too
 *
 * Their numbers change from kernel to kernel; -1 if it has none.
 */
struct journey_reasons {
	int64_t consumed;
	int64_t unspecified;
	int64_t no_socket;
	int64_t queue_purge;
	int64_t socket_close;
	int64_t otherhost;
};

/**
 * struct journey_counts - what became of the records
 * @records: fed; each is counted as one of the next six
 * @hops: became a hop of a journey (those of what it carried have it too)
 * @unknown: about skbs that no journey is known of, ignored
 * @late_returns: returned after their journey was complete, ignored
 * @elsewhere: about skbs whose packet goes on without them: as a clone, as part of
 *	another skb, or in the hands of others who hold the skb
 * @hidden: not asked for: used, and not shown
 * @no_room: their journey had as many hops as it may
 * @begun: journeys that were begun
 * @closed_early: those that were closed for want of room
 */
struct journey_counts {
	uint64_t records;
	uint64_t hops;
	uint64_t unknown;
	uint64_t late_returns;
	uint64_t elsewhere;
	uint64_t hidden;
	uint64_t no_room;
	uint64_t begun;
	uint64_t closed_early;
};

#endif /* SKBTRACE_TOOLS_LIMITS_H */
