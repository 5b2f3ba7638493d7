// SPDX-License-Identifier: GPL-2.0
/*
 * What is copied from a socket's queue to a reader's memory: what the skb held, what
 * came of it in the memory, and what was there when the call returned.
 */
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "compat.h"
#include "handler.h"
#include "messages.h"
#include "payload.h"

/* Cells of one copy: an skb of 512 KiB (BIG TCP), or as much put together in the queue. */
#define COPY_CELLS	132

/**
 * struct copy - a copy under way
 * @call: the call that it is for
 * @id: its number
 * @at: the memory that is copied to
 * @kept: see usermem_of_message()
 * @offset: of that, behind the beginning of the call's
 * @seq: sequence number of the first byte
 * @len: bytes
 * @state: SKBTRACE_M_*: why @cell does not have all of them
 * @seen: bytes that @cell has
 * @nr: of these
 * @cell: of the skb
 */
struct copy {
	struct message_call *call;
	u64 id;
	struct usermem at;
	struct kept_iovecs kept;
	u32 offset;
	u32 seq;
	u32 len;
	u32 state;
	u32 seen;
	u32 nr;
	u32 cell[COPY_CELLS];
};

const size_t message_copy_size = sizeof(struct copy);

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
	usermem_of_message(&recv->start, msg, &recv->kept);
	return 0;
}

/* Digest the skb's bytes, cut where the stream is. */
static void read_skb(struct copy *copy, const struct sk_buff *skb, u32 offset,
		     unsigned long irqs)
{
	u32 stretch = 0;

	if (!skb_is_sound(skb) || offset > skb->len ||
	    copy->len > skb->len - offset) {
		copy->state = SKBTRACE_M_UNREADABLE;
		return;
	}
	while (copy->seen < copy->len) {
		u32 n = min(copy->len - copy->seen,
			    cell_left(copy->seq + copy->seen));
		s64 crc;

		if (copy->nr == COPY_CELLS ||
		    (stretch >= MESSAGE_STRETCH && !message_breathe(irqs))) {
			copy->state = SKBTRACE_M_TOO_LONG;
			return;
		}
		if (stretch >= MESSAGE_STRETCH)
			stretch = 0;
		crc = payload_digest(skb, offset + copy->seen, n);
		if (crc < 0) {
			copy->state = SKBTRACE_M_UNREADABLE;
			return;
		}
		copy->cell[copy->nr++] = crc;
		copy->seen += n;
		stretch += n;
	}
}

/* skb_copy_datagram_iter(skb, offset, to, len), and of old _iovec(). */
int message_copy(struct message_point *point, void *data, struct pt_regs *regs,
		 unsigned long irqs)
{
	const struct sk_buff *skb = sound_pointer(regs_get_kernel_argument(regs, 0));
	u32 offset = regs_get_kernel_argument(regs, 1);
	struct copy *copy = data;
	struct message_call *call;
	const struct tcp_skb_cb *cb;

	if (!skb || current_context() != SKBTRACE_TASK)
		return 1;
	call = message_call_of(skb->sk, SKBTRACE_MESSAGE_RECV);
	if (!call || call->sk->sk_protocol != IPPROTO_TCP ||
	    !message_is_read_to(call->recv.msg, regs_get_kernel_argument(regs, 2)))
		return 1;
	copy->call = call;
	copy->id = call->id;
	copy->len = regs_get_kernel_argument(regs, 3);
	copy->offset = call->recv.room - message_left(call->recv.msg);
	usermem_of_message(&copy->at, call->recv.msg, &copy->kept);
	if (skb->sk) {
		cb = TCP_SKB_CB(skb);
		copy->seq = cb->seq + offset;
		if (cb->tcp_flags & TCPHDR_SYN)
			copy->seq++;
	} else {
		/* Straight from what arrives, which is not queued (RHEL 7). */
		copy->seq = READ_ONCE(tcp_sk(call->sk)->copied_seq);
	}
	copy->state = 0;
	copy->seen = 0;
	copy->nr = 0;
	read_skb(copy, skb, offset, irqs);
	return 0;
}

