-- What the module adds to flask-base's tables, and the sessions. Every added column is NULLable or
-- has a default, so that a program that knows only flask-base's columns can go on writing.
-- Moments are whole seconds since 1970.

ALTER TABLE roles ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE users ADD COLUMN uid VARCHAR(32);
ALTER TABLE users ADD COLUMN email_canonical VARCHAR(255);
ALTER TABLE users ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN password_changed_at BIGINT;
ALTER TABLE users ADD COLUMN created_at BIGINT;
ALTER TABLE users ADD COLUMN last_login_at BIGINT;
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
UPDATE users SET uid = lower(hex(randomblob(16))) WHERE uid IS NULL;
CREATE UNIQUE INDEX ix_users_uid ON users (uid);
CREATE UNIQUE INDEX ix_users_email_canonical ON users (email_canonical);
CREATE INDEX ix_users_role_id ON users (role_id);

-- Rows that others insert get their uid here; the module brings its own.
CREATE TRIGGER users_uid AFTER INSERT ON users WHEN NEW.uid IS NULL
BEGIN
    UPDATE users SET uid = lower(hex(randomblob(16))) WHERE id = NEW.id;
END;

-- Whoever changes a row, what was cached of it is void.
CREATE TRIGGER users_version AFTER UPDATE OF
    confirmed, first_name, last_name, email, password_hash, role_id, must_change_password ON users
BEGIN
    UPDATE users SET version = version + 1 WHERE id = NEW.id;
END;
CREATE TRIGGER roles_version AFTER UPDATE OF name, "index", "default", permissions ON roles
BEGIN
    UPDATE roles SET version = version + 1 WHERE id = NEW.id;
END;

ALTER TABLE editable_html ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE editable_html ADD COLUMN updated_at BIGINT;

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key_hash BLOB NOT NULL UNIQUE,
    user_uid VARCHAR(32) NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    authenticated_at BIGINT,
    remember BOOLEAN NOT NULL,
    client_net VARCHAR(64),
    ua_family VARCHAR(64),
    ended_at BIGINT,
    ended_why VARCHAR(32)
);
CREATE INDEX ix_sessions_user_uid ON sessions (user_uid);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
