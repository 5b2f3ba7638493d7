# SPDX-License-Identifier: GPL-2.0
"""Datagrams with random payload: udp.py send|receive ADDRESS ...

send ADDRESS BYTES COUNT     one each millisecond, port 7878
receive ADDRESS COUNT        ends when all have come, or fails after 20 s
"""
import os
import socket
import sys
import time

PORT = 7878


def udp_socket(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def send(address, size, count):
    sock = udp_socket(address)
    time.sleep(1)       # the receiver starts beside us
    for _ in range(count):
        sock.sendto(os.urandom(size), (address, PORT))
        time.sleep(0.001)


def receive(address, count):
    sock = udp_socket(address)
    sock.bind((address, PORT))
    sock.settimeout(20)
    for _ in range(count):
        sock.recv(65536)


if __name__ == "__main__":
    numbers = [int(n) for n in sys.argv[3:]]
    {"send": send, "receive": receive}[sys.argv[1]](sys.argv[2], *numbers)
