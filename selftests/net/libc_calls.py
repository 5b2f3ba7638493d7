# SPDX-License-Identifier: GPL-2.0
"""Calls of libc and the kernel that Python has no function for."""
import ctypes
import errno
import mmap
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
SO_ZEROCOPY = 60
MSG_ZEROCOPY = 0x4000000
MADV_HUGEPAGE = 14
MADV_NOHUGEPAGE = 15


class NotHere(Exception):
    """The kernel does not have it."""


def syscall(number, *arguments):
    arguments = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    ret = LIBC.syscall(ctypes.c_long(number), *arguments)
    if ret < 0:
        error = ctypes.get_errno()
        if error in (errno.ENOSYS, errno.EPERM):
            raise NotHere(os.strerror(error))
        raise OSError(error, os.strerror(error))
    return ret


def address(memory, offset=0):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory)) + offset


def protect(memory, offset, size, allowed):
    prot = mmap.PROT_READ | mmap.PROT_WRITE if allowed else 0
    if LIBC.mprotect(ctypes.c_void_p(address(memory, offset)), ctypes.c_size_t(size), prot):
        raise OSError(ctypes.get_errno(), "mprotect")


def huge_pages(size):
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        memory.madvise(MADV_HUGEPAGE)
    except OSError as error:
        raise NotHere("transparent huge pages") from error
    return memory


def send(peer, memory, offset, size):
    """Return: as send(), -1 for EFAULT."""
    n = LIBC.send(peer.fileno(), ctypes.c_void_p(address(memory, offset)), ctypes.c_size_t(size), 0)
    if n < 0 and ctypes.get_errno() != errno.EFAULT:
        raise OSError(ctypes.get_errno(), "send")
    return n


def recv(peer, memory, size):
    n = LIBC.recv(peer.fileno(), ctypes.c_void_p(address(memory)), ctypes.c_size_t(size), 0)
    if n < 0 and ctypes.get_errno() != errno.EFAULT:
        raise OSError(ctypes.get_errno(), "recv")
    return n


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("hdr", Msghdr), ("len", ctypes.c_uint)]


def headers(messages):
    vector = (Mmsghdr * len(messages))()
    for entry, pieces in zip(vector, messages):
        entry.hdr.iov = (Iovec * len(pieces))(*[
            Iovec(ctypes.cast(ctypes.c_char_p(p), ctypes.c_void_p) if isinstance(p, bytes) else
                  ctypes.c_void_p(address(p)), len(p)) for p in pieces])
        entry.hdr.iovlen = len(pieces)
    return vector


def sendmmsg(peer, messages):
    """All of them, each of which is bytes in pieces."""
    while messages:
        vector = headers(messages)
        n = LIBC.sendmmsg(peer.fileno(), vector, len(messages), 0)
        if n < 0:
            raise OSError(ctypes.get_errno(), "sendmmsg")
        for i in range(n):
            left = b"".join(messages[i])[vector[i].len:]
            if left:
                peer.sendall(left)
                n = i + 1
                break
        messages = messages[n:]


def recvmmsg(peer, number, size):
    """Return: what came, a buffer a message; [] at the end."""
    buffers = [bytearray(size) for _ in range(number)]
    vector = headers([[b] for b in buffers])
    n = LIBC.recvmmsg(peer.fileno(), vector, number, 0x10000, None)     # MSG_WAITFORONE
    if n < 0:
        raise OSError(ctypes.get_errno(), "recvmmsg")
    return [bytes(b[:vector[i].len]) for i, b in enumerate(buffers[:n]) if vector[i].len]


class Aio:
    """Linux AIO: a request at a time."""
    SETUP, SUBMIT, GETEVENTS = 206, 209, 208
    PREAD, PWRITE = 0, 1

    def __init__(self):
        self.context = ctypes.c_ulong(0)
        syscall(self.SETUP, 4, ctypes.byref(self.context))

    def do(self, opcode, fd, memory, size):
        iocb = ctypes.create_string_buffer(struct.pack(
            "=QIIHhIQQqQII", 1, 0, 0, opcode, 0, fd, memory, size, 0, 0, 0, 0))
        pointers = (ctypes.c_void_p * 1)(ctypes.addressof(iocb))
        event = ctypes.create_string_buffer(32)
        syscall(self.SUBMIT, self.context.value, 1, pointers)
        syscall(self.GETEVENTS, self.context.value, 1, 1, event, None)
        ret = struct.unpack("=QQqq", event.raw)[2]
        if ret < 0:
            raise OSError(-ret, os.strerror(-ret))
        return ret

    def write(self, fd, data):
        return self.do(self.PWRITE, fd, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value,
                       len(data))

    def read(self, fd, size):
        room = bytearray(size)
        return bytes(room[:self.do(self.PREAD, fd, address(room), size)])


class IoUring:
    """io_uring: a request at a time."""
    SETUP, ENTER = 425, 426
    SEND, RECV = 26, 27

    def __init__(self):
        params = ctypes.create_string_buffer(120)
        self.fd = syscall(self.SETUP, 4, params)
        values = struct.unpack("=10I10I10I", params.raw)
        self.sq, self.cq = values[10:], values[20:]
        self.ring = self.map(0, max(self.sq[6] + 4 * values[0], self.cq[5] + 16 * values[1]))
        self.completions = self.ring if values[5] & 1 else \
            self.map(0x8000000, self.cq[5] + 16 * values[1])
        self.requests = self.map(0x10000000, 64 * values[0])

    def map(self, offset, size):
        return mmap.mmap(self.fd, size, flags=mmap.MAP_SHARED | 0x8000, offset=offset)

    @staticmethod
    def word(ring, offset):
        return struct.unpack_from("=I", ring, offset)[0]

    def do(self, opcode, fd, memory, size):
        self.requests[:64] = struct.pack("=BBHiQQI", opcode, 0, 0, fd, 0, memory, size) + bytes(36)
        tail = self.word(self.ring, self.sq[1])
        mask = self.word(self.ring, self.sq[2])
        struct.pack_into("=I", self.ring, self.sq[6] + 4 * (tail & mask), 0)
        struct.pack_into("=I", self.ring, self.sq[1], (tail + 1) & 0xffffffff)
        syscall(self.ENTER, self.fd, 1, 1, 1, None, 0)
        head = self.word(self.completions, self.cq[0])
        at = self.cq[5] + 16 * (head & self.word(self.completions, self.cq[2]))
        ret = struct.unpack_from("=Qi", self.completions, at)[1]
        struct.pack_into("=I", self.completions, self.cq[0], (head + 1) & 0xffffffff)
        if ret < 0:
            raise OSError(-ret, os.strerror(-ret))
        return ret

    def write(self, fd, data):
        return self.do(self.SEND, fd, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value,
                       len(data))

    def read(self, fd, size):
        room = bytearray(size)
        return bytes(room[:self.do(self.RECV, fd, address(room), size)])
