/* A registered model: a score card in the registry. Models belong to the system. */
#ifndef OBLIGOR_MODEL_MODEL_ROW_H
#define OBLIGOR_MODEL_MODEL_ROW_H

#include "base/crypto.h"
#include "base/uuid.h"
#include "model/kind.h"

typedef struct ModelRow {
    Uuid id;
    Kind kind;
    const char *name;
    const char *version;
    Digest digest; /* SHA-256 of the file */
    Str file;      /* the card as it was added; empty in lists */
    bool active;   /* at most one per kind */
    bool illustrative;
    int64_t created_at;
} ModelRow;

#endif
