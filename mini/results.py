"""Labelled results with their provenance, as `xarray.Dataset`s, and their files (NetCDF, by h5netcdf)."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
import xarray as xr

from mini.errors import UsageError, unknown
from mini.experiment import fields_of, plain
from mini.files import output
from mini.machine import versions
from mini.plan import Plan


def blank(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array of what is not computed yet: NaN, or -1 for whole numbers, or False."""
    kinds = {"f": np.nan, "c": np.nan, "i": -1}
    fill = kinds.get(np.dtype(dtype).kind, 0)
    return np.full(shape, fill, dtype)


def label(plan: Plan, point, traced: Mapping[str, list], measured: Mapping[str, np.ndarray],
          examined: Mapping[str, np.ndarray]) -> xr.Dataset:
    """The runs of one compilation as a dataset.

    Args:
      point: an experiment of the group, for its static fields and its labels.
      traced: swept traced names with their values; the leading dims of every array, then `seed`.
      measured: name -> (*traced, seed, clock, own dims); examined: the same without the clock.
    """
    cls = type(point)
    lead = (*traced, "seed")
    own = point.coords()
    variables = {}
    for name, array in [*measured.items(), *examined.items()]:
        about = cls.variables[name]
        dims = (*lead, *((cls.clock,) if name in measured else ()), *about.dims)
        if len(dims) != array.ndim:
            raise UsageError(f"{cls.__name__}: {name!r} has {array.ndim - len(dims) + len(about.dims)} dims "
                             f"of its own, `variables` declares {about.dims}")
        variables[name] = (dims, array, {"units": about.unit, "long_name": about.long_name})
    coords = {"seed": plan.seed_values(), cls.clock: plan.records()}
    coords |= {name: list(values) for name, values in traced.items()}
    for name, (dims, array, _) in variables.items():
        for dim, size in zip(dims, array.shape):
            there = len(coords.setdefault(dim, own.get(dim, np.arange(size))))
            if size != there:
                raise UsageError(f"{cls.__name__}: {name!r} has {size} places along {dim!r}, "
                                 f"another variable or `coords` {there}")
    return _say_fields(xr.Dataset(variables, coords), cls)


def _say_fields(dataset: xr.Dataset, cls) -> xr.Dataset:
    """Give swept fields their unit and meaning."""
    for name, about in fields_of(cls).items():
        if name in dataset.coords:
            dataset[name].attrs.update(units=about.unit, long_name=about.meaning)
    return dataset


def join(plan: Plan, groups: Mapping[tuple, xr.Dataset]) -> xr.Dataset:
    """Datasets of several static points as one, by the outer join of their dims."""
    static = plan.swept(traced=False)
    if not static:
        (dataset,) = groups.values()
        return dataset.assign_attrs(configuration=configuration(plan))
    cls = type(plan.experiment)
    labelled = {values: _say_fields(group.expand_dims(dict(zip(static, [[v] for v in values]))), cls)
                for values, group in groups.items()}
    # Without a fill of their own, whole numbers and truth values would become floats where shapes differ.
    fill = {name: blank((), array.dtype)[()] for part in labelled.values() for name, array in part.items()}

    def nest(prefix):
        if len(prefix) == len(static):
            begun = labelled.get(prefix)
            return xr.Dataset(coords=dict(zip(static, [[v] for v in prefix]))) if begun is None else begun
        return [nest((*prefix, value)) for value in plan.sweep[static[len(prefix)]]]

    joined = xr.combine_nested(nest(()), concat_dim=static, join="outer", compat="no_conflicts",
                               data_vars="all", coords="minimal", combine_attrs="drop_conflicts",
                               fill_value=fill)
    lead = [*plan.sweep, "seed", cls.clock]
    return joined.transpose(*lead, ..., missing_dims="ignore").assign_attrs(configuration=configuration(plan))


def configuration(plan: Plan) -> str:
    """The fields of a plan's experiment as JSON."""
    return json.dumps({name: plain(getattr(plan.experiment, name)) for name in fields_of(type(plan.experiment))})


