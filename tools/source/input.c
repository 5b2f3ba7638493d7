// SPDX-License-Identifier: GPL-2.0
/* A file to be read here and there, also where what is given can be read once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

/* Return: where the copy is, or -1. */
static int copy_to_disk(int fd, const char *name, struct error *error)
{
	static char buffer[1 << 16];
	FILE *copy = tmpfile();
	ssize_t got;
	int to;

	if (!copy)
		return error_set(error, "temporary file: %s", strerror(errno));
	while ((got = read(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || fwrite(buffer, 1, got, copy) != (size_t)got)
			break;
	}
	if (got || fflush(copy)) {
		error_set(error, "%s: copying it to a temporary file: %s", name, strerror(errno));
		fclose(copy);
		return -1;
	}
	to = dup(fileno(copy));
	fclose(copy);
	return to < 0 ? error_set(error, "%s: %s", name, strerror(errno)) : to;
}

static int size_of(int fd, const char *name, uint64_t *size, struct error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(error, "%s: %s", name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(error, "%s: is a directory", name);
	*size = st.st_size;
	return S_ISREG(st.st_mode);
}

/**
 * input_open() - open a file, or a copy of what is none
 * @path: its name, "-" for standard input
 * @name: what to call it in errors
 * @size: set to its size
 * @error: set if it fails
 *
 * Return: its descriptor, or -1.
 */
int input_open(const char *path, const char *name, uint64_t *size, struct error *error)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	int is_file, copy;

	if (fd < 0)
		return error_set(error, "%s: %s", name, strerror(errno));
	is_file = size_of(fd, name, size, error);
	if (is_file > 0)
		return fd;
	copy = is_file ? -1 : copy_to_disk(fd, name, error);
	close(fd);
	if (copy >= 0 && size_of(copy, name, size, error) < 0) {
		close(copy);
		return -1;
	}
	return copy;
}
