# Starts a private httpd with the module for one test, and looks afterwards that its log is clean.
#
#   my $site = FlaskbaseTest->start(env => { APP_NAME => 'Try' });
#   my $page = $site->client->get('/');            # see FlaskbaseTest::Client
#   my $raw  = $site->raw("GET / HTTP/1.0\r\n\r\n"); # bytes in, bytes out
#   $site->stop;                                   # asserts: clean log, no sanitizer report
#
# Options of start and of new:
#   mpm      event (default), prefork, worker
#   without  modules of httpd that are not loaded although the harness would
#   modules  further modules of httpd, by their short names (session, deflate, cgi …)
#   env      lines of the site's env file; undef removes a default one
#   site     0: no env file and no site at all (only what `conf` says)
#   users    [ { email, password, role, first, last, unconfirmed } … ]: made by the command line;
#            any list (also an empty one) makes the database first
#   head     configuration before everything of ours
#   conf     configuration text inside the main server, behind `Flaskbase On`
#   on       0: no `Flaskbase On` in the main server
#   htdocs   { name => content } of the DocumentRoot
#   templates { name => content } of a folder of the site's own templates
#   https    1: a second port with a generated certificate ($site->https_port)
#   time     offset for faketime ("+2h"); not together with sanitizers
#   process_env  { NAME => value } for httpd's own environment
#   threads  workers of one process (default 8)
package FlaskbaseTest;

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use Fcntl ();
use File::Basename qw(dirname);
use File::Path ();
use File::Spec;
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Test::More ();
use Time::HiRes ();

use FlaskbaseTest::Client;

our @EXPORT_OK = qw(slurp spew free_port run_command);

my $TOP     = $ENV{FB_SRCDIR}   || Cwd::abs_path(dirname(__FILE__) . '/../..');
my $BUILD   = $ENV{FB_BUILDDIR} || "$TOP/build";
my $MODULE  = $ENV{FB_MODULE}   || "$BUILD/.libs/mod_flaskbase.so";
my $CLI     = $ENV{FB_CLI}      || "$BUILD/flaskbase";
my $HTTPD   = $ENV{FB_HTTPD}    || '/usr/sbin/apache2';
my $MODULES = $ENV{FB_HTTPD_MODULES} || '/usr/lib/apache2/modules';

# Lines that an ordinary start, graceful restart and stop write.
my @ORDINARY = (
    qr/\[(?:mpm_\w+|core|ssl|lbmethod_\w+|suexec):(?:notice|info)\]/,
    qr/\[flaskbase:(?:notice|info|debug)\]/,
    qr/\[mpm_event:error\].*AH03092: /,         # a connection ends while its process does
    qr/\[core:warn\].*AH00045: /,              # a process takes its time to end
    qr/AH00558: /,                             # no fully qualified domain name
    qr/\[ssl:warn\].*(?:AH0190[69]|AH01873)/,                # the generated certificate is no server's name
);

sub top     { return $TOP }
sub build   { return $BUILD }
sub module  { return $MODULE }
sub httpd   { return $HTTPD }
sub modules { return $MODULES }

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or return;
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

sub spew {
    my ($path, $text) = @_;
    File::Path::make_path(dirname($path));
    open my $out, '>:raw', $path or die "$path: $!";
    print {$out} $text or die "$path: $!";
    close $out or die "$path: $!";
    return $path;
}

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, ReuseAddr => 1)
        or die "no free port: $!";
    return $socket->sockport;
}

# Runs a command with its standard input from `input`; gives (exit status or -signal, output of both).
sub run_command {
    my ($command, %given) = @_;
    my $in  = File::Temp->new;
    my $out = File::Temp->new;
    binmode $_, ':raw' for $in, $out;
    print {$in} defined $given{input} ? $given{input} : '';
    $in->flush;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        open STDIN,  '<', "$in"  or POSIX::_exit(126);
        open STDOUT, '>', "$out" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        while (my ($name, $value) = each %{ $given{env} || {} }) {
            if (defined $value) { $ENV{$name} = $value } else { delete $ENV{$name} }
        }
        no warnings 'exec';
        exec { $command->[0] } @$command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? -($? & 127) : $? >> 8;
    return ($status, slurp("$out"));
}

# An interrupted test still ends its httpd.
$SIG{$_} ||= sub { exit 130 } for qw(INT TERM);

my %static_modules;

sub _builtin {
    my ($name) = @_;
    if (!%static_modules) {
        my ($status, $text) = run_command([ $HTTPD, '-l' ]);
        $static_modules{$1} = 1 while $text =~ /^\s+mod_(\w+)\.c/mg;
        $static_modules{so} = 1;
    }
    return $static_modules{$name};
}

