/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of hostile.ko share: the one skb that is cast, what it is made
 * of, and the functions that are called with it.  All of it belongs to who writes
 * to parameters/cast, one at a time.
 */
#ifndef SKBTRACE_HOSTILE_H
#define SKBTRACE_HOSTILE_H

#include <linux/skbuff.h>
#include <linux/types.h>

struct net_device;

/* main.c: the parameters */
extern unsigned int seed;
extern unsigned int rounds;

/*
 * targets.c
 */

/* Where skb->data stands: at the link, network or transport header. */
enum layer { LINK, NETWORK, TRANSPORT };

/**
 * struct target - a function that is called with the skb
 * @name: its name
 * @call: calls it with @argument and whatever else it takes
 * @decoy: the function, if it is ours
 * @layer: where it expects skb->data
 * @f: where it is; NULL: this kernel has no such function
 * @calls: how often it was called since parameters/cast was written to
 */
struct target {
	const char *name;
	void (*call)(void *f);
	void *decoy;
	enum layer layer;
	void *f;
	unsigned int calls;
};

extern struct target targets[];
extern const unsigned int nr_targets;

/* An argument that is no skb is for decoys only. */
extern void *argument;
extern void *sock_argument;

int targets_find(void);

/*
 * frames.c
 */
#define FRAME_MAX	400

/* The frame that skbs are made of. */
extern u8 frame[FRAME_MAX];
extern unsigned int frame_len;

bool make_frame(unsigned int n);

/*
 * skb.c
 */

/* More than skbtrace follows, of a list of fragments or of packets. */
#define MANY		1500

extern struct net_device *dev;
extern u8 *low, *high;		/* pages without a neighbour, in that order */
extern struct sk_buff *skb;
extern struct sk_buff *chain[MANY];
extern unsigned int nr_skbs;	/* cast since parameters/cast was written to */
extern bool decoys_only;	/* the kernel's functions are not called */

/* What describes the skb begins where its buffer ends. */
static inline struct skb_shared_info *shared(void)
{
	return (struct skb_shared_info *)high;
}

void chained(unsigned int nr, unsigned int len);
void cast(unsigned int linear, void (*lie)(unsigned long arg),
	  unsigned long arg);
int skbs_alloc(void);
void skbs_free(void);

/*
 * lies.c
 */

/**
 * struct kind - what can be written to parameters/cast
 * @name: what is written
 * @cast: casts all skbs of that kind to all functions
 */
struct kind {
	const char *name;
	void (*cast)(void);
};

extern const struct kind kinds[];
extern const unsigned int nr_kinds;

#endif /* SKBTRACE_HOSTILE_H */
