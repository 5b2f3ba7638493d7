# SPDX-License-Identifier: GPL-2.0
"""One byte of a flow's payload overwritten, or its tail cut off, at one place."""
import ctypes
import os
import re
import struct

from benign import libc
from offloads import BPF_OBJ_PIN, BPF_PROG_LOAD, BPF_PROG_TYPE_XDP, address_of, bpf
from random_build import BuildError, run, works
from random_describe import QUOTED, TUNNELS, UNADDRESSED, within
from random_traffic import marker

# linux/bpf.h
BPF_MAP_CREATE, BPF_MAP_LOOKUP_ELEM = 0, 1
BPF_MAP_TYPE_ARRAY, BPF_PROG_TYPE_SCHED_CLS = 2, 3
MAP_LOOKUP_ELEM, SKB_STORE_BYTES, SKB_LOAD_BYTES, SKB_CHANGE_TAIL = 1, 9, 26, 38
R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP = range(11)
CUT = 20
# Not in /sys, which is another one for who is in another namespace.
PINNED = "/run/random_networks"

HEADERS = {"raw": 0, "tcp": 20, "sendfile": 20, "splice": 20,
           "zerocopy": 20, "mptcp": 20, "sctp": 28}
# Tags and options that may stand before it.
SLACK = (0, 4, 8, 12, 16)


def ip_offset(network, dev):
    """Of the innermost IP header, behind the outermost network header."""
    offset = 0
    for tunnel in within(network, dev):
        if tunnel["kind"] not in UNADDRESSED:
            offset += 20 if tunnel["outer"] == 4 else 40
        offset += TUNNELS[tunnel["kind"]][1]
        if tunnel["kind"] == "gre":
            offset += 4 * len(tunnel["options"])
    return offset


