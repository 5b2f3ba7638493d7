/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What applications write to sockets and read from them (socket=1): records that
 * share the rings with hops, and their size.
 *
 * A record with SKBTRACE_F_MESSAGE in its flags is a struct skbtrace_message.  What
 * both have (index, ts_ns, comm, netns, pid, stack_id, flags, point, protocol, sport,
 * dport, cpu, l4proto, context, payload, abi) lies at the same place in both.
 *
 * Bytes are told by their place in the sequence space of the stream, which is cut at
 * multiples of SKBTRACE_GRID: the same cuts for all that look at it, whatever the
 * boundaries of calls, segments and reads are.
 */
#ifndef SKBTRACE_MESSAGE_H
#define SKBTRACE_MESSAGE_H

#include "record.h"

/* Multiples of it cut the sequence space; bytes between two cuts are a cell. */
#define SKBTRACE_GRID	4096u

/* Cells of one record: 32 KiB ahead, a segment of 64 KiB, and what sticks out. */
#define SKBTRACE_CELLS	20

/**
 * enum skbtrace_message_kind - what a message record is about
 * @SKBTRACE_MESSAGE_SEND: bytes that an application gave to send() and the like,
 *	read from its memory; @cell
 * @SKBTRACE_MESSAGE_COPY: bytes that were copied from an skb in the socket's queue
 *	to the reader's memory: @cell is the skb's, @differs says where the memory's is
 *	another
 * @SKBTRACE_MESSAGE_RECV: bytes in the reader's memory when recv() and the like
 *	returned; @cell.  With SKBTRACE_M_COPIED it is a COPY as well, compared when the call
 *	returned, as nothing could have come between: @cell and @differs are that one's
 */
enum skbtrace_message_kind {
	SKBTRACE_MESSAGE_SEND,
	SKBTRACE_MESSAGE_COPY,
	SKBTRACE_MESSAGE_RECV,
	SKBTRACE_NR_MESSAGE_KINDS
};

/* skbtrace_message.state */
#define SKBTRACE_M_END		0x0001u	/* the last record of the call: ret is valid */
#define SKBTRACE_M_UNREADABLE	0x0002u	/* what of the call follows was not readable */
#define SKBTRACE_M_UNPLACED	0x0004u	/* not certain where in the stream: not compared */
#define SKBTRACE_M_ZEROCOPY	0x0008u	/* MSG_ZEROCOPY: the application's until sent */
#define SKBTRACE_M_KERNEL	0x0010u	/* pages of the kernel: sendfile(), splice() */
#define SKBTRACE_M_COMPARED	0x0020u	/* differs is valid */
#define SKBTRACE_M_TOO_LONG	0x0040u	/* more than is looked at in one go follows */
#define SKBTRACE_M_COPIED	0x0080u	/* RECV: a COPY as well, see there */

/**
 * struct skbtrace_message - bytes of an application
 * @index: see struct skbtrace_record
 * @ts_ns: likewise
 * @sk: address of the socket
 * @call: number of the call, unique since load, 0 if none is known
 * @began_ns: when the call began
 * @saddr: address of who sent the bytes (also where they are read)
 * @comm: current->comm
 * @cell: CRC-32C of each cell of [@seq, @seq + @len): as many as cuts tell
 * @life: UDP: of the skb that the datagram is in, see struct skbtrace_record; else 0
 * @daddr: address of who gets them
 * @seq: TCP: sequence number of the first byte; UDP: its place in the datagram
 * @size: how many bytes the call was made for
 * @netns: inode number of the socket's network namespace
 * @pid: current's thread group id
 * @len: bytes that @cell covers
 * @late: a bit for each cell: the bytes, or some, were read after the kernel had
 *	copied them; what the application wrote in between is seen as theirs
 * @differs: COPY: a bit for each cell: where it was copied to there are other bytes
 * @stack_id: SEND: of the call, 0 for none
 * @flags: SKBTRACE_F_MESSAGE | _FLOW | _PORTS | _NETNS
 * @state: SKBTRACE_M_*
 * @point: enum of SKBTRACE_MESSAGE_POINTS
 * @protocol: ETH_P_IP or ETH_P_IPV6, what the addresses are
 * @sport: port of who sent the bytes
 * @dport: port of who gets them
 * @ret: with SKBTRACE_M_END what the call returned
 * @tid: current's thread id
 * @cpu: the CPU
 * @l4proto: IPPROTO_TCP or IPPROTO_UDP
 * @kind: enum skbtrace_message_kind
 * @context: SKBTRACE_TASK
 * @payload: SKBTRACE_PAYLOAD_NONE
 * @abi: SKBTRACE_ABI
 */
