"""A full-batch step of the quadratic network, p=97, N=500, half the data, beside PyTorch and its own products."""

import jax
import jax.numpy as jnp

from benchmarks.timing import Contender, beside_jax, find_torch, peak, peak_speed, race, row, stepper
from mini.studies.grokking.experiment import Grokking

P, WIDTH, SHARE = 97, 500, 0.5
COMPILED = "PyTorch compiled, embedding in one call"


def products(rows: int, width: int, classes: int) -> Contender:
    """The three products of a step alone: logits, and the gradients of the hidden layer and of W."""
    x, w, g = (jax.random.normal(jax.random.key(i), shape)
               for i, shape in enumerate([(rows, width), (width, classes), (rows, classes)]))

    def body(_, carry):
        (x, w, g), (y, dx, dw) = carry
        # One element of each factor depends on the product before, or XLA would hoist the products.
        x, w, g = (one.at[0, 0].set(1e-6 * other[0, 0]) for one, other in ((x, dw), (w, y), (g, dx)))
        return (x, w, g), (x @ w, g @ w.T, x.T @ g)

    @jax.jit
    def loop(count):
        return jax.lax.fori_loop(0, count, body, ((x, w, g), (g, x, w)))

    return lambda count: jax.block_until_ready(loop(jnp.int32(count)))


def run(quick: bool) -> list[dict]:
    """One race of all forms; the better of the two that people write first is the one to beat, and the best is told.

    The target of a half was set on a product with one-hot vectors and on plain indexing. PyTorch's embeddings, whose
    gradients are cheaper, leave no room for it on two cores: there the three products alone take longer than that.
    """
    rows = round(SHARE * P * P)
    ours = Grokking(p=P, width=WIDTH, train_fraction=SHARE, weight_decay=5.0)
    contenders = {"ours": stepper(ours), "products": products(rows, WIDTH, P)}
    if find_torch():
        from benchmarks import rivals
        with beside_jax():
            for form in rivals.MLPS:
                for fused in (True, False):
                    label = f"PyTorch, {form}, {'fused' if fused else 'foreach'} AdamW"
                    contenders[label] = rivals.mlp(form, P, WIDTH, SHARE, fused)
            if not quick:
                contenders[COMPILED] = rivals.mlp("embedding in one call", P, WIDTH, SHARE, True, compiled=True)
    times = race({**contenders, **peak()}, 3 if quick else 9)
    flops = 6 * rows * WIDTH * P
    at_peak = flops / peak_speed(times)
    step, name = times["ours"], f"MLP step, p={P} N={WIDTH}"
    note = f"median {step.median:.2f}"
    eager = {k: t.least for k, t in times.items() if k.startswith("PyTorch, ")}
    table = [row(name, step.least, rival, ms, note=note) for rival, ms in eager.items()]
    if eager:
        plain = {k: ms for k, ms in eager.items() if k.split(", ")[1] in rivals.PLAIN}
        better, best = min(plain, key=plain.get), min(eager, key=eager.get)
        table.append(row(f"{name}, against the better plain form", step.least, better, plain[better],
                         at_most=0.5, note=note))
        table.append(row(f"{name}, against the best eager form", step.least, best, eager[best], note=note))
    if COMPILED in times:
        table.append(row(name, step.least, COMPILED,
                         times[COMPILED].least, note=note))
    table.append(row(name, step.least, "its three products under XLA", times["products"].least,
                     at_most=1.4, note=note))
    table.append(row(name, step.least, "its three products at the machine's peak", at_peak,
                     note=f"peak {peak_speed(times) / 1e6:.0f} GFLOP/s"))
    return table
