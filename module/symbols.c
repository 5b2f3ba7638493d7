// SPDX-License-Identifier: GPL-2.0
/*
 * Where functions of the kernel are: all at once, where the kernel lets modules
 * look.  It is asked for the address of a name by going through all of its names,
 * which for 70 names takes half as long again as everything else at load; and
 * only so it is seen under which names the compiler has functions whose arguments
 * it changed.
 */
#include "compat.h"
#include "symbols.h"

#ifdef HAVE_KALLSYMS_ON_EACH_SYMBOL

/* Most names of the kernel end here, at an empty bucket. */
#define BUCKETS		256

struct look {
	struct symbol *bucket[BUCKETS];
	struct symbol *symbols;
	unsigned int nr;
	const struct module *module;	/* the last that was seen */
};

/* Of the name up to its first dot, which ends it or is followed by a suffix. */
static unsigned int hash(const char *name, size_t *len)
{
	unsigned int sum = 0;
	const char *c;

	for (c = name; *c && *c != '.'; c++)
		sum = sum * 31 + (unsigned char)*c;
	*len = c - name;
	return (sum ^ sum >> 8) % BUCKETS;
}

static void note_module(struct look *look, const struct module *module)
{
	unsigned int i;

	look->module = module;
	for (i = 0; i < look->nr; i++)
		if (!strcmp(look->symbols[i].module, module->name))
			look->symbols[i].has_module = true;
}

/* Is that N of name.constprop.N, and nothing else? */
static bool is_constprop(const char *suffix)
{
	static const char constprop[] = ".constprop.";

	if (strncmp(suffix, constprop, strlen(constprop)))
		return false;
	suffix += strlen(constprop);
	return *suffix && !suffix[strspn(suffix, "0123456789")];
}

static bool is_twin(const char *suffix)
{
	return !strncmp(suffix, ".isra.", 6) || !strncmp(suffix, ".part.", 6) ||
	       !strncmp(suffix, ".constprop.", 11);
}

static void note_found(struct symbol *symbol, const char *name,
		       unsigned long address)
{
	symbol->address = address;
	strscpy(symbol->found, name, sizeof(symbol->found));
}

static void note_symbol(struct symbol *symbol, const char *name,
			const char *suffix, unsigned long address)
{
	if (!*suffix) {
		/* The first of a name, as the kernel does; but rather than a clone. */
		if (symbol->address && !strcmp(symbol->found, name))
			return;
		if (symbol->address)
			strscpy(symbol->twin, symbol->found, sizeof(symbol->twin));
		note_found(symbol, name, address);
	} else if (symbol->takes_constprop && is_constprop(suffix) &&
		   !symbol->address) {
		note_found(symbol, name, address);
	} else if (is_twin(suffix)) {
		strscpy(symbol->twin, name, sizeof(symbol->twin));
	}
}

static int look_at(void *data, const char *name, struct module *module,
		   unsigned long address)
{
	struct look *look = data;
	struct symbol *symbol;
	size_t len;

	if (module && module != look->module)
		note_module(look, module);
	for (symbol = look->bucket[hash(name, &len)]; symbol; symbol = symbol->next) {
		if (strncmp(symbol->name, name, len) || symbol->name[len])
			continue;
		/* A module's own, not what it uses of others. */
		if (!module || !strcmp(symbol->module, module->name))
			note_symbol(symbol, name, name + len, address);
	}
	return 0;
}

/* Something of a module is in the kernel itself: so all of it is. */
static void note_built_in(struct look *look)
{
	unsigned int i, j;

	for (i = 0; i < look->nr; i++)
		for (j = 0; j < look->nr; j++)
			if (look->symbols[i].address &&
			    !strcmp(look->symbols[i].module, look->symbols[j].module))
				look->symbols[j].has_module = true;
}

/**
 * symbols_look() - look for functions
 * @symbols: those with their @name, @module and @takes_constprop; the rest is set
 * @nr: how many
 *
 * Context: process, may sleep.
 * Return: false if this kernel does not let modules look.
 */
bool symbols_look(struct symbol *symbols, unsigned int nr)
{
	static struct look look;	/* too large for the stack; under the lock */
	unsigned int i;
	size_t len;

	if (!kallsyms_on_each_symbol || !&module_mutex)
		return false;
	mutex_lock(&module_mutex);
	memset(&look, 0, sizeof(look));
	look.symbols = symbols;
	look.nr = nr;
	for (i = 0; i < nr; i++) {
		struct symbol **bucket = &look.bucket[hash(symbols[i].name, &len)];

		symbols[i].address = 0;
		symbols[i].has_module = !strcmp(symbols[i].module, SYMBOL_VMLINUX);
		symbols[i].found[0] = '\0';
		symbols[i].twin[0] = '\0';
		symbols[i].next = *bucket;
		*bucket = &symbols[i];
	}
	kallsyms_on_each_symbol(look_at, &look);
	note_built_in(&look);
	mutex_unlock(&module_mutex);
	return true;
}

#else

bool symbols_look(struct symbol *symbols, unsigned int nr)
{
	return false;
}

#endif /* HAVE_KALLSYMS_ON_EACH_SYMBOL */
