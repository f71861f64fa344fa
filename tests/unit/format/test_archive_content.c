/* Contents made by hand, with a checksum that fits: lengths that lie are found out, and what a later version
 * may add is passed over or refused, as it says itself. */
#include "archive_refused.h"
#include "base/vec.h"

typedef struct Column {
    uint64_t id;
    uint64_t type;
    uint64_t flags;
    Str body;
} Column;

typedef struct Content {
    Arena *arena;
    uint64_t version;
    uint64_t kind;
    uint64_t rows;
    VEC(Column) columns;
} Content;

static void put(Buf *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_add_char(out, (char)(value >> 8 * i));
}

static uint64_t take(Str *rest, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(uint8_t)rest->ptr[i] << 8 * i;
    *rest = str_slice(*rest, size, rest->len);
    return value;
}

static Content take_apart(Arena *arena, Str packed)
{
    Str rest = content_of(arena, packed);
    assert_true(str_starts_with(rest, STR("OBLA")));
    take(&rest, 4);
    Content content = {.arena = arena};
    content.version = take(&rest, 1);
    content.kind = take(&rest, 1);
    content.rows = take(&rest, 4);
    size_t count = (size_t)take(&rest, 1);
    for (size_t i = 0; i < count; i++) {
        Column column = {.id = take(&rest, 2), .type = take(&rest, 1), .flags = take(&rest, 1)};
        size_t size = (size_t)take(&rest, 4);
        column.body = str_slice(rest, 0, size);
        rest = str_slice(rest, size, rest.len);
        vec_push(arena, &content.columns, column);
    }
    assert_int_equal(rest.len, 0);
    return content;
}

static Str put_together(const Content *content)
{
    Buf out = buf_new(content->arena, 1 << 20);
    buf_add(&out, STR("OBLA"));
    put(&out, content->version, 1);
    put(&out, content->kind, 1);
    put(&out, content->rows, 4);
    put(&out, content->columns.count, 1);
    for (size_t i = 0; i < content->columns.count; i++) {
        const Column *column = &content->columns.items[i];
        put(&out, column->id, 2);
        put(&out, column->type, 1);
        put(&out, column->flags, 1);
        put(&out, column->body.len, 4);
        buf_add(&out, column->body);
    }
    return zstd_pack(content->arena, buf_str(&out), 1);
}

static Column *column_of(Content *content, uint64_t id)
{
    for (size_t i = 0; i < content->columns.count; i++)
        if (content->columns.items[i].id == id)
            return &content->columns.items[i];
    return NULL;
}

static void leave_out(Content *content, uint64_t id)
{
    Column *column = column_of(content, id);
    assert_non_null(column);
    *column = content->columns.items[--content->columns.count];
}

static Content small_content(Arena *arena, Kind kind, Prediction **ret_rows)
{
    return take_apart(arena, small_archive(arena, kind, ret_rows));
}

static void the_order_of_columns_means_nothing(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Content content = small_content(arena, KIND_QUARTERLY, &rows);
    for (size_t i = 0; i < content.columns.count / 2; i++) {
        Column *other = &content.columns.items[content.columns.count - 1 - i];
        Column column = content.columns.items[i];
        content.columns.items[i] = *other;
        *other = column;
    }
    assert_unpacks(arena, put_together(&content), KIND_QUARTERLY, rows, COUNT);
}

static void a_column_that_is_not_there_has_its_default(void **state)
{
    Arena *arena = *state;
    static const uint64_t optional[] = {4, 7, 8, 10, 11, 12, 16, 32, 33, 34, 35, 36};
    Prediction *rows;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    leave_out(&content, 5);
    leave_out(&content, 6);
    for (size_t i = 0; i < ARRAY_COUNT(optional); i++)
        leave_out(&content, optional[i]);
    for (size_t i = 0; i < COUNT; i++) {
        rows[i].quarter = 4;
        rows[i].has_job = false;
        rows[i].job_id = rows[i].root_job_id = UUID_NIL;
        rows[i].job_row = 0;
        rows[i].job_link = LINK_RECORDED;
        rows[i].source = SOURCE_BULK_UPLOAD;
        rows[i].sector = STR("");
        rows[i].is_current = true;
        rows[i].market_cap = (Ratio){0, false};
        memset(rows[i].ratios, 0, sizeof rows[i].ratios);
    }
    assert_unpacks(arena, put_together(&content), KIND_ANNUAL, rows, COUNT);
}

