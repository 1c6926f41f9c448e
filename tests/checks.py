"""Counts of claims that hold or don't, for the test programs in Python."""


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
        """Prints the closing line; the exit status."""
        print(f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0
