"""One method as it is compared on the same nets, to be tuned or trained by itself: see configs/compare.py.

python -m launch.train --config=configs/same_nets.py:wae_mmd:slim64 --workdir=runs/wae-mmd-same
"""

from configs import compare
from genmodels import methods
from genmodels.comparison import same_nets


def get_config(text: str = ""):
    method, _, variant = text.partition(":")
    if method not in methods.SPECS:
        raise ValueError(f"'{method}' is no method: give one of {', '.join(methods.SPECS)}, then ':' and a variant")
    return same_nets.run_config(compare.get_config(variant), method, same_nets.SAME, seed=0)
