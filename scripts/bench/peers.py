"""The driver of scripts/bench-peers: runs both sides in turns and prints a table of the ratios."""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

from processes import TOOLS, Shell, Worker, worker

ROOT = Path("target/peers")
DATA = ROOT / "out/mnist/data"
NETWORK = ROOT / "network"
HERE = Path(__file__).parent
SMALL = 12_800  # images of an epoch at width 1000, which would take long with all


def ours(threads, *task):
    return worker(DATA, threads, *task)


def numpy(threads, *task):
    return Worker([sys.executable, HERE / "numpy_tasks.py", DATA, *task], threads)


def torch(threads, *task):
    return Worker([sys.executable, HERE / "torch_tasks.py", DATA, *task], threads)


def level(attack, threads):
    """The study's recipe for one level, of one attack and one network."""
    x, labels, common = ROOT / "x.npy", DATA / "test-labels.npy", f"--threads {threads} --quiet"
    return Shell(
        f"{attack} {common} < {DATA}/test-images.npy > {x}\n"
        f"extract-activations --model {NETWORK} {common} --labels {labels} --accuracy {ROOT}/accuracy.jsonl < {x} |"
        f" spectrum --quiet > {ROOT}/spectrum.npy\n"
        f"fit-powerlaw --ranks 1-50 --ranks 1-20 --ranks 11-100 < {ROOT}/spectrum.npy > {ROOT}/alpha.jsonl",
        threads,
    )


def process(script, task, threads):
    """The peer as a process of its own, from its start to its end."""
    return Shell(f"{sys.executable} {HERE}/{script} {DATA} {task} {NETWORK} --once", threads)


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
                "PyTorch autograd": lambda t=threads, e=epoch: torch(t, *e, "autograd"),
                "PyTorch by hand": lambda t=threads, e=epoch: torch(t, *e, "hand"),
            }
        yield "forward, 10,000 images, width 200", threads, {
            "ours": lambda t=threads: ours(t, "forward", 200),
            "PyTorch": lambda t=threads: torch(t, "forward", 200),
        }
    for units in (200, 784, 1000):
        yield f"covariance and eigenvalues, {units} units", 1, {
            "ours": lambda u=units: ours(1, "spectrum", u),
            "NumPy": lambda u=units: numpy(1, "spectrum", u),
        }
    gauss, fgsm = (
        "attack-gauss --sigma 0.5 --seed 1",
        f"attack-fgsm --epsilon 0.1 --model {NETWORK} --labels {DATA}/test-labels.npy",
    )
    for threads in (1, 2):
        yield "Gaussian level to its exponents", threads, {
            "four processes": lambda t=threads: level(gauss, t),
            "NumPy process": lambda t=threads: process("numpy_tasks.py", "gauss", t),
            "NumPy, warm": lambda t=threads: numpy(t, "gauss", NETWORK),
        }
        yield "FGSM level to its exponents", threads, {
            "four processes": lambda t=threads: level(fgsm, t),
            "PyTorch autograd process": lambda t=threads: process("torch_tasks.py", "fgsm", t),
            "PyTorch autograd, warm": lambda t=threads: torch(t, "fgsm", NETWORK),
        }
    images = DATA / "train-images.npy"
    yield "read .npy of 188 MB, checked", 1, {
        "ours": lambda: ours(1, "read", images),
        "NumPy": lambda: numpy(1, "read", images),
    }
    yield "write .npy of 188 MB", 1, {
        "ours, to the disk": lambda: ours(1, "write", ROOT / "ours.npy"),
        "NumPy, to the disk": lambda: numpy(1, "write_synced", ROOT / "theirs.npy"),
        "NumPy, not waiting": lambda: numpy(1, "write", ROOT / "theirs.npy"),
    }


def study():
    """The study on MNIST, without controls, and the same by a script in PyTorch."""
    make = (
        f"rm -rf {ROOT}/study; make -j2 all DATASET=mnist OUT={ROOT}/study DATA_DIR={DATA.resolve()}"
        " RULES='local backprop' ATTACKS='gauss fgsm-float32' CONTROLS= SUBSETS= SNAPSHOTS= > /dev/null"
    )
    script = f"{sys.executable} {HERE}/torch_study.py {DATA} {ROOT}/theirs.csv"
    yield "the study on MNIST", 2, {
        "make -j2": lambda: Shell(make, 2),
        "PyTorch script": lambda: Shell(script, 2),
    }


def compare(name, threads, sides, rounds):
    """Rows of the table: our side, or sides, over each peer's, round by round."""
    made = {side: make() for side, make in sides.items()}
    seconds = {side: [] for side in made}
    for _ in range(rounds):
        for side, runs in made.items():
            seconds[side].append(runs.seconds())
    for runs in made.values():
        runs.end()
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
