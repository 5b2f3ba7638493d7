/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this folder share: where facts of the namespace are written to. */
#ifndef SKBTRACE_TOOLS_PARTS_H
#define SKBTRACE_TOOLS_PARTS_H

#include <stdint.h>
#include <stdio.h>

/* As many devices of a namespace are told of. */
#define FACTS_LINKS	1024u

/**
 * struct links - the devices of a namespace
 * @index: of each
 * @names: of each
 * @nr: how many
 */
struct links {
	int index[FACTS_LINKS];
	char names[FACTS_LINKS][16];
	unsigned int nr;
};

const char *links_name(const struct links *links, int index);
const char *fact_word(const char *text, char word[128]);

void facts_of_links(FILE *out, struct links *links);
void facts_of_bridges(FILE *out, const struct links *links);
void facts_of_traffic_control(FILE *out, const struct links *links);
void facts_of_nftables(FILE *out);
void facts_of_iptables(FILE *out);
void facts_of_neighbours(FILE *out, const struct links *links);
void facts_of_settings(FILE *out, const struct links *links);
void facts_of_sockets(FILE *out);

#endif /* SKBTRACE_TOOLS_PARTS_H */
