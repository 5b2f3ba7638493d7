// SPDX-License-Identifier: GPL-2.0
/* skbtrace: on which hop did the payload change? */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <skbtrace/version.h>

#include "control.h"
#include "options.h"
#include "profile.h"
#include "run.h"
#include "run_hosts.h"
#include "save.h"
#include "session.h"
#include "show/known.h"
#include "show/show.h"
#include "source/source.h"
#include "usage.h"
#include "values.h"
#include "where.h"

/* Behind all letters: an option a view. */
#define OPTION_VIEW	256

static const struct option long_options[] = {
	{ "dev", required_argument, NULL, 'd' },
	{ "netns", required_argument, NULL, 'N' },
	{ "pid", required_argument, NULL, 'p' },
	{ "points", required_argument, NULL, 'P' },
	{ "only", required_argument, NULL, 'O' },
	{ "id", required_argument, NULL, 'I' },
	{ "between", required_argument, NULL, 'b' },
	{ "min-latency", required_argument, NULL, 'L' },
	{ "stack", no_argument, NULL, 's' },
	{ "tree", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "duration", required_argument, NULL, 'D' },
	{ "count", required_argument, NULL, 'c' },
	{ "output", required_argument, NULL, 'o' },
	{ "sort", required_argument, NULL, 'S' },
#define VIEW_OPTION(_name) { #_name, required_argument, NULL, OPTION_VIEW + VIEW_KIND_##_name },
	VIEWS(VIEW_OPTION)
#undef VIEW_OPTION
	{ "capture-at", required_argument, NULL, 'w' },
	{ "by", required_argument, NULL, 'B' },
	{ "max-size", required_argument, NULL, 'Z' },
	{ "max-age", required_argument, NULL, 'A' },
	{ "max-files", required_argument, NULL, 'M' },
	{ "before", required_argument, NULL, 'a' },
	{ "after", required_argument, NULL, 'e' },
	{ "memory", required_argument, NULL, 'y' },
	{ "compress", no_argument, NULL, 'z' },
	{ "debuginfo", required_argument, NULL, 'G' },
	{ "kernel", required_argument, NULL, 'K' },
	{ "module", required_argument, NULL, 'm' },
	{ "filter", required_argument, NULL, 'f' },
	{ "set", required_argument, NULL, 'x' },
	{ "color", required_argument, NULL, 'C' },
	{ "debugfs", required_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const char * const commands[] = {
	[COMMAND_LIVE] = "live",
	[COMMAND_REPORT] = "report",
	[COMMAND_CHECK] = "check",
	[COMMAND_HOPS] = "hops",
	[COMMAND_SUMMARY] = "summary",
	[COMMAND_METRICS] = "metrics",
	[COMMAND_MESSAGES] = "messages",
	[COMMAND_RECORD] = "record",
	[COMMAND_POINTS] = "points",
	[COMMAND_STATS] = "stats",
	[COMMAND_FILTER] = "filter",
	[COMMAND_WHERE] = "where",
	[COMMAND_RUN] = "run",
};

/* Each time a file is full all are renamed. */
#define MAX_FILES	10000

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static int parse_option(struct options *options, int option, struct error *error)
{
	uint64_t number;

	if (option >= OPTION_VIEW) {
		options->views[option - OPTION_VIEW] = optarg;
		return 0;
	}
	switch (option) {
	case 'd':
		options->filter.devices = optarg;
		return 0;
	case 'N':
		options->filter.netns = optarg;
		return 0;
	case 'p':
		if (value_number("pid", optarg, UINT32_MAX, &number, error))
			return -1;
		options->filter.has_pid = true;
		options->filter.pid = number;
		return 0;
	case 'P':
		options->filter.points = optarg;
		return known_points("--points", optarg, error);
	case 'O':
		return needle_parse_only(&options->needle, optarg, error);
	case 'I':
		/* A call of an application has a number without a dot. */
		if (!strchr(optarg, '.')) {
			options->needle.has_call = true;
			return value_number("id", optarg + (*optarg == '#'), UINT64_MAX,
					    &options->needle.call, error);
		}
		options->needle.has_id = true;
		return value_id(optarg, &options->needle.id, error);
	case 'b':
		if (needle_parse_between(&options->needle, optarg, error) ||
		    known_points("--between", options->needle.from, error))
			return -1;
		return known_points("--between", options->needle.to, error);
	case 'L':
		return value_latency(optarg, &options->needle.min_latency_ns, error);
	case 's':
		options->stacks = true;
		return 0;
	case 't':
		options->tree = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'D':
		options->has_duration = true;
		return value_duration("duration", optarg, &options->duration_ns, error);
	case 'c':
		return value_number("count", optarg, UINT64_MAX, &options->count, error);
	case 'o':
		options->output = optarg;
		return 0;
	case 'S':
		return sorted_parse(optarg, &options->sort, error);
	case 'w':
		options->capture_at = optarg;
		return 0;
	case 'Z':
		return value_size("max-size", optarg, &options->max_size, error);
	case 'A':
		return value_duration("max-age", optarg, &options->max_age_ns, error);
	case 'M':
		return value_number("max-files", optarg, MAX_FILES, &options->max_files, error);
	case 'a':
		return value_duration("before", optarg, &options->before_ns, error);
	case 'e':
		return value_duration("after", optarg, &options->after_ns, error);
	case 'y':
		return value_size("memory", optarg, &options->memory, error);
	case 'z':
		options->compress = true;
		return 0;
	case 'B':
		if (strcmp(optarg, "flow"))
			return error_set(error, "--by: \"%s\" is not flow", optarg);
		options->by_flow = true;
		return 0;
	case 'm':
		options->module = optarg;
		return 0;
	case 'f':
		options->module_filter = optarg;
		return 0;
	case 'x':
		return value_setting(options, optarg, error);
	case 'C':
		return value_color(optarg, &options->color, error);
	case 'G':
		options->debuginfo = optarg;
		return 0;
	case 'K':
		options->release = optarg;
		return 0;
	case 'F':
		options->debugfs = optarg;
		return 0;
	case 'h':
		usage(stdout);
		exit(STATUS_OK);
	case 'V':
		puts("skbtrace " SKBTRACE_VERSION);
		exit(STATUS_OK);
	default:
		/* getopt_long() has said what is wrong. */
		return error_set(error, "see skbtrace --help");
	}
}

static int parse_command(struct options *options, const char *word, struct error *error)
{
	unsigned int i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(word, commands[i])) {
			options->command = i;
			return 0;
		}
	}
	return error_set(error, "\"%s\" is not a command: see skbtrace --help", word);
}

