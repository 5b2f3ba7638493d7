/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_FILTER_H
#define SKBTRACE_FILTER_H

#include <linux/types.h>

struct config;
struct cpu_trace;
struct hop;
struct sk_buff;

int followed_init(void);
void followed_exit(void);
bool followed(const struct sk_buff *skb);
void follow(const struct sk_buff *skb);
void unfollow(const struct sk_buff *skb);

bool hop_is_wanted(const struct hop *hop);
bool flow_is_sampled(const struct hop *hop);
bool rate_allows(struct cpu_trace *trace, u32 max_rate);

#endif /* SKBTRACE_FILTER_H */
