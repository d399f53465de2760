# The database away, old, locked or read-only: 503 with words within its time, pages that need none
# unaffected, healed by itself (SECURITY 3: database gone, SQLite locked; DESIGN section 3 schema; R26).
use strict;
use warnings;
use Test::More;
use Time::HiRes ();
use FlaskbaseTest qw(run_command);

my $password = 'harbour-lantern-quilt-5';
for my $mpm (qw(event prefork)) {
    my $site = FlaskbaseTest->start(mpm => $mpm, htdocs => { 'file.txt' => "x\n" },
        users => [ { email => 'ada@example.org', password => $password } ], env => { DATABASE_TIMEOUT => '1s' });
    $site->expect_log(qr/\[flaskbase:(?:error|warn)\].*(?:database|locked|schema|SQL|readonly|read-only)/i,
        qr/\[dbd:error\]/);
    my $client = $site->client;
    is($client->login('ada@example.org', $password)->{status}, 303, "$mpm: all well");

    # Somebody holds the write lock.
    my $holder = open(my $lock, '|-', 'sqlite3', '-batch', $site->database) or die "sqlite3: $!";
    print {$lock} ".timeout 60000\nBEGIN EXCLUSIVE;\n.shell touch $site->{dir}/locked\n";
    $lock->autoflush(1);
    for (1 .. 1200) { last if -e "$site->{dir}/locked"; Time::HiRes::sleep(0.05) }
    ok(-e "$site->{dir}/locked", "$mpm: the database is locked");
    my $begin = Time::HiRes::time();
    my $reply = $site->client->login('ada@example.org', $password);
    my $took  = Time::HiRes::time() - $begin;
    is($reply->{status}, 503, "$mpm: a login that can't be written: 503");
    ok($reply->{headers}{'retry-after'}, "$mpm: with Retry-After");
    like($reply->{content}, qr/<html\b.*ui/s, "$mpm: R26 in the layout, without the database");
    cmp_ok($took, '<', 20, "$mpm: within its time");
    is($site->client->get('/')->{status}, 200, "$mpm: anonymous pages are unaffected");
    is($site->client->get('/file.txt')->{content}, "x\n", "$mpm: so are files");
    print {$lock} "ROLLBACK;\n.quit\n";
    close $lock;
    is($site->client->login('ada@example.org', $password)->{status}, 303, "$mpm: healed by itself");

    $site->stop($mpm);
}

# A database that was never made.
{
    my $site = FlaskbaseTest->start;
    $site->expect_log(qr/\[flaskbase:error\].*(?:schema|no database).*flaskbase db upgrade/, qr/\[flaskbase:warn\].*answers 503/);
    is($site->client->get('/')->{status}, 200, 'no schema: anonymous pages');
    is($site->client->get('/account/login')->{status}, 200, 'no schema: a form that needs no row');
    my $reply = $site->client->login('ada@example.org', $password);
    is($reply->{status}, 503, 'no schema: 503');
    like($site->error_log, qr/flaskbase db upgrade/, 'the log names the command');
    unlike($reply->{content}, qr/sqlite|schema|SELECT/i, 'the page does not tell internals');
    $site->make_database;
    $site->add_user(email => 'ada@example.org', password => $password);
    is($site->client->login('ada@example.org', $password)->{status}, 303, 'made meanwhile: served without a restart');
    $site->stop('no schema');
}

# A folder that does not exist.
{
    my $site = FlaskbaseTest->new;
    $site->{env}{TEST_DATABASE_URL} = "sqlite:///$site->{dir}/none/data.sqlite";
    $site->write_env;
    $site->expect_log(qr/\[flaskbase:error\].*database/i, qr/\[dbd:error\]/);
    $site->start;
    is($site->client->get('/')->{status}, 200, 'no folder: anonymous pages');
    is($site->client->login('a@b.test', $password)->{status}, 503, 'no folder: 503');
    $site->stop('no folder');
}
done_testing;
