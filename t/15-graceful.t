# Graceful restarts: under load without a failed connection, with broken templates the old set stays,
# with a broken site 503 instead of a dead server (T7; SECURITY 3).
use strict;
use warnings;
use Test::More;
use IO::Socket::INET;
use List::Util ();
use POSIX ();
use Time::HiRes ();
use FlaskbaseTest qw(slurp spew);

my $template = 'main/about.html';
sub about { return "{% extends 'layouts/base.html' %}{% block content %}<p id=\"mark\">mark $_[0]</p>{% endblock %}\n" }

# A restart is over once no process of before answers any more: asks until the answer is as expected.
sub eventually {
    my ($site, $path, $good) = @_;
    my $reply;
    for (1 .. 600) {
        $reply = $site->client->get($path);
        return 1 if $good->($reply);
        Time::HiRes::sleep(0.1);
    }
    diag $reply->{status}, $reply->{content};
    return 0;
}

# Clients that ask at once, and the requests that each must get answered on each side of a restart.
my $CLIENTS = 3;
my $EACH    = 15;

# A client in a process of its own: one fresh connection after the other. Of every reply it notes one
# character: the page's mark, "!" for a failure.
sub load {
    my ($site, $number) = @_;
    my $client = { marks => "$site->{dir}/marks$number", last => "$site->{dir}/last$number" };
    spew($client->{$_}, '') for qw(marks last);
    my $parent = $$;
    $client->{pid} = fork;
    die "fork: $!" unless defined $client->{pid};
    return $client if $client->{pid};
    delete $site->{pid};
    open my $out, '>>:raw', $client->{marks} or POSIX::_exit(1);
    while (!-e "$site->{dir}/stop" && getppid == $parent) {
        my $reply = eval { $site->raw_reply("GET /about HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n") };
        my ($mark) = $reply && $reply->{status} == 200 ? $reply->{content} =~ /mark (\d)</ : ();
        spew($client->{last}, $reply ? $reply->{raw} : "no reply: $@ $!") unless defined $mark;
        syswrite $out, defined $mark ? $mark : '!' or POSIX::_exit(1);
    }
    POSIX::_exit(0);
}

# Waits until each client was answered often enough with this mark, or failed; the time this takes
# does not count as long as there are answers.
sub worked {
    my ($load, $mark) = @_;
    my ($sum, $still) = (-1, 0);
    while ($still < 600) {
        my @marks = map { slurp($_->{marks}) } @$load;
        return 1 if $EACH <= List::Util::min(map { my $text = $_; scalar(() = $text =~ /[$mark!]/g) } @marks);
        my $now = List::Util::sum(map { length } @marks);
        $still = $now > $sum ? 0 : $still + 1;
        $sum   = $now;
        Time::HiRes::sleep(0.1);
    }
    return 0;
}

