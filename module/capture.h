/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_CAPTURE_H
#define SKBTRACE_CAPTURE_H

struct config;
struct point;
struct pt_regs;
struct sk_buff;
struct skbtrace_record;

/* So many skbs in a row make a point trusted. */
#define POINT_TRUSTED	64

void capture_entry(struct point *point, struct pt_regs *regs);
void capture_fill(struct skbtrace_record *record, const struct point *point,
		  struct pt_regs *regs, struct sk_buff *skb,
		  const struct config *config);
struct sk_buff *capture_argument(struct point *point, struct pt_regs *regs);

#endif /* SKBTRACE_CAPTURE_H */
