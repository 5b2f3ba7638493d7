# SPDX-License-Identifier: GPL-2.0
# The document's scenarios, and a web server in them. Sourced by bash scripts,
# not run; $work is a folder of theirs.
# shellcheck shell=bash

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

in1() { ip netns exec ns-calm1 "$@"; }
in2() { ip netns exec ns-calm2 "$@"; }

# in_background NETNS COMMAND...: $! is the command itself, not a shell that would
# leave it behind when it is killed
in_background() { ip netns exec "$@" >/dev/null 2>&1 & }

# The document's scenario 3: two namespaces joined by a bridge.
#
#   ns-calm1                     (init)                      ns-calm2
#   calmveth1 == calmveth1_peer - calmbr - calmveth2_peer == calmveth2
#   78.78.0.10                                             78.78.0.11
scenario_up() {
	local i
	scenario_down
	modprobe -a veth bridge br_netfilter || return
	ip link add calmbr type bridge mcast_snooping 0 || return
	for i in 1 2; do
		ip netns add ns-calm$i
		ip link add calmveth$i type veth peer name calmveth${i}_peer
		ip link set calmveth$i netns ns-calm$i
		ip link set calmveth${i}_peer master calmbr up
		ip -n ns-calm$i link set lo up
		ip -n ns-calm$i addr add 78.78.0.$((i + 9))/24 dev calmveth$i
		ip -n ns-calm$i addr add fd78::$((i + 9))/64 dev calmveth$i nodad
		ip -n ns-calm$i link set calmveth$i up
	done
	ip link set calmbr up
	iptables -P FORWARD ACCEPT
	ip6tables -P FORWARD ACCEPT
	# Ports learn and addresses settle for about a second.
	until_true 60 in2 ping -q -c 1 -W 1 78.78.0.10 >/dev/null || return
	until_true 60 in2 ping -q -c 1 -W 1 fd78::10 >/dev/null
}

# A namespace is taken down behind our back, and later if a process is in it; the
# devices would still have their names.
scenario_down() {
	local i
	for i in 1 2; do
		ip link del calmveth${i}_peer
		ip netns del ns-calm$i
	done 2>/dev/null
	ip link del calmbr 2>/dev/null
	nft flush ruleset 2>/dev/null
	return 0
}

# http_up: serves $work/www from ns-calm1, IPv4 and IPv6
http_up() {
	mkdir -p "$work/www"
	in_background ns-calm1 /usr/bin/python3 -m http.server --bind :: \
		--directory "$work/www" 80
	until_true 60 in2 curl -s -o /dev/null -m 20 http://78.78.0.10/
}

# random_file NAME BYTES: a file that http_up serves
random_file() { head -c "$2" /dev/urandom >"$work/www/$1"; }

fetch() { in2 curl -s -m 60 -o "$work/fetched" "$1"; }
