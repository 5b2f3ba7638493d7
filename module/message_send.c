// SPDX-License-Identifier: GPL-2.0
/*
 * What an application gives to send() and the like, digested where it is and told by
 * its place in the stream.
 *
 * It is read a little ahead of what the kernel copies, cell by cell: at the call, and
 * each time a new piece of memory for the copy is asked for.  What is not there then
 * is read when it is, late: the kernel's copy has faulted it in by that time.
 *
 * Where in the stream a call's bytes are is certain only under the socket's lock:
 * while a call sleeps for want of room others may write.  So cells are recorded when
 * they have been copied, not before.
 */
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "compat.h"
#include "handler.h"
#include "messages.h"

static u32 write_seq(const struct message_call *call)
{
	return READ_ONCE(tcp_sk(call->sk)->write_seq);
}

/* Bytes of the call that are recorded, or need not be. */
static size_t recorded(const struct send_state *send)
{
	return send->cells.seq - send->base;
}

/* Record the first cells, and forget them. */
static void record_cells(struct message_call *call, unsigned int nr, u32 len,
			 u32 state, int ret)
{
	struct cells *cells = &call->send.cells;
	struct skbtrace_message *message;

	message = message_claim(call, call->point, SKBTRACE_MESSAGE_SEND);
	if (message) {
		message->seq = cells->seq;
		message->len = len;
		message->late = cells->late & ((1u << nr) - 1);
		cells_copy(message->cell, cells->cell, nr);
		message->state |= state;
		message->ret = ret;
		message_commit();
	}
	cells->nr -= nr;
	cells->len -= len;
	cells->seq += len;
	cells->late >>= nr;
	if (cells->nr)
		memmove(cells->cell, cells->cell + nr,
			cells->nr * sizeof(*cells->cell));
}

/* Record the cells that end before so many bytes of the call. */
static void record_copied(struct message_call *call, size_t copied)
{
	struct cells *cells = &call->send.cells;
	size_t left = copied - min(copied, recorded(&call->send));
	unsigned int nr = 0;
	u32 len = 0;

	/* A datagram is recorded whole. */
	if (call->life)
		return;
	while (nr < cells->nr) {
		u32 end = min(len + cell_left(cells->seq + len), cells->len);

		if (end > left)
			break;
		len = end;
		nr++;
	}
	if (nr)
		record_cells(call, nr, len, 0, 0);
}

/* Digest up to so many bytes of the call, of which so many have been copied. */
static void read_to(struct message_call *call, size_t to, size_t copied)
{
	struct send_state *send = &call->send;

	to = min_t(size_t, to, call->size);
	to = min_t(size_t, to, send->digested + MESSAGE_STRETCH);
	send->unreadable = false;
	while (send->digested < to) {
		size_t n, got;

		if (send->cells.nr == SKBTRACE_CELLS)
			record_copied(call, copied);
		if (send->cells.nr == SKBTRACE_CELLS)
			return;
		n = min_t(size_t, to - send->digested,
			  cell_left(send->base + send->digested));
		got = cells_read(&send->cells, &send->at, n,
				 send->digested < copied);
		send->digested += got;
		if (got < n) {
			send->unreadable = true;
			return;
		}
	}
}

/* From here on the call's bytes are somewhere else in the stream. */
static void begin_at(struct message_call *call, size_t own, u32 seq)
{
	struct send_state *send = &call->send;

	send->base = seq - own;
	send->known = true;
	send->at = send->start;
	usermem_skip(&send->at, own);
	send->digested = own;
	cells_begin(&send->cells, seq);
}

/*
 * End the cells after so many bytes of the call, all of which are copied: with those
 * that were read beyond, the last is read again.
 */
static void end_at(struct message_call *call, size_t own)
{
	struct send_state *send = &call->send;

	if (send->digested > own) {
		size_t from;

		record_copied(call, own);
		from = recorded(send);
		begin_at(call, from, send->cells.seq);
		read_to(call, own, own);
	}
	cells_close(&send->cells);
}

