/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_INPUT_H
#define SKBTRACE_TOOLS_INPUT_H

#include <stdint.h>

#include "lib/error.h"

int input_open(const char *path, const char *name, uint64_t *size, struct error *error);

#endif /* SKBTRACE_TOOLS_INPUT_H */
