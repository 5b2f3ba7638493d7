# SPDX-License-Identifier: GPL-2.0
# The document's scenarios, and a web server in them. Sourced by bash scripts,
# not run; $work is a folder of theirs.
# shellcheck shell=bash

# nap SECONDS: sleep, without a process
exec {nap_fd}<> <(:)
nap() { read -r -t "$1" -u "$nap_fd" || true; }

# until_true SECONDS COMMAND...: tries it as often as there is room for in so many seconds
# where nothing else runs; how long that takes elsewhere does not matter
until_true() {
	local tries=$(($1 * 10))
	shift
	until "$@" 2>/dev/null; do
		[ $((--tries)) -gt 0 ] || return 1
		nap 0.1
	done
}

in1() { ip netns exec ns-calm1 "$@"; }
in2() { ip netns exec ns-calm2 "$@"; }

# has_port tcp|udp PORT: somebody in ns-calm1 has it
has_port() {
	in1 cat "/proc/net/$1" "/proc/net/${1}6" |
		grep -q -i " [0-9A-F]*:$(printf %04X "$2") 0*:0000 0[7A] "
}

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
	ip -batch - <<-END || return
		link add calmbr type bridge mcast_snooping 0
		netns add ns-calm1
		netns add ns-calm2
		link add calmveth1 type veth peer name calmveth1_peer
		link add calmveth2 type veth peer name calmveth2_peer
		link set calmveth1 netns ns-calm1
		link set calmveth2 netns ns-calm2
		link set calmveth1_peer master calmbr up
		link set calmveth2_peer master calmbr up
	END
	for i in 1 2; do
		ip -n ns-calm$i -batch - <<-END
			link set lo up
			addr add 78.78.0.$((i + 9))/24 dev calmveth$i
			addr add fd78::$((i + 9))/64 dev calmveth$i nodad
			link set calmveth$i up
		END
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
	local i pids
	for i in 1 2; do
		# What still runs there has our output open, and would be waited for.
		pids=$(ip netns pids ns-calm$i)
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill $pids
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
	in_background ns-calm1 /usr/bin/python3 -ES -m http.server --bind :: \
		--directory "$work/www" 80
	until_true 60 in2 curl -s -o /dev/null "${curl_options[@]}" http://78.78.0.10/
}

# A transfer that makes no progress for minutes has failed, and no other.
curl_options=(--connect-timeout 120 --speed-limit 1 --speed-time 120)

# random_file NAME BYTES: a file that http_up serves
random_file() { head -c "$2" /dev/urandom >"$work/www/$1"; }

fetch() { in2 curl -s "${curl_options[@]}" -o "$work/fetched" "$1"; }
