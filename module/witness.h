/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_WITNESS_H
#define SKBTRACE_WITNESS_H

#include <linux/types.h>

void witness_init(void (*with)(bool see));
void witness_exit(void);
int witness_sees(void);
unsigned int witness_interruptions(void);

#endif /* SKBTRACE_WITNESS_H */
