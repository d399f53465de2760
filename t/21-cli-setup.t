# setup-dev and setup-prod: C6, M5, D20, R34.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest::Cli;
use Test::More;

my @seeded = ([ 'User', 'main', 1, 1 ], [ 'Administrator', 'admin', 0, 255 ]);
my $roles = 'SELECT name, "index", "default", permissions FROM roles ORDER BY id';

# ---- development ----

{
    my $cli = FlaskbaseTest::Cli->new(env => { ADMIN_EMAIL => 'boss@example.org' });
    $cli->fails('setup-dev', 1, qr/run 'flaskbase db upgrade'/, 'C6 without a database');
    $cli->ok('db upgrade');
    my $said = $cli->ok('setup-dev');
    my ($password) = $said =~ /^Password: (\S{16,})$/m;
    ok($password, 'C6 a generated password is printed');
    like($said, qr/^Administrator: boss\@example\.org$/m, 'C6 with the address');
    is_deeply([ $cli->sql($roles) ], \@seeded, 'M5 the two roles');
    my ($user) = @{ $cli->json('user list --json') };
    is($user->{role}, 'Administrator', 'C6 the administrator');
    ok($user->{confirmed}, 'C6 is confirmed');
    ok(!$user->{must_change_password}, 'R34 and need not change a password printed in development');
    is($cli->ok('setup-dev'), '', 'C6 again: says and changes nothing');
    is_deeply([ $cli->sql($roles) ], \@seeded, 'M5 again: the same roles');
    is(scalar @{ $cli->json('user list --json') }, 1, 'C6 again: one administrator');
    my ($hash) = $cli->sql('SELECT password_hash FROM users');
    like($hash->[0], qr/^scrypt:1024:8:1\$[A-Za-z0-9]{16}\$[0-9a-f]{128}$/, 'M7 werkzeug format');

    # Roles that a site made its own stay.
    $cli->sql("UPDATE roles SET name = 'Member', permissions = 3 WHERE id = 1");
    $cli->ok('setup-dev');
    is(($cli->sql($roles))[0][0], 'Member', 'M5 re-run changes no role');
    # The administrator changed the address: setting up again makes no second account.
    $cli->sql("UPDATE users SET email = 'new\@example.org', email_canonical = 'new\@example.org'");
    $cli->ok('setup-dev');
    is(scalar @{ $cli->json('user list --json') }, 1, 'C6 no second administrator by a re-run');
}

{
    my $cli = FlaskbaseTest::Cli->new(
        env => { ADMIN_EMAIL => 'a@example.org', ADMIN_PASSWORD => 'password' });
    $cli->ok('db upgrade');
    my ($status, $out, $err) = $cli->run('setup-dev');
    is($status, 0, 'C6 a given password is taken in development');
    unlike($out, qr/password/i, 'C6 and not printed');
    like($err, qr/would be refused in production/, 'D20 with a warning');
    is($cli->ok('setup-dev --roles-only'), '', 'roles only');
}

# ---- production ----

{
    my $cli = FlaskbaseTest::Cli->new(
        env => { FLASK_CONFIG => 'production', BASE_URL => 'https://example.org' });
    $cli->ok('db upgrade');
    $cli->fails('setup-dev', 1, qr/use setup-prod/, 'C6 setup-dev in production');
    $cli->fails('setup-prod', 1, qr/set ADMIN_EMAIL/, 'C6 no address');
    my %env = (FLASK_CONFIG => 'production', BASE_URL => 'https://example.org', ADMIN_EMAIL => 'boss@example.org');
    for my $weak (qw(password 12345678 short boss@example.org)) {
        $cli->env(%env, ADMIN_PASSWORD => $weak);
        my ($status, $out, $err) = $cli->run('setup-prod');
        is($status, 1, "D20 $weak is refused");
        like($err, qr/ADMIN_PASSWORD is (?:refused: \S|the documented example)/, 'D20 with the reason');
        unlike("$out$err", qr/\Q$weak\E(?!\@)/, 'and not repeated') if $weak ne 'password';
    }
    is_deeply($cli->json('user list --json'), [], 'D20 nobody was made');
    $cli->env(%env);
    like($cli->ok('setup-prod'), qr/^Password: \S{16,}$/m, 'C6 generated');
    ok($cli->json('user list --json')->[0]{must_change_password}, 'R34 must be changed');
}

{
    my $cli = FlaskbaseTest::Cli->new(env => { FLASK_CONFIG => 'production', ADMIN_EMAIL => 'boss@example.org',
            BASE_URL => 'https://example.org', ADMIN_PASSWORD => 'seven tin otters dance' });
    $cli->ok('db upgrade');
    $cli->ok('setup-prod');
    my ($user) = @{ $cli->json('user list --json') };
    ok(!$user->{must_change_password}, 'R34 ADMIN_PASSWORD need not be changed');
}

# D19: whoever has that address already does not become an administrator by setting up.
{
    my $cli = FlaskbaseTest::Cli->new(env => { ADMIN_EMAIL => 'boss@example.org' });
    $cli->ok('db upgrade');
    $cli->ok([ qw(user add --email BOSS@example.org --first-name B --last-name O --confirmed --password-stdin) ],
        "seven tin otters dance\n");
    $cli->fails('setup-dev', 1, qr/has an account already, but is no administrator/, 'D19 M6');
    is($cli->json('user list --json')->[0]{role}, 'User', 'D19 still a user');
    $cli->ok([ qw(user role boss@example.org Administrator) ]);
    is($cli->ok('setup-dev'), '', 'then all is well');
}

done_testing;
