-- Whose turn it is: tasks are claimed in the order in which they began to wait, and an owner's next task begins
-- to wait when the one before it has ended. So a hundred uploads of one owner do not keep another's out.
DROP INDEX work_queue_order_ix;
CREATE INDEX work_queue_turn_ix ON work_queue (not_before, accepted_at, id);
