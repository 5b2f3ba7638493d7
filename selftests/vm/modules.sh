#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Choose from a kernel's modules those that tests of network paths may need.
#
#	modules.sh /path/lib/modules/VERSION
#
# Prints a folder in the cache that has them, with all they depend on, in
# lib/modules/VERSION. They are stored there unpacked: emulated decompression is
# slow. Names that this kernel does not have are passed over.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

wanted='veth|bridge|br_netfilter|stp|llc2?|8021q|dummy|tun|tap|macvlan|macvtap|ipvlan|vxlan|vrf|ifb
|bonding|team|geneve|gre|ip_gre|ipip|sit|ip6_gre|ip6_tunnel|mpls_.*|nlmon
|nf_.*|nft_.*|nfnetlink.*|x_tables|ip_tables|ip6_tables|iptable_.*|ip6table_.*|arp_tables|arptable_.*
|xt_.*|ipt_.*|ip6t_.*|ebt.*|ip_set.*|sch_.*|cls_.*|act_.*|em_.*
|sctp|sctp_diag|md5|sha[15].*|hmac|dccp.*|udp_diag|tcp_diag|inet_diag|raw_diag|netlink_diag|packet_diag|unix_diag|af_packet.*
|ipv6|libcrc32c|crc32c.*|crc32.*|tls|udp_tunnel|ip6_udp_tunnel|xfrm[46]?_.*|esp[46]|ah[46]|netdevsim|pktgen
|authenc.*|echainiv|seqiv|ctr|gcm|ghash.*|cbc|drbg|jitterentropy.*|team_.*|macsec
|virtio_net|virtio_pci|ppp_generic|pppoe|pptp|gtp|tcp_.*|xsk_diag|openvswitch|vport.*|nsh|mptcp_.*|kheaders|configs'

modules=$(readlink -f "${1:?}")
ver=${modules##*/}
out=$cache/initramfs/$ver
id="$modules $(stat -c '%Y' "$modules/modules.dep" 2>/dev/null) $(cksum <"$rig/modules.sh")"
lock "modules-$ver"
if [ "$(cat "$out/id" 2>/dev/null)" = "$id" ]; then
	echo "$out"
	exit
fi

scratch
to=$tmp/root/lib/modules/$ver
mkdir -p "$to"
cp "$modules"/modules.builtin* "$modules/modules.order" "$to/"
: >>"$to/modules.builtin.modinfo"	# 3.10 has none, and depmod remarks on it

dep=$modules/modules.dep
if [ ! -r "$dep" ]; then
	# Straight from a build or a package: the list of dependencies is to be made.
	cp -al "$modules/" "$tmp/all" 2>/dev/null || cp -a "$modules/" "$tmp/all"
	mkdir -p "$tmp/tree/lib/modules"
	mv "$tmp/all" "$tmp/tree/lib/modules/$ver"
	depmod -b "$tmp/tree" "$ver"
	dep=$tmp/tree/lib/modules/$ver/modules.dep
fi

awk -v wanted="^($(tr -d '\n' <<<"$wanted"))\$" -F: '{
	name = $1
	sub(/.*\//, "", name); sub(/\.ko.*/, "", name); gsub(/-/, "_", name)
	if (name ~ wanted) { print $1; n = split($2, d, " "); for (i = 1; i <= n; i++) print d[i] }
}' "$dep" | sort -u | while read -r f; do
	mkdir -p "$to/$(dirname "$f")"
	case $f in
	*.ko.xz) xz -dc "$modules/$f" >"$to/${f%.xz}" ;;
	*.ko.zst) zstd -q -dc "$modules/$f" >"$to/${f%.zst}" ;;
	*.ko.gz) gzip -dc "$modules/$f" >"$to/${f%.gz}" ;;
	*) cp "$modules/$f" "$to/$f" ;;
	esac
done
depmod -b "$tmp/root" "$ver"
echo "$id" >"$tmp/root/id"
rm -rf "$out"
mkdir -p "$cache/initramfs"
mv "$tmp/root" "$out"
echo "$out"
