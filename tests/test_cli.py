"""The command line, as a person types it."""

import contextlib
import gc
import json
import os
import re
import signal
import subprocess
import sys
import time

import jax
import pytest
import xarray as xr

from mini import cli, interrupt
from mini.cli import main
from mini.engine import program
from mini.engine.group import Group
from mini.experiment import fields_of
from mini.studies import all_claims, studies


def test_without_words_it_teaches(capsys):
    assert main([]) == 0
    assert "mini reproduce" in capsys.readouterr().out


def test_list_names_everything(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in all_claims())
    assert main(["list", "--json"]) == 0
    (study,) = [s for s in json.loads(capsys.readouterr().out) if s["study"] == "grokking"]
    assert {c["id"] for c in study["claims"]} == {i for i, (s, _) in all_claims().items() if s.name == "grokking"}
    assert all(c["seconds"] > 0 for c in [study, *study["claims"], *study["experiments"]])


@pytest.mark.parametrize("study", studies().values(), ids=str)
def test_every_experiment_says_how_long_it_takes(study):
    assert study.seconds.keys() == study.experiments.keys()


def test_help_shows_every_field_with_default_and_meaning(capsys):
    from mini.experiment import fields_of
    from mini.studies.grokking import Grokking

    with pytest.raises(SystemExit) as end:
        main(["run", "grokking", "--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name in fields_of(Grokking):
        assert f"--{name.replace('_', '-')}" in text
    assert "default: 0.5" in text and "--steps" in text and "modulus" in text


def test_run_writes_a_labelled_file(tmp_path, capsys):
    out = tmp_path / "runs.nc"
    words = ("run grokking --p 11 --width 16 --weight-decay 2 --steps 20 --every 10 --seeds 2 --seed-start 100 "
             f"--sweep corruption=0,0.2 --out {out}").split()
    assert main(words) == 0
    runs = xr.open_dataset(out, engine="h5netcdf")
    assert runs.train_accuracy.dims == ("corruption", "seed", "step")
    assert runs.seed.values.tolist() == [100, 101] and runs.step.values.tolist() == [0, 10, 20]
    for name in ("train_accuracy", "test_accuracy", "train_loss", "test_loss", "corrupted_accuracy",
                 "clean_accuracy", "restored_accuracy"):
        assert name in runs
    assert json.loads(runs.attrs["configuration"])["p"] == 11
    assert "already computed" not in capsys.readouterr().err
    assert main(words) == 0
    assert "4 were already computed" in capsys.readouterr().err


def test_a_static_and_a_traced_field_are_swept_together(tmp_path):
    out = tmp_path / "runs.nc"
    words = (f"run grokking --width 8 --steps 4 --every 2 --seeds 1 --no-spectrum --sweep p=7,11 "
             f"--sweep corruption=0,0.2 --out {out}")
    assert main(words.split()) == 0
    runs = xr.open_dataset(out, engine="h5netcdf")
    assert runs.test_loss.dims == ("p", "corruption", "seed", "step") and runs.sizes["p"] == 2
    assert runs.test_loss.notnull().all() and json.loads(runs.attrs["sweep"]) == {"p": [7, 11], "corruption": [0, 0.2]}


def test_run_takes_another_experiment_and_a_list_of_ticks(tmp_path):
    out = tmp_path / "c.nc"
    assert main(f"run grokking/closed-form --width 48 --p 11 --seeds 1 --out {out}".split()) == 0
    assert xr.open_dataset(out, engine="h5netcdf").accuracy.dims == ("seed", "step")
    assert main(f"run grokking --p 11 --width 8 --steps 100 --every 1,10,100 --seeds 1 --out {out}".split()) == 0
    assert xr.open_dataset(out, engine="h5netcdf").step.values.tolist() == [0, 1, 10, 100]


SMALL = ("run", "grokking", "--p", "7", "--width", "8", "--steps", "20")
BAD = {
    "run groking": "did you mean 'grokking'",
    "rnu grokking": "did you mean 'run'",
    "run grokking/closed": "did you mean 'closed-form'",
    "run grokking --widht 10": "did you mean 'width'",
    "run grokking --train-fraction 1.5": "train_fraction: got 1.5",
    "run grokking --train-fraction 0.0001": "train_fraction: got 0.0001",
    "run grokking --corruption -0.1": "corruption: got -0.1",
    "run grokking --operation multiplication --p 33": "p: got 33, takes a prime",
    "run grokking --p three": "p: got 'three', takes a whole number",
    "run grokking --steps -1": "steps: got -1",
    "run grokking --every 0": "every: got 0",
    "run grokking --every 10,5": "increasing",
    "run grokking --seeds 0": "seeds: got 0",
    "run grokking --weight-decay nan": "weight_decay: got nan",
    "run grokking --activation tanh": "activation: got 'tanh', takes one of square, relu",
    "run grokking --sweep corruption=0,2": "corruption: got 2.0",
    "run grokking --sweep corrupton=0": "did you mean 'corruption'",
    "run grokking --sweep corruption": "name=v1,v2",
    "run grokking --sweep p=a": "sweep p",
    "run grokking --sweep p=11,23 --sweep p=31": "each field once",
    "run grokking --sweep": "sweep: got no value",
    "run grokking --hold data=x": "hold data: got 'x', takes a whole number",
    "run grokking --hold data=0 --hold data=1": "hold: got 'data=1', takes each stream once; data is there already",
    "run grokking --steps 2000000000 --every 1": "every: got 1, takes 2000 or more",
    "run grokking --seeds 2000000000": "seeds: got 2000000000, takes fewer",
    "run grokking --weight-decay 1e39": "weight_decay: got 1e+39, takes a number of 32 bits",
    "run early_learning --noise 0.99999999999": "noise: got 0.99999999999, takes a number in [0, 1)",
    "run early_learning --early-epoch 3000000000": "early_epoch: got 3000000000, takes a whole number of 32 bits",
    "run grokking --hold foo=1 --out new/dir/x.nc": "stream: no 'foo'",
    "run early_learning --sweep dataset=digits,mnist --out new/x.nc": "dataset: mnist",
    "reproduce early_learning --only grokking/delay": "only: got 'grokking/delay', takes claims of early_learning",
    "reproduce forgetting --preset paper --all": "preset: got 'paper', takes laptop",
    "reproduce --only grokking/closed-form-error grokking/transformer --seed-start 4294967288 --out new":
        "seed_start: got 4294967288, takes seeds that end below 2**32",
    "run grokking --out " + "x" * 260: "takes a place that can be written (File name too long)",
    "run grokking --hold data": "hold: got 'data', takes stream=seed",
    "run grokking --hold dta=0": "stream: no 'dta'; did you mean 'data'",
    "run grokking --p": "p: got no value, takes a whole number",
    "run grokking --batch-norm yes": "batch_norm: got 'yes', takes no value",
    "run grokking 31": "option: got '31'",
    "run grokking -p 31": "option: got '-p'",
    "run grokking --strategy fast": "strategy: got 'fast', takes one of",
    "list all": "study: no 'all'",
    "reproduce --only": "only: got no value",
    "run grokking --model transformer --heads 3": "width",
    "reproduce --only grokking/dely": "did you mean 'grokking/delay'",
    "reproduce nothing": "study: no 'nothing'",
    "reproduce --seeds 0": "seeds",
    "figure grokking/curve": "did you mean 'grokking/curves'",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_status_2(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Group, "stream", lambda *a, **k: pytest.fail("training began"))
    assert main(words.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and BAD[words] in said[0], said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["/proc/nowhere/runs.nc", "/dev/null/runs.nc", "/tmp"])
def test_an_output_place_that_cannot_be_written_is_refused_first(place, capsys, monkeypatch):
    monkeypatch.setattr(Group, "stream", lambda *a, **k: pytest.fail("training began"))
    assert main(["run", "grokking", "--out", place]) == 2
    assert "out: got" in capsys.readouterr().err


def test_reproduce_checks_every_file_first(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Group, "stream", lambda *a, **k: pytest.fail("training began"))
    for name in ("report.html", "figures/grokking-curves.svg"):
        place = tmp_path / name.replace("/", "-")
        (place / name).mkdir(parents=True)
        assert main(["reproduce", "grokking", "--out", str(place)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and f"{name}', which is a folder" in said
    assert main(["figure", "grokking/curves", "--out", str(place / "figures")]) == 2
    (tmp_path / "plain" / "figures").parent.mkdir()
    (tmp_path / "plain" / "figures").touch()
    assert main(["reproduce", "grokking", "--out", str(tmp_path / "plain")]) == 2
    assert not list(tmp_path.rglob("claims.json"))


def test_one_study_is_listed_by_its_name(capsys):
    assert main(["list", "schedules"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("schedules: ") and "grokking" not in told
    assert main(["list", "schedule"]) == 2 and "did you mean 'schedules'" in capsys.readouterr().err


def test_a_run_that_diverged_is_no_number_in_the_summary(capsys):
    with pytest.warns(UserWarning, match="diverged"):
        assert main([*SMALL, "--seeds", "2", "--sweep", "learning_rate=0.01,1e30"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("train_loss")]
    assert re.search(r"learning_rate=0.01 +0\.\d+  \(0\.\d+ to 0\.\d+\)$", lines[0])
    assert re.search(r"learning_rate=1e\+30 +none; 2 of 2 seeds diverged$", lines[1])


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], [*SMALL, "--seeds", "1"]])
def test_a_full_output_is_one_line(words, monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(list(words)) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "mini: output: No space left on device"


def test_what_cannot_be_removed_is_not_said_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINI_CACHE", str(tmp_path))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.npz").touch()
    monkeypatch.setattr("mini.cli.shutil.rmtree", lambda *a, **k: None)
    assert main(["cache", "--clear"]) == 2
    said = capsys.readouterr()
    assert "1 of 1 files" in said.err and "removed" not in said.out


def test_reproduce_writes_ledger_report_and_figures(tmp_path, capsys):
    words = f"reproduce grokking --only grokking/closed-form-accuracy --seeds 5 --out {tmp_path}".split()
    assert main(words) == 0
    (entry,) = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert list(entry)[:12] == ["id", "study", "paper", "statement", "published", "published_source", "unit",
                                "criterion", "value", "low", "high", "seeds"]
    assert entry["verdict"] == "reproduced" and len(entry["per_seed"]) == 5
    assert "closed-form-accuracy" in (tmp_path / "report.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(words) == 0
    assert "already computed" in capsys.readouterr().out


def test_a_study_can_be_read_while_the_others_are_still_measured(tmp_path, capsys, monkeypatch):
    from mini import report

    pages, write = [], report.write
    monkeypatch.setattr(report, "write", lambda entries, drawn, path, **more: (
        write(entries, drawn, path, **more), pages.append(path.read_text(encoding="utf-8"))))
    ids = ("grokking/closed-form-accuracy", "early-learning/gradient-identity")
    assert main(["reproduce", "--only", *ids, "--seeds", "5", "--out", str(tmp_path)]) == 0
    first, last = pages
    assert ids[0] in first.replace("<wbr>", "") and ids[1] not in first.replace("<wbr>", "")
    assert "1 claims and figures are still to come" in first and "still to come" not in last
    assert "grokking is in" in capsys.readouterr().out and [i for i in ids if i not in last.replace("<wbr>", "")] == []


def test_a_figure_has_its_numbers_beside_it(tmp_path):
    assert main(f"figure grokking/closed-form --seeds 2 --out {tmp_path}".split()) == 0
    record = json.loads((tmp_path / "grokking-closed-form.json").read_text(encoding="utf-8"))
    assert record["alt"] and record["numbers"][0]["lines"][0]["y"][-1] == pytest.approx(1.0)
    (run,) = record["runs"]
    assert run["seeds"] == [0, 1] and run["versions"]["jax"] and run["configuration"]["p"] == 97
    for kind in ("svg", "png"):
        assert (tmp_path / f"grokking-closed-form.{kind}").stat().st_size > 1000
    first = (tmp_path / "grokking-closed-form.svg").read_bytes()
    assert main(f"figure grokking/closed-form --seeds 2 --out {tmp_path}".split()) == 0
    assert (tmp_path / "grokking-closed-form.svg").read_bytes() == first


def test_what_is_kept_is_told_and_cleared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINI_CACHE", str(tmp_path))
    (tmp_path / "runs/walk").mkdir(parents=True)
    (tmp_path / "runs/walk/a.npz").write_bytes(b"x" * 2**20)
    (tmp_path / "notes.txt").write_text("not ours")
    assert main(["cache"]) == 0
    assert re.search(r"^ +1 finished runs and checkpoints, 1.0 MiB", capsys.readouterr().out)
    assert main(["cache", "--clear"]) == 0
    assert sorted(f.name for f in tmp_path.iterdir()) == ["notes.txt"]


def hear_ctrl_c():
    """What is begun in the background of a shell ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_finished_runs_and_says_how_to_go_on(tmp_path):
    out = tmp_path / "runs.nc"
    environment = os.environ | {"MINI_CACHE": str(tmp_path / "cache")}
    words = [sys.executable, "-m", "mini.cli", *("run grokking --p 23 --width 64 --steps 4000 --every 1000 --seeds 200 "
                                                 f"--out {out}").split()]
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c)
    for _ in range(600):
        time.sleep(0.1)
        if len(list((tmp_path / "cache").rglob("runs/**/*.npz"))) >= 1:
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in said and not out.exists()
    assert list((tmp_path / "cache").rglob("runs/**/*.npz"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_ctrl_c_that_a_library_swallows_is_heard_all_the_same(capsys, tmp_path, monkeypatch):
    """In a callback of the garbage collector, where Python only prints it."""
    def callback(phase, info):
        gc.callbacks.remove(callback)
        signal.raise_signal(signal.SIGINT)

    def collect():
        gc.callbacks.append(callback)
        gc.collect()

    monkeypatch.setattr(program, "make_room", collect)  # which the engine calls before it trains
    monkeypatch.setenv("MINI_CACHE", str(tmp_path))
    assert main(["run", "grokking", "--p", "11", "--width", "16", "--steps", "60000", "--every", "6000", "--seeds", "2"]) == 130
    assert "mini: interrupted; finished runs are kept" in capsys.readouterr().err


def test_a_ctrl_c_during_the_imports_waits_for_them():
    done = []
    with pytest.raises(KeyboardInterrupt), interrupt.heeded(), interrupt.loading():
        signal.raise_signal(signal.SIGINT)
        done.append("loaded")
    assert done and not interrupt.heard.is_set()


def test_whatever_fails_after_a_ctrl_c_is_an_interruption(monkeypatch, capsys):
    def fail(argv):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise ImportError("cut short")

    monkeypatch.setitem(cli.COMMANDS, "list", fail)
    assert main(["list"]) == 130 and capsys.readouterr().err == "\nmini: interrupted\n"


def test_what_xla_has_no_memory_for_is_said_in_one_line(monkeypatch, capsys):
    def fail(argv):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 400000000000 bytes.")

    monkeypatch.setitem(cli.COMMANDS, "list", fail)
    assert main(["list"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "more than the memory holds" in said


@pytest.mark.parametrize("study, name", [(s, n) for s in studies().values() for n in s.experiments])
def test_every_experiment_has_its_options_explained(study, name, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", f"{study.name}/{name}", "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"--{field.replace('_', '-')}" in said for field in fields_of(study.experiments[name]))
