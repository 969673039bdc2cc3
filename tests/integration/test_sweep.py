"""Sweeps and ``mlflow run``: nested runs, the same trials again, and going on after a failure."""

import subprocess
import sys
from pathlib import Path

import pytest

from scandid import InputError
from tests.integration import tracker
from tests.integration.mlflow_server import refuse
from tests.integration.runs import ROOT, SAMPLE, clean_environment, run_python
from training.sweep import Trial, draw, read_space, table

pytestmark = pytest.mark.filterwarnings("ignore")

SPACE = "hidden = [4, 5]\nlearning-rate = [0.001, 0.002]\n"


def test_a_trial_is_the_same_in_every_sweep(tmp_path: Path) -> None:
    """A seed and a number give the same values; another seed draws others for some number."""
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    space = read_space(path)
    first = [draw(space, 1, number, tmp_path).values for number in range(20)]
    assert first == [draw(space, 1, number, tmp_path).values for number in range(20)]
    assert first != [draw(space, 2, number, tmp_path).values for number in range(20)]
    assert all(values["hidden"] in (4, 5) for values in first)


def test_words_are_values_too(tmp_path: Path) -> None:
    """A flag that takes a word is varied and shown like a number; what is neither is named."""
    path = tmp_path / "space.toml"
    path.write_text('architecture = ["lstm"]\nhidden = [4.0]\n')
    trial: Trial = draw(read_space(path), 1, 1, tmp_path)
    assert table([trial]) == "0.0000  trial-001  architecture lstm  hidden 4"
    path.write_text("freeze-tables = [true]\n")
    with pytest.raises(InputError, match="freeze-tables: True is no number and no word"):
        read_space(path)


def test_a_sweep_goes_on_where_it_broke(tmp_path: Path) -> None:
    """A failed trial is named; the next sweep keeps what finished; each is a nested run.

    A tracker that fails at the end costs a line, not the table.
    """
    (tmp_path / "space.toml").write_text(SPACE)
    (tmp_path / "runs/sweep/trial-002").mkdir(parents=True)
    (tmp_path / "runs/sweep/trial-002/run.json").write_text('{"flags": {"seed": 9}}')
    words = ["-m", "training.sweep", "--space", "space.toml", "--trials", "2", "--jobs", "2"]
    words += ["--track", "--", "--data", str(SAMPLE), "--dim", "4", "--batch", "16"]
    words += ["--steps", "4", "--evaluate-every", "2"]
    done = run_python(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "trial-002/train.log" in done.stderr
    (tmp_path / "runs/sweep/trial-002/run.json").unlink()
    kept = (tmp_path / "runs/sweep/trial-001/best.pt").stat().st_mtime_ns
    done = run_python(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert (tmp_path / "runs/sweep/trial-001/best.pt").stat().st_mtime_ns == kept
    longer = run_python(*words[:-3], "6", *words[-2:], cwd=tmp_path)
    assert longer.returncode == 2
    assert "trial-001 was trained with --steps 4, now it is 6; name another" in longer.stderr
    found = tracker.runs(tracker.local(tmp_path))
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in found if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert {run.info.run_name for run in children} == {"trial-001", "trial-002"}
    assert "sweep/best_score" in parent.data.metrics
    refuse(tmp_path / "mlflow.db", "metrics", "NEW.key = 'sweep/best_score'")
    done = run_python(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "Traceback" not in done.stderr
    assert f"run {parent.info.run_id} is not ended: the same command ends it later" in done.stderr


def test_mlflow_runs_the_project(tmp_path: Path) -> None:
    """``mlflow run`` trains, and the run it made is the one that holds the scores."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-W", "ignore", "-m", "mlflow", "run", str(ROOT)]
    command += ["--env-manager", "local", "--experiment-name", "scandid", "-P", f"data={SAMPLE}"]
    command += ["-P", "steps=2", "-P", "minutes=1", "-P", f"out={tmp_path / 'run'}"]
    path = f"{Path(sys.executable).parent}:{clean_environment()['PATH']}"
    variables = clean_environment(MLFLOW_TRACKING_URI=uri, PATH=path)
    done = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (run,) = tracker.runs(tracker.local(tmp_path))
    assert "best/macro_f1" in run.data.metrics
    assert run.info.status == "FINISHED"
