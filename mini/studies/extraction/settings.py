"""The runs that claims and figures of this study share, in the laptop preset.

The published settings (up to 16 billion weights, the Pile, GitHub) are out of reach here. Tokens are bytes, and the same
number of copies is a larger part of the training than it is there, since training is short.
"""

from mini.plan import Plan
from mini.studies.extraction.experiment import Extraction

STEPS = 1000
END = (STEPS,)
PLANTED = Plan(Extraction(), every=(125, 250, 500, 750))
CONTROL = Plan(Extraction(plant=False), every=END)
TWICE = (PLANTED.replace(seeds=10), CONTROL.replace(seeds=10))  # for what five seeds left undecided; those five are included
MANY = tuple(plan.replace(seed_start=10, seeds=15) for plan in TWICE)  # what to look at was chosen on the first ten seeds
WIDTHS = (16, 64)
SIZES = Plan(Extraction(), every=END, sweep={"width": WIDTHS})  # with PLANTED, of width 32, three sizes
TWIN = Plan(Extraction(init_seed=1, rival=True), every=END)  # the same rows, other initial weights; and an n-gram model
GRU = Plan(Extraction(model="gru", width=56), every=END)  # as many weights as the transformer
DEDUPLICATED = Plan(Extraction(deduplicate=True), every=END)
DEFENDED = (TWICE[0], DEDUPLICATED.replace(seeds=10), TWICE[1])  # 0 of 60 windows would not bound the share by 0.05
NOISES = (0.05, 0.5)
PRIVATE = Plan(Extraction(private=True), every=END, seeds=3, sweep={"noise_multiplier": NOISES})
SAME = {"canaries": 0, "windows": 0, "schedule": 0}
SUBSETS = Plan(Extraction(subset_share=0.5), every=(250, 500, 750), seeds=12, hold=SAME)  # half of the items in each
LATE = Plan(Extraction(plant_from=0.3, plant_until=0.7, canaries=1, windows=4), every=50)  # nothing planted before or after
