// SPDX-License-Identifier: GPL-2.0
/* Where distributions put what is known of a kernel's functions. */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debuginfo.h"
#include "lib/child.h"

#define DEBUG_ROOT	"/usr/lib/debug"

/* A packed module is not longer than this when it is unpacked. */
#define MODULE_MAX	(256l << 20)

/* What takes a file: does it have the function? */
static void try(struct debuginfo *info, const char *symbol, const char *path)
{
	struct elf64_function function;

	if ((*info->lines && *info->code) || !elf64_find(path, symbol, &function))
		return;
	if (function.has_lines && !*info->lines) {
		snprintf(info->lines, sizeof(info->lines), "%s", path);
		info->in_lines = function;
	}
	if (function.has_code && !*info->code) {
		snprintf(info->code, sizeof(info->code), "%s", path);
		info->in_code = function;
	}
}

static void try_each(struct debuginfo *info, const char *symbol, const char * const *formats,
		     const char *root, const char *release)
{
	char path[PATH_MAX];

	for (; *formats; formats++)
		if (snprintf(path, sizeof(path), *formats, root, release) < (int)sizeof(path))
			try(info, symbol, path);
}

static void try_build_id(struct debuginfo *info, const char *symbol, const char *root,
			 const char *notes)
{
	const char *cache = getenv("DEBUGINFOD_CACHE_PATH");
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char id[ELF64_ID_LEN], path[PATH_MAX];

	if (!elf64_build_id(notes, id))
		return;
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", root, id, id + 2);
	try(info, symbol, path);
	if (cache)
		snprintf(path, sizeof(path), "%s/%s/debuginfo", cache, id);
	else if (xdg)
		snprintf(path, sizeof(path), "%s/debuginfod_client/%s/debuginfo", xdg, id);
	else
		snprintf(path, sizeof(path), "%s/.cache/debuginfod_client/%s/debuginfo",
			 home ? home : "", id);
	try(info, symbol, path);
	/* The instructions lie beside. */
	snprintf(path + strlen(path) - strlen("debuginfo"), sizeof("executable"), "executable");
	try(info, symbol, path);
}

/* nftw() has no context: which module is looked for, and the first that was found. */
static struct {
	const char *name;
	bool debug;
	char path[PATH_MAX];
} search;

/* In names of files '-' may stand for '_'. */
static bool is_module(const char *file, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (file[i] != name[i] && !(file[i] == '-' && name[i] == '_'))
			return false;
	return !strncmp(file + len, ".ko", 3) && (search.debug ? !file[len + 3] ||
						  !strcmp(file + len + 3, ".debug") :
						  !strchr(file + len + 4 - !file[len + 3], '/'));
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_F || !is_module(path + ftw->base, search.name))
		return 0;
	snprintf(search.path, sizeof(search.path), "%s", path);
	return 1;
}

/* Return: its path, or NULL. */
static const char *find_module(const char *folder, const char *name, bool debug)
{
	search.name = name;
	search.debug = debug;
	return nftw(folder, look_at, 16, FTW_PHYS) == 1 ? search.path : NULL;
}

