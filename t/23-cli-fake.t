# add-fake-data: C7, M8.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest::Cli;
use Test::More;

my $cli = FlaskbaseTest::Cli->new;
$cli->fails('add-fake-data', 1, qr/db upgrade/, 'C7 without a database');
$cli->ok('db upgrade');
is($cli->ok('add-fake-data'), "added 10 users\n", 'C7 ten by default');
is($cli->ok('add-fake-data -n 2500'), "added 2500 users\n", 'C7 -n');
my $users = $cli->json('user list --json');
is(scalar @$users, 2510, 'C7 all are there');
is_deeply([ grep { !$_->{confirmed} || $_->{role} ne 'User' } @$users ], [], 'M8 M6 confirmed, of the default role');
my %seen;
is((grep { $seen{ lc $_->{email} }++ } @$users), 0, 'M8 addresses are unique');
is((grep { $_->{email} !~ /^[a-z]+\.[a-z]+\.\d+\@example\.(?:com|net|org)$/ } @$users), 0, 'M8 and nobody\'s');
my %names = map { ("$_->{first_name} $_->{last_name}" => 1) } @$users;
cmp_ok(scalar keys %names, '>', 1000, 'M8 many names');
is(($cli->sql('SELECT count(DISTINCT password_hash) FROM users'))[0][0], 2, 'C7 one hash for each run');
for my $wrong (0, -1, 'x', '1.5', '') {
    $cli->fails([ 'add-fake-data', '-n', $wrong ], 2, qr/./, "C7 -n '$wrong'");
}
$cli->env(FLASK_CONFIG => 'production', BASE_URL => 'https://example.org');
$cli->fails('add-fake-data -n 1', 1, qr/--yes/, 'M8 asks in production');
is($cli->ok('add-fake-data -n 1 --yes'), "added 1 users\n", 'M8 and does it when told');
done_testing;
