DROP TABLE editable_html;
DROP TABLE users;
DROP TABLE roles;
