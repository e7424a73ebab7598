"""Python as on Windows, as far as imports go: without the modules and functions that it lacks.

Python imports this file when it starts, if its folder is on PYTHONPATH.  On this system, modules of
the standard library and of click need some of what is hidden; they are imported first.
"""

import os
import select
import signal
import sys
from importlib import import_module
from types import ModuleType

IMPORTED_FIRST = [
    "asyncio",
    "click._termui_impl",
    "concurrent.futures.process",
    "multiprocessing.popen_spawn_posix",
    "multiprocessing.resource_tracker",
    "subprocess",
    "tempfile",
]
MODULES = ["fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"]

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
"""What typeshed has for all systems but Windows.

What NumPy, torch and the standard library use on Linux is left: os.uname, os.register_at_fork and
signal.pthread_sigmask.
"""


def hide() -> None:
    """Let imports of the modules fail, and remove the names."""
    for name in IMPORTED_FIRST:
        import_module(name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's way to refuse an import
    for module, names in NAMES.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)


hide()
