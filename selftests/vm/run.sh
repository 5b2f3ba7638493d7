#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run one command in a virtual machine that has the module for its kernel.
#
#	run.sh [OPTION]... -- COMMAND [ARG]...
#	run.sh [OPTION]... --shell
#
#	--silent SECONDS	kill the machine when nothing has been said for that long, by
#				the command or in the kernel's log (600); the time that other
#				work keeps it waiting for a processor does not count
#	--time SECONDS		kill the machine after that long, whatever it does (never)
#	--mem MB		its memory (1024)
#	--smp N			its processors (2)
#	--append "ARGS"		more for the kernel's command line
#	--add FILE:GUESTPATH	put a file or folder in; may be repeated
#	--nic PORT:TO[:NR]	a network device; its frames are UDP datagrams from this PORT of
#				127.0.0.1, TO another, see relay.py; NR makes its address (1)
#	--out FILE		what the command writes to /dev/ttyS3
#	--no-reader		without tools/skbtrace
#	--no-module		without skbtrace.ko
#	--peers			with the other tracers that are installed here
#	--kselftest		with /kselftest/run_kselftest.sh and the tests it runs
#	--strict		a warning of the compiler is an error
#	--icount		one processor, whose clock counts the instructions it has
#				executed (a nanosecond each): the same at each boot
#	--firmware CODE:VARS	UEFI, with Secure Boot if it has that; VARS is written to
#	--ignore REGEX		lines of the kernel's log that are no faults
#	--shell			a shell on this terminal instead of a command
#
# COMMAND runs in the guest in /skbtrace/selftests; its output appears here as
# it is written and its exit status is ours. If the kernel complains (a warning,
# an oops, a lockup, a leak) the status is 99 and the lines are shown; if the
# guest dies or takes too long, 98. The kernel's log is kept in the cache.
#
# Environment:
#	KERNEL=IMAGE MODULES=/path/lib/modules/VERSION KDIR=HEADERS
#			any kernel; KDIR may be left out if MODULES has "build"
#	VMKERNEL=NAME	without KERNEL, one that kernel.sh knows (6.1)
#	CC=COMPILER	for the module
#	SKBTRACE_SRC=	the tree to build and test, if not this one
#	SKBTRACE_CACHE=	downloads, builds and logs (.cache at the top)
#	ACCEL=kvm	instead of emulation
#
# In the guest: /skbtrace/skbtrace.ko (modprobe finds it too), /usr/bin/skbtrace,
# /skbtrace/selftests, the kernel's network modules, the machine's own tools.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

usage() { sed -n 's/^#\t/\t/p; /^$/q' "$0" | sed '/KERNEL=IMAGE/,$d' >&2; exit 2; }

