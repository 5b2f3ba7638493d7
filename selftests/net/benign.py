# SPDX-License-Identifier: GPL-2.0
"""Random data from one network namespace to another, which must arrive as they are.

benign.py stream RECEIVER SENDER tcp|sctp ADDRESS PORT LISTEN BYTES
    a connection from SENDER to ADDRESS and PORT, BYTES there and as many back;
    RECEIVER listens at port LISTEN of all its addresses
benign.py datagrams RECEIVER SENDER udp|NUMBER ADDRESS PORT LISTEN BYTES COUNT [OPTION]...
    datagrams of UDP or of an IP protocol; lossy: some may be lost or come twice;
    fragment: routers may cut them up
benign.py flood SENDER:DEV ADDRESS BYTES COUNT RECEIVER:DEV...
    UDP to a multicast or broadcast address; all receivers get all
benign.py offloads RECEIVER:DEV SENDER ADDRESS BYTES COUNT DEV...
    BYTES by TCP each way and COUNT datagrams with tso, gso and gro switched on and
    off in each combination, at RECEIVER's DEV and at the other devices, which are here

RECEIVER and SENDER are names of "ip netns", - is where we are.
"""
import contextlib
import ctypes
import fcntl
import itertools
import os
import socket
import struct
import sys
import threading

PORT = 7878
BURST = 40000   # bytes that fit into any socket
TIMEOUT = 60

IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0
SIOCETHTOOL = 0x8946
# linux/ethtool.h
FEATURES = {"tso": 0x1f, "gso": 0x24, "gro": 0x2c}

libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def netns(name):
    """What is opened in here belongs to that namespace."""
    with open("/proc/self/ns/net") as here:
        if name != "-":
            with open("/run/netns/" + name) as there:
                enter(there)
        try:
            yield
        finally:
            enter(here)


def enter(namespace):
    if libc.setns(namespace.fileno(), 0):
        raise OSError(ctypes.get_errno(), "setns")


def socket_in(name, address, *kind):
    with netns(name):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, *kind)
    sock.settimeout(TIMEOUT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock


def same(got, sent):
    if got != sent:
        sys.exit(f"other data arrived than were sent: {len(got)} of {len(sent)}")


def send_all(sock, data):
    # SCTP takes no message that is larger than its buffer.
    for start in range(0, len(data), 16384):
        sock.sendall(data[start:start + 16384])


def transfer(sender, receiver, size):
    data, got = os.urandom(size), bytearray()
    thread = threading.Thread(target=send_all, args=(sender, data), daemon=True)
    thread.start()
    while len(got) < size:
        part = receiver.recv(65536)
        if not part:
            sys.exit(f"the connection ended after {len(got)} of {size} bytes")
        got += part
    thread.join()
    same(got, data)


def stream(receiver, sender, proto, address, port, listen, size):
    kind = socket.SOCK_STREAM, {"tcp": socket.IPPROTO_TCP, "sctp": 132}[proto]
    with socket_in(receiver, address, *kind) as server, \
            socket_in(sender, address, *kind) as client:
        server.bind(("", int(listen)))
        server.listen(1)
        client.connect((address, int(port)))
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            transfer(client, connection, int(size))
            transfer(connection, client, int(size))


def receive(sock, count, raw_header, lossy):
    got = []
    try:
        while len(got) < count:
            got.append(sock.recv(65536)[raw_header:])
    except TimeoutError:
        if not lossy:
            sys.exit(f"{len(got)} of {count} datagrams arrived")
    return got


def datagrams(receiver, sender, proto, address, port, listen, size, count, *options):
    kind, raw_header = (socket.SOCK_DGRAM,), 0
    if proto != "udp":
        kind = socket.SOCK_RAW, int(proto)
        raw_header = 0 if ":" in address else 20
    lossy = "lossy" in options
    with socket_in(receiver, address, *kind) as server, \
            socket_in(sender, address, *kind) as client:
        server.bind(("", int(listen)))
        if lossy:
            server.settimeout(0.3)
        if "fragment" in options:
            client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        sent, got = [], []
        number = min(BURST // int(size), 10)
        while len(sent) < int(count):
            burst = [os.urandom(int(size)) for _ in range(number)]
            for data in burst:
                client.sendto(data, (address, int(port)))
            sent += burst
            got += receive(server, number, raw_header, lossy)
        if lossy:
            got += receive(server, len(sent), raw_header, lossy)
            if not got or not set(got) <= set(sent):
                sys.exit("nothing arrived, or what was not sent")
        else:
            same(sorted(got), sorted(sent))


def join(sock, address, index):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                        packed + struct.pack("=I", index))
    elif 224 <= packed[0] < 240:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        packed + struct.pack("=II", 0, index))


def send_through(sock, address, index):
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                        struct.pack("=4xII", 0, index))


def place(text):
    name, dev = text.split(":")
    with netns(name):
        return name, socket.if_nametoindex(dev)


def flood(sender, address, size, count, *receivers):
    name, index = place(sender)
    client = socket_in(name, address, socket.SOCK_DGRAM)
    send_through(client, address, index)
    servers = []
    for receiver in receivers:
        name, index = place(receiver)
        server = socket_in(name, address, socket.SOCK_DGRAM)
        server.bind(("", PORT))
        join(server, address, index)
        servers.append(server)
    for _ in range(int(count)):
        data = os.urandom(int(size))
        client.sendto(data, (address, PORT))
        for server in servers:
            same(server.recv(65536), data)


def switch(name, dev, settings):
    with netns(name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for feature, on in zip(FEATURES, settings):
            value = ctypes.create_string_buffer(struct.pack("=II", FEATURES[feature], on))
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack(
                "=16sQ16x", dev.encode(), ctypes.addressof(value)))


def offloads(receiver, sender, address, size, count, *devices):
    name, dev = receiver.split(":")
    settings = list(itertools.product((1, 0), repeat=len(FEATURES)))
    for ours, theirs in itertools.product(settings, settings):
        print(f"{'/'.join(FEATURES)} {ours} at {dev}, {theirs} at {devices}", flush=True)
        switch(name, dev, ours)
        for device in devices:
            switch("-", device, theirs)
        stream(name, sender, "tcp", address, PORT, PORT, size)
        datagrams(name, sender, "udp", address, PORT, PORT, 1000, count)


if __name__ == "__main__":
    {"stream": stream, "datagrams": datagrams, "flood": flood,
     "offloads": offloads}[sys.argv[1]](*sys.argv[2:])
