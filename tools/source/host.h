/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_HOST_H
#define SKBTRACE_TOOLS_HOST_H

#include "records.h"

/* Of a name 64 characters are a host's, see gethostname(2); the other is a UUID. */
#define HOST_NAME_LEN	65
#define HOST_BOOT_LEN	40
#define HOST_LOAD_LEN	40

/**
 * struct host - where records come from
 * @name: name of the host, "" if it is not known
 * @boot: what this boot of it is known by, "" likewise
 * @load: when the module was loaded, "" likewise: lives are counted from then
 */
struct host {
	char name[HOST_NAME_LEN];
	char boot[HOST_BOOT_LEN];
	char load[HOST_LOAD_LEN];
};

char *host_text(const char *dir, struct error *error);
int host_of(struct source *source, struct host *host, struct error *error);

#endif /* SKBTRACE_TOOLS_HOST_H */
