import numpy as np

from atmda.report.profile import picture


def test_the_picture_marks_the_winner_before_and_after_adaptation():
    clip, background = np.array([0.6, 0.5, 0.1], np.float32), np.array([0.8, 0.1, 0.1], np.float32)
    _, _, siren, dog, rain = picture("a.wav", ["rain", "dog", "siren"][::-1], clip[::-1], background[::-1], 0.5).split(
        "\n"
    )
    assert rain.count("◀") == 1
    assert dog.count("◀") == 1
    assert dog.index("◀") > rain.index("◀")
    assert "◀" not in siren


def test_a_negative_score_has_no_bar_and_does_not_lengthen_the_others():
    clip, background = np.array([0.01, 0.1], np.float32), np.array([1.0, 0.0], np.float32)
    lines = picture("a.wav", ["rain", "dog"], clip, background, 0.5, unicode=False).split("\n")
    assert lines[2].rstrip().endswith("-0.490")
    assert lines[2].count("#") < 17 + 1  # its clip's and its background's bars alone
    assert lines[3].rstrip().endswith("<")


def test_a_terminal_without_unicode_gets_plain_characters():
    values = np.array([0.2, 0.4], np.float32)
    assert picture("a.wav", ["rain", "dog"], values, values, 0.5, unicode=False).isascii()
