/* An option by its name and a value: what is taken reads back the same. */
#include "fuzz.h"

#include <string.h>

#include "base/memory.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name, *value;
    size_t base;
    unroll_config *config;
    fuzz_split(data, size, &name, &value);
    fuzz_require(unroll_config_new(&config) == UNROLL_OK);
    const unroll_option *o = unroll_option_find(unroll_config_lists, name, &base);
    if (!o)
        (void)unroll_option_nearest(unroll_config_lists, name);
    else if (unroll_option_check_blank(o, value) == UNROLL_OK &&
             unroll_option_set(o, base, config, value) == UNROLL_OK) {
        char *text = unroll_option_get(o, base, config);
        fuzz_require(text);
        fuzz_require(unroll_option_set(o, base, config, text) == UNROLL_OK);
        char *again = unroll_option_get(o, base, config);
        fuzz_require(again && strcmp(again, text) == 0);
        unroll_free(again);
        unroll_free(text);
        (void)unroll_config_check(config);
    }
    unroll_config_free(config);
    free(name), free(value);
    return 0;
}
