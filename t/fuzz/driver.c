/* A room's fuzz targets under libFuzzer: built by t/fuzz/run with FUZZ_ROOM and FUZZ_TARGET set. */
#include FUZZ_ROOM

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_target *target;

    if (target == NULL) {
        fuzz_assert(apr_initialize() == APR_SUCCESS);
        for (size_t i = 0; i < sizeof(fuzz_targets) / sizeof(fuzz_targets[0]); i++) {
            if (strcmp(fuzz_targets[i].name, FUZZ_TARGET) == 0) {
                target = &fuzz_targets[i];
            }
        }
        fuzz_assert(target != NULL);
    }
    fuzz_once(target, fb_str_from_len((const char *)data, size));
    return 0;
}
