/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_COMPARE_H
#define SKBTRACE_TOOLS_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/record.h>

/**
 * enum verdict_how - what became of the payload
 * @VERDICT_OTHER: as many bytes, but others
 * @VERDICT_TRUNCATED: its end is missing
 * @VERDICT_EXTENDED: bytes were added
 * @VERDICT_EMPTIED: all of it is missing
 */
enum verdict_how {
	VERDICT_OTHER,
	VERDICT_TRUNCATED,
	VERDICT_EXTENDED,
	VERDICT_EMPTIED,
};

/**
 * enum compare_result - what two hops of one skb say of its payload
 * @COMPARE_SAME: it is the same, as far as it was digested
 * @COMPARE_CHANGED: it is not
 * @COMPARE_REGROUPED: the packet was cut up, merged or trimmed, or may have been
 * @COMPARE_ELSEWHERE: one of them sees the inside, the other the outside of something
 *	that is not looked into
 * @COMPARE_UNKNOWN: it cannot be told
 */
enum compare_result {
	COMPARE_SAME,
	COMPARE_CHANGED,
	COMPARE_REGROUPED,
	COMPARE_ELSEWHERE,
	COMPARE_UNKNOWN,
};

/**
 * struct comparison - the same, and more of it
 * @result: see there
 * @how: COMPARE_CHANGED: what became of it
 * @bytes: by how many bytes
 * @why: COMPARE_ELSEWHERE, COMPARE_UNKNOWN: why it cannot be told
 */
struct comparison {
	enum compare_result result;
	enum verdict_how how;
	uint32_t bytes;
	const char *why;
};

struct comparison compare_hops(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool compare_across(const struct skbtrace_record *a, const struct skbtrace_record *b);
bool compare_has_digest(const struct skbtrace_record *record);

#endif /* SKBTRACE_TOOLS_COMPARE_H */
