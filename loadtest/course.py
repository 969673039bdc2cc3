"""The course of a load test as a picture: throughput, waits, CPU and memory by the second."""

import csv
import math
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def plot_course(watch_csv: Path, history_csv: Path, picture: Path) -> None:
    """Draw what the watch and Locust wrote during one test."""
    watch, history = columns(watch_csv, {}), columns(history_csv, {"Name": "Aggregated"})
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    start = history["Timestamp"][0] if history["Timestamp"] else 0.0
    moments = [moment - start for moment in history["Timestamp"]]

    load, waits, cpu, memory = axes.flat
    load.plot(watch["second"], watch["answered"], label="requests/s")
    users = load.twinx()  # on the scale of the requests they would be a line along the bottom
    users.plot(watch["second"], watch["users"], color="grey", linestyle=":")
    users.set(ylim=(0, None), ylabel="users (dotted)")
    for percentile, by_second in waits_by_second(history).items():
        waits.plot(moments, by_second, label=percentile)
    for who in ("server", "client"):
        cpu.plot(watch["second"], watch[f"{who}_cores"], label=who)
        memory.plot(watch["second"], watch[f"{who}_rss_mb"], label=who)
    titles = ("Load", "Time to the answer, ms, of the last 10 s", "Busy cores", "Memory, MB")
    for axis, title in zip(axes.flat, titles, strict=True):
        axis.set(title=title, xlabel="seconds", ylim=(0, None))
        axis.legend()
    figure.savefig(picture, dpi=100)
    plt.close(figure)


def waits_by_second(history: dict[str, list[float]]) -> dict[str, list[float]]:
    """Percentiles; a gap where nothing was answered, which Locust writes as waits of 0 ms."""
    return {
        percentile: [
            wait if most else math.nan
            for wait, most in zip(history[percentile], history["99%"], strict=True)
        ]
        for percentile in ("50%", "95%", "99%")
    }


def columns(path: Path, where: dict[str, str]) -> dict[str, list[float]]:
    """The numeric columns of the rows that match; what is no number becomes a gap in the line."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if where.items() <= row.items()]
        return {name: [_number(row[name]) for row in rows] for name in reader.fieldnames or ()}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
