/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_HANDLERS_H
#define SKBTRACE_HANDLERS_H

struct kprobe;
struct pt_regs;

int entry_handler(struct kprobe *kp, struct pt_regs *regs);

#endif /* SKBTRACE_HANDLERS_H */
