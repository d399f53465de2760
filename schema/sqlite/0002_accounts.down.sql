DROP TABLE sessions;

ALTER TABLE editable_html DROP COLUMN updated_at;
ALTER TABLE editable_html DROP COLUMN version;

DROP TRIGGER roles_version;
DROP TRIGGER users_version;
DROP TRIGGER users_uid;
DROP INDEX ix_users_role_id;
DROP INDEX ix_users_email_canonical;
DROP INDEX ix_users_uid;
ALTER TABLE users DROP COLUMN version;
ALTER TABLE users DROP COLUMN last_login_at;
ALTER TABLE users DROP COLUMN created_at;
ALTER TABLE users DROP COLUMN password_changed_at;
ALTER TABLE users DROP COLUMN must_change_password;
ALTER TABLE users DROP COLUMN email_canonical;
ALTER TABLE users DROP COLUMN uid;

ALTER TABLE roles DROP COLUMN version;
