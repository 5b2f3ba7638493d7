// SPDX-License-Identifier: GPL-2.0
/*
 * UDP: a call sends a datagram and a call gets one, whole.  Which, the life of its skb
 * says: no addresses are compared.  Places are counted from the datagram's beginning.
 */
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/udp.h>

#include "compat.h"
#include "follow.h"
#include "handler.h"
#include "messages.h"
#include "payload.h"

/*
 * The header was still in front of what a queued skb has until 4.7, e6afc8ace6dd ("udp: remove
 * headers from UDP packets before queueing"); skb_consume_udp() is of 4.10, and RHEL 7 has both.
 */
#ifdef HAVE_MSG_ITER
#define QUEUED_AT	0
#else
#define QUEUED_AT	sizeof(struct udphdr)
#endif

/* udp_sendmsg(sk, msg, len) and its twin of IPv6; of old with an iocb in front. */
int message_udp_send(struct message_point *point, void *data,
		     struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call;

	call = message_send_begin(point, data,
				  sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG)),
				  sound_pointer(regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 1)),
				  regs_get_kernel_argument(regs, MESSAGE_SK_ARG + 2), regs);
	if (call)
		message_send_whole(call);
	return !call;
}

void message_udp_send_leave(struct message_point *point, void *data,
			    struct pt_regs *regs, unsigned long irqs)
{
	struct message_call *call = *(struct message_call **)data;

	/* Of a datagram that nobody follows nothing is to be said. */
	if (call->life)
		message_send_leave(call, regs, irqs);
	else
		message_call_end(call);
}

/**
 * message_udp_tie() - a datagram is seen that a socket has sent
 * @skb: its skb
 * @life: the life of that
 *
 * If a call of this task's on that socket is under way it is the call's: the first is.
 *
 * Context: probe handler.
 */
void message_udp_tie(const struct sk_buff *skb, u64 life)
{
	struct message_call *call;

	if (!is_call_of_task())
		return;
	call = message_call_of(skb->sk, SKBTRACE_MESSAGE_SEND);
	if (call && !call->life)
		call->life = life;
}

/*
 * skb_consume_udp(sk, skb, len): the datagram has been copied, and is given back.  It has
 * not if it was just peeked at, of which @len is negative.
 */
int message_udp_got(struct message_point *point, void *data,
		    struct pt_regs *regs, unsigned long irqs)
{
	const struct sock *sk = sound_pointer(regs_get_kernel_argument(regs, 0));
	const struct sk_buff *skb = sound_pointer(regs_get_kernel_argument(regs, 1));
	struct message_call *call;
	const struct life *life;
	u32 len;

	if (!sk || !skb || (int)regs_get_kernel_argument(regs, 2) < 0 ||
	    !is_call_of_task())
		return 0;
	call = message_call_of(sk, SKBTRACE_MESSAGE_RECV);
	life = call ? followed(skb) : NULL;
	if (!life || call->life || !skb_is_sound(skb))
		return 0;
	len = call->recv.room - message_left(call->recv.msg);
	if (!len || skb->len < QUEUED_AT || len > skb->len - QUEUED_AT ||
	    len > MESSAGE_STRETCH)
		return 0;
	call->life = life->number;
	message_copied(&call->recv, skb, QUEUED_AT, 0, 0, len, irqs);
	return 0;
}
