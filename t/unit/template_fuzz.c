/* The fuzz targets of the room template on their corpus. ASVS 1.4.1, 1.5.3. */
#include "../fuzz/template.c"
#include "unit.h"

#include "../fuzz/replay.h"

START_TEST(corpus_and_mutations)
{
    fuzz_replay(&fuzz_targets[_i], 10000);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_loop_test(tests, corpus_and_mutations, 0,
                        (int)(sizeof(fuzz_targets) / sizeof(fuzz_targets[0])));
}

int main(void)
{
    return unit_main("template_fuzz", add);
}
