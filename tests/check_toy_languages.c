/* The toy languages, held to translators of the tests' own that read the English alone. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runner.h"
#include "task/task.h"

/* ---- English to German, word by word ---- */

/* clang-format off */
/* English singular, plural; German singular, plural; m, f or n. */
static const char *const nouns[][5] = {
    {"man", "men", "Mann", "Männer", "m"},         {"woman", "women", "Frau", "Frauen", "f"},
    {"child", "children", "Kind", "Kinder", "n"},  {"dog", "dogs", "Hund", "Hunde", "m"},
    {"cat", "cats", "Katze", "Katzen", "f"},       {"doctor", "doctors", "Arzt", "Ärzte", "m"},
    {"teacher", "teachers", "Lehrer", "Lehrer", "m"},
    {"girl", "girls", "Mädchen", "Mädchen", "n"},  {"horse", "horses", "Pferd", "Pferde", "n"},
    {"queen", "queens", "Königin", "Königinnen", "f"},
};
/* clang-format on */
/* he, they, participle; er, sie, Partizip */
static const char *const verbs[][6] = {
    {"knows", "know", "known", "kennt", "kennen", "gekannt"},
    {"greets", "greet", "greeted", "grüßt", "grüßen", "gegrüßt"},
    {"sees", "see", "seen", "sieht", "sehen", "gesehen"},
    {"loves", "love", "loved", "liebt", "lieben", "geliebt"},
    {"finds", "find", "found", "findet", "finden", "gefunden"},
    {"hears", "hear", "heard", "hört", "hören", "gehört"},
};
static const char *const adjectives[][2] = {
    {"red", "rot"}, {"old", "alt"}, {"small", "klein"}, {"big", "groß"}, {"young", "jung"}};
static const char *const conjunctions[][2] = {
    {"because", "weil"}, {"while", "während"}, {"although", "obwohl"}};

typedef struct reader {
    char text[2000];
    char *word[400];
    size_t words, at;
    unsigned plurals, relatives, perfects, negations, clauses; /* that were met */
} reader;

static const char *peek(const reader *r)
{
    return r->at < r->words ? r->word[r->at] : "";
}

static bool take(reader *r, const char *word)
{
    if (strcmp(peek(r), word) != 0)
        return false;
    r->at++;
    return true;
}

static void add(char *to, const char *word)
{
    ck_assert_uint_lt(strlen(to) + strlen(word), 1900);
    if (*to)
        strcat(to, " ");
    strcat(to, word);
}

typedef struct verb {
    int at; /* in verbs */
    bool perfect, negated, plural;
} verb;

static verb read_verb(reader *r)
{
    verb v = {.at = -1};
    bool helper = false;
    if (take(r, "has") || (v.plural = take(r, "have")))
        v.perfect = true;
    else if (take(r, "does") || (v.plural = take(r, "do")))
        helper = true;
    v.negated = take(r, "not");
    ck_assert(!helper || v.negated);
    for (int i = 0; i < 6; i++)
        for (int form = 0; form < 3; form++)
            if (strcmp(peek(r), verbs[i][form]) == 0) {
                ck_assert_int_eq(form == 2, v.perfect);
                if (helper)
                    ck_assert_int_eq(form, 1);
                else if (!v.perfect) {
                    ck_assert(!v.negated);
                    v.plural = form == 1;
                }
                v.at = i;
            }
    ck_assert_msg(v.at >= 0, "'%s' is no verb", peek(r));
    r->at++;
    r->perfects += v.perfect;
    r->negations += v.negated;
    return v;
}

static void write_end(char *to, const verb *v, bool last)
{
    if (v->negated)
        add(to, "nicht");
    if (v->perfect)
        add(to, verbs[v->at][5]);
    if (last)
        add(to, v->perfect ? v->plural ? "haben" : "hat" : verbs[v->at][v->plural ? 4 : 3]);
}

/* The German article, also as a relative pronoun. */
static const char *the(char gender, bool plural, bool object)
{
    if (plural || gender == 'f')
        return "die";
    return gender == 'n' ? "das" : object ? "den" : "der";
}

