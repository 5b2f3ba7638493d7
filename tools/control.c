// SPDX-License-Identifier: GPL-2.0
/* What the module is told: its parameter filter=. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skbtrace/cbpf.h>

#include "control.h"
#include "show/show.h"

#define PARAMETER	"/sys/module/skbtrace/parameters/filter"

static int open_parameter(int flags, struct error *error)
{
	int fd = open(PARAMETER, flags | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return error_set(error, PARAMETER ": not there: is the module loaded?");
	if (errno == EACCES)
		return error_set(error, PARAMETER ": permission denied: only root may set it");
	return error_set(error, PARAMETER ": %s", strerror(errno));
}

/* So that what is printed can be given again. */
static int print_filter(struct error *error)
{
	char text[CBPF_TEXT_MAX + 2];
	int fd = open_parameter(O_RDONLY, error);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		error_set(error, PARAMETER ": %s", strerror(errno));
	close(fd);
	if (len < 0)
		return -1;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	puts(*text ? text : "off");
	return 0;
}

static int set_filter(const char *program, struct error *error)
{
	int fd = open_parameter(O_WRONLY, error);
	int ret = 0;

	if (fd < 0)
		return -1;
	/* One write is one value. */
	if (write(fd, program, strlen(program)) < 0)
		ret = error_set(error, PARAMETER ": %s%s", strerror(errno),
				errno == EINVAL ? ": dmesg says why" : "");
	close(fd);
	return ret;
}

static int save_program(const char *path, const char *program, struct error *error)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int ret = 0;

	if (!file)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (fprintf(file, "%s\n", program) < 0 || fflush(file))
		ret = error_set(error, "%s: %s", path, strerror(errno));
	if (file != stdout)
		fclose(file);
	return ret;
}

static int set_expression(const struct options *options, struct error *error)
{
	const struct expression *expression = options->filter.expression;
	char *program = expression_program(expression, error);
	int ret;

	if (!program)
		return -1;
	if (options->output)
		ret = save_program(options->output, program, error);
	else if (expression->nr > CBPF_INSNS_MAX || strlen(program) > CBPF_TEXT_MAX)
		ret = error_set(error, "the expression makes %u instructions, %zu bytes as text: "
				"the module takes %d, and %d bytes", expression->nr,
				strlen(program), CBPF_INSNS_MAX, CBPF_TEXT_MAX);
	else
		ret = set_filter(program, error);
	free(program);
	return ret;
}

/**
 * control_filter() - show what the module records, or tell it
 * @options: what to tell it
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int control_filter(const struct options *options, struct error *error)
{
	int ret;

	if (options->filter.expression)
		ret = set_expression(options, error);
	else if (options->off)
		ret = set_filter("0", error);
	else
		ret = print_filter(error);
	return ret ? STATUS_ERROR : STATUS_OK;
}
