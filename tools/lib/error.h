/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_ERROR_H
#define SKBTRACE_TOOLS_ERROR_H

/**
 * struct error - what went wrong, where, and what to do about it
 * @text: a sentence without newline; "" if nothing went wrong
 *
 * Who finds an error writes the sentence; only main.c prints it.
 */
struct error {
	char text[512];
};

int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* SKBTRACE_TOOLS_ERROR_H */
