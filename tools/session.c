// SPDX-License-Identifier: GPL-2.0
/*
 * "skbtrace run": the module is loaded if it is not, told what to record, and traces while
 * a command runs; then all is as it was.
 *
 * Three processes: one that puts back, which does nothing else and so is hard to stop; its
 * child, which traces; and that one's child, the command.  However tracing ends, by a
 * signal or a mistake of ours, the first is there to put back.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/stop.h"
#include "run.h"
#include "session.h"
#include "source/source.h"

#define MODULE		"/sys/module/skbtrace"
#define PARAMETERS	MODULE "/parameters/"

/* A filter is the longest. */
#define VALUE_MAX	65536

/* What a command has sent last is on its way when it ends. */
#define LINGER_US	300000

/* How long a command may take that is told to end. */
#define COMMAND_TRIES	50
#define COMMAND_PAUSE_NS (100 * NSEC_PER_MSEC)

/* Whoever reads the module's files keeps it from being unloaded; for so long it is tried. */
#define UNLOAD_TRIES	50
#define UNLOAD_PAUSE_NS	(100 * NSEC_PER_MSEC)

/**
 * struct session - what is to be put back
 * @loaded: we have loaded the module
 * @saved: parameters that we have set
 * @nr_saved: how many
 */
struct session {
	bool loaded;
	struct {
		const char *name;
		char *value;
	} saved[OPTIONS_SETTINGS];
	unsigned int nr_saved;
};

static void nap(uint64_t ns)
{
	const struct timespec time = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	nanosleep(&time, NULL);
}

static int parameter_path(const char *name, char path[128], struct error *error)
{
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != strlen(name) ||
	    snprintf(path, 128, PARAMETERS "%s", name) >= 128)
		return error_set(error, "--set: \"%s\" is not a parameter", name);
	return 0;
}

