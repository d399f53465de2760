# Prompts, secrets without echo, and colour, only on a terminal: section 5 of the specification,
# C5, C10. ASVS 6.2.6 (nothing of a password is shown).
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Temp ();
use FlaskbaseTest qw(slurp run_command);
use FlaskbaseTest::Cli;
use POSIX ();
use Test::More;
use Time::HiRes ();

my $cli = FlaskbaseTest::Cli->new;
my $program = $ENV{FB_CLI} || FlaskbaseTest->build . '/flaskbase';
my $home = $cli->home;

# Runs a command on a terminal (util-linux's script) and types an answer after each prompt given as
# pattern => answer. Gives (exit status, what was seen).
sub on_terminal {
    my ($command, @talk) = @_;
    my $seen = File::Temp->new;
    pipe my $keys_out, my $keys or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        open STDIN,  '<&', $keys_out or POSIX::_exit(126);
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        close $keys;
        $ENV{TERM} = 'xterm';
        exec 'script', '-q', '-e', '-f', '-c', "'$program' --home '$home' $command", "$seen"
            or POSIX::_exit(127);
    }
    close $keys_out;
    select((select($keys), $| = 1)[0]);
    my $from = 0;
    my $end = Time::HiRes::time() + 120;
    my $status;
    while (Time::HiRes::time() < $end) {
        my $new = substr slurp("$seen"), $from;
        if (@talk && $new =~ /$talk[0]/) {
            $from += $+[0];
            print {$keys} $talk[1];
            splice @talk, 0, 2;
        }
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            $status = $?;
            last;
        }
        Time::HiRes::sleep(0.02);
    }
    if (!defined $status) {
        kill KILL => $pid;
        waitpid $pid, 0;
        $status = -1;
    }
    close $keys;
    (my $text = slurp("$seen")) =~ s/\AScript started[^\n]*\n|\nScript done[^\n]*\n\z//g;
    return ($status >> 8, $text);
}

my ($status, $text) = on_terminal('config check');
is($status, 0, 'a command on a terminal');
like($text, qr/\e\[1mSETTING/, 'a bold head on a terminal');
unlike(($cli->run('config check'))[1], qr/\e/, 'no colour in a pipe');
{
    local $ENV{NO_COLOR} = 1;
    unlike((on_terminal('config check'))[1], qr/\e/, 'NO_COLOR is respected');
}

$cli->ok('db upgrade');
$cli->ok('setup-dev');
my $add = 'user add --email ada@example.org --first-name Ada --last-name Lovelace --role User';
($status, $text) = on_terminal($add, qr/New .*: /, "correct horse 7 Batteries\r", qr/same again: /,
    "correct horse 7 Batteries\r");
is($status, 0, 'C10 a password is asked for') or diag($text);
unlike($text, qr/horse/, 'V6 and not shown');
like($cli->ok('user list'), qr/ada\@example\.org/, 'C10 the user is there');

($status, $text) = on_terminal('user password ada@example.org', qr/New .*: /, "one thing 88 Here\r",
    qr/same again: /, "another thing 88 Here\r");
is($status, 1, 'C10 two different passwords');
like($text, qr/the two differ/, 'C10 are told');

# Backspace takes a whole character back, Ctrl-U the line, Ctrl-C gives up with the terminal as before.
($status, $text) = on_terminal('user password ada@example.org', qr/New .*: /,
    "wrong\x15" . "new thing 91 Here\xc3\xa4\x7f\r", qr/same again: /, "new thing 91 Here\r");
is($status, 0, 'C10 corrections while typing') or diag($text);
($status, $text) = on_terminal('user password ada@example.org', qr/New .*: /, "half\x03");
is($status, 1, 'C10 Ctrl-C gives up');
unlike($text, qr/half/, 'V6 nothing shown');

($status, $text) = on_terminal('user delete ada@example.org', qr/Type yes to go on: /, "no\r");
isnt($status, 0, 'C10 a question answered by no');
like($cli->ok('user list'), qr/ada\@example\.org/, 'C10 changes nothing');
($status, $text) = on_terminal('user delete ada@example.org', qr/Type yes to go on: /, "yes\r");
is($status, 0, 'C10 and by yes') or diag($text);
unlike($cli->ok('user list'), qr/ada\@example\.org/, 'C10 acts');

done_testing;
