/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that look at sockets (socket=1) share. */
#ifndef SKBTRACE_MESSAGES_H
#define SKBTRACE_MESSAGES_H

#include <linux/kprobes.h>
#include <skbtrace/message.h>

#include "compat.h"
#include "usermem.h"

struct seq_file;
struct sk_buff;
struct sock;

/* So much is read from memory with interrupts off, at the most. */
#define MESSAGE_STRETCH		65536u

/* So much of a send() is read before the kernel copies it: what it copies at once. */
#define MESSAGE_AHEAD		32768u

/* So much of what a call received is looked at once more when it returns. */
#define MESSAGE_RECV_MAX	(1u << 20)

/* Stretches of the stream that one recv() got, if others read in between. */
#define MESSAGE_RUNS		4

/**
 * struct cells - CRCs of bytes between cuts of the sequence space
 * @seq: the sequence number of the first
 * @len: bytes in @cell, all of them closed
 * @nr: how many
 * @late: see struct skbtrace_message
 * @crc: CRC of the cell that is not closed yet, not complemented
 * @open: bytes in that
 * @is_late: some of them were late
 * @cell: the CRCs
 */
struct cells {
	u32 seq;
	u32 len;
	u32 nr;
	u32 late;
	u32 crc;
	u32 open;
	bool is_late;
	u32 cell[SKBTRACE_CELLS];
};

/**
 * struct send_state - how far a send() is
 * @at: what is to be read next
 * @start: where the call's bytes begin
 * @msg: the message, or NULL if it is a page
 * @digested: bytes of the call before @at
 * @own: bytes of the call that are in the stream for certain
 * @mss_sp: stack pointer where the call itself asked for tcp_current_mss()
 * @base: sequence number of the call's first byte, if
 * @known: it is known
 * @waiting: the socket's lock is perhaps given away: @base may change
 * @unreadable: @at is not readable at present
 * @cells: what is not recorded yet; @cells.seq + .len + .open is @digested
 */
struct send_state {
	struct usermem at;
	struct usermem start;
	const struct msghdr *msg;
	size_t digested;
	size_t own;
	unsigned long mss_sp;
	u32 base;
	bool known;
	bool waiting;
	bool unreadable;
	struct cells cells;
};

/* Cells of what is copied: an skb of 512 KiB (BIG TCP), or as much of several. */
#define COPY_CELLS		132

/**
 * struct copied - what was copied to a reader since its memory was looked at last
 * @offset: of the first byte, behind the beginning of the call's memory
 * @seq: its sequence number
 * @to: how far that goes
 * @before: how far it went before the last copy, which may have failed
 * @cell: CRCs of what skbs held
 *
 * One piece, in the stream and in memory.
 */
struct copied {
	u32 offset;
	u32 seq;
	struct copied_to {
		u32 len;	/* bytes that were to be copied */
		u32 seen;	/* of these, those that were digested */
		u32 state;	/* SKBTRACE_M_*: why not all */
		u32 nr;		/* closed cells */
		u32 open;	/* bytes in the next one */
		u32 crc;	/* their CRC, not complemented */
	} to, before;
	u32 cell[COPY_CELLS];
};

/**
 * struct recv_run - bytes that follow each other in the stream and in memory
 * @offset: behind the beginning of the call's memory
 * @seq: sequence number
 * @len: how many
 */
struct recv_run {
	u32 offset;
	u32 seq;
	u32 len;
};

/**
 * struct recv_state - what a recv() got so far
 * @start: the memory that it writes to
 * @kept: see usermem_of_message()
 * @msg: the message
 * @room: bytes that are wanted
 * @nr_runs: how many
 * @partial: there were more
 * @run: what was copied, and compared with skbs
 * @copied: what was copied after that
 */
struct recv_state {
	struct usermem start;
	struct kept_iovecs kept;
	const struct msghdr *msg;
	u32 room;
	u32 nr_runs;
	bool partial;
	struct recv_run run[MESSAGE_RUNS];
	struct copied copied;
};

/**
 * struct message_call - a call under way
 * @sk: the socket
 * @id: its number
 * @began_ns: when it began
 * @life: UDP: see struct skbtrace_message
 * @size: for how many bytes
 * @stack_id: see struct skbtrace_message
 * @state: SKBTRACE_M_* of all its records
 * @point: the number of the point
 * @kind: SKBTRACE_MESSAGE_SEND or _RECV
 * @send: of the former
 * @recv: of the latter
 *
 * Only the task whose it is looks at it, so that it needs no lock.
 */
struct message_call {
	const struct sock *sk;
	u64 id;
	u64 began_ns;
	u64 life;
	u32 size;
	u32 stack_id;
	u32 state;
	u16 point;
	u8 kind;
	union {
		struct send_state send;
		struct recv_state recv;
	};
};

