/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SPAN_H
#define SKBTRACE_TOOLS_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

/**
 * struct span - which bytes of what a packet carries
 * @space: a number for what the bytes are counted in: the TCP connection, or
 *	the IP datagram
 * @start: number of the first byte: the TCP sequence number, or the offset
 *	behind the IP header and its extensions
 * @len: how many, 0 for none: what is not known has no span
 */
struct span {
	uint64_t space;
	uint32_t start;
	uint32_t len;
};

struct span span_of(const struct skbtrace_record *record);
struct span span_in(const struct skbtrace_record *record, const struct skbtrace_record *last);
bool span_contains(const struct span *whole, const struct span *part);
bool span_is_same(const struct span *a, const struct span *b);
uint64_t span_piece_hash(uint64_t space, uint32_t start);

bool span_is_by_number(const struct skbtrace_record *whole);
bool span_may_be_split(const struct skbtrace_record *record);
uint64_t span_split_hash(const struct skbtrace_record *whole);
uint64_t span_part_hash(const struct skbtrace_record *part);
bool span_of_segment(const struct skbtrace_record *whole, const struct skbtrace_record *segment,
		     uint32_t nr_before, struct span *span);

#endif /* SKBTRACE_TOOLS_SPAN_H */
