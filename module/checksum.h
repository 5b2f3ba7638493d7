/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_CHECKSUM_H
#define SKBTRACE_CHECKSUM_H

#include "parse.h"

u8 checksum_verdict(const struct skbtrace_record *record,
		    const struct sk_buff *skb, struct parsed parsed);

#endif /* SKBTRACE_CHECKSUM_H */
