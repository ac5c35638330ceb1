/* Configuration files: options that are read and written are read again. */
#include "fuzz.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"

enum {
    ALL = UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA | UNROLL_ROLE_LEARN | UNROLL_ROLE_BOUND | UNROLL_ROLE_RUN
};

static unroll_status read_into(const char *text, size_t length, unroll_config *config)
{
    json_t *tree = NULL;
    unroll_status status =
        unroll_json_parse("x.json", "file", text, length, UNROLL_JSON_OPTIONS, &tree);
    if (status == UNROLL_OK)
        status = unroll_options_read("x.json", tree, ALL, config);
    json_decref(tree);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unroll_config *config, *again;
    char *text = fuzz_text(data, size);
    fuzz_require(unroll_config_new(&config) == UNROLL_OK);
    fuzz_require(unroll_config_new(&again) == UNROLL_OK);
    if (read_into(text, size, config) == UNROLL_OK) {
        char *written = unroll_options_json(config, ALL, NULL, NULL, true);
        fuzz_require(written);
        fuzz_require(read_into(written, strlen(written), again) == UNROLL_OK);
        char *twice = unroll_options_json(again, ALL, NULL, NULL, true);
        fuzz_require(twice && strcmp(written, twice) == 0);
        unroll_free(twice);
        unroll_free(written);
    }
    unroll_config_free(again);
    unroll_config_free(config);
    free(text);
    return 0;
}
