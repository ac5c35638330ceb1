/* English to German with the verb at the end of subordinate clauses: reads as real, and how far a
 * word lies from its translation is a dial.
 *
 * All noun phrases are definite. An adjective then ends in -e in the nominative singular, in the
 * accusative singular in -en with a masculine noun and in -e with others, in the plural in -en. The
 * nouns are all declined strongly, so that they look the same in both cases. Verbs take the
 * accusative, and the perfect tense with haben.
 *   main         der Hund grüßt die Frau (nicht)      der Hund hat die Frau (nicht) gegrüßt
 *   subordinate  weil der Hund die Frau (nicht) grüßt  weil der Hund die Frau (nicht) gegrüßt hat
 *   relative     der Hund der die Frau sieht, der Hund den die Frau sieht: the pronoun has the gender
 *                and number of its noun, and the case of its part in the clause
 * nicht follows a definite object; kein, which negates an indefinite one, never has a place. Commas
 * are left out on both sides. */
#include "task/task.h"

enum { ADJECTIVES = 5, NOUNS = 10, VERBS = 6, CONJUNCTIONS = 3 };
enum gender { MASCULINE, FEMININE, NEUTER };
enum grammatical_case { NOMINATIVE, ACCUSATIVE };
enum order { MAIN, SUBORDINATE };

enum { CLAUSES = UNROLL_TOY_PAIRS + 1, LEAST, PLURAL, RELATIVE, PERFECT, NEGATION };

static const struct noun {
    const char *english[2], *german[2]; /* singular, plural */
    enum gender gender;
} nouns[NOUNS] = {
    {{"man", "men"}, {"Mann", "Männer"}, MASCULINE},
    {{"woman", "women"}, {"Frau", "Frauen"}, FEMININE},
    {{"child", "children"}, {"Kind", "Kinder"}, NEUTER},
    {{"dog", "dogs"}, {"Hund", "Hunde"}, MASCULINE},
    {{"cat", "cats"}, {"Katze", "Katzen"}, FEMININE},
    {{"doctor", "doctors"}, {"Arzt", "Ärzte"}, MASCULINE},
    {{"teacher", "teachers"}, {"Lehrer", "Lehrer"}, MASCULINE},
    {{"girl", "girls"}, {"Mädchen", "Mädchen"}, NEUTER},
    {{"queen", "queens"}, {"Königin", "Königinnen"}, FEMININE},
    {{"horse", "horses"}, {"Pferd", "Pferde"}, NEUTER},
};

static const struct adjective {
    const char *english, *e, *en;
} adjectives[ADJECTIVES] = {
    {"red", "rote", "roten"},   {"old", "alte", "alten"},     {"small", "kleine", "kleinen"},
    {"big", "große", "großen"}, {"young", "junge", "jungen"},
};

static const struct verb {
    const char *english[2], *english_participle; /* he, they */
    const char *german[2], *german_participle;
} verbs[VERBS] = {
    {{"knows", "know"}, "known", {"kennt", "kennen"}, "gekannt"},
    {{"greets", "greet"}, "greeted", {"grüßt", "grüßen"}, "gegrüßt"},
    {{"sees", "see"}, "seen", {"sieht", "sehen"}, "gesehen"},
    {{"loves", "love"}, "loved", {"liebt", "lieben"}, "geliebt"},
    {{"finds", "find"}, "found", {"findet", "finden"}, "gefunden"},
    {{"hears", "hear"}, "heard", {"hört", "hören"}, "gehört"},
};

static const struct conjunction {
    const char *english, *german;
} conjunctions[CONJUNCTIONS] = {
    {"because", "weil"},
    {"while", "während"},
    {"although", "obwohl"},
};

/* Article and relative pronoun alike: [case][gender], and in the plural of all genders. */
static const char *const article[2][3] = {{"der", "die", "das"}, {"den", "die", "das"}};
static const char article_plural[] = "die";

/* ---- what is said, before it is said in either language ---- */

typedef struct predicate {
    const struct verb *verb;
    bool perfect, negated;
} predicate;