static void a_column_without_a_default_must_be_there(void **state)
{
    Arena *arena = *state;
    static const uint64_t required[] = {1, 2, 3, 13, 15, 17, 18, 64};
    for (size_t i = 0; i < ARRAY_COUNT(required); i++) {
        Prediction *rows;
        Content content = small_content(arena, KIND_ANNUAL, &rows);
        leave_out(&content, required[i]);
        assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED,
                       "archive: a column is missing");
    }
}

static void an_unknown_column_is_passed_over_unless_it_is_needed(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    vec_push(arena, &content.columns, (Column){999, 77, 0xFE, STR("of a later version")});
    assert_unpacks(arena, put_together(&content), KIND_ANNUAL, rows, COUNT);
    content.columns.items[content.columns.count - 1].flags = 1;
    assert_refused(arena, put_together(&content), ARCHIVE_TOO_NEW,
                   "archive: a column that is needed is not known");
    /* A ratio of the other kind is as unknown. */
    content.columns.items[content.columns.count - 1].id = 37;
    assert_refused(arena, put_together(&content), ARCHIVE_TOO_NEW,
                   "archive: a column that is needed is not known");
}

static void what_is_newer_is_too_new(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    content.version = 2;
    assert_refused(arena, put_together(&content), ARCHIVE_TOO_NEW,
                   "archive: its version is not known");
    content.version = 0;
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED,
                   "archive: there is no version 0");
    content.version = 1;
    content.kind = KIND_COUNT;
    assert_refused(arena, put_together(&content), ARCHIVE_TOO_NEW,
                   "archive: its kind is not known");
    /* Each source is one that this program has no word for: the plain number 5, no planes. */
    content.kind = KIND_ANNUAL;
    column_of(&content, 8)->body = STR("\x01\x00\x0A");
    Kind kind;
    size_t count;
    assert_error(archive_unpack(arena, OWNER, put_together(&content), &kind, &rows, &count),
                 ERROR_INTERNAL, TOO_NEW);
}

static void counts_that_lie_are_found_out(void **state)
{
    Arena *arena = *state;
    static const uint64_t lies[] = {0, 1, COUNT - 1, COUNT + 1, 255, 65536, ARCHIVE_MAX_ROWS};
    Prediction *rows;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
        content.rows = lies[i];
        assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED, NULL);
    }
    content.rows = ARCHIVE_MAX_ROWS + 1;
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED, "archive: it has too many rows");
    content.rows = UINT32_MAX;
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED, "archive: it has too many rows");
    content.rows = COUNT;
    Str whole = content_of(arena, put_together(&content));
    for (size_t columns = 0; columns < 256; columns++) {
        char *changed = str_dup(arena, whole);
        changed[10] = (char)columns; /* where their number stands */
        if (columns != content.columns.count)
            assert_refused(arena, zstd_pack(arena, (Str){changed, whole.len}, 1), ARCHIVE_DAMAGED,
                           NULL);
    }
}

/* One column of rows of which nothing else is wrong. */
static void assert_column(Arena *arena, uint64_t id, Str body, const char *cause)
{
    Prediction *rows;
    Kind kind;
    size_t count;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    column_of(&content, id)->body = body;
    Error *error = archive_unpack(arena, OWNER, put_together(&content), &kind, &rows, &count);
    assert_error(error, ERROR_INTERNAL, DAMAGED);
    assert_error(error->cause, ERROR_INTERNAL, cause);
}

