"""Lists of the simulated kinds, page by page."""

import pytest

from tests.simulated.calls import BEDROCK, GOOGLE, LIST, PROOF, SCOPE, auth
from tests.simulators import Simulators
from tests.simulators.client import fetch
from tests.simulators.entries import demo_key
from tests.simulators.kinds import anthropic, dashscope, gemini, openrouter


def test_anthropic_pages_follow_the_last_id(sims: Simulators) -> None:
    headers = auth("anthropic", demo_key("anthropic"))
    seen: list[str] = []
    after = ""
    for _ in range(10):
        page = fetch(sims, f"{PROOF['anthropic']}?limit=5{after}", headers).data
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after_id={page['last_id']}"
    assert seen == [row["id"] for row in anthropic.ROWS]
    assert fetch(sims, f"{PROOF['anthropic']}?limit=1001", headers).status == 400


def test_gemini_pages_follow_the_token(sims: Simulators) -> None:
    headers = auth("gemini", demo_key("gemini"))
    seen: list[str] = []
    token = ""
    for _ in range(10):
        page = fetch(sims, f"{GOOGLE}/models?pageSize=8{token}", headers).data
        seen += [row["name"] for row in page["models"]]
        if "nextPageToken" not in page:
            break
        token = f"&pageToken={page['nextPageToken']}"
    assert seen == [row["name"] for row in gemini.ROWS]


def test_dashscope_counts_its_pages(sims: Simulators) -> None:
    headers = auth("dashscope", demo_key("dashscope"))
    seen: list[str] = []
    for number in range(1, 7):
        url = f"{SCOPE}/api/v1/models?page_no={number}&page_size=100"
        output = fetch(sims, url, headers).data["output"]
        assert output["total"] == 505
        seen += [row["model"] for row in output["models"]]
    assert len(set(seen)) == 505 == len(dashscope.ROWS)


def test_bedrock_profiles_follow_the_token(sims: Simulators) -> None:
    headers = auth("bedrock", demo_key("bedrock"))
    seen: list[str] = []
    token = ""
    for _ in range(10):
        page = fetch(sims, f"{BEDROCK}/inference-profiles?maxResults=6{token}", headers).data
        seen += [row["inferenceProfileId"] for row in page["inferenceProfileSummaries"]]
        if "nextToken" not in page:
            break
        token = f"&nextToken={page['nextToken']}"
    assert len(seen) == len(set(seen)) > 12
    assert "us.anthropic.claude-opus-4-7" in seen


def test_openrouter_pages_follow_the_link_and_keep_the_filter(sims: Simulators) -> None:
    url = "https://openrouter.ai/~slow0/api/v1/models?output_modalities=all"
    seen: list[str] = []
    while url:
        page = fetch(sims, url).data
        seen += [row["id"] for row in page["data"]]
        following = page["links"]["next"]
        url = f"https://openrouter.ai{following}" if following else ""
    assert len(set(seen)) == len(openrouter.ROWS) == page["total_count"] > 500
    assert {"anthropic/claude-opus-4-7", "google/gemini-2.5-flash-image"} <= set(seen)


def test_openrouter_lists_only_text_models_by_itself(sims: Simulators) -> None:
    first = fetch(sims, "https://openrouter.ai/api/v1/models").data
    assert first["total_count"] < len(openrouter.ROWS)


@pytest.mark.parametrize("kind", ["anthropic", "gemini", "openrouter"])
def test_a_looping_cursor_never_moves(sims: Simulators, kind: str) -> None:
    url = LIST[kind].replace("/api/v1", "/~loop/api/v1")
    headers = auth(kind, demo_key(kind, "loop"))
    pages = [fetch(sims, url, headers).data for _ in range(2)]
    cursors = [page.get("last_id") or page.get("nextPageToken") or page["links"]["next"]
               for page in pages]  # fmt: skip
    assert cursors[0] == cursors[1]
