"""Every transform there is, in the order in which they are tried on a block.

Noise goes first, so that what follows sees clean text; then the lossy ones, which choose among the original's
own lines and rows; then the lossless ones, which write what is left in fewer tokens.
"""

from transforms.contract import Transform

TRANSFORMS: tuple[Transform, ...] = ()
