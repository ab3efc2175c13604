"""The board on the wall shows the same as the overview, and there is nothing to press."""

import re

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.dashboards.world import World

pytestmark = pytest.mark.django_db


def test_the_board_says_what_burns_what_users_can_do_and_what_is_left(reader: Client) -> None:
    board = reader.get("/wallboard/").content.decode()
    for words in ("1 of 2 objectives burning", "Order tracking", "orders page", "nobody is on it yet", "order-updates"):
        assert words in board
    assert not re.search(r"<(a|button|form|input|select|textarea|summary)\b", board)
    assert 'data-theme="dark"' in board


def test_a_refresh_brings_the_board_alone(reader: Client) -> None:
    region = reader.get("/wallboard/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="as-of"' in region
    assert 'id="strip"' not in region


def test_a_stranger_sees_the_board_only_where_everybody_may_read(
    client: Client, world: World, settings: LazySettings
) -> None:
    assert client.get("/wallboard/").status_code == 302
    settings.PUBLIC_READ = True
    assert client.get("/wallboard/").status_code == 200
