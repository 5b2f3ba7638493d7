/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_CHAIN_H
#define SKBTRACE_TOOLS_CHAIN_H

#include "records.h"

struct source *chain_open(struct source **sources, unsigned int nr, struct error *error);

#endif /* SKBTRACE_TOOLS_CHAIN_H */