sub _load {
    my ($name) = @_;
    return '' if _builtin($name);
    return "LoadModule ${name}_module \"$MODULES/mod_$name.so\"\n";
}

sub new {
    my ($class, %given) = @_;
    my $self = bless {
        mpm => 'event', modules => [], env => {}, site => 1, on => 1, threads => 8, conf => '', head => '',
        expected => [], %given
    }, $class;
    $self->{dir} = File::Temp::tempdir('flaskbase-XXXXXXXX', TMPDIR => 1,
        CLEANUP => !$ENV{FB_KEEP});
    # httpd drops root: its user must reach the state and the static files.
    chmod 0755, $self->{dir};
    $self->{owner} = $< == 0 ? (getpwnam 'www-data' ? 'www-data' : 'nobody') : undef;
    mkdir "$self->{dir}/$_" or die "$_: $!" for qw(run logs htdocs state);
    chmod 0700, "$self->{dir}/state";
    $self->own("$self->{dir}/state");
    $self->{port}       = free_port();
    $self->{https_port} = free_port() if $self->{https};
    spew("$self->{dir}/mime.types", "text/html html\ntext/css css\ntext/javascript js\n"
            . "text/plain txt\nimage/svg+xml svg\n");
    while (my ($name, $text) = each %{ $self->{htdocs} || {} }) {
        spew("$self->{dir}/htdocs/$name", $text);
    }
    $self->template($_, $self->{templates}{$_}) for sort keys %{ $self->{templates} || {} };
    $self->_stage_data;
    $self->write_env if $self->{site};
    $self->certificate if $self->{https};
    return $self;
}

# The packaged files, where the server's user can read them even if the clone is private.
sub _stage_data {
    my ($self) = @_;
    $self->{data} = $TOP;
    return unless $self->{owner};
    $self->{data} = "$self->{dir}/data";
    mkdir $self->{data};
    for my $tree (qw(templates static schema)) {
        next unless -d "$TOP/$tree";
        my ($status, $text) = run_command([ 'cp', '-R', "$TOP/$tree", $self->{data} ]);
        die $text if $status;
    }
    run_command([ 'chmod', '-R', 'a+rX', $self->{data} ]);
    return;
}

sub own {
    my ($self, @paths) = @_;
    return unless $self->{owner};
    my (undef, undef, $uid, $gid) = getpwnam $self->{owner};
    chown $uid, $gid, @paths;
    return;
}

sub dir        { return $_[0]{dir} }
sub port       { return $_[0]{port} }
sub https_port { return $_[0]{https_port} }
sub url        { return "http://127.0.0.1:$_[0]{port}" }
sub https_url  { return "https://127.0.0.1:$_[0]{https_port}" }
sub env_file   { return "$_[0]{dir}/site.env" }
sub database   { return "$_[0]{dir}/state/data-test.sqlite" }
sub pid        { return $_[0]{pid} }

# Writes one of the site's own templates.
sub template {
    my ($self, $name, $text) = @_;
    $self->{own_templates} = 1;
    return spew("$self->{dir}/templates/$name", $text);
}

# The env file: testing profile, a key of its own, then what the test gave.
sub write_env {
    my ($self, %more) = @_;
    my %env = (
        FLASK_CONFIG  => 'testing',
        SECRET_KEY    => 'n3Vq8-test-key-Wz5xTf0aYbKc2mLd7pRgHu4s',
        FLASKBASE_HOME => "$self->{dir}/state",
        FLASKBASE_DATA => $self->{data},
        BASE_URL      => $self->url,
        WORKERS       => 0,
        ($self->{own_templates} ? (TEMPLATE_DIRS => "$self->{dir}/templates") : ()),
        %{ $self->{env} }, %more
    );
    my $text = join '', map { "$_=$env{$_}\n" } grep { defined $env{$_} } sort keys %env;
    spew($self->env_file, $text);
    chmod 0600, $self->env_file;
    $self->own($self->env_file);
    return;
}

sub certificate {
    my ($self) = @_;
    my ($status, $text) = run_command([
        'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30',
        '-keyout', "$self->{dir}/key.pem", '-out', "$self->{dir}/cert.pem",
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    ]);
    die "openssl: $text" if $status;
    return;
}

