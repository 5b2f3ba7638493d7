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

cat >"$dir/begin.c" <<'END'
#include <linux/cpu.h>
#include <linux/crc32.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#define TYPE(of, is) char type[__builtin_types_compatible_p(typeof(of), is) ? 1 : -1]
void trial(void);
void trial(void)
{
END

# compiles CODE COMPILER FLAG...: the code, in a function
compiles() {
	{ cat "$dir/begin.c"; printf '%s\n}\n' "$1"; } >"$dir/trial.c"
	shift
	"$@" -DKBUILD_MODNAME='"skbtrace"' -Wno-error -fsyntax-only "$dir/trial.c" \
		>"$dir/messages" 2>&1
}

# Where nothing compiles the trials would tell nothing.
if ! compiles '' "$@"; then
	cat "$dir/messages" >&2
	echo "skbtrace: error: the kernel's headers do not compile (see above)" >&2
	exit 1
fi

# The compiler must also refuse what is not there.
if compiles 'no_kernel_has_this();' "$@"; then
	echo "skbtrace: error: the compiler takes functions that are not declared" >&2
	exit 1
fi

while read -r name code; do
	if compiles "$code" "$@"; then
		echo "#define HAVE_$name 1"
	else
		echo "/* HAVE_$name is not defined */"
	fi
done >"$dir/header" <<'END'
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
GET_KRETPROBE		get_kretprobe((struct kretprobe_instance *)0);
CRC32C_LE		__crc32c_le(0, (unsigned char *)0, 0);
END
mv "$dir/header" "$header"