parse() {
	silent=600 limit='' mem=1024 smp=2 append='' ignore='' firmware='' adds=() nic='' out=''
	reader=1 module=1 kselftest='' strict='' icount='' peers='' shell=''
	while [ $# -gt 0 ]; do
		case $1 in
		--silent) silent=${2-}; shift ;;
		--time) limit=${2-}; shift ;;
		--mem) mem=${2-}; shift ;;
		--smp) smp=${2-}; shift ;;
		--append) append=${2-}; shift ;;
		--add) adds+=("${2-}"); shift ;;
		--firmware) firmware=${2-}; shift ;;
		--ignore) ignore=${2-}; shift ;;
		--nic) nic=${2-}; shift ;;
		--out) out=${2-}; shift ;;
		--no-reader) reader= ;;
		--no-module) module= ;;
		--kselftest) kselftest=1 ;;
		--strict) strict=1 ;;
		--icount) icount=1 ;;
		--peers) peers=1 ;;
		--shell) shell=1 ;;
		--) shift; break ;;
		*) usage ;;
		esac
		shift || usage
	done
	command=("$@")
	[ -z "$icount" ] || smp=1
	if [ -n "$shell" ]; then
		[ -t 0 ] || die "--shell needs a terminal"
		command=(env 'PS1=guest:\w# ' bash --norc)
	fi
	[ ${#command[@]} -gt 0 ] || usage
}

choose_kernel() {
	local found name value default=6.1

	if [ -z "${KERNEL-}" ]; then
		# Where there are no Debian packages to unpack, what is installed.
		command -v apt-get >/dev/null || default=host
		found=$("$rig/kernel.sh" "${VMKERNEL:-$default}") || exit 1
		while IFS='=' read -r name value; do
			[ "$name" = CC ] && [ -n "${CC-}" ] || declare -g "$name=$value"
		done <<<"$found"
	fi
	[ -r "$KERNEL" ] || die "KERNEL=$KERNEL cannot be read"
	[ -d "${MODULES-}" ] ||
		die "MODULES=${MODULES-} is no folder: KERNEL needs its /lib/modules/VERSION"
	KDIR=${KDIR:-$MODULES/build}
	ver=$(basename "$(readlink -f "$MODULES")")
}

add_module() {
	local mods lib=$root/usr/lib/modules other others=''

	mods=$("$rig/modules.sh" "$MODULES") || exit 1
	mkdir -p "$lib"
	# Links, not copies: depmod replaces its files, the originals stay.
	cp -al "$mods/lib/modules/$ver" "$lib/"
	[ -n "$module" ] || return 0
	# Only tests have a use for the others.
	for other in hostile stacks nesting; do
		[[ ${command[*]} != *$other* && ( -z $kselftest || ${command[*]} = *" -t "* ) ]] ||
			others+=" --with $other"
	done
	[[ ${command[*]} != *socket* && ${command[*]} != *demo* &&
		( -z $kselftest || ${command[*]} = *" -t "* ) ]] || others+=" --with hopfrag"
	[[ ${command[*]} != *bench/* ]] || others+=" --with bench"
	# shellcheck disable=SC2086
	KDIR=$KDIR CC=${CC-} "$rig/build.sh" ${strict:+--strict} $others \
		"$root/skbtrace" || exit 1
	mkdir -p "$lib/$ver/extra"
	cp "$root/skbtrace/skbtrace.ko" "$lib/$ver/extra/"
	depmod -b "$root/usr" "$ver"
}

add_reader() {
	local dir=$cache/build/reader

	[ -n "$reader" ] || return 0
	lock reader
	mirror "$src" "$dir" include tools -type f \( -name '*.[ch]' -o -name Makefile \)
	# CC is the kernel's compiler, which may not know this machine's libc.
	env -u CC -u MAKEFLAGS make -s -C "$dir/tools" >&2 ||
		die "the reader does not build"
	mkdir -p "$root/usr/bin"
	cp "$dir/tools/skbtrace" "$root/usr/bin/"
	unlock
}

# What makes and measures the traffic of bench/.
add_load() {
	[[ ${command[*]} == *bench/* ]] || return 0
	mkdir -p "$root/usr/bin"
	gcc -std=gnu11 -O2 -Wall -Wextra ${strict:+-Werror} -static \
		-o "$root/usr/bin/load" "$src/selftests/bench/load.c" >&2 ||
		die "bench/load.c does not build"
}

# The kernel's test framework: its helpers if they are there, for scripts that run
# by themselves; on demand the scripts installed as any collection is.
add_tests() {
	local to=$root/kselftest framework=$cache/kselftest/tools/testing/selftests
	local make=(make -s -C "$src/selftests" TEST_GEN_PROGS=)

	mkdir -p "$root/skbtrace/selftests"
	[ ! -d "$src/selftests" ] || cp -a "$src/selftests/." "$root/skbtrace/selftests/"
	[ -z "$kselftest" ] || framework=$("$rig/kselftest.sh") || exit 1
	[ -d "$framework" ] || return 0
	mkdir -p "$to"
	cp -a "$framework/kselftest" "$framework/run_kselftest.sh" "$to/"
	ln -s /kselftest/kselftest "$root/skbtrace/selftests/kselftest"
	[ -n "$kselftest" ] || return 0
	"${make[@]}" KSELFTEST="$framework" INSTALL_PATH="$to/skbtrace" install >&2 &&
		"${make[@]}" KSELFTEST="$framework" emit_tests >"$to/kselftest-list.txt" ||
		die "the tests cannot be installed"
}

add_command() {
	local a

	for a in ${adds[@]+"${adds[@]}"}; do
		[ -e "${a%%:*}" ] && [ "$a" != "${a#*:}" ] || die "--add $a: not FILE:GUESTPATH"
		mkdir -p "$root/$(dirname "${a#*:}")"
		cp -aL "${a%%:*}" "$root/${a#*:}"
	done
	printf 'exec %s\n' "$(printf '%q ' "${command[@]}")" >"$root/skbtrace/command"
	[ -n "$shell" ] || return 0
	cat >"$root/skbtrace/interactive" <<-END
		stty $(stty size | awk '{ print "rows", $1, "cols", $2 }') </dev/ttyS1
		export TERM=${TERM:-linux}
		echo "Kernel $ver. \"modprobe skbtrace\" starts tracing, \"exit\" ends the machine." >/dev/ttyS1
	END
}

# The guest's files: what is the same from run to run, then what is not. The
# kernel unpacks one archive after the other.
pack() {
	local base

	base=$("$rig/initramfs.sh" ${peers:+--peers}) || exit 1
	root=$tmp/root
	mkdir -p "$root/skbtrace"
	cp "$rig/init" "$root/init"
	add_module
	add_reader
	add_load
	add_tests
	add_command
	# The kernel reads them, and so counts instructions.
	[ -z "$icount" ] || find "$root" -exec touch -h -d @0 {} +
	(cd "$root" && find . -mindepth 1 -printf '%P\n' | cpio -o -H newc -R 0:0 --quiet) |
		cat "$base" - >"$tmp/initrd"
}

boot() {
	# Only what is emulated can be counted.
	local accel=${icount:+tcg,thread=single,tb-size=256} port to nr

	# Without a limit QEMU keeps up to 1 GB of what it has translated.
	accel=${accel:-${ACCEL:-tcg,thread=single,tb-size=256}}
	# No -machine or device of its own kind: any kernel has these drivers built in.
	# One thread for all processors: with one each, QEMU 7.2 now and then runs
	# code that another processor has just patched (a breakpoint of ftrace or of
	# a static key that is no longer there), and the kernel dies of it.
	# shellcheck disable=SC2054
	local qemu=("$emulator" -accel "$accel" -machine pc -smp "$smp" -m "$mem"
		# QEMU 7.2 emulates cmpxchg16b wrongly: 6.12 crashes at random.
		-cpu max,cx16=off
		-nodefaults -no-user-config -display none -no-reboot
		-kernel "$KERNEL" -initrd "$tmp/initrd"
		-serial "file:$log" -serial chardev:tty
		-chardev "stdio,id=tty,signal=off,logfile=$tmp/said"
		-serial "file:$tmp/status")
	[ -z "$out" ] || qemu+=(-serial "file:$out")
	if [ -n "$nic" ]; then
		IFS=: read -r port to nr <<<"$nic"
		qemu+=(-netdev "socket,id=nic,udp=127.0.0.1:$to,localaddr=127.0.0.1:$port"
			-device "virtio-net-pci,netdev=nic,romfile=,mac=52:54:00:00:00:0${nr:-1}")
	fi
	# An oops ends the run. The host may be busy: that is no lockup of the guest's,
	# and no reason to distrust its clock.
	local args="console=ttyS0,115200 panic=-1 oops=panic nokaslr cryptomgr.notests no_timer_check"

	args+=" tsc=reliable rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30 workqueue.watchdog_thresh=120 $append"
	if [ -n "$firmware" ]; then
		# Variables are the firmware's alone, in system management mode. The last
		# -machine decides.
		qemu+=(-machine "q35,smm=on" -global "driver=cfi.pflash01,property=secure,value=on"
			-drive "if=pflash,format=raw,unit=0,readonly=on,file=${firmware%%:*}"
			-drive "if=pflash,format=raw,unit=1,file=${firmware#*:}")
	fi
	if [ -n "$icount" ]; then
		qemu+=(-icount "shift=0,sleep=off,align=off" -seed 1
			-rtc "base=2024-01-01T00:00:00,clock=vm")
		args+=" norandmaps nowatchdog"
	fi
	if [ -n "$shell" ]; then
		"${qemu[@]}" -append "$args"
		return
	fi
	# In the background, because a shell runs its traps only between commands.
	"${qemu[@]}" -append "$args" </dev/null &
	pid=$!
	watch_over $pid &
	trap 'kill $! $pid 2>/dev/null; wait $pid; rm -rf "$tmp"' EXIT
	qemu_status=0
	wait $pid || qemu_status=$?
	kill $! 2>/dev/null || true
	trap 'rm -rf "$tmp"' EXIT
}

# waited PID: for how many seconds the busiest of its threads has had to wait for a processor
waited() {
	cat "/proc/$1/task/"*/schedstat 2>/dev/null |
		awk '$1 > most { most = $1; waited = $2 } END { printf "%d\n", waited / 1e9 }'
}

# watch_over PID: end a machine that makes no progress
watch_over() {
	local said size='' now=0 since=0 began=$SECONDS

	while sleep 5 && kill -0 "$1" 2>/dev/null; do
		now=$((SECONDS - $(waited "$1")))
		said=$(stat -c %s "$tmp/said" "$log" 2>/dev/null | tr '\n' ' ')
		if [ "$said" != "$size" ]; then
			size=$said since=$now
		elif [ $((now - since)) -ge "$silent" ]; then
			echo "it has said nothing for $silent s" >"$tmp/killed"
		fi
		[ -z "$limit" ] || [ $((SECONDS - began)) -lt "$limit" ] ||
			echo "it has taken $limit s (--time)" >"$tmp/killed"
		[ ! -e "$tmp/killed" ] || { kill -KILL "$1"; return; }
	done
}

# judge: exit as the guest did, if nothing worse happened
judge() {
	local status

	status=$(sed -n 's/^exit \([0-9]*\).*/\1/p' "$tmp/status" 2>/dev/null || true)
	if ! "$rig/faults.sh" "$log" "$ignore" >&2; then
		say "the kernel complained; its whole log: $log"
		exit 99
	elif [ -e "$tmp/killed" ]; then
		tail -n 10 "$log" >&2
		say "killed: $(cat "$tmp/killed"); the kernel's log: $log"
		exit 98
	elif [ -z "$status" ]; then
		tail -n 30 "$log" >&2
		say "the guest died (QEMU's status: $qemu_status); the kernel's whole log: $log"
		exit 98
	fi
	exit "$status"
}

# In a function: bash has read it all before it starts.
main() {
	parse "$@"
	emulator=$(command -v qemu-system-x86_64 || command -v qemu-kvm ||
		   echo /usr/libexec/qemu-kvm)
	[ -x "$emulator" ] || need qemu-system-x86_64 qemu-system-x86
	need cpio cpio
	need depmod kmod
	choose_kernel
	scratch
	pack
	mkdir -p "$cache/log"
	log=$cache/log/$(date +%Y%m%d-%H%M%S)-$ver-$$.log
	ln -sfn "${log##*/}" "$cache/log/last"
	find "$cache/log" -name '*.log' -mtime +7 -delete
	boot
	[ -n "$shell" ] || judge
	exit
}
main "$@"