# The whole configuration as text.
sub configuration {
    my ($self) = @_;
    my $dir  = $self->{dir};
    my %seen = map { $_ => 1 } @{ $self->{without} || [] };
    my @load = grep { !$seen{$_}++ }
        ("mpm_$self->{mpm}", qw(unixd authz_core log_config mime dbd), ($self->{https} ? 'ssl' : ()),
        @{ $self->{modules} });
    my $limits = $self->{mpm} eq 'prefork'
        ? "StartServers 2\nMinSpareServers 1\nMaxSpareServers $self->{threads}\n"
        . "ServerLimit $self->{threads}\nMaxRequestWorkers $self->{threads}\n"
        : "StartServers 1\nServerLimit 8\nThreadsPerChild $self->{threads}\n"
        . "MaxRequestWorkers " . 2 * $self->{threads} . "\nMinSpareThreads 1\nMaxSpareThreads "
        . 2 * $self->{threads} . "\n";
    my $text = "ServerRoot \"$dir\"\nDefaultRuntimeDir \"$dir/run\"\nPidFile \"$dir/run/httpd.pid\"\n"
        . "Listen 127.0.0.1:$self->{port}\nServerName 127.0.0.1:$self->{port}\n"
        . join('', map { _load($_) } @load)
        . "Mutex \"file:$dir/run\" default\n$limits"
        . ($self->{owner} ? "User $self->{owner}\nGroup #" . (getpwnam $self->{owner})[3] . "\n" : '')
        . "ErrorLog \"$dir/logs/error.log\"\nLogLevel notice flaskbase:info\n"
        . "LogFormat \"%h %u \\\"%r\\\" %>s %b\" common\nCustomLog \"$dir/logs/access.log\" common\n"
        . "TypesConfig \"$dir/mime.types\"\nDocumentRoot \"$dir/htdocs\"\nTraceEnable off\n"
        . "GracefulShutdownTimeout 5\n"
        . "<Directory \"/\">\nAllowOverride None\nRequire all denied\n</Directory>\n"
        . "<Directory \"$dir\">\nRequire all granted\n</Directory>\n"
        . $self->{head}
        . "LoadModule flaskbase_module \"$MODULE\"\n";
    $text .= "FlaskbaseEnvFile \"" . $self->env_file . "\"\n" if $self->{site};
    $text .= "Flaskbase On\n"                               if $self->{on};
    $text .= $self->{conf};
    if ($self->{https}) {
        $text .= "Listen 127.0.0.1:$self->{https_port}\n"
            . "<VirtualHost 127.0.0.1:$self->{https_port}>\nServerName localhost\n"
            . "ServerAlias 127.0.0.1\nSSLEngine on\n"
            . "SSLCertificateFile \"$dir/cert.pem\"\nSSLCertificateKeyFile \"$dir/key.pem\"\n"
            . ($self->{https_conf} || '') . "</VirtualHost>\n";
    }
    return $text;
}

sub conf_file { return "$_[0]{dir}/httpd.conf" }

sub write_conf {
    my ($self) = @_;
    return spew($self->conf_file, $self->configuration);
}

# Makes the database and its users by the command line, as the server's user will find them.
sub make_database {
    my ($self) = @_;
    $self->cli_ok('db', 'upgrade');
    $self->cli_ok('setup-dev', '--roles-only') if $self->{roles_only};
    for my $user (@{ $self->{users} || [] }) {
        $self->add_user(%$user);
    }
    return;
}

sub add_user {
    my ($self, %user) = @_;
    my @more = $user{unconfirmed} ? () : '--confirmed';
    push @more, '--must-change' if $user{must_change};
    my ($status, $text) = $self->cli([
            'user', 'add', '--email', $user{email}, '--first-name', $user{first} || 'Ada',
            '--last-name', $user{last} || 'Lovelace', '--role', $user{role} || 'User', @more,
            '--password-stdin'
        ], $user{password});
    die "user add: $text" if $status;
    return;
}

# The command line of a management command on this site, run as the server's user.
sub cli_command {
    my ($self, @args) = @_;
    my @command = ($self->_cli_program, '--site', $self->env_file, @args);
    return @command unless $self->{owner};
    # Files that the command makes must belong to the server's user.
    return ('setpriv', "--reuid=$self->{owner}", '--regid=' . (getpwnam $self->{owner})[3],
        '--clear-groups', '--', @command);
}

# Runs the command line on this site; gives (status, output).
sub cli {
    my ($self, $args, $input) = @_;
    return run_command([ $self->cli_command(@$args) ], input => $input, env => $self->_child_env);
}