/* So many bytes of the call are in the stream, and the next goes to @seq. */
static void copied(struct message_call *call, size_t own, u32 seq)
{
	struct send_state *send = &call->send;

	if (!send->known) {
		begin_at(call, own, seq);
	} else if (send->base + (u32)own != seq) {
		/* Others wrote to the socket while this call slept. */
		if (own > recorded(send)) {
			end_at(call, own);
			record_copied(call, own);
		}
		begin_at(call, own, seq);
	}
	send->own = own;
	/* As few records as will do: there shall be room for what is read ahead. */
	if (send->cells.nr + MESSAGE_AHEAD / SKBTRACE_GRID + 2 > SKBTRACE_CELLS)
		record_copied(call, own);
	read_to(call, own + MESSAGE_AHEAD, own);
}

static struct message_call *begin(struct message_point *point, void *data,
				  const struct sock *sk, size_t size,
				  struct pt_regs *regs)
{
	struct message_call *call;

	call = message_call_begin(point, sk, SKBTRACE_MESSAGE_SEND, size, regs);
	*(struct message_call **)data = call;
	if (call) {
		call->send.msg = NULL;
		call->send.own = 0;
		call->send.digested = 0;
		call->send.known = false;
		call->send.waiting = false;
		call->send.mss_sp = 0;
		call->send.unreadable = false;
		cells_begin(&call->send.cells, 0);
	}
	return call;
}

/**
 * message_send_begin() - a call sends a message
 * @point: the point
 * @data: where to keep the call
 * @sk: the socket
 * @msg: the message
 * @size: its size
 * @regs: registers on entry
 *
 * Return: the call, or NULL; nothing is read yet.
 */
struct message_call *message_send_begin(struct message_point *point, void *data,
					const struct sock *sk,
					const struct msghdr *msg, size_t size,
					struct pt_regs *regs)
{
	struct message_call *call = begin(point, data, sk, size, regs);

	if (!call)
		return NULL;
	call->send.msg = msg;
	usermem_of_message(&call->send.start, msg, NULL);
	call->send.at = call->send.start;
	if (usermem_is_kernel(&call->send.start))
		call->state |= SKBTRACE_M_KERNEL;
	if (msg->msg_flags & MSG_ZEROCOPY)
		call->state |= SKBTRACE_M_ZEROCOPY;
	return call;
}

/**
 * message_send_whole() - read a message as it is when the call begins
 * @call: a call that sends it by itself, not as a part of a stream
 */
void message_send_whole(struct message_call *call)
{
	begin_at(call, 0, 0);
	read_to(call, call->size, 0);
}

static struct message_call *begin_page(struct message_point *point, void *data,
				       struct pt_regs *regs)
{
	size_t size = regs_get_kernel_argument(regs, 3);
	struct message_call *call;

	call = begin(point, data,
		     sound_pointer(regs_get_kernel_argument(regs, 0)), size, regs);
	if (!call)
		return NULL;
	usermem_of_page(&call->send.start,
			(const void *)regs_get_kernel_argument(regs, 1),
			(int)regs_get_kernel_argument(regs, 2), size);
	call->send.at = call->send.start;
	call->state |= SKBTRACE_M_KERNEL;
	return call;
}

/* Fast Open connects first: then it is not known yet where the bytes will go. */
static void begin_locked(struct message_call *call)
{
	if (call && ((1 << call->sk->sk_state) &
		     (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)))
		copied(call, 0, write_seq(call));
}

int message_send_locked(struct message_point *point, void *data,
			struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call;

	call = message_send_begin(point, data,
			     sound_pointer(regs_get_kernel_argument(regs, 0)),
			     sound_pointer(regs_get_kernel_argument(regs, 1)),
			     regs_get_kernel_argument(regs, 2), regs);
	begin_locked(call);
	return !call;
}

int message_page_locked(struct message_point *point, void *data,
			struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = begin_page(point, data, regs);

	begin_locked(call);
	return !call;
}

/* The socket is not locked yet. */
int message_send_unlocked(struct message_point *point, void *data,
			  struct pt_regs *regs, unsigned long irqs)
{
	return !message_send_begin(point, data,
			      sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG)),
			      sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 1)),
			      regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 2), regs);
}

int message_page_unlocked(struct message_point *point, void *data,
			  struct pt_regs *regs, unsigned long irqs)
{
	return !begin_page(point, data, regs);
}

/* The call of a stream that is under way where TCP is; UDP asks for memory as well. */
static struct message_call *call_at(struct pt_regs *regs)
{
	const struct sock *sk = sound_pointer(regs_get_kernel_argument(regs, 0));
	struct message_call *call;

