/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_HEADER_H
#define SKBTRACE_TOOLS_HEADER_H

#include <skbtrace/cbpf_flow.h>
#include <skbtrace/record.h>

uint32_t header_of(const struct skbtrace_record *record, uint8_t header[CBPF_HEADER_MAX],
		   uint32_t *wire_len);

#endif /* SKBTRACE_TOOLS_HEADER_H */
