/* When two versions of a prediction are the same figures: present alike, and equal where present. */
#include "model/prediction.h"

#include "test.h"

static void equal_means_every_ratio_of_the_kind(void **state)
{
    (void)state;
    Ratio a[RATIO_MAX] = {{1.5, true}, {0, false}, {-3, true}, {0, true}, {9, true}};
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        size_t count = kind_spec(kind)->ratio_count;
        for (size_t i = 0; i < count; i++) {
            Ratio b[RATIO_MAX];
            memcpy(b, a, sizeof b);
            assert_true(prediction_same_ratios(kind, a, b));
            b[i].value += 1;
            assert_int_equal(prediction_same_ratios(kind, a, b), !a[i].present);
            b[i] = (Ratio){a[i].value, !a[i].present};
            assert_false(prediction_same_ratios(kind, a, b));
            assert_false(prediction_same_ratios(kind, b, a));
        }
    }
    Ratio b[RATIO_MAX] = {{1.5, true}, {0, false}, {-3, true}, {0, true}, {10, true}};
    assert_true(prediction_same_ratios(KIND_QUARTERLY, a, b)); /* it has four */
}

static void missing_is_not_zero_but_minus_zero_is(void **state)
{
    (void)state;
    Ratio zero[RATIO_MAX] = {{0, true}}, missing[RATIO_MAX] = {{0, false}};
    Ratio minus[RATIO_MAX] = {{-0.0, true}};
    assert_false(prediction_same_ratios(KIND_ANNUAL, zero, missing));
    assert_true(prediction_same_ratios(KIND_ANNUAL, zero, minus));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_means_every_ratio_of_the_kind),
        TEST(missing_is_not_zero_but_minus_zero_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
