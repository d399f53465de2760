# Management commands about the schema: C3, C5, and the tables M1 to M3 and M10 as they come out.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest qw(slurp spew run_command);
use FlaskbaseTest::Cli;
use Test::More;

my $cli = FlaskbaseTest::Cli->new;

# ---- a new database ----

$cli->fails('db current', 1, qr/there is no database .* run 'flaskbase db upgrade'/, 'C3 nothing there');
ok(!-e $cli->database, 'C3 looking makes no file');
$cli->fails('user list', 1, qr/db upgrade/, 'C10 before the database');
umask 0;
like($cli->ok('db upgrade'), qr/^upgrade to 0001 flask_base\nupgrade to 0002 accounts\n\z/, 'C3 upgrade');
umask 022;
is((stat $cli->database)[2] & 0777, 0600, 'V13 the file is private whatever the umask');
chmod 0644, $cli->database;
is($cli->ok('db upgrade'), '', 'C3 upgrade again does nothing');
is((stat $cli->database)[2] & 0777, 0600, 'V13 but what others could read is closed');
is($cli->ok('db current'), "0002 accounts (head)\n", 'C3 current');
is_deeply($cli->json('db current --json'),
    { version => 2, name => 'accounts', newest => 2, expected => 2 }, 'C3 current --json');
like($cli->ok('db history'),
    qr/^VERSION +NAME +APPLIED\n0001 +flask_base +\d{4}-\d\d-\d\dT[\d:]+Z\n0002 +accounts +\d{4}-/,
    'C3 history');
is_deeply([ map { $_->{name} } @{ $cli->json('db history --json') } ], [qw(flask_base accounts)],
    'C3 history --json');

# ---- M1 to M3: flask-base's tables, column by column ----