# The command, as a copy where the server's user can't run the one in a private clone.
sub _cli_program {
    my ($self) = @_;
    return $CLI unless $self->{owner};
    $self->{cli_program} ||= do {
        my ($closed) = run_command([
            'setpriv', "--reuid=$self->{owner}", '--clear-groups', '--', 'test', '-x', $CLI ]);
        run_command([ 'cp', $CLI, $self->{data} ]) if $closed;
        $closed ? "$self->{data}/flaskbase" : $CLI;
    };
    return $self->{cli_program};
}

sub cli_ok {
    my ($self, @args) = @_;
    my ($status, $text) = $self->cli(\@args);
    die "flaskbase @args: exit $status: $text" if $status;
    return $text;
}

sub _child_env {
    my ($self) = @_;
    my %env = (%{ $self->{process_env} || {} });
    if ($ENV{FB_SANITIZERS}) {
        $env{ASAN_OPTIONS} = "detect_leaks=0:abort_on_error=0:log_path=$self->{dir}/logs/asan";
        $env{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$self->{dir}/logs/ubsan";
    }
    return \%env;
}

sub _httpd_env {
    my ($self) = @_;
    my $env = $self->_child_env;
    my @preload;
    if ($ENV{FB_SANITIZERS}) {
        my $cc = $ENV{FB_CC} || 'cc';
        chomp(my $library = `$cc -print-file-name=libasan.so`);
        push @preload, $library;
        # The children write reports too, after httpd has become another user.
        chmod 01777, "$self->{dir}/logs";
    }
    if (defined $self->{time}) {
        my ($library) = glob '/usr/lib/*/faketime/libfaketimeMT.so.1';
        die 'faketime is not installed' unless $library;
        push @preload, $library;
        $env->{FAKETIME} = $self->{time};
        $env->{DONT_FAKE_MONOTONIC} = 1;
    }
    $env->{LD_PRELOAD} = join ':', @preload if @preload;
    return $env;
}

# What `httpd -t` says: (status, text).
sub configtest {
    my ($self) = @_;
    $self->write_conf;
    return run_command([ $HTTPD, '-t', '-f', $self->conf_file ], env => $self->_httpd_env);
}

sub start {
    my ($self, @given) = @_;
    $self = $self->new(@given) unless ref $self;
    $self->make_database if $self->{users} && !$self->{made}++;
    for my $attempt (1 .. 3) {
        return $self if $self->_start_once;
        last unless $self->error_log =~ /Address already in use/;
        $self->{port} = free_port();
        $self->{https_port} = free_port() if $self->{https};
        $self->write_env if $self->{site};
    }
    die "httpd did not start:\n" . $self->output . $self->error_log;
}

sub _start_once {
    my ($self) = @_;
    $self->write_conf;
    my $env = $self->_httpd_env;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        setpgrp; # httpd signals its whole group when it ends
        open STDIN,  '<',  File::Spec->devnull         or POSIX::_exit(126);
        open STDOUT, '>>', "$self->{dir}/logs/output" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT                   or POSIX::_exit(126);
        @ENV{ keys %$env } = values %$env;
        no warnings 'exec';
        exec $HTTPD, '-f', $self->conf_file, '-DFOREGROUND' or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    return $self->wait_ready;
}

# True once the port answers; false when httpd has ended.
sub wait_ready {
    my ($self) = @_;
    my $end = Time::HiRes::time() + 120;
    while (Time::HiRes::time() < $end) {
        if (waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}) {
            delete $self->{pid};
            return 0;
        }
        return 1 if -e "$self->{dir}/run/httpd.pid"
            && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}", Timeout => 1);
        Time::HiRes::sleep(0.02);
    }
    return 0;
}

sub error_log { return slurp("$_[0]{dir}/logs/error.log") || '' }
sub access_log { return slurp("$_[0]{dir}/logs/access.log") || '' }
sub output    { return slurp("$_[0]{dir}/logs/output") || '' }

# Waits until the error log matches; gives whether it did.
sub wait_log {
    my ($self, $pattern, $seconds) = @_;
    my $end = Time::HiRes::time() + ($seconds || 60);
    while (1) {
        return 1 if $self->error_log =~ $pattern;
        return 0 if Time::HiRes::time() > $end;
        Time::HiRes::sleep(0.02);
    }
}

# A graceful restart with the configuration as it is now; waits until the new generation runs.
sub graceful {
    my ($self) = @_;
    $self->write_conf;
    my $before = () = $self->error_log =~ /resuming normal operations/g;
    kill 'USR1', $self->{pid};
    my $end = Time::HiRes::time() + 120;
    while (Time::HiRes::time() < $end) {
        my $now = () = $self->error_log =~ /resuming normal operations/g;
        return 1 if $now > $before;
        if (waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}) {
            delete $self->{pid};
            return 0;
        }
        Time::HiRes::sleep(0.02);
    }
    return 0;
}

