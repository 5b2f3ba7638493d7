/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_TEXT_FIT_H
#define SKBTRACE_TOOLS_TEXT_FIT_H

#include <stdio.h>

int text_width(const char *text);
void text_fit(FILE *out, const char *text, unsigned int width);

#endif /* SKBTRACE_TOOLS_TEXT_FIT_H */
