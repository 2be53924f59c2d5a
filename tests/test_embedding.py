import numpy as np
import pytest
from spectral import CALLS, SpectralEncoder

from atmda.core.audio import open_audio
from atmda.core.embeddings.engine import embed_all, embed_clips
from atmda.errors import AudioError


def paths(folder):
    return sorted(folder.iterdir())


@pytest.mark.parametrize("num_workers", [1, 2, 5])
def test_the_bytes_are_the_same_on_any_number_of_workers(tones, num_workers):
    expected = embed_all(SpectralEncoder(), paths(tones), num_workers=1)
    again = embed_all(SpectralEncoder(), paths(tones), num_workers=num_workers)
    assert again.tobytes() == expected.tobytes()


def test_a_clip_has_the_same_embedding_alone_and_in_any_batch(tones):
    together = embed_all(SpectralEncoder(), paths(tones), batch_size=9)
    for row, path in zip(together, paths(tones), strict=True):
        np.testing.assert_allclose(embed_all(SpectralEncoder(), [path])[0], row, atol=1e-6)


def test_results_come_in_the_order_of_the_clips_with_bad_ones_in_their_places(tones):
    files = paths(tones)
    files[2].write_bytes(b"")
    files[7].write_text("not audio")
    results = [result for unit in embed_clips(SpectralEncoder(), files) for result in unit]
    assert [result.error is None for result in results] == [index not in (2, 7) for index in range(9)]
    assert str(files[2]) in str(results[2].error)


def test_a_bad_clip_does_not_change_the_embeddings_of_the_others(tones):
    before = embed_all(SpectralEncoder(), paths(tones))
    files = paths(tones)
    files[4].write_bytes(files[4].read_bytes()[:2000])
    after = [result.embedding for unit in embed_clips(SpectralEncoder(), files) for result in unit]
    for index in set(range(9)) - {4}:
        np.testing.assert_allclose(after[index], before[index], atol=1e-6)


def test_digital_silence_is_embedded_and_noted(tmp_path, write_tone):
    path = write_tone(tmp_path / "silence.wav", 0.0)
    ((result,),) = embed_clips(SpectralEncoder(), [path])
    assert result.embedding is not None
    assert "silence" in result.notes[0]


def test_windows_are_encoded_in_batches_across_recordings(tones):
    CALLS["encode"] = 0
    embed_all(SpectralEncoder(), paths(tones), batch_size=9)
    windows = sum(int(np.ceil(open_audio(path).seconds)) for path in paths(tones))
    assert CALLS["encode"] == int(np.ceil(windows / 9))


def test_waveforms_and_files_give_the_same_embeddings(tones):
    encoder = SpectralEncoder()
    path = paths(tones)[3]
    waveform = open_audio(path).read(16_000)
    np.testing.assert_array_equal(encoder.embed_audio([(waveform, 16_000)]), encoder.embed_audio([path]))


def test_the_python_api_raises_for_a_bad_recording(tmp_path):
    with pytest.raises(AudioError, match="cannot be opened"):
        SpectralEncoder().embed_audio([tmp_path / "gone.wav"])


def test_no_clips_give_no_rows():
    assert SpectralEncoder().embed_audio([]).shape == (0, 64)


def test_leaving_early_stops_the_workers(tones):
    units = embed_clips(SpectralEncoder(), paths(tones) * 20, batch_size=1, num_workers=2)
    next(units)
    units.close()
