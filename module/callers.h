/* SPDX-License-Identifier: GPL-2.0 */
/* Who called a probed function: callers_orc.c or callers.c, as the kernel has it. */
#ifndef SKBTRACE_CALLERS_H
#define SKBTRACE_CALLERS_H

#include <linux/types.h>

struct pt_regs;

#define STACK_FRAMES	24

unsigned int callers_find(unsigned long *caller, struct pt_regs *regs);

#ifdef CONFIG_UNWINDER_ORC
int callers_init(void);
void callers_exit(void);
u32 callers_known(struct pt_regs *regs);
void callers_remember(struct pt_regs *regs, u32 id);
#else
static inline int callers_init(void) { return 0; }
static inline void callers_exit(void) { }
static inline u32 callers_known(struct pt_regs *regs) { return 0; }
static inline void callers_remember(struct pt_regs *regs, u32 id) { }
#endif

#endif /* SKBTRACE_CALLERS_H */
