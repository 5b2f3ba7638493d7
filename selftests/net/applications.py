# SPDX-License-Identifier: GPL-2.0
"""Two applications and what they send: applications.py receive KIND PORT
applications.py send KIND ADDRESS PORT

Each prints what it sent or got: bytes and their SHA-256, or how many are wrong.
"""
import fcntl
import hashlib
import mmap
import os
import random
import socket
import sys
import threading
import time

PAGE = 4096
SO_RCVBUFFORCE = 33     # the module has no name for it
BULK = int(os.environ.get("BULK", 1 << 20))


def listen(port):
    server = socket.create_server(("", port))
    return server.accept()[0]


def connect(address, port, **options):
    end = time.monotonic() + 60
    while True:
        try:
            peer = socket.socket()
            if "sndbuf" in options:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options["sndbuf"])
            peer.connect((address, port))
            return peer
        except OSError:
            peer.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def until_closed(peer):
    """The other side has got all, and says so by closing."""
    peer.shutdown(socket.SHUT_WR)
    peer.setblocking(True)
    while peer.recv(PAGE):
        pass


class Got:
    def __init__(self):
        self.bytes, self.sum = 0, hashlib.sha256()

    def add(self, data):
        self.bytes += len(data)
        self.sum.update(data)

    def __str__(self):
        return f"{self.bytes} {self.sum.hexdigest()}"


def drain(peer, got, size=65536, pause=0):
    while data := peer.recv(size):
        got.add(data)
        if pause:
            time.sleep(pause)


# Nothing happens to these: what is sent is what is got.

def send_all(size):
    def send(peer, got, _):
        data = content(BULK)
        for start in range(0, BULK, size):
            peer.sendall(data[start:start + size])
            got.add(data[start:start + size])
    return send


def send_nonblocking(peer, got, _):
    data = memoryview(content(BULK))
    peer.setblocking(False)
    done = 0
    while done < BULK:
        try:
            n = peer.send(data[done:])
        except BlockingIOError:
            time.sleep(0.001)
            continue
        got.add(data[done:done + n])
        done += n


def send_file(peer, got, path):
    data = content(BULK)
    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as file:
        done = 0
        while done < BULK:
            done += os.sendfile(peer.fileno(), file.fileno(), done, 1 << 20)
    got.add(data)


def send_mapped(peer, got, path):
    """Pages that are there when the kernel copies them, not before."""
    data = content(BULK)
    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), BULK, prot=mmap.PROT_READ) as mapped:
        with memoryview(mapped) as view:
            for start in range(0, BULK, 1 << 18):
                peer.sendall(view[start:start + (1 << 18)])
    got.add(data)


def send_vector(peer, got, _):
    data = content(BULK)
    view = memoryview(data)
    cuts = random.Random(2)
    done = 0
    while done < BULK:
        pieces, at = [], done
        for _ in range(7):
            n = min(cuts.choice((0, 1, 100, 5000, 20000)), BULK - at)
            pieces.append(view[at:at + n])
            at += n
        n = peer.sendmsg(pieces) if at > done else 0
        got.add(data[done:done + n])
        done += n