for my $mpm (qw(event prefork)) {
    my $site = FlaskbaseTest->start(mpm => $mpm, templates => { $template => about(0) }, users => []);
    $site->expect_log(qr/\[mpm_\w+:(?:warn|error)\].*AH(?:00288|10159|03269|00045|00046)/);
    like($site->client->get('/about')->{content}, qr/mark 0/, "$mpm: T7 the site's own template");

    my @load = map { load($site, $_) } 1 .. $CLIENTS;
    ok(worked(\@load, 0), "$mpm: $CLIENTS clients ask all the time");
    for my $round (1 .. 4) {
        spew("$site->{dir}/templates/$template", about($round));
        my @before = map { length slurp($_->{marks}) } @load;
        ok($site->graceful, "$mpm: graceful restart $round");
        ok(eventually($site, '/about', sub { $_[0]{content} =~ /mark $round/ }),
            "$mpm: the changed template is in force");
        ok(worked(\@load, $round), "$mpm: restart $round: every client got on by $EACH requests");
        for my $client (@load) {
            my $since = substr slurp($client->{marks}), shift @before;
            unlike($since, qr/!/, "$mpm: restart $round: none of @{[ length $since ]} failed");
        }
    }
    spew("$site->{dir}/stop", '');
    for my $client (@load) {
        waitpid $client->{pid}, 0;
        is($?, 0, "$mpm: the client ended by itself");
        my $marks = slurp($client->{marks});
        cmp_ok(length $marks, '>=', 5 * $EACH, "$mpm: its requests on fresh connections");
        is($marks =~ tr/!//, 0, "$mpm: none failed over the restarts") or diag slurp($client->{last});
    }

    # A broken template: configtest says so, and a restart all the same keeps the old set.
    spew("$site->{dir}/templates/$template", "{% block content %}\n{% if %}\n");
    my ($status, $text) = $site->configtest;
    isnt($status, 0, "$mpm: configtest refuses the broken template");
    like($text, qr{\Qmain/about.html\E:2:\d+: }, "$mpm: and says where");
    $site->expect_log(qr/\[flaskbase:error\].*(?:main\/about\.html|\{% if %\}|\^|stays in use|block)/);
    ok($site->graceful, "$mpm: a graceful restart with it");
    ok(eventually($site, '/about', sub { $_[0]{content} =~ /mark 4/ }), "$mpm: the old set serves");
    ok($site->wait_log(qr/stays in use/), "$mpm: the log says so");
    ok($site->graceful, "$mpm: and again");
    ok(eventually($site, '/about', sub { $_[0]{content} =~ /mark 4/ }), "$mpm: the old set still serves");

    # Corrected.
    spew("$site->{dir}/templates/$template", about(9));
    ok($site->graceful, "$mpm: corrected");
    ok(eventually($site, '/about', sub { $_[0]{content} =~ /mark 9/ }), "$mpm: the new set serves");

    # A broken env file, a wrong directive: 503, other content unaffected, httpd lives.
    spew("$site->{dir}/htdocs/other.txt", "other\n");
    my $good = slurp($site->env_file);
    spew($site->env_file, "$good\nSESSION_IDLE=never\n");
    $site->expect_log(qr/\[flaskbase:(?:error|crit)\].*(?:SESSION_IDLE|FlaskbaseSessionIdle|answers 503)/);
    ok($site->graceful, "$mpm: restart with a broken env file");
    ok(eventually($site, '/', sub { $_[0]{status} == 503 }), "$mpm: the site answers 503");
    my $reply = $site->client->get('/');
    ok($reply->{headers}{'retry-after'}, "$mpm: with Retry-After");
    is($reply->{headers}{'x-content-type-options'}, 'nosniff', "$mpm: V3.4.4 and nosniff");
    is($site->client->get('/other.txt')->{content}, "other\n", "$mpm: other content is served");
    is($site->client->get($_)->{status}, 503, "$mpm: X5 $_ waits too")
        for qw(/about /account /account/login /admin /admin/ /static/none.css);
    is($site->client->get($_)->{status}, 404, "$mpm: X5 $_ is not the site's") for qw(/accounting /aboutus /adminx/);
    spew($site->env_file, $good);
    $site->{conf} = "FlaskbaseSessionIdle never\n";
    ok($site->graceful, "$mpm: restart with a wrong directive does not end httpd");
    ok(eventually($site, '/', sub { $_[0]{status} == 503 }), "$mpm: 503 again");
    $site->{conf} = "FlaskbaseSessionIdle never\nFlaskbaseMount /members\nFlaskbaseHome off\n";
    ok($site->graceful, "$mpm: the same below a mount");
    ok(eventually($site, '/members/about', sub { $_[0]{status} == 503 }), "$mpm: X5 503 below it");
    is($site->client->get('/members/account')->{status}, 503, "$mpm: X5 and for a prefix");
    isnt($site->client->get($_)->{status}, 503, "$mpm: X5 $_ is left to others")
        for qw(/ /members/ /about /account/login /membersx/about);
    $site->{conf} = '';
    ok($site->graceful, "$mpm: all well again");
    ok(eventually($site, '/about', sub { $_[0]{content} =~ /mark 9/ }), "$mpm: served");
    $site->stop($mpm);
}
done_testing;
