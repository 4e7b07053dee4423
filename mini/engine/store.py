"""Finished runs and checkpoints as files, named by a hash of the configuration and of the code.

Every file is written beside its place and then moved there, so that a kill at any moment leaves
either the old file or the new one.
"""

import functools
import hashlib
import json
import os
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import platformdirs

from mini.engine.program import is_key
from mini.engine.sources import code_hash
from mini.errors import UsageError
from mini.experiment import canonical, fields_of, plain
from mini.files import replaced, sweep_stale
from mini.machine import cores, processor, versions
from mini.plan import Plan


def default_cache() -> Path:
    """The user's cache folder, or the one that MINI_CACHE names."""
    return Path(os.environ.get("MINI_CACHE") or platformdirs.user_cache_dir("mini"))


_versions, _processor = functools.lru_cache(versions), functools.lru_cache(processor)
SETTINGS = ("jax_enable_x64", "jax_default_matmul_precision", "jax_default_prng_impl", "jax_threefry_partitionable")


def _computed_with() -> dict:
    """Packages, hardware and settings that show in a run's numbers, if only in their last bits."""
    return {"versions": _versions(), "platform": jax.default_backend(), "device": jax.devices()[0].device_kind,
            "processor": _processor(), "cores": cores(),  # a matrix product is split among them
            "flags": os.environ.get("XLA_FLAGS", ""), "optimised": not jax.config.read("jax_disable_most_optimizations"),
            **{name: str(getattr(jax.config, name)) for name in SETTINGS}}


def digest(shared) -> str:
    """A hash of what all runs of an experiment share: a data set, a text."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves(shared):
        array = np.ascontiguousarray(leaf)
        found.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return found.hexdigest()[:16]


def identity(plan: Plan, point, seed: int, layout: str, data: str) -> dict:
    """What decides the numbers of one run, as plain JSON; `data` is the digest of what is shared."""
    cls, exact = type(point), canonical(point)  # 1 and 1.0 are one run
    return {
        "experiment": f"{cls.__module__}.{cls.__qualname__}",
        "fields": {name: plain(getattr(exact, name)) for name in fields_of(cls)},
        "ticks": plan.length,
        "records": [int(t) for t in plan.records()],
        "seed": int(seed),
        "hold": {k: int(v) for k, v in plan.hold.items()},
        "layout": layout,
        "data": data,
        "code": code_hash(cls),
        **_computed_with(),
    }


class Store:
    """One folder of finished runs (`.npz`) and checkpoints (`.part.npz`)."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def check(self) -> None:
        """Refuse a folder that cannot be written, before anything is computed; clear what a kill left there."""
        probe = self.folder / f".probe.{os.getpid()}"
        _write(probe, {"probe": np.zeros(512)})
        probe.unlink(missing_ok=True)
        sweep_stale(self.folder / "runs")

    def path(self, who: dict) -> Path:
        text = json.dumps(who, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        return self.folder / "runs" / who["experiment"].rsplit(".", 1)[-1].lower() / f"{name}.npz"

    def load(self, who: dict) -> dict[str, np.ndarray] | None:
        """A finished run, or None where there is none that can be read."""
        return _read(self.path(who), who)

    def save(self, who: dict, arrays: dict[str, np.ndarray]) -> None:
        path = self.path(who)
        _write(path, arrays | _named(who))
        path.with_suffix(".part.npz").unlink(missing_ok=True)

    def load_part(self, who: dict) -> dict[str, np.ndarray] | None:
        return _read(self.path(who).with_suffix(".part.npz"), who)

    def save_part(self, who: dict, arrays: dict[str, np.ndarray]) -> None:
        _write(self.path(who).with_suffix(".part.npz"), arrays | _named(who))


def _named(who: dict) -> dict[str, np.ndarray]:
    return {"_identity": np.array(json.dumps(who, sort_keys=True))}


def _write(path: Path, arrays: dict) -> None:
    try:
        with replaced(path) as beside, beside.open("wb") as file:
            np.savez(file, **arrays, _names=sorted(arrays))
    except OSError as error:
        raise UsageError(f"cache: {str(path.parent)!r} cannot be written ({error.strerror or error}); "
                         "MINI_CACHE names another folder") from None


def _read(path: Path, who: dict) -> dict[str, np.ndarray] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        whole = arrays.pop("_names").tolist() == sorted(arrays)
        return arrays if whole and arrays.pop("_identity").item() == _named(who)["_identity"].item() else None
    except Exception:  # a damaged zip raises nearly anything
        return None  # missing, damaged or another run's: it is computed again


def pack(state) -> dict[str, np.ndarray]:
    """A state's leaves as plain arrays, keyed by their place in the tree."""
    return {f"state{i}": np.asarray(jax.random.key_data(x) if is_key(x) else x)
            for i, x in enumerate(jax.tree.leaves(state))}


def unpack(like, arrays: dict[str, np.ndarray]):
    """The inverse of `pack`, for a state of the same form."""
    leaves, tree = jax.tree.flatten(like)
    restored = [jax.random.wrap_key_data(jnp.asarray(arrays[f"state{i}"]), impl=jax.random.key_impl(x))
                if is_key(x) else jnp.asarray(arrays[f"state{i}"]) for i, x in enumerate(leaves)]
    return jax.tree.unflatten(tree, restored)


def compile_cache(folder: Path | None = None) -> None:
    """Keep compiled programs between processes, in the user's own folder, unless JAX_COMPILATION_CACHE_DIR names another."""
    if folder is None and "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    warnings.filterwarnings("ignore", "Error (writing|reading) persistent compilation cache")  # then it compiles anew
    jax.config.update("jax_compilation_cache_dir", str((folder or default_cache()) / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
