# SPDX-License-Identifier: GPL-2.0
"""What if the n-th allocation fails, for every n: alloc_failures.py TEST ARGUMENT...

insmod MODULE OPTION...   the module is loaded and sound, or it is not there
files PATH...             each is read to its end, or an error says that it was not
parameters FOLDER         each has the new value, or an error and the old one
function MODULE FUNCTION  insmod when the function fails

The calls are made in this very process: the kernel fails the n-th allocation of one
task, see Documentation/fault-injection.
"""
import ctypes
import errno
import os
import sys

FILES = "/sys/kernel/debug/skbtrace"
FAIL_FUNCTION = "/sys/kernel/debug/fail_function/"
MODULE = "/sys/module/skbtrace"
SYS_FINIT_MODULE = {"x86_64": 313, "aarch64": 273}[os.uname().machine]
# Of a chain of calls each may say it in its own way; none may say nothing.
CLEAR = (errno.ENOMEM, errno.EAGAIN, errno.EFAULT, errno.EINTR)
libc = ctypes.CDLL(None, use_errno=True)
fail_nth = os.open("/proc/self/fail-nth", os.O_RDWR) \
    if os.path.exists("/proc/self/fail-nth") else None


def attempt(number, call, *arguments):
    """Returns the error (0 for none), the call's result, and whether one failed."""
    result, error = None, 0
    os.pwrite(fail_nth, str(number).encode(), 0)
    try:
        result = call(*arguments)
    except OSError as failed:
        error = failed.errno
    left = int(os.pread(fail_nth, 20, 0))
    os.pwrite(fail_nth, b"0", 0)
    return error, result, not left


def each(call, *arguments):
    """Yields number, error and result until no allocation is left to fail."""
    number = 1
    while True:
        error, result, injected = attempt(number, call, *arguments)
        yield number, error, result, injected
        if not injected:
            assert not error, os.strerror(error)
            return
        number += 1


def read_all(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    parts = []
    try:
        while True:
            part = os.read(fd, 1 << 16)
            if not part:
                break
            parts.append(part)
            # The records are many; what is asked for is asked for by then.
            if len(parts) == 8:
                break
    except BlockingIOError:
        pass
    finally:
        os.close(fd)
    return b"".join(parts)


def lines_of(path):
    """What a file has that does not change from one time to the next."""
    return [line.split(None, 1)[0] for line in read_all(path).splitlines()
            if not line.startswith(b"cpu")]


def load(fd, options):
    if libc.syscall(SYS_FINIT_MODULE, fd, options, 0):
        raise OSError(ctypes.get_errno(), "finit_module")


def unload():
    if libc.delete_module(b"skbtrace", os.O_NONBLOCK):
        raise OSError(ctypes.get_errno(), "delete_module")


def is_gone():
    return not any(os.path.exists(path) for path in (MODULE, FILES, FILES + ".d"))


def refused_points():
    return [line for line in read_all(FILES + ".d/points").decode().splitlines()
            if " refused: " in line]


def set_value(path, value):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def sound():
    """All is there; a point that was refused is not if it is tried again."""
    keys = lines_of(FILES + ".d/stats")
    assert b"total" in keys and b"on" in keys, keys
    read_all(FILES)
    read_all(FILES + ".d/cpu0")
    refused = refused_points()
    for line in refused:
        assert f"error -{errno.ENOMEM}" in line, line
    if refused:
        for value in "01":
            set_value(MODULE + "/parameters/on", value)
        assert not refused_points(), refused_points()
    with open(MODULE + "/refcnt") as file:
        assert int(file.read()) == 0


def insmod(path, *options):
    fd = os.open(path, os.O_RDONLY)
    failed = partly = 0
    for number, error, _, _ in each(load, fd, " ".join(options).encode()):
        if error:
            failed += 1
            assert error in CLEAR, (number, os.strerror(error))
            assert is_gone(), (number, "something is left")
            continue
        partly += bool(refused_points())
        sound()
        unload()
        assert is_gone(), (number, "something is left")
    assert failed, "none failed"
    print(f"{number - 1} of them, {failed} refused the module, {partly} a point")


def files(*paths):
    count = failed = 0
    for path in paths:
        binary = os.path.basename(path).startswith("cpu")
        whole = None if binary else len(lines_of(path))
        for number, error, data, injected in each(read_all, path):
            count += injected
            if error:
                failed += 1
                assert error in CLEAR, (path, number, os.strerror(error))
            elif path.endswith(("/stats", "/points", "/reasons")):
                lines = [line for line in data.splitlines()
                         if not line.startswith(b"cpu")]
                assert len(lines) == whole, (path, number, len(lines), whole)
            else:
                assert data, (path, number, "nothing, and no error")
    assert failed, "none failed"
    print(f"{count} of them, {failed} refused a read")


VALUES = {
    "on": ("0", "1"), "dev": ("calm*", "a,b,c"), "points": ("veth", "br_*,skb_clone"),
    "netns": ("1,2,3", "4"), "pid": ("1", "2,3"), "stack": ("1", "0"),
    "digest": ("0", "1"), "digest_max": ("100", "0"), "verify_csum": ("1", "0"),
    "sample": ("10", "1"), "max_rate": ("1000", "0"),
}


def parameters(folder):
    count = failed = 0
    for name, values in VALUES.items():
        path = f"{folder}/{name}"
        old = read_all(path).decode().strip()
        turn = 0
        number = 1
        while True:
            value = values[turn]
            error, _, injected = attempt(number, set_value, path, value)
            now = read_all(path).decode().strip()
            if error:
                failed += 1
                assert error in CLEAR, (name, number, os.strerror(error))
                assert now == old, (name, number, now, old)
            else:
                assert now == value, (name, number, now, value)
                old, turn = now, 1 - turn
            if not injected:
                break
            count += 1
            number += 1
    assert failed, "none failed"
    for name, value in (("dev", "\n"), ("netns", "\n"), ("pid", "\n"),
                        ("points", "veth_xmit,skb_clone"), ("on", "1")):
        set_value(f"{folder}/{name}", value)
    sound()
    print(f"{count} of them, {failed} refused a value")


def function(path, name):
    for file, value in (("inject", name), (f"{name}/retval", str(-errno.ENOMEM)),
                        ("probability", "100"), ("times", "-1"), ("verbose", "0")):
        set_value(FAIL_FUNCTION + file, value)
    fd = os.open(path, os.O_RDONLY)
    try:
        load(fd, b"points=veth_xmit,skb_clone")
    except OSError as error:
        print(os.strerror(error.errno))
        assert is_gone()
    else:
        print(len(refused_points()), "points refused")
        assert len(refused_points()) == 1       # the other is a kretprobe
        unload()
    finally:
        set_value(FAIL_FUNCTION + "inject", "\n")


if __name__ == "__main__":
    {"insmod": insmod, "files": files, "parameters": parameters,
     "function": function}[sys.argv[1]](*sys.argv[2:])
