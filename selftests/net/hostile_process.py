# SPDX-License-Identifier: GPL-2.0
"""A process that does to its memory what it can while its calls are under way:

    hostile_process.py receive|send ADDRESS PORT SECONDS

Some of its threads send from, or receive into, memory that others unmap, map anew (as zeros,
as a file, as a file's part that is not there), protect, give back and move; meanwhile it
forks, children exec, are killed in the middle of a call, and sockets are shut down under
those that wait for them. What comes is worth nothing; how many calls were made is printed.
"""
import ctypes
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time

from libc_calls import LIBC, Iovec, Msghdr

PAGE = 4096
PAGES = 96
MAP_FIXED, MAP_PRIVATE, MAP_SHARED, MAP_ANONYMOUS = 0x10, 2, 1, 0x20
MADV_DONTNEED, MADV_HUGEPAGE, MADV_PAGEOUT = 4, 14, 21
MREMAP_MAYMOVE, MREMAP_FIXED = 1, 2
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mremap.restype = ctypes.c_void_p


class Memory:
    """Pages at a place of their own, which nothing else of this process is in."""

    def __init__(self):
        self.at = LIBC.mmap(None, ctypes.c_size_t(PAGES * PAGE), 3, MAP_PRIVATE | MAP_ANONYMOUS,
                            -1, ctypes.c_long(0))
        with tempfile.TemporaryFile() as file:
            file.write(os.urandom(PAGES * PAGE // 2))
            file.flush()
            self.file = os.dup(file.fileno())

    def part(self, rng):
        first = rng.randrange(PAGES)
        return self.at + first * PAGE, rng.randint(1, PAGES - first) * PAGE

    def map(self, at, size, flags, fd=-1, prot=3):
        LIBC.mmap(ctypes.c_void_p(at), ctypes.c_size_t(size), prot, flags | MAP_FIXED, fd,
                  ctypes.c_long(0))

    def harass(self, rng):
        at, size = self.part(rng)
        what = rng.randrange(9)
        if what == 0:
            LIBC.munmap(ctypes.c_void_p(at), ctypes.c_size_t(size))
        elif what == 1:
            self.map(at, size, MAP_PRIVATE | MAP_ANONYMOUS)
        elif what == 2:
            # Beyond the end of the file a page cannot be had at all.
            self.map(at, size, rng.choice((MAP_PRIVATE, MAP_SHARED)), self.file)
        elif what == 3:
            LIBC.mprotect(ctypes.c_void_p(at), ctypes.c_size_t(size), rng.choice((0, 1, 3)))
        elif what == 4:
            LIBC.madvise(ctypes.c_void_p(at), ctypes.c_size_t(size),
                         rng.choice((MADV_DONTNEED, MADV_HUGEPAGE, MADV_PAGEOUT)))
        elif what == 5:
            self.map(at, size, MAP_SHARED | MAP_ANONYMOUS)
        elif what == 6:
            other, _ = self.part(rng)
            size = min(size, self.at + PAGES * PAGE - other)
            if abs(other - at) >= size:
                LIBC.mremap(ctypes.c_void_p(at), ctypes.c_size_t(size), ctypes.c_size_t(size),
                            MREMAP_MAYMOVE | MREMAP_FIXED, ctypes.c_void_p(other))
        elif what == 7:
            self.map(at, size, MAP_PRIVATE | MAP_ANONYMOUS, prot=rng.choice((0, 1)))
        else:
            self.map(self.at, PAGES * PAGE, MAP_PRIVATE | MAP_ANONYMOUS)


def message(memory, rng):
    """Iovecs anywhere, also of no length, one on the other, and beyond the memory's end."""
    number = rng.choice((1, 1, 2, 7, 40))
    pieces = (Iovec * number)()
    for piece in pieces:
        at, size = memory.part(rng)
        piece.base = at + rng.randrange(PAGE)
        piece.len = rng.choice((0, 1, 100, 5000, size, size, 2 * size))
    header = Msghdr()
    header.iov = pieces
    header.iovlen = number
    return header


class Hostile:
    def __init__(self, role, address, port, seconds):
        self.role, self.address, self.port = role, address, port
        self.end = time.monotonic() + seconds
        self.memory = Memory()
        self.peers = []
        self.calls = self.bytes = self.harassed = 0
        self.call = LIBC.recvmsg if role == "receive" else LIBC.sendmsg

    def lasts(self):
        return time.monotonic() < self.end

    def exchange(self, index):
        """One peer after the other, as each is shut down some time."""
        rng = random.Random(index)
        while self.lasts():
            try:
                peer = self.another(index)
            except OSError:
                continue
            self.peers[index] = peer
            while self.lasts():
                header = message(self.memory, rng)
                flags = rng.choice((0, 0, 0x40, 0x8000)) if self.role == "send" else \
                    rng.choice((0, 0, 0x40, 0x2, 0x100, 0x20))
                n = self.call(peer.fileno(), ctypes.byref(header), flags)
                self.calls += 1
                self.bytes += max(n, 0)
                error = ctypes.get_errno()
                if n == 0 and self.role == "receive" or n < 0 and error not in (11, 14):
                    break
                if n < 0:
                    time.sleep(0.001)
            peer.close()

    def another(self, index):
        if self.role == "send":
            return socket.create_connection((self.address, self.port + index), 5)
        with socket.create_server(("", self.port + index)) as server:
            server.settimeout(2)
            peer = server.accept()[0]
            peer.settimeout(None)
            return peer

    def harass(self):
        rng = random.Random(99)
        while self.lasts():
            self.memory.harass(rng)
            self.harassed += 1
            if rng.random() < 0.02:
                peer = rng.choice(self.peers)
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except (OSError, AttributeError):
                    pass
            time.sleep(0)

    def fork(self):
        """Children have the memory and the sockets; they are killed, or another program."""
        rng = random.Random(5)
        while self.lasts():
            child = os.fork()
            if not child:
                if rng.random() < 0.3:
                    os.execv("/bin/true", ["true"])
                for peer in self.peers:
                    if peer:
                        header = message(self.memory, rng)
                        self.call(peer.fileno(), ctypes.byref(header), 0x40)
                os._exit(0)
            time.sleep(rng.random() * 0.2)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def run(self):
        workers = 3
        self.peers = [None] * workers
        tasks = [threading.Thread(target=self.exchange, args=(i,), daemon=True)
                 for i in range(workers)]
        tasks += [threading.Thread(target=self.harass, daemon=True) for _ in range(2)]
        for task in tasks:
            task.start()
        self.fork()
        # Those that wait for a peer that is gone are killed in the middle of their calls.
        print(f"{self.role}: {self.calls} calls, {self.bytes} bytes, {self.harassed} changes of "
              "the memory under them", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Hostile(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])).run()
