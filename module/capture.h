/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_CAPTURE_H
#define SKBTRACE_CAPTURE_H

#include <linux/types.h>
#include <skbtrace/record.h>

struct point;
struct pt_regs;
struct sk_buff;

/**
 * struct capture_call - what a return handler needs of the entry
 * @skb: address of the skb, which may be gone when the function returns
 * @ts_ns: when the function was called
 * @netns: inode number of the network namespace, with SKBTRACE_F_NETNS
 * @flags: SKBTRACE_F_*
 * @dev: name of the device
 * @peer: name of where the packet goes
 */
struct capture_call {
	struct sk_buff *skb;
	u64 ts_ns;
	u32 netns;
	u32 flags;
	char dev[SKBTRACE_NAME_LEN];
	char peer[SKBTRACE_NAME_LEN];
};

void capture_entry(struct point *point, struct pt_regs *regs);
bool capture_call(struct point *point, struct pt_regs *regs,
		  struct capture_call *call);
void capture_return(const struct point *point, struct pt_regs *regs,
		    const struct capture_call *call);

#endif /* SKBTRACE_CAPTURE_H */