static void values_that_cannot_be_are_damaged(void **state)
{
    Arena *arena = *state;
    static const char far[] = "archive: a value is missing or out of range";
    assert_column(arena, 3, STR("\x00"), far);                 /* no years */
    assert_column(arena, 3, STR("\x01\x00\x80\x80\x04"), far); /* 32768 */
    assert_column(arena, 3, STR("\x01\x00\x81\x80\x04"), far); /* -32769 */
    assert_column(arena, 16, STR("\x01\x00\x04"), far);        /* 2: neither true nor false */
    assert_column(arena, 1, STR("\x00"), far);                 /* no ids */
    assert_column(arena, 3, STR("\x01\x09\x00"), "archive: numbers are in an unknown form");
    assert_column(arena, 3, STR("\x01\x40\x00"), "archive: numbers are in an unknown form");
    assert_column(arena, 3, STR("\x01\x08\x00"), "archive: it ends too early");
    assert_column(arena, 3, STR("\x01\x00\x00x"), "archive: a column holds more than its values");
    assert_column(arena, 3, STR("\x01\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
                  "archive: a number is longer than 64 bits");
    assert_column(arena, 3, STR("\x07"), "archive: values are in an unknown form");
    assert_column(arena, 3, STR("\x02\x00\x00\x00"), "archive: decimals are in an unknown form");
    assert_column(arena, 32, STR("\x02\x07\x00\x00"), "archive: decimals are in an unknown form");
    assert_column(arena, 32, STR("\x02\x00\x00\x00\x0D"),
                  "archive: there are more exceptions than values");
    /* One exception, at 12 of 0..11. */
    assert_column(arena, 32, STR("\x02\x00\x00\x00\x01\x00\x18\x00\x00"),
                  "archive: an exception stands beyond the values");
    assert_column(arena, 3, STR("\x03\x0D"),
                  "archive: a dictionary has more entries than there are values");
    assert_column(arena, 3, STR("\x03\x01\x01\x00\x00\x00\x02"),
                  "archive: a value stands beyond its dictionary");
    assert_column(arena, 11, STR("\x01\x00\x02x"), "archive: a text is longer than what is left");
    assert_column(arena, 1, STR("\x01\x02\x00\x00\x00\x00"), "archive: ids are in an unknown form");
    /* Time and version of a UUIDv7 together have 60 bits: here it is 2^60. */
    assert_column(arena, 1, STR("\x01\x01\x00\x80\x80\x80\x80\x80\x80\x80\x80\x20\x00\x00"),
                  "archive: an id is not a UUIDv7");
    /* A bitmap in a bitmap in a bitmap in a bitmap. */
    assert_column(arena, 3, STR("\x06\xFF\x0F\x06\xFF\x0F\x06\xFF\x0F\x06\xFF\x0F\x01\x00\x00"),
                  "archive: values are in an unknown form");
}

static void references_that_lead_nowhere_are_damaged(void **state)
{
    Arena *arena = *state;
    static const char nowhere[] = "archive: a column refers to one that cannot be referred to";
    assert_column(arena, 11, STR("\x04\x0B\x00\x00"), nowhere); /* itself */
    assert_column(arena, 11, STR("\x04\x03\x00\x00"), nowhere); /* the year */
    assert_column(arena, 12, STR("\x05\xE7\x03"), nowhere);     /* 999 */
    assert_column(arena, 12, STR("\x05\x02\x00"),
                  "archive: a column refers to one of another type");
    assert_column(arena, 64, STR("\x05\x40\x00"), nowhere);
    /* The probabilities are some, so they have no dictionary with an entry for each row. */
    assert_column(arena, 13, STR("\x04\x40\x00\x01\x00\x00"),
                  "archive: a column refers to one without a dictionary");
    /* Some values of some: the other column has more of them. */
    assert_column(arena, 11, STR("\x06\x01\x00\x05\x02\x00"),
                  "archive: values are in an unknown form");
}

static void a_column_is_there_once(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Content content = small_content(arena, KIND_ANNUAL, &rows);
    vec_push(arena, &content.columns, content.columns.items[3]);
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED,
                   "archive: a column is there twice, or empty");
    content = small_content(arena, KIND_ANNUAL, &rows);
    column_of(&content, 3)->body = STR("");
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED,
                   "archive: a column is there twice, or empty");
    content = small_content(arena, KIND_ANNUAL, &rows);
    column_of(&content, 3)->type = 2;
    assert_refused(arena, put_together(&content), ARCHIVE_DAMAGED,
                   "archive: a column is of another type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_of_columns_means_nothing),
        TEST(a_column_that_is_not_there_has_its_default),
        TEST(a_column_without_a_default_must_be_there),
        TEST(an_unknown_column_is_passed_over_unless_it_is_needed),
        TEST(what_is_newer_is_too_new),
        TEST(counts_that_lie_are_found_out),
        TEST(values_that_cannot_be_are_damaged),
        TEST(references_that_lead_nowhere_are_damaged),
        TEST(a_column_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
