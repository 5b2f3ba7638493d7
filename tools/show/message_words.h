/* SPDX-License-Identifier: GPL-2.0 */
/* Words for applications' bytes, for what shows them. */
#ifndef SKBTRACE_TOOLS_MESSAGE_WORDS_H
#define SKBTRACE_TOOLS_MESSAGE_WORDS_H

#include <stdio.h>

#include "message/stream.h"
#include "source/source.h"

/* Two addresses and ports. */
#define MESSAGE_FLOW_LEN	128

const char *message_place_name(enum stream_place place);
const char *message_place_text(enum stream_place place);
const char *message_doubt_text(enum doubt doubt);
const char *message_point_name(unsigned int id);
const char *message_flow_text(const struct stream_flow *flow, char *text);
void message_put_comm(FILE *out, const char *comm, uint32_t pid);
void message_put_duration(FILE *out, uint64_t ns);
void message_json_name(FILE *out, const char *key, const char *name);
void message_json_flow(FILE *out, struct names *names, const struct stream_flow *flow);
void message_json_bytes(FILE *out, const struct stream_bytes bytes[STREAM_NR_PLACES]);

#endif /* SKBTRACE_TOOLS_MESSAGE_WORDS_H */
