"""Rounds of the official laion-clap package, for `benchmarks/clap.py --official-python PYTHON`.

Runs in an environment of its own, where the package is installed (numpy below 2, torchvision, torchaudio, roberta-base
in the Hugging Face cache), and imports nothing of atmda: python official_package.py CHECKPOINT THREADS BATCH FILES...
"""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import redirect_stdout


def main() -> None:
    checkpoint, threads, batch, *files = sys.argv[1:]
    import torch

    with redirect_stdout(sys.stderr):
        import laion_clap

        torch.set_num_threads(int(threads))
        module = laion_clap.CLAP_Module(enable_fusion=True, device="cpu")
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    # not strict: constants that the package makes itself are not in the benchmark's checkpoint
    left = module.model.load_state_dict({key.removeprefix("module."): value for key, value in state.items()}, False)
    assert not left.unexpected_keys, left.unexpected_keys

    def once() -> list:
        parts = []
        for start in range(0, len(files), int(batch)):
            parts += module.get_audio_embedding_from_filelist(files[start : start + int(batch)]).tolist()
        return parts

    print(json.dumps({"first": once()[:2]}), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        once()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        round_ = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": peak}
        print(json.dumps(round_), flush=True)


if __name__ == "__main__":
    main()
