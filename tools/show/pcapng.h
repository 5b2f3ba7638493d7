/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_PCAPNG_H
#define SKBTRACE_TOOLS_PCAPNG_H

#include "filter.h"
#include "journey/journey.h"
#include "lib/error.h"
#include "source/source.h"

struct pcapng;

struct pcapng *pcapng_open(const char *path, struct names *names, struct error *error);
void pcapng_hop(struct pcapng *pcapng, const struct skbtrace_record *record);
void pcapng_journey(struct pcapng *pcapng, const struct filter *filter,
		    const struct journey *journey, const struct verdict *verdict);
void pcapng_flush(struct pcapng *pcapng);
int pcapng_close(struct pcapng *pcapng, struct error *error);

#endif /* SKBTRACE_TOOLS_PCAPNG_H */
