# SPDX-License-Identifier: GPL-2.0
"""A network that breaks packets: datagrams from outside, their checksum wrong.

tap.py DEVICE SOURCE-MAC SOURCE DESTINATION-MAC DESTINATION COUNT

Writes so many UDP datagrams for port 7878 to the tap DEVICE for each line that
it reads.  The device is there as long as this program is, which ends when
standard input does.
"""
import fcntl
import os
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x2, 0x1000


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(source_mac, source, destination_mac, destination, ip_id, payload):
    ports = struct.pack("!HHHH", 7879, 7878, 8 + len(payload), 0xbad)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), ip_id, 0, 64,
                         socket.IPPROTO_UDP, 0) + source + destination
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return destination_mac + source_mac + b"\x08\x00" + header + ports + payload


def main(device, *ends):
    macs = [bytes.fromhex(end.replace(":", "")) for end in ends[0:3:2]]
    addresses = [socket.inet_aton(end) for end in ends[1:4:2]]
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack(
        "16sH", device.encode(), IFF_TAP | IFF_NO_PI))
    print("ready", flush=True)
    for _ in sys.stdin:
        # With one id they would be one datagram, delivered often.
        for ip_id in range(1, int(ends[4]) + 1):
            os.write(tap, frame(macs[0], addresses[0], macs[1], addresses[1],
                                ip_id, b"broken on the wire, says nobody."))


if __name__ == "__main__":
    main(*sys.argv[1:])
