/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_SYMBOLS_H
#define SKBTRACE_SYMBOLS_H

#include <linux/types.h>

#define SYMBOL_LEN	64	/* of a name, with the NUL; longer ones are cut off */

/* Who has what is not in a module. */
#define SYMBOL_VMLINUX	"vmlinux"

/**
 * struct symbol - a function of the kernel that is looked for
 * @name: its name
 * @module: who has it: SYMBOL_VMLINUX, or a module that may be built in
 * @takes_constprop: name.constprop.N will do
 * @address: where it is, 0: this kernel has none
 * @found: the name it has there
 * @twin: name.isra.N, .part.N or .constprop.N that it has besides or instead, of
 *	which nothing is known; "" if there is none
 * @has_module: @module is loaded, or it or something else of it is built in
 * @next: another with the same hash
 */
struct symbol {
	const char *name;
	const char *module;
	bool takes_constprop;
	bool has_module;
	unsigned long address;
	char found[SYMBOL_LEN];
	char twin[SYMBOL_LEN];
	struct symbol *next;
};

bool symbols_look(struct symbol *symbols, unsigned int nr);

#endif /* SKBTRACE_SYMBOLS_H */
