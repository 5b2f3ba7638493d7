/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_WITNESS_H
#define SKBTRACE_WITNESS_H

void witness_init(void);
void witness_exit(void);
int witness_sees(void);

#endif /* SKBTRACE_WITNESS_H */
