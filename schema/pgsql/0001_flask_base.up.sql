-- The three tables of flask-base, column by column.

CREATE TABLE roles (
    id SERIAL NOT NULL PRIMARY KEY,
    name VARCHAR(64) UNIQUE,
    "index" VARCHAR(64),
    "default" BOOLEAN DEFAULT FALSE,
    permissions INTEGER
);
CREATE INDEX ix_roles_default ON roles ("default");

CREATE TABLE users (
    id SERIAL NOT NULL PRIMARY KEY,
    confirmed BOOLEAN DEFAULT FALSE,
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
    id SERIAL NOT NULL PRIMARY KEY,
    editor_name VARCHAR(100) UNIQUE,
    value TEXT
);
