"""The dashboard *Workers*: the processes, what they use, and what they are built from."""

from typing import Final

from deploy.grafana.panels import GREEN, RED, YELLOW, Panel


def _at(name: str) -> str:
    return name + '{instance=~"$instance"}'


PANELS: Final = (
    Panel(
        title="Workers",
        description="Worker processes there are.",
        unit="none",
        queries={"workers": f"sum({_at('scandid_workers')})"},
        kind="figure",
        base=RED,
        limits={1: GREEN},
        width=6,
    ),
    Panel(
        title="Ready",
        description="Workers that take texts: their model repeats its golden examples.",
        unit="none",
        queries={"ready": f"sum({_at('scandid_workers_ready')})"},
        kind="figure",
        base=RED,
        limits={1: GREEN},
        width=6,
    ),
    Panel(
        title="Model refused",
        description="Workers whose model is missing, or does not repeat its golden examples.",
        unit="none",
        queries={"refused": f"sum({_at('scandid_workers_unverified')})"},
        kind="figure",
        limits={1: RED},
        width=6,
    ),
    Panel(
        title="Replaced",
        description="Workers that ended unasked in the last hour. A reload ends none so.",
        unit="none",
        queries={"replaced": f"sum(increase({_at('scandid_worker_restarts_total')}[1h]))"},
        kind="figure",
        limits={1: YELLOW, 10: RED},
        width=6,
        decimals=0,
    ),
    Panel(
        title="Processor time",
        description="Cores that each process keeps busy. A worker uses one at the most.",
        unit="none",
        queries={
            "{{instance}} {{process}}": f"rate({_at('scandid_process_cpu_seconds_total')}"
            "[$__rate_interval])"
        },
        limits={0.9: RED},
        width=12,
        decimals=2,
    ),
    Panel(
        title="Memory",
        description="Resident memory of each process. It rises in the first hour and then stays.",
        unit="bytes",
        queries={"{{instance}} {{process}}": _at("scandid_process_resident_bytes")},
        limits={512 * 2**20: RED},
        width=12,
    ),
    Panel(
        title="Wanted and ready",
        description="The lines are one, except while workers start.",
        unit="none",
        queries={
            "wanted": f"sum({_at('scandid_workers_wanted')})",
            "running": f"sum({_at('scandid_workers')})",
            "ready": f"sum({_at('scandid_workers_ready')})",
        },
    ),
    Panel(
        title="Model calls",
        description="Calls of the model in a second, by instance.",
        unit="cps",
        queries={
            "{{instance}}": "sum by (instance) (rate("
            f"{_at('scandid_model_call_seconds_count')}[$__rate_interval]))"
        },
    ),
    Panel(
        title="Busy with the model",
        description="Share of the workers' time that is spent in the model. Near 1 there is no"
        " room for more.",
        unit="percentunit",
        queries={
            "{{instance}}": "sum by (instance) (rate("
            f"{_at('scandid_model_call_seconds_sum')}[$__rate_interval]))"
            f" / sum by (instance) ({_at('scandid_workers')})"
        },
        limits={0.7: YELLOW, 0.9: RED},
    ),
    Panel(
        title="Model",
        description="Version and digest of the model; several while one replaces another.",
        unit="none",
        queries={
            "{{version}} {{sha256}}": f"count by (version, sha256) ({_at('scandid_model_info')})"
        },
        kind="bars",
        width=12,
    ),
    Panel(
        title="Built from",
        description="Versions of the service and of what carries it, by how many instances run it.",
        unit="none",
        queries={
            "scandid {{scandid}}, python {{python}}, onnxruntime {{onnxruntime}}": "count by"
            f" (scandid, python, onnxruntime) ({_at('scandid_build_info')})"
        },
        kind="bars",
        width=12,
    ),
)
