/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_LISTS_H
#define SKBTRACE_LISTS_H

#include <linux/types.h>

#define LIST_GLOBS	32	/* patterns in a list */
#define LIST_GLOB_LEN	32	/* bytes of one, with the NUL */
#define LIST_NUMBERS	32	/* numbers in a list */

/* A list of globs; "-glob" excludes what an earlier one included. */
struct globs {
	unsigned int nr;
	char glob[LIST_GLOBS][LIST_GLOB_LEN];
};

struct numbers {
	unsigned int nr;
	u32 number[LIST_NUMBERS];
};

bool glob_matches(const char *glob, const char *name);
bool globs_decide(const struct globs *globs, bool in, const char *name,
		  const char *group);
bool globs_match(const struct globs *globs, const char *name,
		 const char *group);
int globs_parse(struct globs *globs, const char *words);
int globs_show(char *buf, size_t size, const struct globs *globs);

bool numbers_have(const struct numbers *numbers, u32 number);
int numbers_parse(struct numbers *numbers, const char *words);
int numbers_show(char *buf, size_t size, const struct numbers *numbers);

#endif /* SKBTRACE_LISTS_H */
