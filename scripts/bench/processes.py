"""What is timed: workers, which do a task once per line on stdin, and commands, which are started each time."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

TOOLS = Path("target/release").resolve()
LIMIT_GFLOP = 10  # the arithmetic of the worker's task `limit`


class Worker:
    """A process that gets ready, does its task once per line on stdin, and writes how long that took."""

    def __init__(self, command, threads):
        self.process = subprocess.Popen(
            pinned([str(part) for part in command], threads),
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit(f"{command} did not get ready")

    def seconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Shell:
    """A command line of bash."""

    def __init__(self, line, threads):
        self.command = pinned(["bash", "-euo", "pipefail", "-c", line], threads)
        self.environment = environment(threads)
        self.threads = threads
        self.megabytes = 0

    def seconds(self):
        """And the most memory that one of its processes had, in `megabytes`."""
        began = time.perf_counter()
        process = subprocess.Popen(self.command, env=self.environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status != 0:
            raise SystemExit(f"failed: {self.command[-1]}")
        self.megabytes = max(self.megabytes, usage.ru_maxrss / 1024)
        return seconds

    def end(self):
        pass


def environment(threads):
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    path = {"PATH": f"{TOOLS}:{os.environ['PATH']}"}
    return os.environ | {name: str(threads) for name in names} | path


def pinned(command, threads):
    """Confined to so many cores, where that can be asked for."""
    if not shutil.which("taskset"):
        return command
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def worker(data, threads, *task):
    """benches/worker.rs."""
    return Worker([executable(), "--threads", threads, "--data", data, *task], threads)


def executable():
    built = subprocess.run(
        "cargo bench --locked --quiet --bench worker --no-run --message-format=json".split(),
        stdout=subprocess.PIPE,
        check=True,
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "worker":
            return message["executable"]
    raise SystemExit("cargo made no worker")
