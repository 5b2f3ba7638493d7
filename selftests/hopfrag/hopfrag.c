// SPDX-License-Identifier: GPL-2.0
/*
 * A mapping whose pages, as they are faulted in, send on a socket of the same task:
 * what a file system on the network does that fetches a page of a mapped file.  For
 * tests alone.
 *
 * Where a send() on another socket copies from such a mapping, both use the memory
 * that current->task_frag has: tcp_sendmsg() has asked sk_page_frag_refill() for it,
 * faults as it copies, the inner send takes the same memory, and what was copied first
 * is written over.
 *
 * 20eb4f29b602 ("net: fix sk_page_frag() recursion from memory reclaim") keeps sockets
 * off it whose sk_allocation says that they may not enter the file system, and
 * dacb5d8875cc ("tcp: fix page frag corruption on page fault") goes by what CIFS and
 * others set; since 6.2 they say so with sk_use_task_frag.  3.10.0-1160.el7 has none of
 * that.
 *
 *	open, ioctl(fd, 0, socket), mmap
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <net/sock.h>

static unsigned int nbytes = 4000;
module_param(nbytes, uint, 0600);
MODULE_PARM_DESC(nbytes, "bytes that a fault sends");

static bool nofs;
module_param(nofs, bool, 0600);
MODULE_PARM_DESC(nofs, "the inner socket may not enter the file system, as CIFS's");

/* Pages of one mapping fault one after the other. */
static u8 inner[PAGE_SIZE];

static int fault_in(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct socket *sock = vma->vm_file->private_data;
	struct kvec vec = { .iov_base = inner };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return VM_FAULT_OOM;
	memset(page_address(page), 'A' + vmf->pgoff % 26, PAGE_SIZE);
	if (sock) {
		vec.iov_len = min_t(size_t, nbytes, sizeof(inner));
		memset(inner, 'n', sizeof(inner));
		sock->sk->sk_allocation = nofs ? GFP_NOFS : GFP_KERNEL;
		/* 6.2, 98123866fcf3 ("Treewide: Stop corrupting socket's task_frag"). */
#ifdef HAVE_SK_USE_TASK_FRAG
		sock->sk->sk_use_task_frag = !nofs;
#endif
		if (kernel_sendmsg(sock, &msg, &vec, 1, vec.iov_len) < 0)
			pr_err("hopfrag: the inner send failed\n");
	}
	vmf->page = page;
	return 0;
}

#ifndef HAVE_VM_FAULT_T
typedef int vm_fault_t;
#endif

/* 4.11, 11bac8000449 ("mm, fs: reduce fault ... to take only vmf"); 4.17: vm_fault_t. */
#ifdef HAVE_FAULT_BY_VMF
static vm_fault_t fault(struct vm_fault *vmf)
{
	return fault_in(vmf->vma, vmf);
}
#else
static vm_fault_t fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	return fault_in(vma, vmf);
}
#endif

static const struct vm_operations_struct mapping_ops = { .fault = fault };

static int hopfrag_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &mapping_ops;
	return 0;
}

static int hopfrag_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static long hopfrag_ioctl(struct file *file, unsigned int cmd, unsigned long fd)
{
	struct socket *sock;
	int err;

	if (file->private_data)
		return -EBUSY;
	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	file->private_data = sock;
	return 0;
}

static int hopfrag_release(struct inode *inode, struct file *file)
{
	struct socket *sock = file->private_data;

	if (sock)
		sockfd_put(sock);
	return 0;
}

static const struct file_operations hopfrag_ops = {
	.owner = THIS_MODULE,
	.open = hopfrag_open,
	.mmap = hopfrag_mmap,
	.unlocked_ioctl = hopfrag_ioctl,
	.release = hopfrag_release,
};

static struct miscdevice hopfrag = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hopfrag",
	.fops = &hopfrag_ops,
};

static int __init hopfrag_init(void)
{
	return misc_register(&hopfrag);
}

static void __exit hopfrag_exit(void)
{
	misc_deregister(&hopfrag);
}

module_init(hopfrag_init);
module_exit(hopfrag_exit);

MODULE_DESCRIPTION("a mapping whose faults send, to test skbtrace with");
MODULE_LICENSE("GPL");
