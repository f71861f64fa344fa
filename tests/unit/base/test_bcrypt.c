/* bcrypt against the vectors of Openwall's crypt_blowfish, and against hashes that Python's crypt made. */
#include "base/bcrypt.h"

#include "test.h"

#define SALT     "abcdefghijklmnopqrstuu"
#define HORSE    SALT "..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK" /* of "correct horse 1" at cost 4 */
#define A_10     "aaaaaaaaaa"
#define A_70     A_10 A_10 A_10 A_10 A_10 A_10 A_10
#define OF_72_AS "$2b$04$" SALT "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"

static void known_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        const char *hash;
    } known[] = {
        {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
        {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
        {"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"},
        {"correct horse 1", "$2a$04$" HORSE},
        {"correct horse 1", "$2b$04$" HORSE},
        {"correct horse 1", "$2y$04$" HORSE},
        {"p\xC3\xA4ssw\xC3\xB6rt1", "$2b$04$......................xM36G8eO6cVwMl363HtXSK8ROe58B.O"},
        {"", "$2b$04$" SALT "byCG3zY1GIXMyxfivm.ClDiInHzxjiq"},
        {A_70 "a", "$2b$04$" SALT "MCu.k1vM/ywQwiONaEn3oEMlZoCVBd6"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        assert_true(bcrypt_is_hash(known[i].hash));
        for (size_t k = 0; k < ARRAY_COUNT(known); k++) {
            bool same = strcmp(known[i].password, known[k].password) == 0;
            assert_int_equal(bcrypt_verify(str_from(known[k].password), known[i].hash), same);
        }
    }
}

/* What is behind the 72nd byte was never looked at by who made the hash. */
static void the_first_72_bytes_count(void **state)
{
    (void)state;
    char longest[1024];
    memset(longest, 'a', sizeof longest);
    assert_true(bcrypt_verify(STR(A_70 "aa"), OF_72_AS));
    assert_true(bcrypt_verify(STR(A_70 "aab"), OF_72_AS));
    assert_true(bcrypt_verify((Str){longest, sizeof longest}, OF_72_AS));
    assert_false(bcrypt_verify(STR(A_70 "a"), OF_72_AS));
    assert_false(bcrypt_verify(STR(A_70 "ab"), OF_72_AS));
}

static void a_nul_is_in_no_such_password(void **state)
{
    (void)state;
    assert_false(bcrypt_verify(STR("correct horse 1\0"), "$2b$04$" HORSE));
    assert_false(bcrypt_verify(STR("\0"), "$2b$04$" SALT "byCG3zY1GIXMyxfivm.ClDiInHzxjiq"));
}

static void what_is_no_hash_opens_to_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "$2b$",
        "*0",
        "$2x$04$" HORSE,
        "$2$04$" HORSE "x",
        "$2b$03$" HORSE,
        "$2b$17$" HORSE,
        "$2b$4$" HORSE "x",
        "$2b$0x$" HORSE,
        "$2b$04$" HORSE "x",
        "$2b$04$" SALT "..ECdwB5ftHOtfZdMoWOaxWtbxL1ou",
        "$2b$04$" SALT "..ECdwB5ftHOtfZdMoWOaxWtbxL1ou+",
        "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$ZGlnZXN0",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_false(bcrypt_is_hash(bad[i]));
        assert_false(bcrypt_verify(STR("correct horse 1"), bad[i]));
        assert_false(bcrypt_verify(STR(""), bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(known_vectors),
        TEST(the_first_72_bytes_count),
        TEST(a_nul_is_in_no_such_password),
        TEST(what_is_no_hash_opens_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