/* Or does it say what is asked for by itself? */
static bool has_source(enum command command)
{
	return command != COMMAND_FILTER && command != COMMAND_WHERE;
}

static bool takes_expression(enum command command)
{
	return command != COMMAND_POINTS && command != COMMAND_STATS;
}

/* Is a word a file?  What is there is one; and no expression begins as a path does. */
static bool is_input(const struct options *options, const char *word)
{
	if (!takes_expression(options->command))
		return true;
	if (!has_source(options->command))
		return false;
	return !strcmp(word, "-") || *word == '/' || *word == '.' || !access(word, F_OK);
}

static char *join(char **words, int nr)
{
	size_t len = 1;
	char *text;
	int i;

	for (i = 0; i < nr; i++)
		len += strlen(words[i]) + 1;
	text = calloc(1, len);
	for (i = 0; text && i < nr; i++) {
		strcat(text, i ? " " : "");
		strcat(text, words[i]);
	}
	return text;
}

/* Recordings of several hosts, which are joined. */
static bool takes_files(enum command command)
{
	return command == COMMAND_REPORT || command == COMMAND_CHECK ||
	       command == COMMAND_HOPS || command == COMMAND_SUMMARY;
}

/* Behind the command may stand files, and an expression. */
static int parse_words(struct options *options, char **words, int nr, struct error *error)
{
	if (options->command == COMMAND_RUN) {
		options->command_line = nr ? words : NULL;
		if (!options->module_filter)
			return 0;
		options->expression = strdup(options->module_filter);
		return options->expression ? 0 : error_set(error, "out of memory");
	}
	options->inputs = calloc(nr + 1, sizeof(*options->inputs));
	if (!options->inputs)
		return error_set(error, "out of memory");
	while (nr && is_input(options, *words)) {
		options->inputs[options->nr_inputs++] = *words++;
		nr--;
	}
	options->input = options->inputs[0];
	if (options->nr_inputs > 1 && !takes_files(options->command))
		return error_set(error, "\"%s\": one file is enough", options->inputs[1]);
	if (nr && !takes_expression(options->command))
		return error_set(error, "\"%s\": one file is enough", *words);
	if (!nr)
		return 0;
	options->expression = join(words, nr);
	return options->expression ? 0 : error_set(error, "out of memory");
}

