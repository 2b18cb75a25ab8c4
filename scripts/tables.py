"""Print a table of the documentation, in Markdown: python3 scripts/tables.py NAME OUT

The numbers come from files: those of the study OUT/mnist and of OUT/reconstructions/mnist, of
`make validate` in OUT/validate, and of scripts/bench-peers in target/peers. Status 3 and a line on stderr if one is missing.
"""

import csv
import json
import sys
from functools import partial
from pathlib import Path

OUT = Path(sys.argv[2])
PEERS = Path("target/peers")
# Strengths that the table of attacked images shows.
SHOWN = {"gauss": ["0.5", "1", "2"], "fgsm": ["0.05", "0.1", "0.2"], "fgsm-float32": ["0.2"]}
# Spectra that the table of the estimators shows: title, source, and numbers of samples.
SPECTRA = [("no noise", "plain", ["500", "20000"]), ("noise of 0.28", "noisy", ["20000"])]
SPECTRA += [("two repeats (cvPCA)", "repeat", ["500", "20000"])]


class Missing(Exception):
    """A file, or what it should contain, is not there."""


def lines(path, command):
    """The lines of a file that the command makes."""
    if not path.exists():
        raise Missing(f"{path} is missing: {command} makes it")
    return path.read_text().splitlines()


class Study:
    """A study on MNIST, which the command makes."""

    def __init__(self, command="make all DATASET=mnist", folder=OUT / "mnist"):
        self.command, self.folder = command, folder
        self.catalogue = json.loads("".join(self.lines("study.json")))
        self.rows = list(csv.DictReader(self.lines("summary.csv")))
        self.claims = [json.loads(line) for line in self.lines("claims.jsonl")]
        self.ranks = self.catalogue["ranks"]
        self.attacks = {attack["name"]: attack for attack in self.catalogue["attacks"]}

    @classmethod
    def of_reconstructions(cls):
        return cls("make reconstructions DATASET=mnist", OUT / "reconstructions/mnist")

    def lines(self, name):
        return lines(self.folder / name, self.command)

    def in_order(self, keys):
        """Keys that begin with a claim and an attack, in the order of claims and of the study's attacks."""
        return sorted(keys, key=lambda key: (key[0], list(self.attacks).index(key[1])))

    def layers(self, rule, attack, strength):
        """The rows of one level, a row per layer."""
        first, last = self.ranks[0].split("-")
        level = {"rule": rule, "epoch": "", "attack": attack, "strength": strength, "method": "ols", "rank_first": first, "rank_last": last}
        found = [row for row in self.rows if all(row[key] == value for key, value in level.items())]
        if not found:
            raise Missing(f"the study has no {rule or 'images'} {attack} {strength}: make it by {self.command}")
        return sorted(found, key=lambda row: int(row["layer"]))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def mean_sd(row, name, digits, scale=1):
    mean, sd = (scale * float(row[f"{name}_{what}"]) for what in ("mean", "sd"))
    return f"{mean:.{digits}f} ± {sd:.{digits}f}"


def clean():
    study = Study()
    layers = study.layers("local", "clean", "0")
    wanted = [
        ("accuracy, %", "accuracy", 2, 100),
        (f"alpha, ranks {study.ranks[0]}", "alpha", 2, 1),
        ("r² of that fit", "r2", 2, 1),
        ("participation ratio", "participation_ratio", 1, 1),
        ("units with one value on all test images", "dead", 0, 1),
    ]
    rows = [[title] + [mean_sd(row, *how) for row in layers] for title, *how in wanted]
    table(["layer"] + [row["layer"] for row in layers], rows)


def attacked():
    study = Study()
    rows = []
    for attack, strengths in SHOWN.items():
        for strength in strengths:
            layers = study.layers("local", attack, strength)
            about = study.attacks[attack]
            name = f"{about['unit'].split()[0]} = {strength}"
            rows.append([about["title"], name] + [f"{100 * float(row['accuracy_mean']):.1f}" for row in layers])
    table(["attack", "strength"] + [f"layer {row['layer']}" for row in layers], rows)


def controls():
    study = Study()
    rows = []
    for rule in study.catalogue["rules"]:
        layers = study.layers(rule["name"], "clean", "0")
        accuracy = 100 * float(layers[-1]["accuracy_mean"])
        rows.append([rule["title"]] + [f"{float(row['alpha_mean']):.2f}" for row in layers] + [f"{accuracy:.1f}"])
    # These show what is missing from a study that was made without controls.
    for control in ("untrained", "shuffled"):
        study.layers(control, "clean", "0")
    table(["network"] + [f"layer {row['layer']}" for row in layers] + [f"accuracy of layer {len(layers)}, %"], rows)


def ranks_of(record):
    return f"{record['rank_first']}-{record['rank_last']}"


def verdict(claim, command):
    kind = "strength" if any("strength" in layer for layer in claim["layers"]) else "layer"
    held = [str(layer[kind]) for layer in claim["layers"] if layer["holds"]]
    if claim["verdict"] == "undecided":
        if claim["reason"].startswith("the table has no"):
            raise Missing(f"for {claim['claim']} {claim['reason']}: make the study by {command}")
        return "undecided"
    if claim["verdict"] == "partly":
        return f"partly: {kind}{'s' * (len(held) > 1)} {', '.join(held)}"
    return claim["verdict"].replace("-", " ")


