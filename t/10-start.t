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
    $site->stop($mpm);
}
done_testing;
