/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_OPTIONS_H
#define SKBTRACE_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "show/needle.h"
#include "show/show.h"
#include "show/sorted.h"

/* Exit statuses, see skbtrace(8). */
enum status {
	STATUS_OK = 0,
	STATUS_CHANGED = 1,
	STATUS_ERROR = 2,
	STATUS_UNVERIFIED = 3,
	STATUS_COMMAND = 4,
};

/**
 * enum command - what to do
 * @COMMAND_LIVE: journeys as they complete
 * @COMMAND_REPORT: journeys of what there is
 * @COMMAND_CHECK: a verdict for scripts
 * @COMMAND_HOPS: a line a hop
 * @COMMAND_SUMMARY: what all journeys came to
 * @COMMAND_METRICS: that, for monitoring
 * @COMMAND_MESSAGES: a line for each call of an application that sent or received
 * @COMMAND_RECORD: to a file
 * @COMMAND_POINTS: the table of points
 * @COMMAND_STATS: the module's figures
 * @COMMAND_FILTER: what the module is to record
 * @COMMAND_WHERE: the source of an address
 * @COMMAND_RUN: load the module, set it up, trace a command, put all back
 */
enum command {
	COMMAND_LIVE,
	COMMAND_REPORT,
	COMMAND_CHECK,
	COMMAND_HOPS,
	COMMAND_SUMMARY,
	COMMAND_METRICS,
	COMMAND_MESSAGES,
	COMMAND_RECORD,
	COMMAND_POINTS,
	COMMAND_STATS,
	COMMAND_FILTER,
	COMMAND_WHERE,
	COMMAND_RUN,
};

/* Parameters that one command line sets. */
#define OPTIONS_SETTINGS	32

/**
 * struct setting - a parameter of the module
 * @name: its name
 * @value: what to set it to
 * @text: both, with '=' between them
 */
struct setting {
	char *name;
	const char *value;
	const char *text;
};

/**
 * struct options - what was asked for
 * @command: what to do
 * @input: the file to read, NULL for the rings
 * @inputs: all of them, and NULL behind the last; NULL if there is none
 * @nr_inputs: how many
 * @output: the file to write
 * @views: the files to write beside, by enum view_kind; NULL for none
 * @capture_at: see struct view_config
 * @expression: what the rest of the command line says, NULL for nothing
 * @off: filter: none
 * @debuginfo: where: file or folder with debugging information, or NULL
 * @release: where: of which kernel, NULL for the one that runs
 * @debugfs: where debugfs is mounted
 * @filter: what to show
 * @needle: which journeys
 * @json: for programs
 * @width: of the terminal, 0 if it is none
 * @color: with colours
 * @stacks: with stacks
 * @tree: as functions call each other
 * @sort: what report sorts journeys by
 * @by_flow: summary: flow by flow as well
 * @has_duration: only for @duration_ns
 * @duration_ns: how long to follow
 * @count: how many journeys or hops to show, 0 for all
 * @module: run: where the module is, NULL if modprobe finds it
 * @module_filter: run: what it is to record, NULL for all
 * @settings: run: parameters
 * @nr_settings: how many
 * @command_line: run: what to trace, NULL for whatever there is until one is interrupted
 * @max_size: record: bytes of a file, 0 for no limit; then the next one begins
 * @max_age_ns: record: how long a file is written to, 0 for no limit; likewise
 * @max_files: record: files that are kept, the newest
 * @before_ns: record: how much before a journey that is looked for
 * @after_ns: record: how much after it
 * @memory: record: bytes to keep in memory what is before, 0 for the default
 * @compress: record: files are compressed
 */
struct options {
	enum command command;
	const char *input;
	const char **inputs;
	unsigned int nr_inputs;
	const char *output;
	const char *views[NR_VIEWS];
	const char *capture_at;
	char *expression;
	bool off;
	const char *debuginfo;
	const char *release;
	const char *debugfs;
	struct filter filter;
	struct needle needle;
	bool json;
	unsigned int width;
	bool color;
	bool stacks;
	bool tree;
	enum sorted_by sort;
	bool by_flow;
	bool has_duration;
	uint64_t duration_ns;
	uint64_t count;
	const char *module;
	const char *module_filter;
	struct setting settings[OPTIONS_SETTINGS];
	unsigned int nr_settings;
	char **command_line;
	uint64_t max_size;
	uint64_t max_age_ns;
	uint64_t max_files;
	uint64_t before_ns;
	uint64_t after_ns;
	uint64_t memory;
	bool compress;
};

#endif /* SKBTRACE_TOOLS_OPTIONS_H */
