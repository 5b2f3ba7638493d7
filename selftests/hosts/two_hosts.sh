#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two machines and a wire between them that damages, loses, repeats and reorders: what each
# of them has recorded is brought here, and the reader says where what happened.
#
#	two_hosts.sh [KERNEL-OF-SENDER [KERNEL-OF-RECEIVER]]
#
# Kernels as kernel.sh knows them (5.10 and newest). SENDER_KERNEL, SENDER_MODULES,
# SENDER_KDIR and SENDER_CC, likewise RECEIVER_..., are others.

set -uo pipefail
dir=$(cd "$(dirname "$0")" && pwd)
rig=$dir/../vm
. "$rig/lib.sh"
scratch
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT

# Four ports that are free now.
read -r of_a to_a of_b to_b < <(python3 -c 'import socket
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
[s.bind(("127.0.0.1", 0)) for s in socks]
print(*[s.getsockname()[1] for s in socks])')
python3 "$dir/relay.py" "$of_a" "$to_a" "$of_b" "$to_b" >"$tmp/relay" 2>&1 &
relay=$!

# machine NR KERNEL PORT TO SIDE
machine() {
	local kernel=$5_KERNEL modules=$5_MODULES kdir=$5_KDIR cc=$5_CC own=()

	[ -z "${!kernel-}" ] || own=(KERNEL="${!kernel}" MODULES="${!modules-}" KDIR="${!kdir-}")
	[ -z "${!cc-}" ] || own+=(CC="${!cc}")
	exec env ${own[@]+"${own[@]}"} VMKERNEL="$2" "$rig/run.sh" --time 500 --nic "$3:$4:$1" \
		--out "$tmp/$1.gz" -- hosts/guest.sh "$1" >"$tmp/$1.log" 2>&1
}
machine 1 "${1:-5.10}" "$of_a" "$to_a" SENDER &
first=$!
machine 2 "${2:-newest}" "$of_b" "$to_b" RECEIVER &
second=$!
# The one would wait for the other.
status=0
wait -n $first $second || status=$?
[ $status = 0 ] || kill $first $second 2>/dev/null
wait $first || status=$?
wait $second || status=$?
kill -TERM $relay
wait $relay 2>/dev/null
sed 's/^\([^#]\)/# \1/' "$tmp/1.log" "$tmp/2.log"
if [ $status != 0 ]; then
	echo "1..1"
	echo "not ok 1 both machines did what they were to do"
	exit 1
fi

make -s -C "$dir/../../tools" >&2 || exit
reader=$dir/../../tools/skbtrace
gunzip -c "$tmp/1.gz" >"$tmp/1.skbtrace" && gunzip -c "$tmp/2.gz" >"$tmp/2.skbtrace" || exit
[ -z "${KEEP-}" ] || cp "$tmp"/*.skbtrace "$tmp/relay" "$KEEP"
"$reader" check "$tmp/1.skbtrace" "$tmp/2.skbtrace" | sed 's/^/# /'
"$reader" report --json "$tmp/1.skbtrace" "$tmp/2.skbtrace" >"$tmp/report" || exit
python3 "$dir/judge.py" "$tmp/report" "$tmp/relay"