static char *get_parameter(const char *name, struct error *error)
{
	char *value = calloc(1, VALUE_MAX + 1);
	char path[128];
	ssize_t len;
	int fd;

	if (!value) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (parameter_path(name, path, error)) {
		free(value);
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, value, VALUE_MAX);
	if (len < 0) {
		error_set(error, "%s: %s", path, errno == ENOENT ? "the module has no such "
			  "parameter" :
			  strerror(errno));
		free(value);
		value = NULL;
	} else {
		value[strcspn(value, "\n")] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return value;
}

static int set_parameter(const char *name, const char *value, struct error *error)
{
	char path[128], *line;
	int fd, ret = 0;

	if (parameter_path(name, path, error))
		return -1;
	/* One write is one value; that of nothing is a line, too. */
	line = malloc(strlen(value) + 2);
	if (!line)
		return error_set(error, "out of memory");
	sprintf(line, "%s\n", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		ret = error_set(error, "%s: \"%.100s\": %s%s", path, value, strerror(errno),
				errno == EINVAL ? ": dmesg says why" : "");
	if (fd >= 0)
		close(fd);
	free(line);
	return ret;
}

/* Return: the exit status, 127 if there is no such program, -1 if it died. */
static int spawn(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_loaded(void)
{
	return !access(MODULE, F_OK);
}

/* So that ring_kb is among them, which is for loading alone. */
static int load_module(struct session *session, const struct options *options,
		       struct error *error)
{
	char *argv[OPTIONS_SETTINGS + 3] = { "modprobe", "skbtrace", NULL };
	unsigned int i;
	int status;

	if (is_loaded())
		return 0;
	if (options->module) {
		argv[0] = "insmod";
		argv[1] = (char *)options->module;
	}
	for (i = 0; i < options->nr_settings; i++)
		argv[i + 2] = (char *)options->settings[i].text;
	status = spawn(argv);
	/* Others may have been quicker; then it is theirs. */
	session->loaded = !status;
	if (status && !is_loaded())
		return error_set(error, "the module is not loaded, and %s %s could not load it%s: "
				 "%s",
				 argv[0], argv[1], status == 127 ? " (there is no such program)" :
				 "", options->module ? "dmesg may say why" : "install it (see "
				 "README), or say where it is: --module skbtrace.ko");
	return 0;
}

static int change(struct session *session, const char *name, const char *value,
		  struct error *error)
{
	unsigned int i, nr = session->nr_saved;
	char *before;

	for (i = 0; i < nr && strcmp(session->saved[i].name, name); i++)
		;
	if (i == nr) {
		before = get_parameter(name, error);
		if (!before)
			return -1;
		session->saved[nr].name = name;
		session->saved[nr].value = before;
		session->nr_saved++;
		if (!strcmp(before, value))
			return 0;
	}
	return set_parameter(name, value, error);
}

static int change_filter(struct session *session, const struct options *options,
			 struct error *error)
{
	char *program;
	int ret;

	if (!options->filter.expression)
		return 0;
	program = expression_program(options->filter.expression, error);
	if (!program)
		return -1;
	ret = change(session, "filter", program, error);
	free(program);
	return ret;
}

/* What was asked for, before anything is recorded. */
static int change_all(struct session *session, const struct options *options,
		      struct error *error)
{
	unsigned int i;

	if (change_filter(session, options, error) ||
	    (options->filter.devices && change(session, "dev", options->filter.devices, error)))
		return -1;
	if (options->stacks && change(session, "stack", "1", error))
		return -1;
	/* It was loaded with them. */
	for (i = 0; !session->loaded && i < options->nr_settings; i++)
		if (change(session, options->settings[i].name, options->settings[i].value, error))
			return -1;
	/* Who asks for a trace wants one. */
	return change(session, "on", "1", error);
}

static int unload(struct error *error)
{
	unsigned int i;

	for (i = 0; i < UNLOAD_TRIES; i++) {
		if (!syscall(__NR_delete_module, "skbtrace", O_NONBLOCK) || errno == ENOENT)
			return 0;
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EBUSY)
			break;
		nap(UNLOAD_PAUSE_NS);
	}
	return error_set(error, "the module stays loaded: %s%s", strerror(errno), errno == EAGAIN ?
			 ": somebody reads its files" : "");
}

/* All is tried, whatever of it fails.  Return: 0 or -1. */
static int put_back(struct session *session)
{
	struct error error;
	int ret = 0;

	while (session->nr_saved--) {
		const char *name = session->saved[session->nr_saved].name;
		const char *value = session->saved[session->nr_saved].value;

		/* What goes with the module need not be told. */
		if (!session->loaded && set_parameter(name, !strcmp(name, "filter") && !*value ?
						      "0" : value, &error)) {
			fprintf(stderr, "skbtrace: %s is not as it was (\"%s\"): %s\n", name, value,
				error.text);
			ret = -1;
		}
		free(session->saved[session->nr_saved].value);
	}
	if (session->loaded && unload(&error)) {
		fprintf(stderr, "skbtrace: %s\n", error.text);
		ret = -1;
	}
	return ret;
}

static volatile sig_atomic_t command_ended;
static int command_status;
static pid_t command;

static void stop(int signal)
{
	(void)signal;
	stop_asked = 1;
}

/* Others of our children end as well. What the command has sent last is still to arrive. */
static void end_of_child(int signal)
{
	static const struct itimerval linger = { .it_value = { .tv_usec = LINGER_US } };
	int status, saved = errno;

	(void)signal;
	if (!command_ended && waitpid(command, &status, WNOHANG) == command) {
		command_status = status;
		command_ended = 1;
		setitimer(ITIMER_REAL, &linger, NULL);
	}
	errno = saved;
}

/* It waits until tracing has begun. */
static void be_command(char *const argv[], int begun)
{
	char byte;

	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	while (read(begun, &byte, 1) < 0 && errno == EINTR)
		;
	execvp(argv[0], argv);
	fprintf(stderr, "skbtrace: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Return: where to close what it waits for, or -1. */
static int start_command(char *const argv[], struct error *error)
{
	struct sigaction action;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return error_set(error, "pipe: %s", strerror(errno));
	memset(&action, 0, sizeof(action));
	action.sa_flags = SA_NOCLDSTOP;
	action.sa_handler = stop;
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = end_of_child;
	sigaction(SIGCHLD, &action, NULL);
	command = fork();
	if (!command) {
		close(ends[1]);
		be_command(argv, ends[0]);
	}
	close(ends[0]);
	if (command < 0) {
		close(ends[1]);
		return error_set(error, "fork: %s", strerror(errno));
	}
	return ends[1];
}

/* Return: what the command has ended with, 0 if it was ended. */
static int end_command(const char *name)
{
	unsigned int i;

	if (command_ended)
		return WIFEXITED(command_status) ? WEXITSTATUS(command_status) :
		       128 + WTERMSIG(command_status);
	kill(command, SIGTERM);
	for (i = 0; i < COMMAND_TRIES && !command_ended; i++)
		nap(COMMAND_PAUSE_NS);
	if (!command_ended)
		fprintf(stderr, "skbtrace: %s[%d] does not end, and is left running\n", name,
			(int)command);
	return 0;
}

/* The process that traces.  Return: the exit status. */
static int trace(const struct options *options, struct error *error)
{
	struct source *source = rings_open(options->debugfs, RINGS_NOW, error);
	int begin = -1, status = STATUS_ERROR, failed = 0;

	if (source && options->command_line)
		begin = start_command(options->command_line, error);
	if (source && (begin >= 0 || !options->command_line)) {
		/* What is seen from here on is read: the rings are open. */
		if (begin >= 0)
			close(begin);
		status = run(options, source, error);
		if (options->command_line)
			failed = end_command(options->command_line[0]);
	}
	source_close(source);
	if (fflush(stdout)) {
		error_set(error, "standard output: %s", strerror(errno));
		status = STATUS_ERROR;
	}
	if (failed) {
		fprintf(stderr, "skbtrace: %s has ended with status %d\n",
			options->command_line[0], failed);
		status = status == STATUS_OK ? STATUS_COMMAND : status;
	}
	if (*error->text)
		fprintf(stderr, "skbtrace: %s\n", error->text);
	return status;
}

static pid_t tracer;

/*
 * What is sent to the one that puts back is meant for the one that traces; of what a
 * terminal sends that has its own.
 */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (tracer > 0 && info->si_code <= 0)
		kill(tracer, signal);
}

static int trace_in_child(const struct options *options, struct error *error)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action;
	sigset_t all, before;
	unsigned int i;
	int status;

	memset(&action, 0, sizeof(action));
	sigemptyset(&all);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&all, signals[i]);
	sigprocmask(SIG_BLOCK, &all, &before);
	tracer = fork();
	if (!tracer) {
		/* Of its own group's terminal it hears by itself, of others through us. */
		stop_on_signals();
		signal(SIGHUP, SIG_DFL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(trace(options, error));
	}
	action.sa_sigaction = pass_on;
	action.sa_flags = SA_SIGINFO;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (tracer < 0) {
		error_set(error, "fork: %s", strerror(errno));
		return STATUS_ERROR;
	}
	while (waitpid(tracer, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_ERROR;
	tracer = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	error_set(error, "tracing was ended by signal %d", WTERMSIG(status));
	return STATUS_ERROR;
}

/**
 * session() - trace while a command runs, or until one is told to stop
 * @options: what to load, set and show
 * @error: set if it fails
 *
 * Return: the exit status.
 */
int session(const struct options *options, struct error *error)
{
	struct session session = { .loaded = false };
	int status = STATUS_ERROR;

	/* Nobody who reads what we say keeps us from putting back. */
	signal(SIGPIPE, SIG_IGN);
	if (!load_module(&session, options, error) && !change_all(&session, options, error))
		status = trace_in_child(options, error);
	return put_back(&session) ? STATUS_ERROR : status;
}