/**
 * struct message_point - a row of SKBTRACE_MESSAGE_POINTS and its probe
 * @id: its number in records
 * @is_call: entry and return
 * @symbol: the function
 * @entry: what is done when it is called; of a call: not 0, if its return does
 *	not matter
 * @leave: what is done when it returns
 * @data_size: what @entry keeps for @leave
 * @state: 0: attached; else why not
 * @missed: misses of earlier registrations
 * @own: of all misses, those that are faults of ours: until 5.14, ec6aba3d2be1 ("kprobes:
 *	Remove kprobe::fault_handler"), the kernel counts them as such
 * @kp: the probe
 * @rp: likewise, of a call
 */
struct message_point {
	u16 id;
	bool is_call;
	const char *symbol;
	int (*entry)(struct message_point *point, void *data, struct pt_regs *regs,
		     unsigned long irqs);
	void (*leave)(struct message_point *point, void *data, struct pt_regs *regs,
		      unsigned long irqs);
	size_t data_size;
	int state;
	unsigned long missed;
	atomic_long_t own;
	union {
		struct kprobe kp;
		struct kretprobe rp;
	};
};

void messages_apply(bool wanted);
void messages_show(struct seq_file *m);
void messages_show_counts(struct seq_file *m);

/* messages.c */
bool message_can_breathe(unsigned long irqs);
bool message_breathe(unsigned long irqs);

/* message_call.c */
int message_calls_init(void);
void message_calls_exit(void);
void message_calls_show(struct seq_file *m);
struct message_call *message_call_begin(struct message_point *point, const struct sock *sk,
					unsigned int kind, size_t size, struct pt_regs *regs);
struct message_call *message_call_of(const struct sock *sk, unsigned int kind);
void message_call_end(struct message_call *call);
struct skbtrace_message *message_claim(const struct message_call *call, unsigned int point,
				       unsigned int kind);
void message_commit(void);

static inline u32 cell_left(u32 seq)
{
	return SKBTRACE_GRID - seq % SKBTRACE_GRID;
}

static inline u32 cells_end(const struct cells *cells)
{
	return cells->seq + cells->len + cells->open;
}

static inline void cells_begin(struct cells *cells, u32 seq)
{
	cells->seq = seq;
	cells->len = 0;
	cells->nr = 0;
	cells->late = 0;
	cells->crc = ~0;
	cells->open = 0;
	cells->is_late = false;
}

/* There is room; of no length is none. */
static inline void cells_close(struct cells *cells)
{
	if (!cells->open)
		return;
	cells->cell[cells->nr] = ~cells->crc;
	if (cells->is_late)
		cells->late |= 1u << cells->nr;
	cells->nr++;
	cells->len += cells->open;
	cells->crc = ~0;
	cells->open = 0;
	cells->is_late = false;
}

/* Mostly one or two: memcpy() takes longer. */
static inline void cells_copy(u32 *to, const u32 *from, unsigned int nr)
{
	while (nr--)
		*to++ = *from++;
}

size_t cells_read(struct cells *cells, struct usermem *at, size_t len, bool late);

/* message_send.c and message_recv.c: SKBTRACE_MESSAGE_POINTS has them. */
#define MESSAGE_HANDLERS(name)						\
	int message_##name(struct message_point *point, void *data,	\
			   struct pt_regs *regs, unsigned long irqs);	\
	void message_##name##_leave(struct message_point *point, void *data, \
				    struct pt_regs *regs, unsigned long irqs)

MESSAGE_HANDLERS(send_locked);
MESSAGE_HANDLERS(send_unlocked);
MESSAGE_HANDLERS(page_locked);
MESSAGE_HANDLERS(page_unlocked);
MESSAGE_HANDLERS(checkpoint);
MESSAGE_HANDLERS(mss);
MESSAGE_HANDLERS(wait);
MESSAGE_HANDLERS(copy);
MESSAGE_HANDLERS(recv);
MESSAGE_HANDLERS(udp_send);
MESSAGE_HANDLERS(udp_got);
MESSAGE_HANDLERS(wait_data);

/* message_send.c */
struct message_call *message_send_begin(struct message_point *point, void *data,
					const struct sock *sk,
					const struct msghdr *msg, size_t size,
					struct pt_regs *regs);
void message_send_whole(struct message_call *call);
void message_send_leave(struct message_call *call, struct pt_regs *regs,
			unsigned long irqs);

/* message_udp.c */
void message_udp_tie(const struct sk_buff *skb, u64 life);

/* message_recv.c */
void message_copied(struct recv_state *recv, const struct sk_buff *skb, u32 offset,
		    u32 at, u32 seq, u32 len, unsigned long irqs);

#endif /* SKBTRACE_MESSAGES_H */
