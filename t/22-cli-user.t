# Accounts from the command line: C10, M6, M7, M10, D26, D39, R34.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest::Cli;
use JSON::PP ();
use Test::More;

my $cli = FlaskbaseTest::Cli->new;
my $good = "seven tin otters dance\n";
$cli->ok('db upgrade');

sub add {
    my ($email, @more) = @_;
    return [ 'user', 'add', '--email', $email, '--first-name', 'Ann', '--last-name', 'Lee', @more ];
}

sub user {
    my ($email) = @_;
    my ($found) = grep { $_->{email} eq $email } @{ $cli->json('user list --json') };
    return $found;
}

# ---- add ----

is($cli->ok(add('ann@example.org', '--role', 'User', '--confirmed', '--password-stdin'), $good),
    "added ann\@example.org as User\n", 'C10 user add');
my $ann = user('ann@example.org');
is($ann->{first_name} . ' ' . $ann->{last_name}, 'Ann Lee', 'C10 names');
is($ann->{state}, 'confirmed', 'C10 confirmed');
ok(!$ann->{must_change_password}, 'R34 not asked for');
like($ann->{created_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'C10 created_at');
is($ann->{last_login_at}, undef, 'C10 never logged in');
my ($stored) = $cli->sql('SELECT password_hash, email_canonical, uid FROM users');
like($stored->[0], qr/^scrypt:/, 'M7 a hash');
like($stored->[2], qr/^[0-9a-f]{32}$/, 'M10 a random uid');

my $json = $cli->json(add('Bob@Example.org', '--json', '--must-change', '--password-stdin'), $good);
is($json->{role}, 'User', 'C10 the default role');
is($json->{state}, 'unconfirmed', 'C10 unconfirmed unless told');
ok($json->{must_change_password}, 'R34 --must-change');
is($json->{email}, 'Bob@Example.org', 'M10 as typed');
my $invited = $cli->json(add('cid@example.org', '--json', '--no-password'));
is($invited->{state}, 'invited', 'C10 without a password');

$cli->fails(add('ANN@example.ORG', '--password-stdin'), 1, qr/address is taken/, 'D26 taken in other letters', $good);
$cli->fails(add('dan@example.org', '--password-stdin', '--role', 'King'), 1, qr/no role 'King'/, 'C10 no such role', $good);
$cli->fails(add('no address', '--no-password'), 1, qr/not an e-mail address/, 'C10 no address');
$cli->fails(add('a' x 60 . '@example.org', '--no-password'), 1, qr/more than 64 characters/, 'C10 too long');
$cli->fails([ qw(user add --email x@example.org) ], 2, qr/needed/, 'C10 fields missing');
$cli->fails([ qw(user add --nonsense) ], 2, qr/nonsense/, 'C10 an unknown option');
$cli->fails(add('dan@example.org', '--password-stdin'), 1, qr/at least 8 characters/, 'a short password', "short\n");
$cli->fails(add('dan@example.org', '--password-stdin'), 1, qr/too easy to guess/, 'a weak password', "password1\n");
$cli->fails(add('dan@example.org', '--password-stdin'), 1, qr/holds no password/, 'no password at all', '');
is(user('dan@example.org'), undef, 'C10 nothing was made by those');
unlike(join('', $cli->run(add('eve@example.org', '--password-stdin'), $good)), qr/otters/, 'V14 never printed');

# Names that look like SQL or markup are names.
my $odd = q{'); DROP TABLE users;--};
$cli->ok([ 'user', 'add', '--email', 'odd@example.org', '--first-name', $odd, '--last-name', '<b>"&', '--no-password' ]);
is(user('odd@example.org')->{first_name}, $odd, 'V1.2.4 stored as it is');

# ---- list ----

like($cli->ok('user list'), qr/^ID +EMAIL +NAME +ROLE +STATE +LAST LOGIN\n1 +ann\@example\.org +Ann Lee +User +confirmed +never\n/,
    'C10 user list');
is_deeply($cli->json('user list --json --role Administrator'), [], 'C10 by role');
$cli->fails('user list --role King', 1, qr/no role 'King'/, 'C10 list of an unknown role');
{
    my $values = join ',', map { "('n$_\@example.org', 'N', '$_', 1)" } 1 .. 1200;
    $cli->sql("INSERT INTO users (email, first_name, last_name, role_id) VALUES $values");
    my $all = $cli->json('user list --json');
    is(scalar @$all, 1205, 'C10 a long list is complete');
    my %seen;
    is((grep { $seen{ $_->{id} }++ } @$all), 0, 'and names nobody twice');
    $cli->sql("DELETE FROM users WHERE email LIKE 'n%\@example.org'");
    $cli->sql("INSERT INTO users (email, first_name, last_name, role_id) VALUES ('esc\e[2J', 'N', 'x', 1)");
    my $table = $cli->ok('user list');
    unlike($table, qr/\e/, 'V16 nothing of a row steers the terminal');
    like($table, qr/esc\\x1b\[2J/, 'V16 it is shown escaped');
    $cli->sql("DELETE FROM users WHERE email LIKE 'esc%'");
}

# ---- role: M6, D39 ----

is($cli->ok([ qw(user role ann@example.org Administrator) ]), "ann\@example.org is Administrator now\n", 'C10 user role');
$cli->fails([ qw(user role ann@example.org User) ], 1, qr/last administrator/, 'D39 the last one stays');
$cli->fails([ qw(user delete ann@example.org --yes) ], 1, qr/last administrator/, 'D39 nor can it be deleted');
is($cli->json([ qw(user role --email Bob@Example.org --role Administrator --json) ])->{role}, 'Administrator', 'C10 by options');
$cli->fails([ qw(user role ann@example.org User) ], 1, qr/last administrator/, 'D39 one who is not confirmed does not count');
$cli->ok([ qw(user confirm bob@example.org) ]);
is(user('Bob@Example.org')->{state}, 'confirmed', 'C10 user confirm');
$cli->ok([ qw(user role ann@example.org User) ]);
is(user('ann@example.org')->{role}, 'User', 'D39 with another one it works');
$cli->fails([ qw(user role nobody@example.org User) ], 1, qr/no user with the address/, 'C10 no such user');
$cli->fails([ qw(user role ann@example.org King) ], 1, qr/no role 'King'/, 'C10 no such role');
$cli->fails([ qw(user role ann@example.org) ], 2, qr/which role/, 'C10 role missing');
$cli->fails([ qw(user role) ], 2, qr/which role|which user/, 'C10 all missing');

# D39: two administrators removing each other at the same moment, from two shells.
$cli->ok([ qw(user role ann@example.org Administrator) ]);
for my $round (1 .. 10) {
    my @children = map {
        my $email = $_;
        my $pid = fork;
        die "fork: $!" unless defined $pid;
        if (!$pid) {
            my ($status) = $cli->run([ qw(user role), $email, 'User' ]);
            POSIX::_exit($status);
        }
        $pid;
    } qw(ann@example.org bob@example.org);
    my @status = map { waitpid $_, 0; $? >> 8 } @children;
    is_deeply([ sort @status ], [ 0, 1 ], "D39 round $round: one wins");
    is(scalar @{ $cli->json('user list --json --role Administrator') }, 1, "D39 round $round: one is left");
    $cli->ok([ qw(user role), $_, 'Administrator' ]) for qw(ann@example.org bob@example.org);
}

# ---- password: R8's rule that sessions end ----

my ($before) = $cli->sql("SELECT password_hash, uid FROM users WHERE email = 'ann\@example.org'");
$cli->sql("INSERT INTO sessions (key_hash, user_uid, created_at, started_at, last_seen_at, expires_at, remember)"
    . " VALUES (x'00', '$before->[1]', 1, 1, 1, 9999999999, true)");
like($cli->ok([ qw(user password ann@example.org --password-stdin) ], "eight brass herons sing\n"),
    qr/new password; all sessions have ended/, 'C10 user password');
my ($after) = $cli->sql("SELECT password_hash, must_change_password FROM users WHERE email = 'ann\@example.org'");
isnt($after->[0], $before->[0], 'M7 another hash');
is($after->[1], 0, 'R34 need not be changed');
is(($cli->sql('SELECT ended_at IS NOT NULL FROM sessions'))[0][0], 1, 'D21 sessions end with the password');
$cli->ok([ qw(user password --email ann@example.org --password-stdin --must-change) ], "nine cork badgers hum\n");
ok(user('ann@example.org')->{must_change_password}, 'R34 --must-change');
$cli->fails([ qw(user password ann@example.org --password-stdin) ], 1, qr/too easy|at least 8/, 'a weak one', "password2\n");
$cli->fails([ qw(user password nobody@example.org --password-stdin) ], 1, qr/no user/, 'C10 no such user', $good);
$cli->fails([ qw(user password ann@example.org) ], 1, qr/--password-stdin/, 'C10 no terminal');

# ---- delete ----

$cli->fails([ qw(user delete cid@example.org) ], 1, qr/--yes/, 'C10 delete asks');
$cli->ok([ qw(user delete cid@example.org --yes) ]);
is(user('cid@example.org'), undef, 'C10 user delete');
my ($id) = map { $_->{id} } user('odd@example.org');
$cli->ok([ qw(user delete odd@example.org --yes) ]);
$cli->ok(add('odd@example.org', '--no-password'));
cmp_ok(user('odd@example.org')->{id}, '>', $id, 'M10 a deleted id is not used again');

# ---- Unicode ----

$cli->ok(add("j\xc3\xbcrgen\@b\xc3\xbccher.example", '--no-password'));
$cli->fails(add("J\xc3\x9cRGEN\@xn--bcher-kva.example", '--no-password'), 1, qr/taken/, 'M10 one address in two spellings');

done_testing;
