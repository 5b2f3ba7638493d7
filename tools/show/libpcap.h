/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_LIBPCAP_H
#define SKBTRACE_TOOLS_LIBPCAP_H

#include <linux/filter.h>

#include "lib/error.h"

int libpcap_compile(const char *text, struct sock_filter **insns, unsigned int *nr,
		    struct error *error);

#endif /* SKBTRACE_TOOLS_LIBPCAP_H */