# Lines of this pattern are not held against the run.
sub expect_log {
    my ($self, @patterns) = @_;
    push @{ $self->{expected} }, @patterns;
    return;
}

# Lines that nobody expects: of this httpd, or of the log at `path` (then also as a class method).
sub unexpected_lines {
    my ($self, $path) = @_;
    my @expected = (@ORDINARY, ref $self ? @{ $self->{expected} } : ());
    my $text = defined $path ? slurp($path) : $self->error_log . "\n" . $self->output;
    return "$path: $!" unless defined $text;
    my @lines = grep { /\S/ } split /\n/, $text;
    my @bad;
    LINE: for my $line (@lines) {
        for my $pattern (@expected) {
            next LINE if $line =~ $pattern;
        }
        push @bad, $line;
    }
    return @bad;
}

# Asserts that the log of an httpd which another program started is clean.
sub clean_log {
    my ($self, $path, $name) = @_;
    Test::More::ok(-s $path, "$name: there is an error log");
    Test::More::is_deeply([ $self->unexpected_lines($path) ], [], "$name: clean error log");
    return unless ref $self;
    my @reports = glob "$self->{dir}/logs/*san.*";
    Test::More::is_deeply([ map { slurp($_) } @reports ], [], "$name: no sanitizer report");
    return;
}

# Ends httpd, and asserts that it lived well.
sub stop {
    my ($self, $name) = @_;
    $name = defined $name ? "$name: " : '';
    my $ended = $self->_kill;
    Test::More::ok($ended, "${name}httpd stopped by itself");
    my @bad = $self->unexpected_lines;
    Test::More::is_deeply(\@bad, [], "${name}clean error log");
    my @reports = glob "$self->{dir}/logs/*san.*";
    Test::More::is_deeply([ map { slurp($_) } @reports ], [],
        $name . ($ENV{FB_SANITIZERS} ? '1.4.1-1.4.3 ' : '') . 'no sanitizer report');
    return;
}

# Ends httpd without asserting anything: for programs that are no tests.
sub end {
    my ($self) = @_;
    return $self->_kill;
}

sub _kill {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return 0;
    kill 'TERM', $pid;
    my $end = Time::HiRes::time() + 60;
    while (Time::HiRes::time() < $end) {
        return $? == 0 if waitpid($pid, POSIX::WNOHANG()) == $pid;
        Time::HiRes::sleep(0.02);
    }
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return 0;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->_kill if $self->{pid};
    return;
}

# ---- speaking to it ----

sub client {
    my ($self, %more) = @_;
    return FlaskbaseTest::Client->new(url => $self->url, %more);
}

sub https_client {
    my ($self, %more) = @_;
    return FlaskbaseTest::Client->new(url => "https://localhost:$self->{https_port}",
        ca => "$self->{dir}/cert.pem", %more);
}

# Sends bytes as they are and gives all that comes back until the server closes (or `seconds`).
sub raw {
    my ($self, $bytes, %given) = @_;
    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . ($given{port} || $self->{port}), Timeout => 5)
        or return;
    local $SIG{PIPE} = 'IGNORE';
    my $at = 0;
    while ($at < length $bytes) {
        my $sent = syswrite $socket, $bytes, length($bytes) - $at, $at;
        last unless $sent;
        $at += $sent;
    }
    shutdown $socket, 1 if $given{half_close};
    my $text = '';
    my $end  = Time::HiRes::time() + ($given{seconds} || 60);
    while ((my $left = $end - Time::HiRes::time()) > 0) {
        my $bits = '';
        vec($bits, fileno $socket, 1) = 1;
        next unless select $bits, undef, undef, $left;
        my $got = sysread $socket, $text, 65536, length $text;
        last unless $got;
    }
    return $text;
}

# The same as a parsed reply: { status, headers, content }.
sub raw_reply {
    my ($self, $bytes, %given) = @_;
    my $text = $self->raw($bytes, %given);
    return FlaskbaseTest::Client::parse_reply($text);
}

# One value or list of rows from the site's database, by sqlite3's own client.
sub sql {
    my ($self, $statement, $path) = @_;
    my ($status, $text) = run_command([ 'sqlite3', '-batch', '-cmd', '.timeout 60000',
        $path || $self->database, $statement ]);
    die "sqlite3: $text" if $status;
    chomp $text;
    return $text;
}

1;
