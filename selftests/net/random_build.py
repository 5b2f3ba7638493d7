# SPDX-License-Identifier: GPL-2.0
"""Sets up what random_describe.py describes, and takes it down.

Addresses: a segment S has 10.(10+S).0.0/24 and fd10:S::/64, its left end is 1 and its
right end 2; a tunnel T has 10.(50+T).0.0/24 and fd50:T::/64, likewise. The traffic is
between 10.98.0.1, fd98::1, which n0 has, and 10.99.0.1, fd99::1, which the last has;
10.97.0.1 and fd97::1 is what a router translates into the latter.
"""
import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess

from benign import netns
from random_describe import BARE, TUNNELS, UNADDRESSED, nested, routing, stack

LEFT = {4: "10.98.0.1", 6: "fd98::1"}
RIGHT = {4: "10.99.0.1", 6: "fd99::1"}
SERVICE = {4: "10.97.0.1", 6: "fd97::1"}
BITS = {4: 32, 6: 128}
MINUS = {4: "-4", 6: "-6"}

SIOCETHTOOL = 0x8946
# linux/ethtool.h: ETHTOOL_S*
FEATURES = {"tx": 0x17, "sg": 0x19, "tso": 0x1f, "gso": 0x24, "gro": 0x2c}

SYSCTLS = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
           "net.ipv6.conf.default.accept_dad": 0, "net.ipv6.conf.all.accept_dad": 0,
           "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0,
           # What asks for a neighbour is to come back to the device that asked.
           "net.ipv4.conf.all.arp_announce": 2,
           "net.ipv4.conf.all.send_redirects": 0, "net.ipv4.conf.default.send_redirects": 0,
           "net.ipv6.conf.default.router_solicitations": 0,
           "net.bridge.bridge-nf-call-iptables": 0, "net.bridge.bridge-nf-call-ip6tables": 0,
           "net.mptcp.enabled": 1, "net.mpls.platform_labels": 1000}
# Of the first namespace the others have this: a neighbour that is not up yet is asked again.
FIRST = {"net.ipv4.neigh.default.retrans_time_ms": 50,
         "net.ipv6.neigh.default.retrans_time_ms": 50}

AUTH = "auth hmac(sha1) 0x0102030405060708090a0b0c0d0e0f1011121314"
KEYS = {"ah": AUTH, "esp": AUTH + " enc cbc(aes) 0x0102030405060708090a0b0c0d0e0f10"}


class BuildError(Exception):
    """The kernel or a tool refused."""


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}: {done.stderr.strip()}\n{text or ''}")
    return done.stdout


def works(*command, text=None):
    return not subprocess.run(command, input=text, text=True, capture_output=True,
                              check=False).returncode


def sysctl(name, value):
    path = "/proc/sys/" + name.replace(".", "/")
    if os.path.exists(path):
        with open(path, "w") as file:
            file.write(str(value))


