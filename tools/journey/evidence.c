// SPDX-License-Identifier: GPL-2.0
/* Which hops tell what payload a packet had. */
#include "evidence.h"
#include "point.h"

/**
 * evidence_of() - how well does a hop tell the payload
 * @record: the hop
 */
enum evidence evidence_of(const struct skbtrace_record *record)
{
	if (point_of(record->point)->kind == POINT_RETURN)
		return EVIDENCE_NONE;
	if (record->flags & (SKBTRACE_F_MALFORMED | SKBTRACE_F_UNREADABLE))
		return EVIDENCE_BROKEN;
	if (record->payload == SKBTRACE_PAYLOAD_NONE)
		return EVIDENCE_NONE;
	if (!record->payload_len || (record->flags & SKBTRACE_F_DIGEST))
		return EVIDENCE_DIGEST;
	return record->flags & SKBTRACE_F_TRUNCATED ? EVIDENCE_BROKEN : EVIDENCE_NONE;
}

/**
 * evidence_before() - the hop that a packet came from, with its digest
 * @journey: the journey
 * @hop: where to
 *
 * Return: the last on the way back that has one, or JOURNEY_NO_HOP.
 */
uint32_t evidence_before(const struct journey *journey, uint32_t hop)
{
	do {
		hop = journey->hops[hop].previous;
	} while (hop != JOURNEY_NO_HOP &&
		 evidence_of(&journey->hops[hop].record) != EVIDENCE_DIGEST);
	return hop;
}
