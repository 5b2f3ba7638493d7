/* SPDX-License-Identifier: GPL-2.0 */
/* What applications sent and got (socket=1), as text or JSON. */
#ifndef SKBTRACE_TOOLS_SHOW_MESSAGES_H
#define SKBTRACE_TOOLS_SHOW_MESSAGES_H

#include <stdbool.h>
#include <stdio.h>

#include "journey/journey.h"
#include "message/stream.h"
#include "message_filter.h"
#include "source/source.h"

/* Calls of which a packet has bytes that are shown with it. */
#define SHOW_CALLS	8

/**
 * struct show_messages - how they are shown
 * @out: where to
 * @names: for the numbers in records
 * @streams: where they come from
 * @json: for programs
 * @color: with colours
 * @stacks: with stacks
 * @filter: which
 */
struct show_messages {
	FILE *out;
	struct names *names;
	const struct streams *streams;
	bool json;
	bool color;
	bool stacks;
	struct message_filter filter;
};

bool show_message(struct show_messages *show, const struct stream_message *message);
bool show_message_change(struct show_messages *show, const struct stream_change *change);
void show_messages_summary(struct show_messages *show);
int show_flows(struct show_messages *show);
int show_call_comment(const struct streams *streams, const struct skbtrace_record *hop,
		      char *text, int size);
void show_sender(struct show_messages *show, const struct journey *journey);
void show_receiver(struct show_messages *show, const struct journey *journey);

#endif /* SKBTRACE_TOOLS_SHOW_MESSAGES_H */
