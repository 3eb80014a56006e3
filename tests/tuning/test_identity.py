"""Which commands may add trials to one study."""

import optuna
import pytest

from genmodels.errors import UsageError
from genmodels.tuning import space, study
from tests.support.played_study import found, run, tuning


def test_another_space_is_another_study(played, tmp_path):
    run(tmp_path)
    with pytest.raises(UsageError, match="holds a study with another --space"):
        run(tmp_path, "loss.margin=50,100")


@pytest.mark.parametrize(
    ("fields", "budget", "words"),
    [
        ({"loss.alpha": 0.25}, {}, r"holds a study with another config: config\.loss\.alpha was 0\.5, is 0\.25\."),
        ({"train.steps": 721}, {}, r"config\.train\.steps was 720, is 721\."),
        ({"model.channels": (4, 4, 4)}, {}, r"config\.model\.channels was \[.*\], is \[4, 4, 4\]\."),
        ({}, {"images": 5}, r"holds a study with another budget: --num was 4, is 5\."),
        ({}, {"pairs": 3}, r"holds a study with another budget: --pairs was 2, is 3\."),
    ],
)
def test_what_could_not_be_compared_is_another_study(played, tmp_path, fields, budget, words):
    run(tmp_path)
    other = tuning(tmp_path)
    config = space.apply(other.config, fields)
    with pytest.raises(UsageError, match=words):
        study.open_study(other._replace(config=config, budget=other.budget._replace(**budget)), None)


def test_a_run_is_no_place_for_a_study(tmp_path):
    (tmp_path / "config.json").touch()
    with pytest.raises(UsageError, match="is the folder of a run: choose another --workdir"):
        study.open_study(tuning(tmp_path), None)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_study_in_which_nothing_was_tried_yet_takes_any_command(played, tmp_path):
    study.open_study(tuning(tmp_path, "loss.margin=1,2"), None)  # for example, its data were then not found
    assert run(tmp_path)
    assert len(found(tmp_path)) == 6


def test_what_alters_no_numbers_may_differ_and_so_may_the_field_that_is_tried(played, tmp_path):
    run(tmp_path)
    other = tuning(tmp_path)
    fields = {"data.dir": "elsewhere", "parallel.devices": 1, "log.every": 7, "loss.margin": 3.0}
    study.open_study(other._replace(config=space.apply(other.config, fields)), None)


def test_a_study_of_an_older_revision_resumes(played, tmp_path):
    opened = optuna.create_study(
        study_name=tmp_path.name, storage=study._storage(tmp_path, None), directions=["minimize", "minimize"]
    )
    opened.set_user_attr("config", {"config.loss.margin": 1.0, "config.seed": 0})  # and fields that have come since
    opened.add_trial(optuna.create_trial(state=optuna.trial.TrialState.FAIL))
    assert run(tmp_path)
    assert len(found(tmp_path)) == 6
