/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_HURRY_H
#define SKBTRACE_TOOLS_HURRY_H

#include <stdbool.h>

/**
 * struct hurry - to be ahead of others while one is behind
 * @hurries: one is
 * @usual: the priority otherwise
 */
struct hurry {
	bool hurries;
	int usual;
};

void hurry(struct hurry *hurry, bool is_behind);

#endif /* SKBTRACE_TOOLS_HURRY_H */
