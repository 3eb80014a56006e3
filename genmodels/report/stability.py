"""Sentences on how trainings went: failures, and the games of the introspective methods."""

from collections.abc import Iterator
from typing import Any

from genmodels import methods
from genmodels.comparison.rows import method, trained

THROWN_BACK = 1.2  # a test RMSE above that of the warm-up by this factor: in published games that were won it fell


def sentences(compared: dict[str, dict]) -> Iterator[str]:
    """What failed, and how each game went."""
    failed = {row["title"]: row["failures"] for row in compared.values() if row.get("failures")}
    for title, failures in failed.items():
        yield f"{title} failed in {len(failures)} of its runs: {'; '.join(failures)}"
    for name, row in compared.items():
        terms = methods.SPECS[method(compared, name)].game
        if terms and (game := row.get("training", {}).get("game")):
            nats = ", ".join(f"{term} {value:.0f}" for term, value in game["last"].items())
            yield (
                f"The game of {row['title']} took {100 * game['played']:.0f} % of its training; {terms.fake} was above "
                f"{terms.real} for {100 * game['ahead']:.0f} % of that. "
                f"At its end, in nats: {nats}.{_thrown_back(row['training'])}"
            )
    if not failed:
        count = sum(row.get("runs", 0) for row in trained(compared).values())
        runs = {1: "The one run", 2: "Both runs"}.get(count, f"All {count} runs")
        yield f"{runs} finished with finite values throughout."


def _thrown_back(training: dict[str, Any]) -> str:
    """That a game undid what its warm-up had learned, if it did, according to the test RMSE over training."""
    start = round((1 - training["game"]["played"]) * training["steps"])
    history = training.get("history") or []
    before = [rmse for step, _, rmse in history if step <= start]
    during = [rmse for step, _, rmse in history if step > start]
    if not before or not during or max(during) < THROWN_BACK * before[-1]:
        return ""
    return (
        f" It undid what the warm-up had learned: the test RMSE was {before[-1]:.1f} before it, rose to "
        f"{max(during):.1f} and ended at {during[-1]:.1f}; lower learning rates are the remedy."
    )
