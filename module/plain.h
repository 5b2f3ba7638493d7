/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_PLAIN_H
#define SKBTRACE_PLAIN_H

#include <linux/types.h>

struct kprobe;
struct point;
struct pt_regs;

bool point_is_plain(const struct point *point);
int entry_handler(struct kprobe *kp, struct pt_regs *regs);

#endif /* SKBTRACE_PLAIN_H */
