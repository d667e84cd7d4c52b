"""A file is written whole or not at all."""

from __future__ import annotations

import os

import pytest

from optcourse.files import write_whole


def test_text_and_bytes_take_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "né.txt"
    write_whole(path, "α\n")
    assert path.read_bytes() == "α\n".encode()
    write_whole(path, b"\r\n")
    assert path.read_bytes() == b"\r\n" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_private_file_is_for_its_owner(tmp_path):
    write_whole(tmp_path / "marks", "3", private=True)
    write_whole(tmp_path / "page", "3")
    assert (tmp_path / "marks").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "page").stat().st_mode & 0o400


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, error):
    path = tmp_path / "page"
    write_whole(path, "old")

    def fails(*_):
        raise error

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(type(error)) as raised:
        write_whole(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    if isinstance(error, OSError):
        assert raised.value.filename == str(path) and raised.value.errno == 28


def test_a_folder_that_is_not_there_is_named_by_the_file(tmp_path):
    with pytest.raises(OSError, match="gone") as raised:
        write_whole(tmp_path / "gone" / "page", "x")
    assert raised.value.filename == str(tmp_path / "gone" / "page")
