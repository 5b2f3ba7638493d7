// SPDX-License-Identifier: GPL-2.0
/* Pieces of text: names, places, reasons, times. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/utf8.h"
#include "text_pieces.h"

#define REASON_LEN	64

/**
 * text_color() - what switches a colour on, or off
 * @show: whether there are colours
 * @code: the colour
 *
 * Return: @code, or "".
 */
const char *text_color(const struct show *show, const char *code)
{
	return show->color ? code : "";
}

/**
 * text_name() - a name that comes from elsewhere, fit for a terminal
 * @to: set to it
 * @size: of @to
 * @name: the name
 * @len: of @name, at most
 */
void text_name(char *to, size_t size, const char *name, size_t len)
{
	len = strnlen(name, len);
	if (len >= size)
		len = size - 1;
	memcpy(to, name, len);
	to[len] = '\0';
	utf8_printable(to);
}

/**
 * text_device() - a device, and where a packet goes from there
 * @record: the hop
 * @text: TEXT_DEVICE_LEN bytes
 *
 * Return: @text.
 */
const char *text_device(const struct skbtrace_record *record, char *text)
{
	char dev[SKBTRACE_NAME_LEN + 1], peer[SKBTRACE_NAME_LEN + 1];

	text_name(dev, sizeof(dev), record->dev, SKBTRACE_NAME_LEN);
	text_name(peer, sizeof(peer), record->peer, SKBTRACE_NAME_LEN);
	snprintf(text, TEXT_DEVICE_LEN, "%s%s%s", dev, *peer ? " ⇒ " : "", peer);
	return text;
}

/**
 * text_netns() - a network namespace, by name if it has one
 * @show: names
 * @record: the hop
 * @text: TEXT_NETNS_LEN bytes
 *
 * Return: @text.
 */
const char *text_netns(struct show *show, const struct skbtrace_record *record, char *text)
{
	const char *name;

	*text = '\0';
	if (!(record->flags & SKBTRACE_F_NETNS))
		return text;
	name = names_netns(show->names, record->netns);
	if (name)
		text_name(text, TEXT_NETNS_LEN, name, strlen(name));
	else
		snprintf(text, TEXT_NETNS_LEN, "%" PRIu32, record->netns);
	return text;
}

/**
 * text_duration() - print how long something took
 * @out: where to
 * @ns: how long
 */
void text_duration(FILE *out, uint64_t ns)
{
	if (ns < 10 * NSEC_PER_MSEC)
		fprintf(out, "%.1f µs", ns / 1e3);
	else
		fprintf(out, "%.1f ms", ns / 1e6);
}

/**
 * text_reason() - print a drop reason
 * @show: where to, and names
 * @record: the hop that has it
 */
void text_reason(struct show *show, const struct skbtrace_record *record)
{
	const char *name = names_reason(show->names, record->ret);
	char text[REASON_LEN];

	if (name) {
		text_name(text, sizeof(text), name, strlen(name));
		fputs(text, show->out);
	} else {
		fprintf(show->out, "%" PRId64, (int64_t)record->ret);
	}
}

/**
 * text_ret() - print what a function returned, and when
 * @out: where to
 * @record: its return
 */
void text_ret(FILE *out, const struct skbtrace_record *record)
{
	const struct point *point = point_of(record->point);
	const char *name = point_ret_name(point, record->ret);

	/* What a merge returns is whether it was made: of others there is no record. */
	if (!(record->flags & SKBTRACE_F_RET)) {
		text_duration(out, record->duration_ns);
		return;
	}
	if (point->role == ROLE_CLONE || point->role == ROLE_SEGMENTS)
		fprintf(out, "ret=0x%" PRIx64, (uint64_t)record->ret);
	else
		fprintf(out, "ret=%" PRId64, (int64_t)record->ret);
	if (name)
		fprintf(out, " %s", name);
	if (record->flags & SKBTRACE_F_HOOK)
		fprintf(out, " in %s of %s", point_hook_name(record->hook_family, record->hook),
			point_hook_family(record->hook_family));
	fputs(", ", out);
	text_duration(out, record->duration_ns);
}

/**
 * text_caller() - print who called a function
 * @show: where to, and names
 * @record: the hop, with SKBTRACE_F_CALLER
 */
void text_caller(struct show *show, const struct skbtrace_record *record)
{
	char name[TEXT_SYMBOL_LEN], text[TEXT_SYMBOL_LEN];

	names_symbol(show->names, record->caller, name, sizeof(name));
	text_name(text, sizeof(text), name, strlen(name));
	fputs(text, show->out);
}

/**
 * text_place() - print where a packet was
 * @show: where to, and names
 * @record: the hop
 */
void text_place(struct show *show, const struct skbtrace_record *record)
{
	char device[TEXT_DEVICE_LEN], netns[TEXT_NETNS_LEN];

	text_device(record, device);
	text_netns(show, record, netns);
	fprintf(show->out, "%s%s%s%s%s%s%s", point_of(record->point)->symbol,
		*device ? " on " : "", device, show->host ? " of " : "",
		show->host ? show->host : "", *netns ? ", netns " : "", netns);
}
