/* The outbox: what is due, who has taken it, and what a user got. */
#include "store/mail_store.h"

#include "base/clock.h"
#include "fixture.h"

static QueuedMail queue(Fixture *f, uint32_t number, Uuid user, MailKind kind)
{
    QueuedMail mail = {
        .id = fixture_id(number), .kind = kind, .user_id = user, .created_at = clock_now()};
    assert_no_error(mail_insert(f->arena, f->db, &mail));
    return mail;
}

static QueuedMail *next(Fixture *f, bool to_take)
{
    QueuedMail *mail = (QueuedMail *)1;
    assert_no_error(mail_next(f->arena, f->db, clock_now(), to_take, &mail));
    return mail;
}

static void the_one_that_waits_longest_comes_first(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    assert_null(next(f, true));
    queue(f, 2, f->user, MAIL_RESET);
    fixture_advance(1);
    queue(f, 1, f->other, MAIL_KNOWN);
    for (int to_take = 0; to_take < 2; to_take++) {
        QueuedMail *mail = next(f, to_take);
        assert_uuid(mail->id, fixture_id(2));
        assert_uuid(mail->user_id, f->user);
        assert_int_equal(mail->kind, MAIL_RESET);
        assert_int_equal(mail->attempts, 0);
        assert_int_equal(mail->created_at, FIXTURE_START);
    }
    QueuedMail *mail = next(f, true);
    assert_no_error(mail_take(f->arena, f->db, mail, clock_now() + 10));
    assert_int_equal(mail->attempts, 1);
    assert_uuid(next(f, true)->id, fixture_id(1));
    fixture_advance(10);
    assert_no_error(mail_end(f->arena, f->db, next(f, true), clock_now()));
    assert_int_equal(next(f, true)->attempts, 1); /* who took it is too slow, or dead */
    fixture_commit(f);
}

/* The number of attempts is the fence. */
static void who_lost_it_changes_nothing(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    queue(f, 1, f->user, MAIL_INVITE);
    QueuedMail *slow = next(f, true);
    assert_no_error(mail_take(f->arena, f->db, slow, clock_now()));
    QueuedMail *quick = next(f, true);
    assert_no_error(mail_take(f->arena, f->db, quick, clock_now()));
    assert_no_error(mail_end(f->arena, f->db, slow, clock_now()));
    assert_no_error(mail_postpone(f->arena, f->db, slow, clock_now() + 5));
    assert_int_equal(next(f, true)->attempts, 2);
    assert_no_error(mail_postpone(f->arena, f->db, quick, clock_now() + 5));
    assert_null(next(f, true));
    fixture_advance(5);
    assert_no_error(mail_end(f->arena, f->db, next(f, true), clock_now()));
    assert_null(next(f, true));
    fixture_commit(f);
}

/* Two workers do not take the same one: where they can meet, the second passes it over. */
static void another_worker_takes_another(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    queue(f, 1, f->user, MAIL_RESET);
    queue(f, 2, f->user, MAIL_VERIFY);
    fixture_commit(f);
    if (fixture_is_sqlite(f))
        return; /* one writer at a time */
    fixture_begin(f);
    assert_uuid(next(f, true)->id, fixture_id(1));
    Db *db = fixture_session(f);
    Tx TX_AUTO tx = {0};
    QueuedMail *mail = NULL;
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_no_error(mail_next(f->arena, db, clock_now(), true, &mail));
    assert_uuid(mail->id, fixture_id(2));
    tx_rollback(&tx);
    db_close(db);
    fixture_commit(f);
}

static void what_a_user_got_is_counted(void **state)
{
    Fixture *f = *state;
    int64_t count = 7, last = 7, removed = 0;
    QueuedMail asked = {.kind = MAIL_RESET, .user_id = f->user};
    fixture_begin(f);
    assert_no_error(mail_recent(f->arena, f->db, &asked, 0, &count, &last));
    assert_int_equal(count, 0);
    assert_int_equal(last, 0);
    queue(f, 1, f->user, MAIL_RESET);
    queue(f, 2, f->user, MAIL_VERIFY);
    queue(f, 3, f->other, MAIL_RESET);
    fixture_advance(9);
    queue(f, 4, f->user, MAIL_RESET);
    assert_no_error(mail_recent(f->arena, f->db, &asked, FIXTURE_START - 1, &count, &last));
    assert_int_equal(count, 2);
    assert_int_equal(last, FIXTURE_START + 9);
    assert_no_error(mail_recent(f->arena, f->db, &asked, FIXTURE_START, &count, &last));
    assert_int_equal(count, 1);
    queue(f, 4, f->user, MAIL_RESET); /* is there already */
    assert_no_error(mail_recent(f->arena, f->db, &asked, FIXTURE_START, &count, &last));
    assert_int_equal(count, 1);
    assert_no_error(mail_delete_old(f->arena, f->db, FIXTURE_START, &removed));
    assert_int_equal(removed, 3);
    fixture_commit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_one_that_waits_longest_comes_first),
        STORE_TEST(who_lost_it_changes_nothing),
        STORE_TEST(another_worker_takes_another),
        STORE_TEST(what_a_user_got_is_counted),
    };
    return fixture_run(tests);
}
