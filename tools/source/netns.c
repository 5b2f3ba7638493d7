// SPDX-License-Identifier: GPL-2.0
/* The network namespaces of this machine that have names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "netns.h"

/* "ip netns" binds namespaces to files; iproute2 of old has them in /var/run. */
static const char * const netns_dirs[] = { "/run/netns", "/var/run/netns" };

static void list_dir(FILE *list, const char *path, dev_t nsfs)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		/* A file on another file system is a name that nothing is bound to. */
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) || st.st_dev != nsfs)
			continue;
		fprintf(list, "%lu %s\n", (unsigned long)st.st_ino, entry->d_name);
	}
	closedir(dir);
}

/**
 * netns_list() - list the network namespaces that have names
 * @error: set if it fails
 *
 * That of the first process, which it shares with the machine's own devices,
 * is called "init".  Where a namespace has two names the first is meant.
 *
 * Return: a text of lines "inode name", to be freed; or NULL.
 */
char *netns_list(struct error *error)
{
	struct stat self, init;
	char *text = NULL;
	size_t i, len;
	FILE *list;

	list = open_memstream(&text, &len);
	if (!list) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (!stat("/proc/1/ns/net", &init))
		fprintf(list, "%lu init\n", (unsigned long)init.st_ino);
	if (!stat("/proc/self/ns/net", &self)) {
		for (i = 0; i < sizeof(netns_dirs) / sizeof(netns_dirs[0]); i++)
			list_dir(list, netns_dirs[i], self.st_dev);
	}
	if (fclose(list)) {
		free(text);
		error_set(error, "out of memory");
		return NULL;
	}
	return text;
}
