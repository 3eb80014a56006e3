"""Sentences on how trainings went."""

import pytest

from genmodels.report import stability


def compared(**training) -> dict:
    return {"introvae": {"title": "IntroVAE", "runs": 1, "failures": [], "training": {"steps": 100, **training}}}


def test_how_a_game_went():
    last = {"KL(x)": 114.2, "KL(x_r)": 160.0, "KL(x_p)": 177.4, "margin": 170.0}
    played = compared(game={"played": 0.51, "ahead": 0.98, "last": last})
    assert list(stability.sentences(played)) == [
        "The game of IntroVAE took 51 % of its training; KL(x_p) was above KL(x) for 98 % of that. At its end, in "
        "nats: KL(x) 114, KL(x_r) 160, KL(x_p) 177, margin 170.",
        "The one run finished with finite values throughout.",
    ]


@pytest.mark.parametrize(("peak", "said"), [(47.9, False), (48.1, True)])
def test_a_game_that_undoes_its_warm_up_is_named(peak, said):
    errors = [(10, 1.0, 50.0), (20, 2.0, 40.0), (30, 3.0, peak), (100, 9.0, 45.0)]
    played = compared(game={"played": 0.8, "ahead": 0.5, "last": {"KL(x)": 1.0}}, history=errors)
    words = f"the test RMSE was 40.0 before it, rose to {peak} and ended at 45.0; lower learning rates are the remedy."
    assert next(stability.sentences(played)).endswith(words) is said
