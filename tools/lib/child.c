// SPDX-License-Identifier: GPL-2.0
/* Other programs, run without a shell. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

/**
 * child_is_there() - is a program installed
 * @program: its name, looked for in $PATH
 */
bool child_is_there(const char *program)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];
	size_t len;

	for (; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (snprintf(file, sizeof(file), "%.*s/%s", (int)len, path, program) <
		    (int)sizeof(file) && !access(file, X_OK))
			return true;
	}
	return false;
}

/**
 * child_start() - run a program
 * @child: set
 * @argv: the program, looked for in $PATH, and its arguments, ended by NULL
 * @error: set if it fails
 *
 * Its complaints are not shown.
 *
 * Return: 0 or -1.
 */
int child_start(struct child *child, char * const argv[], struct error *error)
{
	int pipes[2], null;

	if (pipe(pipes))
		return error_set(error, "%s: %s", argv[0], strerror(errno));
	child->pid = fork();
	if (!child->pid) {
		null = open("/dev/null", O_RDWR);
		if (null < 0 || dup2(null, 0) < 0 || dup2(pipes[1], 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		close(pipes[0]);
		close(pipes[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipes[1]);
	child->out = child->pid > 0 ? fdopen(pipes[0], "r") : NULL;
	if (child->out)
		return 0;
	error_set(error, "%s: %s", argv[0], strerror(errno));
	close(pipes[0]);
	return -1;
}

/**
 * child_end() - wait for a program
 * @child: what child_start() has set
 *
 * Return: its exit status, -1 if it was killed.
 */
int child_end(struct child *child)
{
	int status;

	fclose(child->out);
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
