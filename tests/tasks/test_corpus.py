"""The corpus: which files, their hash, their kinds and their duplicates, on a small tree made here and on the library."""

import hashlib

import numpy as np
import pytest

from mini.errors import UsageError
from mini.tasks import corpus

TABLE = "T = {" + ", ".join(f"'key{i}': {i}" for i in range(30)) + "}\n"
LONG = "L = (" + "\n     ".join(f"'{i:02}'  # a comment" for i in range(30)) + "\n)\n"
CODE = '"""A module."""\n\n\ndef f(x):\n    """Doubles it."""\n    return 2 * x\n\n\n' + TABLE + LONG


@pytest.fixture
def tree(tmp_path):
    files = {"b.py": CODE, "a.py": "x = 'é'\n", "encodings/c.py": "y = 1\n", "pydoc_data/d.py": "z = 2\n",
             "tests/e.py": "no = 0\n", "site-packages/f.py": "no = 0\n", "g.txt": "no", "_sysconfigdata_x.py": "no = 0\n",
             "h.py": "not python at all (\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_files_are_sorted_and_hashed_and_tests_left_out(tree):
    got = corpus.load(str(tree))
    assert got.names == ("a.py", "b.py", "encodings/c.py", "h.py", "pydoc_data/d.py")
    whole = b"".join(name.encode() + b"\0" + (tree / name).read_bytes() for name in got.names)
    assert got.digest == hashlib.sha256(whole).hexdigest()[:16]
    assert got.replaced == 2 and got.text[: got.starts[1]].tobytes() == b"x = '??'\n"
    assert got.starts[-1] == len(got.text) and corpus.load(str(tree)) is got


def test_one_byte_more_is_another_corpus(tree):
    before = corpus.load(str(tree)).digest
    (tree / "a.py").write_text("x = 1\n")
    corpus.load.cache_clear()
    assert corpus.load(str(tree)).digest != before


def test_kinds_are_those_of_the_source(tree):
    got = corpus.load(str(tree))
    kinds = corpus.categories(got)
    def kind(text):
        at = got.text.tobytes().index(text.encode())
        return set(kinds[at: at + len(text)])
    assert kind('"""A module."""') == kind('"""Doubles it."""') == kind("z = 2") == {1}
    assert kind("def f(x):") == kind("return 2 * x") == kind("not python") == {0}
    assert kind("y = 1") == {0} and kind(TABLE[4:-1]) == kind(LONG[5:-16]) == {2}


def test_windows_lie_in_one_file_and_are_of_one_kind():
    got, held = corpus.split(corpus.load(), 40)
    assert set(got.names) | set(held.names) == set(corpus.load().names) and not set(got.names) & set(held.names)
    kinds, found = corpus.categories(held), corpus.windows(held, 48)
    for c, at in enumerate(found):
        assert len(at) > 100
        for start in at[:: len(at) // 50]:
            assert (kinds[start: start + 48] == c).all()
            assert not ((held.starts > start) & (held.starts < start + 48)).any()
            assert len(set(held.text[start + 24: start + 48].tolist())) >= 8


def test_duplicates_are_counted_as_by_hand():
    line = "a line that is long enough to be counted"
    text = corpus.encode(f"{line}\n  {line}  \nshort\nanother line that is long enough to count, once\n")
    assert sorted(corpus.duplicates(text, 40).values()) == [1, 2]
    assert max(corpus.duplicates(corpus.load().text).values()) > 20


@pytest.mark.parametrize("make, words", [
    (lambda p: p / "none", "no folder"), (lambda p: p, "no Python file"),
    (lambda p: [(p / "a.py").write_text(""), p][1], "no text in the 1 Python files"),
    (lambda p: (p / "a.py").symlink_to(p / "gone") or p, "could not be read")])
def test_what_cannot_be_read_is_refused(tmp_path, make, words):
    with pytest.raises(UsageError, match=words):
        corpus.load(str(make(tmp_path)))


def test_bytes_outside_the_vocabulary_are_refused():
    with pytest.raises(UsageError, match="text: got 'naïve', takes bytes below 128"):
        corpus.encode("naïve")
    assert corpus.decode(corpus.encode("a\tb\n")) == "a·b⏎" and np.array_equal(corpus.encode(b"ab"), [97, 98])
