/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The record that module and tools exchange: one hop of one skb.
 *
 * This header is the binary interface of skbtrace.d/cpuN and of the files
 * that "skbtrace record" writes.  It compiles in the kernel and, as C99, in
 * user space.  All fields are in host byte order unless their type says
 * otherwise; the interface is not meant to cross machines of different
 * endianness, and a saved file says which one it has (see tools/source/file.h).
 */
#ifndef SKBTRACE_RECORD_H
#define SKBTRACE_RECORD_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#include <linux/types.h>
#endif

/* Goes up when the layout or the meaning of a field changes. */
#define SKBTRACE_ABI	2

#define SKBTRACE_NAME_LEN	16	/* IFNAMSIZ and TASK_COMM_LEN */

/**
 * enum skbtrace_context - what the CPU was doing when it came to the point
 * @SKBTRACE_TASK: a task, pid and comm are those of the skb's user
 * @SKBTRACE_SOFTIRQ: a softirq; pid and comm are those of whom it interrupted
 * @SKBTRACE_HARDIRQ: a hard interrupt, likewise
 * @SKBTRACE_NMI: a non-maskable interrupt, likewise
 */
enum skbtrace_context {
	SKBTRACE_TASK,
	SKBTRACE_SOFTIRQ,
	SKBTRACE_HARDIRQ,
	SKBTRACE_NMI,
};

/**
 * enum skbtrace_payload - what the payload of a hop is
 * @SKBTRACE_PAYLOAD_NONE: not looked at (returns, frees, clones), or the skb
 *	is malformed
 * @SKBTRACE_PAYLOAD_LINK: what follows the link header and its VLAN tags
 *	(ARP, STP, any protocol that is not parsed)
 * @SKBTRACE_PAYLOAD_NETWORK: what follows the IP header and its extension
 *	headers (an IP fragment, an unknown transport protocol)
 * @SKBTRACE_PAYLOAD_TRANSPORT: what follows the innermost transport header; of an
 *	ICMP error, what follows the transport header that it quotes
 * @SKBTRACE_PAYLOAD_OPAQUE: what follows the header of an encapsulation that cannot
 *	be looked into: ESP, MACsec
 */
enum skbtrace_payload {
	SKBTRACE_PAYLOAD_NONE,
	SKBTRACE_PAYLOAD_LINK,
	SKBTRACE_PAYLOAD_NETWORK,
	SKBTRACE_PAYLOAD_TRANSPORT,
	SKBTRACE_PAYLOAD_OPAQUE,
};

/**
 * enum skbtrace_tunnel - the encapsulation that the payload of a hop is in
 * @SKBTRACE_TUNNEL_NONE: none
 * @SKBTRACE_TUNNEL_IPIP: IP in IP, IPv4 or IPv6 on either side (RFC 2003, 2473, 4213)
 * @SKBTRACE_TUNNEL_GRE: GRE, of IP or of Ethernet (RFC 2784, 2890); @tunnel_id is the key
 * @SKBTRACE_TUNNEL_PPTP: GRE version 1 (RFC 2637); @tunnel_id is the call
 * @SKBTRACE_TUNNEL_VXLAN: VXLAN (RFC 7348); @tunnel_id is the VNI
 * @SKBTRACE_TUNNEL_VXLAN_GPE: its generic protocol extension, likewise
 * @SKBTRACE_TUNNEL_GENEVE: Geneve (RFC 8926), likewise
 * @SKBTRACE_TUNNEL_GTP: GTP-U (3GPP TS 29.281); @tunnel_id is the TEID
 * @SKBTRACE_TUNNEL_MPLS: an MPLS label stack (RFC 3032); @tunnel_id is the last label
 * @SKBTRACE_TUNNEL_PPPOE: a PPPoE session (RFC 2516); @tunnel_id is the session
 * @SKBTRACE_TUNNEL_ESP: IPsec ESP (RFC 4303), opaque; @tunnel_id is the SPI
 * @SKBTRACE_TUNNEL_MACSEC: MACsec (IEEE 802.1AE), opaque
 *
 * The innermost one is told.
 */
enum skbtrace_tunnel {
	SKBTRACE_TUNNEL_NONE,
	SKBTRACE_TUNNEL_IPIP,
	SKBTRACE_TUNNEL_GRE,
	SKBTRACE_TUNNEL_PPTP,
	SKBTRACE_TUNNEL_VXLAN,
	SKBTRACE_TUNNEL_VXLAN_GPE,
	SKBTRACE_TUNNEL_GENEVE,
	SKBTRACE_TUNNEL_GTP,
	SKBTRACE_TUNNEL_MPLS,
	SKBTRACE_TUNNEL_PPPOE,
	SKBTRACE_TUNNEL_ESP,
	SKBTRACE_TUNNEL_MACSEC,
};

