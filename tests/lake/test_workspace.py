import os
import signal

import pytest

from lakegate.lake.workspace import clear_dead, private_folder


def killed_inside(parent):
    """A process that is killed while it has a private folder."""
    child = os.fork()
    if child == 0:
        with private_folder(parent) as folder:
            (folder / "copy.csv").write_text("1")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_folder_is_private_and_gone_afterwards(tmp_path):
    with private_folder(tmp_path) as folder:
        (folder / "copy.csv").write_text("1")
        assert folder.stat().st_mode & 0o777 == 0o700

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path):
    killed_inside(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    clear_dead(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_what_lives_or_is_not_ours_is_left(tmp_path):
    (tmp_path / "lakegate-report").mkdir()
    (tmp_path / "other.spool").mkdir()
    (tmp_path / "lakegate-file.spool").write_text("no folder")
    (tmp_path / "lakegate-link.spool").symlink_to(tmp_path / "other.spool")
    with private_folder(tmp_path) as folder:
        clear_dead(tmp_path)

        assert folder.is_dir()
        assert len(list(tmp_path.iterdir())) == 5


def test_where_none_can_be_made_the_system_says_so(tmp_path):
    with pytest.raises(FileNotFoundError), private_folder(tmp_path / "missing"):
        pass

    clear_dead(tmp_path / "missing")