static int check_views(const struct options *options, struct error *error)
{
	bool hops = options->command == COMMAND_HOPS;
	bool journeys = options->command == COMMAND_LIVE || options->command == COMMAND_REPORT ||
			options->command == COMMAND_CHECK || options->command == COMMAND_RUN;
	unsigned int i;

	for (i = 0; i < NR_VIEWS; i++) {
		const struct view_ops *ops = view_ops_of(i);

		if (options->views[i] && options->nr_inputs > 1)
			return error_set(error, "\"%s\": of one recording at a time",
					 options->views[i]);
		if (options->views[i] && !journeys && !(hops && ops->hop))
			return error_set(error, "--%s: only live, report%s check%s", ops->name,
					 ops->hop ? "," : " and",
					 ops->hop ? " and hops show hops" : " show journeys");
	}
	if (options->capture_at && (!options->views[VIEW_KIND_pcapng] || !journeys))
		return error_set(error, "--capture-at: of journeys in a --pcapng file");
	return 0;
}

/* Calls of applications are found by less than journeys are. */
static int check_messages(const struct options *options, struct error *error)
{
	if (options->command != COMMAND_MESSAGES)
		return options->needle.has_call ?
		       error_set(error, "--id: a journey's number is one like 1234.0") : 0;
	if (options->filter.devices || options->filter.points)
		return error_set(error, "--dev, --points: messages have been at none");
	return needle_check_call(&options->needle, error);
}

static int check_options(const struct options *options, struct error *error)
{
	bool records = options->command == COMMAND_RECORD;
	bool counts = options->command == COMMAND_SUMMARY || options->command == COMMAND_METRICS;
	bool writes = records || (options->command == COMMAND_FILTER && options->expression) ||
		      options->command == COMMAND_METRICS;

	if (records && save_check(options, error))
		return -1;
	if (!writes && options->output)
		return error_set(error, "-o: only record and metrics write a file, and filter a program");
	if (!records &&
	    (options->max_size || options->max_age_ns || options->max_files || options->before_ns ||
	     options->after_ns || options->memory || options->compress))
		return error_set(error, "--max-size, --max-age, --max-files, --before, --after, "
				 "--memory, --compress: only record writes such files");
	if (needle_is_set(&options->needle) &&
	    (options->command == COMMAND_HOPS || !takes_expression(options->command) ||
	     !has_source(options->command)))
		return error_set(error, "--only, --id, --between, --min-latency: choose journeys, of "
				 "which %s knows none", commands[options->command]);
	if ((options->module || options->module_filter || options->nr_settings) &&
	    options->command != COMMAND_RUN)
		return error_set(error, "--module, --filter, --set: only run sets up the module");
	if (check_messages(options, error))
		return -1;
	if (counts && options->json)
		return error_set(error, "--json: for programs there is \"skbtrace metrics\"");
	if (options->by_flow && options->command != COMMAND_SUMMARY &&
	    options->command != COMMAND_LIVE && options->command != COMMAND_RUN &&
	    options->command != COMMAND_MESSAGES)
		return error_set(error, "--by: only summary, live, run and messages count flows");
	if (options->command == COMMAND_METRICS && options->input && options->output)
		return error_set(error, "-o: what is in a file does not change: metrics F >F2");
	if (check_views(options, error))
		return -1;
	if (options->sort && options->command != COMMAND_REPORT)
		return error_set(error, "--sort: only report knows all before it shows one");
	if (options->input && options->command == COMMAND_LIVE)
		return error_set(error, "live: reads the rings, not a file");
	if ((options->debuginfo || options->release) && options->command != COMMAND_WHERE)
		return error_set(error, "--debuginfo, --kernel: only where looks into a kernel");
	if (options->nr_inputs > 1 && (options->sort || options->by_flow))
		return error_set(error, "--sort, --by: of one recording at a time");
	if (options->input && options->has_duration)
		return error_set(error, "--duration: a file has what it has");
	return 0;
}

/* Of the terminal that is written to, 0 if it is none or too narrow to care. */
static unsigned int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
		return 0;
	return size.ws_col;
}

static int parse(struct options *options, int argc, char **argv, struct error *error)
{
	const char *no_color;
	int option;

	options->command = COMMAND_LIVE;
	no_color = getenv("NO_COLOR");
	options->width = terminal_width();
	options->color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	options->debugfs = getenv("SKBTRACE_DEBUGFS");
	if (!options->debugfs)
		options->debugfs = "/sys/kernel/debug";
	while ((option = getopt_long(argc, argv, "d:N:p:P:O:stjD:c:o:C:hV", long_options,
				     NULL)) != -1)
		if (parse_option(options, option, error))
			return -1;
	if (optind < argc && parse_command(options, argv[optind++], error))
		return -1;
	if (parse_words(options, argv + optind, argc - optind, error))
		return -1;
	return check_options(options, error);
}

