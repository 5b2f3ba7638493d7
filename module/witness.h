/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_WITNESS_H
#define SKBTRACE_WITNESS_H

#include <linux/types.h>

/**
 * struct witness_told - what is told when probes are switched
 * @suspend: trace nothing until @see; in any context
 * @see: they see again, or do not
 */
struct witness_told {
	void (*suspend)(void);
	void (*see)(bool see);
};

void witness_init(const struct witness_told *with);
void witness_exit(void);
int witness_sees(void);
unsigned int witness_interruptions(void);

#endif /* SKBTRACE_WITNESS_H */
