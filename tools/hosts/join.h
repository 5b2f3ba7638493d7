/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several hosts have seen of a packet, joined.
 *
 * Journeys go in, host by host, as the engine makes them; then join_all() finds out which
 * arrival is of which departure, and whether it has the same bytes.  See end.h for words.
 *
 * Two ends are of one packet if they can be: not sooner than it left, not long after, and
 * the numbers that its headers carry agree, wherever addresses were translated.  Then the
 * same bytes are the same.  Other bytes are changed only if there is no doubt which they
 * should be; else it is said that there is, and why.
 *
 * What is kept of a journey are its ends, some hundred bytes.  Who wants the journeys of a
 * packet makes them again: they have the same numbers.
 */
#ifndef SKBTRACE_TOOLS_JOIN_H
#define SKBTRACE_TOOLS_JOIN_H

#include "end.h"
#include "index.h"
#include "offset.h"

/* As many recordings as anybody will name on a command line. */
#define JOIN_HOSTS	256u

/**
 * enum crossing_result - what an arrival says of what left another host
 * @CROSSING_SAME: it has the same bytes
 * @CROSSING_CHANGED: it has others
 * @CROSSING_UNKNOWN: it cannot be told
 * @CROSSING_LOST: there is none
 */
enum crossing_result {
	CROSSING_SAME,
	CROSSING_CHANGED,
	CROSSING_UNKNOWN,
	CROSSING_LOST,
};

/**
 * struct crossing - from host to host
 * @result: what came of comparing
 * @departure: number of the departure; of the first, if there are several
 * @arrival: of the arrival, likewise; END_NONE if there is none
 * @nr_departures: how many of one host are compared with
 * @nr_arrivals: as many of the other
 * @to: number of the host that it came to, or should have
 * @how: CROSSING_CHANGED: what became of the payload
 * @bytes: by how many bytes
 * @why: CROSSING_UNKNOWN, and CROSSING_LOST if that is not certain: why it cannot be told
 * @is_duplicate: it has come before
 */
struct crossing {
	enum crossing_result result;
	uint32_t departure;
	uint32_t arrival;
	uint32_t nr_departures;
	uint32_t nr_arrivals;
	uint16_t to;
	enum verdict_how how;
	uint32_t bytes;
	const char *why;
	bool is_duplicate;
};

/**
 * struct join_part - a journey as one host has seen it
 * @id: journey.id
 * @first_ns: journey.first_ns
 * @host: number of the host
 * @end: journey.end
 * @payload: its verdict, for itself
 * @seen_once: it is unverified because it was seen at one point only, and for nothing else
 * @end_unseen: it is because its end was not seen, and for nothing else
 * @has_arrivals: it may have come to the host
 * @came: it has
 * @has_departures: it may have left it
 * @begins: no host has seen it before
 * @packet: number of the packet, when all are joined
 */
struct join_part {
	uint64_t id;
	uint64_t first_ns;
	uint16_t host;
	uint8_t end;
	uint8_t payload;
	bool seen_once;
	bool end_unseen;
	bool has_arrivals;
	bool came;
	bool has_departures;
	bool begins;
	uint32_t packet;
};

/**
 * struct join_packet - the parts that crossings tie together
 * @parts: where in join.order its parts are, in the order of hosts that it came to
 * @nr_parts: how many
 * @crossings: where in join.crossings its crossings are
 * @nr_crossings: how many
 * @payload: the verdict
 * @nr_lost: departures that came nowhere, for certain
 * @changed_part: the first part that has a change, or END_NONE
 * @changed: the first crossing that is one, likewise
 * @doubt_part: the first part that is unverified, likewise
 * @doubt: the first such crossing, likewise
 */
struct join_packet {
	uint32_t parts;
	uint32_t nr_parts;
	uint32_t crossings;
	uint32_t nr_crossings;
	enum verdict_payload payload;
	uint32_t nr_lost;
	uint32_t changed_part;
	uint32_t changed;
	uint32_t doubt_part;
	uint32_t doubt;
};

/**
 * struct join_host - a host
 * @begin_ns: when its records begin
 * @end_ns: and when they end
 * @losses: records that are missing
 * @nr_losses: how many times
 * @missed: how often the kernel there skipped a probe
 * @has_fragments: IP fragments have come to it
 * @has_merged: datagrams have that had been merged
 */
struct join_host {
	uint64_t begin_ns;
	uint64_t end_ns;
	struct source_loss *losses;
	uint32_t nr_losses;
	uint64_t missed;
	bool has_fragments;
	bool has_merged;
};

/**
 * struct join - all of it
 * @hosts: the hosts
 * @nr_hosts: how many
 * @parts: the parts
 * @nr_parts: how many
 * @departures: where packets left hosts
 * @nr_departures: how many
 * @arrivals: where they came to
 * @nr_arrivals: how many
 * @crossings: all of them, by packet
 * @nr_crossings: how many
 * @packets: the packets
 * @nr_packets: how many
 * @order: numbers of parts, by packet
 */
struct join {
	struct join_host hosts[JOIN_HOSTS];
	unsigned int nr_hosts;
	struct join_part *parts;
	uint32_t nr_parts;
	struct end *departures;
	uint32_t nr_departures;
	struct end *arrivals;
	uint32_t nr_arrivals;
	struct crossing *crossings;
	uint32_t nr_crossings;
	struct join_packet *packets;
	uint32_t nr_packets;
	uint32_t *order;
	/* private: */
	uint32_t room_parts, room_departures, room_arrivals, room_crossings;
	uint32_t *parents;
	uint32_t *came;		/* of each departure: how many arrivals are of it */
	uint32_t *came_as;	/* and the last crossing that says so */
	uint32_t *crossed;	/* of each arrival: its crossing, or END_NONE */
	struct offsets **offsets;	/* of each pair of hosts, the lesser number first */
	struct index sent, sent_pieces, received, received_pieces, ids,
		     unnumbered, came_unnumbered;
	struct index lookup;	/* parts by host and id */
};

struct join *join_new(unsigned int nr_hosts);
void join_free(struct join *join);
void join_time(struct join *join, unsigned int host, uint64_t ns);
int join_loss(struct join *join, unsigned int host, const struct source_loss *loss);
int join_journey(struct join *join, unsigned int host, const struct journey *journey,
		 uint64_t missed);
int join_all(struct join *join);
uint32_t join_find(const struct join *join, unsigned int host, uint64_t id);
struct offset join_offset(const struct join *join, unsigned int from, unsigned int to,
			  uint64_t from_ns);

#endif /* SKBTRACE_TOOLS_JOIN_H */
