# Development: changed templates and assets show without a restart; a broken one keeps the old set and
# says why in the log (SPEC section 6 profiles, C1).
use strict;
use warnings;
use Test::More;
use Time::HiRes ();
use FlaskbaseTest qw(spew);

my $name = 'main/about.html';
sub page { return "{% extends 'layouts/base.html' %}{% block content %}<p id=\"mark\">mark $_[0]</p>{% endblock %}\n" }

sub eventually {
    my ($site, $pattern) = @_;
    for (1 .. 600) {
        my $reply = $site->client->get('/about');
        return 1 if $reply->{status} == 200 && $reply->{content} =~ $pattern;
        Time::HiRes::sleep(0.1);
    }
    return 0;
}

for my $mpm (qw(event prefork)) {
    my $site = FlaskbaseTest->start(mpm => $mpm, users => [], templates => { $name => page(0) },
        env => { TEMPLATES_AUTO_RELOAD => 'on' });
    # The server's user reads the folder now, not only root at the start.
    chmod 0755, "$site->{dir}/templates", "$site->{dir}/templates/main";
    ok(eventually($site, qr/mark 0/), "$mpm: at the start");
    spew("$site->{dir}/templates/$name", page('one'));
    ok(eventually($site, qr/mark one/), "$mpm: a change shows without a restart");
    ok($site->wait_log(qr/templates and assets were taken anew/), "$mpm: and is told");
    spew("$site->{dir}/templates/$name", "{% block content %}\n{{ 1 +\n");
    $site->expect_log(qr/\[flaskbase:error\].*main\/about\.html:\d+:\d+: /);
    for (1 .. 600) {
        last if $site->error_log =~ /main\/about\.html:\d+:\d+: /;
        $site->client->get('/about');
        Time::HiRes::sleep(0.1);
    }
    ok($site->wait_log(qr/main\/about\.html:\d+:\d+: /), "$mpm: an error is told with its place");
    ok(eventually($site, qr/mark one/), "$mpm: and the old set stays in use");
    # Back to a good one, many times under requests: old sets are let go.
    for my $round (1 .. 5) {
        spew("$site->{dir}/templates/$name", page("r$round"));
        ok(eventually($site, qr/mark r$round/), "$mpm: round $round");
    }
    $site->stop($mpm);
}

# Without the setting nothing changes before a restart.
my $site = FlaskbaseTest->start(users => [], templates => { $name => page(0) });
spew("$site->{dir}/templates/$name", page(1));
Time::HiRes::sleep(0.5);
like($site->client->get('/about')->{content}, qr/mark 0/, 'other profiles: as compiled at the start');
$site->stop('fixed');
done_testing;
