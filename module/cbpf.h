/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_MODULE_CBPF_H
#define SKBTRACE_MODULE_CBPF_H

#include <linux/types.h>

struct hop;
struct point;
struct program;
struct sk_buff;

/**
 * enum packet_verdict - what filter= says of a packet
 * @PACKET_REJECTED: not to be recorded
 * @PACKET_ADMITTED: to be recorded, or there is no filter
 * @PACKET_UNREAD: there is no IP header that could be read
 */
enum packet_verdict { PACKET_REJECTED, PACKET_ADMITTED, PACKET_UNREAD };

enum packet_verdict packet_verdict(const struct program *filter,
				   const struct point *point,
				   const struct sk_buff *skb);
bool packet_is_rejected(const struct program *filter, const struct point *point,
			const struct sk_buff *skb);
bool flow_is_admitted(const struct hop *hop);

#endif /* SKBTRACE_MODULE_CBPF_H */