class Corruption:
    """Of a network that is up: its place, and how often it has come to it."""

    def __init__(self, network):
        self.network = network
        what = network["corruption"]
        self.way, self.dev, self.hook = what["way"], what["dev"], what["hook"]
        self.flow = network["flows"][what["flow"]]
        self.node = int(re.search(r"\d", self.dev)[0])
        if self.dev.startswith("t"):
            tunnel = network["tunnels"][int(self.dev[1])]
            self.node = tunnel["from" if self.dev.endswith("r") else "to"]
        self.space = f"n{self.node}"
        self.tunnels = within(network, self.dev)
        self.opaque = any(t["kind"] == "esp" for t in self.tunnels)
        base = ip_offset(network, self.dev)
        header = 20 if self.flow["family"] == 4 else 40
        self.base, self.l4 = base, base + header
        self.payload = self.l4 + HEADERS.get(self.flow["kind"], 8)
        if self.flow["kind"] in QUOTED:
            self.payload += header + 8      # of the packet that an error quotes
        self.at = what["at"]
        self.pinned = []
        self.table = self.parent = self.program = None

    def apply(self):
        {"pedit": self.pedit, "outersum": self.outer_checksum, "bpf": self.bpf, "cut": self.bpf, "xdp": self.xdp,
         "nft": self.nft}[self.way]()

    def tc(self, *lines):
        run("tc", "-n", self.space, "-batch", "-", text="\n".join(lines) + "\n")

    def qdisc(self):
        egress = self.hook == "egress"
        try:
            self.tc(f"qdisc add dev {self.dev} clsact")
            self.parent = self.hook
        except BuildError:
            if egress:
                raise
            self.tc(f"qdisc add dev {self.dev} ingress")
            self.parent = "parent ffff:"
        return self.parent

    def pedit(self):
        parent = self.qdisc()
        head = f"filter add dev {self.dev} {parent} protocol all prio"
        lines = []
        if self.opaque:
            outer = self.flow["family"]
            at, length = (9, 2) if outer == 4 else (6, 4)
            target = (20 if outer == 4 else 40) + 8 + 16 + self.at
            lines = [f"{head} {9 + i} u32 match u8 50 0xff at {at} match u16 {bit} {bit} at {length} "
                     f"action pedit munge offset {target} u8 invert"
                     for i, bit in enumerate(("0x0400", "0x0200", "0x0100", "0x0080"))]
        elif "sizes" in self.flow:
            word = int.from_bytes(marker(self.flow), "big")
            for i, slack in enumerate(SLACK):
                start = self.payload + slack
                lines.append(f"{head} {9 + i} u32 " + self.match(start, word) +
                             f" action pedit munge offset {start + self.at} u8 invert")
        else:
            lines = list(self.long_segments(head))
        self.tc(*lines)

    def outer_checksum(self):
        """Not the payload: the checksum of the UDP header around a tunnel."""
        parent = self.qdisc()
        self.tc(f"filter add dev {self.dev} {parent} protocol ip prio 9 u32 "
                "match ip protocol 17 0xff action pedit munge offset 26 u16 set 0xbad1")

    @staticmethod
    def match(offset, word):
        """u32 compares at multiples of four only."""
        rest = offset % 4
        if not rest:
            return f"match u32 {word:#x} 0xffffffff at {offset}"
        both, mask = word << 8 * (4 - rest), 0xffffffff << 8 * (4 - rest)
        return (f"match u32 {both >> 32:#x} {mask >> 32:#x} at {offset - rest} "
                f"match u32 {both & 0xffffffff:#x} {mask & 0xffffffff:#x} at {offset - rest + 4}")

    def long_segments(self, head):
        """A stream's packets by its port, those with 512 bytes or more."""
        prio = 9
        for slack in SLACK[:4]:
            length = self.base + slack + (2 if self.flow["family"] == 4 else 4)
            port = self.l4 + slack + 2
            target = self.l4 + slack + 60 + self.at
            for bit in range(9, 16):
                yield (f"{head} {prio} u32 " + self.short(port, self.flow["port"], 0xffff) + " " +
                       self.short(length, 1 << bit, 1 << bit) +
                       f" action pedit munge offset {target} u8 invert")
                prio += 1

    @staticmethod
    def short(offset, value, mask):
        rest = offset % 4
        shift = {0: 16, 1: 8, 2: 0}.get(rest)
        if shift is not None:
            return f"match u32 {value << shift:#x} {mask << shift:#x} at {offset - rest}"
        return (f"match u32 {value >> 8:#x} {mask >> 8:#x} at {offset - 3} "
                f"match u32 {(value & 0xff) << 24:#x} {(mask & 0xff) << 24:#x} at {offset + 1}")

    def nft(self):
        table = self.table = "bridge" if self.network["nodes"][self.node] == "bridge" else "inet"
        priority = {"bridge": -200, "inet": -50 if self.hook == "prerouting" else 150}[table]
        # From the outermost transport header on; nft writes as far as a quarter of a KiB.
        outermost = self.tunnels[0]["outer"] if self.tunnels else self.flow["family"]
        start = 8 * (self.payload - (20 if outermost == 4 else 40))
        word = int.from_bytes(marker(self.flow), "big")
        run("ip", "netns", "exec", self.space, "nft", "-f", "-", text=(
            f"table {table} garble {{\nchain {self.hook} {{\n"
            f"type filter hook {self.hook} priority {priority}\n"
            f"@th,{start},32 {word:#x} @th,{start + 8 * self.at},8 set 0x5a counter\n}}\n}}\n"))

    # eBPF, assembled by hand.

    def bpf(self):
        program = Program()
        ether = 0 if self.dev.startswith("t") and self.network["tunnels"][int(self.dev[1])][
            "kind"] not in ("vxlan", "geneve", "gretap") else 14
        word = int.from_bytes(marker(self.flow), "little")
        program.add(0xbf, R6, R1)
        for slack in SLACK:
            start = ether + self.payload + slack
            # if (bpf_skb_load_bytes(skb, start, fp - 4, 4) || *(u32 *)(fp - 4) != word) next
            program.add(0xbf, R1, R6)
            program.add(0xb7, R2, imm=start)
            program.add(0xbf, R3, FP)
            program.add(0x07, R3, imm=-4)
            program.add(0xb7, R4, imm=4)
            program.add(0x85, imm=SKB_LOAD_BYTES)
            program.skip_next(0x55, R0, 0)
            program.add(0x61, R1, FP, -4)
            program.add(0xb4, R2, imm=word - (1 << 32) if word >> 31 else word)
            program.skip_next(0x5d, R1, None, R2)
            if self.way == "cut":
                program.add(0x61, R2, R6, 0)        # skb->len
                program.add(0x07, R2, imm=-CUT)
                program.add(0xbf, R1, R6)
                program.add(0xb7, R3, imm=0)
                program.add(0x85, imm=SKB_CHANGE_TAIL)
                program.skip_next(0x55, R0, 0)
            else:
                program.invert(start + self.at)
            program.count()
            program.leave(0)
            program.next_here()
        program.leave(0)
        path = program.load(BPF_PROG_TYPE_SCHED_CLS)
        self.pinned.append(path)
        self.program = program
        parent = self.qdisc()
        self.tc(f"filter add dev {self.dev} {parent} protocol all prio 9 bpf da object-pinned {path}")

    def xdp(self):
        program = Program()
        word = int.from_bytes(marker(self.flow), "little")
        for slack in SLACK:
            start = 14 + self.payload + slack
            # if (ctx->data + start + at + 1 > ctx->data_end) next
            program.add(0x61, R2, R1, 0)
            program.add(0x61, R3, R1, 4)
            program.add(0xbf, R4, R2)
            program.add(0x07, R4, imm=start + self.at + 1)
            program.skip_next(0x2d, R4, None, R3)
            for i in range(4):      # it need not be aligned
                program.add(0x71, R5, R2, start + i)
                program.skip_next(0x55, R5, word >> 8 * i & 0xff)
            program.add(0x71, R5, R2, start + self.at)
            program.add(0xa7, R5, imm=0xff)
            program.add(0x73, R2, R5, start + self.at)
            program.count()
            program.leave(2)
            program.next_here()
        program.leave(2)
        path = program.load(BPF_PROG_TYPE_XDP)
        self.pinned.append(path)
        self.program = program
        run("ip", "-n", self.space, "link", "set", "dev", self.dev, self.hook, "pinned", path)

    def remove(self):
        if self.program:
            self.program.close()
        if self.way == "nft":
            works("ip", "netns", "exec", self.space, "nft", "delete", "table", self.table, "garble")
        elif self.way == "xdp":
            works("ip", "-n", self.space, "link", "set", "dev", self.dev, self.hook, "off")
        else:
            works("tc", "-n", self.space, "qdisc", "del", "dev", self.dev,
                  *("clsact" if self.parent == self.hook else "ingress").split())
        for path in self.pinned:
            os.unlink(path)

    def hits(self):
        """How many packets were changed."""
        if self.way in ("pedit", "outersum"):
            said = run("tc", "-n", self.space, "-s", "filter", "show", "dev", self.dev,
                       *self.parent.split())
            return sum(map(int, re.findall(r"Sent \d+ bytes (\d+) pkt", said)))
        if self.way == "nft":
            said = run("ip", "netns", "exec", self.space, "nft", "list", "ruleset")
            return sum(map(int, re.findall(r"counter packets (\d+)", said)))
        return self.program.counted()


