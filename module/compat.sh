#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Find out what the kernel's headers have, by compiling; distributions backport,
# so versions do not tell.
#
#	compat.sh HEADER COMPILER FLAG...
#
# Writes HEADER, which module/compat.h includes: HAVE_X is defined for each trial
# below that compiles. Started by Kbuild.

set -u
header=$1
shift

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

cat >"$dir/trials" <<'END'
OKFN_NET_SK		TYPE(ip_output, int(struct net *, struct sock *, struct sk_buff *));
OKFN_SK			TYPE(ip_output, int(struct sock *, struct sk_buff *));
IP_QUEUE_XMIT_SK	TYPE(ip_queue_xmit, int(struct sock *, struct sk_buff *, struct flowi *));
SYNCHRONIZE_SCHED	synchronize_sched();
COPY_FROM_KERNEL_NOFAULT copy_from_kernel_nofault((void *)0, (void *)0, 0);
REGS_GET_KERNEL_ARGUMENT regs_get_kernel_argument((struct pt_regs *)0, 0);
STACK_TRACE_SAVE	stack_trace_save((unsigned long *)0, 0, 0);
CPUS_READ_LOCK		cpus_read_lock();
TOTALRAM_PAGES_CALL	totalram_pages();
POLL_T			__poll_t events = EPOLLIN | EPOLLRDNORM;
SKB_FRAG_OFF		skb_frag_off((skb_frag_t *)0);
NET_NS_COMMON		TYPE(((struct net *)0)->ns.inum, unsigned int);
SKB_USERS_REFCOUNT	TYPE(((struct sk_buff *)0)->users, refcount_t);
KRETPROBE_INSTANCES	((struct task_struct *)0)->kretprobe_instances.first = 0;
GET_KRETPROBE		get_kretprobe((struct kretprobe_instance *)0);
PREEMPT_COUNT_ADD	__preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
TCP_SENDMSG_LOCKED	tcp_sendmsg_locked((struct sock *)0, (struct msghdr *)0, 0);
TCP_SENDMSG_SK		TYPE(tcp_sendmsg, int(struct sock *, struct msghdr *, size_t));
MSG_ITER		iov_iter_count(&((struct msghdr *)0)->msg_iter);
USER_BACKED_ITER	user_backed_iter((struct iov_iter *)0);
ITER_IS_KVEC		iov_iter_is_kvec((struct iov_iter *)0);
ITER_UBUF		iter_is_ubuf((struct iov_iter *)0);
ITER_IOV_ADDR		iter_iov_addr((struct iov_iter *)0);
CRC32C_LE		__crc32c_le(0, (unsigned char *)0, 0);
END

# All trials in one go, since parsing the headers is what takes the time. Each is a
# function in a file of its own name, by which the compiler's messages tell them apart.
{
	cat <<'END'
#include <linux/cpu.h>
#include <linux/crc32.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#define TYPE(of, is) char type[__builtin_types_compatible_p(typeof(of), is) ? 1 : -1]
END
	{ echo 'NO_KERNEL_HAS_THIS no_kernel_has_this();'; cat "$dir/trials"; } |
	while read -r name code; do
		printf '# 1 "trial-%s"\nvoid trial_%s(void);void trial_%s(void) { %s }\n' \
			"$name" "$name" "$name" "$code"
	done
} >"$dir/all.c"
LC_ALL=C "$@" -DKBUILD_MODNAME='"skbtrace"' -Wno-error -fmax-errors=0 -fsyntax-only \
	"$dir/all.c" >"$dir/messages" 2>&1

# The names whose trials failed, and "elsewhere" for an error that is in none of them: an
# error, or a note below it that says where a macro was used.
awk '
	function done() { if (error && !in_trial) print "elsewhere"; error = in_trial = 0 }
	/: (fatal )?error: / { done(); error = 1 }
	/: warning: / { done() }
	error && match($0, /^trial-[A-Z0-9_]+:[0-9]/) {
		print substr($0, 7, RLENGTH - 8)
		in_trial = 1
	}
	END { done() }' "$dir/messages" >"$dir/failed"

if [ ! -s "$dir/failed" ] || grep -q -x elsewhere "$dir/failed"; then
	cat "$dir/messages" >&2
	echo "skbtrace: error: the kernel's headers do not compile (see above)" >&2
	exit 1
fi
if ! grep -q -x NO_KERNEL_HAS_THIS "$dir/failed"; then
	echo "skbtrace: error: the compiler takes functions that are not declared" >&2
	exit 1
fi

while read -r name _; do
	if grep -q -x "$name" "$dir/failed"; then
		echo "/* HAVE_$name is not defined */"
	else
		echo "#define HAVE_$name 1"
	fi
done <"$dir/trials" >"$dir/header"
mv "$dir/header" "$header"
