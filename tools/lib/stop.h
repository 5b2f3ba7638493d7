/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_STOP_H
#define SKBTRACE_TOOLS_STOP_H

#include <signal.h>

/* Set when the user wants no more: what has been read is still shown. */
extern volatile sig_atomic_t stop_asked;

void stop_on_signals(void);

#endif /* SKBTRACE_TOOLS_STOP_H */
