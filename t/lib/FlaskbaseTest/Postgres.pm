# A private PostgreSQL on loopback, never as root; gone when the object is.
#
#   my $server = FlaskbaseTest::Postgres->start;
#   my $url = $server->create;           # postgresql://… of a new, empty database
#   my @rows = $server->sql($url, 'SELECT …');
package FlaskbaseTest::Postgres;

use strict;
use warnings;

use File::Path ();
use File::Temp ();
use FlaskbaseTest qw(free_port run_command slurp);
use POSIX ();
use Time::HiRes ();

sub start {
    my ($class) = @_;
    my ($initdb) = reverse sort glob '/usr/lib/postgresql/*/bin/initdb';
    die "no PostgreSQL server: install Debian's package postgresql\n" unless $initdb;
    my $self = bless {
        dir => File::Temp::tempdir('flaskbase-pgsql-XXXXXXXX', TMPDIR => 1), port => free_port(),
        bin => $initdb =~ s{/initdb$}{}r, made => 0, owner => $$
    }, $class;
    if ($< == 0) {
        my (undef, undef, $uid, $gid) = getpwnam 'postgres' or die "no user postgres\n";
        chown $uid, $gid, $self->{dir};
        $self->{become} = [ 'setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups', '--' ];
    }
    my ($status, $text) = $self->_run('initdb', '-D', "$self->{dir}/data", '-U', 'fb', '-A', 'trust',
        '-E', 'UTF8', '--no-locale', '-N');
    die "initdb: $text" if $status;
    $self->launch;
    return $self;
}

sub _run {
    my ($self, $program, @args) = @_;
    return run_command([ @{ $self->{become} || [] }, "$self->{bin}/$program", @args ], env => { HOME => $self->{dir} });
}

sub launch {
    my ($self) = @_;
    my ($status, $text) = $self->_run('pg_ctl', '-D', "$self->{dir}/data", '-l', "$self->{dir}/log", '-w', '-o',
        "-h 127.0.0.1 -p $self->{port} -k '' -c fsync=off -c max_connections=60", 'start');
    die "pg_ctl: $text" . (slurp("$self->{dir}/log") || '') if $status;
    return;
}

sub halt {
    my ($self, $mode) = @_;
    $self->_run('pg_ctl', '-D', "$self->{dir}/data", '-w', '-m', $mode || 'immediate', 'stop');
    return;
}

sub url { return "postgresql://fb\@127.0.0.1:$_[0]{port}/$_[1]" }

sub create {
    my ($self) = @_;
    my $name = 'site' . ++$self->{made};
    $self->sql($self->url('postgres'), "CREATE DATABASE $name");
    return $self->url($name);
}

sub sql {
    my ($self, $url, $sql) = @_;
    my ($status, $text) = run_command([ "$self->{bin}/psql", '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', $sql, $url ]);
    die "psql: $text" if $status;
    return map { [ split /\|/, $_, -1 ] } split /\n/, $text;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$; # not in forked children
    local $?;
    $self->halt;
    File::Path::remove_tree($self->{dir});
    return;
}

1;
