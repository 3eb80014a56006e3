import json

from genmodels import runs
from genmodels.methods import Game

TERMS = Game(real="KL(x)", fake="KL(x_p)", shown=("KL(x)", "KL(x_r)", "KL(x_p)", "margin"), remedy="")


def test_how_a_game_went(tmp_path):
    terms = {"images/s": 9.0, "KL(x)": 50.0, "KL(x_r)": 55.0, "margin": 60.0}
    lines = [
        {"step": 1, "images/s": 9.0, "KL(x)": 40.0},
        {"step": 2} | terms | {"KL(x_p)": 49.0},
        {"step": 2, "test/rmse": 30.0},
        {"step": 3} | terms | {"KL(x_p)": 50.0},
        {"step": 4} | terms | {"KL(x_p)": 58.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:1]))
    assert runs.game(tmp_path, TERMS) is None
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    last = {"KL(x)": 50.0, "KL(x_r)": 55.0, "KL(x_p)": 58.0, "margin": 60.0}
    assert runs.game(tmp_path, TERMS) == runs.Course(3 / 4, 1 / 3, last)
    assert runs.game(tmp_path, None) is None  # the method has no game


def test_a_game_without_a_margin_has_a_course_too(tmp_path):
    line = {"step": 1, "images/s": 9.0, "KL(x)": 50.0, "KL(x_p)": 58.0}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert runs.game(tmp_path, TERMS).last == {"KL(x)": 50.0, "KL(x_p)": 58.0}
