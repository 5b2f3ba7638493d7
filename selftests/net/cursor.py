# SPDX-License-Identifier: GPL-2.0
"""How skbtrace.d/cpuN reads: cursor.py TEST FILE..."""
import errno
import os
import select
import signal
import sys

RECORD = 256


def drain(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    data = b""
    try:
        while True:
            data += os.read(fd, 1 << 20)
    except BlockingIOError:
        return fd, data


def count(*paths):
    print(sum(len(drain(path)[1]) for path in paths) // RECORD)


def short(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.read(fd, RECORD - 1)
    except OSError as error:
        assert error.errno == errno.EINVAL, error
    else:
        raise AssertionError("not refused")


def whole(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert len(os.read(fd, 3 * RECORD - 1)) == 2 * RECORD
    first = int.from_bytes(os.read(fd, RECORD)[:8], sys.byteorder)
    second = int.from_bytes(os.read(fd, RECORD)[:8], sys.byteorder)
    assert second == first + 1, (first, second)


def eagain(path):
    fd, data = drain(path)
    assert data and len(data) % RECORD == 0, len(data)


def seek(path):
    fd, data = drain(path)
    first = int.from_bytes(data[:8], sys.byteorder)
    os.lseek(fd, 0, os.SEEK_SET)
    assert os.lseek(fd, 0, os.SEEK_CUR) == first
    assert os.read(fd, len(data)) == data
    os.lseek(fd, 0, os.SEEK_SET)
    os.lseek(fd, 0, os.SEEK_END)
    assert os.lseek(fd, 0, os.SEEK_CUR) == first + len(data) // RECORD
    try:
        os.read(fd, RECORD)
    except BlockingIOError:
        return
    raise AssertionError("there is something behind the end")


def blocked(path):
    fd = os.open(path, os.O_RDONLY)
    os.lseek(fd, 0, os.SEEK_END)
    signal.alarm(120)
    assert len(os.read(fd, RECORD)) == RECORD


def poll(path):
    fd, _ = drain(path)
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    assert poller.poll(120000), "nothing in 2 minutes"
    assert len(os.read(fd, RECORD)) == RECORD


if __name__ == "__main__":
    {"count": count, "short": short, "whole": whole, "eagain": eagain,
     "seek": seek, "blocked": blocked, "poll": poll}[sys.argv[1]](*sys.argv[2:])
