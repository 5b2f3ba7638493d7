/* SPDX-License-Identifier: GPL-2.0 */
/* The facts of a host (ask/ask.h) as the reasons look them up. */
#ifndef SKBTRACE_TOOLS_WHY_FACTS_H
#define SKBTRACE_TOOLS_WHY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No word of a line is longer. */
#define FACT_WORD	128

/**
 * struct fact - a line
 * @line: the line, up to its end
 * @name: its second word: a device, a family, a port
 */
struct fact {
	const char *line;
	char name[FACT_WORD];
};

/**
 * struct facts - those of one network namespace
 * @text: its lines; "" if nothing is known of it
 * @len: bytes
 */
struct facts {
	const char *text;
	size_t len;
};

/**
 * struct all_facts - those of all namespaces, as a host has told them
 * @text: its text
 * @netns: where in it what is known of each is
 * @nr: how many
 */
struct all_facts {
	char *text;
	struct netns_facts {
		uint32_t netns;
		char path[FACT_WORD];	/* where it can be entered, "" if that is not known */
		struct facts facts;
	} *netns;
	unsigned int nr;
};

struct all_facts *all_facts_new(char *text);
void all_facts_free(struct all_facts *all);
struct facts facts_of(const struct all_facts *all, uint32_t netns);
const char *facts_path(const struct all_facts *all, uint32_t netns);
bool facts_next(const struct facts *facts, const char *kind, struct fact *fact);
bool facts_find(const struct facts *facts, const char *kind, const char *name,
		struct fact *fact);
bool fact_text(const struct fact *fact, const char *key, char value[FACT_WORD]);
long fact_number(const struct fact *fact, const char *key, long otherwise);
bool fact_is(const struct fact *fact, const char *key, const char *value);
bool fact_has_vlan(const struct fact *fact, unsigned int vid, bool *untagged);
long fact_pvid(const struct fact *fact);

#endif /* SKBTRACE_TOOLS_WHY_FACTS_H */
