"""Templates can be read: one element a line, and no line so long that nobody reads its end."""

from pathlib import Path

from django.conf import settings

LONGEST, LONG, FEW = 160, 120, 0.03


def lines() -> dict[str, str]:
    """Each line of each template under its place."""
    folder = Path(settings.BASE_DIR) / "templates"
    return {
        f"{path.relative_to(folder)}:{number}": line
        for path in sorted(folder.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
    }


def test_no_line_of_a_template_is_too_long() -> None:
    assert [place for place, line in lines().items() if len(line) > LONGEST] == []


def test_few_lines_of_the_templates_are_long() -> None:
    long = [place for place, line in lines().items() if len(line) > LONG]
    assert len(long) < FEW * len(lines()), long
