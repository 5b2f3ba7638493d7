# SPDX-License-Identifier: GPL-2.0
"""All kinds of calls that send and receive, of which nothing happens to the bytes:

    socket_calls.py receive PORT KIND...
    socket_calls.py send ADDRESS PORT FILE KIND...
    socket_calls.py judge FLOWS GOT PER-MILLE

A kind has port PORT + its place in the list. Each side prints a line a kind: the kind, its
port, how many bytes, and their digest (of how often each is there where threads share a
socket). judge reads what "skbtrace messages --by flow --json" has said and what was got:
none of the bytes may be called changed, and of most kinds so many in a thousand have to be
verified from application to application.
"""
import collections
import hashlib
import json
import mmap
import os
import platform
import random
import selectors
import socket
import sys
import threading
import time

import libc_calls as libc
from applications import (BULK, PAGE, content, receive_peeking, receive_vector, receive_whole,
                          send_file, send_vector, until_closed)


class Got:
    """Bytes in their order."""

    def __init__(self):
        self.bytes, self.sum, self.kept = 0, hashlib.md5(), None

    def add(self, data):
        self.bytes += len(data)
        self.sum.update(data)

    def digest(self):
        return self.sum.hexdigest()


class Counted(Got):
    """Bytes of which the order is not known."""

    def __init__(self):
        super().__init__()
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def add(self, data):
        with self.lock:
            self.bytes += len(data)
            self.counts.update(bytes(data))

    def digest(self):
        return hashlib.md5(repr(sorted(self.counts.items())).encode()).hexdigest()


def drain(peer, got, size=65536):
    while data := peer.recv(size):
        got.add(data)


# Threads that share a socket, and processes.

