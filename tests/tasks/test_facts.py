"""Fictional people, against reading their sentences word by word."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.errors import UsageError
from mini.tasks import facts
from mini.tasks.facts import Lexicon

LEXICON = Lexicon(names=6, attributes=3, values=5, templates=4)
FOLK = facts.people(jax.random.key(0), LEXICON, 20)


def understood(tokens):
    """(first, last, relation, template, value) of a sentence: each token says what it is by its number."""
    kinds = list(map(int, tokens))
    first, last = (next(t for t in kinds if low <= t < high) for low, high in ((0, 6), (6, 12)))
    words = [t - LEXICON.word for t in kinds if LEXICON.word <= t < LEXICON.value]
    assert words[1] == words[0] + 1 and words[0] % 2 == 0
    relation, template = divmod(words[0] // 2, 4)
    of_value, value = divmod(kinds[-1] - LEXICON.value, 5)
    assert of_value == relation
    return first, last - 6, relation, template, value


def test_a_sentence_says_what_is_true_and_in_which_words():
    for who in range(20):
        for relation in range(4):
            for template in range(4):
                said = facts.sentences(LEXICON, FOLK, who, relation, jnp.array(template))
                assert understood(said) == (*map(int, FOLK.name[who]), relation, template, int(FOLK.value[who, relation]))


def test_every_token_is_in_the_vocabulary_and_every_kind_apart():
    assert LEXICON.size == 12 + 1 + 2 * 4 * 4 + 4 * 5
    told = facts.companies(LEXICON, FOLK, jnp.arange(5), jnp.arange(5) % 4)
    assert int(told.max()) < LEXICON.size and (told == LEXICON.company).sum(1).tolist() == [1] * 5
    assert (told[:, -1] == LEXICON.value + 3 * 5 + FOLK.town).all()


def test_people_have_different_names_and_work_where_their_firm_is():
    everyone = facts.people(jax.random.key(1), LEXICON, 36)
    assert len({tuple(map(int, name)) for name in everyone.name}) == 36
    assert (everyone.value[:, 3] == everyone.town[everyone.value[:, 0]]).all()


def test_the_background_is_true_and_as_frequent_as_asked():
    text = np.asarray(facts.background(jax.random.key(2), LEXICON, FOLK, 10, 1.0, 0.25, 2000, 17), int)
    assert text.shape == (2000, 17)
    firms, who = 0, np.zeros(10)
    names = {tuple(map(int, name)): i for i, name in enumerate(np.asarray(FOLK.name))}
    for row in text:
        for sentence in (row[:5], row[5:10], row[10:15]):
            if LEXICON.company in sentence:
                firms += 1
                continue
            first, last, relation, _, value = understood(sentence)
            assert int(FOLK.value[names[first, last], relation]) == value
            who[names[first, last]] += 1
    rank = 1 / np.arange(1, 11)
    assert firms / 6000 == pytest.approx(0.25, abs=0.02)
    np.testing.assert_allclose(who / who.sum(), rank / rank.sum(), atol=0.03)


def test_a_row_is_about_one_person_and_no_relation_comes_twice():
    text = np.asarray(facts.background(jax.random.key(3), LEXICON, FOLK, 10, 0.0, 0.0, 50, 20))
    for row in text:
        said = [understood(row[i:i + 5]) for i in range(0, 20, 5)]
        assert len({s[:2] for s in said}) == 1 and sorted(s[2] for s in said) == [0, 1, 2, 3]


def test_duplicates_repeat_and_paraphrases_use_each_template_alike_but_the_last():
    order = facts.templates(jax.random.key(4), LEXICON, 2)
    made = np.asarray(facts.passages(jax.random.key(5), LEXICON, FOLK, jnp.array([7, 9]), jnp.array([0, 1]), order, 6))
    assert made.shape == (6, 2, 15) and (made[:, 0] == made[0, 0]).all()
    for person in (0, 1):
        used = np.zeros((3, 4), int)
        for exposure in range(6):
            said = [understood(made[exposure, person, i:i + 5]) for i in range(0, 15, 5)]
            assert sorted(s[2] for s in said) == [0, 1, 2], "each attribute once, the town never"
            for _, _, relation, template, _ in said:
                used[relation, template] += 1
        for relation in range(3):
            sequence = used[relation][np.asarray(order[person, relation])].tolist()
            assert sequence == ([6, 0, 0, 0] if person == 0 else [2, 2, 2, 0])


@pytest.mark.parametrize("lexicon, number, words", [
    (LEXICON, 37, "people: got 37, takes at most 36"), (LEXICON._replace(names=25), 2, "names: got 25"),
    (LEXICON._replace(templates=7), 2, "templates: got 7"), (LEXICON._replace(values=64), 2, "of 256")])
def test_what_cannot_be_is_refused(lexicon, number, words):
    with pytest.raises(UsageError, match=words):
        facts.people(jax.random.key(0), lexicon, number)
