"""The driver of scripts/bench-peers: runs both sides in turns and prints a table of the ratios."""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

from numpy_tasks import DEPTH
from processes import LIMIT_GFLOP, TOOLS, Shell, Worker, worker

ROOT = Path("target/peers")
DATA = ROOT / "out/mnist/data"
NETWORK = ROOT / "network"
HERE = Path(__file__).parent
LABELS = DATA / "test-labels.npy"
PIXELS, CLASSES, IMAGES = 784, 10, 10_000
SMALL = 12_800  # images of an epoch at width 1000, which would take long with all
LIMIT = "limit"


def ours(threads, *task):
    return worker(DATA, threads, *task)


def numpy(threads, *task):
    return Worker([sys.executable, HERE / "numpy_tasks.py", DATA, *task], threads)


def torch(threads, *task):
    return Worker([sys.executable, HERE / "torch_tasks.py", DATA, *task], threads)


def tool(line, threads):
    """A tool on the test images, which come on stdin."""
    return Shell(f"{line} --threads {threads} --quiet < {DATA}/test-images.npy > /dev/null", threads)


def level(attack, threads):
    """The study's recipe for one level, of one attack and one network."""
    x, common = ROOT / "x.npy", f"--threads {threads} --quiet"
    return Shell(
        f"{attack} {common} < {DATA}/test-images.npy > {x}\n"
        f"extract-activations --model {NETWORK} {common} --labels {LABELS} --accuracy {ROOT}/accuracy.jsonl < {x} |"
        f" spectrum --quiet > {ROOT}/spectrum.npy\n"
        f"fit-powerlaw --ranks 1-50 --ranks 1-20 --ranks 11-100 < {ROOT}/spectrum.npy > {ROOT}/alpha.jsonl",
        threads,
    )


def process(script, task, threads):
    """The peer as a process of its own, from its start to its end."""
    return Shell(f"{sys.executable} {HERE}/{script} {DATA} {task} {NETWORK} --once", threads)


def products(width):
    """Multiplications and additions of the matrix products of one image on its way through the layers, in GFLOP."""
    return 2e-9 * (PIXELS * width + (DEPTH - 1) * width**2)


def works():
    """Each a name, threads, our side and the peers' sides, made when its turn comes, and the arithmetic in GFLOP with
    its precision where matrix products are most of the work."""
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
            # Forward and the update of the weights, and two products with each readout.
            gflop = samples * (2 * products(width) + 4e-9 * DEPTH * width * CLASSES)
            yield f"epoch, width {width}, batch {batch}", threads, {
                "sparse": lambda t=threads, e=epoch: ours(t, *e, "sparse"),
                "dense": lambda t=threads, e=epoch: ours(t, *e, "dense"),
                "PyTorch autograd": lambda t=threads, e=epoch: torch(t, *e, "autograd"),
                "PyTorch by hand": lambda t=threads, e=epoch: torch(t, *e, "hand"),
            }, (gflop, "f32")
        for activation in ("relu", "tanh"):
            yield f"forward, 10,000 images, width 200, {activation}", threads, {
                "ours": lambda t=threads, f=activation: ours(t, "forward", 200, f),
                "PyTorch": lambda t=threads, f=activation: torch(t, "forward", 200, f),
            }, (IMAGES * products(200), "f32")
    for units in (200, 784, 1000):
        # Half of the products, and the reduction to tridiagonal form.
        gflop = 1e-9 * (IMAGES * units**2 + 4 / 3 * units**3)
        yield f"covariance and eigenvalues, {units} units", 1, {
            "ours": lambda u=units: ours(1, "spectrum", u),
            "NumPy": lambda u=units: numpy(1, "spectrum", u),
        }, (gflop, "f64")
    extract = f"extract-activations --model {NETWORK}"
    yield "extract-activations --accuracy", 1, {
        "with": lambda: tool(f"{extract} --labels {LABELS} --accuracy {ROOT}/accuracy.jsonl", 1),
        "without --accuracy": lambda: tool(extract, 1),
    }, None
    of_network = f"--model {NETWORK} --labels {LABELS}"
    gauss = "attack-gauss --sigma 0.5 --seed 1"
    fgsm = f"attack-fgsm --epsilon 0.1 {of_network}"
    pgd = f"attack-pgd --epsilon 0.1 {of_network}"
    yield "accuracy of each layer", 1, {
        "process": lambda: tool(f"accuracy {of_network}", 1),
        "PyTorch, warm": lambda: torch(1, "accuracy", NETWORK),
    }, (IMAGES * products(200), "f32")
    yield "PGD, 10 steps", 1, {
        "process": lambda: tool(pgd, 1),
        "PyTorch autograd, warm": lambda: torch(1, "only_pgd", NETWORK),
    }, (10 * 2 * IMAGES * products(200), "f32")
    yield "neighbours of 10,000 images, dimension", 1, {
        "process": lambda: tool("dimension", 1),
        "scikit-learn, warm": lambda: numpy(1, "dimension"),
    }, (1e-9 * IMAGES**2 * PIXELS, "f32")
    for threads in (1, 2):
        yield "Gaussian level to its exponents", threads, {
            "four processes": lambda t=threads: level(gauss, t),
            "NumPy process": lambda t=threads: process("numpy_tasks.py", "gauss", t),
            "NumPy, warm": lambda t=threads: numpy(t, "gauss", NETWORK),
        }, None
        for name, attack, task in [
            ("FGSM level to its exponents", fgsm, "fgsm"),
            ("FGSM level, float32 gradient", f"{fgsm} --gradient float32", "fgsm"),
            ("PGD level, 10 steps", pgd, "pgd"),
        ]:
            yield name, threads, {
                "four processes": lambda t=threads, a=attack: level(a, t),
                "PyTorch autograd process": lambda t=threads, k=task: process("torch_tasks.py", k, t),
                "PyTorch autograd, warm": lambda t=threads, k=task: torch(t, k, NETWORK),
            }, None
    images = DATA / "train-images.npy"
    yield "read .npy of 188 MB, checked", 1, {
        "ours": lambda: ours(1, "read", images),
        "NumPy": lambda: numpy(1, "read", images),
    }, None
    yield "write .npy of 188 MB", 1, {
        "ours, to the disk": lambda: ours(1, "write", ROOT / "ours.npy"),
        "NumPy, to the disk": lambda: numpy(1, "write_synced", ROOT / "theirs.npy"),
        "NumPy, not waiting": lambda: numpy(1, "write", ROOT / "theirs.npy"),
    }, None


