// SPDX-License-Identifier: GPL-2.0
/* What the values of options say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "values.h"

/**
 * value_number() - a number
 * @option: whose value it is
 * @text: the value
 * @max: the greatest that is one
 * @number: set
 * @error: set if it is none
 *
 * Return: 0 or -1, as all others here.
 */
int value_number(const char *option, const char *text, uint64_t max, uint64_t *number,
		 struct error *error)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || *number > max)
		return error_set(error, "--%s: \"%s\" is not a number from 0 to %llu", option,
				 text, (unsigned long long)max);
	return 0;
}

/* value_size() - bytes, or with a suffix as dd(1) has them */
int value_size(const char *option, const char *text, uint64_t *bytes, struct error *error)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	unsigned int shift;
	char *end;

	errno = 0;
	*bytes = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	shift = suffix ? 10 * (suffix - suffixes + 1) : 0;
	if (errno || *text < '0' || *text > '9' || !*bytes || *bytes > UINT64_MAX >> shift ||
	    *(end + !!suffix))
		return error_set(error, "--%s: \"%s\" is not a size like 512K, 64M or 2G", option,
				 text);
	*bytes <<= shift;
	return 0;
}

/* value_duration() - seconds */
int value_duration(const char *option, const char *text, uint64_t *ns, struct error *error)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	/* A century; also refuses what is no number at all. */
	if (end == text || *end || !(seconds >= 0 && seconds <= 3e9))
		return error_set(error, "--%s: \"%s\" is not a number of seconds", option, text);
	*ns = seconds * NSEC_PER_SEC;
	return 0;
}

/* value_id() - a journey's number, as show_id() prints it */
int value_id(const char *text, uint64_t *id, struct error *error)
{
	unsigned long long index;
	unsigned int cpu;
	char rest;

	text += *text == '#';
	if (sscanf(text, "%llu.%u%c", &index, &cpu, &rest) != 2 || cpu > 0xffff)
		return error_set(error, "--id: \"%s\" is not a journey's number like 1234.0", text);
	*id = JOURNEY_ID(index, cpu);
	return 0;
}

/* value_latency() - seconds, or with a unit */
int value_latency(const char *text, uint64_t *ns, struct error *error)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 } };
	double number;
	unsigned int i;
	char *end;

	number = strtod(text, &end);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end != text && !strcmp(end, units[i].unit) && number >= 0 && number <= 3e9) {
			*ns = number * units[i].ns;
			return 0;
		}
	return error_set(error, "--min-latency: \"%s\" is not a time like 5ms, 250us or 1.5", text);
}

/* value_setting() - a parameter of the module, as in stack=1 */
int value_setting(struct options *options, const char *text, struct error *error)
{
	struct setting *setting = &options->settings[options->nr_settings];
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return error_set(error, "--set: \"%s\" is not a parameter and its value, like "
				 "stack=1", text);
	if (options->nr_settings == OPTIONS_SETTINGS)
		return error_set(error, "--set: more than %d parameters", OPTIONS_SETTINGS);
	setting->text = text;
	setting->value = equals + 1;
	setting->name = strndup(text, equals - text);
	if (!setting->name)
		return error_set(error, "out of memory");
	options->nr_settings++;
	return 0;
}

/* value_color() - whether with colours; on "auto" it stays as it is */
int value_color(const char *text, bool *color, struct error *error)
{
	if (!strcmp(text, "auto"))
		return 0;
	*color = !strcmp(text, "always");
	if (!*color && strcmp(text, "never"))
		return error_set(error, "--color: \"%s\" is not auto, always or never", text);
	return 0;
}