class Program:
    """eBPF being written."""

    number = 0

    def __init__(self):
        self.code = []
        self.waiting = []
        self.map = None

    def add(self, code, to=0, source=0, offset=0, imm=0):
        self.code.append([code, to | source << 4, offset, imm])

    def skip_next(self, code, register, imm, source=0):
        """Jump to where next_here() is said, if the comparison holds."""
        self.waiting.append(len(self.code))
        self.add(code, register, source, 0, imm or 0)

    def next_here(self):
        for at in self.waiting:
            self.code[at][2] = len(self.code) - at - 1
        self.waiting = []

    def invert(self, offset):
        """A byte of the packet of R6."""
        self.add(0xbf, R1, R6)
        self.add(0xb7, R2, imm=offset)
        self.add(0xbf, R3, FP)
        self.add(0x07, R3, imm=-8)
        self.add(0xb7, R4, imm=1)
        self.add(0x85, imm=SKB_LOAD_BYTES)
        self.skip_next(0x55, R0, 0)
        self.add(0x71, R1, FP, -8)
        self.add(0xa7, R1, imm=0xff)
        self.add(0x73, FP, R1, -8)
        self.add(0xbf, R1, R6)
        self.add(0xb7, R2, imm=offset)
        self.add(0xbf, R3, FP)
        self.add(0x07, R3, imm=-8)
        self.add(0xb7, R4, imm=1)
        self.add(0xb7, R5, imm=0)
        self.add(0x85, imm=SKB_STORE_BYTES)

    def count(self):
        """One more; R0 to R5 are lost."""
        if self.map is None:
            self.map = bpf(BPF_MAP_CREATE, struct.pack("=IIIII", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0))
        self.add(0xb7, R1, imm=0)
        self.add(0x63, FP, R1, -12)
        self.add(0xbf, R2, FP)
        self.add(0x07, R2, imm=-12)
        self.add(0x18, R1, 1, imm=self.map)     # of two instructions
        self.add(0)
        self.add(0x85, imm=MAP_LOOKUP_ELEM)
        self.add(0x15, R0, offset=2)
        self.add(0xb7, R1, imm=1)
        self.add(0xdb, R0, R1)                  # *(u64 *)r0 += 1

    def counted(self):
        key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(8)
        bpf(BPF_MAP_LOOKUP_ELEM, struct.pack("=IIQQQ", self.map, 0, address_of(key),
                                             address_of(value), 0))
        return struct.unpack("=Q", value.raw)[0]

    def close(self):
        if self.map is not None:
            os.close(self.map)

    def leave(self, value):
        self.add(0xb7, R0, imm=value)
        self.add(0x95)

    def load(self, kind):
        """Return: where it is pinned."""
        code = b"".join(struct.pack("=BBhi", *each) for each in self.code)
        buffer = ctypes.create_string_buffer(code)
        licence = ctypes.create_string_buffer(b"GPL")
        log = ctypes.create_string_buffer(65536)
        if not os.path.isdir(PINNED):
            os.mkdir(PINNED)
            libc.mount(b"bpf", PINNED.encode(), b"bpf", 0, None)
        Program.number += 1
        path = f"{PINNED}/{Program.number}"
        fd = bpf(BPF_PROG_LOAD, struct.pack(
            "=IIQQIIQII", kind, len(code) // 8, address_of(buffer), address_of(licence),
            1, 65536, address_of(log), 0, 0))
        name = ctypes.create_string_buffer(path.encode())
        bpf(BPF_OBJ_PIN, struct.pack("=QII", address_of(name), fd, 0))
        os.close(fd)
        return path
