# SPDX-License-Identifier: GPL-2.0
"""The Python programs of the tests, in an interpreter that runs already: crew.py FIFO

To start Python takes an emulated processor longer than most of what the tests want of
it.  This one reads requests from FIFO, a line each, and forks for each of them:

    REPLY NETNS INPUT PROGRAM ARGUMENT...       with \\x1f between them

PROGRAM, a file beside this one, runs in the network namespace NETNS ("-": this one) and
has the file INPUT ("-": nothing) as its standard input.  Its exit status, a newline,
what it has printed, and a byte of zero are written to REPLY, another FIFO.

Saved journeys are read once for all who judge them one after the other.
"""
import gc
import os
import select
import signal
import sys
import traceback

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)

# What most of them import.
import benign       # noqa: E402
import journeys     # noqa: E402

JUDGES = ("journeys.py", "changes.py")
MOST = 60000        # bytes of output
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


def become(output, netns, given, program, *arguments):
    """In a process of its own; returns the exit status."""
    for fd in (1, 2):
        os.dup2(output, fd)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
    try:
        os.dup2(os.open("/dev/null" if given == "-" else given, os.O_RDONLY), 0)
        sys.stdin = open(0, encoding="utf-8", closefd=False)
        if netns != "-":
            with open("/run/netns/" + netns, encoding="utf-8") as there:
                benign.enter(there)
    except OSError:
        traceback.print_exc()
        return 1
    return perform(program, arguments)


def perform_for(reply, netns, given, program, *arguments):
    """Returns the process that does it, and the file that has what it prints."""
    output = os.open(reply + ".out", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        if program in JUDGES:
            journeys.read_ahead(given, arguments[0])
        code_of(program)
    except BaseException:       # pylint: disable=broad-except
        pass        # the process will fail too, and say why to who asked
    pid = os.fork()
    if not pid:
        status = 1
        try:
            status = become(output, netns, given, program, *arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)
    return pid, output


def answer_for(reply, output, status):
    code = os.WEXITSTATUS(status)
    # So much fits into a pipe, whether anybody reads or not.
    said = os.pread(output, MOST, 0).replace(b"\0", b"")
    if os.WIFSIGNALED(status):
        code = 1
        said += b"killed by signal %d\n" % os.WTERMSIG(status)
    os.close(output)
    fd = os.open(reply, os.O_RDWR)
    os.write(fd, b"%d\n%s\0" % (code, said))
    os.close(fd)


def main(path):
    parent = os.getppid()
    requests = os.open(path, os.O_RDWR)
    ended, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    under_way = {}
    gc.disable()
    while os.getppid() == parent:
        ready = select.select([requests, ended], [], [], 1)[0]
        if ended in ready:
            os.read(ended, 4096)
        if requests in ready:
            *lines, rest = (rest + os.read(requests, 65536)).split(b"\n")
            for line in lines:
                request = line.decode().split("\x1f")
                pid, output = perform_for(*request)
                under_way[pid] = request[0], output
        while under_way:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            answer_for(*under_way.pop(pid), status)


if __name__ == "__main__":
    main(*sys.argv[1:])
