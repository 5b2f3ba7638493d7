#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Record the traces of this folder anew, in a virtual machine.
#
#	record.sh [NAME]...
#
# After that trace_test.c is to be told what is in them: the numbers of packets
# are not the same each time. VMKERNEL and the like are those of vm/run.sh.

set -u
here=$(cd "$(dirname "$0")" && pwd)

# Without netfilter's hops, which take up room.
points='*,-netfilter'

# sent NAME COMMAND...: what happens while it runs, on standard output
sent() {
	local name=$1 recorder
	shift
	load points="$points"
	skbtrace record -o "$work/$name" 2>"$work/saved" &
	recorder=$!
	sleep 1
	"$@" >&2
	sleep 1
	kill $recorder
	wait $recorder
	cat "$work/saved" >&2
	unload
	base64 "$work/$name" | sed "s/^/$name.skbtrace /"
}

page() { head -c "$1" /dev/zero | tr '\0' 'x' >"$work/www/page"; }
get() { fetch "http://$1/page"; }

# Scenario 3 as it is: GSO and checksum offload, nothing in the way.
http() {
	page 3000
	sent http get 78.78.0.10
}

# One byte of the answer is changed when it leaves the bridge.
pedit() {
	modprobe -a sch_ingress cls_u32 act_pedit
	tc qdisc add dev calmveth2_peer clsact
	tc filter add dev calmveth2_peer egress protocol ip prio 1 \
		u32 match ip sport 80 0xffff action pedit munge offset 600 u8 set 0x5a
	page 900
	sent pedit get 78.78.0.10
	tc qdisc del dev calmveth2_peer clsact
}

# Segmented by the sender, merged by the bridge's port, cut up by the other, and
# merged again.
gro() {
	in1 ethtool -K calmveth1 gso off tso off
	ethtool -K calmveth1_peer gro on
	ethtool -K calmveth2_peer gso off tso off
	in2 ethtool -K calmveth2 gro on
	page 6000
	sent gro get 78.78.0.10
	in1 ethtool -K calmveth1 gso on tso on
	ethtool -K calmveth1_peer gro off
	ethtool -K calmveth2_peer gso on tso on
	in2 ethtool -K calmveth2 gro off
}

both() { udp_send 78.78.0.10 4000 2 && udp_send fd78::10 4000 2; }

# IPv4 and IPv6 datagrams in three fragments each; there is no br_netfilter to put
# them together in between.
fragments() {
	sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
	sent fragments both
}

three() { in2 /usr/bin/python3 "$dir/udp.py" send 78.78.0.10 700 3; }

drop() {
	in1 nft -f - <<-END
		table inet skbtrace {
			chain input {
				type filter hook input priority 0
				udp dport 7878 drop
			}
		}
	END
	sent drop three
	in1 nft delete table inet skbtrace
}

in_guest() {
	. "$here/../../net/lib.sh"
	# Noise.
	sysctl -qw net.ipv6.conf.default.router_solicitations=0
	scenario_up >&2 && http_up >&2 || exit
	sleep 2
	for name; do
		"$name"
	done
}

if [ "${1-}" = --guest ]; then
	shift
	in_guest "$@"
	exit
fi
[ $# -gt 0 ] || set -- http pedit gro fragments drop
"$here/../../vm/run.sh" --time 200 -- tools/traces/record.sh --guest "$@" | tr -d '\r' >"$here/said"
for name; do
	sed -n "s/^$name\.skbtrace //p" "$here/said" | base64 -d >"$here/$name.skbtrace"
done
rm "$here/said"
ls -l "$here"/*.skbtrace
