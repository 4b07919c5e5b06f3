"""Tags for looks, the page shell and the form templates."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import SimpleCookie
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from facio_site import clock
from facio_site.templatetags import ui
from providers.kinds import KINDS
from providers.spec.outcomes import Outcome


def _page(path="/", template='{% extends "base.html" %}', cookies="", **context):
    request = RequestFactory().get(path)
    request.COOKIES = {name: morsel.value for name, morsel in SimpleCookie(cookies).items()}
    request.user = AnonymousUser()
    return Template(template).render(Context({"request": request, **context}))


def test_every_outcome_has_a_tone_and_words_of_its_own():
    labels = {ui.status_label(outcome) for outcome in Outcome}
    assert len(labels) == len(Outcome)
    assert labels.isdisjoint(set(Outcome))


def test_no_outcome_at_all_reads_as_not_tested():
    assert ui.status("") == '<span class="pill" data-tone="idle">Not tested</span>'


def test_an_unknown_state_is_shown_as_it_is_and_escaped():
    assert ui.status("<b>") == '<span class="pill" data-tone="idle">&lt;b&gt;</span>'


def test_the_marks_of_all_kinds_differ():
    marks = [ui.mark(kind, spec.label) for kind, spec in KINDS.items()]
    assert len(set(marks)) == len(KINDS)


@pytest.mark.parametrize(
    ("label", "letters"),
    [("Hugging Face", "HF"), ("OpenRouter", "OR"), ("Groq", "Gr"), ("vLLM", "VL"), ("", "?")],
)
def test_a_monogram_has_two_letters_of_the_label(label, letters):
    assert ui.monogram(label) == letters


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (3, "just now"),
        (42, "42 s ago"),
        (150, "2 min ago"),
        (7200, "2 h ago"),
        (86_400, "1 day ago"),
        (300_000, "3 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds, words, monkeypatch):
    now = datetime.now(UTC)
    monkeypatch.setattr(clock, "about_now", lambda: now)  # as the database has it
    shown = ui.ago(now - timedelta(seconds=seconds))
    assert f">{words}</time>" in shown


def test_the_script_says_ages_in_the_same_words():
    words = ui.ages().split("|")
    counts = (3, 42, 150, 7200, 86_400, 300_000)
    said = [
        word.replace("%", n) for word, n in zip(words, ("", "42", "2", "2", "1", "3"), strict=True)
    ]
    assert said == [ui.age(seconds) for seconds in counts]
    assert f'data-ages="{"|".join(words)}"' in _page()


def test_a_moment_names_its_zone_and_can_be_told_in_another():
    moment = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
    shown = '<time datetime="2026-03-01T09:05:00+00:00">March 1, 2026, 9:05 a.m. UTC</time>'
    assert ui.moment(moment) == shown
    assert 'title="March 1, 2026, 9:05 a.m. UTC" data-age>' in ui.ago(moment)
    assert ui.moment(None, "never") == "never"


def test_no_moment_is_told_in_the_words_given():
    assert ui.ago(None, "never") == "never"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0.12, "0.1 ms"),
        (3, "3 ms"),
        (9.99, "10.0 ms"),
        (142.4, "142 ms"),
        (1240, "1.24 s"),
    ],
)
def test_milliseconds_become_seconds_from_a_thousand_on(value, words):
    assert ui.ms(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (42 * 60 + 50, "42 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 5 * 60, "3 h 5 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (48 * 3600, "2 days"),
        (51 * 3600 - 1, "2 days 2 h"),
    ],
)
def test_how_long_something_lasted_is_told_in_two_units(seconds, words):
    assert ui.lasting(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0, "0"),
        (512, "512"),
        (8_192, "8.2K"),
        (128_000, "128K"),
        (131_072, "131K"),
        (1_048_576, "1M"),
    ],
)
def test_token_counts_are_short(value, words):
    assert ui.short(value) == words


def test_an_icon_is_one_line_of_svg_hidden_from_screen_readers():
    svg = ui.icon("check", 14)
    assert re.fullmatch(r'<svg width="14" height="14" .* aria-hidden="true"><path .*></svg>', svg)


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_the_theme_of_the_cookie_is_on_the_root(theme):
    assert f'data-theme="{theme}"' in _page(cookies=f"theme={theme}")


def test_a_foreign_theme_is_the_system_s():
    assert 'data-theme="system"' in _page(cookies='theme="><script>"')


def test_a_page_shows_its_title_in_head_and_heading():
    html = _page(template='{% extends "base.html" %}{% block title %}Keys & more{% endblock %}')
    assert "<title>Keys & more · Facio Settings</title>" in html
    assert "<h1>Keys & more</h1>" in html


def test_the_navigation_marks_the_page_and_what_is_above_it():
    assert re.search(r'href="/providers/" aria-current="page"', _page("/providers/"))
    below = _page("/providers/groq/")
    assert re.search(r'href="/providers/" aria-current="true"', below)
    assert below.count("aria-current") == 1


def test_a_page_below_another_that_has_a_link_of_its_own_is_marked_alone():
    assert ui.here({"request": RequestFactory().get("/accounts/users/")}, "/accounts/") == ""
    assert "true" in ui.here({"request": RequestFactory().get("/accounts/2fa/")}, "/accounts/")


@pytest.mark.parametrize("template", ["base.html", "bare.html"])
def test_the_shell_holds_no_inline_style_script_or_handler(template):
    html = _page(template=f'{{% extends "{template}" %}}')
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_the_shell_renders_where_there_is_no_request():
    assert 'data-theme="system"' in get_template("bare.html").render({})


class _Form(forms.Form):
    api_key = forms.CharField(label="API key", help_text="Once.", widget=forms.PasswordInput)
    api_base = forms.URLField(label="API base", required=False, assume_scheme="https")
    agree = forms.BooleanField(label="Agree")
    mode = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_every_input_has_a_label_of_exactly_its_name():
    html = str(_Form())
    assert '<label for="id_api_key">API key</label>' in html
    assert '<label for="id_agree">Agree</label>' in html
    assert "<legend>Mode</legend>" in html


def test_help_and_errors_have_the_ids_that_inputs_point_to():
    html = str(_Form({"api_base": "//"}))
    for name in re.findall(r'aria-describedby="([^"]+)"', html):
        for target in name.split():
            assert f'id="{target}"' in html


def test_a_typed_secret_is_not_sent_back():
    html = str(_Form({"api_key": "sk-typed"}))
    assert "sk-typed" not in html


def test_a_hidden_field_is_in_the_form_once():
    assert str(_Form()).count('name="token"') == 1


def test_a_percentage_is_written_as_the_language_does():
    assert (ui.percent(100.0), ui.percent(66.64)) == ("100%", "66.6%")
    with translation.override("de"):
        assert ui.percent(99.5) == "99,5\N{NO-BREAK SPACE}%"
