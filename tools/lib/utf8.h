/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_UTF8_H
#define SKBTRACE_TOOLS_UTF8_H

#include <stddef.h>

size_t utf8_len(const unsigned char *text, size_t len);
void utf8_printable(char *text);

#endif /* SKBTRACE_TOOLS_UTF8_H */
