/* A model of the registry; its card is added by the handler, as it was given. */
#include "http/views.h"

void view_model_name(JsonOut *out, const char *key, Uuid id, const char *name, const char *version)
{
    if (uuid_is_nil(id)) {
        json_put_null(out, key);
        return;
    }
    json_begin_object(out, key);
    json_put_uuid(out, "id", id);
    json_put_text(out, "name", name);
    json_put_text(out, "version", version);
    json_end_object(out);
}

/* A card was parsed before it was stored, so it is sound JSON; only a byte order mark may not stand
 * inside another text. */
static Str without_mark(Str file)
{
    return str_starts_with(file, STR("\xEF\xBB\xBF")) ? str_slice(file, 3, file.len) : file;
}

void view_model(JsonOut *out, const char *key, const ModelRow *model)
{
    char digest[DIGEST_TEXT_SIZE];
    hex_format(digest, model->digest.bytes, sizeof model->digest.bytes);
    json_begin_object(out, key);
    json_put_uuid(out, "id", model->id);
    json_put_text(out, "kind", kind_spec(model->kind)->word);
    json_put_text(out, "name", model->name);
    json_put_text(out, "version", model->version);
    json_put_text(out, "sha256", digest);
    json_put_bool(out, "active", model->active);
    json_put_bool(out, "illustrative", model->illustrative);
    json_put_time(out, "created_at", model->created_at);
    if (model->file.len > 0)
        json_put_raw(out, "card", without_mark(model->file));
    json_end_object(out);
}
