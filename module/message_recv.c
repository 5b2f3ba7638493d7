// SPDX-License-Identifier: GPL-2.0
/*
 * What is copied from a socket's queue to a reader's memory: what the skbs held, what came
 * of it in the memory, and what was there when the call returned.
 *
 * What skbs hold is digested before it is copied.  The memory is compared with that when
 * the copy is over for certain and something else can come: when the call sleeps, when it
 * goes on somewhere else in the stream, and when it returns.  A call that has got all at
 * once is done with that, and one record says so.
 */
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "compat.h"
#include "handler.h"
#include "messages.h"
#include "payload.h"

int message_recv(struct message_point *point, void *data, struct pt_regs *regs,
		 unsigned long irqs)
{
	const struct sock *sk =
		sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG));
	const struct msghdr *msg =
		sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 1));
	size_t size = regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 2);
	struct message_call *call;
	struct recv_state *recv;

	call = message_call_begin(point, sk, SKBTRACE_MESSAGE_RECV, size, regs);
	*(struct message_call **)data = call;
	if (!call)
		return 1;
	recv = &call->recv;
	recv->msg = msg;
	recv->room = message_left(msg);
	recv->nr_runs = 0;
	recv->partial = false;
	recv->copied.to.len = 0;
	recv->copied.before.len = 0;
	usermem_of_message(&recv->start, msg, &recv->kept);
	return 0;
}

static void close_cell(struct copied *copied)
{
	if (!copied->to.open)
		return;
	copied->cell[copied->to.nr++] = ~copied->to.crc;
	copied->to.open = 0;
	copied->to.crc = ~0;
}

/* Digest the skb's bytes that go behind what is copied, cut where the stream is. */
static void read_skb(struct copied *copied, const struct sk_buff *skb, u32 offset,
		     unsigned long irqs)
{
	struct copied_to *to = &copied->to;
	u32 stretch = 0;

	if (!skb_is_sound(skb) || offset > skb->len ||
	    to->len - to->seen > skb->len - offset) {
		to->state = SKBTRACE_M_UNREADABLE;
		return;
	}
	while (to->seen < to->len) {
		u32 n = min(to->len - to->seen,
			    cell_left(copied->seq + to->seen));

		if (to->nr == COPY_CELLS ||
		    (stretch >= MESSAGE_STRETCH && !message_breathe(irqs))) {
			to->state = SKBTRACE_M_TOO_LONG;
			return;
		}
		if (stretch >= MESSAGE_STRETCH)
			stretch = 0;
		if (payload_crc(skb, offset, n, &to->crc)) {
			to->state = SKBTRACE_M_UNREADABLE;
			to->open = 0;
			return;
		}
		to->open += n;
		to->seen += n;
		offset += n;
		stretch += n;
		if ((copied->seq + to->seen) % SKBTRACE_GRID == 0)
			close_cell(copied);
	}
}

/**
 * message_copied() - bytes of an skb are about to be copied, or have just been
 * @recv: for this call, whose last copy has not failed
 * @skb: the skb
 * @offset: where they are in it
 * @at: where in the call's memory
 * @seq: their sequence number; they follow what was copied before, if there is something
 * @len: how many
 * @irqs: see message_breathe()
 */
void message_copied(struct recv_state *recv, const struct sk_buff *skb, u32 offset,
		    u32 at, u32 seq, u32 len, unsigned long irqs)
{
	struct copied *copied = &recv->copied;

	copied->before = copied->to;
	if (!copied->to.len) {
		copied->offset = at;
		copied->seq = seq;
		copied->to.seen = 0;
		copied->to.state = 0;
		copied->to.nr = 0;
		copied->to.open = 0;
		copied->to.crc = ~0;
	}
	copied->to.len += len;
	read_skb(copied, skb, offset, irqs);
}

/* Has all been copied that was to be?  If the last copy failed it is forgotten. */
static void confirm(struct recv_state *recv)
{
	struct copied *copied = &recv->copied;

	if (copied->to.len &&
	    recv->room - message_left(recv->msg) < copied->offset + copied->to.len)
		copied->to = copied->before;
}

