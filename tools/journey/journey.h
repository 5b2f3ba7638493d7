/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From records to journeys: a library without input and output of its own.
 *
 * It is fed with records in the order of time and calls back with each
 * journey that is complete.  Words:
 *
 *   life      an skb between its birth and its free, as the module numbers them; of
 *             what TCP sends again, from one transmission to the next
 *   journey   the hops of one packet, over the lives that carry it: clones,
 *             copies, skbs built anew
 *   tie       what says whose bytes an skb has that was made of another: a record of
 *             its making (a clone, a copy, segments, a merge), or TCP's sequence numbers
 *   guess     what is said by flow, IP id and time where an skb was made unseen; no
 *             payload is called changed for a guess
 *   kept      the life of a TCP skb that stays in the write queue until it is
 *             acknowledged, while its clone travels
 *   tap       a life that ends in a packet socket, as tcpdump's
 *   merged    a life whose bytes travel on in another, its carrier: GRO and
 *             reassembly do that.  If the carrier is of another journey, its
 *             hops are those of the merged life's journey as well.
 *
 * Memory is bounded (see struct journey_config), and a record costs the same
 * however many journeys are open and however long they are.
 */
#ifndef SKBTRACE_TOOLS_JOURNEY_H
#define SKBTRACE_TOOLS_JOURNEY_H

#include "life.h"
#include "limits.h"
#include "packet.h"
#include "point.h"
#include "verdict.h"

struct journey_engine;

struct journey_engine *journey_engine_new(const struct journey_config *config,
					  const struct journey_reasons *reasons,
					  journey_done done, void *context);
void journey_engine_free(struct journey_engine *engine);
int journey_record(struct journey_engine *engine, const struct skbtrace_record *record);
void journey_lost(struct journey_engine *engine, const struct source_loss *loss);
void journey_advance(struct journey_engine *engine, uint64_t now_ns);
void journey_flush(struct journey_engine *engine);
const struct journey_counts *journey_counts(const struct journey_engine *engine);
const struct journey_life *journey_deciding_life(const struct journey *journey);

struct names;

void journey_reasons_of(struct names *names, struct journey_reasons *reasons);

#endif /* SKBTRACE_TOOLS_JOURNEY_H */
