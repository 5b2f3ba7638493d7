/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_DEBUGINFO_H
#define SKBTRACE_TOOLS_DEBUGINFO_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/elf64.h"

/**
 * struct debuginfo - files that know a function
 * @lines: the one with debugging information, "" if there is none
 * @code: the one with its instructions, "" if there is none
 * @in_lines: where it is in @lines
 * @in_code: where it is in @code
 * @is_temporary: @code was unpacked, and is to be removed
 */
struct debuginfo {
	char lines[PATH_MAX];
	char code[PATH_MAX];
	struct elf64_function in_lines;
	struct elf64_function in_code;
	bool is_temporary;
};

void debuginfo_find(struct debuginfo *info, const char *at, const char *release,
		    const char *module, const char *symbol);
void debuginfo_forget(struct debuginfo *info);
void debuginfo_advise(FILE *out, const char *release, bool has_lines, bool has_code,
		      bool has_programs);

#endif /* SKBTRACE_TOOLS_DEBUGINFO_H */
