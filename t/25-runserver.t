# C1: flaskbase runserver, a private httpd in the foreground; the configuration it is shipped with
# (ASVS 13.4.1, 13.4.3).
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Temp ();
use FlaskbaseTest qw(slurp spew free_port);
use FlaskbaseTest::Client;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes ();

my $site = FlaskbaseTest->new(users => [], env => { FLASK_CONFIG => 'development' });
my $module = FlaskbaseTest->module;
if ($site->{data} ne FlaskbaseTest->top) {
    # The server's user may not reach the clone.
    FlaskbaseTest::run_command([ 'cp', '-R', FlaskbaseTest->top . '/conf', $module, $site->{data} ]);
    FlaskbaseTest::run_command([ 'chmod', '-R', 'a+rX', $site->{data} ]);
    $module = "$site->{data}/mod_flaskbase.so";
}
$site->make_database;
my $port = $site->port;

# Starts the command; gives its process id and the file of its output.
sub serve {
    my (@more) = @_;
    my $out = File::Temp->new;
    my @command = $site->cli_command('runserver', @more);
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        open STDIN,  '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', "$out"      or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT   or POSIX::_exit(126);
        $ENV{FLASKBASE_MODULE} = $module;
        # The httpd that it starts loads a module that may need the sanitizers' library.
        my $env = $site->_httpd_env;
        @ENV{ keys %$env } = values %$env;
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    return ($pid, $out);
}

sub until_true {
    my ($seconds, $test) = @_;
    my $end = Time::HiRes::time() + $seconds;
    while (Time::HiRes::time() < $end) {
        return 1 if $test->();
        Time::HiRes::sleep(0.05);
    }
    return 0;
}

sub ended {
    my ($pid) = @_;
    my $status;
    until_true(90, sub { waitpid($pid, POSIX::WNOHANG()) == $pid and defined($status = $?) })
        or kill(KILL => $pid), waitpid($pid, 0);
    return $status;
}

my ($pid, $out) = serve('--port', $port);
ok(until_true(90, sub { slurp("$out") =~ /ready/ }), 'C1 it says when it is ready') or diag(slurp("$out"));
is(slurp("$out"), "flaskbase ready http://127.0.0.1:$port/\n", 'C1 and where');
my $client = $site->client;
is($client->get('/')->{status}, 200, 'C1 the site answers');

# The harness gives up root for the server's user.
my $user = $> == 0 ? (getpwnam $site->{owner})[2] : $>;
is((stat "/proc/$pid")[4], $user, 'C1 as the user who called it');

# Beside the site, the shipped configuration gives away files, but neither what a version control
# system left there nor a list of a folder.
my $htdocs = $site->dir . '/state/htdocs';
my %beside = ('folder/file.txt' => "a file\n", '.well-known/security.txt' => "Contact\n",
    '.git/config' => "[core]\n", 'folder/.git/HEAD' => "ref\n", '.env' => "X=1\n");
spew("$htdocs/$_", $beside{$_}) for sort keys %beside;
FlaskbaseTest::run_command([ 'chmod', '-R', 'a+rX', $htdocs ]);
is($client->get("/$_")->{content}, $beside{$_}, "X5 $_ is served") for 'folder/file.txt', '.well-known/security.txt';
for my $path ('/.git/config', '/.git/', '/.git', '/folder/.git/HEAD', '/%2egit/config', '//.git/config', '/folder/../.git/config',
    '/.env') {
    my $reply = $client->get($path);
    is($reply->{status}, 403, "13.4.1 $path is refused");
    unlike($reply->{content}, qr/\[core\]|^ref|X=1/m, "13.4.1 $path: nothing of it");
}
for my $path ('/folder/', '/.well-known/') {
    my $reply = $client->get($path);
    like($reply->{status}, qr/^40[34]$/, "13.4.3 $path: no listing");
    unlike($reply->{content}, qr/(?:file|security)\.txt|Index of/, "13.4.3 $path: nothing of what is in it");
}

my ($second, $words) = serve('--port', $port);
is(ended($second) >> 8, 1, 'C1 a taken port');
like(slurp("$words"), qr/another program answers on 127\.0\.0\.1:$port: choose another port/, 'C1 is said');

kill TERM => $pid;
is(ended($pid), 0, 'C1 TERM ends it well');
ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port), 'C1 and httpd with it');
like(slurp($site->dir . '/state/logs/error.log'), qr/resuming normal operations/, 'C1 its log is in the state folder');

my $log = $site->dir . '/state/logs/error.log';
$site->expect_log(qr{\[authz_core:error\].*AH01630: .*: (?:flaskbase:|\S*/state/htdocs/\S*\.(?:git|env)\b)});
$site->clean_log($log, 'C1');
is((stat $log)[4], $user, 'C1 the log belongs to that user');

if ($> == 0) {
    my ($status, $text) = FlaskbaseTest::run_command([ $ENV{FB_CLI} || FlaskbaseTest->build . '/flaskbase',
        '--site', $site->env_file, 'runserver' ]);
    is($status, 1, 'C1 not as root');
    like($text, qr/runuser -u www-data/, 'C1 says how');
}
done_testing;