typedef struct phrase {
    const struct noun *noun;
    bool plural;
    const struct adjective *adjective[2];
    size_t adjectives;
    bool relative;            /* "that …" follows */
    bool is_object;           /* of the relative clause: "that the dog sees" */
    predicate predicate;      /* of it */
    const struct noun *other; /* its other noun phrase, which has no clause of its own */
    bool other_plural;
    const struct adjective *other_adjective;
} phrase;

typedef struct draws {
    const double *value;
    unroll_rng *rng;
} draws;

static bool chance(const draws *d, int key)
{
    return d->value[key] > 0 && unroll_rng_uniform(d->rng) < d->value[key];
}

static const struct noun *draw_noun(const draws *d)
{
    return &nouns[unroll_rng_below(d->rng, NOUNS)];
}

static predicate draw_predicate(const draws *d)
{
    predicate p = {.verb = &verbs[unroll_rng_below(d->rng, VERBS)]};
    p.perfect = chance(d, PERFECT);
    p.negated = chance(d, NEGATION);
    return p;
}

/* No adjective with 0.4, one with 0.4, two different ones with 0.2. */
static void draw_adjectives(const draws *d, phrase *p)
{
    const double u = unroll_rng_uniform(d->rng);
    p->adjectives = u < 0.4 ? 0 : u < 0.8 ? 1 : 2;
    const size_t first = (size_t)unroll_rng_below(d->rng, ADJECTIVES);
    const size_t step = 1 + (size_t)unroll_rng_below(d->rng, ADJECTIVES - 1);
    p->adjective[0] = &adjectives[first];
    p->adjective[1] = &adjectives[(first + step) % ADJECTIVES];
}

static phrase draw_phrase(const draws *d)
{
    phrase p = {.noun = draw_noun(d)};
    draw_adjectives(d, &p);
    p.plural = chance(d, PLURAL);
    p.relative = chance(d, RELATIVE);
    if (!p.relative)
        return p;
    phrase other = {.noun = draw_noun(d)};
    draw_adjectives(d, &other);
    p.is_object = unroll_rng_below(d->rng, 2) == 0;
    p.predicate = draw_predicate(d);
    p.other = other.noun;
    p.other_plural = chance(d, PLURAL);
    p.other_adjective = other.adjectives ? other.adjective[0] : NULL;
    return p;
}

/* ---- English ---- */

static void say_english_verb(unroll_buffer *s, const predicate *p, bool plural)
{
    if (p->perfect)
        unroll_toy_word(s, plural ? "have" : "has");
    else if (p->negated)
        unroll_toy_word(s, plural ? "do" : "does");
    if (p->negated)
        unroll_toy_word(s, "not");
    if (p->perfect)
        unroll_toy_word(s, p->verb->english_participle);
    else
        unroll_toy_word(s, p->verb->english[plural || p->negated]);
}

static void say_english_other(unroll_buffer *s, const phrase *p)
{
    unroll_toy_word(s, "the");
    if (p->other_adjective)
        unroll_toy_word(s, p->other_adjective->english);
    unroll_toy_word(s, p->other->english[p->other_plural]);
}

static void say_english_phrase(unroll_buffer *s, const phrase *p)
{
    unroll_toy_word(s, "the");
    for (size_t i = 0; i < p->adjectives; i++)
        unroll_toy_word(s, p->adjective[i]->english);
    unroll_toy_word(s, p->noun->english[p->plural]);
    if (!p->relative)
        return;
    unroll_toy_word(s, "that");
    if (p->is_object)
        say_english_other(s, p);
    say_english_verb(s, &p->predicate, p->is_object ? p->other_plural : p->plural);
    if (!p->is_object)
        say_english_other(s, p);
}

static void say_english(unroll_buffer *s, const phrase *subject, const predicate *p,
                        const phrase *object)
{
    say_english_phrase(s, subject);
    say_english_verb(s, p, subject->plural);
    say_english_phrase(s, object);
}

/* ---- German ---- */

static void say_article(unroll_buffer *s, const struct noun *noun, bool plural,
                        enum grammatical_case c)
{
    unroll_toy_word(s, plural ? article_plural : article[c][noun->gender]);
}

static void say_adjective(unroll_buffer *s, const struct adjective *a, const struct noun *noun,
                          bool plural, enum grammatical_case c)
{
    const bool en = plural || (c == ACCUSATIVE && noun->gender == MASCULINE);
    unroll_toy_word(s, en ? a->en : a->e);
}

