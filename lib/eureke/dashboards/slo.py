"""What is promised, and how fast the allowance for breaking it is used up: rules.yaml says how."""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

PAGE: Final = 14.4
"""The burn at which somebody is woken."""


def _burn(title: str, question: str, name: str) -> Panel:
    return Panel(
        title=title,
        question=question,
        unit="count",
        limit=PAGE,
        queries=tuple(
            Query(expression=f"eureke:{name}:burn_rate{window}", legend=f"over {window}")
            for window in ("5m", "30s")
        ),
    )


SLO: Final = Board(
    id="slo",
    title="What is promised",
    about="burn of the allowances: 1 lasts exactly for the period, at the broken line somebody is "
    "woken; alerts that fire",
    panels=(
        _burn(
            "Burn: not delivered",
            "99.5 % of what is to be delivered is: how fast is the rest used up?",
            "undelivered",
        ),
        _burn(
            "Burn: slow tasks",
            "99 % of the tasks end within half a second: how fast is the rest used up?",
            "slow_tasks",
        ),
        _burn(
            "Burn: failed requests",
            "99.9 % of the API's answers are not its fault: how fast is the rest used up?",
            "failed_requests",
        ),
        Panel(
            title="Age of the youngest canary",
            question="Does a notification still come through each lane, whatever else is quiet?",
            unit="seconds",
            limit=15.0,
            queries=(Query(expression="eureke_canary_age_seconds", legend="{{lane}}"),),
        ),
        Panel(
            title="Alerts that fire",
            question="What would somebody be told?",
            unit="count",
            stacked=True,
            rare=True,
            queries=(
                Query(
                    expression='sum by (alertname) (ALERTS{alertstate="firing"})',
                    legend="{{alertname}}",
                ),
            ),
        ),
        Panel(
            title="Targets that answer Prometheus",
            question="Can the figures be believed? What does not answer is missing in all of them.",
            unit="count",
            queries=(Query(expression="sum by (job) (up)", legend="{{job}}"),),
        ),
    ),
)
