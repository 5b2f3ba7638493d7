/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_EVIDENCE_H
#define SKBTRACE_TOOLS_EVIDENCE_H

#include "life.h"

/**
 * enum evidence - how well a hop tells the payload
 * @EVIDENCE_NONE: it was not looked at, or not digested
 * @EVIDENCE_BROKEN: the skb is not as it should be
 * @EVIDENCE_DIGEST: by its digest
 */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_BROKEN,
	EVIDENCE_DIGEST,
};

enum evidence evidence_of(const struct skbtrace_record *record);
uint32_t evidence_before(const struct journey *journey, uint32_t hop);

#endif /* SKBTRACE_TOOLS_EVIDENCE_H */
