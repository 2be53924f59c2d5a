"""Would OpenVINO run LAION-CLAP's audio tower faster? `pip install openvino && python benchmarks/clap_openvino.py`.

The official network, converted, beside the tower of this package: one thread, float32, batches of 8 and of 1, in turn.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np
import openvino
import torch
from clap_inputs import ARCH, make_checkpoint, timed
from official_clap import OfficialTower

from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import open_checkpoint

ROUNDS = 7
SETTINGS = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


class Official(torch.nn.Module):
    def __init__(self, tower: OfficialTower) -> None:
        super().__init__()
        self.tower = tower
        for weight in tower.w.values():
            weight.requires_grad_(False)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        return self.tower.get_audio_embedding(list(mels.unbind(0)))


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        make_checkpoint(Path(folder) / "clap.pt")
        weights = open_checkpoint(Path(folder) / "clap.pt", []).weights
        mels = (torch.randn(8, 1, 1001, 64) * 10 - 40).expand(8, 4, 1001, 64).contiguous()
        ours, official = AudioTower(weights, ARCH, torch.device("cpu"), torch.float32), Official(OfficialTower(weights))
        core, runs = openvino.Core(), {"atmda, batch 8": lambda: ours([mel[0] for mel in mels]).numpy()}
        for size in (8, 1):
            shape = [([size, 4, 1001, 64], openvino.Type.f32)]
            model = openvino.convert_model(official, example_input=mels[:size], input=shape)
            compiled = core.compile_model(model, "CPU", SETTINGS)
            runs[f"OpenVINO, batch {size}"] = lambda run=compiled, size=size: run(mels[:size].numpy())[0]
        difference = np.abs(runs["atmda, batch 8"]() - runs["OpenVINO, batch 8"]()).max()
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                times[name].append(timed(run)[1] / int(name.split()[-1]) * 1e3)
    print(f"largest difference {difference:.1e}")
    for name, found in times.items():
        print(f"{name}: {statistics.median(found):.0f} processor ms a clip (least {min(found):.0f})")


if __name__ == "__main__":
    main()
