#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make demo, in the guest: packets that cross a bridge, then one byte of them
# changed on the way, and the hop named.

cd "$(dirname "$0")" || exit 1
work=$(mktemp -d)
# shellcheck source=net/topology.sh
. net/topology.sh

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '\033[1m# %s\033[0m\n' "$*"; "$@"; }
die() { echo "demo: error: $*" >&2; exit 1; }

say "Two namespaces joined by a bridge, as in the document's scenario 3"
echo '
  ns-calm1                      (init)                       ns-calm2
  calmveth1 <=> calmveth1_peer - calmbr - calmveth2_peer <=> calmveth2
  78.78.0.10                                               78.78.0.11'
scenario_up || die "the topology does not come up"
http_up || die "the web server does not come up"
# A text whose 600th byte is no Z, so that one can see what happens to it.
seq -s ' ' 1 300 >"$work/www/numbers"

request() {
	in2 curl -s -m 10 -o "$work/fetched" http://78.78.0.10/numbers ||
		die "no answer from the web server"
	if cmp -s "$work/www/numbers" "$work/fetched"; then
		echo "(the client got what the server sent)"
	else
		echo "(the client got something else:)"
		cmp "$work/www/numbers" "$work/fetched"
	fi
}

# journey PATTERN: the first whose heading (two lines) has it, then the summary
journey() {
	skbtrace report --color=always >"$work/report" || die "skbtrace report failed"
	/usr/bin/python3 - "$1" "$work/report" <<-'PICK'
		import re
		import sys
		pattern, path = sys.argv[1:]
		blocks = open(path).read().strip().split("\n\n")
		for block in blocks:
		    plain = re.sub(r"\x1b\[[0-9;]*m", "", block)
		    if re.search(pattern, " ".join(plain.splitlines()[:2]), re.IGNORECASE):
		        print(block)
		        break
		else:
		    sys.exit("no such journey")
		print()
		print(blocks[-1])
	PICK
}

say "The module alone: insmod, a request, cat"
run insmod /skbtrace/skbtrace.ko || die "the module does not load: see above"
run request
sleep 0.5
echo '# cat /sys/kernel/debug/skbtrace | grep "tcp.*>78.78.0.10:80 .*payload=8" | head -n 20'
grep 'tcp.*>78.78.0.10:80 .*payload=8' /sys/kernel/debug/skbtrace | cut -c1-200 | head -n 20

say "The reader: the journey of the request, hop by hop"
echo "# skbtrace report"
journey '> 78.78.0.10:80 .* [1-9][0-9]* bytes' || exit 1
echo "# skbtrace check"
skbtrace check
[ $? = 0 ] || die "the healthy run should be intact"

say "Now a byte of the answer is overwritten where it leaves the bridge, silently"
modprobe -a sch_ingress cls_u32 act_pedit
run tc qdisc add dev calmveth2_peer clsact
run tc filter add dev calmveth2_peer egress protocol ip prio 1 u32 \
	match ip sport 80 0xffff action pedit munge offset 600 u8 set 0x5a ||
	die "no pedit in this kernel"
rmmod skbtrace && insmod /skbtrace/skbtrace.ko || die "the module does not load again"
run request
sleep 0.5

say "On which hop did the payload change?"
echo "# skbtrace report"
journey 'payload changed' || exit 1
echo "# skbtrace check; echo \$?"
skbtrace check
status=$?
echo "$status"
[ $status = 1 ] || die "skbtrace check should have said 1"
rmmod skbtrace
tc qdisc del dev calmveth2_peer clsact

say "Now the bytes of an application change before there is a packet: all hops agree"
echo '
  A page fault in the middle of send() sends on another socket, as one of a file that is
  mapped from CIFS does, and both use the same piece of memory (dacb5d8875cc).'
run insmod /skbtrace/skbtrace.ko socket=1 || die "the module does not load again"
run insmod /skbtrace/hopfrag.ko || die "no module that provokes it"
in1 /usr/bin/python3 net/applications.py receive frag 6000 >"$work/got" &
in2 /usr/bin/python3 net/applications.py send frag 78.78.0.10 6000 - >"$work/sent" ||
	die "nothing was sent"
wait $!
echo "(the application sent $(cat "$work/sent") bytes; the other one got $(cat "$work/got"))"
sleep 0.5
echo "# skbtrace check; echo \$?"
skbtrace check
status=$?
echo "$status"
[ $status = 1 ] || die "skbtrace check should have said 1"
rmmod hopfrag
rmmod skbtrace
say "That was it. make vm gives you a shell in such a machine; README.md says the rest."
