# SPDX-License-Identifier: GPL-2.0
"""Ends of tunnels that iproute2 alone does not make, for the networks of random_build.py.

    ah                            IPsec's, of transforms and policies
    macsec, gpe                   devices with keys, or routes that say where to
    gtp, pptp, pppoe              programs: a tun device, and a socket for what is around
    kernel-gtp                    a device, of kernels that have it, and a context
    kernel-pptp, kernel-pppoe     PPP devices, likewise
"""
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import threading

import random_build
from benign import libc, netns
from random_build import LEFT, attribute, generic_family, generic_netlink, works

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
ETH_P_PPP_SES = 0x8864
PPP_HEADS = {4: b"\x00\x21", 6: b"\x00\x57"}

# linux/if_pppox.h, linux/ppp-ioctl.h
AF_PPPOX, PX_PROTO_OE, PX_PROTO_PPTP = 24, 0, 2
PPPIOCGCHAN, PPPIOCATTCHAN = 0x80047437, 0x40047438
PPPIOCNEWUNIT, PPPIOCCONNECT = 0xc004743e, 0x4004743a

# linux/gtp.h
GTP_CMD_NEWPDP, GTP_V1 = 0, 1
GTPA_LINK, GTPA_VERSION, GTPA_PEER, GTPA_MS, GTPA_I_TEI, GTPA_O_TEI = 1, 2, 4, 5, 8, 9

MACSEC_KEY = "0102030405060708090a0b0c0d0e0f10"


def ppp_of(packet):
    return PPP_HEADS[packet[0] >> 4] + packet


class Gtp:
    """User data, without and with the optional fields, by turns."""

    def __init__(self, remote, _):
        self.to, self.number = (remote, 2152), 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("", 2152))

    def around(self, packet):
        self.number += 1
        more = struct.pack("!HBB", self.number & 0xffff, 0, 0) if self.number % 2 else b""
        return struct.pack("!BBHI", 0x32 if more else 0x30, 0xff, len(packet) + len(more), 7) + \
            more + packet

    @staticmethod
    def within(data):
        return data[12 if data[0] & 7 else 8:]


class Pptp:
    """GRE of version 1, sometimes with an acknowledgement, and PPP with its first bytes."""

    def __init__(self, remote, _):
        self.to, self.number = (remote, 0), 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE)

    def around(self, packet):
        self.number += 1
        ppp = b"\xff\x03" + ppp_of(packet)
        ack = struct.pack("!I", self.number) if self.number % 3 else b""
        return struct.pack("!HHHHI", 0x3081 if ack else 0x3001, 0x880b, len(ppp), 7,
                           self.number) + ack + ppp

    @staticmethod
    def within(data):
        gre = data[(data[0] & 0xf) * 4:]
        ppp = gre[16 if gre[1] & 0x80 else 12:]
        return ppp[4 if ppp[0] == 0xff else 2:]


class Pppoe:
    """In frames to the other end's link address, whoever has it."""

    def __init__(self, _, dev):
        self.to = (dev, ETH_P_PPP_SES, 0, 0, b"\xff" * 6)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(ETH_P_PPP_SES))
        self.sock.bind((dev, ETH_P_PPP_SES))

    @staticmethod
    def around(packet):
        return struct.pack("!BBHH", 0x11, 0, 7, len(packet) + 2) + ppp_of(packet)

    @staticmethod
    def within(data):
        return data[8:6 + struct.unpack_from("!H", data, 4)[0]]


class Program(threading.Thread):
    """One end: what is sent to its tun device goes out of its socket, and back."""

    kinds = {"gtp": Gtp, "pptp": Pptp, "pppoe": Pppoe}

    def __init__(self, kind, name, remote, dev):
        super().__init__(daemon=True)
        self.tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("=16sH22x", name.encode(),
                                                     IFF_TUN | IFF_NO_PI))
        self.outer = self.kinds[kind](remote, dev)
        self.ended, self.end = os.pipe()
        self.start()

    def run(self):
        sock = self.outer.sock
        while True:
            ready, _, _ = select.select([self.tun, sock, self.ended], [], [])
            if self.ended in ready:
                return
            # The devices may be down, or nobody there.
            with contextlib.suppress(OSError):
                if self.tun in ready:
                    packet = os.read(self.tun, 65536)
                    if packet[0] >> 4 in PPP_HEADS:
                        sock.sendto(self.outer.around(packet), self.outer.to)
            with contextlib.suppress(OSError):
                if sock in ready:
                    os.write(self.tun, self.outer.within(sock.recv(65536)))

    def close(self):
        os.write(self.end, b"x")
        self.join()
        for fd in (self.tun, self.ended, self.end):
            os.close(fd)
        self.outer.sock.close()


