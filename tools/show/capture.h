/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_CAPTURE_H
#define SKBTRACE_TOOLS_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "journey/journey.h"

struct capture;

typedef void (*capture_write)(void *context, const struct skbtrace_record *record, uint32_t ack,
			      char *comment);

struct capture *capture_new(capture_write write, void *context);
void capture_free(struct capture *capture);
bool capture_has(const char *devices, const struct journey *journey, uint32_t hop);
int capture_add(struct capture *capture, const struct skbtrace_record *record,
		const char *comment);
void capture_flush(struct capture *capture);

#endif /* SKBTRACE_TOOLS_CAPTURE_H */