/* The instructions are in the module itself, which may be packed. */
static void try_packed(struct debuginfo *info, const char *symbol, const char *path)
{
	static const struct {
		const char *suffix;
		const char *program;
	} packers[] = { { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };
	char temporary[] = "/tmp/skbtrace.XXXXXX";
	const char *dot = strrchr(path, '.');
	struct child child;
	struct error error;
	char bytes[4096];
	bool ok = true;
	unsigned int i;
	long size = 0;
	size_t len;
	int fd;

	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (dot && !strcmp(dot, packers[i].suffix))
			break;
	if (i == sizeof(packers) / sizeof(packers[0])) {
		try(info, symbol, path);
		return;
	}
	char * const argv[] = { (char *)packers[i].program, "-dc", (char *)path, NULL };

	fd = mkstemp(temporary);
	if (fd < 0)
		return;
	if (!child_start(&child, argv, &error)) {
		while ((len = fread(bytes, 1, sizeof(bytes), child.out)) && ok &&
		       (size += len) < MODULE_MAX)
			ok = write(fd, bytes, len) == (ssize_t)len;
		child_end(&child);
	}
	close(fd);
	try(info, symbol, temporary);
	info->is_temporary = !strcmp(info->code, temporary);
	if (!info->is_temporary)
		unlink(temporary);
}

static void find_in_kernel(struct debuginfo *info, const char *symbol, const char *root,
			   const char *release)
{
	static const char * const formats[] = {
		"%s/lib/modules/%s/vmlinux",		/* RHEL, Fedora */
		"%s/boot/vmlinux-%s",			/* Debian, Ubuntu */
		"%s/usr/lib/modules/%s/vmlinux",
		"%s/boot/vmlinux-%s.debug",		/* SUSE */
		NULL
	};
	static const char * const others[] = {
		"%s/lib/modules/%s/build/vmlinux",	/* one's own */
		"%s/boot/vmlinux-%s",
		"%s/lib/modules/%s/vmlinux",
		NULL
	};

	try_each(info, symbol, formats, root, release);
	try_build_id(info, symbol, root, "/sys/kernel/notes");
	if (!strcmp(root, DEBUG_ROOT))
		try_each(info, symbol, others, "", release);
}

static void find_in_module(struct debuginfo *info, const char *symbol, const char *root,
			   const char *release, const char *module)
{
	static const char * const folders[] = {
		"%s/lib/modules/%s", "%s/usr/lib/modules/%s", NULL
	};
	char path[PATH_MAX];
	const char *found;
	unsigned int i;

	for (i = 0; folders[i]; i++) {
		snprintf(path, sizeof(path), folders[i], root, release);
		found = find_module(path, module, true);
		if (found)
			try(info, symbol, found);
	}
	snprintf(path, sizeof(path), "/sys/module/%.64s/notes/.note.gnu.build-id", module);
	try_build_id(info, symbol, root, path);
	snprintf(path, sizeof(path), "/lib/modules/%.64s", release);
	found = *info->code ? NULL : find_module(path, module, false);
	if (found)
		try_packed(info, symbol, found);
}

/**
 * debuginfo_find() - find the files that know a function
 * @info: set
 * @at: the file, or the folder instead of /usr/lib/debug; NULL for that
 * @release: of the kernel, as uname -r says it
 * @module: the module that the function is in, "" for none
 * @symbol: the function
 */
void debuginfo_find(struct debuginfo *info, const char *at, const char *release,
		    const char *module, const char *symbol)
{
	struct stat st;

	memset(info, 0, sizeof(*info));
	if (at && !stat(at, &st) && S_ISREG(st.st_mode))
		try_packed(info, symbol, at);
	else if (*module)
		find_in_module(info, symbol, at ? at : DEBUG_ROOT, release, module);
	else
		find_in_kernel(info, symbol, at ? at : DEBUG_ROOT, release);
}

/**
 * debuginfo_forget() - the files are not needed any more
 * @info: what debuginfo_find() has set
 */
void debuginfo_forget(struct debuginfo *info)
{
	if (info->is_temporary)
		unlink(info->code);
}

/* A word of ID= and ID_LIKE= in os-release(5). */
static bool is_distribution(const char *word)
{
	FILE *file = fopen("/etc/os-release", "r");
	char line[256], *at;
	bool is = false;

	while (file && !is && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "ID=", 3) && strncmp(line, "ID_LIKE=", 8))
			continue;
		for (at = strtok(strchr(line, '=') + 1, " \"'\n"); at; at = strtok(NULL, " \"'\n"))
			is |= !strcmp(at, word);
	}
	if (file)
		fclose(file);
	return is;
}

/**
 * debuginfo_advise() - say what to install
 * @out: where to
 * @release: of the kernel
 * @has_lines: there is debugging information
 * @has_code: there are instructions
 * @has_programs: there is what reads them
 */
void debuginfo_advise(FILE *out, const char *release, bool has_lines, bool has_code,
		      bool has_programs)
{
	static const struct {
		const char *distribution;
		const char *debuginfo;
		const char *programs;
	} advice[] = {
		{ "ubuntu", "apt install linux-image-%s-dbgsym (ddebs.ubuntu.com)",
		  "apt install binutils" },
		{ "debian", "apt install linux-image-%s-dbg", "apt install binutils" },
		{ "fedora", "dnf debuginfo-install kernel-core-%s", "dnf install binutils" },
		{ "rhel", "debuginfo-install kernel-%s", "yum install binutils" },
		{ "suse", "zypper install kernel-default-debuginfo", "zypper install binutils" },
		{ "arch", "debuginfod-find debuginfo (DEBUGINFOD_URLS=https://debuginfod.archlinux.org)",
		  "pacman -S binutils" },
		{ NULL, "the kernel's debuginfo (vmlinux with debugging information of %s)",
		  "binutils" },
	};
	unsigned int i = 0;

	if (has_lines && has_code && has_programs)
		return;
	while (advice[i].distribution && !is_distribution(advice[i].distribution))
		i++;
	if (!has_programs)
		fprintf(out, "neither addr2line and objdump nor gdb is here: %s\n",
			advice[i].programs);
	if (!has_lines) {
		fputs("there is no debugging information of it: ", out);
		fprintf(out, advice[i].debuginfo, release);
		fputs("; or --debuginfo FILE\n", out);
	} else if (!has_code) {
		fputs("there is no file with its instructions\n", out);
	}
}
