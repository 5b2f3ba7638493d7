/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_EXPRESSION_H
#define SKBTRACE_TOOLS_EXPRESSION_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>

#include <skbtrace/record.h>

#include "lib/error.h"

/**
 * struct expression - an expression that says which packets are wanted
 * @insns: the program that was made of it
 * @nr: its number of instructions
 * @uses_memory: it does
 */
struct expression {
	struct sock_filter *insns;
	unsigned int nr;
	bool uses_memory;
};

int expression_compile(struct expression *expression, const char *text, struct error *error);
char *expression_program(const struct expression *expression, struct error *error);
bool expression_matches(const struct expression *expression, const struct skbtrace_record *record);
void expression_free(struct expression *expression);

#endif /* SKBTRACE_TOOLS_EXPRESSION_H */
