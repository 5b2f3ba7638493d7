#!/usr/bin/python3 -ES
# SPDX-License-Identifier: GPL-2.0
"""Recordings taken apart at a network namespace, as if that were a host by itself.

	apart.py READER FILE...

Each namespace in turn is one host, and all the others are another, with a clock that is 10 s
off; the veth pairs between them are the wire, so that what veth_xmit has seen of them is left
out. Joined again they have to say what the whole recording says: as many changed, none
between the two where there was none, and nothing lost. Exits with 1 if not.
"""
import collections
import os
import re
import struct
import subprocess
import sys
import tempfile

RECORD, RECORDS, HOST = 256, 1, 9
CHILD, NETNS, MESSAGE = 0x2000, 0x800, 0x800000
AHEAD = 10 ** 10
AT = {"ts_ns": (8, "Q"), "life": (32, "Q"), "child": (48, "Q"), "netns": (184, "I"),
      "flags": (216, "I"), "point": (224, "H")}
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../../include/skbtrace/points.h"), encoding="utf-8") as table:
    XMIT = {int(row[1]) for row in re.finditer(r"P\((\d+), veth_xmit,", table.read())}


def get(record, field):
    at, kind = AT[field]
    return struct.unpack_from("<" + kind, record, at)[0]


def put(record, field, value):
    at, kind = AT[field]
    struct.pack_into("<" + kind, record, at, value)


def name(record, at):
    return bytes(record[at:at + 16]).split(b"\0")[0]


class Recording:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        at = struct.unpack_from("<I", data, 12)[0]
        self.header, self.records, self.texts = data[:at], [], []
        while at + 16 <= len(data):
            kind, cpu, size = struct.unpack_from("<IIQ", data, at)
            body = data[at + 16:at + 16 + size]
            at += 16 + size + -size % 8
            if kind == RECORDS:
                self.records += [(cpu, body[i:i + RECORD]) for i in range(0, size, RECORD)]
            elif kind != HOST:
                self.texts.append((kind, cpu, body))
        self.records = [(cpu, r) for cpu, r in self.records if not get(r, "flags") & MESSAGE]
        self.records.sort(key=lambda entry: (get(entry[1], "ts_ns"), entry[0]))
        placed = [r for _, r in self.records if get(r, "flags") & NETNS]
        self.home = {}
        for record in placed:
            self.home.setdefault(name(record, 80), get(record, "netns"))
        self.namespaces = collections.Counter(get(record, "netns") for record in placed)

    def split(self, netns):
        """Records of the namespace, and of all others; an skb that comes back is another."""
        halves, where, visits = ([], []), {}, collections.Counter()
        for cpu, record in self.records:
            life = get(record, "life")
            if get(record, "point") in XMIT:
                ends = [self.home.get(name(record, at)) == netns for at in (80, 96)]
                if ends[0] != ends[1]:
                    continue
            if get(record, "flags") & NETNS:
                host = int(get(record, "netns") != netns)
                visits[life] += where.get(life, host) != host
                where[life] = host
            host = where.setdefault(life, 1)
            copy = bytearray(record)
            put(copy, "life", life + (visits[life] << 40))
            if get(record, "flags") & CHILD:
                child = get(record, "child")
                where.setdefault(child, host)
                put(copy, "child", child + (visits[child] << 40))
            put(copy, "ts_ns", get(record, "ts_ns") + host * AHEAD)
            halves[host].append((cpu, copy))
        return halves

    def write(self, path, records, host):
        def chunk(kind, cpu, body):
            file.write(struct.pack("<IIQ", kind, cpu, len(body)) + body + bytes(-len(body) % 8))

        with open(path, "wb") as file:
            file.write(self.header)
            chunk(HOST, 0, f"name {host}\nboot {host}\nload 1\n".encode())
            for cpu in sorted({cpu for cpu, _ in records}):
                own = [record for of, record in records if of == cpu]
                for index, record in enumerate(own):
                    struct.pack_into("<Q", record, 0, index)
                chunk(RECORDS, cpu, b"".join(own))
            for text in self.texts:
                chunk(*text)


def check(reader, *paths):
    """What the reader counts: journeys, changed; between hosts the same, changed, lost."""
    text = subprocess.run([reader, "check", *paths], capture_output=True, text=True,
                          check=False).stdout
    whole = re.search(r"(\d+) journeys: \d+ intact, (\d+) changed", text)
    between = re.search(r"between hosts: (\d+) the same, (\d+) changed, .* (\d+) packets lost", text)
    return [int(n) for match in (whole, between) if match for n in match.groups()]


def main(reader, *paths):
    total, wrong = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        a, b = (os.path.join(folder, half) for half in "ab")
        for path in paths:
            recording, whole = Recording(path), check(reader, path)
            for netns in recording.namespaces:
                halves = recording.split(netns)
                if not all(halves) or not whole:
                    continue
                recording.write(a, halves[0], "a")
                recording.write(b, halves[1], "b")
                joined = check(reader, a, b)
                total.update(namespaces=1, changed=whole[1], found=joined[1], same=joined[2])
                if joined[1] != whole[1] or joined[3] or joined[4]:
                    wrong += 1
                    print(f"{path}, namespace {netns}: {whole} became {joined}")
    print(f"{total['namespaces']} namespaces of {len(paths)} recordings: "
          f"{total['found']} of {total['changed']} changes, {total['same']} crossings the same, "
          f"{wrong} wrong")
    return wrong > 0


sys.exit(main(*sys.argv[1:]))
