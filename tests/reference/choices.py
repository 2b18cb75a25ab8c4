#!/usr/bin/env python3
"""An independent NumPy reference for `claims --choices`, written from its description alone.

    python3 choices.py TABLE STUDY CHOICES

recomputes every line of CHOICES from the table and study.json, which describes all its attacks. It prints the number
of lines, and exits with 1, naming the first differences, if a line is missing, is one too many, or says something
else. Numbers that differ by less than SLACK are equal, so that rounding decides nothing.
"""

import csv
import json
import sys
from collections import defaultdict
from itertools import product
from math import comb

import numpy as np

FLOORS, SCALES, SLACK = ["left-out", "kept"], [0.5, 1, 2], 1e-9
FEWEST_SEEDS, FEWEST_POINTS, SHOWN = 5, 4, 5
CLAIMS = {"C1": ("noise", "gradient", "other"), "C2": ("noise",), "C3": ("gradient",)}
THRESHOLDS = {"C1": lambda s: 1 - 0.2 * s, "C2": lambda s: 1 - 0.1 * s, "C3": lambda s: 0.1 * s}
SETTINGS = "claim rule attack matrix method rank_first rank_last clipped floor largest scale".split()
SAID = ["layers_holding", "layers", "verdict", "default"]


def read_table(path):
    """table[rule, estimator][attack][layer, seed]: {strength: point}; a point that lacks a number is None."""
    table = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for row in csv.DictReader(open(path)):
        if row["rule"] and not row.get("epoch"):
            ranks_of_fit = int(row["rank_first"]), int(row["rank_last"])
            estimator = (row.get("matrix") or "covariance", row["method"], *ranks_of_fit)
            accuracy, alpha = row["accuracy"] or row["network_accuracy"], row["alpha"]
            known = accuracy and alpha and row["participation_ratio"]
            point = (float(accuracy), float(alpha), int(row["points"])) if known else None
            curves = table[row["rule"], estimator][row["attack"]]
            curves[int(row["layer"]), int(row["seed"])][float(row["strength"])] = point
    return table


def has_strengths(curves):
    return any(strength > 0 for curve in curves.values() for strength in curve)


def curves_of(attacks, name):
    """curves[layer][seed]: {strength: point}, with the clean images at strength 0."""
    curves = defaultdict(lambda: defaultdict(dict))
    for source in ("clean", name):
        for (layer, seed), points in attacks.get(source, {}).items():
            curves[layer][seed] |= {s: point for s, point in points.items() if source == "clean" or s > 0}
    return curves


def ordered(accuracy, strengths, tie):
    """The points by falling accuracy, and those of nearly the same accuracy by strength."""
    left, order = sorted(range(len(strengths)), key=lambda i: -accuracy[i]), []
    while left:
        group = [i for i in left if accuracy[left[0]] - accuracy[i] <= tie + SLACK]
        order += sorted(group, key=lambda i: strengths[i])
        left = left[len(group) :]
    return np.array(order)


def ranks(values):
    return np.array([(values < v).sum() + (values == v).sum() / 2 for v in values])


def spearman(alpha, accuracy):
    a, b = ranks(alpha) - ranks(alpha).mean(), ranks(accuracy) - ranks(accuracy).mean()
    square = (a**2).sum() * (b**2).sum()
    return (a * b).sum() / np.sqrt(square) if square > 0 else None


def straightness(alpha):
    way = abs(np.diff(alpha)).sum()
    return abs(alpha[-1] - alpha[0]) / way if way > 0 else None


def prominence(curve, place, sign):
    """Of a valley (sign 1) or a peak (-1)."""
    v, extent = sign * curve, curve.max() - curve.min()
    return min(v[:place].max() - v[place], v[place + 1 :].max() - v[place]) / extent if extent > 0 else None


def turning(alphas, seed):
    """The prominence in one seed's curve of the turning point of the others' mean curve."""
    others = np.delete(alphas, seed, axis=0).mean(axis=0)
    found = [(prominence(others, i, sign), i, sign) for i in range(1, len(others) - 1) for sign in (1, -1)]
    if found[0][0] is None:
        return None
    largest = max(found)[0]
    _, place, sign = next(candidate for candidate in found if candidate[0] > largest - SLACK)
    return prominence(alphas[seed], place, sign)


def lower_bound(statistics):
    """The lower confidence bound of the median, or None."""
    m, below, bound = len(statistics), 0, None
    for k, value in enumerate(sorted(statistics)):
        below += comb(m, k)
        if 20 * below > 2**m:
            break
        bound = value
    return bound


