/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_INTERRUPTS_H
#define SKBTRACE_INTERRUPTS_H

#include <linux/types.h>

struct probe_handlers;

extern bool interrupts_restore;
const struct probe_handlers *interrupts_choose_handlers(void);

#endif /* SKBTRACE_INTERRUPTS_H */
