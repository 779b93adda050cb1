"""
Become another program that ends with its parent: `python -I -S child.py PARENT SIGNAL USER COMMAND…`.

`PARENT` is the pid that must still be our parent, `SIGNAL` the number the kernel sends us when it dies,
`USER` is `-` or `uid:gid`, or `uid:gid:reach` to keep the right to look into directories that are closed to
that user. It is a program of its own, and imports nothing of ours, because `preexec_fn` may deadlock in a
launcher that has threads. The kernel knows this signal on Linux only; elsewhere a killed launcher leaves
its children to the next start, which ends them (`scripts.recovery`).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522


class CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class CapabilitySets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def become(user: str, libc: ctypes.CDLL) -> None:
    uid, gid, *reach = user.split(":")
    # So that neither the change of user nor access(2), with which PostgreSQL looks for itself, drops the right.
    if reach and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0:
        sys.exit(f"securebits: {os.strerror(ctypes.get_errno())}")
    os.setgroups([])
    os.setresgid(int(gid), int(gid), int(gid))
    os.setresuid(int(uid), int(uid), int(uid))
    if reach:
        only = 1 << CAP_DAC_OVERRIDE
        header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
        sets = (CapabilitySets * 2)(CapabilitySets(only, only, only), CapabilitySets(0, 0, 0))
        if libc.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
            sys.exit(f"capset: {os.strerror(ctypes.get_errno())}")
        # Ambient is the one set that a plain program keeps through exec without being root.
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(parent: str, signal: str, user: str, *command: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if user != "-":
        become(user, libc)
    if sys.platform == "linux":
        # After the change of user: that clears the setting.
        libc.prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the launcher ended before its child began")
    os.execv(command[0], command)  # noqa: S606 - to become this program is what we are for


if __name__ == "__main__":
    main(*sys.argv[1:])
