"""What the test programs in Python share: counts of claims that hold or don't; ends that leave nobody behind."""
import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent():
    """For workers, and as preexec_fn: however the process that made this one ends, this one ends with it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def clean_up_when_stopped():
    """Who is told to end (make, timeout, a closed terminal) unwinds: servers are shut down, folders removed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))


class Checks:
    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped = name, 0, 0, 0

    def that(self, claim, truth, detail=""):
        if truth:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {claim} {str(detail)[:400]}", flush=True)

    def close(self):
        """Prints the closing line; the exit status: a name that fits no test is a mistake."""
        print(f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed or not self.passed + self.skipped else 0
