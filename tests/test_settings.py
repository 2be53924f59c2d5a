from pathlib import Path

import pytest

from atmda.errors import SettingsError
from atmda.settings import load_settings
from atmda.settings.classify import ClassifySettings
from atmda.settings.embed import EmbedSettings
from atmda.settings.fetch import FetchSettings
from atmda.settings.infer import InferSettings


def toml(text: str) -> Path:
    Path("atmda.toml").write_text(text)
    return Path("atmda.toml")


def load(model=InferSettings, flags=None, command="infer", config=None, **environ):
    return load_settings(model, flags or {}, command=command, config=config, environ=environ)


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default():
    config = toml("[infer]\ntemperature = 0.1\n")
    assert load().temperature == 0.5
    assert load(config=config).temperature == 0.1
    assert load(config=config, ATMDA_TEMPERATURE="0.2").temperature == 0.2
    assert load(config=config, flags={"temperature": "0.3"}, ATMDA_TEMPERATURE="0.2").temperature == 0.3


def test_the_table_of_a_command_wins_over_what_all_commands_share():
    config = toml('model = "compact"\n[infer]\nmodel = "laion-clap"\n')
    assert load(config=config).model == "laion-clap"
    assert load(EmbedSettings, command="embed", config=config).model == "compact"


def test_the_environment_can_name_the_file():
    assert load(ATMDA_CONFIG=str(toml("[infer]\ntop-k = 3\n"))).top_k == 3


def test_a_file_may_hold_tables_of_other_commands():
    assert load(config=toml('[classify]\nmode = ["zs", "sv"]\n')).temperature == 0.5


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[infer]\ntemprature = 1\n", "temperature"),
        ("[infre]\n", "infer"),
        ("num_worker = 2\n", "num_workers"),
        ("[embed]\n[infer]\ntop_n = 2\n", "top_k"),
    ],
)
def test_an_unknown_key_of_a_file_is_refused_with_the_nearest_known_name(text, near):
    with pytest.raises(SettingsError, match=rf"atmda\.toml is not a setting.*Did you mean {near}"):
        load(config=toml(text))


def test_an_unknown_variable_is_refused_with_the_nearest_known_name():
    with pytest.raises(SettingsError, match=r"ATMDA_TEMPRATURE is not a setting\. Did you mean ATMDA_TEMPERATURE"):
        load(ATMDA_TEMPRATURE="1")


def test_a_variable_of_another_command_is_not_refused():
    assert load(ATMDA_TOP_N="3").temperature == 0.5


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"temperature": "warm"}, "--temperature warm"),
        ({"modality": "smell"}, "--modality smell"),
        ({"top_k": "0"}, "--top-k 0"),
        ({"device": "tpu"}, "--device tpu"),
        ({"temperature": "nan"}, "--temperature nan"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_flag(flags, named):
    with pytest.raises(SettingsError, match=named):
        load(flags=flags)


def test_a_wrong_value_is_refused_by_where_it_came_from():
    with pytest.raises(SettingsError, match="ATMDA_TEMPERATURE warm"):
        load(ATMDA_TEMPERATURE="warm")
    with pytest.raises(SettingsError, match=r"temperature in atmda\.toml warm"):
        load(config=toml('[infer]\ntemperature = "warm"\n'))


def test_broken_toml_is_named():
    with pytest.raises(SettingsError, match=r"atmda\.toml: it is not valid TOML"):
        load(config=toml("a = = 1"))


def test_a_missing_file_is_named():
    with pytest.raises(SettingsError, match=r"gone\.toml: it cannot be read"):
        load(config=Path("gone.toml"))


def test_several_values_come_separated_by_commas_and_in_any_case():
    flags = {"mode": "zs, TGAP", "modality": "None,audio", "temperature": "0,0.25"}
    settings = load(ClassifySettings, flags, "classify")
    assert settings.mode == ("zs", "tgap")
    assert settings.modality == ("none", "audio")
    assert settings.temperature == (0.0, 0.25)


@pytest.mark.parametrize("shard", ["0/4", "5/4", "2", "a/b", "1/0"])
def test_a_shard_that_cannot_be_is_refused(shard):
    with pytest.raises(SettingsError, match="a shard is I/N"):
        load(EmbedSettings, {"shard": shard}, "embed")


def test_settings_cannot_be_changed_once_loaded():
    with pytest.raises(ValueError, match="frozen"):
        load().temperature = 1.0


def test_the_example_configuration_is_accepted_by_every_command():
    from atmda.settings.loading import MODELS, settings_class

    example = Path(__file__).parents[1] / "configs" / "example.toml"
    for command in MODELS:
        load(settings_class(command), command=command, config=example)


def test_how_many_workers_this_machine_has_says_nothing_of_how_many_downloads_run_at_once():
    assert load(FetchSettings, command="fetch", ATMDA_NUM_WORKERS="64").at_once() == 4
    assert load(FetchSettings, command="fetch", config=toml("num_workers = 64\n")).at_once() == 4
    assert load(EmbedSettings, command="embed", ATMDA_NUM_WORKERS="64").num_workers == 64


def test_downloads_at_once_have_a_name_of_their_own_everywhere():
    assert load(FetchSettings, {"downloads": "2"}, "fetch", ATMDA_DOWNLOADS="3").at_once() == 2
    assert load(FetchSettings, command="fetch", ATMDA_DOWNLOADS="3").at_once() == 3
    assert load(FetchSettings, command="fetch", config=toml("[fetch]\ndownloads = 5\n")).at_once() == 5
    assert load(ATMDA_DOWNLOADS="3").temperature == 0.5


def test_the_old_spelling_of_downloads_works_on_the_command_line_alone():
    assert load(FetchSettings, {"num_workers": "8"}, "fetch", ATMDA_NUM_WORKERS="64").at_once() == 8
    with pytest.raises(SettingsError, match="--num-workers 64"):
        load(FetchSettings, {"num_workers": "64"}, "fetch")
    with pytest.raises(SettingsError, match=r"table \[fetch\] of atmda\.toml is not a setting"):
        load(FetchSettings, command="fetch", config=toml("[fetch]\nnum_workers = 5\n"))
    with pytest.raises(SettingsError, match="say the same"):
        load(FetchSettings, {"num_workers": "8", "downloads": "2", "name": "esc50"}, "fetch").check()


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "1" * 5000])
def test_toml_that_python_gives_up_on_is_named(text):
    with pytest.raises(SettingsError, match=r"atmda\.toml"):
        load(config=toml(text))
