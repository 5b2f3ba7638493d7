// SPDX-License-Identifier: GPL-2.0
/* Which host records come from, and which boot of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host.h"

#define BOOT_ID	"/proc/sys/kernel/random/boot_id"

/**
 * host_text() - what this host is called
 * @error: set if it fails
 *
 * Return: lines of key and value, to be freed; or NULL.
 */
char *host_text(struct error *error)
{
	char text[HOST_NAME_LEN + HOST_BOOT_LEN + 32], boot[HOST_BOOT_LEN] = "";
	FILE *file = fopen(BOOT_ID, "re");
	struct utsname name;
	char *copy;

	/* Without it the host has still a name. */
	if (file) {
		if (fscanf(file, "%39s", boot) != 1)
			*boot = '\0';
		fclose(file);
	}
	uname(&name);
	snprintf(text, sizeof(text), "name %.64s\nboot %s\n", name.nodename, boot);
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
	free(text);
	return 0;
}
