// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

/**
 * error_set() - say what went wrong
 * @error: where to write the sentence
 * @format: as of printf()
 *
 * Return: -1, so that a failing function can end with "return error_set(...)".
 */
int error_set(struct error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}
