# SPDX-License-Identifier: GPL-2.0
"""The packets of ends.sh. SPACE is a name of "ip netns", - is where we are.

send SPACE ADDRESS PORT BYTES        a datagram, which routers may cut up; of address
                                     224.0.0.0/4 and x.x.x.255 to all
sink SPACE PORT                      takes datagrams
packet SPACE DEV                     takes whatever IPv4 there is, by a packet socket
tap DEV                              a tap device, and who reads it
listen SPACE PORT                    accepts nobody, and has room for one
connect SPACE ADDRESS PORT COUNT     that many, one after the other; nobody waits
sctp RECEIVER SENDER ADDRESS BYTES   one message
xdp DEV MODE drop|tx|redirect        a program that says so of all packets; the redirect
                                     leads nowhere. MODE is ip's: xdp or xdpgeneric

What stays prints its process, and stays until that is killed.
"""
import fcntl
import os
import socket
import struct
import sys
import time

from benign import netns

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x2, 0x1000
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0
ETH_P_IP, IPPROTO_SCTP = 0x800, 132


def socket_in(space, *kind):
    with netns(space):
        return socket.socket(*kind)


def stay(work):
    """In a process of its own, which holds what is open here."""
    pid = os.fork()
    if pid:
        print(pid)
        return
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        while True:
            work()
    finally:
        os._exit(0)


def send(space, address, port, size):
    sock = socket_in(space, socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"x" * int(size), (address, int(port)))


def sink(space, port):
    sock = socket_in(space, socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", int(port)))
    stay(lambda: sock.recv(65536))


def packet(space, dev):
    sock = socket_in(space, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    with netns(space):
        sock.bind((dev, ETH_P_IP))
    stay(lambda: sock.recv(65536))


def tap(dev):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("=16sH22x", dev.encode(), IFF_TAP | IFF_NO_PI))
    stay(lambda: os.read(fd, 65536))


def listen(space, port):
    sock = socket_in(space, socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("", int(port)))
    sock.listen(0)
    stay(lambda: time.sleep(600))


def connect(space, address, port, count):
    kept = []
    for _ in range(int(count)):
        sock = socket_in(space, socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.connect_ex((address, int(port)))
        kept.append(sock)
        time.sleep(0.3)
    stay(lambda: time.sleep(600))


def sctp(receiver, sender, address, size):
    server = socket_in(receiver, socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
    client = socket_in(sender, socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
    server.bind(("", 5007))
    server.listen(1)
    client.settimeout(30)
    client.connect((address, 5007))
    there, _ = server.accept()
    client.sendall(b"x" * int(size))
    there.settimeout(30)
    there.recv(65536)


def xdp(dev, mode, action):
    import random_corrupt       # takes long, and not all want it
    program = random_corrupt.Program()
    program.leave({"drop": 1, "tx": 3, "redirect": 4}[action])
    path = program.load(random_corrupt.BPF_PROG_TYPE_XDP)
    random_corrupt.run("ip", "link", "set", "dev", dev, mode, "pinned", path)
    os.unlink(path)


if __name__ == "__main__":
    {"send": send, "sink": sink, "packet": packet, "tap": tap, "listen": listen,
     "connect": connect, "sctp": sctp, "xdp": xdp}[sys.argv[1]](*sys.argv[2:])
