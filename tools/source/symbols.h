/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SYMBOLS_H
#define SKBTRACE_TOOLS_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct symbols - the kernel's functions, by address
 * @text: as /proc/kallsyms has it
 * @symbols: where their lines are
 * @nr: how many
 */
struct symbols {
	char *text;
	struct symbol {
		uint64_t address;
		const char *line;
	} *symbols;
	size_t nr;
};

int symbols_init(struct symbols *symbols, char *text);
void symbols_destroy(struct symbols *symbols);
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);
void symbol_name(const struct symbol *symbol, uint64_t address, char *name, size_t size);

/* Callers whose names a file keeps; there are not so many functions that drop. */
#define CALLERS_MAX	4096u

/**
 * struct callers - addresses without duplicates
 * @addresses: open addressing, 0 for none
 * @nr: how many
 */
struct callers {
	uint64_t addresses[2 * CALLERS_MAX];
	unsigned int nr;
};

void callers_add(struct callers *callers, uint64_t address);
char *callers_text(const struct callers *callers, const struct symbols *symbols);

#endif /* SKBTRACE_TOOLS_SYMBOLS_H */
