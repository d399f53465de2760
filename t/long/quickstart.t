# ./quickstart: serves, keeps, stops, and says in one sentence what is wrong.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command free_port slurp spew);
use FlaskbaseTest::Client;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my $top = FlaskbaseTest->top;
my $script = "$top/quickstart";
my $dir = tempdir('quickstart-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $home = "$dir/a home";
delete @ENV{qw(FLASKBASE_HOME FLASKBASE_DATA PORT FLASK_CONFIG DATABASE_URL SECRET_KEY BASE_URL
    ADMIN_EMAIL ADMIN_PASSWORD)};

# Starts `quickstart run`; gives its pid and the file with its words once it is ready.
my $runs = 0;
sub start {
    my (%env) = @_;
    my $words = "$dir/words" . ++$runs;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        open STDIN,  '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', $words      or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT   or POSIX::_exit(126);
        @ENV{ keys %env } = values %env;
        # A shell can't trap what was ignored when it began, as INT is for background jobs.
        @SIG{qw(INT TERM)} = ('DEFAULT') x 2;
        exec $script, 'run' or POSIX::_exit(127);
    }
    my $end = time + 600;
    while (time < $end) {
        return ($pid, $words) if slurp($words) =~ /^flaskbase ready /m;
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            diag slurp($words);
            return (0, $words);
        }
        sleep 0.05;
    }
    return (0, $words);
}

sub stop {
    my ($pid, $signal) = @_;
    kill $signal => $pid;
    my $end = time + 120;
    while (time < $end) {
        return $? if waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.05;
    }
    kill TERM => $pid;
    waitpid $pid, 0;
    return "SIG$signal did not end it";
}

# Runs it to its end; gives exit status and words.
sub words_of {
    my ($args, %env) = @_;
    return run_command([ $script, @$args ], env => \%env);
}

sub log_in {
    my ($port, $email, $password) = @_;
    my $client = FlaskbaseTest::Client->new(url => "http://127.0.0.1:$port");
    return $client->submit('/account/login', { email => $email, password => $password })->{status};
}

my $port = free_port();
my %env = (FLASKBASE_HOME => $home, PORT => $port);

# ---- the first run ----
my ($pid, $words) = start(%env);
ok($pid, 'the first run serves') or BAIL_OUT('quickstart run does not serve');
my $said = slurp($words);
like($said, qr{^flaskbase ready http://127\.0\.0\.1:$port/$}m, 'and says where');
my ($email) = $said =~ /(\S+@\S+\w)/;
my ($password) = $said =~ /password:?\s+(\S+)/i;
ok($email && $password, 'C6 the administrator and the generated password are printed');
is(log_in($port, $email, $password), 303, 'the printed administrator logs in');
is((stat $home)[2] & 0777, 0700, 'the site is private');
is((stat "$home/config.env")[2] & 0007, 0, 'its settings, too');
like(slurp("$home/config.env"), qr/^SECRET_KEY=\S{32,}$/m, 'with a generated key');
my $key = slurp("$home/config.env");

my ($status, $text) = words_of([ 'cli', 'user', 'list' ], %env);
is($status, 0, 'cli works beside a running server');
like($text, qr/\Q$email\E/, 'on the same site');

($status, $text) = words_of(['run'], FLASKBASE_HOME => "$dir/other", PORT => $port);
is($status, 1, 'a taken port ends it');
like($text, qr/^quickstart: .*\b$port\b.*\n\z/m, 'in one sentence that names the port');

is(stop($pid, 'TERM'), 0, 'TERM stops it cleanly');
ok(!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port"), 'and the server with it');

# ---- the second run ----
($pid, $words) = start(%env);
ok($pid, 'a second run serves');
unlike(slurp($words), qr/Installing|Preparing|Configuring|Building/, 'with nothing left to do before');
unlike(slurp($words), qr/password:?\s+\S{8}/i, 'and prints no password again');
is(slurp("$home/config.env"), $key, 'the settings are as they were');
is(log_in($port, $email, $password), 303, 'the administrator is still there');
is(stop($pid, 'INT'), 0, 'Ctrl-C stops it cleanly');

# ---- settings ----
my $named = free_port();
($pid, $words) = start(FLASKBASE_HOME => "$dir/named", PORT => $named, APP_NAME => 'Violet Otters',
    ADMIN_EMAIL => 'otter@example.org', ADMIN_PASSWORD => 'harbour-violet-91-quay');
ok($pid, 'a site with settings from the environment serves');
unlike(slurp($words), qr/harbour-violet/, 'ADMIN_PASSWORD is not printed');
like(FlaskbaseTest::Client->new(url => "http://127.0.0.1:$named")->get('/')->{content},
    qr/Violet Otters/, 'section 6: the environment wins');
is(log_in($named, 'otter@example.org', 'harbour-violet-91-quay'), 303, 'C6 with the administrator given');
is(stop($pid, 'TERM'), 0, 'it stops');

spew("$dir/named/config.env", slurp("$dir/named/config.env") . "APP_NAME=From The File\n");
($pid, $words) = start(FLASKBASE_HOME => "$dir/named", PORT => $named);
like(FlaskbaseTest::Client->new(url => "http://127.0.0.1:$named")->get('/')->{content},
    qr/From The File/, 'section 6: then the env file');
stop($pid, 'TERM');
FlaskbaseTest->clean_log("$home/logs/error.log", 'the first site');
FlaskbaseTest->clean_log("$dir/named/logs/error.log", 'the site with settings');

# ---- what goes wrong ----
sub one_sentence {
    my ($what, $pattern, %given) = @_;
    my ($ended, $complaint) = words_of(['run'], PORT => free_port(), %given);
    is($ended, 1, "$what: exit 1");
    like($complaint, $pattern, "$what: says so");
    # Packages and building may be told of before; the sentence is one line.
    my @lines = grep { /^quickstart: / } split /\n/, $complaint;
    is(scalar @lines, 1, "$what: in one sentence") or diag $complaint;
    return;
}

spew("$dir/broken/config.env", "SECRET_KEY=" . 'k' x 40 . "\nthis is no setting\n");
one_sentence('a broken config.env', qr/config\.env.*2/, FLASKBASE_HOME => "$dir/broken");
spew("$dir/short/config.env", "FLASK_CONFIG=development\nSECRET_KEY=short\n");
one_sentence('a short key', qr/SECRET_KEY/, FLASKBASE_HOME => "$dir/short");
one_sentence('no compiler', qr/compiler/, FLASKBASE_HOME => "$dir/none", CC => 'no-such-compiler');
one_sentence('a bad port', qr/PORT/, FLASKBASE_HOME => "$dir/none", PORT => '80a');
spew("$dir/full/photo.jpg", 'x');
one_sentence('a folder of other things', qr/\Q$dir\/full\E/, FLASKBASE_HOME => "$dir/full");
spew("$dir/file", 'x');
one_sentence('a file as home', qr/\Q$dir\/file\E/, FLASKBASE_HOME => "$dir/file");
one_sentence('a home below a file', qr/\Q$dir\/file\/x\E/, FLASKBASE_HOME => "$dir/file/x");
mkdir "$dir/closed", 0700;
if ($< == 0) {
    one_sentence('a parent closed to the server', qr/\Q$dir\/closed\E/, FLASKBASE_HOME => "$dir/closed/home");
}

($status, $text) = words_of([]);
like($text, qr/quickstart run/, 'help says what there is');
($status, $text) = words_of(['fly']);
is($status, 2, 'an unknown word is a mistake of usage');
done_testing;
