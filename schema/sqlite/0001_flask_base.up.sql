-- The three tables of flask-base, column by column.
-- AUTOINCREMENT: the id of a deleted row is never given to another.

CREATE TABLE roles (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(64) UNIQUE,
    "index" VARCHAR(64),
    "default" BOOLEAN DEFAULT FALSE CHECK ("default" IN (0, 1)),
    permissions INTEGER
);
CREATE INDEX ix_roles_default ON roles ("default");

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    confirmed BOOLEAN DEFAULT FALSE CHECK (confirmed IN (0, 1)),
    first_name VARCHAR(64),
    last_name VARCHAR(64),
    email VARCHAR(64),
    password_hash VARCHAR(255),
    role_id INTEGER NOT NULL REFERENCES roles (id)
);
CREATE INDEX ix_users_first_name ON users (first_name);
CREATE INDEX ix_users_last_name ON users (last_name);
CREATE UNIQUE INDEX ix_users_email ON users (email);

CREATE TABLE editable_html (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    editor_name VARCHAR(100) UNIQUE,
    value TEXT
);
