from pathlib import Path

import pytest

from atmda import load_encoder
from atmda.core.encoders import EncoderRequest, resolve
from atmda.errors import AtmdaError


def test_auto_is_the_built_in_encoder_until_a_checkpoint_has_been_fetched():
    assert resolve(EncoderRequest("auto")) == "compact"
    folder = Path("data/models/laion-clap")
    folder.mkdir(parents=True)
    assert resolve(EncoderRequest("auto")) == "compact"  # a fetch that failed leaves an empty folder
    (folder / "630k-audioset-fusion-best.pt").touch()
    assert resolve(EncoderRequest("auto")) == "laion-clap"


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    import torch

    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(AtmdaError, match=rf"`device` {missing} is not available here\. Available: .*cpu"):
        load_encoder("compact", device=missing)
