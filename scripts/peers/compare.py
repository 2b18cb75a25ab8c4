"""The driver of scripts/bench-peers: both sides in turns, and a table of the ratios."""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path("target/peers")
DATA = ROOT / "out/mnist/data"
NETWORK = ROOT / "network"
TOOLS = Path("target/release")
SMALL = 12_800  # images of an epoch at width 1000, which would take long with all


class Worker:
    """A process that does its task once a line, and says how long it took."""

    def __init__(self, command, threads):
        names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
        self.process = subprocess.Popen(
            pinned([str(part) for part in command], threads),
            env=os.environ | {name: str(threads) for name in names},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process.stdout.readline()  # ready: it does not work beside the others

    def seconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Shell:
    """A pipeline of tools, started anew each time."""

    def __init__(self, script, threads):
        self.command = pinned(["bash", "-euo", "pipefail", "-c", script], threads)
        self.environment = os.environ | {"PATH": f"{TOOLS.resolve()}:{os.environ['PATH']}"}

    def seconds(self):
        began = time.perf_counter()
        subprocess.run(self.command, check=True, env=self.environment)
        return time.perf_counter() - began

    def end(self):
        pass


def pinned(command, threads):
    """Confined to so many cores, where that can be asked for."""
    if not shutil.which("taskset"):
        return command
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def ours(threads, *task):
    return Worker([os.environ["OURS"], "--threads", threads, "--data", DATA, *task], threads)


def peer(threads, *task):
    return Worker([sys.executable, "scripts/peers/tasks.py", threads, DATA, *task], threads)


def level(attack):
    """The study's recipe for one level, of one attack and one network."""
    x, labels = ROOT / "x.npy", DATA / "test-labels.npy"
    return (
        f"{attack} --quiet < {DATA}/test-images.npy > {x}\n"
        f"accuracy --quiet --model {NETWORK} --labels {labels} < {x} > {ROOT}/accuracy.jsonl\n"
        f"extract-activations --quiet --model {NETWORK} < {x} | spectrum --quiet > {ROOT}/spectrum.npy\n"
        f"fit-powerlaw --ranks 1-50 --ranks 1-20 --ranks 11-100 < {ROOT}/spectrum.npy > {ROOT}/alpha.jsonl"
    )


def works():
    """Each a name, our side and the peers' sides, made when its turn comes."""
    for threads in (1, 2):
        for width, batch, samples in [
            (200, 64, 60_000),
            (200, 128, 60_000),
            (200, 250, 60_000),
            (1000, 64, SMALL),
            (1000, 128, SMALL),
            (1000, 250, SMALL),
        ]:
            epoch = ("epoch", width, batch, samples)
            yield f"epoch, width {width}, batch {batch}", threads, {
                "sparse": lambda t=threads, e=epoch: ours(t, *e, "sparse"),
                "dense": lambda t=threads, e=epoch: ours(t, *e, "dense"),
                "PyTorch autograd": lambda t=threads, e=epoch: peer(t, *e, "autograd"),
                "PyTorch by hand": lambda t=threads, e=epoch: peer(t, *e, "hand"),
            }
        yield "forward, 10,000 images, width 200", threads, {
            "ours": lambda t=threads: ours(t, "forward", 200),
            "PyTorch": lambda t=threads: peer(t, "forward", 200),
        }
    for units in (200, 784, 1000):
        yield f"covariance and eigenvalues, {units} units", 1, {
            "ours": lambda u=units: ours(1, "spectrum", u),
            "NumPy": lambda u=units: peer(1, "spectrum", u),
        }
    gauss, fgsm = (
        "attack-gauss --sigma 0.5 --seed 1",
        f"attack-fgsm --epsilon 0.1 --model {NETWORK} --labels {DATA}/test-labels.npy",
    )
    for threads in (1, 2):
        yield "Gaussian level to its exponents", threads, {
            "five processes": lambda t=threads: Shell(level(gauss), t),
            "NumPy": lambda t=threads: peer(t, "gauss", NETWORK),
        }
        yield "FGSM level to its exponents", threads, {
            "five processes": lambda t=threads: Shell(level(fgsm), t),
            "PyTorch autograd": lambda t=threads: peer(t, "fgsm", NETWORK),
        }
    images = DATA / "train-images.npy"
    yield "read .npy of 188 MB, checked", 1, {
        "ours": lambda: ours(1, "read", images),
        "NumPy": lambda: peer(1, "read", images),
    }
    yield "write .npy of 188 MB, synced", 1, {
        "ours": lambda: ours(1, "write", ROOT / "ours.npy"),
        "NumPy": lambda: peer(1, "write", ROOT / "theirs.npy"),
    }


def study():
    """The study on MNIST, without controls, and the same by a script in PyTorch."""
    make = (
        f"rm -rf {ROOT}/study; make -j2 all DATASET=mnist OUT={ROOT}/study DATA_DIR={DATA.resolve()}"
        " RULES='local backprop' ATTACKS='gauss fgsm-float32' CONTROLS= SUBSETS= SNAPSHOTS= > /dev/null"
    )
    script = f"{sys.executable} scripts/peers/study.py {DATA} {ROOT}/theirs.csv"
    yield "the study on MNIST", 2, {
        "make -j2": lambda: Shell(make, 2),
        "PyTorch script": lambda: Shell(script, 2),
    }


def compare(name, threads, sides, rounds):
    """Rows of the table: our side, or sides, over each peer's, round by round."""
    workers = {side: make() for side, make in sides.items()}
    seconds = {side: [] for side in workers}
    for _ in range(rounds):
        for side, worker in workers.items():
            seconds[side].append(worker.seconds())
    for worker in workers.values():
        worker.end()
    peers = [side for side in sides if side.startswith(("PyTorch", "NumPy"))]
    for mine in [side for side in sides if side not in peers]:
        for theirs in peers:
            ratios = [a / b for a, b in zip(seconds[mine], seconds[theirs])]
            a, b = statistics.median(seconds[mine]), statistics.median(seconds[theirs])
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
            print(f"| {name} | {threads} | {mine} {a:.3f} | {theirs} {b:.3f} | {spread} |", flush=True)


def machine():
    import numpy
    import torch

    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        processor = found[1] if found else processor
    wide = torch.backends.cpu.get_cpu_capability()
    return f"{processor} ({wide}), {os.cpu_count()} cores; NumPy {numpy.__version__}, PyTorch {torch.__version__}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name has it")
    parser.add_argument("--study", action="store_true", help="the whole study only, many minutes")
    args = parser.parse_args()
    print(f"{machine()}; medians of {args.rounds} rounds in turns\n")
    print("| work | threads | ours, s | peer, s | ours over the peer's (least-most) |")
    print("|---|---|---|---|---|")
    if not NETWORK.exists():
        subprocess.run(
            [TOOLS / "train", "--images", DATA / "train-images.npy", "--labels", DATA / "train-labels.npy"]
            + ["--epochs", "5", "--quiet", "-o", NETWORK],
            check=True,
        )
    for name, threads, sides in study() if args.study else works():
        if args.only in name and threads <= os.cpu_count():
            compare(name, threads, sides, args.rounds)


main()