def claims():
    study = Study()
    main = {name for name, attack in study.attacks.items() if not attack["control_of"]}
    found = {}
    for claim in study.claims:
        name = claim["claim"]
        if claim["rule"] == "local" and claim["method"] == "ols" and name[:2] in ("C1", "C2", "C3"):
            if claim["attack"] is None or claim["attack"] in main:
                key = name[:2], claim["statement"]
                found.setdefault(key, {})[ranks_of(claim)] = verdict(claim, study.command)
    rows = [[f"{name}: {said}"] + [found[name, said][ranks] for ranks in study.ranks] for name, said in sorted(found)]
    table(["claim"] + [f"ranks {ranks}" for ranks in study.ranks], rows)


def reconstructions():
    """In how many layers each claim holds along strengths, at the first range of ranks."""
    study = Study.of_reconstructions()
    cells = {}
    for claim in study.claims:
        if claim["claim"] in ("C1", "C2", "C3") and claim["attack"] and ranks_of(claim) == study.ranks[0]:
            holding = str(sum(bool(layer["holds"]) for layer in claim["layers"]))
            cell = "–" if claim["verdict"] == "undecided" else holding
            cells.setdefault((claim["claim"], claim["attack"]), {})[claim["rule"]] = cell
    columns = study.in_order(cells)
    rows = [[rule["title"]] + [cells[column][rule["name"]] for column in columns] for rule in study.catalogue["rules"]]
    table(["reconstruction"] + [f"{claim}: {study.attacks[attack]['title']}" for claim, attack in columns], rows)


def survival():
    """In how many reconstructions each claim holds in all layers, and what separates these from the others."""
    study = Study.of_reconstructions()
    found = {}
    for row in csv.DictReader(study.lines("survival.csv")):
        found.setdefault((row["claim"], row["attack"]), {})[ranks_of(row)] = row
    rows = []
    for claim, attack in study.in_order(found):
        of_ranks = [found[claim, attack][ranks] for ranks in study.ranks]
        counts = [f"{row['in_all_layers']} ({row['in_some_layer']}) of {row['decided']}" for row in of_ranks]
        rows.append([claim, study.attacks[attack]["title"], *counts, of_ranks[0]["separating"] or "none"])
    ranks = [f"ranks {ranks}" for ranks in study.ranks]
    table(["claim", "attack", *ranks, f"what separates them most, {ranks[0]}"], rows)


def estimators():
    measured = csv.DictReader(lines(OUT / "validate/estimators.csv", "make validate"))
    found = {(row["source"], row["samples"], float(row["alpha"]), row["method"]): row for row in measured}
    methods = ["ols", "weighted", "mle"]

    def number(key):
        return f"{float(found[key]['bias']):+.3f} ± {float(found[key]['sd']):.3f}".replace("-", "−")

    rows = [
        [title, count, f"{alpha:g}"] + [number((source, count, alpha, method)) for method in methods]
        for title, source, samples in SPECTRA
        for alpha in (0.5, 1, 2)
        for count in samples
    ]
    table(["spectrum", "samples", "true alpha"] + [f"`{method}`" for method in methods], rows)


def peers(name, vendor, argument=""):
    """The first line of a table of scripts/bench-peers, measured on a machine of this vendor, and its rows."""
    command = f"scripts/bench-peers{argument}"
    first, *text = lines(PEERS / name, command)
    if vendor.lower() not in first.lower():
        raise Missing(f"{PEERS / name} was not measured on a processor of {vendor}: {command} on one makes it")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text if line.startswith("| ")]
    sides = [
        [work, threads, *ours.rsplit(" ", 1), *theirs.rsplit(" ", 1), ratio.split()[0], limit]
        for work, threads, ours, theirs, ratio, limit in rows[1:]
    ]
    return first, sides


def seconds(text):
    return text if float(text) < 10 else f"{float(text):.0f}"


def training(vendor):
    machine, rows = peers("table.md", vendor)
    found = {}
    for work, threads, ours, mine, peer, _, ratio, limit in rows:
        if work.startswith("epoch, "):
            epoch = found.setdefault((work.removeprefix("epoch, "), threads), {})
            epoch[ours] = mine
            epoch[ours, peer] = ratio
            epoch[ours, "limit"] = limit.split()[0]
    sides = ["sparse", "dense"]
    cells = [
        [*key, ", ".join(epoch[side] for side in sides), epoch["dense", "limit"]]
        + [", ".join(epoch[side, f"PyTorch {how}"] for side in sides) for how in ("autograd", "by hand")]
        for key, epoch in found.items()
    ]
    print(f"{machine}.\n")
    head = ["epoch", "threads", "sparse, dense, s", "dense, of the limit"]
    table(head + ["over PyTorch's autograd", "over PyTorch by hand"], cells)


def work(vendor):
    rows = [row for row in peers("table.md", vendor)[1] if not row[0].startswith("epoch, ")]
    if (PEERS / "study.md").exists():  # which takes long, and may not have been measured
        rows += peers("study.md", vendor, " --study")[1]
    cells = [
        [work, threads, seconds(mine), peer, ratio, limit]
        for work, threads, _, mine, peer, _, ratio, limit in rows
        if "not waiting" not in peer
    ]
    table(["work", "threads", "ours, s", "peer", "ratio", "of the limit"], cells)


TABLES = {f.__name__: f for f in (clean, attacked, controls, claims, reconstructions, survival, estimators)}
TABLES |= {f"{f.__name__}-{vendor}": partial(f, vendor) for f in (training, work) for vendor in ("AMD", "Intel")}

try:
    TABLES[sys.argv[1]]()
except Missing as missing:
    sys.stderr.write(f"{missing}\n")
    sys.exit(3)
except KeyError as key:
    sys.exit(f"{key} is missing from the files, or is no table: the tables are {' '.join(TABLES)}")
