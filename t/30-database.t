# The site on its database, on each engine, and what a visitor sees while the database is locked,
# away, stalled or of another schema (SECURITY section 3; R3, R26, M5).
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest qw(run_command);
use FlaskbaseTest::Postgres;
use Test::More;
use IO::Handle ();
use Time::HiRes qw(sleep time);

my %ada = (email => 'ada@example.org', password => 'seven tin otters dance', role => 'Administrator');
my @form = (email => $ada{email}, password => $ada{password});

# (status, seconds)
sub timed {
    my ($code) = @_;
    my $begin = time;
    my $reply = $code->();
    return ($reply->{status}, time - $begin, $reply);
}

sub log_in {
    my ($client) = @_;
    $client->get('/account/login');
    return $client->submit('/account/login', {@form});
}

# What holds while the database can't be used.
sub is_down {
    my ($site, $client, $name) = @_;
    my ($status, $took, $reply) = timed(sub { $client->get('/admin/') });
    is($status, 503, "$name: a page for administrators");
    cmp_ok($took, '<=', 30, "$name: soon");
    unlike($reply->{content}, qr/Registered Users/, "$name: shows nothing protected");
    like($reply->{content}, qr/<title>/, "$name: in the site's layout");
    is($site->client->get('/')->{status}, 200, "$name: the anonymous home page goes on");
    is($site->client->get('/static/no-such-file')->{status}, 404, "$name: so do static files");
    my $json = $client->get('/admin/', accept => 'application/json');
    is($json->{status}, 503, "$name: 503 for a script");
    like($json->{headers}{'content-type'}, qr{^application/problem\+json}, "$name: as JSON");
    return;
}

sub schema_tests {
    my ($site, $client) = @_;
    $site->expect_log(qr/run 'flaskbase db upgrade'/);
    $site->cli_ok('db', 'downgrade');
    sleep 5.2 if $site->{server}; # PostgreSQL tells nobody; a connection looks every 5 s
    is_down($site, $client, 'schema too old');
    like($site->error_log, qr/schema \(version 1\) is older than this program \(version 2\): run 'flaskbase/,
        'the log says what to do');
    $site->cli_ok('db', 'upgrade');
    is(log_in($site->client)->{status}, 303, 'after the upgrade one logs in, without a restart');
    return;
}

# ---- SQLite ----

# Another program that has the write lock, for some seconds or until it is told.
sub take_lock {
    my ($site, $seconds) = @_;
    open my $sqlite, '|-', 'sqlite3', '-batch', $site->database or die "sqlite3: $!";
    print {$sqlite} "BEGIN IMMEDIATE;\n";
    $sqlite->flush;
    for (1 .. 600) { # until it has the lock
        last if (run_command([ 'sqlite3', '-bail', $site->database, 'BEGIN IMMEDIATE; ROLLBACK;' ]))[0];
        sleep 0.1;
    }
    print {$sqlite} ".shell sleep $seconds\nROLLBACK;\n" if $seconds;
    $sqlite->flush;
    return $sqlite;
}

subtest 'no database yet' => sub {
    my $site = FlaskbaseTest->start;
    my ($status, $said) = $site->configtest;
    is($status, 0, 'configtest takes the configuration');
    like($said, qr/answers 503: there is no database .*: run 'flaskbase db upgrade'/, 'and warns');
    $site->expect_log(qr/there is no database .*run 'flaskbase db upgrade'/);
    is(log_in($site->client)->{status}, 503, 'logging in: 503');
    is($site->client->get('/')->{status}, 200, 'the home page is there');
    ok(!-e $site->database, 'httpd makes no database, which others could read');
    $site->cli_ok('db', 'upgrade');
    $site->add_user(%ada);
    is(log_in($site->client)->{status}, 303, 'once it is made one logs in, without a restart');
    is((stat $site->database)[2] & 0777, 0600, 'V13 the file is private');
    unlike(($site->configtest)[1], qr/503/, 'configtest is content');
    $site->cli_ok('db', 'downgrade');
    like(($site->configtest)[1], qr/503: the database's schema .* is older/, 'configtest warns of an old schema');
    $site->stop('none');
};

subtest 'sqlite' => sub {
    my $site = FlaskbaseTest->start(users => [ \%ada ]);
    my $client = $site->client;
    is(log_in($client)->{status}, 303, 'R3 logs in');
    is($client->get('/admin/')->{status}, 200, 'R16 and sees the dashboard');

    my $lock = take_lock($site, 1.5);
    my ($status, $took) = timed(sub { log_in($site->client) });
    is($status, 303, 'locked for 1.5 s: a login waits');
    close $lock;

    $site->expect_log(qr/locked by another program|took too long/);
    $lock = take_lock($site);
    ($status, $took, my $reply) = timed(sub { log_in($site->client) });
    is($status, 503, 'locked for good: 503 at the deadline');
    cmp_ok($took, '>=', 2, 'after waiting');
    like($reply->{content}, qr/<title>/, 'in the site\'s layout');
    is($client->get('/admin/')->{status}, 200, 'reading goes on');
    print {$lock} "ROLLBACK;\n";
    close $lock;
    is(log_in($site->client)->{status}, 303, 'and it resumes by itself');
    is($site->sql('PRAGMA integrity_check'), 'ok', 'the file is whole');

    schema_tests($site, $client);
    $site->stop('sqlite');
};

# ---- PostgreSQL ----

subtest 'pgsql' => sub {
    my $server = FlaskbaseTest::Postgres->start;
    my $url = $server->create;
    my $site = FlaskbaseTest->start(env => { TEST_DATABASE_URL => $url }, users => [ \%ada ]);
    $site->{server} = $server;
    my $client = $site->client;
    is(log_in($client)->{status}, 303, 'R3 logs in');
    is($client->get('/admin/')->{status}, 200, 'R16 and sees the dashboard');
    is(($server->sql($url, 'SELECT count(*) FROM sessions'))[0][0], 1, 'from this database');

    # The server ends our connections: noticed before anything is sent.
    for my $round (1 .. 5) {
        $server->sql($server->url('postgres'), "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
            . " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
        is($client->get('/admin/')->{status}, 200, "connections ended, round $round: nothing is seen of it");
    }

    $site->expect_log(qr/connection to the database failed|no connection to the database|AH00639|AH00632|AH00636/);
    $server->halt;
    is_down($site, $client, 'server stopped');
    $server->launch;
    my $failed = grep { $client->get('/admin/')->{status} != 200 } 1 .. 20;
    cmp_ok($failed, '<=', 1, 'restarted: at most one failed request on this connection');

    $site->expect_log(qr/took too long/);
    my ($pids) = $server->sql($server->url('postgres'), "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"
        . " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
    my @backends = split ' ', $pids->[0];
    kill 'STOP', @backends;
    my ($status, $took) = timed(sub { $client->get('/admin/') });
    kill 'CONT', @backends;
    is($status, 503, 'stalled: 503');
    cmp_ok($took, '<=', 30, 'at the deadline');
    is($client->get('/admin/')->{status}, 200, 'and healed');

    schema_tests($site, $client);
    $site->stop('pgsql');
};

done_testing;