def study():
    """The study on MNIST, without controls, and the same by a script in PyTorch."""
    make = (
        f"rm -rf {ROOT}/study; make -j2 all DATASET=mnist OUT={ROOT}/study DATA_DIR={DATA.resolve()}"
        " RULES='local backprop' ATTACKS='gauss fgsm-float32' CONTROLS= CHECKS= INSPECTED= SUBSETS= SNAPSHOTS= > /dev/null"
    )
    script = f"{sys.executable} {HERE}/torch_study.py {DATA} {ROOT}/theirs.csv"
    yield "the study on MNIST", 2, {
        "make -j2": lambda: Shell(make, 2),
        "PyTorch script": lambda: Shell(script, 2),
    }, None


def compare(name, threads, sides, arithmetic, rounds):
    """Rows of the table: our side, or sides, over each peer's, and the part of the machine's limit, round by round."""
    made = {side: make() for side, make in sides.items()}
    if arithmetic:
        made[LIMIT] = ours(1, "limit", arithmetic[1])
    seconds = {side: [] for side in made}
    for _ in range(rounds):
        for side, runs in made.items():
            seconds[side].append(runs.seconds())
    for runs in made.values():
        runs.end()
    peers = [side for side in sides if side.startswith(("PyTorch", "NumPy", "scikit-learn", "without"))]
    for mine in [side for side in sides if side not in peers]:
        reached = "–"
        if arithmetic:
            limits = [arithmetic[0] / LIMIT_GFLOP * limit / threads / s for limit, s in zip(seconds[LIMIT], seconds[mine])]
            reached = f"{statistics.median(limits):.2f} {arithmetic[1]}"
        for theirs in peers:
            ratios = [a / b for a, b in zip(seconds[mine], seconds[theirs])]
            a, b = statistics.median(seconds[mine]), statistics.median(seconds[theirs])
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
            print(f"| {name} | {threads} | {mine} {a:.3f} | {theirs} {b:.3f} | {spread} | {reached} |", flush=True)


def limits():
    """What a core can do at most, in GFLOP/s."""
    made = {precision: ours(1, "limit", precision) for precision in ("f32", "f64")}
    found = {precision: max(LIMIT_GFLOP / run.seconds() for _ in range(5)) for precision, run in made.items()}
    for run in made.values():
        run.end()
    return ", ".join(f"{most:.0f} GFLOP/s {precision}" for precision, most in found.items())


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
    print(f"{machine()}; a core does at most {limits()}; medians of {args.rounds} rounds in turns\n")
    print("| work | threads | ours, s | peer, s | ours over the peer's (least-most) | of the limit |")
    print("|---|---|---|---|---|---|", flush=True)
    if not NETWORK.exists():
        subprocess.run(
            [TOOLS / "train", "--images", DATA / "train-images.npy", "--labels", DATA / "train-labels.npy"]
            + ["--epochs", "5", "--quiet", "-o", NETWORK],
            check=True,
        )
    for name, threads, sides, arithmetic in study() if args.study else works():
        if args.only in name and threads <= os.cpu_count():
            compare(name, threads, sides, arithmetic, args.rounds)


main()
