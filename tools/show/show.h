/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is shown, and how.  What this folder offers:
 *
 *   struct show	journeys, hops and summaries as text (show_text_ops) or JSON
 *   view_*()		files for other programs: Wireshark, Perfetto, browsers
 *   show_points(), show_stats()	the module's tables
 *   filter_*()		which journeys and hops
 *   expression_*()	which packets, as tcpdump's expressions say it
 */
#ifndef SKBTRACE_TOOLS_SHOW_H
#define SKBTRACE_TOOLS_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "expression.h"
#include "filter.h"
#include "journey/journey.h"
#include "show_tables.h"
#include "source/source.h"
#include "view.h"

/**
 * struct summary - what has been seen
 * @journeys: journeys shown
 * @intact: of these
 * @changed: of these
 * @unverified: of these
 * @dropped: of these, whatever the verdict
 * @hops: in these, or hops shown
 * @lost: records that were lost
 * @missed: times that the kernel skipped a probe
 * @records: records that were read: @hops, but for the repeated, and the next five
 * @repeated: hops that another journey has as well: a merged packet's
 * @hidden: not of what was to be shown
 * @unknown: of packets that no journey is known of
 * @elsewhere: of skbs whose packet goes on without them
 * @messages: no hops but what applications sent and got
 * @no_room: of journeys that had as many hops as they may
 * @unasked: of points that were not asked for, which tell lives apart
 * @blind: why the module does not see all that it is to see, "" if it does
 * @hops_only: there are no journeys, just hops
 */
struct summary {
	uint64_t journeys;
	uint64_t intact;
	uint64_t changed;
	uint64_t unverified;
	uint64_t dropped;
	uint64_t hops;
	uint64_t lost;
	uint64_t missed;
	uint64_t records;
	uint64_t repeated;
	uint64_t hidden;
	uint64_t unknown;
	uint64_t elsewhere;
	uint64_t no_room;
	uint64_t unasked;
	const char *blind;
	uint64_t messages;
	bool hops_only;
};

struct show;
struct show_messages;
struct why;

/**
 * struct show_ops - a way to show things
 * @journey: a journey with its hops
 * @changed: just that a journey was changed, and where
 * @unverified: just that a journey is unverified, and why
 * @hop: a hop by itself
 * @summary: what has been seen
 */
struct show_ops {
	void (*journey)(struct show *show, const struct journey *journey,
			const struct verdict *verdict);
	void (*changed)(struct show *show, const struct journey *journey,
			const struct verdict *verdict);
	void (*unverified)(struct show *show, const struct journey *journey,
			   const struct verdict *verdict);
	void (*hop)(struct show *show, const struct skbtrace_record *record);
	void (*summary)(struct show *show, const struct summary *summary);
};

/**
 * struct show - how things are shown
 * @ops: as text or as JSON
 * @out: where to
 * @names: for the numbers in records
 * @filter: which hops
 * @width: characters that a line may have, 0 for any number
 * @color: with colours
 * @stacks: with stacks
 * @tree: as functions call each other, not by time
 * @messages: what applications sent and got, or NULL
 * @host: the host that what is shown is of, NULL if there is but one
 * @packet: with @host: which packet the journey is a part of
 * @why: whom to ask for reasons, or NULL
 */
struct show {
	const struct show_ops *ops;
	FILE *out;
	struct names *names;
	const struct filter *filter;
	unsigned int width;
	bool color;
	bool stacks;
	bool tree;
	struct show_messages *messages;
	const char *host;
	uint32_t packet;
	struct why *why;
};

extern const struct show_ops show_text_ops;
extern const struct show_ops show_json_ops;

/* "255.255.255.255" and IPv6 with an IPv4 part. */
#define SHOW_ADDRESS_LEN	46
#define SHOW_ID_LEN		32
#define SHOW_PROTO_LEN		12
#define SHOW_PACKET_LEN		192

FILE *show_redirect(struct show *show, FILE *out);
const char *show_proto(const struct skbtrace_record *record, char *text);
const char *show_address(const struct skbtrace_record *record, const uint8_t *address,
			 char *text);
const char *show_id(uint64_t id, char *text);
const char *show_tunnel(const struct skbtrace_record *record);
const char *show_outer_address(const struct skbtrace_record *record, const uint8_t *address,
			       char *text);
const char *show_packet(const struct journey *journey, char *text);
const char *show_context(const struct skbtrace_record *record);
const char *show_csum(const struct skbtrace_record *record);
const char *show_end(enum journey_end end);
const struct skbtrace_record *show_first(const struct journey *journey);
const struct skbtrace_record *show_at(const struct journey *journey, uint32_t hop);

#endif /* SKBTRACE_TOOLS_SHOW_H */
