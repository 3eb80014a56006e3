"""What a long job prints about its progress."""

from genmodels.comparison import progress
from genmodels.comparison.progress import Progress, Task


def test_estimates_the_rest_from_the_tasks_of_the_same_phase(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    tasks = [Task("a", "training", 100), Task("a", "figures", 1), Task("b", "training", 300)]
    job = Progress(tasks)
    for task, seconds in zip(tasks, (50, 10, 150), strict=True):
        with job.task(task):
            now[0] += seconds
    first, second, third = capsys.readouterr().out.strip().split("\n\n")
    assert first == "[1 of 3] a: training | 0:00 elapsed"  # nothing is known yet
    assert second == "[2 of 3] a: figures | 0:50 elapsed, about 2:30 left without figures"
    assert third == "[3 of 3] b: training | 1:00 elapsed, about 2:30 left"


def test_tasks_of_a_run_that_failed_are_dropped(capsys):
    tasks = [Task("a", "training", 100), Task("a", "figures", 1), Task("b", "training", 300)]
    job = Progress(tasks)
    for task in (tasks[0], tasks[2]):
        with job.task(task):
            pass
    assert [line.split(" |")[0] for line in capsys.readouterr().out.split("\n") if line] == [
        "[1 of 3] a: training",
        "[3 of 3] b: training",
    ]
