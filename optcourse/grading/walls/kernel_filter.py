"""What the kernel refuses to a submission's process: a seccomp filter, without any library.

No new process (threads are allowed), so nothing can bomb, stay behind or outlive a limit; no network; no memory that
the watch cannot see (shared segments, files that are only memory); nothing that reaches into other processes. A
refused call fails with EPERM. Once set it cannot be taken off. It holds within bubblewrap and without, on Linux on
x86-64 and ARM64; elsewhere `install` says False.
"""

from __future__ import annotations

import ctypes
import platform
import struct

# The same calls on both architectures; the numbers are the kernel's (asm/unistd_64.h, asm-generic/unistd.h).
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_PROCESS = {
    "x86_64": {"fork": 57, "vfork": 58, "execve": 59, "execveat": 322},
    "aarch64": {"execve": 221, "execveat": 281},
}
NETWORK = {"x86_64": {"socket": 41}, "aarch64": {"socket": 198}}
UNSEEN_MEMORY = {
    "x86_64": {
        "shmget": 29,
        "semget": 64,
        "msgget": 68,
        "memfd_create": 319,
        "memfd_secret": 447,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "shmget": 194,
        "semget": 190,
        "msgget": 186,
        "memfd_create": 279,
        "memfd_secret": 447,
        "io_uring_setup": 425,
    },
}
OTHERS = {
    "x86_64": {
        "kill": 62,
        "tkill": 200,
        "tgkill": 234,
        "rt_sigqueueinfo": 129,
        "rt_tgsigqueueinfo": 297,
        "pidfd_open": 434,
        "pidfd_send_signal": 424,
        "pidfd_getfd": 438,
        "ptrace": 101,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "unshare": 272,
        "setns": 308,
        "mount": 165,
        "bpf": 321,
        "perf_event_open": 298,
        "userfaultfd": 323,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
    },
    "aarch64": {
        "kill": 129,
        "tkill": 130,
        "tgkill": 131,
        "rt_sigqueueinfo": 138,
        "rt_tgsigqueueinfo": 240,
        "pidfd_open": 434,
        "pidfd_send_signal": 424,
        "pidfd_getfd": 438,
        "ptrace": 117,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "unshare": 97,
        "setns": 268,
        "mount": 40,
        "bpf": 280,
        "perf_event_open": 241,
        "userfaultfd": 282,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
    },
}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
CLONE_THREAD = 0x00010000

LOAD, IF_EQUAL, IF_AT_LEAST, IF_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions of the filter
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SIGKILL = 1, 22, 38, 9


def program(machine: str) -> bytes:
    """The filter as the kernel reads it: instructions of (code, jump if true, jump if false, operand)."""
    tables = (NEW_PROCESS, NETWORK, UNSEEN_MEMORY, OTHERS)
    refused = sorted({number for table in tables for number in table[machine].values()})
    steps = [
        (LOAD, 0, 0, 4),  # the architecture: a call by another one's numbers is an attack
        (IF_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # the number of the call
        (IF_AT_LEAST, 0, 1, 0x40000000),  # x32, the other way to number calls
        (RETURN, 0, 0, KILL),
    ]
    for number in refused:
        steps += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [
        (IF_EQUAL, 0, 1, CLONE3),  # its flags cannot be looked at; libraries fall back to clone
        (RETURN, 0, 0, REFUSE | ENOSYS),
        (IF_EQUAL, 0, 3, CLONE[machine]),
        (LOAD, 0, 0, 16),  # the first argument: the flags
        (IF_BITS, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, REFUSE | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


def install() -> bool:
    """Set the filter for this process, and end it when its parent ends. False where the system has no such thing."""
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in ARCHITECTURES:
        return False
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    steps = program(machine)
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    pointer = ctypes.byref(_Program(len(steps) // 8, steps))
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and prctl(PR_SET_SECCOMP, 2, pointer, 0, 0) == 0
