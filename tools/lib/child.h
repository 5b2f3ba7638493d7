/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_CHILD_H
#define SKBTRACE_TOOLS_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct child - another program that is run
 * @out: what it prints
 * @pid: its process
 */
struct child {
	FILE *out;
	pid_t pid;
};

bool child_is_there(const char *program);
int child_start(struct child *child, char * const argv[], struct error *error);
int child_end(struct child *child);

#endif /* SKBTRACE_TOOLS_CHILD_H */