/* A noun phrase; `depth` 1 is inside of a relative clause. Returns whether it is in the plural. */
static bool read_phrase(reader *r, char *to, bool object, int depth)
{
    const char *describing[4];
    size_t count = 0;
    int noun = -1;
    bool plural = false;
    ck_assert_msg(take(r, "the"), "'%s' is no article", peek(r));
    for (bool found = true; found;) {
        found = false;
        for (int i = 0; i < 5; i++)
            if (take(r, adjectives[i][0])) {
                ck_assert_uint_lt(count, 2);
                ck_assert(count == 0 || describing[0] != adjectives[i][1]);
                describing[count++] = adjectives[i][1];
                found = true;
            }
    }
    for (int i = 0; i < 10; i++)
        for (int form = 0; form < 2; form++)
            if (strcmp(peek(r), nouns[i][form]) == 0) {
                noun = i;
                plural = form == 1;
            }
    ck_assert_msg(noun >= 0, "'%s' is no noun", peek(r));
    r->at++;
    r->plurals += plural;
    const char gender = nouns[noun][4][0];
    add(to, the(gender, plural, object));
    for (size_t i = 0; i < count; i++) {
        char word[40];
        snprintf(word, sizeof word, "%s%s", describing[i],
                 plural || (object && gender == 'm') ? "en" : "e");
        add(to, word);
    }
    add(to, nouns[noun][plural ? 3 : 2]);
    if (depth > 0 || !take(r, "that"))
        return plural;

    char other[400] = "";
    r->relatives++;
    const bool acted_on = strcmp(peek(r), "the") == 0;
    bool subject = plural;
    if (acted_on)
        subject = read_phrase(r, other, false, 1);
    const verb v = read_verb(r);
    ck_assert_int_eq(v.plural, subject);
    if (!acted_on)
        read_phrase(r, other, true, 1);
    add(to, the(gender, plural, acted_on));
    add(to, other);
    write_end(to, &v, true);
    return plural;
}

static void translate(reader *r, const char *english, size_t length, char *german)
{
    *r = (reader){0};
    german[0] = '\0';
    ck_assert_uint_lt(length, sizeof r->text);
    memcpy(r->text, english, length);
    for (char *word = strtok(r->text, " "); word; word = strtok(NULL, " "))
        r->word[r->words++] = word;
    for (bool main_clause = true; r->at < r->words; main_clause = false) {
        char object[800] = "";
        for (int i = 0; i < 3 && !main_clause; i++)
            if (take(r, conjunctions[i][0]))
                add(german, conjunctions[i][1]);
        const bool plural = read_phrase(r, german, false, 0);
        const verb v = read_verb(r);
        ck_assert_int_eq(v.plural, plural);
        read_phrase(r, object, true, 0);
        if (main_clause)
            add(german, v.perfect ? v.plural ? "haben" : "hat" : verbs[v.at][v.plural ? 4 : 3]);
        add(german, object);
        write_end(german, &v, !main_clause);
        r->clauses += !main_clause;
    }
}

/* The tests' translator is held to sentences that were checked by hand. */
START_TEST(test_translator)
{
    static const char *const known[][2] = {
        {"the red doctor knows the old small man because the dog greets the old woman",
         "der rote Arzt kennt den alten kleinen Mann weil der Hund die alte Frau grüßt"},
        {"the women do not see the old dog because the girl that the red cat finds greets the "
         "small doctors",
         "die Frauen sehen den alten Hund nicht weil das Mädchen das die rote Katze findet die "
         "kleinen Ärzte grüßt"},
        {"the man that has seen the dog has not loved the queens that the child knows",
         "der Mann der den Hund gesehen hat hat die Königinnen die das Kind kennt nicht geliebt"},
        {"the dogs that do not hear the man know the red horse although the teacher has greeted "
         "the man that the old dog sees",
         "die Hunde die den Mann nicht hören kennen das rote Pferd obwohl der Lehrer den Mann den "
         "der alte Hund sieht gegrüßt hat"},
    };
    static reader r;
    static char german[2000];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        translate(&r, known[i][0], strlen(known[i][0]), german);
        ck_assert_str_eq(german, known[i][1]);
    }
}
END_TEST

static const struct grammar {
    const char *spec;
    unsigned least, most;
    bool plurals, relatives, perfects, negations;
} grammars[] = {
    {"translate", 0, 2, false, false, false, false},
    {"toy-translation", 0, 2, false, false, false, false},
    {"translate:clauses=1", 0, 1, false, false, false, false},
    {"toy-translation:clauses=3,least=3", 3, 3, false, false, false, false},
    {"toy-translation:clauses=0,least=2", 2, 2, false, false, false, false},
    {"toy-translation:plural=0.5", 0, 2, true, false, false, false},
    {"toy-translation:negation=0.5,clauses=1", 0, 1, false, false, false, true},
    {"toy-translation:plural=0.3,relative=0.4,perfect=0.5,negation=0.3", 0, 2, true, true, true, true},
};

