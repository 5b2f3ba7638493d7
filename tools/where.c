// SPDX-License-Identifier: GPL-2.0
/*
 * skbtrace where: the line of the source that an address is of, and the instructions
 * around it.
 *
 * The address is symbol+offset, as stacks and callers have it: wherever the kernel was
 * loaded to, it is the same there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "debuginfo.h"
#include "lib/child.h"
#include "where.h"

#define SYMBOL_LEN	256
#define MODULE_LEN	64

/* Instructions that are shown in front of the address, and behind it. */
#define BEFORE		8
#define AFTER		6

/* What is disassembled behind the address: no more than AFTER instructions are longer. */
#define BYTES_AFTER	128

/**
 * struct address - what was asked for
 * @symbol: the function
 * @offset: bytes behind its beginning
 * @module: "" for the kernel itself
 */
struct address {
	char symbol[SYMBOL_LEN];
	uint64_t offset;
	char module[MODULE_LEN];
};

/**
 * struct instruction - as objdump has it
 * @offset: bytes behind the beginning of the function
 * @text: what it is
 */
struct instruction {
	uint64_t offset;
	char text[256];
};

/**
 * struct code - instructions around an address
 * @all: in turn
 * @nr: how many there were
 * @wanted: number of the one that is at the address, or goes over it
 * @behind: how many came after that
 * @exact: it begins there
 */
struct code {
	struct instruction all[BEFORE + AFTER + 1];
	unsigned int nr;
	unsigned int wanted;
	unsigned int behind;
	bool exact;
};

/* "symbol+0x12/0x34 [module]", as the kernel prints it; offset, size and module may lack. */
static int parse(const char *text, struct address *address, struct error *error)
{
	size_t len = strcspn(text, "+ [\n");
	char rest = '\0';
	char *end;

	memset(address, 0, sizeof(*address));
	if (!len || len >= sizeof(address->symbol))
		return error_set(error, "where: which address? veth_xmit+0x5, for instance");
	memcpy(address->symbol, text, len);
	text += len;
	if (*text == '+') {
		address->offset = strtoull(text + 1, &end, 0);
		if (end == text + 1)
			return error_set(error, "where: \"%.100s\" is no offset", text + 1);
		text = end;
		/* How long the function is does not matter. */
		if (*text == '/') {
			strtoull(text + 1, &end, 0);
			text = end;
		}
	}
	text += strspn(text, " ");
	if (*text && sscanf(text, "[%63[^] \n]]%c", address->module, &rest) != 1 &&
	    sscanf(text, "%63[^][ \n]%c", address->module, &rest) != 1)
		return error_set(error, "where: \"%.100s\" is no module", text);
	return 0;
}

/* Is it a call, which returns to the address behind it? */
static bool is_call(const char *line)
{
	return !strncmp(line, "call", 4) || !strncmp(line, "bl\t", 3) ||
	       !strncmp(line, "blr\t", 4);
}

static struct instruction *instruction_at(struct code *code, unsigned int n)
{
	return &code->all[n % (BEFORE + AFTER + 1)];
}

/* "address: relocation<TAB>symbol": what an instruction of an object refers to. */
static void take_relocation(struct code *code, const char *line)
{
	const char *symbol = strrchr(line, '\t');
	struct instruction *last;
	size_t len;

	if (!code->nr || !symbol)
		return;
	last = instruction_at(code, code->nr - 1);
	len = strlen(last->text);
	snprintf(last->text + len, sizeof(last->text) - len, "  (%.100s)", symbol + 1);
}

/* A line of objdump's: "address:<TAB>instruction"; others are of no interest. */
static void take_line(struct code *code, char *line, const struct elf64_function *function,
		      uint64_t wanted)
{
	struct instruction *instruction;
	uint64_t address;
	char *end;

	line[strcspn(line, "\n")] = '\0';
	address = strtoull(line, &end, 16);
	if (end == line || *end != ':' || address < function->address || code->behind >= AFTER)
		return;
	if (end[1] != '\t') {
		take_relocation(code, line);
		return;
	}
	address -= function->address;
	instruction = instruction_at(code, code->nr);
	instruction->offset = address;
	snprintf(instruction->text, sizeof(instruction->text), "%.120s", end + 2);
	if (address <= wanted) {
		code->wanted = code->nr;
		code->exact = address == wanted;
	} else {
		code->behind++;
	}
	code->nr++;
}

static void put_code(struct code *code)
{
	unsigned int i = code->wanted > BEFORE ? code->wanted - BEFORE : 0;

	for (; i < code->nr; i++) {
		struct instruction *instruction = instruction_at(code, i);
		char *tab = instruction->text;

		while ((tab = strchr(tab, '\t')))
			*tab = ' ';
		printf("  %s +0x%-5" PRIx64 " %s\n", i == code->wanted ? "=>" : "  ",
		       instruction->offset, instruction->text);
	}
}

