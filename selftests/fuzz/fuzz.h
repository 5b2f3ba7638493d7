/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets have in common: bytes to make something of, and what the
 * reader shows of it, which is looked at.
 */
#ifndef SKBTRACE_SELFTESTS_FUZZ_H
#define SKBTRACE_SELFTESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

void fuzz_fail(void) __attribute__((noreturn));

/* A crash that says what is wrong, for libFuzzer to keep the input. */
#define FUZZ_EXPECT(condition, ...) do {				\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);	\
		fprintf(stderr, "" __VA_ARGS__);			\
		fputc('\n', stderr);					\
		fuzz_fail();						\
	}								\
} while (0)

enum fuzz_format {
	FUZZ_TEXT,
	FUZZ_JSON,
};

FILE *fuzz_begin(void);
void fuzz_end(enum fuzz_format format);

void fuzz_check_error(const struct error *error);

#endif /* SKBTRACE_SELFTESTS_FUZZ_H */
