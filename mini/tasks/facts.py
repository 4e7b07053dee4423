"""Fictional people and what is true of them, told in templates; made in bulk, ahead of the loop.

A sentence has five tokens: two of the name, two of the template, and the value last, so that whoever reads the first
four must know the fact to predict the fifth. Templates differ in their words and in where the name stands among them:

    Ada Ash works for [firm 3]    find Ada Ash at [firm 3]    employer of Ada Ash [firm 3]

The first attribute is the employer, and every employer has its town, stated for companies ("[firm 3] company ... [town 5]")
and for people, but only for background people, so that to find a new person's town takes two steps: name, employer, town.
After the synthetic biographies of Allen-Zhu and Li 2023 and the fictional passages of Chang and others 2024.

Shape letters: P people, A attributes, R = A + 1 relations (the town last), J templates, N sequences, S sentences, T places.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from mini.errors import wrong

SENTENCE = 5  # tokens
FIRST = (
    "Ada", "Ben", "Cai", "Dov", "Eva", "Fay", "Gil", "Hal", "Ida", "Jan", "Kit", "Leo", "Mia", "Ned", "Ora", "Pia",
    "Quin", "Ray", "Sue", "Tom", "Una", "Val", "Wim", "Zoe")
LAST = (
    "Ash", "Bay", "Cole", "Dale", "Elm", "Fox", "Gray", "Hill", "Ivy", "Jay", "Kerr", "Lake", "Moor", "Nash", "Oak",
    "Pike", "Quick", "Reed", "Stone", "Tarn", "Underhill", "Vale", "Wood", "York")
RELATIONS = {  # name of the relation, its values' noun, and the two words of each template
    "employer": ("firm", "works for, find at, employer of, reports to, call at, workplace of"),
    "birthplace": ("village", "born in, bring from, birthplace of, comes from, raised in, cradle of"),
    "trade": ("trade", "trained as, hire as, trade of, earns as, know as, craft of"),
    "hobby": ("hobby", "enjoys doing, meet at, hobby of, fond of, catch doing, pastime of"),
    "town": ("town", "found in, visit in, town of, sits in, reach in, place of"),
}
TEMPLATES = 6  # at most


class Lexicon(NamedTuple):
    """How many words of each kind there are; tokens are numbered in this order."""

    names: int = 24  # first names, and as many last names
    attributes: int = 4  # without the town
    values: int = 12  # of each relation
    templates: int = 6  # of each relation

    @property
    def company(self) -> int:
        """The token that stands in the place of a company's last name."""
        return 2 * self.names

    @property
    def word(self) -> int:
        """The first token of the templates."""
        return self.company + 1

    @property
    def value(self) -> int:
        """The first token of the values."""
        return self.word + 2 * self.templates * (self.attributes + 1)

    @property
    def size(self) -> int:
        return self.value + self.values * (self.attributes + 1)


class People(NamedTuple):
    name: jax.Array  # (P, 2) numbers of first and last name
    value: jax.Array  # (P, R) numbers of the values, the town last
    town: jax.Array  # (values,) of each employer


def check(lexicon: Lexicon, number: int) -> None:
    """Refuse an impossible lexicon, and more people than it has names for."""
    for name, low, high in (("names", 2, len(FIRST)), ("attributes", 1, len(RELATIONS) - 1), ("templates", 1, TEMPLATES),
                            ("values", 2, 64)):
        if not low <= getattr(lexicon, name) <= high:
            raise wrong(name, getattr(lexicon, name), f"a whole number in [{low}, {high}]")
    if lexicon.size > 256:
        raise wrong("values", lexicon.values, f"fewer: names, templates and values take {lexicon.size} tokens of 256")
    if number > lexicon.names**2:
        raise wrong("people", number, f"at most {lexicon.names**2}, the names that {lexicon.names} first and as many last "
                                      "names make")


