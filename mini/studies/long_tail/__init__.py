"""The long tail: what is seen once must be learned by heart, and who pays when that is forbidden."""

from mini.studies.long_tail.closed_form import ClosedForm
from mini.studies.long_tail.estimator import Estimator
from mini.studies.long_tail.experiment import LongTail

EXPERIMENTS = {"long_tail": LongTail, "estimator": Estimator, "closed-form": ClosedForm}
SECONDS = {"long_tail": 6, "estimator": 21, "closed-form": 3}  # of `mini run` with five seeds, on two cores
