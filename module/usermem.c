// SPDX-License-Identifier: GPL-2.0
/*
 * CRC-32C of the memory that send() reads and recv() writes, read where it is.
 *
 * Nothing is faulted in: page faults are disabled, and where a page is not there
 * (or goes away meanwhile) the reading ends short of it.  No byte is copied or kept.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "crc32c.h"
#include "usermem.h"

/* As many iovecs of no length as a call may have. */
#define EMPTY_MAX	1024

DEFINE_PER_CPU(unsigned long, usermem_faults);

/* Not all of that could be read. */
#define FAULTED		false

#ifdef CONFIG_X86_64
#include <asm/asm.h>
#include <asm/smap.h>

/*
 * One piece of asm, so that the compiler (and what instruments its code) puts nothing
 * between stac and clac.  Any of the loads may be the one that faults: another thread
 * may unmap the page at any time.
 */
static noinline bool crc_by_instruction(u32 *crc32, const u8 *p, size_t len)
{
	unsigned long crc = *crc32, n = len / 64;
	unsigned int words = len % 64 / 8, bytes = len % 8;
	unsigned int ok = 1;

	stac();
	asm volatile("	test %[n], %[n]\n"
		     "	jz 20f\n"
		     "1:	crc32q (%[p]), %[crc]\n"
		     "2:	crc32q 8(%[p]), %[crc]\n"
		     "3:	crc32q 16(%[p]), %[crc]\n"
		     "4:	crc32q 24(%[p]), %[crc]\n"
		     "5:	crc32q 32(%[p]), %[crc]\n"
		     "6:	crc32q 40(%[p]), %[crc]\n"
		     "7:	crc32q 48(%[p]), %[crc]\n"
		     "8:	crc32q 56(%[p]), %[crc]\n"
		     "	add $64, %[p]\n"
		     "	dec %[n]\n"
		     "	jnz 1b\n"
		     "20:	test %[words], %[words]\n"
		     "	jz 30f\n"
		     "9:	crc32q (%[p]), %[crc]\n"
		     "	add $8, %[p]\n"
		     "	dec %[words]\n"
		     "	jnz 9b\n"
		     "30:	test %[bytes], %[bytes]\n"
		     "	jz 50f\n"
		     "10:	crc32b (%[p]), %k[crc]\n"
		     "	inc %[p]\n"
		     "	dec %[bytes]\n"
		     "	jnz 10b\n"
		     "	jmp 50f\n"
		     "40:	xor %[ok], %[ok]\n"
		     "50:\n"
		     _ASM_EXTABLE(1b, 40b)
		     _ASM_EXTABLE(2b, 40b)
		     _ASM_EXTABLE(3b, 40b)
		     _ASM_EXTABLE(4b, 40b)
		     _ASM_EXTABLE(5b, 40b)
		     _ASM_EXTABLE(6b, 40b)
		     _ASM_EXTABLE(7b, 40b)
		     _ASM_EXTABLE(8b, 40b)
		     _ASM_EXTABLE(9b, 40b)
		     _ASM_EXTABLE(10b, 40b)
		     : [crc] "+r" (crc), [p] "+r" (p), [n] "+r" (n),
		       [words] "+r" (words), [bytes] "+r" (bytes), [ok] "+r" (ok)
		     : : "memory", "cc");
	clac();
	if (!ok)
		return FAULTED;
	*crc32 = crc;
	return true;
}

static bool has_instruction(void)
{
	return boot_cpu_has(X86_FEATURE_XMM4_2);
}
#else
static bool crc_by_instruction(u32 *crc32, const u8 *p, size_t len)
{
	return FAULTED;
}

static bool has_instruction(void)
{
	return false;
}
#endif

