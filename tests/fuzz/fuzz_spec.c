/* Variants, sweeps and the specs of tasks, as the first line says: "v", "s" or "t". */
#include "fuzz.h"

#include "base/memory.h"
#include "config/config.h"
#include "lab/compare.h"
#include "task/task.h"

static void variant(const char *text)
{
    unroll_config *common;
    compare_variant v = {0};
    fuzz_require(unroll_config_new(&common) == UNROLL_OK);
    if (compare_variant_parse(text, common, &v) == UNROLL_OK) {
        (void)unroll_config_check(v.config);
        compare_variant_free(&v);
    }
    unroll_config_free(common);
}

static void sweep(const char *text)
{
    compare_sweep s = {0};
    if (compare_sweep_parse(text, &s) != UNROLL_OK)
        return;
    for (size_t i = 0; i < s.count; i++) {
        char *spec = compare_spec_set("copy:delay=2", s.key, s.value[i]);
        unroll_free(spec);
    }
    compare_sweep_free(&s);
}

static void spec(const char *text)
{
    unroll_config *config;
    fuzz_require(unroll_config_new(&config) == UNROLL_OK);
    if (unroll_config_set(config, "task", text) == UNROLL_OK)
        (void)unroll_config_check(config);
    (void)unroll_config_set(config, "cell", text);
    unroll_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *kind, *text;
    fuzz_split(data, size, &kind, &text);
    if (*kind == 'v')
        variant(text);
    else if (*kind == 's')
        sweep(text);
    else
        spec(text);
    free(kind), free(text);
    return 0;
}
