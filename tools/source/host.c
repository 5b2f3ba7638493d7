// SPDX-License-Identifier: GPL-2.0
/* Which host records come from, and which boot of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "host.h"

#define BOOT_ID	"/proc/sys/kernel/random/boot_id"

/**
 * host_text() - what this host is called
 * @dir: where the module's files are
 * @error: set if it fails
 *
 * Return: lines of key and value, to be freed; or NULL.
 */
char *host_text(const char *dir, struct error *error)
{
	char text[HOST_NAME_LEN + HOST_BOOT_LEN + HOST_LOAD_LEN + 32], boot[HOST_BOOT_LEN] = "";
	FILE *file = fopen(BOOT_ID, "re");
	struct utsname name;
	struct stat st;
	size_t len;
	char *copy;

	/* Without it the host has still a name. */
	if (file) {
		if (fscanf(file, "%39s", boot) != 1)
			*boot = '\0';
		fclose(file);
	}
	uname(&name);
	len = snprintf(text, sizeof(text), "name %.64s\nboot %s\n", name.nodename, boot);
	/* The folder is made when the module is loaded. */
	if (!stat(dir, &st))
		snprintf(text + len, sizeof(text) - len, "load %lld.%09ld\n",
			 (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	copy = strdup(text);
	if (!copy)
		error_set(error, "out of memory");
	return copy;
}

/* What is behind the key of a line, without what does not belong on a terminal. */
static void take_value(const char *text, const char *key, char *value, size_t size)
{
	size_t len = strlen(key), i = 0;
	const char *line;

	*value = '\0';
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) || line[len] != ' ')
			continue;
		for (line += len + 1; i + 1 < size && *line > ' ' && *line < 0x7f; i++)
			value[i] = *line++;
		value[i] = '\0';
		return;
	}
}

/**
 * host_of() - which host a source's records are of
 * @source: the source
 * @host: set to that, without name and boot if the source does not say: files of 0.2.0
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int host_of(struct source *source, struct host *host, struct error *error)
{
	char *text = source_text(source, SOURCE_HOST, error);

	if (!text)
		return -1;
	take_value(text, "name", host->name, sizeof(host->name));
	take_value(text, "boot", host->boot, sizeof(host->boot));
	take_value(text, "load", host->load, sizeof(host->load));
	free(text);
	return 0;
}