def ethtool(dev, feature, value):
    """As ethtool -K does it."""
    argument = ctypes.create_string_buffer(struct.pack("=II", FEATURES[feature], value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack(
                "=16sQ16x", dev.encode(), ctypes.addressof(argument)))
        except OSError:
            pass        # what is fixed stays as it is


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def generic_netlink(sock, family, command, flags, attributes):
    sock.send(struct.pack("=IHHIIBBH", 20 + len(attributes), family, flags, 1, 0, command, 1, 0) +
              attributes)
    answer = sock.recv(65536)
    error = -struct.unpack_from("=i", answer, 16)[0]
    # Nobody listens to what it has to tell of it: that is no error.
    if struct.unpack_from("=H", answer, 4)[0] == 2 and error not in (0, errno.ESRCH):
        raise BuildError("generic netlink: " + os.strerror(error))
    return answer[20:]


def generic_family(sock, name):
    """Its number: linux/genetlink.h."""
    said = generic_netlink(sock, 16, 3, 1, attribute(2, name.encode() + b"\0"))
    return struct.unpack_from("=H", said, said.index(struct.pack("=HH", 6, 1)) + 4)[0]


def set_team_mode(dev, mode):
    """What teamd does at first: linux/if_team.h."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        family = generic_family(sock, "team")
        option = attribute(1, b"mode\0") + attribute(3, b"\5") + attribute(4, mode.encode() + b"\0")
        generic_netlink(sock, family, 1, 5, attribute(1, struct.pack(
            "=I", socket.if_nametoindex(dev))) + attribute(0x8002, attribute(0x8001, option)))


def overhead(tunnel):
    """The bytes in front of, and behind, the inner packet."""
    outer = 0 if tunnel["kind"] in UNADDRESSED else 20 if tunnel["outer"] == 4 else 40
    extra = {"ip6tnl": 8, "esp": 80, "gre": 12, "gretap": 8, "macsec": 16, "gtp": 4, "pptp": 8,
             "kernel-pptp": 8}.get(tunnel["kind"], 0)
    return outer + TUNNELS[tunnel["kind"]][1] + extra


class Network:
    """A description, and what is there of it."""

    def __init__(self, network):
        self.network = network
        self.nodes = network["nodes"]
        self.last = len(self.nodes) - 1
        self.routing = routing(network)
        self.families = set((4, 6))
        for tunnel in network["tunnels"]:
            self.families &= set(TUNNELS[tunnel["kind"]][0])
        self.spaces = [f"n{i}" for i in range(len(self.nodes))] + [
            f"s{i}" for i, bridge in network["bridges"].items() if bridge["side"]]
        self.ip = {name: [] for name in self.spaces}

    # Where everything is.

    def segment_of(self, node, side):
        return self.routing.index(node) - (side == "l")

    def segment_at(self, node):
        """The one that a bridge is in."""
        return sum(other < node for other in self.routing) - 1

    def address(self, node, side, family):
        """On the segment at this side."""
        number, host = self.segment_of(node, side), 1 if side == "r" else 2
        return f"10.{10 + number}.0.{host}" if family == 4 else f"fd10:{number}::{host}"

    def tunnel_address(self, number, side, family):
        host = 1 if side == "r" else 2
        return f"10.{50 + number}.0.{host}" if family == 4 else f"fd50:{number}::{host}"

    def outer(self, number):
        """The addresses between which a tunnel is: its left end's, its right end's."""
        tunnel = self.network["tunnels"][number]
        if nested(self.network, number):
            return [self.tunnel_address(0, side, tunnel["outer"]) for side in "rl"]
        return [self.address(tunnel[end], side, tunnel["outer"])
                for end, side in (("from", "r"), ("to", "l"))]

    def mtu_of(self, number):
        """Of a tunnel, or of the segments from a node to another, less what is in front."""
        tunnel = self.network["tunnels"][number]
        if nested(self.network, number):
            least = self.mtu_of(0)
        else:
            least = min(self.network["segments"][i]["mtu"]
                        for i in range(self.routing.index(tunnel["from"]),
                                       self.routing.index(tunnel["to"])))
        return least - overhead(tunnel)

    def mtu(self):
        """Of the whole way."""
        return min([s["mtu"] for s in self.network["segments"]] +
                   [self.mtu_of(i) for i in range(len(self.network["tunnels"]))])

    def add(self, node, *lines):
        self.ip[f"n{node}" if isinstance(node, int) else node] += lines

    # What is done to build it, in this order.

    def links(self):
        lines, teams = [f"netns add {name}" for name in self.spaces], []
        for i, link in enumerate(self.network["links"]):
            mtu = self.network["segments"][self.segment_at(i + 1)]["mtu"]
            # Room for tags.
            mtu += 8
            for suffix in ("",) if link["kind"] == "veth" else ("a", "b"):
                lines.append(f"link add r{i}{suffix} mtu {mtu} netns n{i} type veth "
                             f"peer name l{i + 1}{suffix} mtu {mtu} netns n{i + 1}")
            if link["kind"] == "veth":
                continue
            for node, name in ((i, f"r{i}"), (i + 1, f"l{i + 1}")):
                if link["kind"] == "bond":
                    self.add(node, f"link add {name} type bond mode {link['mode']} miimon 10")
                else:
                    lines.append(f"link add {name} netns n{node} type team")
                    teams.append((node, name, link["mode"]))
                self.add(node, f"link set {name}a master {name}", f"link set {name}b master {name}",
                         f"link set {name} mtu {mtu} up", f"link set {name}a up",
                         f"link set {name}b up")
        for node, bridge in self.network["bridges"].items():
            if bridge["side"]:
                mtu = self.network["segments"][self.segment_at(int(node))]["mtu"] + 8
                lines.append(f"link add p{node} mtu {mtu} netns n{node} type veth "
                             f"peer name e{node} mtu {mtu} netns s{node}")
        for key, value in FIRST.items():
            sysctl(key, value)
        run("ip", "-batch", "-", text="\n".join(lines) + "\n")
        for node, name, mode in teams:
            with netns(f"n{node}"):
                set_team_mode(name, mode)
        for name in self.spaces:
            with netns(name):
                for key, value in SYSCTLS.items():
                    sysctl(key, value)
            self.ip[name].insert(0, "link set lo up")

    def bridge(self, node, settings):
        number = self.segment_at(node)
        members = [f"l{node}", f"r{node}"] + ([f"p{node}"] if settings["side"] else [])
        filtering = f" vlan_filtering {settings['filtering']}" if settings["filtering"] else ""
        called = min(settings["netfilter"], 1)
        self.add(node, f"link add br{node} type bridge mcast_snooping 0 "
                       f"nf_call_iptables {called} nf_call_ip6tables {called}{filtering}")
        self.add(node, *(f"link set {dev} master br{node} up" for dev in members),
                 f"link set br{node} up")
        if settings["side"]:
            self.add(f"s{node}", f"link set e{node} up",
                     f"addr add 10.{10 + number}.0.{100 + node}/24 dev e{node}",
                     f"addr add fd10:{number}::{100 + node}/64 dev e{node} nodad")

    def ends_of_segment(self, number):
        seg = self.network["segments"][number]
        for node, side in ((self.routing[number], "r"), (self.routing[number + 1], "l")):
            base = dev = f"{side}{node}"
            for depth, tag in enumerate(seg["vlans"]):
                name = f"{dev}.{tag}"
                proto = "802.1ad" if len(seg["vlans"]) == 2 and not depth else "802.1Q"
                self.add(node, f"link set {dev} up",
                         f"link add link {dev} name {name} type vlan proto {proto} id {tag}")
                dev = name
            top = seg["left" if side == "r" else "right"]
            if top == "bridge":
                dev = f"m{base}"
                self.add(node, f"link add {dev} type bridge mcast_snooping 0",
                         f"link set {base} mtu {seg['mtu']} master {dev} up")
            elif top:
                mode = "bridge" if top == "macvlan" else "l2"
                self.add(node, f"link set {base} up",
                         f"link add link {base} name m{base} type {top} mode {mode}")
                dev = f"m{base}"
            self.add(node, f"link set {dev} mtu {seg['mtu']} up",
                     f"addr add {self.address(node, side, 4)}/24 dev {dev}",
                     f"addr add {self.address(node, side, 6)}/64 dev {dev} nodad")

    def tunnel(self, number):
        tunnel = self.network["tunnels"][number]
        kind, ends = tunnel["kind"], self.outer(number)
        if kind in BARE:
            return
        for end, side, (local, remote) in (("from", "r", ends), ("to", "l", ends[::-1])):
            name, node = f"t{number}{side}", tunnel[end]
            options = " ".join(tunnel["options"])
            six = tunnel["outer"] == 6
            if kind == "vxlan":
                if six:
                    options = options.replace("noudpcsum", "").replace("udpcsum", "")
                spec = f"vxlan id {7 + number} local {local} remote {remote} {options}"
            elif kind == "geneve":
                spec = f"geneve id {7 + number} remote {remote} " + (
                    options.replace("udpcsum", "udp6zerocsumtx udp6zerocsumrx") if six else options)
            elif kind in ("gre", "gretap"):
                spec = f"{'ip6' if six else ''}{kind} local {local} remote {remote} {options}"
            elif kind == "ip6tnl":
                spec = f"ip6tnl mode any local {local} remote {remote}"
            else:
                spec = f"{kind} local {local} remote {remote}"
            self.add(node, f"link add {name} type {spec}",
                     f"link set {name} mtu {self.mtu_of(number)} up")
            for family in sorted(TUNNELS[kind][0]):
                self.add(node, f"addr add {self.tunnel_address(number, side, family)}/"
                               f"{24 if family == 4 else 64} dev {name}" +
                         (" nodad" if family == 6 else ""))

    def next_to(self, node, side):
        """Where what goes to this end of the network is sent from a node: None at the end."""
        index = self.routing.index(node) + (1 if side == "r" else -1)
        if not 0 <= index < len(self.routing):
            return None
        inner = [i for i, t in enumerate(self.network["tunnels"])
                 if t["kind"] not in BARE and t["from" if side == "r" else "to"] == node]
        if inner:
            return {f: self.tunnel_address(inner[-1], "l" if side == "r" else "r", f)
                    for f in self.families}
        other = self.routing[index]
        return {f: self.address(other, "l" if side == "r" else "r", f) for f in (4, 6)}

    def routes(self, node):
        index = self.routing.index(node)
        for side in "rl":
            via = self.next_to(node, side)
            if via is None:
                continue
            step = 1 if side == "r" else -1
            other = self.routing[index + step]
            near = {f: self.address(other, "l" if side == "r" else "r", f) for f in (4, 6)}
            far = range(index + 1, len(self.routing) - 1) if side == "r" else range(index - 1)
            for number in far:
                self.add(node, f"route add 10.{10 + number}.0.0/24 via {near[4]}",
                         f"route add fd10:{number}::/64 via {near[6]}")
            for number, tunnel in enumerate(self.network["tunnels"]):
                if tunnel["kind"] in BARE:
                    continue
                beyond = tunnel["from"] > node if side == "r" else tunnel["to"] < node
                for family in TUNNELS[tunnel["kind"]][0]:
                    if beyond and family in via:
                        net = f"10.{50 + number}.0.0/24" if family == 4 else f"fd50:{number}::/64"
                        self.add(node, f"route add {net} via {via[family]}")
            label = self.label(node, side)
            for family in sorted(self.families):
                for address in (RIGHT, SERVICE) if side == "r" else (LEFT,):
                    mtu = f" mtu {self.mtu()}" if node in (0, self.last) else ""
                    source = f" src {(LEFT if side == 'r' else RIGHT)[family]}" if mtu else ""
                    self.add(node, f"route add {address[family]}/{BITS[family]}{label} "
                                   f"via {via[family]}{source}{mtu}")

    def label(self, node, side):
        """MPLS's part of a route, where its tunnel begins."""
        for tunnel in self.network["tunnels"]:
            if tunnel["kind"] == "mpls" and node == tunnel["from" if side == "r" else "to"]:
                return f" encap mpls {100 if side == 'r' else 200}"
        return ""

    def mpls(self, tunnel):
        path = self.routing[self.routing.index(tunnel["from"]):
                            self.routing.index(tunnel["to"]) + 1]
        for side, base, nodes in (("r", 100, path), ("l", 200, path[::-1])):
            back = "l" if side == "r" else "r"
            for depth, node in enumerate(nodes[1:]):
                receiving = [d for d in stack(self.network, node, back) if not d.startswith("t")]
                self.switches.append((f"n{node}", receiving[0]))
                label = base + depth
                following = self.next_to(node, side)
                swap = "" if node == nodes[-1] else f" as {label + 1}"
                self.late[f"n{node}"].append(f"-f mpls route add {label}{swap} " + (
                    f"via inet {following[4]}" if following else "dev lo"))

    def ipsec(self, tunnel):
        kind = tunnel["kind"]
        for number, family in enumerate((4, 6)):
            left, right = (self.address(tunnel[end], side, family)
                           for end, side in (("from", "r"), ("to", "l")))
            for node in (tunnel["from"], tunnel["to"]):
                for source, target, spi in ((left, right, 0x100 + number),
                                            (right, left, 0x200 + number)):
                    self.add(node, f"xfrm state add src {source} dst {target} proto {kind} "
                                   f"spi {spi} reqid {spi} mode tunnel {KEYS[kind]}")
                    sends = (source == left) == (node == tunnel["from"])
                    ends = (LEFT, RIGHT) if source == left else (RIGHT, LEFT)
                    for direction in ("out",) if sends else ("in", "fwd"):
                        self.add(node, f"xfrm policy add src {ends[0][family]}/{BITS[family]} "
                                       f"dst {ends[1][family]}/{BITS[family]} dir {direction} "
                                       f"tmpl src {source} dst {target} proto {kind} "
                                       f"reqid {spi} mode tunnel")

    def up(self):
        self.switches, self.late = [], {name: [] for name in self.spaces}
        self.links()
        for node, bridge in self.network["bridges"].items():
            self.bridge(int(node), bridge)
        for number in range(len(self.network["segments"])):
            self.ends_of_segment(number)
        for number in range(len(self.network["tunnels"])):
            self.tunnel(number)
        for node, ends in ((0, LEFT), (self.last, RIGHT)):
            self.add(node, f"addr add {ends[4]}/32 dev lo", f"addr add {ends[6]}/128 dev lo nodad")
        for node in self.routing:
            self.routes(node)
        for tunnel in self.network["tunnels"]:
            if tunnel["kind"] == "mpls":
                self.mpls(tunnel)
            elif tunnel["kind"] in KEYS:
                self.ipsec(tunnel)
        for name, lines in self.ip.items():
            run("ip", "-n", name, "-batch", "-", text="\n".join(lines) + "\n")
        self.finish()

    def finish(self):
        """What is done by other tools, or needs the devices."""
        for name, dev in self.switches:
            with netns(name), open(f"/proc/sys/net/mpls/conf/{dev}/input", "w") as file:
                file.write("1")
        for name, lines in self.late.items():
            for line in lines:
                run("ip", "-n", name, *line.split())
        for node, bridge in self.network["bridges"].items():
            tags = self.network["segments"][self.segment_at(int(node))]["vlans"]
            if bridge["filtering"] and tags:
                run("bridge", "-n", f"n{node}", "-batch", "-", text="".join(
                    f"vlan add dev {side}{node} vid {tag}\n" for side in "lr" for tag in tags))
            if bridge["netfilter"] == 2:
                self.nft(int(node), "table inet track {\nchain forward {\n"
                         "type filter hook forward priority 0\nct state new accept\n}\n}\n")
        self.nat()
        for dev, feature, value in self.network["offloads"]:
            with netns(f"n{dev[1]}"):
                ethtool(dev, feature, value)
        for dev, how in self.network["netem"]:
            run("tc", "-n", f"n{dev[1]}", "qdisc", "add", "dev", dev, "root", "netem", *how.split())

    def nft(self, node, text):
        run("ip", "netns", "exec", f"n{node}", "nft", "-f", "-", text=text)

    def nat(self):
        nat = self.network["nat"]
        if not nat:
            return
        node = nat["node"]
        out = stack(self.network, node, "r")[0]
        text = ""
        for family, table in ((4, "ip"), (6, "ip6")):
            if nat["kind"] == "dnat":
                text += (f"table {table} nat {{\nchain prerouting {{\n"
                         f"type nat hook prerouting priority -100\n"
                         f"{table} daddr {SERVICE[family]} dnat to {RIGHT[family]}\n}}\n}}\n")
            else:
                text += (f"table {table} nat {{\nchain postrouting {{\n"
                         f"type nat hook postrouting priority 100\n"
                         f"oifname \"{out}\" masquerade\n}}\n}}\n")
        self.nft(node, text)

    def down(self):
        done = subprocess.run(["ip", "-force", "-batch", "-"], capture_output=True, text=True,
                              input="".join(f"netns del {name}\n" for name in self.spaces),
                              check=False)
        return done.returncode == 0
