/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef SKBTRACE_VERSION_H
#define SKBTRACE_VERSION_H

#define SKBTRACE_VERSION "0.2.0"

#endif /* SKBTRACE_VERSION_H */
