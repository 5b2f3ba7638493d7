/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_HEALTH_H
#define SKBTRACE_TOOLS_HEALTH_H

#include "records.h"

/**
 * struct health - why the module does not see all that it is to see
 * @text: a few words, "" if it does
 */
struct health {
	char text[192];
};

int health_of(struct source *source, struct health *why, struct error *error);
int health_has_sockets(struct source *source, struct error *error);

#endif /* SKBTRACE_TOOLS_HEALTH_H */
