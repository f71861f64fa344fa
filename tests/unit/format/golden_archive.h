/* Archives as version 1 wrote them on its first day, and the rows in them. Neither ever changes: somebody's
 * deleted predictions lie in such bytes. A new version gets new ones beside them. */
#ifndef OBLIGOR_UNIT_GOLDEN_ARCHIVE_H
#define OBLIGOR_UNIT_GOLDEN_ARCHIVE_H

#include "archive_rows.h"

enum { GOLDEN_ROWS = 12 };

static inline Uuid golden_uuid(uint8_t what, uint8_t version, size_t i)
{
    return (Uuid){{0x01, 0x93, 0x10, 0x20, what, 0x40, (uint8_t)(version << 4 | 0x0A),
                   (uint8_t)(3 * i), 0x80, what, 0xDE, 0xAD, 0xBE, 0xEF, (uint8_t)(i * 37),
                   (uint8_t)(i * 91)}};
}

static inline void golden_ratios(Kind kind, size_t i, Prediction *row)
{
    for (size_t r = 0; r < kind_spec(kind)->ratio_count; r++)
        row->ratios[r] = (Ratio){((double)(i * i) - 30 * (double)r) / 1000, true};
    row->ratios[1].value = i == 3 ? -0.0 : row->ratios[1].value;
    row->ratios[2].value = i == 4 ? double_of(UINT64_C(0xFFF8000000001234)) : row->ratios[2].value;
    row->ratios[2].value = i == 5 ? double_of(1) : row->ratios[2].value;
    if (i % 3 == 0)
        row->ratios[3] = (Ratio){0, false};
    row->market_cap = (Ratio){i < 6 ? 100000000 : 110888490000, true};
}

static inline void golden_score(Kind kind, size_t i, Score *score)
{
    static const double probabilities[] = {1 / 3.0, 0.75 + 1 / 7.0, 1 / 9.0};
    double p = probabilities[i % 3];
    if (kind == KIND_ANNUAL) {
        const double confidences[] = {0.5, 2 * (p - 0.5), 2 * (0.5 - p)};
        *score =
            (Score){{p}, {true}, p, i % 3 == 1 ? RISK_CRITICAL : RISK_MEDIUM, confidences[i % 3]};
        return;
    }
    *score = (Score){{p, 0, p}, {true, i % 2, true}, p, RISK_HIGH, 0.625};
    score->values[1] = i % 2 ? (double)i / 64 : 0;
}

static inline void golden_rows(Kind kind, Prediction rows[GOLDEN_ROWS])
{
    bool annual = kind == KIND_ANNUAL;
    for (size_t i = 0; i < GOLDEN_ROWS; i++) {
        rows[i] = (Prediction){
            .kind = kind,
            .id = golden_uuid(1, annual ? 7 : 4, i),
            .company_id = golden_uuid(2, 7, i / 6),
            .year = 2010 + (int)(i % 6),
            .quarter = annual ? 4 : 1 + (int)(i % 4),
            .sector = i < 6 ? STR("Öl & Gas") : STR(""),
            .model_id = golden_uuid(3, 7, 0),
            .has_job = annual || i != 7,
            .job_id = annual || i != 7 ? golden_uuid(4, 7, 0) : UUID_NIL,
            .job_row = annual || i != 7 ? (int64_t)i + 2 : 0,
            .job_link = annual ? LINK_RECORDED : LINK_INFERRED,
            .source = annual || i != 7 ? SOURCE_BULK_UPLOAD : SOURCE_EDIT,
            .derived_from = annual || i != 7 ? UUID_NIL : golden_uuid(1, 7, 3),
            .root_job_id = golden_uuid(4, 7, 0),
            .is_current = annual || i != 2,
            .created_by = golden_uuid(5, 7, 0),
            .created_at = 1764166000000000 + (int64_t)(i * i) * 1000,
        };
        golden_ratios(kind, i, &rows[i]);
        golden_score(kind, i, &rows[i].score);
    }
    if (!annual)
        rows[9].sector = (Str){NULL, 0};
}

static const char *const GOLDEN[KIND_COUNT] = {
    [KIND_ANNUAL] = "28b52ffd6473014c0600d2cb2a323051930e871c07660a95592a349048d6898e8495240e"
                    "876ea8cfa11a0c88e1e0033b1024fb4cc274ccc9368547fb7613990203ce83fa3bedcf37"
                    "ce2c611086645a75dbfc0f9a6fdab67d105004a6f6bc479d7a69a451903008ad97bf43f3"
                    "67d281d190302a251c14c33157848bc702b711a568dc5833d2c2422212e39330084132ad"
                    "7aa0f67f68dedb3ca7210c244ee8b6ae03263e5636998ebb4e368066fe53df14053fc1ad"
                    "b8b0c8080a00a2d290130e1b8cc89ae7806db8214186015739ea08128952068c0500b2c9"
                    "23306069930e50d8320c0314f1b8b263305c908cd526375c22c113412a7428aea4dcf2b6"
                    "42ddfe3749d1dddd08092264cb1405c7967fa5f9a4d9ef4e8e082187796eb51c23cd2579"
                    "562dff4773aa611a8cb7702d3bbc9e030386255058f082b44bdfac02217e33cc005e97ad"
                    "ea17f737ed50c0c381f5222014261aa2736afe10080050146a6041428a514ff747753b07"
                    "0c00711482de634cb3e589effe0404dc2daa2be06e363a0c99f6db893907ae150200e402"
                    "01030500001b021002082197b707cddb0300012306b60d02033106b1010300030207040b"
                    "0624000201173102ef010700153309101deeb243929536809874a922072f7780",
    [KIND_QUARTERLY] = "28b52ffd641902940600d28c2d34406f920e8c0217074b921fa1dc247fceab98c8ece0c7"
                       "e2ef6a493d00b003a191da93173d8e3406e0a02e001e05e561496b7bcb146da7b072ed54"
                       "dbb6ad6024c06acfff07a9f4c11c6c3c4a250c647435d762fe0bcdb1a3024221574a4414"
                       "a0845b3286140b04d3848644e2be980c94130d8cf7303942a14b848daee6eecf69de3fd5"
                       "9fc53bfff7652359425c430191f66b8a7b6ef3b4e610346c701acb0670b83021b99c4cd9"
                       "0729d3ccdf2afed9fc036de7c1131109003973f034be7a726ace406c17f044cd5c65a323"
                       "5d244a1944050072c81e2b7055920e80d33f332872e23c03e20d1bac5b67034c7ac42100"
                       "2400707f30ec5144b12db5b18c2091902d531160973fd4dcf0a2c8c6aa608773f15cd379"
                       "be3fd1bc409140a80735c96888c3d474d106ff46df845fd40d6d691fcb8561ae62cf1d83"
                       "bc5dd0366f7c12fc6e012b3459665d58755b2755e0cfa83b101000315302a3d770600f2c"
                       "98bf8a8e28b0c881cbd0700ccf60358ac1ce28e5b3dd91a20d207429cdc2182c05001208"
                       "1e2a7055920ea071efeadcf356fd5f201f8422f7f20000004072c41fcda3838cc44f1214"
                       "31b6d6d8d0de3205d94cb312274d73f4ec70a08da58a9042c53fd9c8a338a3d9ed1e0ccf"
                       "4d03897016f25b146fe06825fe88e295408aa0f60412bbbb1ae68261150089bbac447be1"
                       "9b05505edbbe6ba7be1936710111007648b2d2061003ae492a97380a41ef3ba659f38c07"
                       "5804dce5da156b47d05f43027706d30c5a650561000000030207040b060000000000e482"
                       "bcfc",
};

#endif
