"""The order of tokens: raster, by windows, by shifted windows, and what leads from one to the other.

A stage sees `side` x `side` tokens in windows of 8 x 8. In *window order* a token's row is
(window, place in window); in *shifted order* the square is first rolled by 4 in both directions, and the windows are
sorted by their mask: inside, at the right edge, at the bottom edge, the corner.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SIZE = 8
SHIFT = 4
FRAMES = 1001
COLUMNS = 1024


def bicubic_taps(device: torch.device) -> tuple[Tensor, Tensor]:
    """Bicubic interpolation from 1001 to 1024 frames as four gathers: columns (4, 1024) and weights (4, 1024, 1).

    The weights are read off torch's own interpolation, so that they are the same numbers.
    """
    identity = torch.eye(FRAMES)[None, None]
    matrix = F.interpolate(identity, (COLUMNS, FRAMES), mode="bicubic", align_corners=True)[0, 0]
    _, columns = matrix.abs().topk(4, dim=1)
    return columns.T.contiguous().to(device), matrix.gather(1, columns).T.contiguous()[..., None].to(device)


def patches(image: Tensor) -> Tensor:
    """Patches of 4 x 4, (4096, 16), in window order, of a stretched spectrogram (1024, 64).

    The network's square is the spectrogram cut into four quarters of time, stacked: 4 x 64 bands by 256 frames.
    """
    # quarter, window column, column in window, frame in patch, half of the bands, row in window, band in patch
    cut = image.view(4, 8, 8, 4, 2, 8, 4)
    return cut.permute(0, 4, 1, 5, 2, 6, 3).reshape(4096, 16)


def square(images: Tensor) -> Tensor:
    """Stretched spectrograms (k, 1024, 64) as the squares (k, 256, 256) that convolutions see."""
    return images.view(-1, 4, 256, 64).transpose(2, 3).reshape(-1, 256, 256)


def window_order(side: int) -> Tensor:
    """Raster positions of the tokens in window order: int64 (side * side,)."""
    count = side // SIZE
    raster = torch.arange(side * side).view(count, SIZE, count, SIZE)
    return raster.transpose(1, 2).reshape(-1)


def shifted_order(side: int) -> Tensor:
    """Raster positions of the tokens in shifted order: int64 (side * side,)."""
    rolled = torch.roll(torch.arange(side * side).view(side, side), (-SHIFT, -SHIFT), (0, 1))
    by_window = rolled.reshape(-1)[window_order(side)].view(-1, SIZE * SIZE)
    return by_window[_by_mask(side // SIZE)].reshape(-1)


def mask_groups(side: int) -> list[int]:
    """How many windows of the shifted order have each mask: inside, right edge, bottom edge, corner."""
    last = side // SIZE - 1
    return [last * last, last, last, 1]


def masks() -> Tensor:
    """The masks of those four kinds, float32 (4, 64, 64): -inf between tokens that the roll brought together.

    The official -100 comes to the same last bit, but e**-100 is a number so small (a subnormal one) that processors
    take several times as long over it.
    """
    place = torch.arange(SIZE)
    far = (place >= SHIFT).long()
    none = torch.zeros(SIZE, dtype=torch.long)
    kinds = [(none, none), (none, far), (far, none), (far, far)]
    regions = torch.stack([(rows[:, None] * 2 + columns[None]).reshape(-1) for rows, columns in kinds])
    apart = regions[:, :, None] != regions[:, None, :]
    return torch.zeros(apart.shape).masked_fill(apart, -torch.inf)


def merge_order(side: int) -> Tensor:
    """Raster positions of the four tokens that merge into each token of the next stage's window order:
    int64 (side * side,), four by four, columns first as in the official network."""
    half = side // 2
    target = window_order(half) if half >= SIZE else torch.arange(half * half)
    row, column = target // half * 2, target % half * 2
    four = [(row + down) * side + column + right for right in (0, 1) for down in (0, 1)]
    return torch.stack(four, dim=1).reshape(-1)


def between(source: Tensor, target: Tensor) -> Tensor:
    """Rows to gather so that tokens in `source` order come to stand in `target` order."""
    place = torch.empty_like(source)
    place[source] = torch.arange(len(source))
    return place[target]


def _by_mask(count: int) -> Tensor:
    """Windows of a `count` x `count` grid, those of one mask together."""
    index = torch.arange(count * count)
    kind = (index // count == count - 1).long() * 2 + (index % count == count - 1).long()
    return torch.argsort(kind, stable=True)
