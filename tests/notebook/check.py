# Comes after the blocks of doc/notebook.md, whose names it uses: what they read and drew is what stands in
# the files.
import csv


def same(text, value):
    if text == "":
        return pd.isna(value)
    try:
        return float(text) == value
    except ValueError:
        return text in (str(value), str(value).lower())  # True is true


for name, frame in [("table.csv", table), ("summary.csv", summary)]:
    with open(study / name, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(frame) > 0, name
    for column in frame:
        for row, value in zip(rows, frame[column]):
            assert same(row[column], value), (name, column, row[column], value)
assert len(beside) == len(table)
networks = beside[beside.seed.notna() & beside.alpha_sd.notna()].groupby(shared, dropna=False)
assert len(networks) > 0 and networks.deviation.mean().abs().max() < 1e-6

# table.alpha is a column, and table.rank would be a method: no column of any file has such a name.
taken = set(dir(pd.DataFrame))
names = {}
for file in study.rglob("*.csv"):
    names[file] = pd.read_csv(file).columns
for file in [*study.rglob("*.jsonl"), *study.rglob("audit.json")]:
    names[file] = pd.DataFrame(json_lines(file)).columns
assert {file.name for file in names} >= {
    *("table.csv", "summary.csv", "claims.jsonl", "choices.jsonl", "checks.jsonl", "alpha.jsonl", "accuracy.jsonl"),
    *("classes.jsonl", "displacement.jsonl", "history.jsonl", "audit.json"),
}, names
for file, columns in names.items():
    assert not taken & set(columns), (file, taken & set(columns))

# Strengths come back as they were given.
given = set(table.strength[~table.attack.isin(["clean", "subset"])])
checks = json_lines(study / "checks.jsonl")
places = [layer for claim in claims for layer in claim["layers"]]
found = [place.get("strength") for place in [*places, *checks, *(place.get("turn", {}) for place in places)]]
assert {strength for strength in found if strength is not None} == given, found
assert len(judged) == len(places) and len(verdicts) == len(claims)
assert len(decay) > 0 and decay["statistic.low"].notna().any()

# One curve per seed, then the mean, which summary.csv has too.
chosen = summary[(summary.rule == "local") & summary.epoch.isna() & summary.attack.isin(["clean", "fgsm"])]
chosen = chosen[(chosen.method == "ols") & (chosen.rank_first == first) & (chosen.rank_last == last)]
assert len(axes.flat) == chosen.layer.nunique()
for panel, (layer, rows) in zip(axes.flat, chosen.sort_values("strength").groupby("layer")):
    *curves, mean_curve, clean = panel.lines
    assert len(curves) == rows.seeds.iloc[0] and len(mean_curve.get_xdata()) == len(rows)
    np.testing.assert_allclose(mean_curve.get_xdata(), rows.alpha_mean, rtol=1e-12)
    np.testing.assert_allclose(mean_curve.get_ydata(), 100 * rows.accuracy_mean, rtol=1e-12)
    assert clean.get_xdata()[0] == mean_curve.get_xdata()[0]

# The lines drawn through the spectra are NumPy's.
assert len(axis.lines) == 2 * len(fits) == 2 * len(spectrum)
for points, line in zip(axis.lines[::2], axis.lines[1::2]):
    n, fitted = line.get_data()
    slope, intercept = np.polyfit(np.log(n), np.log(points.get_ydata()[first - 1 : last]), 1)
    np.testing.assert_allclose(fitted, np.exp(intercept) * n**slope, rtol=1e-9)

for picture in ["accuracy-alpha.png", "spectra.png"]:
    assert plt.imread(picture).std() > 0.01, picture
