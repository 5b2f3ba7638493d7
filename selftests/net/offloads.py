# SPDX-License-Identifier: GPL-2.0
"""What no program of a distribution does for us.

xdp-pass PATH [frags]        load an XDP program that passes every packet and
                             pin it at PATH; with frags it takes skbs that are
                             not linear
full ADDRESS                 a UDP socket, port 7878, that takes next to nothing
                             and is never read
"""
import ctypes
import os
import platform
import struct
import sys
import time

import udp

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}
BPF_PROG_LOAD, BPF_OBJ_PIN = 5, 6
BPF_PROG_TYPE_XDP = 6
BPF_F_XDP_HAS_FRAGS = 1 << 5

# r0 = XDP_PASS; exit
PASS = struct.pack("=BBhi", 0xb7, 0, 0, 2) + struct.pack("=BBhi", 0x95, 0, 0, 0)


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = ctypes.create_string_buffer(attributes)
    result = libc.syscall(BPF_SYSCALL[platform.machine()], command,
                          attributes, ctypes.sizeof(attributes) - 1)
    if result < 0:
        error = ctypes.get_errno()
        sys.exit(f"bpf({command}): {os.strerror(error)}")
    return result


def address_of(buffer):
    return ctypes.cast(buffer, ctypes.c_void_p).value


def xdp_pass(path, frags=""):
    program = ctypes.create_string_buffer(PASS)
    licence = ctypes.create_string_buffer(b"GPL")
    name = ctypes.create_string_buffer(path.encode())
    fd = bpf(BPF_PROG_LOAD, struct.pack(
        "=IIQQIIQII", BPF_PROG_TYPE_XDP, len(PASS) // 8, address_of(program),
        address_of(licence), 0, 0, 0, 0,
        BPF_F_XDP_HAS_FRAGS if frags else 0))
    bpf(BPF_OBJ_PIN, struct.pack("=QII", address_of(name), fd, 0))


def full(address):
    sock = udp.udp_socket(address)
    sock.setsockopt(udp.socket.SOL_SOCKET, udp.socket.SO_RCVBUF, 1)
    sock.bind((address, udp.PORT))
    time.sleep(600)


if __name__ == "__main__":
    {"xdp-pass": xdp_pass, "full": full}[sys.argv[1]](*sys.argv[2:])
