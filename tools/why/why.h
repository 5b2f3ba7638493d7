/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a payload changed or a packet was dropped, as far as this host tells: what stands
 * between the two hops, or where the packet ended.  What this folder offers:
 *
 *   why_new()		a host to ask: the one that the records are of
 *   why_journey()	two or three lines of one journey
 *
 * Nothing is said to be so that is not known: what may as well be another's doing is
 * marked so.  Each reason is one function in the table of reasons.c; what they look at is
 * struct seam and struct facts, so that a test needs no host.
 */
#ifndef SKBTRACE_TOOLS_WHY_H
#define SKBTRACE_TOOLS_WHY_H

#include <stdbool.h>

#include "journey/journey.h"
#include "source/source.h"

/* More would be a list, not an answer. */
#define WHY_LINES	3
#define WHY_TEXT_LEN	256

/**
 * struct why_line - a reason
 * @sure: it is known; else it may be so
 * @text: a sentence
 * @look: the command to look further, "" if there is none
 */
struct why_line {
	bool sure;
	char text[WHY_TEXT_LEN];
	char look[WHY_TEXT_LEN];
};

/**
 * struct why_lines - reasons of a journey, the best first
 * @lines: the reasons
 * @nr: how many
 */
struct why_lines {
	struct why_line lines[WHY_LINES];
	unsigned int nr;
};

struct why;

struct why *why_new(struct source *source, struct names *names);
void why_free(struct why *why);
void why_journey(struct why *why, const struct journey *journey, const struct verdict *verdict,
		 struct why_lines *lines);

#endif /* SKBTRACE_TOOLS_WHY_H */