struct skbtrace_message {
	__u64	index;
	__u64	ts_ns;
	__u64	sk;
	__u64	call;
	__u64	began_ns;
	__u64	life;
	__u8	saddr[16];
	char	comm[SKBTRACE_NAME_LEN];
	__u32	cell[SKBTRACE_CELLS];
	__u8	daddr[16];
	__u32	seq;
	__u32	size;
	__u32	netns;
	__u32	pid;
	__u32	len;
	__u32	late;
	__u32	differs;
	__u32	reserved[2];
	__u32	stack_id;
	__u32	flags;
	__u32	state;
	__u16	point;
	__u16	protocol;
	__be16	sport;
	__be16	dport;
	__s32	ret;
	__u32	tid;
	__u16	reserved2;
	__u16	cpu;
	__u16	reserved3;
	__u8	l4proto;
	__u8	kind;
	__u8	context;
	__u8	payload;
	__u8	reserved4[3];
	__u8	abi;
	__u8	reserved5[2];
};

#define SKBTRACE_MESSAGE_SAME(field)					\
	(__builtin_offsetof(struct skbtrace_message, field) ==		\
	 __builtin_offsetof(struct skbtrace_record, field))

/* A negative array size if what both have does not lie at the same place. */
typedef char skbtrace_message_layout_check
	[sizeof(struct skbtrace_message) == SKBTRACE_RECORD_SIZE &&
	 SKBTRACE_MESSAGE_SAME(index) && SKBTRACE_MESSAGE_SAME(ts_ns) &&
	 SKBTRACE_MESSAGE_SAME(comm) && SKBTRACE_MESSAGE_SAME(netns) &&
	 SKBTRACE_MESSAGE_SAME(pid) && SKBTRACE_MESSAGE_SAME(stack_id) &&
	 SKBTRACE_MESSAGE_SAME(flags) && SKBTRACE_MESSAGE_SAME(point) &&
	 SKBTRACE_MESSAGE_SAME(protocol) && SKBTRACE_MESSAGE_SAME(sport) &&
	 SKBTRACE_MESSAGE_SAME(dport) && SKBTRACE_MESSAGE_SAME(cpu) &&
	 SKBTRACE_MESSAGE_SAME(l4proto) && SKBTRACE_MESSAGE_SAME(context) &&
	 SKBTRACE_MESSAGE_SAME(payload) && SKBTRACE_MESSAGE_SAME(abi) ? 1 : -1];

/*
 * What is probed with socket=1.  None of it has an skb that could be followed, so
 * these are no points of points.h; their numbers are of the same space, above those.
 *
 *   P(id, symbol, kind, kernels, handler)
 *
 * kind     ENTRY, or CALL: entry and return.
 * kernels  ITER: where a message has an iterator, since 3.19; IOVEC: before that.
 *	    LOCKED: where the socket is locked by the caller, since 4.14, 306b13eb3cf9
 *	    ("proto_ops: Add locked held versions of sendmsg and sendpage"); UNLOCKED:
 *	    before that.  ANY.
 * handler  what module/message_send.c and message_recv.c do there.
 */
#define SKBTRACE_MESSAGE_POINTS(P) \
	P(256, tcp_sendmsg_locked, CALL, LOCKED, send_locked) \
	P(257, tcp_sendmsg, CALL, UNLOCKED, send_unlocked) \
	P(258, do_tcp_sendpages, CALL, LOCKED, page_locked) \
	P(259, tcp_sendpage, CALL, UNLOCKED, page_unlocked) \
	P(260, sk_page_frag_refill, ENTRY, ANY, checkpoint) \
	P(261, tcp_current_mss, ENTRY, UNLOCKED, mss) \
	P(262, sk_stream_wait_memory, ENTRY, UNLOCKED, wait) \
	P(263, skb_copy_datagram_iter, ENTRY, ITER, copy) \
	P(264, skb_copy_datagram_iovec, ENTRY, IOVEC, copy) \
	P(266, tcp_recvmsg, CALL, ANY, recv) \
	P(267, udp_sendmsg, CALL, ANY, udp_send) \
	P(268, udpv6_sendmsg, CALL, ANY, udp_send) \
	P(271, udp_recvmsg, CALL, ANY, recv) \
	P(272, udpv6_recvmsg, CALL, ANY, recv) \
	P(273, skb_consume_udp, ENTRY, ANY, udp_got) \
	P(274, sk_wait_data, ENTRY, ANY, wait_data)

#endif /* SKBTRACE_MESSAGE_H */
