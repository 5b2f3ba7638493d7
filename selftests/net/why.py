# SPDX-License-Identifier: GPL-2.0
"""What is asked of why.sh's traffic.

send ADDRESS PORT BYTES [SOURCE]   a datagram
full ADDRESS PORT SECONDS          listens with the shortest queue, and accepts nobody
knock ADDRESS PORT COUNT           asks for connections, and does not wait for them
deaf ADDRESS PORT SECONDS          has a socket with the smallest buffer, and does not read
xdp DROP|TX PATH                   loads a program that says so to each packet, to PATH
"""
import ctypes
import platform
import socket
import struct
import sys
import time

BPF = {"x86_64": 321, "aarch64": 280}
PROG_LOAD, OBJ_PIN, TYPE_XDP = 5, 6, 6
VERDICTS = {"DROP": 1, "TX": 3}


def datagram(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def send(address, port, size, source=None):
    sock = datagram(address)
    if source:
        sock.bind((source, 0))
    sock.sendto(b"w" * int(size), (address, int(port)))


def full(address, port, seconds):
    sock = socket.create_server((address, int(port)), backlog=0)
    time.sleep(float(seconds))
    sock.close()


def knock(address, port, count):
    socks = []
    for _ in range(int(count)):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((address, int(port)))
        socks.append(sock)
        time.sleep(0.3)
    time.sleep(2.5)


def deaf(address, port, seconds):
    sock = datagram(address)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.bind((address, int(port)))
    time.sleep(float(seconds))


def bpf(command, attributes):
    call = ctypes.CDLL(None, use_errno=True).syscall
    buffer = ctypes.create_string_buffer(attributes, 120)
    got = call(BPF[platform.machine()], command, buffer, 120)
    if got < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return got


def xdp(verdict, path):
    # r0 = VERDICT; exit
    insns = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, VERDICTS[verdict],
                                                    0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL")
    prog = bpf(PROG_LOAD, struct.pack("<IIQQ", TYPE_XDP, 2, ctypes.addressof(insns),
                                      ctypes.addressof(text)))
    name = ctypes.create_string_buffer(path.encode())
    bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(name), prog))


{"send": send, "full": full, "knock": knock, "deaf": deaf, "xdp": xdp}[sys.argv[1]](*sys.argv[2:])