class Ppp:
    """One end that is the kernel's own: a device, and later the channel below it."""

    def __init__(self, kind, space, name):
        self.kind, self.space, self.name = kind, space, name
        self.fds = []
        unit = self.open()
        number = fcntl.ioctl(unit, PPPIOCNEWUNIT, struct.pack("=i", -1))
        self.number = struct.unpack("=i", number)[0]
        random_build.run("ip", "-n", space, "link", "set", f"ppp{self.number}", "name", name)

    def open(self):
        fd = os.open("/dev/ppp", os.O_RDWR)
        self.fds.append(fd)
        return fd

    @staticmethod
    def call(function, fd, address):
        # As long as struct sockaddr_pppox is.
        if function(fd, ctypes.create_string_buffer(address.ljust(30, b"\0"), 30), 30):
            raise OSError(ctypes.get_errno(), "PPP")

    def connect(self, side, local, remote, dev, link_address):
        """To the other end: 7 is the session, and the left end's call."""
        proto = PX_PROTO_OE if self.kind == "kernel-pppoe" else PX_PROTO_PPTP
        # socket.socket would bring a name of its own for it.
        fd = libc.socket(AF_PPPOX, socket.SOCK_STREAM, proto)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "socket of PPP")
        self.fds.append(fd)
        head = struct.pack("=HI", AF_PPPOX, proto)
        if proto == PX_PROTO_OE:
            self.call(libc.connect, fd, head + struct.pack("!H", 7) + link_address +
                      dev.encode().ljust(16, b"\0"))
        else:
            calls = (7, 8) if side == "r" else (8, 7)
            for function, address, call in zip((libc.bind, libc.connect), (local, remote), calls):
                self.call(function, fd, head + struct.pack("=H2x", call) +
                          socket.inet_aton(address))
        channel = fcntl.ioctl(fd, PPPIOCGCHAN, struct.pack("=i", 0))
        ppp = self.open()
        fcntl.ioctl(ppp, PPPIOCATTCHAN, channel)
        fcntl.ioctl(ppp, PPPIOCCONNECT, struct.pack("=i", self.number))

    def close(self):
        for fd in reversed(self.fds):
            os.close(fd)