	if (!sk || !is_call_of_task())
		return NULL;
	call = message_call_of(sk, SKBTRACE_MESSAGE_SEND);
	return call && sk->sk_protocol == IPPROTO_TCP ? call : NULL;
}

/* sk_page_frag_refill(): under the lock, before each copy. */
int message_checkpoint(struct message_point *point, void *data,
		       struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = call_at(regs);
	struct send_state *send;

	if (!call)
		return 0;
	send = &call->send;
#ifdef HAVE_MSG_ITER
	/* The iterator is moved on with write_seq. */
	send->waiting = false;
	if (send->msg)
		copied(call, call->size - min_t(size_t, call->size,
						message_left(send->msg)),
		       write_seq(call));
#else
	/* message_mss() and message_wait() know where this began. */
	if (send->known && !send->waiting)
		copied(call, write_seq(call) - send->base, write_seq(call));
#endif
	return 0;
}

/*
 * tcp_current_mss(): under the lock, before the first byte is taken and after each
 * sleep.  The call asks for it itself; what the backlog holds asks as well, when
 * sk_stream_wait_memory() gives the lock away, but further down the stack.  By that the
 * sleep is not over: others write only then.
 */
int message_mss(struct message_point *point, void *data, struct pt_regs *regs,
		unsigned long irqs)
{
	unsigned long sp = kernel_stack_pointer(regs);
	struct message_call *call = call_at(regs);
	struct send_state *send;

	if (!call || sp < call->send.mss_sp)
		return 0;
	send = &call->send;
	if (!send->known || send->waiting || sp > send->mss_sp) {
		copied(call, send->own, write_seq(call));
		send->waiting = false;
	}
	send->mss_sp = sp;
	return 0;
}

/* sk_stream_wait_memory(): the lock will be given away. */
int message_wait(struct message_point *point, void *data, struct pt_regs *regs,
		 unsigned long irqs)
{
	struct message_call *call = call_at(regs);

	if (call && call->send.known && !call->send.waiting) {
		call->send.own = write_seq(call) - call->send.base;
		call->send.waiting = true;
	}
	return 0;
}

/* Read the rest; what was copied is there now. */
static void read_rest(struct message_call *call, size_t ret, unsigned long irqs)
{
	struct send_state *send = &call->send;

	while (send->digested < ret) {
		read_to(call, ret, ret);
		if (send->unreadable ||
		    (send->digested < ret && !message_breathe(irqs)))
			break;
	}
}

/**
 * message_send_leave() - a call has sent
 * @call: the call
 * @regs: registers on return
 * @irqs: see message_breathe()
 */
void message_send_leave(struct message_call *call, struct pt_regs *regs,
			unsigned long irqs)
{
	int ret = (int)regs_return_value(regs);
	struct send_state *send = &call->send;
	u32 state = SKBTRACE_M_END;

	if (ret > 0) {
		if (send->known) {
			read_rest(call, ret, irqs);
			end_at(call, ret);
			if (send->digested < ret)
				state |= send->unreadable ?
					 SKBTRACE_M_UNREADABLE :
					 SKBTRACE_M_TOO_LONG;
		} else {
			call->state |= SKBTRACE_M_UNPLACED;
		}
		/* Mostly all that is left is in this one. */
		record_cells(call, send->cells.nr, send->cells.len, state, ret);
	}
	message_call_end(call);
}

void message_send_locked_leave(struct message_point *point, void *data,
			       struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = *(struct message_call **)data;
	int ret = (int)regs_return_value(regs);

	/* Still under the lock: that is where the bytes are, if others' are not between. */
	if (ret > 0 && !call->send.known)
		begin_at(call, 0, write_seq(call) - ret);
	else if (ret > 0 && call->send.base + (u32)ret != write_seq(call))
		call->state |= SKBTRACE_M_UNPLACED;
	message_send_leave(call, regs, irqs);
}

void message_page_locked_leave(struct message_point *point, void *data,
			       struct pt_regs *regs, unsigned long irqs)
{
	message_send_locked_leave(point, data, regs, irqs);
}

void message_send_unlocked_leave(struct message_point *point, void *data,
				 struct pt_regs *regs, unsigned long irqs)
{
	message_send_leave(*(struct message_call **)data, regs, irqs);
}

void message_page_unlocked_leave(struct message_point *point, void *data,
				 struct pt_regs *regs, unsigned long irqs)
{
	message_send_leave(*(struct message_call **)data, regs, irqs);
}
