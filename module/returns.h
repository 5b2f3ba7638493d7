/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_RETURNS_H
#define SKBTRACE_RETURNS_H

#include <linux/types.h>
#include <skbtrace/record.h>

struct kretprobe_instance;
struct pt_regs;
struct sk_buff;

/**
 * struct call - what a return handler needs of the entry
 * @skb: address of the skb, which may be gone when the function returns
 * @life: number of its life
 * @into: of a merge, the other skb, which has the payload if it returns that it does
 * @ts_ns: when the function was called
 * @sp: the stack pointer then
 * @noted: it is known to trampoline.c
 * @netns: inode number of the network namespace, with SKBTRACE_F_NETNS
 * @flags: SKBTRACE_F_*
 * @hook: with SKBTRACE_F_HOOK the number of netfilter's hook
 * @hook_family: likewise, NFPROTO_*
 * @dev: name of the device
 * @peer: name of where the packet goes
 */
struct call {
	const struct sk_buff *skb;
	u64 life;
	const struct sk_buff *into;
	u64 ts_ns;
	u64 sp;
	u32 netns;
	u32 flags;
	u8 hook;
	u8 hook_family;
	bool noted;
	char dev[SKBTRACE_NAME_LEN];
	char peer[SKBTRACE_NAME_LEN];
};

int call_handler(struct kretprobe_instance *ri, struct pt_regs *regs);
int return_handler(struct kretprobe_instance *ri, struct pt_regs *regs);

#endif /* SKBTRACE_RETURNS_H */
