# SPDX-License-Identifier: GPL-2.0
"""Which elements of random_describe.py's networks this kernel, and its tools, have."""
import os
import socket

import random_build
import random_corrupt
import random_describe
import random_traffic
from random_build import works

MODULES = """veth bridge br_netfilter 8021q macvlan ipvlan bonding vxlan geneve ip_gre ip6_gre
ipip sit ip6_tunnel mpls_router mpls_iptunnel mpls_gso esp4 esp6 xfrm_user sctp dccp_ipv4
dccp_ipv6 team sch_netem sch_ingress cls_u32 cls_bpf act_pedit udp_diag""".split()

# What can be tried by making a device of it.
DEVICES = {"macvlan": "link add link probe0 name probe2 type macvlan mode bridge",
           "ipvlan": "link add link probe0 name probe2 type ipvlan mode l2",
           "bond": "link add probe2 type bond mode balance-rr",
           "team": "link add probe2 type team",
           "vxlan": "link add probe2 type vxlan id 1 remote 192.0.2.1 dstport 4789",
           "geneve": "link add probe2 type geneve id 1 remote 192.0.2.1",
           "gre": "link add probe2 type gre local 192.0.2.2 remote 192.0.2.1",
           "gretap": "link add probe2 type gretap local 192.0.2.2 remote 192.0.2.1",
           "ipip": "link add probe2 type ipip local 192.0.2.2 remote 192.0.2.1",
           "sit": "link add probe2 type sit local 192.0.2.2 remote 192.0.2.1",
           "ip6tnl": "link add probe2 type ip6tnl mode any local fd00::2 remote fd00::1",
           "mpls": "route add 192.0.2.9/32 encap mpls 100 via inet 192.0.2.1",
           "esp": "xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 1 mode tunnel " +
                  random_build.KEYS["esp"]}
QDISCS = {"netem": "qdisc add dev probe0 root netem loss 1%",
          "clsact": "qdisc add dev probe0 clsact",
          "pedit": "filter add dev probe0 ingress protocol all u32 match u32 0 0 "
                   "action pedit munge offset 60 u8 invert"}
def table(family, kind, hook, priority, rule):
    return (f"table {family} probe {{\nchain {hook} {{\ntype {kind} hook {hook} priority "
            f"{priority}\n{rule}\n}}\n}}\n")


GARBLE = "@th,64,32 0x5a7b0000 @th,96,8 set 0x5a counter"
TABLES = {"nat": table("ip6", "nat", "prerouting", -100, "ip6 daddr fd97::1 dnat to fd99::1"),
          "nft": table("inet", "filter", "prerouting", 0, GARBLE),
          "nftbridge": table("bridge", "filter", "prerouting", -200, GARBLE)}


def team_works():
    try:
        with random_build.netns("probe"):
            random_build.set_team_mode("probe2", "roundrobin")
        return True
    except random_build.BuildError as error:
        print(f"# team: {error}")
        return False


def probe():
    """What this kernel has."""
    found = {"udp", "tcp", "icmp", "raw", "closed", "multicast", "sendfile", "splice"}
    for module in MODULES:
        works("modprobe", "-q", module)
    works("ip", "netns", "add", "probe")
    space = ("ip", "-n", "probe")
    works(*space, "-batch", "-", text="link add probe0 type veth peer name probe1\n"
          "link set probe0 up\nlink set probe1 up\naddr add 192.0.2.2/24 dev probe0\n")
    with random_build.netns("probe"):
        random_build.sysctl("net.mpls.platform_labels", 100)
    for element, how in DEVICES.items():
        if works(*space, *how.split()) and (element != "team" or team_works()):
            found.add(element)
        works(*space, "link", "del", "probe2")
    for element, how in QDISCS.items():
        if element == "pedit" and "clsact" not in found:
            works("tc", "-n", "probe", "qdisc", "add", "dev", "probe0", "ingress")
            how = how.replace(" ingress ", " parent ffff: ")
        if works("tc", "-n", "probe", *how.split()):
            found.add(element)
    for element, how in TABLES.items():
        if works("ip", "netns", "exec", "probe", "nft", "-f", "-", text=how):
            found.add(element)
    with random_build.netns("probe"):
        for kind, arguments in {
                "udplite": (2, 136), "sctp": (1, 132), "dccp": (6, 33), "mptcp": (1, 262)}.items():
            try:
                socket.socket(socket.AF_INET, *arguments).close()
                found.add(kind)
            except OSError:
                pass
        for kind, sort, level, option in (
                ("zerocopy", socket.SOCK_STREAM, socket.SOL_SOCKET, random_traffic.SO_ZEROCOPY),
                ("udpzerocopy", socket.SOCK_DGRAM, socket.SOL_SOCKET, random_traffic.SO_ZEROCOPY),
                ("udpgso", socket.SOCK_DGRAM, socket.IPPROTO_UDP, random_traffic.UDP_SEGMENT)):
            with socket.socket(socket.AF_INET, sort) as sock:
                try:
                    sock.setsockopt(level, option, 1)
                    found.add(kind)
                except OSError:
                    pass
    for kind in ("cls", "xdp"):
        program = random_corrupt.Program()
        program.leave({"cls": 0, "xdp": 2}[kind])
        try:
            path = program.load({"cls": random_corrupt.BPF_PROG_TYPE_SCHED_CLS,
                                 "xdp": random_corrupt.BPF_PROG_TYPE_XDP}[kind])
        except SystemExit:
            continue
        attached = works("tc", "-n", "probe", "filter", "add", "dev", "probe0", "ingress",
                         "protocol", "all", "bpf", "da", "object-pinned", path) \
            if kind == "cls" else works(*space, "link", "set", "dev", "probe0", "xdpgeneric",
                                        "pinned", path)
        if attached:
            found.add({"cls": "bpf"}.get(kind, kind))
        os.unlink(path)
    works("ip", "netns", "del", "probe")
    return found


def everything():
    """What there is to be had."""
    return set(random_describe.DRAWN) | set(random_describe.DATAGRAMS) | set(
        random_describe.STREAMS) | set(DEVICES) | set(QDISCS) | set(TABLES) | {
            "bpf", "xdp", "udpgso", "udpzerocopy"}
