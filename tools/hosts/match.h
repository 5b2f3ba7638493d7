/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_MATCH_H
#define SKBTRACE_TOOLS_MATCH_H

#include "join.h"
#include "lib/clock.h"
#include "translate.h"

/* How long a packet may be on its way. */
#define TRANSIT_NS	((int64_t)(10 * NSEC_PER_SEC))

int match_index(struct join *join, struct translations *flows, struct translations *hosts);
int match_all(struct join *join);

uint64_t match_pieces_key(const struct end *end);
uint64_t match_key(const struct end *end);
bool match_same_bytes(const struct end *a, const struct end *b);
bool match_is_possible(const struct join *join, const struct end *departure,
		       const struct end *arrival);
bool match_may_be_reverse(const struct join *join, const struct end *departure,
			  const struct end *arrival);
bool match_came_after(const struct join *join, const struct end *departure,
		      const struct end *arrival);
bool match_was_lost(const struct join *join, unsigned int host, const struct end *arrival);
int match_cross(struct join *join, struct crossing *crossing);

/* clocks.c, walk.c, unnumbered.c, lost.c */
void match_clocks(struct join *join);
int walk_from(struct join *join, uint32_t arrival);
int unnumbered_add(struct index *index, const struct end *end, uint32_t nr);
int unnumbered_from(struct join *join, uint32_t nr);
int lost_all(struct join *join);

/* Of join.c: tie the parts of two ends together, note a crossing. */
void join_tie(struct join *join, uint32_t part, uint32_t other);
int join_cross(struct join *join, const struct crossing *crossing);

#endif /* SKBTRACE_TOOLS_MATCH_H */