def setting(runs: xr.Dataset, name: str):
    """A field of the experiment that a result came from: one value, or, where it was swept, its values along that dim.

    >>> runs = xr.Dataset(coords={"p": [5, 7]}, attrs={"configuration": '{"p": 5, "noise": 0.25}'})
    >>> setting(runs, "noise"), setting(runs, "p").values.tolist()
    (0.25, [5, 7])
    """
    fields = json.loads(runs.attrs["configuration"])
    if name not in fields:
        raise unknown("field", name, fields)
    return runs[name] if name in runs.coords else fields[name]


def provenance(plan: Plan, **more) -> dict:
    """What a result says about its own origin, in plain text and numbers, as NetCDF attributes take them."""
    cls = type(plan.experiment)
    return {
        "experiment": f"{cls.__module__}.{cls.__qualname__}",
        "configuration": configuration(plan),
        "sweep": json.dumps({k: [plain(v) for v in values] for k, values in plan.sweep.items()}),
        "hold": json.dumps({k: plain(seed) for k, seed in plan.hold.items()}),
        "versions": json.dumps(versions()),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores" + _accelerator(),
        **more,
    }


def _accelerator() -> str:
    """What computes, if it is not the CPU."""
    return "" if jax.default_backend() == "cpu" else f", {jax.devices()[0].device_kind}"


def save(dataset: xr.Dataset, path: Path) -> None:
    """Write a result whole or not at all."""
    with output(path) as beside:
        beside.write_bytes(dataset.to_netcdf(engine="h5netcdf"))  # HDF5 itself crashes where a disk is full


def open_result(path: Path) -> xr.Dataset:
    """Read a result; a truncated or foreign file is refused in one line."""
    try:
        dataset = xr.load_dataset(path, engine="h5netcdf")
    except FileNotFoundError:
        raise UsageError(f"results: no file {str(path)!r}") from None
    except Exception as error:  # h5py raises OSError, KeyError or ValueError, depending on where the file is damaged
        raise UsageError(f"results: {str(path)!r} is not a whole NetCDF file "
                         f"({type(error).__name__})") from None
    if "configuration" not in dataset.attrs:
        raise UsageError(f"results: {str(path)!r} was not written by `mini run`: it has no configuration")
    return dataset


def summary(dataset: xr.Dataset, cls) -> str:
    """The last value of every curve, and what was looked at once: mean over the seeds that did not diverge, and their range."""
    names = [n for n in cls.variables if n in dataset and not cls.variables[n].dims]
    ended = dataset["diverged_at"] < 0
    final = {n: _last(dataset[n], cls.clock).astype(float).where(ended) for n in names}
    if not names:
        kept = ", ".join(f"{n} ({', '.join(about.dims)})" for n, about in cls.variables.items() if n in dataset)
        return f"nothing measured here is a single number; with --out FILE it is kept: {kept}"
    swept = [d for d in final[names[0]].dims if d != "seed"]
    if not swept:
        return "\n".join(f"{n:<22} {_of_seeds(array, ended)}" for n, array in final.items())
    points = xr.Dataset({**final, "ended": ended}).stack(point=swept).transpose("point", "seed")
    heads = [", ".join(f"{d}={v}" for d, v in zip(swept, value)) for value in points["point"].values]
    return "\n".join(f"{n:<22} {head:<24} {_of_seeds(row, there)}" for n in names
                     for head, row, there in zip(heads, points[n], points["ended"]))


def _last(array, clock: str):
    """What was measured last: where lengths differ, shorter runs are missing at the end."""
    if clock not in array.dims:
        return array
    there = array.notnull()
    last = (there.sizes[clock] - 1 - there.isel({clock: slice(None, None, -1)}).argmax(clock)).where(there.any(clock), 0)
    return array.isel({clock: last.astype(int)}).drop_vars(clock)


def _of_seeds(array, ended) -> str:
    """Mean and range, and how many seeds are left out of them because they diverged."""
    lost = int((~ended).sum())
    said = f"{float(array.mean()):.4g}  ({float(array.min()):.4g} to {float(array.max()):.4g})" if lost < ended.size else "none"
    return said + (f"; {lost} of {ended.size} seeds diverged" if lost else "")
