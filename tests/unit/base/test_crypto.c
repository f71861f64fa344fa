/* Digests against the vectors of FIPS 180-4, base64url against RFC 4648, and passwords against
 * themselves. */
#include "base/crypto.h"
#include "test.h"

#include <pthread.h>

static const char *const EMPTY_DIGEST =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char *const ABC_DIGEST =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char *const MILLION_DIGEST =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

/* First of all, so that several threads meet at the library's initialisation. */
static void *digest_in_a_thread(void *digest)
{
    *(Digest *)digest = digest_of(STR("abc"));
    return NULL;
}

static void the_first_use_may_be_in_several_threads(void **state)
{
    Arena *arena = *state;
    pthread_t threads[4];
    Digest digests[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, digest_in_a_thread, &digests[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_string_equal(digest_text(arena, digests[i]), ABC_DIGEST);
    }
}

static void digests_are_sha_256(void **state)
{
    Arena *arena = *state;
    assert_string_equal(digest_text(arena, digest_of(STR(""))), EMPTY_DIGEST);
    assert_string_equal(digest_text(arena, digest_of((Str){NULL, 0})), EMPTY_DIGEST);
    assert_string_equal(digest_text(arena, digest_of(STR("abc"))), ABC_DIGEST);
    assert_string_equal(
        digest_text(arena,
                    digest_of(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void digests_do_not_depend_on_the_parts(void **state)
{
    Arena *arena = *state;
    static const size_t sizes[] = {1, 7, 63, 64, 65, 1000, 1000000};
    char *million = memset(arena_alloc_raw(arena, 1000000), 'a', 1000000);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        DigestState digest;
        digest_start(&digest);
        digest_add(&digest, NULL, 0);
        for (size_t at = 0; at < 1000000; at += sizes[i])
            digest_add(&digest, million + at, sizes[i] < 1000000 - at ? sizes[i] : 1000000 - at);
        assert_string_equal(digest_text(arena, digest_end(&digest)), MILLION_DIGEST);
    }
}

static void two_digests_may_be_open(void **state)
{
    Arena *arena = *state;
    DigestState a, b;
    digest_start(&a);
    digest_start(&b);
    digest_add(&a, "a", 1);
    digest_add(&b, "abc", 3);
    digest_add(&a, "bc", 2);
    assert_string_equal(digest_text(arena, digest_end(&a)), ABC_DIGEST);
    assert_string_equal(digest_text(arena, digest_end(&b)), ABC_DIGEST);
}

/* An upload keeps its state in an arena, which aligns to 16 bytes. */
static void a_state_may_live_in_an_arena(void **state)
{
    Arena *arena = *state;
    assert_true(_Alignof(DigestState) <= 16);
    DigestState *digest = ARENA_NEW(arena, DigestState);
    digest_start(digest);
    digest_add(digest, "abc", 3);
    assert_string_equal(digest_text(arena, digest_end(digest)), ABC_DIGEST);
}

static void digests_are_read_back(void **state)
{
    Arena *arena = *state;
    Digest digest = digest_of(STR("abc")), back;
    assert_true(digest_parse(str_from(digest_text(arena, digest)), &back));
    assert_memory_equal(back.bytes, digest.bytes, DIGEST_SIZE);
    assert_true(digest_parse(str_upper(arena, str_from(ABC_DIGEST)), &back));
    assert_memory_equal(back.bytes, digest.bytes, DIGEST_SIZE);
    assert_false(digest_parse(STR(""), &back));
    assert_false(digest_parse(str_slice(str_from(ABC_DIGEST), 0, 63), &back));
    assert_false(digest_parse(str_printf(arena, "%s0", ABC_DIGEST), &back));
    assert_false(digest_parse(str_printf(arena, "%.63sx", ABC_DIGEST), &back));
    assert_memory_equal(back.bytes, digest.bytes, DIGEST_SIZE);
}

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64url_is_rfc_4648(void **state)
{
    Arena *arena = *state;
    static const char *const rows[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_string_equal(base64url_encode(arena, str_from(rows[i][0])), rows[i][1]);
        Str back = STR("before");
        assert_true(base64url_decode(arena, str_from(rows[i][1]), &back));
        assert_str(back, rows[i][0]);
    }
    assert_string_equal(base64url_encode(arena, STR("\xFB\xFF\xBF")), "-_-_");
    assert_string_equal(base64url_encode(arena, (Str){NULL, 0}), "");
}

static void base64url_refuses_all_else(void **state)
{
    Arena *arena = *state;
    static const char *const texts[] = {
        "Z",          "Zg=",    "Zg==", "Zm9vY", "Zm8=", "+/+/",  "Zm9v+",    "Zm9v/", " Zg",
        "Zg ",        "Zm9v\n", "Z g",  "Zh",    "Zm9",  "Z-",    "ZZ",       "!!!!",  "Zg.",
        "\xC3\xA4Zg", "====",   "=",    "-",     "A",    "Zm9vZ", "Zm9vYmF\r"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        Str back = STR("before");
        if (base64url_decode(arena, str_from(texts[i]), &back))
            fail_msg("\"%s\" was accepted", texts[i]);
        assert_str(back, "before");
    }
    Str back = STR("before");
    assert_false(base64url_decode(arena, STR("Zg\0"), &back));
    assert_false(base64url_decode(arena, STR("Zg\0\0"), &back));
    assert_true(base64url_decode(arena, (Str){NULL, 0}, &back));
    assert_str(back, "");
}

static void base64url_refuses_every_other_byte(void **state)
{
    Arena *arena = *state;
    size_t wrong = 0;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 4; at++) {
            char text[] = {'A', 'A', 'A', 'A'};
            text[at] = (char)byte;
            Str back;
            bool good = memchr(ALPHABET, byte, sizeof ALPHABET - 1) != NULL;
            if (base64url_decode(arena, (Str){text, 4}, &back) == good)
                continue;
            if (wrong++ < 3)
                print_error("byte %02x at %zu was %s\n", (unsigned)byte, at,
                            good ? "refused" : "accepted");
        }
    assert_int_equal(wrong, 0);
}

static void base64url_goes_both_ways(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 9;
    for (size_t size = 0; size < 300; size++) {
        char bytes[300];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)test_random(&seed);
        Str text = str_from(base64url_encode(arena, (Str){bytes, size}));
        assert_int_equal(text.len, (size * 4 + 2) / 3);
        for (size_t i = 0; i < text.len; i++)
            assert_non_null(strchr(ALPHABET, text.ptr[i]));
        Str back;
        assert_true(base64url_decode(arena, text, &back));
        assert_int_equal(back.len, size);
        assert_memory_equal(back.ptr, bytes, size);
    }
}

static void tokens_are_256_random_bits(void **state)
{
    Arena *arena = *state;
    char *tokens[100];
    for (size_t i = 0; i < 100; i++) {
        tokens[i] = crypto_token(arena);
        assert_int_equal(strlen(tokens[i]), 43);
        Str bytes;
        assert_true(base64url_decode(arena, str_from(tokens[i]), &bytes));
        assert_int_equal(bytes.len, 32);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
    }
}

static void random_bytes_fill_exactly(void **state)
{
    (void)state;
    uint8_t seen[32] = {0};
    for (int round = 0; round < 20; round++) {
        uint8_t bytes[34] = {0};
        crypto_random(bytes + 1, 32);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[33], 0);
        for (size_t i = 0; i < 32; i++)
            seen[i] |= bytes[i + 1];
    }
    for (size_t i = 0; i < 32; i++) /* each byte had something in one of twenty rounds */
        assert_int_not_equal(seen[i], 0);
}

static void equality_is_of_all_bytes(void **state)
{
    (void)state;
    char a[64] = {0}, b[64] = {0};
    assert_true(crypto_equal(a, b, 64));
    for (size_t i = 0; i < 64; i++) {
        b[i] = (char)0x80;
        assert_false(crypto_equal(a, b, 64));
        assert_true(crypto_equal(a, b, i));
        b[i] = 0;
    }
    assert_true(crypto_equal(a, b, 0));
}

static void a_password_opens_its_own_hash_only(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
    assert_true(crypto_password_hash(STR("correct horse 1"), hash));
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0);
    assert_non_null(memchr(hash, '\0', sizeof hash));
    assert_true(crypto_password_verify(STR("correct horse 1"), hash));
    assert_false(crypto_password_verify(STR("correct horse 2"), hash));
    assert_false(crypto_password_verify(STR("correct horse 1 "), hash));
    assert_false(crypto_password_verify(STR("correct horse 1\0"), hash));
    assert_false(crypto_password_verify(STR(""), hash));
    assert_true(crypto_password_hash(STR("correct horse 1"), again));
    assert_string_not_equal(hash, again); /* each has its own salt */
}

