"""The runs that claims and figures of this study share, in the laptop preset.

The published settings (1.5 million to a billion weights, 100 billion tokens each) are out of reach here. There are always two
controls: as many tokens, all unique, and the unique tokens alone. All runs but the widths share one compilation.
"""

from mini.plan import Plan
from mini.studies.repeated_data.experiment import RepeatedData
from mini.studies.repeated_data.linear import Duplicates

STEPS = 800
SIZES = (4, 16, 64, 256, 1024)  # of the pool; read 3200, 800, 200, 50 and 12 times
ENDS = Plan(RepeatedData(), STEPS, sweep={"pool_size": (4, 64, 1024)})  # part of the next, for the headlines
POOLS = Plan(RepeatedData(), STEPS, sweep={"pool_size": SIZES})
UNIQUE = Plan(RepeatedData(repeated_share=0.0), STEPS)
ALONE = Plan(RepeatedData(pool_weight=0.0), STEPS)
WIDTHS = (8, 16, 24)
CLEAN = Plan(RepeatedData(repeated_share=0.0), STEPS, sweep={"width": WIDTHS})  # with UNIQUE, the curve of clean sizes
TENTH = Plan(RepeatedData(repeated_share=0.1, pool_size=32), STEPS)  # a tenth of the tokens, each read 80 times
LONG = Plan(RepeatedData(), 3 * STEPS)
LINEAR = Plan(Duplicates())
