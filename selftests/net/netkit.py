# SPDX-License-Identifier: GPL-2.0
"""A pair of netkit devices, which iproute2 makes since 6.7.

netkit.py NAME PEER NETNS [l3|l2]    NAME here, PEER in the network namespace NETNS
"""
import errno
import os
import socket
import struct
import sys

from random_build import attribute

# linux/rtnetlink.h, linux/if_link.h
RTM_NEWLINK, NLMSG_ERROR = 16, 2
REQUEST, ACK, EXCL, CREATE = 1, 4, 0x200, 0x400
IFLA_IFNAME, IFLA_LINKINFO, IFLA_NET_NS_FD = 3, 18, 28
INFO_KIND, INFO_DATA = 1, 2
NETKIT_PEER_INFO, NETKIT_MODE = 1, 5
MODES = {"l2": 0, "l3": 1}
IFINFO = struct.Struct("=BxHiII")


def main(name, peer, space, mode="l3"):
    with open("/run/netns/" + space) as there:
        other = IFINFO.pack(0, 0, 0, 0, 0) + attribute(IFLA_IFNAME, peer.encode() + b"\0") + \
            attribute(IFLA_NET_NS_FD, struct.pack("=I", there.fileno()))
        data = attribute(NETKIT_PEER_INFO, other) + \
            attribute(NETKIT_MODE, struct.pack("=I", MODES[mode]))
        body = IFINFO.pack(0, 0, 0, 0, 0) + attribute(IFLA_IFNAME, name.encode() + b"\0") + \
            attribute(IFLA_LINKINFO, attribute(INFO_KIND, b"netkit\0") +
                      attribute(INFO_DATA, data))
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWLINK,
                                  REQUEST | ACK | EXCL | CREATE, 1, 0) + body)
            answer = sock.recv(65536)
    error = -struct.unpack_from("=i", answer, 16)[0]
    if struct.unpack_from("=H", answer, 4)[0] != NLMSG_ERROR or error:
        sys.exit(f"netkit: {errno.errorcode.get(error, error)}: {os.strerror(error)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