static void a_password_may_hold_any_byte(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_true(crypto_password_hash(STR("a\0b"), hash));
    assert_true(crypto_password_verify(STR("a\0b"), hash));
    assert_false(crypto_password_verify(STR("a"), hash));
    assert_false(crypto_password_verify(STR("a\0c"), hash));
}

static void what_is_no_hash_opens_to_nothing(void **state)
{
    (void)state;
    static const char *const hashes[] = {"", "x", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$$",
                                         "$argon2id$v=19$m=99999999999,t=2,p=1$YQ$YQ"};
    for (size_t i = 0; i < ARRAY_COUNT(hashes); i++) {
        char hash[PASSWORD_HASH_SIZE] = {0};
        memcpy(hash, hashes[i], strlen(hashes[i]));
        assert_false(crypto_password_verify(STR("x"), hash));
        assert_false(crypto_password_verify(STR(""), hash));
    }
}

static void what_cost_less_than_ours_is_weak(void **state)
{
    (void)state;
    static const struct {
        const char *hash;
        bool weak;
    } hashes[] = {
        {"$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$ZGlnZXN0", false},
        {"$argon2id$v=19$m=262144,t=3,p=1$c2FsdA$ZGlnZXN0", false}, /* no step back */
        {"$argon2id$v=19$m=65535,t=2,p=1$c2FsdA$ZGlnZXN0", true},
        {"$argon2id$v=19$m=262144,t=1,p=1$c2FsdA$ZGlnZXN0", true},
        {"$argon2i$v=19$m=65536,t=4,p=1$c2FsdA$ZGlnZXN0", true},
        {"$argon2id$v=19$t=2,m=65536,p=1$c2FsdA$ZGlnZXN0", true},
        {"$argon2id$v=19$", true},
        {"$2b$12$abcdefghijklmnopqrstuu44/VXeHCUAyEMBDhIxZ.TYwu9ErHFGe", true},
        {"", true},
    };
    char hash[PASSWORD_HASH_SIZE];
    for (size_t i = 0; i < ARRAY_COUNT(hashes); i++)
        assert_int_equal(crypto_password_is_weak(hashes[i].hash), hashes[i].weak);
    assert_true(crypto_password_hash(STR("correct horse 1"), hash));
    assert_false(crypto_password_is_weak(hash));
    assert_true(
        crypto_password_verify(/* through the same door as ours */
                               STR("correct horse 1"),
                               "$2b$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK"));
}