/**
 * enum skbtrace_csum - the packet's own layer 4 checksum (verify_csum=1)
 * @SKBTRACE_CSUM_UNCHECKED: nobody asked
 * @SKBTRACE_CSUM_OK: adds up
 * @SKBTRACE_CSUM_BAD: does not
 * @SKBTRACE_CSUM_PARTIAL: CHECKSUM_PARTIAL, not computed yet
 * @SKBTRACE_CSUM_NONE: the protocol or the packet carries none
 */
enum skbtrace_csum {
	SKBTRACE_CSUM_UNCHECKED,
	SKBTRACE_CSUM_OK,
	SKBTRACE_CSUM_BAD,
	SKBTRACE_CSUM_PARTIAL,
	SKBTRACE_CSUM_NONE,
};

/* skbtrace_record.flags */
#define SKBTRACE_F_IP_SUMMED	0x00000003u	/* skb->ip_summed, CHECKSUM_* */
#define SKBTRACE_F_CLONED	0x00000004u	/* the data area has other owners */
#define SKBTRACE_F_FRAG_LIST	0x00000008u	/* skb_has_frag_list() */
#define SKBTRACE_F_DIGEST	0x00000010u	/* crc32c is valid */
#define SKBTRACE_F_RET		0x00000020u	/* ret is the return value */
#define SKBTRACE_F_REASON	0x00000040u	/* ret is the drop reason */
#define SKBTRACE_F_FLOW		0x00000080u	/* saddr, daddr are valid */
#define SKBTRACE_F_PORTS	0x00000100u	/* sport, dport are valid */
#define SKBTRACE_F_VLAN		0x00000200u	/* vlan_tci is valid */
#define SKBTRACE_F_FRAGMENT	0x00000400u	/* an IP fragment, see frag_off */
#define SKBTRACE_F_NETNS	0x00000800u	/* netns is valid */
#define SKBTRACE_F_OUTER	0x00001000u	/* outer_* are valid: IP around the tunnel */
#define SKBTRACE_F_CHILD	0x00002000u	/* child is valid */
#define SKBTRACE_F_CALLER	0x00004000u	/* caller is valid */
#define SKBTRACE_F_HIDDEN	0x00008000u	/* not asked for by points=: keeps lives apart */
/* Why crc32c does not cover the whole payload; each makes it unverified. */
#define SKBTRACE_F_MALFORMED	0x00010000u	/* lengths do not add up: not walked */
#define SKBTRACE_F_UNREADABLE	0x00020000u	/* device memory or an unmapped page */
#define SKBTRACE_F_TRUNCATED	0x00040000u	/* headers say more than the skb holds */
#define SKBTRACE_F_DIGEST_MAX	0x00080000u	/* only the first digest_len bytes */
#define SKBTRACE_F_DEEP		0x00100000u	/* more encapsulations than are walked */
/* Frees may have been missed since @life began: it may be two skbs' at one address. */
#define SKBTRACE_F_DOUBTFUL	0x00200000u
#define SKBTRACE_F_ICMP_ERROR	0x00400000u	/* payload: behind the headers it quotes */
#define SKBTRACE_F_MESSAGE	0x00800000u	/* no hop but a struct skbtrace_message */
#define SKBTRACE_F_GRID		0x01000000u	/* crc32c_grid is valid (socket=1) */
#define SKBTRACE_F_HOOK		0x02000000u	/* hook and hook_family are valid */