def holds(claim, seeds, largest, floor, scale):
    """Whether the claim holds in a layer; None if that is undecided."""
    curves = [{s: p for s, p in curve.items() if p and (largest is None or s <= largest)} for curve in seeds.values()]
    curves = [curve for curve in curves if len(curve) >= FEWEST_POINTS]
    curves = [curve for curve in curves if len({points for _, _, points in curve.values()}) == 1]
    if len(curves) < FEWEST_SEEDS:
        return None
    strengths = sorted(set.intersection(*(set(curve) for curve in curves)))
    if len(strengths) < FEWEST_POINTS:
        return None
    accuracies, alphas = np.array([[curve[s][:2] for s in strengths] for curve in curves]).transpose(2, 0, 1)
    mean = accuracies.mean(axis=0)
    if mean.max() - mean.min() < 0.05 * scale - SLACK:
        return None
    used = ordered(mean, strengths, 0.01 * scale)
    if floor == "left-out":
        above = mean[used] > mean.min() + 0.01 * scale + SLACK
        first_at_floor = np.arange(len(used)) == np.argmin(above)
        used = used[above if claim == "C3" else above | first_at_floor]
    if len(used) < FEWEST_POINTS:
        return None
    accuracies, alphas = accuracies[:, used], alphas[:, used]
    statistics = {
        "C1": lambda seed: spearman(alphas[seed], accuracies[seed]),
        "C2": lambda seed: straightness(alphas[seed]),
        "C3": lambda seed: turning(alphas, seed),
    }
    statistics = [statistics[claim](seed) for seed in range(len(alphas))]
    bound = lower_bound([s for s in statistics if s is not None])
    if bound is None:
        return None
    threshold = THRESHOLDS[claim](scale)
    return bound >= threshold - SLACK if threshold else bound > 0


def verdict(decisions):
    if all(decision is None for decision in decisions):
        return "undecided"
    if all(decisions):
        return "reproduced"
    return "partly" if any(decisions) else "not-reproduced"


def largest_strengths(curves, up_to):
    """The values of up_to, without those that leave as many points as one before."""
    strengths = [s for seeds in curves.values() for curve in seeds.values() for s, point in curve.items() if point]
    left = {}
    for largest in up_to or [None]:
        left.setdefault(sum(largest is None or s <= largest for s in strengths), largest)
    return list(left.values())


def recompute(table, study):
    """What the line of each combination of settings should say."""
    described = {attack["name"]: attack for attack in study["attacks"]}
    attacked = defaultdict(set)  # by rule; subset is no attack, but fewer of the clean images
    for (rule, _), curves in table.items():
        attacked[rule] |= {name for name in curves if name not in ("clean", "subset") and has_strengths(curves[name])}
    main_estimator = ("covariance", "ols", *map(int, study["ranks"][0].split("-")))
    expected = {}
    for (rule, estimator), name in ((key, name) for key in table for name in attacked[key[0]]):
        attack, curves = described[name], curves_of(table[rule, estimator], name)
        if attack.get("control_of"):
            continue
        clipped_of = attack.get("clipped_of")
        claims = [claim for claim, families in CLAIMS.items() if attack["family"] in families]
        largests = largest_strengths(curves, attack.get("up_to"))
        for claim, largest, floor, scale in product(claims, largests, FLOORS, SCALES):
            held = {layer: holds(claim, seeds, largest, floor, scale) for layer, seeds in curves.items()}
            choice = (bool(clipped_of), floor, largest, scale)
            settings = (claim, rule, clipped_of or name, *estimator, *choice)
            said = [sorted(layer for layer in held if held[layer]), len(held), verdict(held.values())]
            is_default = estimator == main_estimator and choice == (False, "left-out", largests[0], 1)
            expected[settings] = (round(THRESHOLDS[claim](scale), 9), *said, is_default)
    return expected


def main(table, study, choices):
    expected = recompute(read_table(table), json.load(open(study)))
    lines = [json.loads(line) for line in open(choices)]
    found = {
        tuple(line[name] for name in SETTINGS): (round(line["threshold"], 9), *(line[name] for name in SAID))
        for line in lines
    }
    print(len(lines))
    either = sorted(expected.keys() | found.keys(), key=str)
    wrong = [f"{s}: {found.get(s)}, not {expected.get(s)}" for s in either if found.get(s) != expected.get(s)]
    if wrong or len(lines) != len(found):
        sys.exit("\n".join([f"{len(wrong)} of {len(found)} differ", *wrong[:SHOWN]]))


main(*sys.argv[1:])
