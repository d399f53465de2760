# Administration: R16, X2, X3, X5; ASVS 8.2.1, 8.3.2.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes links problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(users => [
    { email => 'ada@example.org',  password => $good },
    { email => 'root@example.org', password => $good, role => 'Administrator', first => 'Grace', last => 'Hopper' },
]);

my $reply = $site->client->get('/admin/');
is($reply->{status}, 302, 'X2 anonymous: log in first');
like($reply->{headers}{location}, qr{^/account/login\?next=%2Fadmin%2F$|^/account/login\?next=/admin/$}, 'X2 with the way back');
is($site->client->get('/admin/', accept => 'application/json')->{status}, 401, 'X2 scripts get 401');
is($site->client->get('/admin')->{status}, 308, 'X5 /admin redirects')
    or diag($site->client->get('/admin')->{status});

my $user = $site->client;
$user->login('ada@example.org', $good);
$reply = $user->get('/admin/');
is($reply->{status}, 403, 'X3 a user without the permission');
like(text($reply->{content}), qr/You may not see this page/, 'R26 in words');
is_deeply([ problems($reply->{content}) ], [], 'R26 well-formed');
ok(exists links($reply->{content})->{'Your account'}, 'R26 with the menu of somebody logged in');

my $root = $site->client;
$reply = $root->login('root@example.org', $good);
is($reply->{headers}{location}, '/admin/', 'R3 administrators land here');
$reply = $root->follow($reply);
is($reply->{status}, 200, 'R16 dashboard');
like(title($reply->{content}), qr/^Administration .* Flask-Base$/, 'R16 title');
is_deeply([ problems($reply->{content}) ], [], 'R16 well-formed');
like($reply->{headers}{'cache-control'}, qr/no-store/, 'X12, 14.3.2 never stored');

# Cards and links lead somewhere, each of them.
my $links = links($reply->{content});
for my $text (sort keys %$links) {
    my $href = $links->{$text};
    next if $href =~ /^#/;
    is($root->get($href)->{status}, 200, "R16 '$text' leads to $href");
}

# Demotion holds on the next request (8.3.2).
$site->add_user(email => 'second@example.org', password => $good, role => 'Administrator');
$site->cli_ok('user', 'role', 'root@example.org', 'User');
is($root->get('/admin/')->{status}, 403, '8.3.2 a demotion holds on the next request');
$site->cli_ok('user', 'role', 'root@example.org', 'Administrator');
is($root->get('/admin/')->{status}, 200, '8.3.2 and so does a promotion');
$site->stop;
done_testing;
