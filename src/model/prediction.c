/* Words of the prediction enums. */
#include "model/prediction.h"

const char *const RISK_LEVEL_WORDS[RISK_LEVEL_COUNT] = {"LOW", "MEDIUM", "HIGH", "CRITICAL"};
const char *const SOURCE_WORDS[SOURCE_COUNT] = {"bulk_upload", "manual", "edit", "rescore",
                                                "unknown"};
const char *const JOB_LINK_WORDS[LINK_COUNT] = {"recorded", "inferred"};

bool prediction_same_ratios(Kind kind, const Ratio *a, const Ratio *b)
{
    for (size_t i = 0; i < kind_spec(kind)->ratio_count; i++)
        if (a[i].present != b[i].present || (a[i].present && a[i].value != b[i].value))
            return false;
    return true;
}

bool job_link_hidden(JobLink link, bool hides_rows, bool hides_inferred)
{
    return hides_rows && (hides_inferred || link == LINK_RECORDED);
}
