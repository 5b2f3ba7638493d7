// SPDX-License-Identifier: GPL-2.0
/* Which function an address is in, as /proc/kallsyms says, or the part of it in a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols.h"

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* "address type name [module]"; without the right to see addresses they are all 0. */
static int is_function(const char *line, uint64_t *address)
{
	char type;
	int at = 0;

	return sscanf(line, "%" SCNx64 " %c %n", address, &type, &at) == 2 && at && *address &&
	       strchr("tTwW", type);
}

/**
 * symbols_init() - take in a table
 * @symbols: set
 * @text: the table; changed, and freed by symbols_destroy(), also if this fails
 *
 * Return: 0, or -1 if there is no memory.
 */
int symbols_init(struct symbols *symbols, char *text)
{
	char *line, *next;
	size_t lines = 1;

	symbols->text = text;
	symbols->nr = 0;
	for (line = text; (line = strchr(line, '\n')); line++)
		lines++;
	symbols->symbols = malloc(lines * sizeof(*symbols->symbols));
	if (!symbols->symbols)
		return -1;
	for (line = text; line; line = next) {
		struct symbol *symbol = &symbols->symbols[symbols->nr];

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		symbol->line = line;
		symbols->nr += is_function(line, &symbol->address);
	}
	qsort(symbols->symbols, symbols->nr, sizeof(*symbols->symbols), compare_symbols);
	return 0;
}

/**
 * symbols_destroy() - free a table
 * @symbols: the table
 */
void symbols_destroy(struct symbols *symbols)
{
	free(symbols->symbols);
	free(symbols->text);
}

/**
 * symbols_find() - the function that an address is in
 * @symbols: the table
 * @address: the address
 *
 * Return: the function, or NULL.
 */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* No function is as long. */
	if (!low || address - symbols->symbols[low - 1].address > 1 << 20)
		return NULL;
	return &symbols->symbols[low - 1];
}

/**
 * symbol_name() - the name of an address
 * @symbol: the function that it is in, or NULL
 * @address: the address
 * @name: set to "function+0xoffset [module]", or to the address
 * @size: of @name
 */
void symbol_name(const struct symbol *symbol, uint64_t address, char *name, size_t size)
{
	char function[128], module[64] = "";

	if (!symbol || sscanf(symbol->line, "%*s %*s %127s %63s", function, module) < 1)
		snprintf(name, size, "0x%" PRIx64, address);
	else
		snprintf(name, size, "%s+0x%" PRIx64 "%s%s", function, address - symbol->address,
			 *module ? " " : "", module);
}

/**
 * callers_add() - note an address
 * @callers: the addresses
 * @address: the address
 */
void callers_add(struct callers *callers, uint64_t address)
{
	uint32_t i = address * 0x9e3779b97f4a7c15ULL >> 32;

	for (;; i++) {
		uint64_t *place = &callers->addresses[i % (2 * CALLERS_MAX)];

		if (*place == address || !address)
			return;
		if (!*place) {
			if (callers->nr == CALLERS_MAX)
				return;
			*place = address;
			callers->nr++;
			return;
		}
	}
}

/**
 * callers_text() - what of a table is needed to name some addresses
 * @callers: the addresses
 * @symbols: the table
 *
 * Return: the lines, to be freed; or NULL if there is no memory.
 */
char *callers_text(const struct callers *callers, const struct symbols *symbols)
{
	size_t size;
	unsigned int i;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < 2 * CALLERS_MAX; i++) {
		const struct symbol *symbol;

		if (!callers->addresses[i])
			continue;
		symbol = symbols_find(symbols, callers->addresses[i]);
		if (symbol)
			fprintf(out, "%s\n", symbol->line);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
