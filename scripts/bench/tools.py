"""The driver of scripts/bench-tools."""

import argparse
import os
import statistics
import struct
import subprocess
from pathlib import Path

from processes import LIMIT_GFLOP, Shell, worker

ROOT = Path("target/bench")
STUDY = ROOT / "out/digits"
DATA, NETWORK = STUDY / "data", ROOT / "network"
TRAIN, TEST, PIXELS, UNITS, DEPTH, CLASSES = 20_000, 10_000, 784, 200, 5, 10
EPOCHS = 3

# Multiplications and additions of a sample.
LAYERS = 2 * (PIXELS * UNITS + (DEPTH - 1) * UNITS * UNITS)
READOUT = 2 * UNITS * CLASSES
TRAINING = 2 * LAYERS + 2 * DEPTH * READOUT
BACKPROP = 2 * LAYERS + 2 * (DEPTH - 1) * UNITS * UNITS + 3 * READOUT


def prepare():
    """Data, a network, and a study: what the tools below read."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], check=True)
    subprocess.run(study(SEEDS="1 2 3", DRAWN=f"{TRAIN} {TEST}"), shell=True, **quiet)
    # No pixel but one in 256 is 0: the first layer is dense.
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({TRAIN}, {PIXELS}), }}"
    header += " " * (117 - len(header)) + "\n"
    pixels = os.urandom(TRAIN * PIXELS)
    (ROOT / "dense.npy").write_bytes(b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header.encode() + pixels)
    (ROOT / "images.idx").write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, TRAIN, 28, 28) + pixels)
    line = (
        f"train --quiet --images {DATA}/train-images.npy --labels {DATA}/train-labels.npy --epochs 2 -o {NETWORK}\n"
        f"extract-activations --quiet --model {NETWORK} {DATA}/test-images.npy -o {ROOT}/h.npy\n"
        f"spectrum --quiet {ROOT}/h.npy -o {ROOT}/spectrum.npy"
    )
    Shell(line, 1).seconds()


def study(**settings):
    chosen = {
        "HIDDEN": "50,50,50",
        "EPOCHS": 4,
        "RULES": "local backprop",
        "ATTACKS": "gauss",
        "SIGMAS": "0.25 0.5 1 2",
        "RANKS": "1-40",
    } | settings
    text = " ".join(f"{name}='{value}'" for name, value in chosen.items())
    out = f"OUT={ROOT}/out DATASET=digits CONTROLS= SUBSETS= SNAPSHOTS= {text}"
    return f"rm -rf {ROOT}/out; make -j2 all {out} > {ROOT}/make.log 2>&1"


def tools():
    """Each a name, a command line, images it works on, its operations an image, bytes it moves."""
    train = f"train --quiet --labels {DATA}/train-labels.npy --epochs {EPOCHS} --batch-size 128 --learning-rate 0.01 -o {ROOT}/trained"
    images, dense = f"--images {DATA}/train-images.npy", f"--images {ROOT}/dense.npy"
    test, out = f"{DATA}/test-images.npy", f"-o {ROOT}/result"
    model = f"--quiet --model {NETWORK}"
    labels = f"--labels {DATA}/test-labels.npy"
    fgsm = f"attack-fgsm --epsilon 0.1 {model} {labels} {test} {out}"
    x, h = 4 * TEST * PIXELS, 4 * TEST * UNITS * DEPTH
    epochs = TRAIN * EPOCHS
    gram = DEPTH * UNITS * (UNITS + 1)
    yield "draw-digits", f"draw-digits --quiet --count {TEST} {out}", TEST, 0, x
    yield "import-idx", f"import-idx --quiet {ROOT}/images.idx {out}", TRAIN, 0, 5 * TRAIN * PIXELS
    yield "train, sparse images", f"{train} {images}", epochs, TRAINING, 0
    yield "train, dense images", f"{train} {dense}", epochs, TRAINING, 0
    yield "train --threads 2, dense images", f"{train} {dense} --threads 2", epochs, TRAINING, 0
    yield "train --rule backprop, dense images", f"{train} {dense} --rule backprop", epochs, BACKPROP, 0
    yield "attack-gauss", f"attack-gauss --quiet --sigma 0.5 {test} {out}", TEST, 0, 2 * x
    yield "attack-fgsm", fgsm, TEST, 2 * LAYERS, 2 * x
    yield "attack-fgsm --gradient float32", f"{fgsm} --gradient float32", TEST, 2 * LAYERS, 2 * x
    pgd = f"attack-pgd --epsilon 0.1 {model} {labels} {test} {out}"
    yield "attack-pgd", pgd, TEST, 10 * 2 * LAYERS, 2 * x
    # Each image takes as many steps as it needs.
    deepfool = f"attack-deepfool --samples 1000 {model} {labels} {test} {out}"
    yield "attack-deepfool", deepfool, 1000, 0, 2 * x * 1000 // TEST
    yield "extract-activations", f"extract-activations {model} {test} {out}", TEST, LAYERS, x + h
    yield "accuracy", f"accuracy {model} {labels} {test} {out}", TEST, LAYERS + DEPTH * READOUT, x
    yield "spectrum", f"spectrum --quiet {ROOT}/h.npy {out}", TEST, 2 * gram, h
    yield "fit-powerlaw", f"fit-powerlaw --ranks 1-50 {ROOT}/spectrum.npy {out}", 0, 0, 0
    yield "tabulate", f"tabulate --runs {STUDY}/.stamps/runs {out}", 0, 0, 0
    yield "claims", f"claims {STUDY}/table.csv {out}", 0, 0, 0
    yield (
        "report",
        f"report --table {STUDY}/table.csv --claims {STUDY}/claims.jsonl --figures {ROOT}/figures {STUDY} {out}",
        0,
        0,
        0,
    )
    yield "any tool --version", "fit-powerlaw --version > /dev/null", 0, 0, 0


def measure(rounds, word):
    limit = worker(ROOT, 1, "limit", "f32")
    floor = Shell("true", 1)
    floor.seconds()
    print("| tool | seconds (least-most) | images/s | MB/s | GFLOP/s | of the limit | memory, MB |")
    print("|---|---|---|---|---|---|---|")
    for name, line, images, operations, moved in tools():
        if word not in name:
            continue
        runs = Shell(line, 2 if "--threads 2" in line else 1)
        seconds, limits = [], []
        for _ in range(rounds):
            limits.append(LIMIT_GFLOP / limit.seconds())
            seconds.append(runs.seconds())
        took = statistics.median(seconds)
        speed = images * operations / took / 1e9
        # Spectra are in double precision, of which registers hold half as many.
        most = statistics.median(limits) * runs.threads / (2 if name == "spectrum" else 1)
        cells = [
            f"{took:.3f} ({min(seconds):.3f}-{max(seconds):.3f})",
            f"{images / took:,.0f}" if images else "",
            f"{moved / took / 1e6:,.0f}" if moved else "",
            f"{speed:.0f}" if operations else "",
            f"{speed / most:.2f}" if operations else "",
            f"{runs.megabytes:.0f}" if runs.megabytes > floor.megabytes else f"at most {floor.megabytes:.0f}",
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\nlimit: {statistics.median(limits):.0f} GFLOP/s f32 a core, in the same run")
    limit.end()


def growth(rounds):
    """At three sizes, each twice the one before: the added time must double."""
    Shell(
        f"draw-digits --quiet --count 40000 -o {ROOT}/images.npy;"
        f"draw-digits --quiet --count 40000 --labels -o {ROOT}/labels.npy",
        1,
    ).seconds()
    train = f"train --quiet --epochs 2 --images {ROOT}/images.npy --labels {ROOT}/labels.npy -o {ROOT}/trained --samples"
    strengths = [0.1 * number for number in range(1, 13)]
    sigmas = {n: " ".join(f"{sigma:.1f}" for sigma in strengths[:n]) for n in (3, 6, 12)}
    small = {"DRAWN": "2000 2000"}
    cases = {
        "train, images": {n: Shell(f"{train} {n}", 1) for n in (10_000, 20_000, 40_000)},
        "study, seeds": {n: Shell(study(SEEDS=" ".join(map(str, range(1, n + 1))), **small), 2) for n in (2, 4, 8)},
        "study, strengths": {n: Shell(study(SEEDS="1 2", SIGMAS=sigmas[n], **small), 2) for n in (3, 6, 12)},
    }
    print("\n| growth | sizes | seconds | added by the second, the third | ratio (2: linear) |")
    print("|---|---|---|---|---|")
    for name, sizes in cases.items():
        seconds = {n: [] for n in sizes}
        for _ in range(rounds):
            for n, runs in sizes.items():
                seconds[n].append(runs.seconds())
        a, b, c = (statistics.median(values) for values in seconds.values())
        texts = ", ".join(f"{n:,}" for n in sizes)
        print(f"| {name} | {texts} | {a:.2f}, {b:.2f}, {c:.2f} | {b - a:.2f}, {c - b:.2f} | {(c - b) / (b - a):.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="WORD", help="tools whose row has it, without growth")
    args = parser.parse_args()
    ROOT.mkdir(parents=True, exist_ok=True)
    prepare()
    measure(args.rounds, args.only)
    if not args.only:
        growth(args.rounds)


main()
