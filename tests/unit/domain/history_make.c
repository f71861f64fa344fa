/* Steps that make something. */
#include "history.h"

#include "base/clock.h"

/* --- cuts ------------------------------------------------------------------------------------- */

void history_arm(History *h)
{
    fault_arm(h->w->fault, h->step->cut, ERROR_UNAVAILABLE);
}

bool history_was_cut(History *h, const Error *error)
{
    bool cut = error != NULL && fault_fired(h->w->fault);
    if (cut)
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
    fault_arm(h->w->fault, 0, ERROR_UNAVAILABLE);
    if (cut) {
        h->cuts++;
        world_reopen(h->w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    }
    return cut;
}

/* --- uploads ---------------------------------------------------------------------------------- */

static void read_lines(ModelJob *job, const char *lines)
{
    for (; lines[0] != '\0' && job->line_count < LINES_MAX; lines += 4) {
        int at = job->line_count++;
        job->lines[at].company = lines[0] - 'A';
        job->lines[at].year = lines[1] - '0';
        job->lines[at].value = lines[3] == 'x' ? -1 : lines[3] - '0';
    }
}

static Str file_text(const History *h, const ModelJob *job)
{
    bool annual = job->kind == KIND_ANNUAL;
    Buf text = buf_new(h->w->arena, 1 << 16);
    buf_add(&text, str_from(annual ? WORLD_ANNUAL : WORLD_QUARTERLY));
    for (int i = 0; i < job->line_count; i++) {
        const char *symbol = HISTORY_SYMBOLS[job->lines[i].company];
        int year = job->lines[i].year, value = job->lines[i].value;
        buf_printf(&text, "%s,%s Inc.,%s,Energy,%d,Q%d,", symbol, symbol,
                   value < 0 ? "12%" : "1000", annual ? 2000 + year : 2000, annual ? 4 : 1 + year);
        buf_printf(&text, annual ? ",,,,%d\n" : ",%d,,\n", value < 0 ? 1 : value);
    }
    return buf_str(&text);
}

static ImportOptions options_of(const Step *step)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_duplicate = (step->flags & FLAG_REPLACE) != 0 ? DUPLICATE_REPLACE
                           : (step->flags & FLAG_SKIP) != 0  ? DUPLICATE_SKIP
                                                             : DUPLICATE_REJECT;
    options.on_error = (step->flags & FLAG_UNDO) != 0 ? ON_ERROR_UNDO : ON_ERROR_KEEP;
    options.max_failed_rows = step->limit;
    options.dry_run = (step->flags & FLAG_DRY) != 0;
    return options;
}

void history_upload(History *h)
{
    const Step *step = h->step;
    assert_true(h->job_count < JOBS_MAX);
    ModelJob *job = &h->jobs[h->job_count];
    *job = (ModelJob){.made_by = step->number,
                      .owner = step->owner,
                      .kind = history_kind(step),
                      .status = JOB_PENDING,
                      .options = options_of(step),
                      .deletion = -1};
    read_lines(job, step->lines);
    UploadAnswer answer = {0};
    Str file = file_text(h, job);
    history_arm(h);
    Error *error = world_try_upload(h->w, history_person(h, job->owner), job->kind, file,
                                    &job->options, &answer);
    if (history_was_cut(h, error))
        return;
    assert_no_error(error);
    job->id = answer.job_id;
    history_enqueue(h, (Queued){job->owner, h->job_count++, -1});
}

/* --- by hand ---------------------------------------------------------------------------------- */

static PredictionInput input_of(const History *h, Key key, int value)
{
    bool annual = key.kind == KIND_ANNUAL;
    PredictionInput input = {.symbol = str_from(HISTORY_SYMBOLS[key.company]),
                             .company_name =
                                 str_printf(h->w->arena, "%s Inc.", HISTORY_SYMBOLS[key.company]),
                             .sector = STR("Energy"),
                             .market_cap = {1000, true},
                             .year = annual ? 2000 + key.year : 2000,
                             .quarter = annual ? 4 : 1 + key.year};
    input.ratios[history_value_ratio(key.kind)] = (Ratio){value, true};
    return input;
}

/* What a key's row is that nobody has seen yet; NULL: there is none. With a session that nothing happened to. */
static Prediction *unseen(History *h, Key key)
{
    World *w = h->w;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = PAGE_LIMIT_MAX};
    PredictionList list = {0};
    filter.symbol_part = str_from(HISTORY_SYMBOLS[key.company]);
    assert_no_error(predictions_list(w->arena, w->db, history_person(h, key.owner), key.kind,
                                     &filter, &page, &list));
    for (size_t i = 0; i < list.count; i++) {
        bool known = false;
        for (int k = 0; k < h->version_count; k++)
            known |= h->versions[k].known && uuid_equal(h->versions[k].fact.id, list.items[i].id);
        if (!known)
            return &list.items[i];
    }
    return NULL;
}

/* The new version of a key: it was given, or its answer was lost on the way. False: the cut left nothing. */
static bool made(History *h, Version like, bool cut, Prediction *given)
{
    Key key = history_key(&like);
    Prediction *seen = cut ? unseen(h, key) : given;
    if (seen == NULL)
        return false;
    Version *version = history_add(h, key, like.value);
    version->root = like.root;
    version->derived = like.derived;
    version->source = like.source;
    history_learn(h, version, seen);
    assert_true(history_current(h, key) == version); /* whoever makes one makes the newest */
    return true;
}

