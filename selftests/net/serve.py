# SPDX-License-Identifier: GPL-2.0
"""Servers in network namespaces: serve.py FOLDER NETNS...

In each ("-": this one) web pages out of FOLDER at port 80, and whoever takes all
datagrams that come to port 7878; IPv4 and IPv6.
"""
import http.server
import os
import signal
import socket
import sys

from benign import libc, netns
from udp import PORT, sink

PR_SET_PDEATHSIG = 1


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    # Looks the machine's name up otherwise.
    server_bind = http.server.socketserver.TCPServer.server_bind
    server_name, server_port = "guest", 80


def main(folder, *names):
    os.chdir(folder)
    for name in names:
        with netns(name):
            start(lambda server: server.serve_forever(), Server(("::", 80), Handler))
            start(sink, "::")
    signal.pause()


def start(task, argument):
    """In a process of its own, which ends with this one."""
    if not os.fork():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        task(argument)
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
