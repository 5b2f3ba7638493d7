/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_HOSTS_H
#define SKBTRACE_TOOLS_SHOW_HOSTS_H

#include "hosts/join.h"
#include "show.h"

/**
 * struct shown_part - a part of a packet
 * @number: of the part
 * @journey: its journey
 * @verdict: what came of it on its host
 */
struct shown_part {
	uint32_t number;
	struct journey *journey;
	struct verdict verdict;
};

/**
 * struct shown_packet - a packet, as all hosts have seen it
 * @join: what is known of all
 * @packet: what is of this one
 * @parts: its parts, by time as far as that is known
 * @nr_parts: how many
 * @hosts: names of the hosts, by number
 * @names: the names that go with the records of each
 * @whys: what each tells of reasons
 */
struct shown_packet {
	const struct join *join;
	const struct join_packet *packet;
	const struct shown_part *parts;
	uint32_t nr_parts;
	const char * const *hosts;
	struct names * const *names;
	struct why * const *whys;
};

/**
 * struct shown_hosts - what all packets came to, between the hosts
 * @join: what is known of all
 * @hosts: names of the hosts
 * @nr_lost: packets lost between them, of those that were shown
 * @real_ns: of each, by how much the time of day is ahead of the clock of its records
 */
struct shown_hosts {
	const struct join *join;
	const char * const *hosts;
	uint64_t nr_lost;
	int64_t real_ns[JOIN_HOSTS];
};

const char *show_crossing_result(enum crossing_result result);
const char *show_why_of_packet(const struct shown_packet *shown);
void show_packet_parts(struct show *show, const struct shown_packet *shown);
void show_packet_text(struct show *show, const struct shown_packet *shown);
void show_packet_json(struct show *show, const struct shown_packet *shown);
void show_packet_changed(struct show *show, const struct shown_packet *shown);
void show_packet_unverified(struct show *show, const struct shown_packet *shown);
void show_hosts_end(struct show *show, const struct shown_hosts *shown, bool json);

#endif /* SKBTRACE_TOOLS_SHOW_HOSTS_H */