/* Without an instruction that reads and sums at once: a line at a time. */
static bool crc_by_copy(u32 *crc32, const u8 *p, size_t len)
{
	u32 crc = *crc32;
	u8 line[64];

	while (len) {
		size_t n = min(len, sizeof(line));

		if (__copy_from_user_inatomic(line, (const void __user *)p, n))
			return FAULTED;
		crc = crc32c_update(crc, line, n);
		p += n;
		len -= n;
	}
	*crc32 = crc;
	return true;
}

/* Return: how many bytes could be read. */
static size_t crc_user(u32 *crc, const u8 *p, size_t len)
{
	unsigned long start = (unsigned long)p;
	size_t done = 0;

	/* A kernel thread's page tables are somebody else's. */
	if (!current->mm || start >= TASK_SIZE || len > TASK_SIZE - start)
		return 0;
	pagefault_disable();
	while (done < len) {
		size_t n = min_t(size_t, len - done,
				 PAGE_SIZE - offset_in_page(p + done));

		/* All of a page, or nothing: a page is there or is not. */
		if (has_instruction() ? !crc_by_instruction(crc, p + done, n) :
					!crc_by_copy(crc, p + done, n)) {
			this_cpu_inc(usermem_faults);
			break;
		}
		done += n;
	}
	pagefault_enable();
	return done;
}

#ifdef HAVE_MSG_ITER
#include <linux/blk_types.h>

static void place_of_message(struct msg_place *place, const struct msghdr *msg,
			     struct kept_iovecs *keep)
{
	place->iter = msg->msg_iter;
}

/* The bytes that follow in one piece.  Return: how many, 0 if there are none. */
static size_t place_piece(struct msg_place *place, const u8 **p, bool *is_user)
{
	struct iov_iter *iter = &place->iter;

	*is_user = false;
	if (!iov_iter_count(iter))
		return 0;
	if (iter_is_user(iter)) {
		const struct iovec piece = iter_iovec(iter);

		*is_user = true;
		*p = (const u8 __force *)piece.iov_base;
		return piece.iov_len;
	}
	if (iov_iter_is_kvec(iter)) {
		*p = (const u8 *)iter->kvec->iov_base + iter->iov_offset;
		return min(iter->kvec->iov_len - iter->iov_offset,
			   iov_iter_count(iter));
	}
	if (iov_iter_is_bvec(iter)) {
		const struct bio_vec *vec = iter->bvec;
		const u8 *page = page_address(vec->bv_page);

		if (!page)
			return 0;
		*p = page + vec->bv_offset + iter->iov_offset;
		return min_t(size_t, vec->bv_len - iter->iov_offset,
			     iov_iter_count(iter));
	}
	return 0;
}

/* Where the next piece has no length: is there one behind it? */
static bool place_pass_empty(struct msg_place *place)
{
	iov_iter_advance(&place->iter, 0);
	return iov_iter_count(&place->iter) && iter_is_user(&place->iter);
}

static void place_skip(struct msg_place *place, size_t len)
{
	iov_iter_advance(&place->iter, len);
}

static bool place_is_kernel(const struct msg_place *place)
{
	return !iter_is_user(&place->iter);
}

/**
 * message_left() - how many bytes are to be read from, or written to, a message
 * @msg: the message
 */
size_t message_left(const struct msghdr *msg)
{
	return iov_iter_count(&msg->msg_iter);
}

/**
 * message_is_read_to() - is that where a message is received to
 * @msg: the message
 * @to: an argument of what copies
 */
bool message_is_read_to(const struct msghdr *msg, unsigned long to)
{
	return to == (unsigned long)&msg->msg_iter;
}
#else
static void place_of_message(struct msg_place *place, const struct msghdr *msg,
			     struct kept_iovecs *keep)
{
	place->iov = msg->msg_iov;
	place->nr = msg->msg_iovlen;
	place->done = 0;
	place->kernel = segment_eq(get_fs(), KERNEL_DS);
	if (keep) {
		place->nr = min_t(size_t, place->nr, KEPT_IOVECS);
		memcpy(keep->iov, place->iov, place->nr * sizeof(*keep->iov));
		place->iov = keep->iov;
	}
}

