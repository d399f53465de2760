# Whatever is stored comes out as text (X11, D8; ASVS 1.2.1, 1.2.2, 1.2.3): the canary in every
# stored field and setting, on every page, for everybody who can see it.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(problems decode);

my $canary = q('"><x y=1>{{7*7}}</script>);
my $good   = 'Lattice-Umbrella-47';
my $site   = FlaskbaseTest->start(
    env   => { APP_NAME => substr($canary, 2) }, # a line of the env file may not begin with a quote
    users => [
        { email => 'root@example.org', password => $good, role => 'Administrator' },
        { email => 'new@example.org', password => $good, unconfirmed => 1 },
    ]);
(my $quoted = $canary) =~ s/'/''/g;
$site->sql("UPDATE users SET first_name = '$quoted', last_name = '$quoted'");
# What a login is looked up by stays; what is shown does not.
$site->sql("UPDATE users SET email = '$quoted' || email");
$site->sql("UPDATE roles SET name = '$quoted' WHERE name = 'Administrator'");
$site->sql("INSERT INTO editable_html (editor_name, value) VALUES ('about', '$quoted')");

my %client = (anonymous => $site->client);
for my $who (qw(root new)) {
    $client{$who} = $site->client;
    my $reply = $client{$who}->login("$who\@example.org", $good);
    is($reply->{status}, 303, "$who is logged in");
}
my $seen = 0;
for my $who (sort keys %client) {
    for my $path ('/', '/about', '/account/login', '/account/manage', '/account/manage/info', '/account/unconfirmed',
        '/account/logout', '/account/change-required', '/admin/', '/account/' . '%3Cx%20y=1%3E', '/account/login?next=' . '%22%3E%3Cx%20y%3D1%3E') {
        my $reply = $client{$who}->get($path);
        my $page  = $reply->{content};
        unlike($page, qr/<x[\s>]/, "1.2.1 $who $path ($reply->{status}): no new element");
        unlike($page, qr/(?<!\{)49(?!\d)/, "1.3.2, 1.3.7 $who $path: no template in data") unless $page =~ /\{\{7\*7\}\}/;
        is(() = $page =~ /<script/g, () = $page =~ /<\/script>/g, "1.2.3 $who $path: scripts as they were");
        is_deeply([ problems($page) ], [], "1.2.2 $who $path: well-formed") if $page =~ /^<!DOCTYPE/;
        $seen++ if index(decode($page), substr $canary, 2) >= 0;
    }
}
cmp_ok($seen, '>', 20, 'and the canary was on the pages');
$site->stop;
done_testing;
