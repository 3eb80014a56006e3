"""What a long job says of itself."""

from genmodels import progress
from genmodels.progress import Progress, Task


def test_estimates_the_rest_from_the_tasks_of_the_same_phase(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    job = Progress([Task("a", "training", 100), Task("a", "figures", 1), Task("b", "training", 300)])
    for seconds in (50, 10, 150):
        with job.task():
            now[0] += seconds
    first, second, third = capsys.readouterr().out.strip().split("\n\n")
    assert first == "[1 of 3] a: training | 0:00 gone"  # nothing is known yet
    assert second == "[2 of 3] a: figures | 0:50 gone, about 2:30 left besides figures"
    assert third == "[3 of 3] b: training | 1:00 gone, about 2:30 left"
