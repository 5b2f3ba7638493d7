/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_USERMEM_H
#define SKBTRACE_USERMEM_H

#include <linux/mm_types.h>
#include <linux/percpu.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/uio.h>

#include "compat.h"

#ifdef HAVE_MSG_ITER
/* An iterator is a place by itself, and nothing of it changes under a copy. */
struct kept_iovecs { };
struct msg_place {
	struct iov_iter iter;
};
#else
/*
 * Before 3.19, c0371da6047a ("put iov_iter into msghdr"), what receives writes to
 * the iovecs as it goes.
 */
#define KEPT_IOVECS	8
struct kept_iovecs {
	struct iovec iov[KEPT_IOVECS];
};
struct msg_place {
	const struct iovec *iov;
	size_t nr;
	size_t done;		/* of the first */
	bool kernel;
};
#endif

/**
 * struct usermem - a place in the memory that a call is about
 * @place: in what a struct msghdr says, unless
 * @page: it is in the kernel's own
 * @left: bytes of that
 *
 * Copies of it are places of their own.
 */
struct usermem {
	struct msg_place place;
	const u8 *page;
	size_t left;
};

/* Pages that were not there when they were to be read. */
DECLARE_PER_CPU(unsigned long, usermem_faults);

void usermem_of_message(struct usermem *at, const struct msghdr *msg,
			struct kept_iovecs *keep);
void usermem_of_page(struct usermem *at, const struct page *page,
		     unsigned int offset, size_t len);
size_t usermem_crc(struct usermem *at, u32 *crc, size_t len);
void usermem_skip(struct usermem *at, size_t len);
bool usermem_is_kernel(const struct usermem *at);
size_t message_left(const struct msghdr *msg);
bool message_is_read_to(const struct msghdr *msg, unsigned long to);

#endif /* SKBTRACE_USERMEM_H */
