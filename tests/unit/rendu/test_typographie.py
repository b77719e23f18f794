import pytest

from flux.rendu.glossaire import clean
from flux.rendu.tableau import Cellules
from flux.rendu.typographie import LONG_WORD, code_point, pieces, soigne


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seuil : 25,0 %", "Seuil\u00a0: 25,0\u00a0%"),
        ("« Ma part »", "«\u00a0Ma part\u00a0»"),
        ("CCH, art. R. 441-5, I, al. 12", "CCH, art.\u00a0R.\u00a0441-5, I, al.\u00a012"),
        ("http://x", "http://x"),
        ("", ""),
    ],
)
def test_spaces_that_hold_words_together(text, expected):
    assert soigne(text) == expected


@pytest.mark.parametrize("mark", [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))])
def test_marks_of_direction_are_named_everywhere(mark):
    assert soigne(f"a{mark}b") == clean(f"a{mark}b") == f"a{code_point(mark)}b"


def test_right_to_left_scripts_stay():
    assert clean("שלום مرحبا") == soigne("שלום مرحبا") == "שלום مرحبا"


@pytest.mark.parametrize("length", [0, 1, LONG_WORD, LONG_WORD + 1, 10_000])
def test_long_words_are_cut_and_whole(length):
    word = "".join(chr(ord("a") + i % 26) for i in range(length))
    cut = pieces(word)
    assert "".join(cut) == word
    assert (len(cut) > 1) is (length > LONG_WORD)


def test_a_text_as_long_as_a_page_does_not_push_the_others_out():
    cells = Cellules(
        entetes=("Nom", "Nombre"), lignes=(("x" * 10_000, "1"),), total=None, a_droite=(False, True)
    )
    assert sum(cells.largeurs(100)) <= 100
    assert cells.largeurs(0)[0] == LONG_WORD


def test_a_no_break_space_is_no_break():
    cells = Cellules(entetes=("N",), lignes=(("Commune\u00a0:",),), total=None, a_droite=(False,))
    assert cells.largeurs(0) == (9,)