START_TEST(test_sentences)
{
    enum { COUNT = 1500 };
    const struct grammar *g = &grammars[_i];
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    char *text;
    size_t length;
    static reader r;
    static char german[2000];
    bool plurals = false, relatives = false, perfects = false, negations = false;
    unsigned clauses[4] = {0};
    ck_assert(unroll_task_translates(g->spec));
    ck_assert_int_eq(unroll_toy_parse(g->spec, &toy, value), UNROLL_OK);
    ck_assert_int_eq(unroll_toy_text(toy, value, 11, COUNT, &text, &length), UNROLL_OK);
    const char *at = text;
    for (int i = 0; i < COUNT; i++) {
        const char *tab = memchr(at, '\t', (size_t)(text + length - at));
        const char *end = memchr(tab, '\n', (size_t)(text + length - tab));
        translate(&r, at, (size_t)(tab - at), german);
        ck_assert_msg(strlen(german) == (size_t)(end - tab - 1) &&
                          memcmp(german, tab + 1, strlen(german)) == 0,
                      "'%.*s' is not '%s'", (int)(end - at), at, german);
        ck_assert(r.clauses >= g->least && r.clauses <= g->most);
        clauses[r.clauses]++;
        plurals |= r.plurals > 0;
        relatives |= r.relatives > 0;
        perfects |= r.perfects > 0;
        negations |= r.negations > 0;
        at = end + 1;
    }
    ck_assert_ptr_eq(at, text + length);
    for (unsigned n = g->least; n <= g->most; n++) /* as often as each other */
        ck_assert_double_eq_tol((double)clauses[n] / COUNT, 1.0 / (g->most - g->least + 1), 0.05);
    ck_assert(plurals == g->plurals && relatives == g->relatives);
    ck_assert(perfects == g->perfects && negations == g->negations);
    unroll_free(text);
}
END_TEST

/* ---- numbers ---- */

/* What English words say. */
static unsigned read_number(const char *text, size_t length)
{
    static const char *const words[] = {
        "zero",     "one",     "two",     "three",     "four",     "five",     "six",
        "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
        "thirty",   "forty",   "fifty",   "sixty",     "seventy",  "eighty",   "ninety"};
    char copy[200];
    unsigned sum = 0, group = 0;
    ck_assert_uint_lt(length, sizeof copy);
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    for (char *word = strtok(copy, " -"); word; word = strtok(NULL, " -")) {
        unsigned n = 0;
        while (n < 28 && strcmp(word, words[n]) != 0)
            n++;
        if (n < 28)
            group += n <= 20 ? n : 10 * (n - 18);
        else if (strcmp(word, "hundred") == 0)
            group *= 100;
        else if (strcmp(word, "thousand") == 0)
            sum += 1000 * group, group = 0;
        else if (strcmp(word, "million") == 0)
            sum += 1000000 * group, group = 0;
        else
            ck_abort_msg("'%s' is no number", word);
    }
    return sum + group;
}

static unsigned read_roman(const char *text)
{
    static const char signs[] = "IVXLCDM";
    static const unsigned sizes[] = {1, 5, 10, 50, 100, 500, 1000};
    unsigned sum = 0;
    for (; *text; text++) {
        const unsigned size = sizes[strchr(signs, *text) - signs];
        const unsigned next = text[1] ? sizes[strchr(signs, text[1]) - signs] : 0;
        sum += next > size ? -size : size;
    }
    return sum;
}

/* n as "to" says it. */
static void say(unsigned n, int to, char *text)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    char spec[40];
    unroll_buffer source = {0}, target = {0};
    unroll_rng rng;
    int digits = 1;
    for (unsigned rest = n; rest >= 10; rest /= 10)
        digits++;
    snprintf(spec, sizeof spec, "numbers:to=%d,digits=%d", to, digits);
    ck_assert_int_eq(unroll_toy_parse(spec, &toy, value), UNROLL_OK);
    unroll_rng_seed(&rng, 1, 1);
    bool found = false;
    for (int i = 0; i < 3000000 && !found; i++) {
        source.length = target.length = 0;
        toy->draw(value, &rng, &source, &target);
        found = read_number(source.text, source.length) == n;
    }
    ck_assert_msg(found, "%u never comes", n);
    snprintf(text, 200, "%.*s", (int)target.length, target.text);
    unroll_free(source.text);
    unroll_free(target.text);
}

START_TEST(test_numbers)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    unroll_rng rng;
    unroll_buffer source = {0}, target = {0};
    unsigned most = 0, least = 9999999;
    ck_assert_int_eq(unroll_toy_parse(_i ? "numbers:to=1" : "numbers:to=0,digits=7", &toy, value),
                     UNROLL_OK);
    unroll_rng_seed(&rng, 5, 1);
    for (int i = 0; i < 20000; i++) {
        char text[100];
        source.length = target.length = 0;
        toy->draw(value, &rng, &source, &target);
        snprintf(text, sizeof text, "%.*s", (int)target.length, target.text);
        const unsigned n = read_number(source.text, source.length);
        const unsigned m = _i ? read_roman(text) : (unsigned)strtoul(text, NULL, 10);
        if (n != m)
            ck_abort_msg("%.*s is not %s", (int)source.length, source.text, text);
        most = n > most ? n : most;
        least = n < least ? n : least;
    }
    ck_assert_uint_eq(least, _i ? 1 : 0);
    ck_assert_uint_le(most, _i ? 3999 : 9999999);
    ck_assert_uint_ge(most, _i ? 3900 : 9000000);
    unroll_free(source.text);
    unroll_free(target.text);
}
END_TEST

