/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Classic BPF: programs that say yes or no to a packet, read from text, checked
 * and run.
 *
 * They are what libpcap makes of "tcp port 80" for packets that begin with the
 * IP header (DLT_RAW).  Module and reader both run them, over real headers or
 * over those that cbpf_flow.h makes.
 *
 * The kernel has an interpreter too, but for something else: sk_run_filter()
 * of old and bpf_prog_run() of today want an skb, begin at skb->data, which is
 * another header at each point, believe its lengths, and have another name,
 * form and set of checks on each kernel.  This one is given bytes.
 *
 * No kernel function is used here: cbpf.c is built into module and reader, and
 * selftests/tools compares it with libpcap's own interpreter.
 */
#ifndef SKBTRACE_CBPF_H
#define SKBTRACE_CBPF_H

#include <linux/types.h>

/* The instructions are the kernel's: struct sock_filter, BPF_*. */
#ifdef __KERNEL__
#include <linux/stddef.h>
#include <uapi/linux/filter.h>
#else
#include <linux/filter.h>
#include <stddef.h>
#endif

/* Not all headers that have struct sock_filter have these: Linux 3.7. */
#ifndef BPF_MOD
#define BPF_MOD		0x90
#endif
#ifndef BPF_XOR
#define BPF_XOR		0xa0
#endif

/*
 * What the parameter filter= takes: so many instructions, and as many bytes of
 * text.  It is written and read as one page of sysfs, with a newline and a NUL.
 */
#define CBPF_INSNS_MAX	256
#define CBPF_TEXT_MAX	4094

/* "No instruction", where the number of one is expected. */
#define CBPF_NO_INSN	0xffffffffu

/**
 * struct cbpf_error - why a program is not accepted
 * @insn: the instruction, counted from 0 as "tcpdump -d" does, or CBPF_NO_INSN
 * @what: what is wrong, to be put behind its number and a colon
 */
struct cbpf_error {
	__u32 insn;
	const char *what;
};

int cbpf_parse(struct sock_filter *insns, __u32 max, const char *text,
	       struct cbpf_error *error);
int cbpf_check(const struct sock_filter *insns, __u32 nr,
	       struct cbpf_error *error);
__u32 cbpf_start(const struct sock_filter *insns, __u32 version,
		 __u32 protocol);
__u32 cbpf_run_in(const struct sock_filter *insn, const __u8 *packet, __u32 len,
		  __u32 wire_len, __u32 *mem);
__u32 cbpf_run_with_memory(const struct sock_filter *insns, const __u8 *packet,
			   __u32 len, __u32 wire_len);

/* Where the protocol is in an IP header: IPv4's, or IPv6's next header. */
static inline __u32 cbpf_protocol_at(__u32 version)
{
	return version == 4 ? 9 : 6;
}

/**
 * cbpf_run() - run a program over a packet
 * @insns: a program that has passed cbpf_check()
 * @uses_memory: what that returned
 * @packet: the IP header, and what follows
 * @len: how many bytes of it can be read
 * @wire_len: how long the packet is
 *
 * As libpcap's bpf_filter(): what loads behind @len or divides by zero rejects
 * the packet, a shift by more than 31 bits gives 0.  Memory is 0 at first.
 *
 * Return: what the program does, 0 to reject the packet.
 */
static inline __u32 cbpf_run(const struct sock_filter *insns, int uses_memory,
			     const __u8 *packet, __u32 len, __u32 wire_len)
{
	if (uses_memory)
		return cbpf_run_with_memory(insns, packet, len, wire_len);
	return cbpf_run_in(insns, packet, len, wire_len, NULL);
}

#endif /* SKBTRACE_CBPF_H */
