/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_CHECKSUM_H
#define SKBTRACE_CHECKSUM_H

#include <linux/types.h>

struct config;
struct point;
struct sk_buff;
struct skbtrace_record;

u8 checksum_verdict(const struct skbtrace_record *record,
		    const struct point *point, const struct sk_buff *skb,
		    const struct config *config);

#endif /* SKBTRACE_CHECKSUM_H */