/* RFC 4231, cases 2 and 6 (a key longer than a block), and what must differ. */
static void test_keyed_digests(void **state)
{
    Arena *arena = *state;
    assert_string_equal(
        digest_text(arena, digest_keyed(STR("Jefe"), STR("what do ya want for nothing?"))),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    char key[131];
    memset(key, 0xaa, sizeof key);
    Str long_key = {key, sizeof key};
    assert_string_equal(
        digest_text(
            arena,
            digest_keyed(long_key, STR("Test Using Larger Than Block-Size Key - Hash Key First"))),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    Digest plain = digest_of(STR("abc")), keyed = digest_keyed(STR("k"), STR("abc")),
           other = digest_keyed(STR("l"), STR("abc"));
    assert_memory_not_equal(plain.bytes, keyed.bytes, DIGEST_SIZE);
    assert_memory_not_equal(other.bytes, keyed.bytes, DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_use_may_be_in_several_threads),
        TEST(digests_are_sha_256),
        TEST(digests_do_not_depend_on_the_parts),
        TEST(two_digests_may_be_open),
        TEST(a_state_may_live_in_an_arena),
        TEST(digests_are_read_back),
        TEST(base64url_is_rfc_4648),
        TEST(base64url_refuses_all_else),
        TEST(base64url_refuses_every_other_byte),
        TEST(base64url_goes_both_ways),
        TEST(tokens_are_256_random_bits),
        TEST(random_bytes_fill_exactly),
        TEST(equality_is_of_all_bytes),
        TEST(a_password_opens_its_own_hash_only),
        TEST(a_password_may_hold_any_byte),
        TEST(what_cost_less_than_ours_is_weak),
        TEST(test_keyed_digests),
        TEST(what_is_no_hash_opens_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
