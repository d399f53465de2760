/* The fuzz targets of the room web on their corpus. ASVS 1.4.1, 1.4.2, 1.5.3; SPEC D3, X14. */
#include "../fuzz/web.c"
#include "unit.h"

#include "../fuzz/replay.h"

START_TEST(corpus_and_mutations)
{
    fuzz_replay(&fuzz_targets[_i], strcmp(fuzz_targets[_i].name, "session") == 0 ? 500 : 10000);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_loop_test(tests, corpus_and_mutations, 0,
                        (int)(sizeof(fuzz_targets) / sizeof(fuzz_targets[0])));
}

int main(void)
{
    return unit_main("web_fuzz", add);
}