def send_two(peer, got, _):
    """Two threads on one socket; who is first is not known, but each call is in one piece
    as far as there is room."""
    data = [bytes([65 + i]) * (BULK // 16) for i in range(2)]

    def write(i):
        for _ in range(4):
            peer.sendall(data[i])

    threads = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got.bytes = 8 * (BULK // 16)


def receive_all(peer, got):
    drain(peer, got)


def receive_small(peer, got):
    drain(peer, got, 1000)


def receive_slowly(peer, got):
    drain(peer, got, 65536, 0.002)


def receive_whole(peer, got):
    while data := peer.recv(300000, socket.MSG_WAITALL):
        got.add(data)


def receive_peeking(peer, got):
    while data := peer.recv(5000, socket.MSG_PEEK):
        if peer.recv(len(data)) != data:
            sys.exit("what was peeked at is another")
        got.add(data)


def receive_vector(peer, got):
    buffers = [bytearray(n) for n in (10, 0, 3000, 70000, 1)]
    while n := peer.recvmsg_into(buffers)[0]:
        got.add(b"".join(buffers)[:n])


HEALTHY = {
    "small": (send_all(700), receive_all),
    "page": (send_all(PAGE), receive_small),
    "bulk": (send_all(65536), receive_all),
    "slow": (send_all(131072), receive_slowly),
    "huge": (send_all(BULK), receive_whole),
    "nonblocking": (send_nonblocking, receive_all),
    "sendfile": (send_file, receive_all),
    "mapped": (send_mapped, receive_all),
    "vector": (send_vector, receive_vector),
    "peek": (send_all(20000), receive_peeking),
}


# Datagrams, which may overtake each other; the last says END.
SIZES = (1, 100, 1400, 8000, 60000)


class GotDatagrams(Got):
    def __init__(self):
        super().__init__()
        self.sums = []

    def add(self, data):
        self.bytes += len(data)
        self.sums.append(hashlib.sha256(data).hexdigest())

    def __str__(self):
        return f"{self.bytes} {hashlib.sha256(''.join(sorted(self.sums)).encode()).hexdigest()}"


def udp_send(address, port, _):
    peer = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    got = GotDatagrams()
    for i in range(20 * len(SIZES)):
        data = content(SIZES[i % len(SIZES)], i)
        if i % 2:
            peer.sendto(data, (address, port))
        else:
            peer.sendmsg([data[:50], b"", data[50:]], [], 0, (address, port))
        got.add(data)
        time.sleep(0.02)
    time.sleep(0.5)
    peer.sendto(b"END", (address, port))
    print(got)


def udp_socket(port):
    peer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    peer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    peer.bind(("::", port))
    return peer


def udp_receive(port):
    peer, got = udp_socket(port), GotDatagrams()
    while (data := peer.recv(65536)) != b"END":
        got.add(data)
    print(got)


def udp_overlap(port):
    peer = udp_socket(port)
    data = memoryview(bytearray(65536))
    buffers = [data[:10000], data[5000:]]
    while peer.recvmsg_into(buffers)[0] != 3:
        pass


# And these change on the way, each at its place.

def frag_send(address, port, path):
    """A mapping whose faults send on the second socket (see hopfrag.c)."""
    outer, inner = connect(address, port), connect(address, port + 1)
    for peer in outer, inner:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    fd = os.open("/dev/hopfrag", os.O_RDWR)
    fcntl.ioctl(fd, 0, inner.fileno())
    with mmap.mmap(fd, 4 * PAGE, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as mapped:
        with memoryview(mapped) as view:
            peer_sent = outer.send(view)
    until_closed(outer)
    print(peer_sent)


def frag_receive(port):
    servers = [socket.create_server(("", port + i)) for i in range(2)]
    peers = []
    for server in servers:
        peers.append(server.accept()[0])
    data = b""
    while more := peers[0].recv(65536):
        data += more
    print(sum(c != 65 + i // PAGE % 26 for i, c in enumerate(data)), "of", len(data), "wrong")
    peers[0].close()
    peers[1].settimeout(1)
    while peers[1].recv(65536):
        pass


def race_send(address, port, _):
    """Another thread writes to the buffer while send() sleeps for want of room."""
    peer = connect(address, port, sndbuf=16384)
    data = bytearray(content(1 << 20))

    def write():
        time.sleep(0.5)
        for at in range(0, len(data), PAGE):
            data[at] ^= 0x55

    thread = threading.Thread(target=write)
    thread.start()
    peer.sendall(data)
    thread.join()
    until_closed(peer)


def race_receive(port):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    server.bind(("", port))
    server.listen()
    peer, _ = server.accept()
    time.sleep(1)
    drain(peer, Got())


def plain_send(address, port, _):
    peer = connect(address, port)
    data = content(60000)
    peer.sendall(data[:30000])
    time.sleep(1)
    peer.sendall(data[30000:])
    until_closed(peer)


def waitall_receive(port):
    """Another thread writes to what recv() has already got, but not returned yet."""
    peer = listen(port)
    data = bytearray(60000)

    def write():
        time.sleep(0.5)
        data[5000] ^= 0x55

    thread = threading.Thread(target=write)
    thread.start()
    peer.recv_into(data, len(data), socket.MSG_WAITALL)
    thread.join()
    drain(peer, Got())


def overlap_receive(port):
    """The second part of the buffer lies on the first."""
    peer = listen(port)
    data = memoryview(bytearray(8000))
    time.sleep(0.5)
    peer.recvmsg_into([data[:4000], data[2000:6000]])
    drain(peer, Got())


def queued_send(address, port, path):
    """A file that is overwritten when it is in the receiver's queue."""
    with open(path, "w+b") as file:
        file.write(content(16384))
        file.flush()
        peer = connect(address, port)
        if os.sendfile(peer.fileno(), file.fileno(), 0, 16384) != 16384:
            sys.exit("not all sent at once")
        time.sleep(0.5)
        os.pwrite(file.fileno(), b"Z" * 8192, 4096)
        until_closed(peer)


def queued_receive(port):
    peer = listen(port)
    time.sleep(1.5)
    drain(peer, Got())


CHANGING = {
    "frag": (frag_send, frag_receive),
    "race": (race_send, race_receive),
    "waitall": (plain_send, waitall_receive),
    "overlap": (plain_send, overlap_receive),
    "queued": (queued_send, queued_receive),
    "udp_overlap": (udp_send, udp_overlap),
}
CALLS = {**CHANGING, "udp": (udp_send, udp_receive), "udp6": (udp_send, udp_receive)}


def main(role, kind, *rest):
    if kind in CALLS:
        send, receive = CALLS[kind]
        if role == "send":
            send(rest[0], int(rest[1]), rest[2])
        else:
            receive(int(rest[0]))
        return
    send, receive = (send_two, receive_all) if kind == "two" else HEALTHY[kind]
    got = Got()
    if role == "send":
        peer = connect(rest[0], int(rest[1]), **({"sndbuf": 16384} if kind == "two" else {}))
        send(peer, got, rest[2])
        until_closed(peer)
    else:
        receive(listen(int(rest[0])), got)
    print(got.bytes if kind == "two" else got)


if __name__ == "__main__":
    main(*sys.argv[1:])
