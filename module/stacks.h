/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_STACKS_H
#define SKBTRACE_STACKS_H

#include <linux/types.h>

struct cpu_trace;
struct pt_regs;
struct seq_file;

int stacks_init(void);
void stacks_exit(void);
u32 stack_record(struct cpu_trace *trace, struct pt_regs *regs);
void stacks_show(struct seq_file *m);

#endif /* SKBTRACE_STACKS_H */