static size_t place_piece(struct msg_place *place, const u8 **p, bool *is_user)
{
	unsigned int i;

	for (i = 0; i < EMPTY_MAX && place->nr; i++) {
		if (place->iov->iov_len > place->done)
			break;
		place->iov++;
		place->nr--;
		place->done = 0;
	}
	if (!place->nr || place->iov->iov_len <= place->done)
		return 0;
	*is_user = !place->kernel;
	*p = (const u8 __force *)place->iov->iov_base + place->done;
	return place->iov->iov_len - place->done;
}

/* place_piece() does. */
static bool place_pass_empty(struct msg_place *place)
{
	return false;
}

static void place_skip(struct msg_place *place, size_t len)
{
	const u8 *p;
	bool is_user;
	size_t n;

	while (len && (n = place_piece(place, &p, &is_user)) != 0) {
		n = min(n, len);
		place->done += n;
		len -= n;
	}
}

static bool place_is_kernel(const struct msg_place *place)
{
	return place->kernel;
}

size_t message_left(const struct msghdr *msg)
{
	size_t i, left = 0;

	for (i = 0; i < msg->msg_iovlen && i < EMPTY_MAX; i++)
		left += msg->msg_iov[i].iov_len;
	return left;
}

bool message_is_read_to(const struct msghdr *msg, unsigned long to)
{
	return to == (unsigned long)msg->msg_iov;
}
#endif

/**
 * usermem_of_message() - the memory that a message is sent from or received to
 * @at: set to its beginning
 * @msg: the message, of a call that is under way
 * @keep: where to keep what a receiving call changes, or NULL; lives as long as @at
 */
void usermem_of_message(struct usermem *at, const struct msghdr *msg,
			struct kept_iovecs *keep)
{
	at->page = NULL;
	at->left = 0;
	place_of_message(&at->place, msg, keep);
}

/**
 * usermem_of_page() - a part of a page of the kernel's, that sendfile() sends
 * @at: set to its beginning
 * @page: the page
 * @offset: where in it
 * @len: how long
 */
void usermem_of_page(struct usermem *at, const struct page *page,
		     unsigned int offset, size_t len)
{
	const u8 *p = page_address((struct page *)page);

	memset(&at->place, 0, sizeof(at->place));
	at->page = p ? p + offset : NULL;
	at->left = p ? len : 0;
}

/**
 * usermem_is_kernel() - is it the kernel's memory
 * @at: the place
 */
bool usermem_is_kernel(const struct usermem *at)
{
	return at->page || place_is_kernel(&at->place);
}

/**
 * usermem_crc() - go on with a CRC-32C over memory that may not be there
 * @at: the place, moved behind what could be read
 * @crc: the CRC, not complemented
 * @len: how many bytes
 *
 * Context: probe handler in the task whose call it is.
 * Return: how many could be read.
 */
size_t usermem_crc(struct usermem *at, u32 *crc, size_t len)
{
	unsigned int empty = 0;
	size_t done = 0;

	while (done < len) {
		bool is_user = false;
		size_t n, got;
		const u8 *p;

		if (at->page) {
			p = at->page;
			n = at->left;
		} else {
			n = place_piece(&at->place, &p, &is_user);
		}
		if (!n && (at->page || empty++ == EMPTY_MAX ||
			   !place_pass_empty(&at->place)))
			break;
		n = min(n, len - done);
		got = n;
		if (is_user)
			got = crc_user(crc, p, n);
		else
			*crc = crc32c_update(*crc, p, n);
		usermem_skip(at, got);
		done += got;
		if (got < n)
			break;
	}
	return done;
}

/**
 * usermem_skip() - go on by so many bytes
 * @at: the place
 * @len: the bytes, there are as many
 */
void usermem_skip(struct usermem *at, size_t len)
{
	if (at->page) {
		at->page += len;
		at->left -= len;
	} else {
		place_skip(&at->place, len);
	}
}
