/* SPDX-License-Identifier: GPL-2.0 */
/* What several reasons need: names, and what is at the other end. */
#ifndef SKBTRACE_TOOLS_WORDS_H
#define SKBTRACE_TOOLS_WORDS_H

#include "seam.h"

#define WORD_DEVICE	(SKBTRACE_NAME_LEN + 1)

/**
 * struct hook_place - a hook of netfilter's
 * @family: NFPROTO_*
 * @number: which of the family's
 * @netns: inode number of the namespace
 * @record: what it returned, or NULL
 */
struct hook_place {
	unsigned int family;
	unsigned int number;
	uint32_t netns;
	const struct skbtrace_record *record;
};

/**
 * struct xdp_place - where an XDP program may be
 * @dev: the device
 * @mode: driver, generic or device; "" if none is known there
 * @program: its number, 0 if not known
 */
struct xdp_place {
	char dev[WORD_DEVICE];
	char mode[16];
	long program;
};

const char *word_device(const char dev[SKBTRACE_NAME_LEN], char name[WORD_DEVICE]);
const char *word_family_nft(const char *number);
void word_hook(const struct hook_place *place, char *text, size_t size);
const char *word_address(const struct skbtrace_record *record, const uint8_t *address,
			 char text[46]);

bool hook_of_seam(const struct seam *seam, struct hook_place *place);
bool hook_has_chain(const struct hook_place *place, const struct fact *chain);
bool peer_of_seam(const struct seam *seam, struct fact *link);
void xdp_of_seam(const struct seam *seam, struct xdp_place *place);
void xdp_of_link(const struct fact *link, struct xdp_place *place);

#endif /* SKBTRACE_TOOLS_WORDS_H */
