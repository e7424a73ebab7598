"""Python as on Windows, as far as imports go: without the modules and functions that it lacks.

Python imports this file when it starts, if its folder is on PYTHONPATH.  The standard library of
this system needs some of what is hidden, so its modules that do are imported first.
"""

import asyncio
import concurrent.futures.process
import multiprocessing.context
import multiprocessing.popen_spawn_posix
import multiprocessing.resource_tracker
import os
import select
import signal
import subprocess
import sys
import tempfile
import click._termui_impl
from types import ModuleType

BEFORE = (asyncio, concurrent.futures.process, multiprocessing.popen_spawn_posix)
BEFORE += (multiprocessing.context, multiprocessing.resource_tracker, subprocess, tempfile)

MODULES = "crypt fcntl grp nis pty pwd readline resource spwd syslog termios tty".split()

NAMES: dict[ModuleType, str] = {
    os: """
        F_LOCK O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC SCHED_IDLE WCOREDUMP WEXITSTATUS
        WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WSTOPSIG WTERMSIG WUNTRACED chown chroot confstr
        fchdir fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid
        getpgrp getpriority getsid getuid initgroups killpg lchown lockf major makedev memfd_create
        minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate
        posix_spawn posix_spawnp pread pwrite readv sched_getaffinity
        sched_setaffinity sched_yield sendfile set_blocking setgid setpgid setpgrp setpriority
        setsid setuid statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname wait wait3 wait4
        waitid writev
    """,
    signal: """
        ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE
        SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH SIGXCPU alarm
        getitimer pause pthread_kill setitimer siginterrupt sigwait
    """,
    select: "epoll poll",
}
"""What typeshed gives all systems but Windows."""


def hide() -> None:
    """Let imports of the modules fail, and take the names away."""
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's way to refuse an import
    for module, names in NAMES.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)


hide()
