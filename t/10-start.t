# A private httpd loads the module, serves the site's home page, and stops.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;

for my $mpm (qw(event prefork)) {
    my $site = FlaskbaseTest->start(mpm => $mpm, users => [], htdocs => { 'other.txt' => "other\n" });
    my $reply = $site->client->get('/');
    is($reply->{status}, 200, "$mpm: home page");
    like($reply->{content}, qr{<!DOCTYPE html>.*</html>\s*\z}s, "$mpm: the whole of it");
    is($site->client->get('/other.txt')->{content}, "other\n", "$mpm: X5 other content is httpd's");
    my @limits = lstat "$site->{dir}/state/limits";
    my $user   = $< == 0 ? (getpwnam $site->{owner})[2] : $<;
    is($limits[4], $user, "$mpm: CWE-59 the counters' file belongs to the server's user");
    is($limits[2] & 07777, 0600, "$mpm: and is closed to others");
    $site->stop($mpm);
}
done_testing;
