/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_PROFILE_H
#define SKBTRACE_TOOLS_PROFILE_H

#include "lib/error.h"

/**
 * struct words - a command line
 * @argv: its words, and NULL
 * @argc: how many
 * @text: what those of a profile point to
 */
struct words {
	char **argv;
	int argc;
	char *text;
};

int profile_expand(struct words *words, int argc, char **argv, struct error *error);
void profile_free(struct words *words);

#endif /* SKBTRACE_TOOLS_PROFILE_H */
