"""The dashboard *Model*: what it answers, how sure it is, and whether that has changed."""

from typing import Final

from deploy.grafana.panels import RED, YELLOW, Panel

_ANSWERS: Final = 'scandid_answers_total{instance=~"$instance"}'
_TOTAL: Final = f"sum(rate({_ANSWERS}[$__rate_interval]))"
_LAST_HOUR: Final = 'scandid:answers:increase1h{label=~"$label"}'
_HELD_OUT: Final = 'max by (label, confidence) (scandid_reference_share{label=~"$label"})'
_DRIFT: Final = {0.1: YELLOW, 0.25: RED}


def _flagged(flag: str) -> str:
    flagged = f'scandid_flagged_answers_total{{instance=~"$instance",flag="{flag}"}}'
    return f"sum(rate({flagged}[$__rate_interval])) / {_TOTAL}"


def _share(flag: str, title: str, description: str, limit: float) -> Panel:
    return Panel(
        title=title,
        description=description,
        unit="percentunit",
        queries={flag: _flagged(flag)},
        kind="figure",
        limits={limit: YELLOW},
        width=4,
        decimals=1,
    )


def _chars(quantile: float) -> str:
    buckets = 'scandid_text_chars_bucket{instance=~"$instance"}'
    return f"histogram_quantile({quantile}, sum by (le) (rate({buckets}[$__rate_interval])))"


PANELS: Final = (
    Panel(
        title="Texts",
        description="Texts answered in a second.",
        unit="cps",
        queries={"texts": _TOTAL},
        kind="figure",
        width=4,
    ),
    _share("ambiguous", "Ambiguous", "Share of texts acceptable in several languages.", 0.3),
    _share("unreliable", "Unreliable", "Share of answers below 95% of expected precision.", 0.1),
    _share("undetermined", "Undetermined", "Share of texts without any letter.", 0.05),
    _share("truncated", "Truncated", "Share of texts longer than the model reads.", 0.2),
    Panel(
        title="Drift of the mix",
        description="Stability index of labels over an hour against held-out texts: below 0.1"
        " nothing has changed, above 0.25 much has.",
        unit="none",
        queries={"index": "max(scandid:label_psi:1h)"},
        kind="figure",
        limits=_DRIFT,
        width=4,
        decimals=2,
    ),
    Panel(
        title="Answers by label",
        description="Share of each label among all answers.",
        unit="percentunit",
        queries={
            "{{label}}": f"sum by (label) (rate({_ANSWERS}[$__rate_interval]))"
            f" / on () group_left () {_TOTAL}"
        },
        kind="areas",
    ),
    Panel(
        title="Confidence below 0.5",
        description="Share of each label's answers that are below it; undetermined texts left out.",
        unit="percentunit",
        queries={
            "{{label}}": "sum by (label) (rate(scandid_answers_total"
            '{instance=~"$instance",confidence="0",label!="und"}[$__rate_interval]))'
            " / sum by (label) (rate(scandid_answers_total"
            '{instance=~"$instance",label!="und"}[$__rate_interval]))'
        },
        limits={0.2: YELLOW},
    ),
    Panel(
        title="Length of texts",
        description="In characters: half of the texts, and 90 % of them, are shorter.",
        unit="none",
        queries={"50 %": _chars(0.5), "90 %": _chars(0.9)},
    ),
    Panel(
        title="Labels now",
        description="Share of each label in the last hour, without undetermined texts.",
        unit="percentunit",
        queries={"{{label}}": "avg by (label) (scandid:label_share:1h)"},
        kind="bars",
        width=6,
    ),
    Panel(
        title="Labels on held-out texts",
        description="Share of each label when the model was made.",
        unit="percentunit",
        queries={"{{label}}": "avg by (label) (scandid:label_share:reference)"},
        kind="bars",
        width=6,
    ),
    Panel(
        title="Confidence now",
        description="Share of the last hour's answers, from each edge of confidence to the next.",
        unit="percentunit",
        queries={
            "from {{confidence}}": f"sum by (confidence) ({_LAST_HOUR})"
            f" / on () group_left () sum({_LAST_HOUR})"
        },
        kind="bars",
        width=6,
    ),
    Panel(
        title="Confidence on held-out texts",
        description="The same when the model was made.",
        unit="percentunit",
        queries={
            "from {{confidence}}": f"sum by (confidence) ({_HELD_OUT})"
            f" / on () group_left () sum({_HELD_OUT})"
        },
        kind="bars",
        width=6,
    ),
    Panel(
        title="Drift of the mix over time",
        description="Stability index of labels. A team that serves one country alone drifts for"
        " good: docs/operations.md says what to do then.",
        unit="none",
        queries={"labels": "max(scandid:label_psi:1h)"},
        limits=_DRIFT,
        width=12,
    ),
    Panel(
        title="Drift of confidence",
        description="Stability index of confidence within each label. Above 0.25 (dashed) it is"
        " not spread as on held-out texts; it alerts where the model is less sure than there.",
        unit="none",
        queries={"{{label}}": 'max by (label) (scandid:confidence_psi:1h{label=~"$label"})'},
        limits=_DRIFT,
        width=12,
    ),
)
