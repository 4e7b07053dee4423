"""JAX made strict, two devices, and a cache folder of the session's own.

Types promote strictly only in tests that ask for `strict`: Adam in optax raises a float to a whole power.
Programs are compiled in haste, but for tests marked `earnest`: see `haste`.
"""

import contextlib
import functools
import gc
import os
import shutil
import tempfile

COMPILED = os.environ.setdefault("MINI_TESTS_COMPILED", tempfile.mkdtemp(prefix="mini-tests-"))  # workers share it
CACHE = tempfile.mkdtemp(prefix="cache-", dir=COMPILED)
os.environ["MINI_CACHE"] = CACHE
os.environ["MPLBACKEND"] = "agg"
os.environ["JAX_COMPILATION_CACHE_DIR"] = os.path.join(COMPILED, "xla")  # what one process compiles serves the next
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # cuda tests the same on a GPU, where there is one
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"

import jax  # noqa: E402
import pytest  # noqa: E402

# XLA's older code generator compiles twice as fast, and in one piece where all cores have work; a flag unknown
# to a later XLA would end the process.
HASTE = ["--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1"]
FLAGS = ["--xla_force_host_platform_device_count=2", *(HASTE if jax.__version_info__ < (0, 11) else [])]
if FLAGS[0] not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = " ".join([*os.environ.get("XLA_FLAGS", "").split(), *FLAGS])  # read by the first device

from haste import compile_in_haste, hasty  # noqa: E402

# A context of its own for each program is a quarter of the time to compile a small one, of which tests have thousands.
with contextlib.suppress(ImportError, AttributeError):  # not JAX's public part: where it is gone, tests are slower
    from jax._src.interpreters import mlir
    mlir.make_ir_context = functools.cache(mlir.make_ir_context)

jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_configure(config):
    """A warning is an error, but for what other libraries deprecate among themselves; fixtures of a module are in haste."""
    compile_in_haste(True)
    config.addinivalue_line("markers", "earnest: programs are compiled as they are for users")
    for rule in ("error", "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning",
                 "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning",
                 "error::DeprecationWarning:mini"):
        config.addinivalue_line("filterwarnings", rule)


def pytest_collection_modifyitems(items):
    """The labs first: they take longest, and share a kernel while one process runs them all."""
    items.sort(key=lambda item: item.path.stem != "test_labs")


def pytest_collection_finish():
    """What is imported stays, and traces make many objects: the collector need not go through all of it each time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure(config):
    """A worker, which has told everything by now, ends at once: its thousands of programs need not be freed one by one."""
    if hasattr(config, "workerinput"):
        os._exit(0)
    shutil.rmtree(COMPILED, ignore_errors=True)


@pytest.fixture(autouse=True)
def haste(request):
    """Compile in haste, unless the test is marked `earnest`."""
    with hasty(request.node.get_closest_marker("earnest") is None):
        yield


@pytest.fixture
def strict():
    """No silent promotion between types; for code that is ours alone."""
    before = jax.config.jax_numpy_dtype_promotion
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    yield
    jax.config.update("jax_numpy_dtype_promotion", before)
