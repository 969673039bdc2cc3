"""The dashboard *Service*: rate, errors and duration of requests, saturation, and budgets."""

from typing import Final

from deploy.grafana.panels import GREEN, RED, YELLOW, Panel

_REQUESTS: Final = 'scandid_request_duration_seconds_count{instance=~"$instance",route=~"$route"%s}'
_BUCKETS: Final = (
    'scandid_request_duration_seconds_bucket{instance=~"$instance",route=~"$route",status="200"}'
)
_FAILED: Final = 'status=~"5.."'
_REFUSED: Final = 'status=~"4.."'


def _rate(more: str = "", by: str = "") -> str:
    requests = _REQUESTS % (f",{more}" if more else "")
    return f"sum{f' by ({by})' if by else ''} (rate({requests}[$__rate_interval]))"


def _share(more: str) -> str:
    """Of all requests; no series of such a status is a share of 0, not a gap."""
    return f"(({_rate(more)}) or vector(0)) / {_rate()}"


def _quantile(quantile: float, buckets: str = _BUCKETS) -> str:
    return f"histogram_quantile({quantile}, sum by (le) (rate({buckets}[$__rate_interval])))"


def _named(name: str) -> str:
    return name + '{instance=~"$instance"}'


PANELS: Final = (
    Panel(
        title="Requests",
        description="Requests answered in a second, on the routes chosen above.",
        unit="reqps",
        queries={"requests": _rate()},
        kind="figure",
        width=4,
    ),
    Panel(
        title="Failed",
        description="Share of requests answered with 5xx. The objective is at most 0.1 %.",
        unit="percentunit",
        queries={"failed": _share(_FAILED)},
        kind="figure",
        limits={0.001: YELLOW, 0.01: RED},
        width=4,
        decimals=2,
    ),
    Panel(
        title="Half answered within",
        description="Median time from a request's headers to its answer's last byte.",
        unit="s",
        queries={"p50": _quantile(0.5)},
        kind="figure",
        limits={0.025: YELLOW, 0.1: RED},
        width=4,
    ),
    Panel(
        title="99 % answered within",
        description="The objective is 100 ms. Long lists of texts take longer than single ones.",
        unit="s",
        queries={"p99": _quantile(0.99)},
        kind="figure",
        limits={0.05: YELLOW, 0.1: RED},
        width=4,
    ),
    Panel(
        title="Workers ready",
        description="Share of the workers there should be that take texts.",
        unit="percentunit",
        queries={
            "ready": f"sum({_named('scandid_workers_ready')})"
            f" / sum({_named('scandid_workers_wanted')})"
        },
        kind="figure",
        base=RED,
        limits={0.5: YELLOW, 1: GREEN},
        width=4,
        decimals=0,
    ),
    Panel(
        title="Error budget left",
        description="Of the failures that 99.9 % over three days allow, the share not used up.",
        unit="percentunit",
        queries={"left": "clamp_min(1 - max(scandid:error_ratio:3d) / 0.001, 0)"},
        kind="figure",
        base=RED,
        limits={0: YELLOW, 0.5: GREEN},
        width=4,
        decimals=0,
    ),
    Panel(
        title="Requests by status",
        description="499 are clients that left before they were answered.",
        unit="reqps",
        queries={"{{status}}": _rate(by="status")},
        kind="areas",
    ),
    Panel(
        title="Failed and refused",
        description="5xx are faults of the service, 4xx of clients. Dashed: the objective for 5xx.",
        unit="percentunit",
        queries={"5xx": _share(_FAILED), "4xx": _share(_REFUSED)},
        limits={0.001: RED},
    ),
    Panel(
        title="Duration of answers",
        description="How long answers with status 200 took. Dashed: the objective for 99 %.",
        unit="s",
        queries={"50 %": _quantile(0.5), "90 %": _quantile(0.9), "99 %": _quantile(0.99)},
        limits={0.1: RED},
    ),
    Panel(
        title="Budget burn",
        description="How many times faster than allowed budgets are spent. 1 can go on for ever;"
        " 14.4 (dashed) is 2 % of a month's budget in an hour, and pages from ten of them on.",
        unit="none",
        queries={
            "errors, 1 h": "max(scandid:error_ratio:1h) / 0.001",
            "errors, 6 h": "max(scandid:error_ratio:6h) / 0.001",
            "slow, 1 h": "max(scandid:slow_ratio:1h) / 0.01",
            "slow, 6 h": "max(scandid:slow_ratio:6h) / 0.01",
        },
        limits={1: YELLOW, 14.4: RED},
    ),
    Panel(
        title="At work and waiting",
        description="Requests being answered, and texts that wait for the model. A queue that"
        " stays long means too few workers.",
        unit="short",
        queries={
            "requests in flight": f"sum({_named('scandid_requests_in_flight')})",
            "texts queued": f"sum({_named('scandid_queued_texts')})",
        },
        limits={4096: RED},
    ),
    Panel(
        title="Turned away",
        description="Requests in a second that failed, or were refused before they were read.",
        unit="reqps",
        queries={
            "{{code}}": "sum by (code) (rate(scandid_problems_total{"
            'instance=~"$instance",code=~"overloaded|not_ready|internal_error"}[$__rate_interval]))'
        },
        limits={0.1: RED},
    ),
    Panel(
        title="Texts in a model call",
        description="Requests that arrive together share a call: more texts a call mean more load.",
        unit="none",
        queries={
            "mean": f"sum(rate({_named('scandid_batch_texts_sum')}[$__rate_interval]))"
            f" / sum(rate({_named('scandid_batch_texts_count')}[$__rate_interval]))",
            "90 %": _quantile(0.9, _named("scandid_batch_texts_bucket")),
        },
        limits={32: YELLOW},
    ),
    Panel(
        title="Waiting and computing",
        description="99 % of batches wait for their model call, and of calls take, no longer than.",
        unit="s",
        queries={
            "waiting": _quantile(0.99, _named("scandid_batch_wait_seconds_bucket")),
            "computing": _quantile(0.99, _named("scandid_model_call_seconds_bucket")),
        },
        limits={0.1: RED},
    ),
    Panel(
        title="Bytes in and out",
        description="Bodies of requests and of answers, in bytes a second.",
        unit="Bps",
        queries={
            way: f"sum(rate(scandid_{name}_bytes_total"
            '{instance=~"$instance",route=~"$route"}[$__rate_interval]))'
            for way, name in (("in", "request"), ("out", "response"))
        },
    ),
)