/* Remember where in memory which bytes of the stream are. */
static void note_run(struct recv_state *recv, u32 offset, u32 seq, u32 len)
{
	struct recv_run *run = recv->run;

	if (recv->nr_runs) {
		run += recv->nr_runs - 1;
		if (run->offset + run->len == offset && run->seq + run->len == seq) {
			run->len += len;
			return;
		}
		run++;
	}
	if (recv->nr_runs == MESSAGE_RUNS) {
		recv->partial = true;
		return;
	}
	run->offset = offset;
	run->seq = seq;
	run->len = len;
	recv->nr_runs++;
}

/*
 * Compare the memory with what was copied there, and record both: cells from @first on, as
 * many as go into a record, of bytes from @done on.  Return: how many bytes these are.
 */
static u32 record_some(struct message_call *call, unsigned int point, unsigned int kind,
		       struct usermem *at, u32 first, u32 done, u32 state, int ret,
		       unsigned long irqs)
{
	const struct copied *copied = &call->recv.copied;
	struct skbtrace_message *message;
	u32 i, len = 0, differs = 0;
	bool compared = true;

	for (i = 0; i < SKBTRACE_CELLS && first + i < copied->to.nr; i++) {
		u32 n = min(copied->to.seen - done - len,
			    cell_left(copied->seq + done + len));
		u32 crc = ~0;

		if (i == MESSAGE_STRETCH / SKBTRACE_GRID)
			message_breathe(irqs);
		compared = compared && usermem_crc(at, &crc, n) == n;
		if (compared && ~crc != copied->cell[first + i])
			differs |= 1u << i;
		len += n;
	}
	message = message_claim(call, point, kind);
	if (!message)
		return len;
	message->seq = copied->seq + done;
	message->len = len;
	message->differs = differs;
	message->state |= state;
	if (compared)
		message->state |= SKBTRACE_M_COMPARED;
	message->ret = ret;
	cells_copy(message->cell, copied->cell + first, i);
	message_commit();
	return len;
}

/* @state and @ret are those of the last record. */
static void record_copied(struct message_call *call, unsigned int point, unsigned int kind,
			  u32 each, u32 state, int ret, unsigned long irqs)
{
	struct copied *copied = &call->recv.copied;
	struct usermem at = call->recv.start;
	u32 first = 0, done = 0;

	close_cell(copied);
	if (copied->offset)
		usermem_skip(&at, copied->offset);
	while (copied->to.nr - first > SKBTRACE_CELLS) {
		done += record_some(call, point, kind, &at, first, done, each, 0, irqs);
		first += SKBTRACE_CELLS;
		if (message_breathe(irqs))
			continue;
		/* The rest has not been compared: it is left out of the records. */
		copied->to.nr = first;
		copied->to.seen = done;
		copied->to.state = SKBTRACE_M_TOO_LONG;
	}
	record_some(call, point, kind, &at, first, done,
		    each | state | copied->to.state, ret, irqs);
}

/* Something else is coming: what is in memory by now is what was copied. */
static void settle(struct message_call *call, unsigned int point, unsigned long irqs)
{
	struct copied *copied = &call->recv.copied;

	confirm(&call->recv);
	if (!copied->to.len)
		return;
	record_copied(call, point, SKBTRACE_MESSAGE_COPY, 0, 0, 0, irqs);
	note_run(&call->recv, copied->offset, copied->seq, copied->to.len);
	copied->to.len = 0;
}

/* skb_copy_datagram_iter(skb, offset, to, len), and of old _iovec(). */
int message_copy(struct message_point *point, void *data, struct pt_regs *regs,
		 unsigned long irqs)
{
	const struct sk_buff *skb = sound_pointer(regs_get_kernel_argument(regs, 0));
	u32 offset = regs_get_kernel_argument(regs, 1);
	u32 len = regs_get_kernel_argument(regs, 3), at, seq, most;
	const struct tcp_skb_cb *cb;
	struct message_call *call;
	struct copied *copied;

	if (!skb || !is_call_of_task())
		return 0;
	call = message_call_of(skb->sk, SKBTRACE_MESSAGE_RECV);
	if (!call || call->sk->sk_protocol != IPPROTO_TCP ||
	    !message_is_read_to(call->recv.msg, regs_get_kernel_argument(regs, 2)))
		return 0;
	if (skb->sk) {
		cb = TCP_SKB_CB(skb);
		seq = cb->seq + offset;
		if (cb->tcp_flags & TCPHDR_SYN)
			seq++;
	} else {
		/* Straight from what arrives, which is not queued (RHEL 7). */
		seq = READ_ONCE(tcp_sk(call->sk)->copied_seq);
	}
	at = call->recv.room - message_left(call->recv.msg);
	/* As much as can be compared in one go when the call returns. */
	most = RETURNS_UNLOCKED && message_can_breathe(irqs) ?
	       COPY_CELLS : MESSAGE_STRETCH / SKBTRACE_GRID + 1;
	copied = &call->recv.copied;
	confirm(&call->recv);
	if (copied->to.len &&
	    (seq != copied->seq + copied->to.len || at != copied->offset + copied->to.len ||
	     copied->to.state || copied->to.nr + len / SKBTRACE_GRID + 2 > most))
		settle(call, point->id, irqs);
	message_copied(&call->recv, skb, offset, at, seq, len, irqs);
	return 0;
}

