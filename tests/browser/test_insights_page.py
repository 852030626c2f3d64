"""The page of insights: filters, decisions and evidence; hostile names are text."""

from __future__ import annotations

from typing import Any

import made_insights
import pytest

from dtl.learning.insight import identity
from dtl.report import cube_insights

pytestmark = pytest.mark.browser


def test_filters_by_module_and_feeder(watched: Any) -> None:
    page = watched.go("insights.html")
    cards = page.locator("article.dtl-insight")
    learned = page.locator("article.dtl-insight" + "".join(f":not([data-module={m}])" for m in cube_insights.MODULES))
    assert page.locator("h2").first.inner_text() == "Which feeders are worked on first"
    first = cards.first.inner_text()
    assert cards.first.get_attribute("data-feeder") == "north" and "1 of " in first and ": over a limit in " in first
    assert learned.count() == 5 and page.locator("[data-metric=gap] li").count() == 12
    page.locator("select").nth(0).select_option("growth")
    page.wait_for_selector('#dtl-insights[data-ready="module=growth"]')
    assert cards.count() == 1 and "2 times" in page.locator(".dtl-quiet").text_content()
    page.locator("select").nth(1).select_option("south-2")
    page.wait_for_selector('#dtl-insights[data-ready="module=growth&feeder=south-2"]')
    assert cards.count() == 0 and "94 are needed" in page.locator(".dtl-quiet").text_content()


def test_a_decision_stands_on_its_card(watched: Any) -> None:
    page = watched.go("insights.html#decided=1")
    row = page.locator(f"[data-id='{identity(made_insights.REJECTED.row())}']")
    assert row.count() == page.locator("article li").count() == 1
    assert "Rejected by A. <b> on 2026-03-01: The house <is> empty" in row.inner_text()
    assert "M<1>: 13 equal readings" in row.inner_text() and "40 % sure" in row.inner_text()
    assert row.locator("a[href='downloads/alerts.csv']").count() == 1