def in_threads(number, task):
    threads = [threading.Thread(target=task, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send_threads(number):
    def send(peer, got, _):
        def write(i):
            data, sizes, left = bytes([65 + i]) * 70000, random.Random(i), BULK // number
            while left:
                n = peer.send(data[:min(left, sizes.choice((1, 100, 5000, 70000)))])
                got.add(data[:n])
                left -= n
        in_threads(number, write)
    return send


def receive_threads(number):
    def receive(peer, got):
        in_threads(number, lambda i: drain(peer, got, (700, 5000, 65536, 300000)[i % 4]))
    return receive


def send_processes(peer, got, path):
    """A child sends from the memory that it shares with its parent, then other programs."""
    data = mmap.mmap(-1, BULK, flags=mmap.MAP_PRIVATE)
    data[:] = content(BULK)
    got.add(data)
    part = BULK // 4
    peer.sendall(data[:part])
    child = os.fork()
    if not child:
        peer.sendall(memoryview(data)[part:2 * part])
        data[:] = bytes(BULK)
        os._exit(0)
    os.waitpid(child, 0)
    peer.sendall(memoryview(data)[2 * part:3 * part])
    with open(path, "wb") as file:
        file.write(data[3 * part:])
    child = os.fork()
    if not child:
        os.dup2(peer.fileno(), 1)
        os.execvp("cat", ["cat", path])
    os.waitpid(child, 0)


# Calls of one thread.

def send_more(peer, got, _):
    data = content(BULK)
    for start in range(0, BULK, 3000):
        last = start // 3000 % 10 == 9
        peer.sendall(data[start:start + 3000], 0 if last else socket.MSG_MORE)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    for start in range(0, BULK, 50):
        if start < 20000:
            peer.sendall(data[start:start + 50])
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
    got.add(data + data[:20000])


def send_urgent(peer, got, _):
    data = content(BULK)
    for start in range(0, BULK, 20000):
        peer.sendall(data[start:start + 20000])
        peer.send(b"!", socket.MSG_OOB)
        got.add(data[start:start + 20000] + b"!")


def receive_inline(peer, got):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    drain(peer, got)


def receive_urgent(peer, got):
    """What is urgent is out of the stream, and read by a call of its own, or lost."""
    time.sleep(0.2)
    while data := peer.recv(30000):
        got.add(data)
        try:
            peer.recv(1, socket.MSG_OOB)
        except OSError:
            pass


def send_plain(peer, got, _):
    data = content(BULK)
    sizes = random.Random(3)
    start = 0
    while start < BULK:
        n = peer.send(data[start:start + sizes.choice((1, 300, 4096, 9000, 65536, 200000))])
        got.add(data[start:start + n])
        start += n


def receive_truncating(peer, got):
    """Some bytes are not wanted, and not copied."""
    while data := peer.recv(4096):
        got.add(data)
        got.add(peer.recv(1000, socket.MSG_TRUNC))


def receive_into_huge_pages(peer, got):
    room = libc.huge_pages(4 << 20)
    with memoryview(room) as view:
        while n := peer.recv_into(view, 1 << 20):
            got.add(view[:n])


def send_huge_pages(peer, got, _):
    room = libc.huge_pages(4 << 20)
    room[:BULK] = content(BULK)
    with memoryview(room)[:BULK] as view:
        peer.sendall(view)
        got.add(view)


def send_absent(peer, got, path):
    """Pages that went away after they were read last, before they are sent."""
    data = content(BULK)
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    step = 1 << 17
    with open(path, "rb") as file, mmap.mmap(file.fileno(), BULK, flags=mmap.MAP_PRIVATE,
                                             prot=mmap.PROT_READ) as mapped:
        with memoryview(mapped) as view:
            for start in range(0, BULK, step):
                mapped.madvise(mmap.MADV_DONTNEED)
                os.posix_fadvise(file.fileno(), 0, BULK, os.POSIX_FADV_DONTNEED)
                peer.sendall(view[start:start + step])
    got.add(data)


def receive_absent(peer, got):
    """Into memory that is there when the bytes are, not before."""
    while True:
        with mmap.mmap(-1, 1 << 17) as room, memoryview(room) as view:
            n = peer.recv_into(view)
            got.add(view[:n])
        if not n:
            return


def send_protected(peer, got, _):
    """A page that may not be read is in the way, and then it is not."""
    data = mmap.mmap(-1, 64 * PAGE, flags=mmap.MAP_PRIVATE)
    data[:] = content(64 * PAGE)
    for page in random.Random(5).sample(range(1, 63), 4):
        libc.protect(data, page * PAGE, PAGE, False)
        sent = 0
        while (n := libc.send(peer, data, sent, 64 * PAGE - sent)) > 0:
            sent += n
        libc.protect(data, page * PAGE, PAGE, True)
        while sent < 64 * PAGE:
            sent += libc.send(peer, data, sent, 64 * PAGE - sent)
        got.add(data)


def receive_protected(peer, got):
    room = mmap.mmap(-1, 16 * PAGE)
    page = 0
    while True:
        page = page % 15 + 1
        libc.protect(room, page * PAGE, PAGE, False)
        n = libc.recv(peer, room, 16 * PAGE)
        libc.protect(room, page * PAGE, PAGE, True)
        if n <= 0:
            n = libc.recv(peer, room, 16 * PAGE)
        if not n:
            return
        got.add(room[:n])


def send_by_selector(peer, got, _):
    data = memoryview(content(BULK))
    peer.setblocking(False)
    selector = selectors.EpollSelector()
    selector.register(peer, selectors.EVENT_WRITE)
    done = 0
    while done < BULK:
        selector.select()
        n = peer.send(data[done:done + 100000])
        got.add(data[done:done + n])
        done += n


def receive_by_selector(peer, got):
    peer.setblocking(False)
    selector = selectors.EpollSelector()
    selector.register(peer, selectors.EVENT_READ)
    while True:
        selector.select()
        data = peer.recv(50000)
        if not data:
            return
        got.add(data)


def send_spliced(peer, got, path):
    data = content(BULK)
    with open(path, "wb") as file:
        file.write(data)
    read, write = os.pipe()
    with open(path, "rb") as file:
        done = 0
        while done < BULK:
            n = os.splice(file.fileno(), write, 65536, offset_src=done)
            done += n
            while n:
                n -= os.splice(read, peer.fileno(), n)
    os.close(read)
    os.close(write)
    got.add(data)


def receive_spliced(peer, got):
    read, write = os.pipe()
    while n := os.splice(peer.fileno(), write, 65536):
        while n:
            data = os.read(read, n)
            got.add(data)
            n -= len(data)
    os.close(read)
    os.close(write)


def send_many(peer, got, _):
    """sendmmsg(), each message in pieces."""
    data = content(BULK)
    for start in range(0, BULK, 80000):
        part = data[start:start + 80000]
        messages = [[part[i:i + 700], part[i + 700:i + 10000]] for i in range(0, len(part), 10000)]
        libc.sendmmsg(peer, messages)
        got.add(part)


def receive_many(peer, got):
    while parts := libc.recvmmsg(peer, 4, 9000):
        for part in parts:
            got.add(part)


def receive_pieces(peer, got):
    buffers = [bytearray(n) for n in [100] * 60]
    while n := peer.recvmsg_into(buffers)[0]:
        got.add(b"".join(buffers)[:n])


def send_zerocopy(peer, got, _):
    data = memoryview(content(BULK))
    peer.setsockopt(socket.SOL_SOCKET, libc.SO_ZEROCOPY, 1)
    for start in range(0, BULK, 65536):
        peer.sendall(data[start:start + 65536], libc.MSG_ZEROCOPY)
    got.add(data)
    got.kept = data     # until all is sent


def send_async(submit):
    """By a queue of requests that the kernel works off."""
    def send(peer, got, _):
        data = content(BULK)
        queue = submit()
        start = 0
        while start < BULK:
            n = queue.write(peer.fileno(), data[start:start + 50000])
            got.add(data[start:start + n])
            start += n
    return send


def receive_async(submit):
    def receive(peer, got):
        queue = submit()
        while data := queue.read(peer.fileno(), 50000):
            got.add(data)
    return receive


# Many bytes, in all kinds of calls and sizes.

POOL = 4 << 20


def send_mixed(peer, got, path):
    pool, rng, left = bytearray(content(POOL)), random.Random(11), MIXED
    with open(path, "w+b") as file:
        file.write(pool)
        file.flush()
        number = 0
        while left > 0:
            size = min(left, rng.choice((1, 700, 4096, 30000, 65536, 300000, 1 << 20)))
            at = rng.randrange(POOL - size + 1)
            # No two pieces are the same.
            pool[at:at + 8] = number.to_bytes(8, "little")
            number += 1
            part = memoryview(pool)[at:at + size]
            how = rng.randrange(5)
            if how == 0:
                n = peer.sendmsg([part[:size // 3], b"", part[size // 3:]])
            elif how == 1:
                n = peer.send(part, socket.MSG_MORE)
            elif how == 2 and size > 1:
                os.pwrite(file.fileno(), part, at)
                # What is sent shall not be written to while it is in a queue.
                n = min(size, 65536)
                peer.sendall(os.pread(file.fileno(), n, at))
            else:
                n = peer.send(part)
            got.add(part[:n])
            left -= n


def receive_mixed(peer, got):
    rng = random.Random(13)
    room = memoryview(bytearray(1 << 20))
    while True:
        size = rng.choice((1, 1000, 9000, 65536, 65536, 65536))
        how = rng.randrange(4)
        if how == 0:
            n = peer.recvmsg_into([room[:size // 2], room[size // 2:size]])[0]
        elif how == 1:
            n = peer.recv_into(room, size, socket.MSG_WAITALL)
        elif how == 2:
            n = len(peer.recv(size, socket.MSG_PEEK))
            n = peer.recv_into(room, max(n, 1))
        else:
            n = peer.recv_into(room, size)
        if not n:
            return
        got.add(room[:n])


class Kind:
    """@few: not all can be verified; @counted: the order is not known; @old_few: see OLD."""

    def __init__(self, send, receive, few=False, counted=False, old_few=False):
        self.send, self.receive, self.few, self.counted = send, receive, few, counted
        self.old_few = old_few


def drained(peer, got):
    drain(peer, got)


MIXED = int(os.environ.get("MIXED", 0))

# Return probes run with interrupts off: of a call not more than 64 KiB are looked at then.
OLD = tuple(int(n) for n in platform.release().split(".")[:2]) < (5, 11)

KINDS = {
    "writers": Kind(send_threads(8), drained, counted=True),
    "readers": Kind(send_threads(2), receive_threads(4), counted=True),
    "processes": Kind(send_processes, drained),
    "more": Kind(send_more, drained),
    "inline": Kind(send_urgent, receive_inline),
    "urgent": Kind(send_urgent, receive_urgent, few=True, counted=True),
    "peek": Kind(send_plain, receive_peeking),
    "waitall": Kind(send_plain, receive_whole, old_few=True),
    "truncated": Kind(send_plain, receive_truncating, few=True, counted=True),
    "vector": Kind(send_vector, receive_vector),
    "pieces": Kind(send_plain, receive_pieces, old_few=True),
    "huge_pages": Kind(send_huge_pages, receive_into_huge_pages, old_few=True),
    "absent": Kind(send_absent, receive_absent, old_few=True),
    "protected": Kind(send_protected, receive_protected),
    "epoll": Kind(send_by_selector, receive_by_selector),
    "sendfile": Kind(send_file, drained),
    "spliced": Kind(send_spliced, drained),
    "spliced_out": Kind(send_plain, receive_spliced, few=True),
    "mmsg": Kind(send_many, receive_many),
    "zerocopy": Kind(send_zerocopy, drained, few=True),
    "aio": Kind(send_async(libc.Aio), receive_async(libc.Aio)),
    "io_uring": Kind(send_async(libc.IoUring), receive_async(libc.IoUring)),
}
# Not one of those that "kinds" names: it has a size of its own.
BY_NAME = {**KINDS, "mixed": Kind(send_mixed, receive_mixed)}
# Of these both sides do not count the same: bytes are thrown away.
LOSSY = ("urgent", "truncated")


def server(port):
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::", port))
    listener.listen()
    return listener


def say(kind, port, got, why=None):
    if why:
        print(f"{kind} {port} none {why}", flush=True)
    else:
        digest = "-" if kind in LOSSY else got.digest()
        print(f"{kind} {port} {0 if kind in LOSSY else got.bytes} {digest}", flush=True)


def receive_all(port, kinds):
    listeners = [server(port + i) for i in range(len(kinds))]
    for i, name in enumerate(kinds):
        kind = BY_NAME[name]
        got = Counted() if kind.counted else Got()
        peer, _ = listeners[i].accept()
        why = None
        try:
            kind.receive(peer, got)
        except libc.NotHere as error:
            why = error
        # Whoever sends to what is not read any more shall not wait.
        peer.setblocking(True)
        drain(peer, Got())
        peer.close()
        say(name, port + i, got, why)


def connect(address, port):
    peer = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
    end = time.monotonic() + 60
    while peer.connect_ex((address, port)):
        if time.monotonic() > end:
            sys.exit(f"no connection to {address} {port}")
        time.sleep(0.1)
    return peer


def send_all(address, port, path, kinds):
    for i, name in enumerate(kinds):
        kind = BY_NAME[name]
        got = Counted() if kind.counted else Got()
        peer = connect(address, port + i)
        why = None
        try:
            kind.send(peer, got, path)
        except libc.NotHere as error:
            why = error
        until_closed(peer)
        peer.close()
        say(name, port + i, got, why)


def judge(flows, got, per_mille):
    """Return: what is wrong, [] if nothing is."""
    wrong, by_port = [], {}
    with open(flows, encoding="utf-8") as file:
        for line in file:
            flow = json.loads(line)
            if flow["type"] == "application_flow":
                by_port[flow["dport"]] = flow
            elif flow["type"] == "application_change":
                wrong.append(f"called changed: {line.strip()}")
    with open(got, encoding="utf-8") as file:
        lines = [line.split(maxsplit=3) for line in file]
    for name, port, size, digest in lines:
        if size == "none":
            print(f"{name}: SKIP {digest.strip()}")
            continue
        flow = by_port.get(int(port))
        if not flow:
            wrong.append(f"{name}: no flow to port {port}")
            continue
        size = int(size) or flow["receiver"]["bytes"]
        places = [flow[place] for place in ("sent", "queued", "copied", "returned")]
        whole, changed = flow["whole"], sum(place["changed"] for place in places)
        why = {key: n for key, n in whole.items()
               if key not in ("same", "late", "changed", "unverified")}
        print(f"{name}: {size} bytes, {100 * whole['same'] / max(size, 1):.2f} % verified, "
              f"{whole['late']} late, {size - whole['same']} not {why or ''}; {changed} changed; "
              "places " + " ".join(f"{100 * p['same'] / max(size, 1):.1f}" for p in places))
        kind = BY_NAME[name]
        few = kind.few or (kind.old_few and OLD)
        if whole["same"] * 1000 < size * per_mille and not few:
            wrong.append(f"{name}: only {whole['same']} of {size} verified")
        if changed:
            wrong.append(f"{name}: {changed} bytes called changed")
    return wrong


def main(role, *rest):
    if role == "kinds":
        print(*KINDS)
    elif role == "receive":
        receive_all(int(rest[0]), rest[1:])
    elif role == "send":
        send_all(rest[0], int(rest[1]), rest[2], rest[3:])
    else:
        wrong = judge(rest[0], rest[1], int(rest[2]))
        for text in wrong:
            print("WRONG", text)
        sys.exit(bool(wrong))


if __name__ == "__main__":
    main(*sys.argv[1:])