static const struct {
    unsigned n;
    int to;
    const char *says;
} known_numbers[] = {
    {0, 2, "null"},
    {1, 2, "eins"},
    {7, 2, "sieben"},
    {12, 2, "zwölf"},
    {16, 2, "sechzehn"},
    {17, 2, "siebzehn"},
    {21, 2, "einundzwanzig"},
    {30, 2, "dreißig"},
    {76, 2, "sechsundsiebzig"},
    {100, 2, "einhundert"},
    {101, 2, "einhunderteins"},
    {342, 2, "dreihundertzweiundvierzig"},
    {911, 2, "neunhundertelf"},
    {1001, 2, "eintausendeins"},
    {4, 1, "IV"},
    {90, 1, "XC"},
    {444, 1, "CDXLIV"},
    {1994, 1, "MCMXCIV"},
};

START_TEST(test_known_numbers)
{
    char text[200];
    say(known_numbers[_i].n, known_numbers[_i].to, text);
    ck_assert_str_eq(text, known_numbers[_i].says);
}
END_TEST

/* ---- specs ---- */

/* clang-format off */
static const char *const bad_specs[][2] = {
    {"toy-translation:clauses=3x", "from 0 to 100"}, {"toy-translation:clauses=101", "from 0 to 100"},
    {"toy-translation:plural=1.5", "from 0 to 1"},   {"toy-translation:plural=nan", "from 0 to 1"},
    {"toy-translation:clause=1", "did you mean 'clauses'"}, {"toy-translation:", "not key=value"},
    {"toy-translation:plural", "not key=value"},     {"toy-translation:pairs=0", "from 1"},
    {"numbers:to=3", "from 0 to 2"},                 {"number", "did you mean 'numbers'"},
    {"numbers:to=1,to=1", "given twice"},            {"translate:clausse=1", "did you mean 'clauses'"},
};
/* clang-format on */

START_TEST(test_bad_specs)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    ck_assert_int_eq(unroll_toy_parse(bad_specs[_i][0], &toy, value), UNROLL_EUSAGE);
    ck_assert_msg(strstr(unroll_message(), bad_specs[_i][1]) != NULL, "%s", unroll_message());
}
END_TEST

START_TEST(test_kinds_of_task)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    ck_assert(unroll_task_translates("numbers:to=1"));
    ck_assert(!unroll_task_translates("char"));
    ck_assert(!unroll_task_translates("copy:delay=3"));
    ck_assert(!unroll_task_translates("toy"));
    ck_assert(!unroll_task_translates(""));
    ck_assert_int_eq(unroll_task_parse("toy-translation", &row, value), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "is a translation"));
}
END_TEST

/* The same seed says the same, another one says something else; failing memory is told. */
START_TEST(test_seeds_and_memory)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    char *text[3] = {NULL};
    size_t length[3];
    ck_assert_int_eq(unroll_toy_parse("toy-translation", &toy, value), UNROLL_OK);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_int_eq(unroll_toy_text(toy, value, 1 + i / 2, 50, &text[i], &length[i]), UNROLL_OK);
    ck_assert_uint_eq(length[0], length[1]);
    ck_assert_int_eq(memcmp(text[0], text[1], length[0]), 0);
    ck_assert(length[0] != length[2] || memcmp(text[0], text[2], length[0]) != 0);
    for (int i = 0; i < 3; i++)
        unroll_free(text[i]);
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK; n++) {
        ck_assert_int_lt(n, 100);
        unroll_alloc_fail_after(n);
        status = unroll_toy_text(toy, value, 1, 50, &text[0], &length[0]);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
    }
    unroll_free(text[0]);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("toys");
    TCase *t = new_case(suite, "sentences");
    tcase_add_test(t, test_translator);
    tcase_add_loop_test(t, test_sentences, 0, sizeof grammars / sizeof *grammars);
    t = new_case(suite, "numbers");
    tcase_add_loop_test(t, test_numbers, 0, 2);
    tcase_add_loop_test(t, test_known_numbers, 0, sizeof known_numbers / sizeof *known_numbers);
    t = new_case(suite, "specs");
    tcase_add_loop_test(t, test_bad_specs, 0, sizeof bad_specs / sizeof *bad_specs);
    tcase_add_test(t, test_kinds_of_task);
    tcase_add_test(t, test_seeds_and_memory);
    return suite;
}
