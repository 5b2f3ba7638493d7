#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The module's files without the module: a folder as skbtrace.d, to which a recording comes
again and again, as if it happened now.

rings.py FOLDER TRACE NEEDLE PERIOD EVERY SECONDS

TRACE every PERIOD seconds, each EVERY-th time NEEDLE in its place. What the reader says of
time is the machine's.
"""
import os
import struct
import sys
import time

HEADER = struct.Struct("8sIIIIII")
CHUNK = struct.Struct("IIQ")
SIZE = 256
TEXTS = {2: "points", 3: "stats", 4: "stacks", 5: "reasons"}
CHILD = 0x2000
FLAGS_AT = 8 * 8 + 3 * 16 + 4 * 16 + 10 * 4


def load(path):
    """Records by CPU, and the texts."""
    with open(path, "rb") as file:
        data = file.read()
    at = HEADER.unpack_from(data)[2]
    records, texts = {}, {}
    while at < len(data):
        kind, cpu, size = CHUNK.unpack_from(data, at)
        at += CHUNK.size
        if kind == 1:
            records.setdefault(cpu, []).extend(
                bytearray(data[i:i + SIZE]) for i in range(at, at + size, SIZE))
        elif kind in TEXTS:
            texts[TEXTS[kind]] = data[at:at + size]
        at += size + -size % 8
    return records, texts


def main():
    folder, usual, needle = sys.argv[1:4]
    period, every, seconds = float(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
    traces = [load(usual)[0], load(needle)[0]]
    for name, text in load(usual)[1].items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text)
    cpus = sorted(traces[0])
    files = {cpu: open(os.path.join(folder, "cpu%d" % cpu), "ab", buffering=0) for cpu in cpus}
    index = dict.fromkeys(cpus, 0)
    begin = time.monotonic_ns()
    turn = 0
    while time.monotonic_ns() - begin < seconds * 1e9:
        trace = traces[turn % every == every - 1]
        first = min(struct.unpack_from("Q", records[0], 8)[0] for records in trace.values())
        now = time.monotonic_ns()
        for cpu, records in trace.items():
            batch = bytearray()
            for record in records:
                record = bytearray(record)
                ts, life = (struct.unpack_from("Q", record, i)[0] for i in (8, 32))
                flags = struct.unpack_from("I", record, FLAGS_AT)[0]
                struct.pack_into("QQ", record, 0, index[cpu], now + (ts - first) // 100000)
                struct.pack_into("Q", record, 32, life + (turn << 20))
                if flags & CHILD:
                    child = struct.unpack_from("Q", record, 48)[0]
                    struct.pack_into("Q", record, 48, child + (turn << 20))
                index[cpu] += 1
                batch += record
            files[cpu].write(batch)
        turn += 1
        time.sleep(max(0, begin / 1e9 + turn * period - time.monotonic()))
    print("%d turns, %d records" % (turn, sum(index.values())))


main()