my %columns = (
    roles => [ qw(id name index default permissions) ],
    users => [ qw(id confirmed first_name last_name email password_hash role_id) ],
    editable_html => [ qw(id editor_name value) ],
);
for my $table (sort keys %columns) {
    my @got = map { $_->[1] } $cli->sql("PRAGMA table_info($table)");
    my @first = @got[ 0 .. $#{ $columns{$table} } ];
    is_deeply(\@first, $columns{$table}, "M1-M3 columns of $table");
}
my %type = map { ("$_->[0].$_->[1]" => $_->[2]) } $cli->sql(
    "SELECT m.name, i.name, i.type FROM sqlite_schema m, pragma_table_info(m.name) i WHERE m.type = 'table'");
is($type{'roles.name'}, 'VARCHAR(64)', 'M1 name');
is($type{'users.password_hash'}, 'VARCHAR(255)', 'M2 password_hash, D25');
is($type{'editable_html.editor_name'}, 'VARCHAR(100)', 'M3 editor_name');
my %indexed = map { ("$_->[0].$_->[1]" => $_->[2]) } $cli->sql(
    "SELECT m.name, c.name, l.\"unique\" FROM sqlite_schema m, pragma_index_list(m.name) l,"
    . " pragma_index_info(l.name) c WHERE m.type = 'table' ORDER BY l.\"unique\"");
is($indexed{$_}, 1, "M1-M3 $_ is unique")
    for qw(roles.name users.email users.email_canonical users.uid editable_html.editor_name);
ok(exists $indexed{$_}, "M1-M2 $_ is indexed") for qw(roles.default users.first_name users.last_name);
like(($cli->sql("SELECT sql FROM sqlite_schema WHERE name = 'users'"))[0][0] // '', qr/users/, 'M2 users');
like(slurp(FlaskbaseTest::top() . '/schema/sqlite/0001_flask_base.up.sql'), qr/AUTOINCREMENT/,
    'M10 deleted ids do not come again');

# ---- down and up ----

is($cli->ok('db downgrade'), "undo 0002 accounts\n", 'C3 downgrade undoes the last');
is($cli->ok('db current'), "0001 flask_base\n", 'C3 current after it');
$cli->fails('user list', 1, qr/schema \(version 1\) is older than this program \(version 2\): run/,
    'an older schema');
is($cli->ok('db downgrade base'), "undo 0001 flask_base\n", 'C3 downgrade base');
$cli->fails('db downgrade', 1, qr/nothing to undo/, 'C3 nothing to undo');
is($cli->ok('db upgrade 1'), "upgrade to 0001 flask_base\n", 'C3 upgrade to a version');
$cli->fails('db upgrade 9', 1, qr/there is no migration 0009/, 'C3 a version that is not there');
$cli->fails('db upgrade x', 2, qr/'x' is no version/, 'C3 a wrong version is a usage error');
$cli->fails('db upgrade 1 2', 2, qr/./, 'C3 too many operands');
is($cli->ok("db upgrade"), "upgrade to 0002 accounts\n", "C3 and on");
is($cli->ok("setup_dev --roles-only"), "", "C names may be written with _");

# ---- a database that others made ----

{
    my $foreign = FlaskbaseTest::Cli->new;
    $foreign->sql('CREATE TABLE users (id INTEGER, note TEXT); INSERT INTO users VALUES (1, 7)');
    $foreign->fails('db upgrade', 1, qr/did not make; nothing was changed/, 'foreign tables');
    is_deeply([ $foreign->sql('SELECT * FROM users') ], [ [ 1, 7 ] ], 'and are left alone');
    my $letter = FlaskbaseTest::Cli->new;
    spew($letter->database, "Dear Ann,\n" x 500);
    $letter->fails('db upgrade', 1, qr/not an SQLite database/, 'a file that is no database');
    is(slurp($letter->database), "Dear Ann,\n" x 500, 'and is left alone');
}

# ---- migrate -m ----

{
    my $data = File::Temp::tempdir(CLEANUP => 1);
    my $top = FlaskbaseTest::top();
    system('cp', '-R', "$top/schema", $data) == 0 or die 'cp';
    my $own = FlaskbaseTest::Cli->new(env => { FLASKBASE_DATA => $data });
    my @made = split /\n/, $own->ok([ 'db', 'migrate', '-m', 'Add Nick-names!' ]);
    is(scalar @made, 4, 'C3 migrate -m makes a pair for each engine');
    is_deeply([ map { s{.*/schema/}{}r } @made ],
        [ map { my $e = $_; map { "$e/0003_add_nick_names.$_.sql" } qw(up down) } qw(sqlite pgsql) ],
        'C3 their names');
    ok(-s $_, "C3 $_ is there") for @made;
    $own->fails('db migrate', 2, qr/-m TEXT/, 'C3 migrate without -m');
    $own->fails([ 'db', 'migrate', '-m', '../..' ], 1, qr/letters or digits/, 'C3 a text without letters');
    spew("$data/schema/sqlite/0003_add_nick_names.up.sql", "ALTER TABLE users ADD COLUMN nick TEXT;\n");
    spew("$data/schema/sqlite/0003_add_nick_names.down.sql", "ALTER TABLE users DROP COLUMN nick;\n");
    like($own->ok('db upgrade'), qr/upgrade to 0003 add_nick_names\n\z/, 'C3 a new migration is applied');
    $own->fails('user list', 1, qr/is newer than this program/, 'a newer schema');
    spew("$data/schema/sqlite/0003_add_nick_names.up.sql", "-- other\n");
    $own->fails('db upgrade', 1, qr/was changed after it was applied/, 'C3 a changed migration');
    spew("$data/schema/sqlite/0003_add_nick_names.up.sql", "ALTER TABLE users ADD COLUMN nick TEXT;\n");
    spew("$data/schema/sqlite/0004_bad.up.sql", "CREATE TABLE good (id);\nCREATE TABEL bad;\n");
    spew("$data/schema/sqlite/0004_bad.down.sql", '');
    $own->fails('db upgrade', 1, qr/0004_bad\.up\.sql:2.*syntax error/s, 'C3 a migration with a mistake');
    is_deeply([ $own->sql("SELECT count(*) FROM sqlite_schema WHERE name = 'good'") ], [ [0] ],
        'C3 each migration is a transaction');
}

# ---- rows that others wrote: M10 ----

{
    my $own = FlaskbaseTest::Cli->new;
    $own->ok('db upgrade');
    $own->ok('setup-dev --roles-only');
    $own->sql("INSERT INTO users (first_name, last_name, email, role_id) VALUES ('A', 'B', 'Ann\@Example.org', 1),"
        . " ('A', 'B', 'ann\@example.ORG', 1), ('A', 'B', 'no address', 1), ('A', 'B', 'bob\@example.org', 1)");
    my ($status, $out, $err) = $own->run('db upgrade');
    is($status, 0, 'M10 upgrade sweeps');
    like($err, qr/user 2 \(ann\@example\.ORG\) has another user's address in other letters/, 'M10 a collision is reported');
    like($err, qr/user 3 \(no address\) has no valid address/, 'M10 so is what is no address');
    is_deeply([ map { $_->[0] } $own->sql("SELECT coalesce(email_canonical, '-') FROM users ORDER BY id") ],
        [ 'ann@example.org', '-', '-', 'bob@example.org' ], 'M10 the others are filled');
    like($own->ok([ qw(user confirm ann@example.ORG) ]), qr/^ann\@example\.ORG is/, 'M10 exact match');
    like($own->ok([ qw(user confirm ANN@example.org) ]), qr/^Ann\@Example\.org is/, 'M10 canonical match');
}

# ---- the server's user ----

{
    # Only root can become the folder's owner; anybody else makes a database of his own.
    my ($uid, $gid) = $> == 0 ? (getpwnam 'nobody')[2, 3] : ($>, $) + 0);
    my $who = $> == 0 ? 'root' : 'an ordinary user';
    my $own = FlaskbaseTest::Cli->new;
    # The clone may be closed to that user; its migrations must not be.
    my $data = $own->home . '/data';
    mkdir $data or die $!;
    is(system('cp', '-R', FlaskbaseTest->top . '/schema', "$data/schema"), 0, 'migrations to read');
    is(system('chmod', '-R', 'a+rX', $data), 0, 'for everybody');
    $own->env(DATABASE_URL => 'sqlite:///state/site.sqlite', FLASKBASE_DATA => $data);
    mkdir $own->home . '/state' or die $!;
    chown($uid, $gid, $own->home . '/state') == 1 or die $!;
    chmod 0755, $own->home; # in root's run the folder above belongs to root
    $own->ok('db upgrade');
    my @info = stat $own->home . '/state/site.sqlite';
    is($info[4], $uid, "$who makes the database as the owner of its folder");
    is($info[5], $gid, 'with its group');
    is($info[2] & 0777, 0600, 'and private');
}

# ---- recreate-db ----

$cli->ok('setup-dev');
is(scalar @{ $cli->json('user list --json') }, 1, 'somebody is there');
$cli->fails('recreate-db', 1, qr/--yes/, 'C5 asks: without a terminal --yes is needed');
is(scalar @{ $cli->json('user list --json') }, 1, 'C5 and nothing happened');
$cli->ok('recreate-db --yes');
is(scalar @{ $cli->json('user list --json') }, 0, 'C5 recreated');
$cli->env(FLASK_CONFIG => 'production');
$cli->fails('recreate-db --yes', 1, qr/production/, 'C5 D38 refused in production');
$cli->fails('db downgrade', 1, qr/--yes/, 'C3 downgrade asks in production');
is($cli->ok('db current'), "0002 accounts (head)\n", 'C3 and nothing happened');

# ---- what is wrong with the machine ----

{
    open(my $sqlite, '|-', 'sqlite3', '-batch', $cli->database) or die $!;
    print {$sqlite} "BEGIN IMMEDIATE;\n";
    $sqlite->flush;
    for (1 .. 600) { # until it has the lock
        last if (run_command([ 'sqlite3', '-bail', $cli->database, 'BEGIN IMMEDIATE; ROLLBACK;' ]))[0];
        select undef, undef, undef, 0.1;
    }
    $cli->env;
    $cli->fails('db downgrade', 1, qr/locked by another program/, 'a locked database is given up');
    print {$sqlite} "ROLLBACK;\n";
    close $sqlite;
    is($cli->ok('db current'), "0002 accounts (head)\n", 'works again');
}

done_testing;