/* What ends a clause: all of the verb after a conjunction, the participle in a main clause. */
static void say_german_end(unroll_buffer *s, const predicate *p, bool plural, enum order order)
{
    if (p->negated)
        unroll_toy_word(s, "nicht");
    if (p->perfect)
        unroll_toy_word(s, p->verb->german_participle);
    if (order == SUBORDINATE)
        unroll_toy_word(s, !p->perfect ? p->verb->german[plural] : plural ? "haben" : "hat");
}

static void say_german_phrase(unroll_buffer *s, const phrase *p, enum grammatical_case c)
{
    say_article(s, p->noun, p->plural, c);
    for (size_t i = 0; i < p->adjectives; i++)
        say_adjective(s, p->adjective[i], p->noun, p->plural, c);
    unroll_toy_word(s, p->noun->german[p->plural]);
    if (!p->relative)
        return;
    const enum grammatical_case other = p->is_object ? NOMINATIVE : ACCUSATIVE;
    say_article(s, p->noun, p->plural, p->is_object ? ACCUSATIVE : NOMINATIVE);
    say_article(s, p->other, p->other_plural, other);
    if (p->other_adjective)
        say_adjective(s, p->other_adjective, p->other, p->other_plural, other);
    unroll_toy_word(s, p->other->german[p->other_plural]);
    say_german_end(s, &p->predicate, p->is_object ? p->other_plural : p->plural, SUBORDINATE);
}

static void say_german(unroll_buffer *s, const phrase *subject, const predicate *p,
                       const phrase *object, enum order order)
{
    const bool plural = subject->plural;
    say_german_phrase(s, subject, NOMINATIVE);
    if (order == MAIN)
        unroll_toy_word(s, !p->perfect ? p->verb->german[plural] : plural ? "haben" : "hat");
    say_german_phrase(s, object, ACCUSATIVE);
    say_german_end(s, p, plural, order);
}

/* ---- the whole ---- */

static void draw_clause(const draws *d, unroll_buffer *source, unroll_buffer *target, enum order order)
{
    const phrase subject = draw_phrase(d);
    const predicate p = draw_predicate(d);
    const phrase object = draw_phrase(d);
    say_english(source, &subject, &p, &object);
    say_german(target, &subject, &p, &object, order);
}

static void draw(const double *value, unroll_rng *rng, unroll_buffer *source, unroll_buffer *target)
{
    const draws d = {value, rng};
    const uint64_t least = (uint64_t)value[LEAST], most = (uint64_t)value[CLAUSES];
    uint64_t clauses = least < most ? least + unroll_rng_below(rng, most - least + 1) : least;
    draw_clause(&d, source, target, MAIN);
    for (; clauses > 0; clauses--) {
        const struct conjunction *c = &conjunctions[unroll_rng_below(rng, CONJUNCTIONS)];
        unroll_toy_word(source, c->english);
        unroll_toy_word(target, c->german);
        draw_clause(&d, source, target, SUBORDINATE);
    }
}

const unroll_toy_row unroll_toy_translation = {
    .name = "toy-translation",
    .summary = "English to German, where subordinate clauses end in their verb",
    .origin = "this project; sentence length as in Cho et al. (2014)",
    .keys =
        {
            [UNROLL_TOY_PAIRS] = {"pairs", "pairs that training without FILE makes", 100000, 1, 1e7,
                                  false},
            [CLAUSES] = {"clauses", "most subordinate clauses", 2, 0, 100, false},
            [LEAST] = {"least", "fewest of them; above clauses: exactly so many", 0, 0, 100, false},
            [PLURAL] = {"plural", "chance that a noun phrase is in the plural", 0, 0, 1, true},
            [RELATIVE] = {"relative", "chance of a relative clause behind a noun", 0, 0, 1, true},
            [PERFECT] = {"perfect", "chance that a clause is in the perfect tense", 0, 0, 1, true},
            [NEGATION] = {"negation", "chance that a clause is negated", 0, 0, 1, true},
        },
    .tokens = UNROLL_WORD,
    .draw = draw,
};