/*
 * Compare with what is in memory now: the cells from @first on, as many as go into a
 * record.
 */
static void record_copy(struct copy *copy, unsigned int point, u32 first, u32 done)
{
	struct skbtrace_message *message;
	u32 i, len = 0, differs = 0;
	bool compared = true;

	for (i = 0; i < SKBTRACE_CELLS && first + i < copy->nr; i++) {
		u32 n = min(copy->seen - done - len, cell_left(copy->seq + done + len));
		u32 crc = ~0;

		compared = compared && usermem_crc(&copy->at, &crc, n) == n;
		if (compared && ~crc != copy->cell[first + i])
			differs |= 1u << i;
		len += n;
	}
	message = message_claim(copy->call, point, SKBTRACE_MESSAGE_COPY);
	if (!message)
		return;
	message->seq = copy->seq + done;
	message->len = len;
	message->differs = differs;
	if (compared)
		message->state |= SKBTRACE_M_COMPARED;
	if (done + len == copy->seen)
		message->state |= copy->state;
	memcpy(message->cell, copy->cell + first, i * sizeof(*copy->cell));
	message_commit();
}

/**
 * message_recv_note() - remember where in memory which bytes of the stream are
 * @recv: of the call
 * @offset: behind the beginning of the call's memory
 * @seq: the sequence number of the first
 * @len: how many
 */
void message_recv_note(struct recv_state *recv, u32 offset, u32 seq, u32 len)
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

void message_copy_leave(struct message_point *point, void *data,
			struct pt_regs *regs, unsigned long irqs)
{
	struct copy *copy = data;
	struct message_call *call = copy->call;
	u32 first, done = 0, i;

	/* It failed: nobody can say how far it came. */
	if (regs_return_value(regs) || !message_call_is(call, copy->id))
		return;
	message_recv_note(&call->recv, copy->offset, copy->seq, copy->len);
	for (first = 0; first < copy->nr; first += SKBTRACE_CELLS) {
		if (first && !message_breathe(irqs))
			return;
		record_copy(copy, point->id, first, done);
		for (i = 0; i < SKBTRACE_CELLS && done < copy->seen; i++)
			done += min(copy->seen - done, cell_left(copy->seq + done));
	}
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
		memcpy(message->cell, cells->cell,
		       cells->nr * sizeof(*cells->cell));
		message_commit();
	}
	cells_begin(cells, cells_end(cells));
}

void message_recv_leave(struct message_point *point, void *data,
			struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = *(struct message_call **)data;
	struct recv_state *recv = &call->recv;
	int ret = (int)regs_return_value(regs);
	u32 budget = MESSAGE_RECV_MAX, state = SKBTRACE_M_END, stretch = 0, i;
	struct cells cells;

	/* Of a datagram that nobody follows nothing is to be said. */
	if (ret <= 0 ||
	    (call->sk->sk_protocol == IPPROTO_UDP && !call->life))
		goto out;
	cells_begin(&cells, 0);
	for (i = 0; i < recv->nr_runs; i++) {
		const struct recv_run *run = &recv->run[i];
		u32 left = min(run->len, budget);
		struct usermem at = recv->start;

		if (left < run->len)
			state |= SKBTRACE_M_TOO_LONG;
		budget -= left;
		if (cells.len)
			record_received(call, &cells, 0, 0);
		cells_begin(&cells, run->seq);
		usermem_skip(&at, run->offset);
		while (left) {
			u32 n = min(left, cell_left(cells_end(&cells)));

			if (cells_read(&cells, &at, n, false) != n) {
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
			if (left && cells.nr == SKBTRACE_CELLS)
				record_received(call, &cells, 0, 0);
		}
		cells_close(&cells);
	}
	if (!recv->nr_runs)
		state |= SKBTRACE_M_UNPLACED;
	else if (recv->partial)
		state |= SKBTRACE_M_TOO_LONG;
	record_received(call, &cells, state, ret);
out:
	message_call_end(call);
}
