/* What a fuzz target defines. `tests/fuzz/fuzz_<name>.c` holds LLVMFuzzerTestOneInput and nothing of
 * its own main: libFuzzer brings one, and replay_main.c another one that runs the corpus in
 * tests/fuzz/corpus/<name>/ as a plain test. It returns 0 and aborts on what must not happen. */
#ifndef OBLIGOR_TESTS_REPLAY_H
#define OBLIGOR_TESTS_REPLAY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
