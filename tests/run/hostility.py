"""A file of targets that are right in what they compute, and hostile in what they do."""

HOSTILE = '''
"""Right in what it computes, and hostile in what it does at its third training call."""

import ctypes
import os
import random
import signal
import sys
import time

import numpy as np

from bnproof.reference import BatchNorm

LIBRARY = ctypes.CDLL(None)
FE_UPWARD = 0x800 if os.uname().machine == "x86_64" else 0x400000


class Calm(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)
    layer = None
    calls = 0

    def train(self, *arguments, **settings):
        Calm.calls += 1
        if Calm.calls == 3:
            self.attack()
        return super().train(*arguments, **settings)

    def attack(self): ...


# crashes


class Segfault(Calm):
    def attack(self):
        ctypes.string_at(0)


class Abort(Calm):
    def attack(self):
        os.abort()


class Exit(Calm):
    def attack(self):
        print("about to leave", file=sys.stderr, flush=True)
        os._exit(7)


class KillsItself(Calm):
    def attack(self):
        os.kill(os.getpid(), signal.SIGKILL)


class InterruptsItself(Calm):
    def attack(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1000)


class KillsItsGroup(Calm):
    def attack(self):
        os.killpg(0, signal.SIGKILL)


class KillsItsParent(Calm):
    def attack(self):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)


class Alarm(Calm):
    def attack(self):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(1000)


class ClosesAllFiles(Calm):
    def attack(self):
        os.closerange(3, 4096)


class AnswersForUs(Calm):
    def attack(self):
        for descriptor in range(3, 256):
            try:
                os.write(descriptor, b"\\\\x00\\\\x00\\\\x00\\\\x05hello")
            except OSError:
                pass


class Scribbles(Calm):
    """Writes into all memory that is shared, then leaves."""

    def attack(self):
        self.scribble(255)
        os._exit(7)

    def scribble(self, byte):
        for line in open("/proc/self/maps"):
            addresses, rights, _, _, number = line.split()[:5]
            if "w" in rights and rights.endswith("s") and "memfd:bnproof" in line:
                begin, end = (int(address, 16) for address in addresses.split("-"))
                ctypes.memset(begin, byte, end - begin)


# hangs


class ScribblesAndHangs(Scribbles):
    def attack(self):
        self.scribble(0)
        time.sleep(1000)


class Hang(Calm):
    def attack(self):
        time.sleep(1000)


class HangInC(Calm):
    def attack(self):
        ctypes.PyDLL(None).sleep(1000)  # never lets another thread run


class IgnoresSignals(Calm):
    def attack(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        ctypes.PyDLL(None).sleep(1000)


class CatchesEverything(Calm):
    def attack(self):
        while True:
            try:
                time.sleep(1000)
            except BaseException:
                continue


class Stops(Calm):
    def attack(self):
        os.kill(os.getpid(), signal.SIGSTOP)


class StopsItsParent(Calm):
    def attack(self):
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(1000)


class PrintsForEver(Calm):
    def attack(self):
        while True:
            os.write(1, b"y" * 65536)


# exceptions


class SysExit(Calm):
    def attack(self):
        sys.exit(3)


class Interrupt(Calm):
    def attack(self):
        raise KeyboardInterrupt


class Recursion(Calm):
    def attack(self):
        self.attack()


class Reads(Calm):
    def attack(self):
        input()


class TakesAllMemory(Calm):
    kept = []

    def attack(self):
        while True:
            self.kept.append(bytearray(32 << 20))


# noise


class Chatty(Calm):
    def attack(self):
        print("y" * 5_000_000)
        print("y" * 5_000_000, file=sys.stderr)
        os.write(1, b"z" * 2_000_000)
        os.write(2, b"z" * 2_000_000)


class ClosesOutput(Calm):
    def attack(self):
        sys.stdout.close()
        os.close(2)


# forks


class Fork(Calm):
    def attack(self):
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(1)


class ForkReturns(Calm):
    def attack(self):
        os.fork()


class ForkRaises(Calm):
    def attack(self):
        if os.fork() == 0:
            raise ValueError("the copy")


class ForkInC(Calm):
    def attack(self):
        LIBRARY.fork()  # no handler of Python's hears of it


class Daemon(Calm):
    """A grandchild in a session of its own, which ignores signals and holds all pipes."""

    def attack(self):
        if os.fork() == 0:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if os.fork() == 0:
                with open(os.environ["DAEMON_FILE"], "w") as file:
                    file.write(str(os.getpid()))
                time.sleep(1000)
            os._exit(0)
        os.wait()
        while not os.path.exists(os.environ["DAEMON_FILE"]):
            time.sleep(0.01)


class DaemonAndExit(Daemon):
    def attack(self):
        super().attack()
        os._exit(1)


class DaemonAndHang(Daemon):
    def attack(self):
        super().attack()
        time.sleep(1000)


# what it leaves behind


class Rounds(Calm):
    def attack(self):
        LIBRARY.fesetround(FE_UPWARD)


class Flushes(Calm):
    def attack(self):
        import torch

        torch.set_flush_denormal(True)


class Raises(Calm):
    def attack(self):
        np.seterr(all="raise")


class Seeds(Calm):
    def attack(self):
        random.seed(7)
        np.random.seed(7)


class Moves(Calm):
    def attack(self):
        os.chdir("/")


class ChangesPath(Calm):
    def attack(self):
        sys.path[:] = []


class ChangesEnvironment(Calm):
    def attack(self):
        os.environ.clear()


class ChangesHandlers(Calm):
    def attack(self):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Draws(Calm):
    """Adds noise of the global random numbers."""

    def train(self, x, *arguments, **settings):
        y, *others = super().train(x, *arguments, **settings)
        return y * (1 + np.float32(1e-3) * np.random.uniform(size=y.shape).astype(y.dtype)), *others


# from the start


class AlwaysExits(Calm):
    def train(self, *arguments, **settings):
        os._exit(1)


class AlwaysHangs(Calm):
    def train(self, *arguments, **settings):
        time.sleep(1000)
'''
