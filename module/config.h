/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_CONFIG_H
#define SKBTRACE_CONFIG_H

#include <linux/types.h>
#include <skbtrace/cbpf.h>

#include "lists.h"

struct seq_file;

/**
 * struct program - a program of classic BPF that has been checked
 * @nr: number of instructions, 0: there is no program
 * @uses_memory: see cbpf_check()
 * @start: where it begins for IPv4 and for IPv6, by protocol: cbpf_start()
 * @rejects: does it end there, and reject
 * @insns: the instructions
 */
struct program {
	unsigned int nr;
	bool uses_memory;
	u8 start[2][256];
	bool rejects[2][256];
	struct sock_filter insns[CBPF_INSNS_MAX];
};

/**
 * struct device_list - devices whose packets are followed
 * @adds: those that are followed by default, and these
 * @globs: their names; none: those that are followed by default
 */
struct device_list {
	bool adds;
	struct globs globs;
};

/**
 * struct config - the parameters in force
 * @on: anything recorded at all
 * @stack: record stacks
 * @digest: compute payload digests
 * @digest_max: of so many bytes at the most, 0 for no limit
 * @verify_csum: verify the packet's own checksum
 * @socket: look at what applications write to sockets and read from them
 * @sample: keep one flow in so many
 * @max_rate: records a second on each CPU, 0 for no limit
 * @dev: devices whose packets are followed
 * @points: points that are probed
 * @netns: namespaces whose packets are followed; none: all
 * @pid: processes whose packets are followed; none: all
 * @vxlan_port: UDP ports that are VXLAN's, besides those that always are
 * @filter: which packets are followed, by their headers; none: all
 * @digest_limit: @digest_max, or more than any payload has
 * @asks_for_more: @stack or @verify_csum
 * @tunnel_ports: UDP ports that tunnels may have, each by its PORT_BIT()
 *
 * Replaced as a whole: handlers see the old one or the new one.
 */
struct config {
	bool on;
	bool stack;
	bool digest;
	bool verify_csum;
	bool socket;
	u32 digest_max;
	u32 sample;
	u32 max_rate;
	struct device_list dev;
	struct globs points;
	struct numbers netns;
	struct numbers pid;
	struct numbers vxlan_port;
	struct program filter;
	u32 digest_limit;
	bool asks_for_more;
	u64 tunnel_ports;
};

extern struct config __rcu *config;
extern unsigned int config_ring_kb;

void config_run(void (*with)(const struct config *in_force));
void config_stop(void);
int config_show(struct seq_file *m);

#endif /* SKBTRACE_CONFIG_H */