class Network(random_build.Network):
    """With these ends, too."""

    def __init__(self, network):
        super().__init__(network)
        self.ends = []

    def ends_of(self, number):
        """Of a tunnel: its name, node, side, addresses around, the device below."""
        tunnel = self.network["tunnels"][number]
        addresses = self.outer(number)
        for node, side, (local, remote) in ((tunnel["from"], "r", addresses),
                                            (tunnel["to"], "l", addresses[::-1])):
            yield f"t{number}{side}", node, side, local, remote, f"{side}{node}"

    def tunnel(self, number):
        kind = self.network["tunnels"][number]["kind"]
        if kind not in (*Program.kinds, "macsec", "gpe", "kernel-gtp", "kernel-pptp",
                        "kernel-pppoe"):
            super().tunnel(number)
            return
        for name, node, side, _, remote, dev in self.ends_of(number):
            if kind in Program.kinds:
                with netns(f"n{node}"):
                    self.ends.append(Program(kind, name, remote, dev))
            elif kind.startswith("kernel-pp"):
                with netns(f"n{node}"):
                    self.ends.append(Ppp(kind, f"n{node}", name))
            elif kind == "kernel-gtp":
                self.add(node, f"link add {name} type gtp role {'sgsn' if side == 'r' else 'ggsn'}")
            elif kind == "macsec":
                self.macsec(number, name, node, side, dev)
            else:
                self.add(node, f"link add {name} type vxlan dstport 4790 gpe external")
            self.add(node, f"link set {name} mtu {self.mtu_of(number)} up")
            for family in sorted(self.families):
                self.add(node, f"addr add {self.tunnel_address(number, side, family)}/"
                               f"{24 if family == 4 else 64} dev {name}" +
                         (" nodad" if family == 6 else ""))

    def macsec(self, number, name, node, side, dev):
        mine, other = ("1", "2") if side == "r" else ("2", "1")
        options = " ".join(self.network["tunnels"][number]["options"])
        other = f"port 1 address 02:00:00:00:00:0{other}"
        self.add(node, f"link set {dev} address 02:00:00:00:00:0{mine}",
                 f"link add link {dev} name {name} type macsec port 1 {options}",
                 f"macsec add {name} tx sa 0 pn 1 on key 01 {MACSEC_KEY}",
                 f"macsec add {name} rx {other} on",
                 f"macsec add {name} rx {other} sa 0 pn 1 on key 01 {MACSEC_KEY}")

    def label(self, node, side):
        for number, tunnel in enumerate(self.network["tunnels"]):
            if tunnel["kind"] == "gpe" and node == tunnel["from" if side == "r" else "to"]:
                local, remote = self.outer(number)[::1 if side == "r" else -1]
                return f" encap ip id 7 src {local} dst {remote}"
        return super().label(node, side)

    def finish(self):
        super().finish()
        for number, tunnel in enumerate(self.network["tunnels"]):
            if tunnel["kind"] == "kernel-gtp":
                for name, node, _, _, remote, _ in self.ends_of(number):
                    with netns(f"n{node}"):
                        add_context(name, remote)
            if not tunnel["kind"].startswith("kernel-pp"):
                continue
            links = [link_address(f"n{node}", dev) for _, node, *_, dev in self.ends_of(number)]
            for ppp, other, (_, node, side, local, remote, dev) in zip(
                    self.ends, links[::-1], self.ends_of(number)):
                with netns(f"n{node}"):
                    ppp.connect(side, local, remote, dev, other)

    def down(self):
        for end in self.ends:
            end.close()
        self.ends = []
        return super().down()


def add_context(dev, peer):
    """What the left end sends and is sent is in the tunnel 7."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        family = generic_family(sock, "gtp")
        numbers = {GTPA_LINK: socket.if_nametoindex(dev), GTPA_VERSION: GTP_V1,
                   GTPA_I_TEI: 7, GTPA_O_TEI: 7}
        generic_netlink(sock, family, GTP_CMD_NEWPDP, 5, b"".join(
            attribute(key, struct.pack("=I", value)) for key, value in numbers.items()) +
            attribute(GTPA_PEER, socket.inet_aton(peer)) +
            attribute(GTPA_MS, socket.inet_aton(LEFT[4])))


def link_address(space, dev):
    said = random_build.run("ip", "-n", space, "-o", "link", "show", "dev", dev).split()
    return bytes.fromhex(said[said.index("link/ether") + 1].replace(":", ""))


def probe():
    """Which of them this kernel, and its tools, have."""
    for module in ("tun", "macsec", "gcm", "ah4", "ah6", "pptp", "pppoe", "gtp"):
        works("modprobe", "-q", module)
    found = set()
    if os.path.exists("/dev/net/tun"):
        found |= set(Program.kinds)
    works("ip", "netns", "add", "rare")
    space = ("ip", "-n", "rare")
    works(*space, "link", "add", "rare0", "type", "veth", "peer", "name", "rare1")
    for kind, how in {
            "macsec": "link add link rare0 name rare2 type macsec port 1",
            "kernel-gtp": "link add rare2 type gtp role sgsn",
            "gpe": "link add rare2 type vxlan dstport 4790 gpe external",
            "ah": "xfrm state add src 192.0.2.2 dst 192.0.2.1 proto ah spi 1 mode tunnel " +
                  random_build.KEYS["ah"]}.items():
        if works(*space, *how.split()):
            found.add(kind)
        works(*space, "link", "del", "rare2")
    works("ip", "netns", "del", "rare")
    for kind, proto in (("kernel-pppoe", PX_PROTO_OE), ("kernel-pptp", PX_PROTO_PPTP)):
        fd = libc.socket(AF_PPPOX, socket.SOCK_STREAM, proto)
        if fd >= 0:
            os.close(fd)
            found.add(kind)
    return found