/* A name of a file that is not there has been taken for an expression. */
static int compile(struct options *options, struct expression *expression, struct error *error)
{
	const char *text = options->expression;
	bool may_be_file = !options->input && options->command != COMMAND_FILTER &&
			   options->command != COMMAND_LIVE && options->command != COMMAND_RECORD &&
			   options->command != COMMAND_RUN;
	struct error wrong;

	if (!text || !*text || options->command == COMMAND_WHERE)
		return 0;
	if (options->command == COMMAND_FILTER && (!strcmp(text, "off") || !strcmp(text, "0"))) {
		options->off = true;
		return 0;
	}
	if (!expression_compile(expression, text, &wrong)) {
		options->filter.expression = expression;
		return 0;
	}
	if (may_be_file && !strpbrk(text, " \t\n"))
		return error_set(error, "there is no file %s, and it is no expression: %.300s", text,
				 wrong.text);
	*error = wrong;
	return -1;
}

/* What is read from the rings without --duration is what they retain. */
static struct source *open_source(const struct options *options, struct error *error)
{
	bool follow = options->command == COMMAND_LIVE ||
		      (options->command == COMMAND_METRICS && options->output) ||
		      (options->has_duration && options->command != COMMAND_RECORD);

	if (options->input)
		return file_open(options->input, error);
	return rings_open(options->debugfs, follow ? RINGS_NOW : RINGS_OLDEST, error);
}

static int dispatch(const struct options *options, struct source *source, struct error *error)
{
	switch (options->command) {
	case COMMAND_LIVE:
	case COMMAND_REPORT:
	case COMMAND_CHECK:
	case COMMAND_HOPS:
	case COMMAND_SUMMARY:
	case COMMAND_METRICS:
	case COMMAND_MESSAGES:
		return run(options, source, error);
	case COMMAND_RECORD:
		return save(options, source, error);
	case COMMAND_POINTS:
		return show_points(source, options->filter.points, options->json, error) ?
		       STATUS_ERROR : STATUS_OK;
	case COMMAND_STATS:
		return show_stats(source, options->json, error) ? STATUS_ERROR : STATUS_OK;
	case COMMAND_FILTER:
	case COMMAND_WHERE:
	case COMMAND_RUN:
		break;		/* have no source, or one of their own */
	}
	return STATUS_ERROR;
}

static void complain(const struct error *error)
{
	if (*error->text)
		fprintf(stderr, "skbtrace: %s\n", error->text);
}

/* Do what was asked for.  Return: the exit status. */
static int perform(const struct options *options, struct error *error)
{
	static char buffer[1 << 16];
	struct source *source = NULL;
	int status;

	if (options->command == COMMAND_RUN) {
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		status = session(options, error);
		complain(error);
		return status;
	}
	if (options->nr_inputs < 2 && has_source(options->command)) {
		source = open_source(options, error);
		if (!source) {
			complain(error);
			return STATUS_ERROR;
		}
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (options->nr_inputs > 1)
		status = run_hosts(options, error);
	else if (source)
		status = dispatch(options, source, error);
	else if (options->command == COMMAND_WHERE)
		status = where(options, error);
	else
		status = control_filter(options, error);
	if (fflush(stdout)) {
		error_set(error, "standard output: %s", strerror(errno));
		status = STATUS_ERROR;
	}
	complain(error);
	if (!source)
		return status;
	/* Damage is told last, where it is not overlooked. */
	complain(&source->damage);
	if (*source->damage.text)
		status = STATUS_ERROR;
	source_close(source);
	return status;
}

int main(int argc, char **argv)
{
	struct expression expression = { 0 };
	struct options options = { 0 };
	struct error error = { "" };
	int status = STATUS_ERROR;
	struct words words;

	if (profile_expand(&words, argc, argv, &error) ||
	    parse(&options, words.argc, words.argv, &error) || compile(&options, &expression, &error))
		complain(&error);
	else
		status = perform(&options, &error);
	expression_free(&expression);
	free(options.expression);
	free(options.inputs);
	while (options.nr_settings)
		free(options.settings[--options.nr_settings].name);
	profile_free(&words);
	return status;
}
