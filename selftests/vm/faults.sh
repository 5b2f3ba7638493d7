#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Look for complaints in a kernel's log.
#
#	faults.sh LOG [IGNORE-REGEX]
#
# Prints the first few with what follows them; fails if there is one. Data races that
# KCSAN sees are the kernel's own, of which there are many, unless skbtrace is in them.

export LC_ALL=C
[ -r "$1" ] || { echo "faults.sh: cannot read $1" >&2; exit 1; }

exec awk -v ignore="${2-}" '
	{ sub(/\r$/, "") }
	ignore != "" && $0 ~ ignore { next }
	/BUG: KCSAN: / { judge(); race = 1 }
	race { report = report $0 "\n" }
	race && /=====$/ { judge() }
	/BUG: KCSAN: / { next }
	/\[ cut here \]|BUG: |BUG [^ ]+ \(|kernel BUG at|Oops: |Kernel panic|general protection fault/ ||
	/WARNING: (CPU|at |possible|suspicious|bad|inconsistent|held|lock|stack|Nested|[^ ]*-safe ->|[^ ]*:[0-9]+ at)/ ||
	/unable to handle|double fault|stack-protector|stack guard page|trap invalid opcode/ ||
	/soft lockup|hard LOCKUP|detected (expedited )?stall|self-detected stall/ ||
	/blocked for more than|(possible|inconsistent) .*(locking|lock state)|suspicious RCU/ ||
	/INFO: (lockdep is turned off|trying to register)|kmemleak: .*disabled|ODEBUG: / ||
	/KASAN: |KMSAN: |KFENCE: |UBSAN: |unreferenced object 0x|refcount_t: / ||
	/scheduling while atomic|sleeping function called|list_(add|del) corruption/ ||
	/unregister_netdevice: waiting|Out of memory: |page allocation failure|segfault at/ {
		found++
		if (show <= 0)
			print "--"
		show = 30
	}
	show-- > 0 && shown++ < 120
	END {
		judge()
		if (races)
			print "(" races " data races of the kernel itself)"
		exit found > 0
	}
	function judge() {
		if (report ~ /\[skbtrace\]/) {
			found++
			printf "--\n%s", report
		} else if (report != "") {
			races++
		}
		report = ""
		race = 0
	}
' "$1"
