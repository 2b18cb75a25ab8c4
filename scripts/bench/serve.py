"""Runs a task of a peer: repeatedly, like benches/worker.rs, or once in its own process."""

import sys
import time
from pathlib import Path


def serve(tasks):
    """`TASKS.py DATA TASK ARGUMENT...` gets ready, says so, then does the task once for each line on
    stdin and writes the seconds taken. With `--once` as the last argument, it does the task once and ends."""
    data, task, *arguments = sys.argv[1:]
    once = arguments[-1:] == ["--once"]
    arguments = [int(a) if a.isdigit() else a for a in arguments if a != "--once"]
    run = tasks[task](Path(data), *arguments)
    run()
    if once:
        return
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(time.perf_counter() - began, flush=True)
