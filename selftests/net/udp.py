# SPDX-License-Identifier: GPL-2.0
"""Datagrams with random payload: udp.py send|receive ADDRESS ...

send ADDRESS BYTES COUNT     one each millisecond, port 7878
send-unchecked ...           likewise, without checksum
receive ADDRESS COUNT        ends when all have come, or fails after 20 s
sink ADDRESS                 takes whatever comes
burst ADDRESSES PORT:BYTES...
                             three of each kind to each address (commas); no byte
                             of them is a Z
same ADDRESS COUNT           datagrams that are all the same, without a checksum
differing ADDRESS            how many of those that come are not, though as long;
                             ends when none has come for 3 s
"""
import os
import random
import socket
import sys
import time

PORT = 7878
SO_NO_CHECK = 11    # the module has no name for it
SO_RCVBUFFORCE = 33
SAME = random.Random(7878).getrandbits(8 * 900).to_bytes(900, "big")


def udp_socket(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def send(address, size, count, options=()):
    sock = udp_socket(address)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    time.sleep(1)       # the receiver starts beside us
    for _ in range(int(count)):
        sock.sendto(os.urandom(int(size)), (address, PORT))
        time.sleep(0.001)


def send_unchecked(address, size, count):
    send(address, size, count, [SO_NO_CHECK])


def receive(address, count):
    sock = udp_socket(address)
    sock.bind((address, PORT))
    sock.settimeout(60)
    # Bursts are meant to arrive even if we are not scheduled for a while.
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    for _ in range(int(count)):
        sock.recv(65536)


def sink(address):
    sock = udp_socket(address)
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


def same(address, count):
    sock = udp_socket(address)
    sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    for _ in range(int(count)):
        sock.sendto(SAME, (address, PORT))
        time.sleep(0.001)


def differing(address):
    sock = udp_socket(address)
    sock.bind((address, PORT))
    sock.settimeout(30)
    number = 0
    try:
        while True:
            data = sock.recv(65536)
            number += len(data) == len(SAME) and data != SAME
            sock.settimeout(3)
    except socket.timeout:
        print(number)


if __name__ == "__main__":
    {"send": send, "send-unchecked": send_unchecked, "receive": receive, "sink": sink,
     "burst": burst, "same": same, "differing": differing}[sys.argv[1]](*sys.argv[2:])