/**
 * struct skbtrace_record - one hop
 * @index: position in the ring of its CPU, counted from load.  Two records
 *	read one after the other whose @index differ by more than 1 have
 *	records between them that were overwritten before they were read.
 * @ts_ns: CLOCK_MONOTONIC, nanoseconds, comparable across CPUs
 * @skb: address of the skb
 * @head: skb->head, which clones share
 * @life: number of the skb's life, unique since load, never 0: given when following
 *	begins, kept until it is freed
 * @sp: the stack pointer on entry of the function (on return: when it was entered),
 *	so that of two hops on one stack the one with the higher @sp called the other
 * @child: with SKBTRACE_F_CHILD the life of another skb: of the copy that the function
 *	returned, or of the skb that this one is merged into
 * @caller: with SKBTRACE_F_CALLER the return address of the function: who dropped it
 * @ret: with SKBTRACE_F_RET the return value (of a clone point: the address
 *	of the new skb, 0 if there is none), with SKBTRACE_F_REASON the drop
 *	reason
 * @crc32c_grid: with SKBTRACE_F_GRID, TCP: CRC32C of the payload up to the first multiple
 *	of SKBTRACE_GRID in the sequence space (see message.h), and up to the last
 * @comm: current->comm
 * @dev: name of the device the packet is at, "" if the point has none
 * @peer: where it goes: veth's other end, the bridge port it is forwarded to
 * @saddr: source address, IPv4 in the first 4 bytes
 * @daddr: destination address, likewise; both of the innermost IP header
 * @outer_saddr: source address of the IP header around @tunnel, IPv4 in the first 4
 *	bytes
 * @outer_daddr: destination address, likewise
 * @tcp_seq: entry: the TCP sequence number of the first payload byte (of the
 *	SYN, if it is one)
 * @duration_ns: return: nanoseconds the function took
 * @ip_id: identification of the IPv4 header or the IPv6 fragment header
 * @netns: inode number of the device's (or socket's) network namespace
 * @pid: current's thread group id
 * @len: skb->len, bytes
 * @data_len: skb->data_len, bytes outside the linear part
 * @payload_len: bytes of payload
 * @crc32c: CRC32C (RFC 3720, appendix B.4) of the first @digest_len payload
 *	bytes
 * @digest_len: see @crc32c; less than @payload_len only if a flag says why
 * @stack_id: line of skbtrace.d/stacks, 0 for none
 * @flags: SKBTRACE_F_*
 * @tunnel_id: see enum skbtrace_tunnel, 0 if it has none
 * @point: enum skbtrace_point
 * @protocol: ethertype behind all VLAN tags, host order
 * @sport: transport source port
 * @dport: transport destination port
 * @payload_off: where the payload begins, bytes behind skb->data
 * @gso_size: skb_shared_info.gso_size, bytes, 0 if it is not a GSO packet
 * @gso_segs: skb_shared_info.gso_segs
 * @frag_off: offset in the datagram of an IP fragment's first byte, bytes
 * @vlan_tci: tag control information of the outermost VLAN tag
 * @cpu: the CPU
 * @outer_protocol: ethertype of the IP header around @tunnel, 0 if there is none
 * @l4proto: IPPROTO_* behind all extension headers
 * @tcp_flags: byte 13 of the TCP header
 * @hook_family: return of nf_hook_slow(): NFPROTO_*
 * @hook: likewise: NF_INET_*, or the family's own numbers
 * @context: enum skbtrace_context
 * @payload: enum skbtrace_payload
 * @csum: enum skbtrace_csum
 * @ttl: time to live or hop limit
 * @users: skb's reference count, 255 for more
 * @abi: SKBTRACE_ABI
 * @tunnel: enum skbtrace_tunnel, the innermost
 * @depth: how many encapsulations the payload is in
 *
 * What a flag makes valid is stale otherwise.
 */
struct skbtrace_record {
	__u64	index;
	__u64	ts_ns;
	__u64	skb;
	__u64	head;
	__u64	life;
	__u64	sp;
	union {
		__u64	child;
		__u64	caller;
	};
	union {
		__s64	ret;
		__u32	crc32c_grid[2];
	};
	char	comm[SKBTRACE_NAME_LEN];
	char	dev[SKBTRACE_NAME_LEN];
	char	peer[SKBTRACE_NAME_LEN];
	__u8	saddr[16];
	__u8	daddr[16];
	__u8	outer_saddr[16];
	__u8	outer_daddr[16];
	union {
		__u32	tcp_seq;
		__u32	duration_ns;
	};
	__u32	ip_id;
	__u32	netns;
	__u32	pid;
	__u32	len;
	__u32	data_len;
	__u32	payload_len;
	__u32	crc32c;
	__u32	digest_len;
	__u32	stack_id;
	__u32	flags;
	__u32	tunnel_id;
	__u16	point;
	__u16	protocol;
	__be16	sport;
	__be16	dport;
	__u16	payload_off;
	__u16	gso_size;
	__u16	gso_segs;
	__u16	frag_off;
	__u16	vlan_tci;
	__u16	cpu;
	__u16	outer_protocol;
	union {
		__u8	l4proto;
		__u8	hook_family;
	};
	union {
		__u8	tcp_flags;
		__u8	hook;
	};
	__u8	context;
	__u8	payload;
	__u8	csum;
	__u8	ttl;
	__u8	users;
	__u8	abi;
	__u8	tunnel;
	__u8	depth;
};

/*
 * Four cache lines: two device names, a task's name, and two pairs of addresses that may
 * be IPv6 are 112 bytes of it.  What is not of a packet's is not written.
 */
#define SKBTRACE_RECORD_SIZE	256

/* A negative array size if the layout is not what both sides agreed on. */
typedef char skbtrace_record_size_check
	[sizeof(struct skbtrace_record) == SKBTRACE_RECORD_SIZE ? 1 : -1];

#endif /* SKBTRACE_RECORD_H */
