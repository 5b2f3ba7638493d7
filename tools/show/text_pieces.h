/* SPDX-License-Identifier: GPL-2.0 */
/* Pieces of text that show_text.c and show_end.c put together. */
#ifndef SKBTRACE_TOOLS_TEXT_PIECES_H
#define SKBTRACE_TOOLS_TEXT_PIECES_H

#include "show.h"

/* A device, an arrow and another device, each byte three in UTF-8 at most. */
#define TEXT_DEVICE_LEN	(2 * SKBTRACE_NAME_LEN + 8)
#define TEXT_NETNS_LEN	64

/* Longer than any of them. */
#define TEXT_SYMBOL_LEN	256

#define BOLD	"\033[1m"
#define RED	"\033[1;31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define DIM	"\033[2m"
#define RESET	"\033[0m"

const char *text_color(const struct show *show, const char *code);
void text_name(char *to, size_t size, const char *name, size_t len);
const char *text_device(const struct skbtrace_record *record, char *text);
const char *text_netns(struct show *show, const struct skbtrace_record *record, char *text);
void text_duration(FILE *out, uint64_t ns);
void text_reason(struct show *show, const struct skbtrace_record *record);
void text_caller(struct show *show, const struct skbtrace_record *record);
void text_ret(FILE *out, const struct skbtrace_record *record);
void text_place(struct show *show, const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_TEXT_PIECES_H */
