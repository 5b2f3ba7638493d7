/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_TRANSLATE_H
#define SKBTRACE_TOOLS_TRANSLATE_H

#include "join.h"

/**
 * struct translations - flows that have other addresses where they arrive
 * @maps: sorted by @from
 * @nr: how many
 */
struct translations {
	struct translation {
		uint64_t from;		/* as it arrives */
		uint64_t to;		/* as it left */
		uint32_t votes;
		bool certain;
	} *maps;
	uint32_t nr;
	/* private: */
	uint32_t room;
	struct index known;
};

uint64_t translate_id(const struct end *end);
int translations_learn(struct translations *translations, const struct join *join,
		       bool by_hosts);
void translations_free(struct translations *translations);
bool translate(const struct translations *translations, unsigned int host, uint64_t *flow);

#endif /* SKBTRACE_TOOLS_TRANSLATE_H */
