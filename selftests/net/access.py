# SPDX-License-Identifier: GPL-2.0
"""What others than root may do: access.py AS TEST ARGUMENT...

AS is nobody; userns, which is nobody as root of a user namespace; or powerless, which is
user 0 without capabilities.

true             nothing; fails if there can be no such user
refused PATH...  none can be opened, to be read or to be written; only the size of the
                 rings can be read
files PATH...    none can be written
run COMMAND...   run that
show FOLDER      what can be read in there, but for sections and notes
"""
import ctypes
import os
import sys

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_CAPBSET_DROP = 24
CAPABILITY_VERSION_3 = 0x20080522
libc = ctypes.CDLL(None, use_errno=True)


def nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def userns():
    nobody()
    # Such a process is its user's again only after exec; /proc/self is root's until then.
    libc.prctl(4, 1, 0, 0, 0)       # PR_SET_DUMPABLE
    if libc.unshare(CLONE_NEWUSER):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {NOBODY} 1"),
                       ("gid_map", f"0 {NOBODY} 1")):
        if os.path.exists("/proc/self/" + name):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    os.setgid(0)
    os.setuid(0)


def powerless():
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    assert libc.capset(header, none) == 0, os.strerror(ctypes.get_errno())


def is_refused(path, flags):
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK))
    except PermissionError:
        return True
    return False


def refused(*paths):
    count = 0
    for path in paths:
        assert is_refused(path, os.O_RDONLY) != path.endswith("/ring_kb"), path
        for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
            assert is_refused(path, flags), (path, flags)
        count += 1
    print(f"{count} files")


def files(*paths):
    for path in paths:
        assert is_refused(path, os.O_WRONLY), path
    print(f"{len(paths)} files")


def run(*command):
    os.execv(command[0], command)


def show(folder):
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("sections", "notes")]
        for name in names:
            path = os.path.join(here, name)
            if not is_refused(path, os.O_RDONLY):
                with open(path, errors="replace") as file:
                    print(path, file.read())


if __name__ == "__main__":
    {"nobody": nobody, "userns": userns, "powerless": powerless}[sys.argv[1]]()
    {"true": lambda: None, "refused": refused, "files": files, "run": run,
     "show": show}[sys.argv[2]](*sys.argv[3:])