/* sk_wait_data(): the call sleeps, and others may write to what it has got. */
int message_wait_data(struct message_point *point, void *data,
		      struct pt_regs *regs, unsigned long irqs)
{
	const struct sock *sk = sound_pointer(regs_get_kernel_argument(regs, 0));
	struct message_call *call;

	if (!sk || !is_call_of_task())
		return 0;
	call = message_call_of(sk, SKBTRACE_MESSAGE_RECV);
	if (call && sk->sk_protocol == IPPROTO_TCP)
		settle(call, point->id, irqs);
	return 0;
}

static void record_received(struct message_call *call, struct cells *cells,
			    u32 state, int ret)
{
	struct skbtrace_message *message;

	message = message_claim(call, call->point, SKBTRACE_MESSAGE_RECV);
	if (message) {
		message->seq = cells->seq;
		message->len = cells->len;
		message->ret = ret;
		message->state |= state;
		cells_copy(message->cell, cells->cell, cells->nr);
		message_commit();
	}
	cells_begin(cells, cells_end(cells));
}

/*
 * Look once more at what was there when the call slept or went on elsewhere.  Return: SKBTRACE_M_*:
 * why not at all of it.
 */
static u32 read_runs(struct message_call *call, struct cells *cells, unsigned long irqs)
{
	u32 budget = MESSAGE_RECV_MAX, state = 0, stretch = 0, i;
	const struct recv_state *recv = &call->recv;

	for (i = 0; i < recv->nr_runs; i++) {
		const struct recv_run *run = &recv->run[i];
		u32 left = min(run->len, budget);
		struct usermem at = recv->start;

		if (left < run->len)
			state |= SKBTRACE_M_TOO_LONG;
		budget -= left;
		if (cells->len)
			record_received(call, cells, 0, 0);
		cells_begin(cells, run->seq);
		usermem_skip(&at, run->offset);
		while (left) {
			u32 n = min(left, cell_left(cells_end(cells)));

			if (cells_read(cells, &at, n, false) != n) {
				state |= SKBTRACE_M_UNREADABLE;
				break;
			}
			left -= n;
			stretch += n;
			if (left && stretch >= MESSAGE_STRETCH) {
				if (!message_breathe(irqs)) {
					state |= SKBTRACE_M_TOO_LONG;
					break;
				}
				stretch = 0;
			}
			if (left && cells->nr == SKBTRACE_CELLS)
				record_received(call, cells, 0, 0);
		}
		cells_close(cells);
	}
	return state;
}

void message_recv_leave(struct message_point *point, void *data,
			struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = *(struct message_call **)data;
	struct recv_state *recv = &call->recv;
	int ret = (int)regs_return_value(regs);
	u32 state = SKBTRACE_M_END;
	struct cells cells;

	/* Of a datagram that nobody follows nothing is to be said. */
	if (ret <= 0 ||
	    (call->sk->sk_protocol == IPPROTO_UDP && !call->life))
		goto out;
	confirm(recv);
	cells_begin(&cells, 0);
	if (recv->nr_runs)
		state |= read_runs(call, &cells, irqs);
	if (recv->partial)
		state |= SKBTRACE_M_TOO_LONG;
	if (recv->copied.to.len) {
		if (cells.len)
			record_received(call, &cells, 0, 0);
		record_copied(call, call->point, SKBTRACE_MESSAGE_RECV, SKBTRACE_M_COPIED,
			      state, ret, irqs);
	} else {
		if (!recv->nr_runs)
			state |= SKBTRACE_M_UNPLACED;
		record_received(call, &cells, state, ret);
	}
out:
	message_call_end(call);
}