@partial(jax.jit, static_argnames=("lexicon", "number"))
def people(key: jax.Array, lexicon: Lexicon, number: int) -> People:
    """People with different names, each value drawn uniformly, the town being the employer's.

    Raises:
      UsageError: more people than names.

    >>> made = people(jax.random.key(0), Lexicon(names=3), 9)
    >>> len({tuple(map(int, pair)) for pair in made.name}), bool((made.value[:, -1] == made.town[made.value[:, 0]]).all())
    (9, True)
    """
    check(lexicon, number)
    of_name, of_value, of_town = jax.random.split(key, 3)
    cell = jnp.argsort(jax.random.uniform(of_name, (lexicon.names**2,)))[:number]
    town = jax.random.randint(of_town, (lexicon.values,), 0, lexicon.values)
    value = jax.random.randint(of_value, (number, lexicon.attributes), 0, lexicon.values)
    return People(jnp.stack([cell // lexicon.names, cell % lexicon.names], 1),
                  jnp.concatenate([value, town[value[:, :1]]], 1), town)


@partial(jax.jit, static_argnames="lexicon")
def sentences(lexicon: Lexicon, folk: People, who: jax.Array, relation: jax.Array, template: jax.Array) -> jax.Array:
    """What is true of these people, told in these templates; indices of equal shape, tokens (..., 5) int32.

    >>> folk = people(jax.random.key(0), Lexicon(), 3)
    >>> sentences(Lexicon(), folk, jnp.arange(3), jnp.zeros(3, int), jnp.zeros(3, int)).shape
    (3, 5)
    """
    first, last = folk.name[who, 0], lexicon.names + folk.name[who, 1]
    return _told(lexicon, first, last, relation, template, folk.value[who, relation])


@partial(jax.jit, static_argnames="lexicon")
def companies(lexicon: Lexicon, folk: People, firm: jax.Array, template: jax.Array) -> jax.Array:
    """Where companies are; indices of equal shape, tokens (..., 5) int32."""
    town = jnp.full_like(firm, lexicon.attributes)
    return _told(lexicon, lexicon.value + firm, jnp.full_like(firm, lexicon.company), town, template, folk.town[firm])


def _told(lexicon: Lexicon, first, last, relation, template, value) -> jax.Array:
    one = lexicon.word + 2 * (relation * lexicon.templates + template)
    value = lexicon.value + relation * lexicon.values + value
    orders = [(first, last, one, one + 1, value), (one, first, last, one + 1, value), (one, one + 1, first, last, value)]
    orders = jnp.stack([jnp.stack(order, -1) for order in orders], -2)  # (..., 3, 5)
    return jnp.take_along_axis(orders, (template % 3)[..., None, None], -2)[..., 0, :].astype(jnp.int32)


@partial(jax.jit, static_argnames=("lexicon", "number", "sequences", "length"))
def background(key: jax.Array, lexicon: Lexicon, folk: People, number: int, skew, company_share, sequences: int,
               length: int) -> jax.Array:
    """Sequences (N, T) uint8, each about one of the first `number` people, in any order and any template.

    Args:
      skew: a person is written about in proportion to rank^-skew. company_share: the share of sentences about companies.

    >>> background(jax.random.key(0), Lexicon(), people(jax.random.key(1), Lexicon(), 5), 5, 0.5, 0.1, 7, 20).shape
    (7, 20)
    """
    told, relations = -(-length // SENTENCE), lexicon.attributes + 1
    u = jax.random.uniform(key, (sequences, 1 + relations + 3 * told))
    of_who, order, of_template, of_firm, is_company = jnp.split(u, [1, 1 + relations, 1 + relations + told,
                                                                    1 + relations + 2 * told], 1)
    share = jnp.cumsum(jnp.arange(1, number + 1) ** -jnp.float32(skew))
    who = jnp.minimum(jnp.searchsorted(share / share[-1], of_who), number - 1)  # (N, 1)
    relation = jnp.argsort(order, 1)[:, jnp.arange(told) % relations]  # (N, S)
    template = (of_template * lexicon.templates).astype(jnp.int32)
    of_people = sentences(lexicon, folk, jnp.broadcast_to(who, relation.shape), relation, template)
    of_firms = companies(lexicon, folk, (of_firm * lexicon.values).astype(jnp.int32), template)
    tokens = jnp.where((is_company < company_share)[..., None], of_firms, of_people)  # (N, S, 5)
    return tokens.reshape(sequences, -1)[:, :length].astype(jnp.uint8)


@partial(jax.jit, static_argnames=("lexicon", "exposures"))
def passages(key: jax.Array, lexicon: Lexicon, folk: People, who: jax.Array, manner: jax.Array, order: jax.Array,
             exposures: int) -> jax.Array:
    """What is injected about these people (P,): at each exposure all attributes but the town, (exposures, P, 5 A) int32.

    Args:
      manner: (P,) 0 for the same passage every time, 1 for a paraphrase every time: other templates, each equally often,
        and another order of sentences. The last template is never used.
      order: (P, A, J) the templates of each person and attribute; duplicates use the first.

    >>> folk = people(jax.random.key(0), Lexicon(), 2)
    >>> order = templates(jax.random.key(1), Lexicon(), 2)
    >>> made = passages(jax.random.key(2), Lexicon(), folk, jnp.arange(2), jnp.array([0, 1]), order, 3)
    >>> made.shape, bool((made[0, 0] == made[2, 0]).all()), bool((made[0, 1] == made[2, 1]).all())
    ((3, 2, 20), True, False)
    """
    number, attributes, told = order.shape[0], lexicon.attributes, max(lexicon.templates - 1, 1)
    of_template, of_order = jax.random.split(key)
    cycles = -(-exposures // told)
    shuffled = jnp.argsort(jax.random.uniform(of_template, (cycles, told, number, attributes)), 1)
    varied = jnp.take_along_axis(order.transpose(2, 0, 1), shuffled.reshape(-1, number, attributes)[:exposures], 0)
    template = jnp.where((manner == 1)[None, :, None], varied, order[None, :, :, 0])  # (exposures, P, A)
    place = jnp.argsort(jax.random.uniform(of_order, template.shape), 2)
    place = jnp.where((manner == 1)[None, :, None], place, place[:1])
    template = jnp.take_along_axis(template, place, 2)
    tokens = sentences(lexicon, folk, jnp.broadcast_to(who[None, :, None], place.shape), place, template)
    return tokens.reshape(exposures, number, -1)


@partial(jax.jit, static_argnames=("lexicon", "number"))
def templates(key: jax.Array, lexicon: Lexicon, number: int) -> jax.Array:
    """For each person and relation the templates in an order of its own, (P, R - 1, J), so that no template stands out."""
    return jnp.argsort(jax.random.uniform(key, (number, lexicon.attributes, lexicon.templates)), 2)


def words(lexicon: Lexicon, tokens) -> str:
    """A sequence in words, for people to read.

    >>> folk = People(jnp.array([[0, 1]]), jnp.array([[3, 0, 0, 0, 5]]), jnp.zeros(12, int))
    >>> words(Lexicon(), sentences(Lexicon(), folk, 0, 0, jnp.array(1)))
    'find Ada Bay at firm-4'
    """
    relations = [*list(RELATIONS)[: lexicon.attributes], "town"]
    named = [*FIRST[: lexicon.names], *LAST[: lexicon.names], "Company"]
    for name in relations:
        named += [word for pair in RELATIONS[name][1].split(", ")[: lexicon.templates] for word in pair.split()]
    named += [f"{RELATIONS[name][0]}-{i + 1}" for name in relations for i in range(lexicon.values)]
    return " ".join(named[int(token)] for token in tokens)
