"""Print a table of the documentation, in Markdown: python3 scripts/tables.py NAME OUT

The numbers come from files: those of the study OUT/mnist and of OUT/reconstructions/mnist, of
`make validate` in OUT/validate, and of scripts/bench-peers in target/peers. Status 3 and a line on stderr if one is missing.
"""

import csv
import html
import json
import re
import sys
from collections import defaultdict
from functools import cached_property, partial
from pathlib import Path
from statistics import mean

OUT = Path(sys.argv[2])
PEERS = Path("target/peers")
# Strengths that the tables of attacked images, of precision and of the checks show.
SHOWN = {"gauss": ["0.5", "1", "2"], "fgsm": ["0.05", "0.1", "0.2"], "fgsm-float32": ["0.2"]}
PRECISE = ["0.05", "0.1", "0.2", "0.3"]
CHECKED = {name: ["0.05", "0.1", "0.2"] for name in ("fgsm", "pgd", "fgsm-transfer", "fgsm-random")}
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

    @cached_property
    def analyses(self):
        return [json.loads(line) for line in self.lines("choices.jsonl")]

    @cached_property
    def table(self):
        """The rows of the table with the estimator of the main results, by rule, attack, strength and layer."""
        first, last = self.ranks[0].split("-")
        rows = defaultdict(list)
        for row in csv.DictReader(self.lines("table.csv")):
            if (row["method"], row["rank_first"], row["rank_last"], row["epoch"]) == ("ols", first, last, ""):
                rows[row["rule"], row["attack"], row["strength"], row["layer"]].append(row)
        return rows

    def page_table(self, heading, title):
        """The rows of a table on the page: of the first with this title after this heading."""
        page = "".join(self.lines("report.html"))
        found = re.search(f"<h2[^>]*>{re.escape(heading)}.*?" + re.escape(title) + ".*?<table.*?>(.*?)</table>", page, re.S)
        if not found:
            raise Missing(f"the page of the study has no table “{title}” below “{heading}”")
        rows = re.findall(r"<tr>(.*?)</tr>", found[1], re.S)
        text = lambda cell: html.unescape(re.sub(r"<[^>]*>", " ", cell)).strip()
        return [[text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]

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


def value(row, name):
    """A number of a row; a study that was made without what measures it has none."""
    if not row.get(name):
        raise Missing(f"the study has no {name}")
    return float(row[name])


def mean_sd(row, name, digits, scale=1):
    mean, sd = (scale * value(row, f"{name}_{what}") for what in ("mean", "sd"))
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


def ranks_used(rows, ranks):
    """In words, the smallest number of ranks used by the fits of these rows, if it is less than asked for."""
    first, last = map(int, ranks.split("-"))
    used = min(int(row["points"]) for row in rows)
    return "" if used == last - first + 1 else f" ({used} ranks)"


def controls():
    study = Study()
    rows = []
    for rule in study.catalogue["rules"]:
        layers = study.layers(rule["name"], "clean", "0")
        alpha = [f"{float(row['alpha_mean']):.2f}" for row in layers]
        used = [ranks_used(study.table[rule["name"], "clean", "0", row["layer"]], study.ranks[0]) for row in layers]
        test = 100 * float(layers[-1]["network_accuracy_mean"])
        histories = sorted(study.folder.glob(f"{rule['name']}/seed-*/model/history.jsonl"))
        last = [json.loads(file.read_text().splitlines()[-1]) for file in histories if file.read_text()]
        errors = [epoch["train_error"] for epoch in last if epoch.get("train_error") is not None]
        train = f"{100 * (1 - mean(errors)):.1f}" if errors else "–"
        rows.append([rule["title"], *(a + u for a, u in zip(alpha, used)), train, f"{test:.1f}"])
    # These show what is missing from a study that was made without controls.
    for control in ("untrained", "shuffled"):
        study.layers(control, "clean", "0")
    last = f"accuracy of layer {len(layers)}"
    table(["network"] + [f"layer {row['layer']}" for row in layers] + [f"{last} on training images, %", f"{last}, %"], rows)


def turning():
    """In which layers C3 holds under FGSM with the exact gradient, for some of the choices."""
    study = Study()
    rows = []
    for clipped, largest, floor in [(False, 0.3, "left-out"), (False, 0.8, "kept"), (True, 0.8, "left-out"), (True, 0.8, "kept")]:
        wanted = {"rule": "local", "claim": "C3", "attack": "fgsm", "method": "ols", "scale": 1.0}
        wanted |= {"clipped": clipped, "largest": largest, "floor": floor}
        of_ranks = {}
        for one in study.analyses:
            if all(one[key] == value for key, value in wanted.items()):
                holding = ", ".join(map(str, one["layers_holding"])) or "none"
                of_ranks[ranks_of(one)] = "undecided" if one["verdict"] == "undecided" else holding
        cut = f"{'clipped' if clipped else 'not clipped'}, to {largest}, points at the floor {floor.replace('-', ' ')}"
        rows.append([cut] + [of_ranks.get(ranks, "–") for ranks in study.ranks])
    table(["FGSM, exact gradient"] + [f"ranks {ranks}" for ranks in study.ranks], rows)


def choices():
    """In how many analyses each claim holds, from the verdicts that `claims` prints."""
    study = Study()
    text = "\n".join(study.lines("verdicts.txt"))
    pattern = r"(C\d) local, (\S+): .*\n  in all layers in (\d+ of \d+) analyses, in some layer in (\d+)(?:\n  decisive: (.*))?\n  by default, [^:]*: ([^;\n]*)"
    rows = [
        [claim, study.attacks[attack]["title"], every, f"{some} of {every.split()[-1]}", default, split or "none"]
        for claim, attack, every, some, split, default in re.findall(pattern, text)
    ]
    if not rows:
        raise Missing(f"the study has no verdict over all choices: make it by {study.command}")
    head = ["claim", "attack", "holds in all layers", "in some layer", "by default", "the choice that separates them most"]
    table(head, rows)


# The choices of an analysis: the key, its values in words, the default first.
CHOICES = {
    "clipped": {False: "images not clipped", True: "images clipped"},
    "floor": {"left-out": "points at the floor left out", "kept": "points at the floor kept"},
    "method": {"ols": "equal weights", "weighted": "weights 1/n"},
    "scale": {1.0: "thresholds as set", 0.5: "thresholds halved", 2.0: "thresholds doubled"},
}


def by_choice():
    """In how many analyses with each choice a claim holds in all layers, and in how many layers on average."""
    study = Study()
    found = defaultdict(list)
    for one in study.analyses:
        if one["rule"] == "local" and one["verdict"] != "undecided":
            found[one["claim"], one["attack"]].append(one | {"ranks": ranks_of(one)})
    columns = [key for key in study.in_order(found) if len({one["clipped"] for one in found[key]}) > 1]
    known = dict(CHOICES, ranks={ranks: f"ranks {ranks}" for ranks in study.ranks})
    largest = [{one["largest"] for one in found[key]} for key in columns]
    known["largest"] = {value: f"strengths to {value:g}" for value in sorted(set().union(*largest), reverse=True)}
    rows = []
    for key in ("clipped", "largest", "floor", "ranks", "method", "scale"):
        for value, words in known[key].items():
            cells = []
            for column in columns:
                of = [one for one in found[column] if one[key] == value]
                every = sum(one["verdict"] == "reproduced" for one in of)
                cells.append(f"{every} of {len(of)}; {mean(len(one['layers_holding']) for one in of):.1f}" if of else "–")
            rows.append([words, *cells])
    table(["choice"] + [f"{claim}, {study.attacks[attack]['title']}" for claim, attack in columns], rows)


def choices_reconstructions():
    """The same over all reconstructions: analyses in which a claim holds in all layers, and in some layer."""
    study = Study.of_reconstructions()
    found = defaultdict(list)
    for one in study.analyses:
        if one["verdict"] != "undecided":
            found[one["claim"], one["attack"]].append(one)
    rows = []
    for claim, attack in study.in_order(found):
        def count(clipped, holds):
            of = [one for one in found[claim, attack] if one["clipped"] == clipped]
            return f"{sum(map(holds, of))} of {len(of)}" if of else "–"

        every, some = lambda one: one["verdict"] == "reproduced", lambda one: bool(one["layers_holding"])
        rows.append([claim, study.attacks[attack]["title"], *(count(clipped, holds) for clipped in (False, True) for holds in (every, some))])
    head = ["not clipped: in all layers", "in some layer", "clipped: in all layers", "in some layer"]
    table(["claim", "attack", *head], rows)


def precision():
    study = Study()
    rows = []
    for name in ("fgsm", "fgsm-float64", "fgsm-float32"):
        for_each = [study.layers("local", name, strength)[-1] for strength in PRECISE]
        lost = [mean(value(row, "lost_label_images") for row in study.table["local", name, strength, for_each[0]["layer"]]) for strength in PRECISE]
        rows.append([study.attacks[name]["title"], *(f"{100 * float(row['accuracy_mean']):.1f}" for row in for_each), f"{max(lost):.0f}"])
    table(["attack"] + [f"ε = {strength}" for strength in PRECISE] + ["images that lose the term of their label, at most"], rows)


def checked():
    study = Study()
    rows = []
    for name, strengths in CHECKED.items():
        last = [study.layers("local", name, strength)[-1] for strength in strengths]
        rows.append([study.attacks[name]["title"]] + [f"{100 * float(row['accuracy_mean']):.1f}" for row in last])
    distance = value(study.layers("local", "clean", "0")[-1], "median_distance_mean")
    table(["attack"] + [f"ε = {strength}" for strength in strengths], rows)
    print(f"\nHalf of the images are nearer to a boundary than {distance:.3f} (DeepFool).")


def signal():
    """alpha of the plain spectrum and of the signal alone, at the strengths that both have."""
    study = Study()
    strengths = sorted({key[2] for key in study.table if key[:2] == ("local", "gauss-repeat")}, key=float)
    rows = []
    for name, strength in [("clean", "0"), *((name, s) for s in strengths for name in ("gauss", "gauss-repeat"))]:
        layers = study.layers("local", name, strength)
        used = [ranks_used(study.table["local", name, strength, row["layer"]], study.ranks[0]) for row in layers]
        what = {"clean": "clean images", "gauss": "the whole spectrum", "gauss-repeat": "the signal alone"}[name]
        accuracy = "" if name == "gauss-repeat" else f"{100 * float(layers[-1]['accuracy_mean']):.0f}"
        rows.append([strength, what, *(f"{float(row['alpha_mean']):.2f}{u}" for row, u in zip(layers, used)), accuracy])
    if not strengths:
        raise Missing(f"the study has no signal alone: make it by {study.command}")
    table(["σ", f"alpha of, ranks {study.ranks[0]}"] + [f"layer {row['layer']}" for row in layers] + ["accuracy, %"], rows)


def moves():
    """What moves alpha: the attack's own variance, and the rest."""
    study = Study()
    rows = []
    for name in ("gauss", "fgsm"):
        title = study.attacks[name]["title"] if name in study.attacks else name
        head, *found = study.page_table("Why α moves", f"<h3>{title}</h3>")
        rows += [[title, *row[:7]] for row in found]
    table(["attack", "strength", *head[1:7]], rows)


def slopes():
    """Local slopes of the spectra of clean images, as the page shows them."""
    head, *rows = Study().page_table("Is it a power law", "")
    table(head, rows)


def classes():
    """The geometry of classes in each layer, of clean images."""
    study = Study()
    wanted = [
        ("variance in the directions of the class centres, %", "centre_span", 1, 100),
        ("variance between classes / within", "class_ratio", 1, 1),
        ("dimension of a class", "class_dimension", 1, 1),
        ("radius of a class / distance of its centre", "class_radius", 2, 1),
    ]
    layers = study.layers("local", "clean", "0")
    rows = [[title] + [mean_sd(row, *how) for row in layers] for title, *how in wanted]
    table(["layer"] + [row["layer"] for row in layers], rows)


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
        if claim["claim"] in ("C1", "C2", "C3") and claim["attack"] and (claim["method"], ranks_of(claim)) == ("ols", study.ranks[0]):
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


MADE = (clean, attacked, controls, turning, choices, by_choice, choices_reconstructions, precision, checked, signal, moves, slopes, classes)
TABLES = {f.__name__: f for f in (*MADE, claims, reconstructions, survival, estimators)}
TABLES |= {f"{f.__name__}-{vendor}": partial(f, vendor) for f in (training, work) for vendor in ("AMD", "Intel")}

try:
    TABLES[sys.argv[1]]()
except Missing as missing:
    sys.stderr.write(f"{missing}\n")
    sys.exit(3)
except KeyError as key:
    sys.exit(f"{key} is missing from the files, or is no table: the tables are {' '.join(TABLES)}")