/*
 * Set whether a call is in front of the address: then it is returned to there, and the
 * call is what is looked for.  Return: is there code.
 */
static bool disassemble(const struct debuginfo *info, const struct address *address,
			bool *behind_call)
{
	const struct elf64_function *function = &info->in_code;
	uint64_t stop = function->address + address->offset + BYTES_AFTER;
	char from[48], to[48], section[sizeof(function->section) + 16], line[512];
	char *argv[] = {
		"objdump", "-dr", "--no-show-raw-insn", from, to, section, (char *)info->code,
		NULL
	};
	struct code code = { .nr = 0 };
	struct child child;
	struct error error;

	if (function->size && stop > function->address + function->size)
		stop = function->address + function->size;
	snprintf(from, sizeof(from), "--start-address=0x%" PRIx64, function->address);
	snprintf(to, sizeof(to), "--stop-address=0x%" PRIx64, stop);
	snprintf(section, sizeof(section), "--section=%s", function->section);
	if (child_start(&child, argv, &error))
		return false;
	while (fgets(line, sizeof(line), child.out))
		take_line(&code, line, function, address->offset);
	child_end(&child);
	*behind_call = code.exact && code.wanted &&
		       is_call(instruction_at(&code, code.wanted - 1)->text);
	put_code(&code);
	return code.nr;
}

/* Return: were there lines. */
static bool put_output(char * const argv[], const char *indent, const char *nothing)
{
	struct child child;
	struct error error;
	char line[1024];
	bool any = false;

	if (child_start(&child, argv, &error))
		return false;
	while (fgets(line, sizeof(line), child.out)) {
		if (strstr(line, nothing))
			continue;
		printf("%s%s", indent, line);
		any = true;
	}
	return !child_end(&child) && any;
}

static bool put_source(const struct debuginfo *info, uint64_t offset)
{
	const struct elf64_function *function = &info->in_lines;
	char at[32], section[sizeof(function->section) + 16];
	char *argv[] = {
		"addr2line", "-i", "-f", "-p", "-e", (char *)info->lines, at, section, NULL
	};

	snprintf(at, sizeof(at), "0x%" PRIx64, function->address + offset);
	snprintf(section, sizeof(section), "--section=%s", function->section);
	/* Only in an object are addresses those of a section. */
	if (!function->is_object)
		argv[7] = NULL;
	return put_output(argv, "  ", "??:");
}

static bool ask_gdb(const struct debuginfo *info, const struct address *address)
{
	char line[SYMBOL_LEN + 64], code[SYMBOL_LEN + 64];
	char *argv[] = {
		"gdb", "-nx", "-batch", "-ex", line, "-ex", code,
		(char *)(*info->lines ? info->lines : info->code), NULL
	};

	snprintf(line, sizeof(line), "info line *('%s'+%" PRIu64 ")", address->symbol,
		 address->offset);
	snprintf(code, sizeof(code), "x/%di '%s'+%" PRIu64, AFTER, address->symbol,
		 address->offset);
	return put_output(argv, "  ", "No line number information");
}

static void put_all(const struct debuginfo *info, const struct address *address,
		    const char *release)
{
	bool has_objdump = child_is_there("objdump"), has_addr2line = child_is_there("addr2line");
	bool has_gdb = child_is_there("gdb"), behind_call = false;

	printf("%s+0x%" PRIx64 "%s%s%s\n", address->symbol, address->offset,
	       *address->module ? " [" : "", address->module, *address->module ? "]" : "");
	if (has_objdump && *info->code && disassemble(info, address, &behind_call))
		putchar('\n');
	if (has_addr2line && *info->lines) {
		if (behind_call)
			puts("  it is returned to, after the call in");
		fflush(stdout);
		if (!put_source(info, address->offset - behind_call))
			puts("  no line of the source is known for it");
	} else if (has_gdb && (*info->lines || (*info->code && !has_objdump))) {
		fflush(stdout);
		ask_gdb(info, address);
	}
	if (*info->lines)
		printf("  (%s)\n", info->lines);
	debuginfo_advise(stdout, release, *info->lines, *info->code,
			 (has_addr2line && has_objdump) || has_gdb);
}

/**
 * where() - show where an address is in the source
 * @options: which, and where the debugging information is
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int where(const struct options *options, struct error *error)
{
	const char *release = options->release;
	struct debuginfo info;
	struct address address;
	struct utsname name;

	if (parse(options->expression ? options->expression : "", &address, error))
		return STATUS_ERROR;
	if (!release && uname(&name)) {
		error_set(error, "uname: %s", strerror(errno));
		return STATUS_ERROR;
	}
	release = release ? release : name.release;
	debuginfo_find(&info, options->debuginfo, release, address.module, address.symbol);
	put_all(&info, &address, release);
	debuginfo_forget(&info);
	return *info.lines || *info.code ? STATUS_OK : STATUS_ERROR;
}
