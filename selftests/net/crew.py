# SPDX-License-Identifier: GPL-2.0
"""The Python programs of the tests, in an interpreter that runs already: crew.py FIFO

To start Python takes an emulated processor longer than most of what the tests want of
it.  This one reads requests from FIFO, a line each, and forks for each of them:

    REPLY NETNS INPUT PROGRAM ARGUMENT...       with \\x1f between them

PROGRAM, a file beside this one, runs in the network namespace NETNS ("-": this one) and
has the file INPUT ("-": nothing) as its standard input.  Its exit status, a newline and
what it has printed are written to REPLY, another FIFO.

Saved journeys are read once for all who judge them one after the other.
"""
import gc
import os
import select
import sys
import traceback

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)

# What most of them import.
import benign       # noqa: E402
import journeys     # noqa: E402

JUDGES = ("journeys.py", "changes.py")
programs = {}


def code_of(program):
    """Compiled once for all that follow."""
    if program not in programs:
        with open(os.path.join(FOLDER, program), encoding="utf-8") as file:
            programs[program] = compile(file.read(), program, "exec")
    return programs[program]


def perform(program, arguments):
    """Returns the exit status."""
    sys.argv = [program, *arguments]
    try:
        exec(code_of(program), {"__name__": "__main__"})     # pylint: disable=exec-used
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code)
        return 1
    except BaseException:       # pylint: disable=broad-except
        traceback.print_exc()
        return 1
    return 0


def serve(reply, netns, given, program, *arguments):
    """In a process of its own."""
    output = os.open(reply + ".out", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    for fd in (1, 2):
        os.dup2(output, fd)
    os.dup2(os.open("/dev/null" if given == "-" else given, os.O_RDONLY), 0)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    if netns != "-":
        with open("/run/netns/" + netns, encoding="utf-8") as there:
            benign.enter(there)
    status = perform(program, arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    answer(reply, status, os.pread(output, 1 << 20, 0))


def answer(reply, status, output):
    with open(reply, "wb") as file:
        file.write(b"%d\n%s" % (status, output.replace(b"\0", b"")))


def reap(replies):
    """Whoever was killed has not answered."""
    while replies:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        reply = replies.pop(pid, None)
        if reply and status:
            pid = os.fork()
            if not pid:
                answer(reply, 1, f"ended by status {status:#x}\n".encode())
                os._exit(0)
            replies[pid] = None


def perform_for(request):
    """Returns the process that does it."""
    try:
        if request[3] in JUDGES:
            journeys.read_ahead(request[2], request[4])
        code_of(request[3])
    except BaseException:       # pylint: disable=broad-except
        traceback.print_exc()   # the process will fail too, and say so to who asked
    pid = os.fork()
    if not pid:
        try:
            serve(*request)
        except BaseException:       # pylint: disable=broad-except
            answer(request[0], 1, traceback.format_exc().encode())
        os._exit(0)
    return pid


def main(path):
    parent = os.getppid()
    requests = os.open(path, os.O_RDWR)
    rest = b""
    replies = {}
    gc.disable()
    while os.getppid() == parent:
        reap(replies)
        if not select.select([requests], [], [], 1)[0]:
            continue
        *lines, rest = (rest + os.read(requests, 65536)).split(b"\n")
        for line in lines:
            request = line.decode().split("\x1f")
            replies[perform_for(request)] = request[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
