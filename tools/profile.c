// SPDX-License-Identifier: GPL-2.0
/*
 * Profiles: files of options, so that what goes together has a name.
 *
 *	# what is lost
 *	--only dropped
 *	[run]
 *	--set dev=*
 *
 * A line is an option, and its value; what follows [run] is for "skbtrace run" alone.  They
 * stand before those of the command line, which count more.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/nearest.h"
#include "profile.h"

#define PROFILE_MAX	65536

/* A site's own come first. Beside the program are those of a tree that it was built in. */
static const char *directory(unsigned int i)
{
	static const char * const directories[] = {
		"/etc/skbtrace/profiles", "/usr/local/share/skbtrace/profiles",
		"/usr/share/skbtrace/profiles"
	};
	static char own[512];
	ssize_t len;
	char *slash;

	if (i < sizeof(directories) / sizeof(directories[0]))
		return directories[i];
	if (i > sizeof(directories) / sizeof(directories[0]))
		return NULL;
	len = readlink("/proc/self/exe", own, 400);
	own[len > 0 ? len : 0] = '\0';
	slash = strrchr(own, '/');
	if (!slash)
		return NULL;
	strcpy(slash, "/package/profiles");
	return own;
}

static FILE *open_profile(const char *name)
{
	char path[1024];
	const char *at;
	unsigned int i;
	FILE *file;

	if (strchr(name, '/'))
		return fopen(name, "re");
	for (i = 0; (at = directory(i)); i++) {
		snprintf(path, sizeof(path), "%s/%s", at, name);
		file = fopen(path, "re");
		if (file || errno != ENOENT)
			return file;
	}
	errno = ENOENT;
	return NULL;
}

static int no_such_profile(const char *name, struct error *error)
{
	struct nearest nearest;
	char text[256];
	struct dirent *entry;
	const char *at;
	unsigned int i, nr = 0;
	DIR *dir;

	nearest_begin(&nearest, name);
	for (i = 0; (at = directory(i)); i++) {
		dir = opendir(at);
		while (dir && (entry = readdir(dir))) {
			if (*entry->d_name == '.' || strchr(entry->d_name, '~'))
				continue;
			nearest_offer(&nearest, entry->d_name);
			nr++;
		}
		if (dir)
			closedir(dir);
	}
	return error_set(error, "--profile: there is no \"%s\"%s", name, nr ?
			 nearest_text(&nearest, text, sizeof(text)) :
			 ": no profiles are in /usr/share/skbtrace/profiles or "
			 "/etc/skbtrace/profiles");
}

static char *read_profile(const char *name, struct error *error)
{
	FILE *file = open_profile(name);
	char *text = calloc(1, PROFILE_MAX + 1);
	size_t len;

	if (!file || !text) {
		if (file || errno != ENOENT)
			error_set(error, "--profile: %s: %s", name, strerror(errno));
		else
			no_such_profile(name, error);
		if (file)
			fclose(file);
		free(text);
		return NULL;
	}
	len = fread(text, 1, PROFILE_MAX, file);
	if (ferror(file) || len == PROFILE_MAX || memchr(text, 0, len)) {
		error_set(error, "--profile: %s: cannot be read, or is none", name);
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static char *trim(char *line)
{
	size_t len;

	line += strspn(line, " \t");
	for (len = strlen(line); len && strchr(" \t\r", line[len - 1]); len--)
		line[len - 1] = '\0';
	return line;
}

static void add_line(struct words *words, char *line)
{
	size_t option = strcspn(line, " \t=");

	words->argv[words->argc++] = line;
	if (!line[option] || line[option] == '=')
		return;
	line[option] = '\0';
	words->argv[words->argc++] = trim(line + option + 1);
}

/* Two words a line at most. */
static int add_lines(struct words *words, const char *name, bool runs, struct error *error)
{
	bool wanted = true;
	char *line, *next;

	for (line = words->text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = trim(line);
		if (!strcmp(line, "[run]"))
			wanted = runs;
		else if (*line == '-' && strncmp(line, "--profile", 9) && strcmp(line, "--"))
			wanted ? add_line(words, line) : (void)0;
		else if (*line && *line != '#')
			return error_set(error, "--profile: %s: \"%.60s\" is not an option, a "
					 "comment or [run]", name, line);
	}
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t nr = 1;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/**
 * profile_expand() - put the options of a profile where it is asked for
 * @words: set; to be freed, also if it fails
 * @argc: words of the command line
 * @argv: these
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int profile_expand(struct words *words, int argc, char **argv, struct error *error)
{
	const char *name = NULL;
	bool runs = false;
	int i, at = 0, nr = 0;

	memset(words, 0, sizeof(*words));
	/* What is behind "--" is somebody else's. */
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		runs |= !strcmp(argv[i], "run");
		if (!strncmp(argv[i], "--profile=", 10)) {
			name = argv[i] + 10;
			at = i;
			nr = 1;
		} else if (!strcmp(argv[i], "--profile") && i + 1 < argc) {
			name = argv[i + 1];
			at = i++;
			nr = 2;
		}
	}
	if (name) {
		words->text = read_profile(name, error);
		if (!words->text)
			return -1;
	}
	words->argv = calloc(argc + 2 * count_lines(words->text ? words->text : "") + 1,
			     sizeof(*words->argv));
	if (!words->argv)
		return error_set(error, "out of memory");
	words->argv[words->argc++] = argv[0];
	if (name && add_lines(words, name, runs, error))
		return -1;
	for (i = 1; i < argc; i++)
		if (i < at || i >= at + nr)
			words->argv[words->argc++] = argv[i];
	return 0;
}

/**
 * profile_free() - free a command line
 * @words: what profile_expand() has set
 */
void profile_free(struct words *words)
{
	free(words->argv);
	free(words->text);
}