void history_create(History *h)
{
    const Step *step = h->step;
    World *w = h->w;
    Key key = {step->owner, history_kind(step), step->company, step->year};
    IdempotencyKey none = {0};
    NewPrediction new = {.kind = key.kind, .input = input_of(h, key, step->value)};
    CreatedPrediction created = {0};
    Version like = {.owner = key.owner,
                    .kind = key.kind,
                    .company = key.company,
                    .year = key.year,
                    .value = step->value,
                    .root = -1,
                    .source = SOURCE_MANUAL};
    bool replace = (step->flags & FLAG_REPLACE) != 0;
    if (!history_foreseen(h, key))
        return;
    const Version *holder = history_current(h, key);
    const Principal *who = history_person(h, key.owner);
    history_arm(h);
    Error *error = replace
                       ? predictions_replace(w->arena, w->db, who, &new, &none, &created)
                       : predictions_create(w->arena, w->db, who, &new, &none, &created.prediction);
    bool cut = history_was_cut(h, error);
    if (!cut && holder != NULL && !replace) {
        assert_true(error != NULL && error->code == ERROR_CONFLICT);
        return;
    }
    bool unchanged = holder != NULL && (!replace || holder->value == step->value);
    if (!cut) {
        assert_no_error(error);
        assert_int_equal(created.unchanged, unchanged);
    }
    if (!cut && replace)
        assert_true(uuid_equal(created.supersedes,
                               holder == NULL || unchanged ? UUID_NIL : holder->fact.id));
    if (unchanged)
        assert_true(cut || uuid_equal(created.prediction->id, holder->fact.id));
    else
        made(h, like, cut, created.prediction);
}

/* What all that is done to a version refuses; NULL: nothing. */
static bool refused(History *h, const Version *version, bool former_too, const Error *error)
{
    bool own = version->owner == h->step->owner;
    bool current = own && history_current(h, history_key(version)) == version;
    if (!own)
        assert_error(error, ERROR_NOT_FOUND, "There is no such prediction.");
    else if (!history_visible(h, version))
        assert_true(error != NULL && error->code == ERROR_GONE);
    else if (!current && !former_too)
        assert_true(error != NULL && error->code == ERROR_CONFLICT);
    else
        return false;
    return true;
}

static Version *subject_of(History *h)
{
    Version *version = history_version_by_step(h, h->step->of, h->step->row);
    bool there = version != NULL && version->known && !history_unsettled(h, history_key(version));
    return there ? version : NULL;
}

static Version derived_from(const Version *version, int value)
{
    return (Version){.owner = version->owner,
                     .kind = version->kind,
                     .company = version->company,
                     .year = version->year,
                     .value = value,
                     .root = version->root,
                     .derived = version,
                     .source = SOURCE_EDIT};
}

void history_edit(History *h)
{
    World *w = h->w;
    Version *version = subject_of(h);
    Prediction *changed = NULL;
    if (version == NULL)
        return;
    PredictionInput input = input_of(h, history_key(version), h->step->value);
    history_arm(h);
    Error *error = predictions_change(w->arena, w->db, history_person(h, h->step->owner),
                                      version->kind, version->fact.id, &input, NULL, &changed);
    bool cut = history_was_cut(h, error);
    if (!cut && refused(h, version, false, error))
        return;
    if (!cut)
        assert_no_error(error);
    made(h, derived_from(version, h->step->value), cut, changed);
}

void history_take_back(History *h)
{
    World *w = h->w;
    Version *version = subject_of(h);
    IdempotencyKey none = {0};
    CreatedPrediction created = {0};
    if (version == NULL)
        return;
    VersionRestore restore = {.kind = version->kind,
                              .id = version->fact.id,
                              .version_id = version->fact.id,
                              .idempotency = &none};
    bool current = history_current(h, history_key(version)) == version;
    history_arm(h);
    Error *error = predictions_restore_version(w->arena, w->db, history_person(h, h->step->owner),
                                               &restore, &created);
    bool cut = history_was_cut(h, error);
    if (!cut && refused(h, version, true, error))
        return;
    if (!cut) {
        assert_no_error(error);
        assert_int_equal(created.unchanged, current);
    }
    if (!current)
        made(h, derived_from(version, version->value), cut, created.prediction);
}

/* --- one that goes ---------------------------------------------------------------------------- */

void history_delete_row(History *h)
{
    World *w = h->w;
    Version *version = subject_of(h);
    Deletion *deletion = NULL;
    KeyDeletionOptions options = {.this_version = (h->step->flags & FLAG_THIS) != 0};
    if (version == NULL || h->deletion_count == DELETIONS_MAX)
        return;
    bool was_current = history_current(h, history_key(version)) == version;
    if (options.this_version && world_now() <= h->latest) /* see history_do */
        return;
    h->left_behind |= options.this_version;
    history_arm(h);
    Error *error = predictions_delete(w->arena, w->db, history_person(h, h->step->owner),
                                      version->kind, version->fact.id, &options, &deletion);
    if (history_was_cut(h, error) || refused(h, version, options.this_version, error))
        return;
    assert_no_error(error);
    int index = h->deletion_count, count = 0;
    history_add_deletion(h, deletion, version->owner)->done = true;
    for (int i = 0; i < h->version_count; i++) {
        Version *other = &h->versions[i];
        if (!history_in_key(other, history_key(version)) || !history_visible(h, other))
            continue;
        if (options.this_version && other != version) {
            if (was_current)
                other->retired |= UINT64_C(1) << index;
            continue;
        }
        other->fate = ARCHIVED;
        other->archive = index;
        count++;
    }
    assert_int_equal(deletion_rows(&deletion->counts) == 0 ? deletion->expected : count, count);
}
