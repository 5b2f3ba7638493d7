# SPDX-License-Identifier: GPL-2.0
"""Datagrams with random payload: udp.py send|receive ADDRESS ...

send ADDRESS BYTES COUNT     one each millisecond, port 7878
send-unchecked ...           likewise, without checksum
receive ADDRESS COUNT        ends when all have come
exchange RECEIVER SENDER ADDRESS BYTES COUNT [unchecked]
                             both, in these network namespaces
sink ADDRESS                 takes whatever comes
burst ADDRESSES PORT:BYTES...
                             three of each kind to each address (commas); no byte
                             of them is a Z
differing RECEIVER SENDER ADDRESS COUNT
                             datagrams that are all the same, without a checksum: how
                             many of those that come are not, though as long
"""
import os
import random
import socket
import sys
import time

PORT = 7878
PATIENCE = 120      # seconds without anything coming, on a machine however busy
SO_NO_CHECK = 11    # the module has no name for it
SO_RCVBUFFORCE = 33
SAME = random.Random(7878).getrandbits(8 * 900).to_bytes(900, "big")


def udp_socket(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def send_from(sock, address, size, count):
    for _ in range(int(count)):
        sock.sendto(os.urandom(int(size)), (address, PORT))
        time.sleep(0.001)


def send(address, size, count, options=()):
    sock = udp_socket(address)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    send_from(sock, address, size, count)


def send_unchecked(address, size, count):
    send(address, size, count, [SO_NO_CHECK])


def receiver(address):
    sock = udp_socket(address)
    # Beside a sink, which takes what comes to no other address.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, PORT))
    sock.settimeout(PATIENCE)
    # Bursts are meant to arrive even if we are not scheduled for a while.
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    return sock


def receive_all(sock, count):
    for number in range(int(count)):
        try:
            sock.recv(65536)
        except socket.timeout:
            sys.exit(f"{number} of {count} datagrams came, and none for {PATIENCE} s")


def receive(address, count):
    receive_all(receiver(address), count)


def exchange(to_netns, from_netns, address, size, count, unchecked=""):
    from benign import netns    # takes long, and not all want it
    with netns(to_netns):
        to_sock = receiver(address)
    with netns(from_netns):
        from_sock = udp_socket(address)
    if unchecked:
        from_sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    send_from(from_sock, address, size, count)
    receive_all(to_sock, count)


def sink(address):
    sock = udp_socket(address)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, PORT))
    while True:
        sock.recv(65536)


def burst(addresses, *kinds):
    for address in addresses.split(","):
        sock = udp_socket(address)
        for kind in kinds * 3:
            port, size = map(int, kind.split(":"))
            sock.sendto(os.urandom(size).replace(b"Z", b"z"), (address, port))
            time.sleep(0.001)


def differing(to_netns, from_netns, address, count):
    from benign import netns
    with netns(to_netns):
        to_sock = receiver(address)
    with netns(from_netns):
        from_sock = udp_socket(address)
    from_sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    for _ in range(int(count)):
        from_sock.sendto(SAME, (address, PORT))
        time.sleep(0.001)
    to_sock.settimeout(2)
    number = 0
    try:
        while True:
            data = to_sock.recv(65536)
            number += len(data) == len(SAME) and data != SAME
    except socket.timeout:
        print(number)


if __name__ == "__main__":
    {"send": send, "send-unchecked": send_unchecked, "receive": receive, "sink": sink,
     "exchange": exchange,
     "burst": burst, "differing": differing}[sys.argv[1]](*sys.argv[2:])
