# The management command on a site of its own, without any httpd.
#
#   my $cli = FlaskbaseTest::Cli->new(env => { FLASK_CONFIG => 'production' });
#   my ($status, $out, $err) = $cli->run('user list --json');
#   my ($status, $out, $err) = $cli->run([ 'user', 'add', … ], "password\n");
#
# Options: env (lines of the env file), process_env (the command's own environment).
# The database is an SQLite file, or one of $FlaskbaseTest::Cli::server (FlaskbaseTest::Postgres).
package FlaskbaseTest::Cli;

use strict;
use warnings;

use File::Temp ();
use FlaskbaseTest qw(slurp spew);
use JSON::PP ();
use POSIX ();
use Test::More ();

our $server;

my $CLI = $ENV{FB_CLI} || FlaskbaseTest::build() . '/flaskbase';

sub new {
    my ($class, %given) = @_;
    my $self = bless { env => {}, process_env => {}, %given }, $class;
    $self->{home} = File::Temp::tempdir('flaskbase-cli-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    $self->{url} = $server ? $server->create : "sqlite:///$self->{home}/data-dev.sqlite";
    $self->env(%{ $self->{env} });
    return $self;
}

sub home     { return $_[0]{home} }
sub database { return "$_[0]{home}/data-dev.sqlite" }

# Writes the env file anew.
sub env {
    my ($self, %more) = @_;
    my %env = (
        FLASK_CONFIG => 'development', SECRET_KEY => 'n3Vq8-test-key-Wz5xTf0aYbKc2mLd7pRgHu4s',
        FLASKBASE_DATA => FlaskbaseTest::top(), SCRYPT_N => 1024,
        DATABASE_URL => $self->{url}, %more
    );
    spew("$self->{home}/config.env", join '', map { "$_=$env{$_}\n" } grep { defined $env{$_} } sort keys %env);
    chmod 0600, "$self->{home}/config.env";
    return;
}

# (exit status, standard output, standard error)
sub run {
    my ($self, $args, $input) = @_;
    my @command = ($CLI, '--home', $self->{home}, ref $args ? @$args : split ' ', $args);
    my ($in, $out, $err) = map { File::Temp->new } 1 .. 3;
    print {$in} defined $input ? $input : '';
    $in->flush;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        open STDIN,  '<', "$in"  or POSIX::_exit(126);
        open STDOUT, '>', "$out" or POSIX::_exit(126);
        open STDERR, '>', "$err" or POSIX::_exit(126);
        # Nothing of the machine's own site comes in.
        delete @ENV{ grep { /^(?:FLASK|ADMIN_|DATABASE|SECRET|SCRYPT|PASSWORD)/ } keys %ENV };
        @ENV{ keys %{ $self->{process_env} } } = values %{ $self->{process_env} };
        no warnings 'exec';
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? -($? & 127) : $? >> 8;
    return ($status, slurp("$out"), slurp("$err"));
}

# Standard output of a command that must succeed.
sub ok {
    my ($self, $args, $input) = @_;
    my ($status, $out, $err) = $self->run($args, $input);
    die "flaskbase " . (ref $args ? "@$args" : $args) . ": exit $status: $out$err" if $status;
    return $out;
}

sub json {
    my ($self, $args, $input) = @_;
    return JSON::PP::decode_json($self->ok($args, $input));
}

# Asserts exit status and what standard error says.
sub fails {
    my ($self, $args, $status, $words, $name, $input) = @_;
    my ($got, $out, $err) = $self->run($args, $input);
    Test::More::is($got, $status, "$name: exit $status");
    Test::More::like($err, $words, "$name: says why");
    return $out;
}

# SQL of the test's own; rows as arrays of columns.
sub sql {
    my ($self, $sql) = @_;
    if ($server) {
        $sql =~ s/\bx'([0-9a-f]*)'/'\\x$1'/g;
        return map { [ map { { t => 1, f => 0 }->{$_} // $_ } @$_ ] } $server->sql($self->{url}, $sql);
    }
    my ($status, $text) = FlaskbaseTest::run_command([ 'sqlite3', '-bail', $self->database, $sql ]);
    die "sqlite3: $text" if $status;
    return map { [ split /\|/, $_, -1 ] } split /\n/, $text;
}

1;
