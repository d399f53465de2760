# Bad configurations: `httpd -t` refuses each with words that name file and line (SECURITY 3:
# configuration errors; SPEC section 6; DESIGN section 2 "Start-up and restart").
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(slurp spew);

# line(text): the number of the first line of the configuration that holds the text.
sub line_of {
    my ($path, $text) = @_;
    my $number = 0;
    for my $line (split /\n/, slurp($path)) {
        $number++;
        return $number if index($line, $text) >= 0;
    }
    return 0;
}

# [ name, where the message must point, what it must say, what is given ]
#   where: 'conf:TEXT' the line of httpd.conf holding TEXT, 'env:NAME' the line of the env file,
#          'template:NAME:LINE', or a plain string that must be there
my $directory = '<Directory "/srv">' . "\nFlaskbase On\n</Directory>\n";
my @bad = (
    # directives
    [ 'flag', 'conf:Flaskbase Perhaps', qr/Flaskbase must be On or Off/, on => 0, conf => "Flaskbase Perhaps\n" ],
    [ 'unknown directive', 'conf:FlaskbaseFoo', qr/Invalid command 'FlaskbaseFoo'/, conf => "FlaskbaseFoo 1\n" ],
    [ 'in Directory', 'conf:Flaskbase On', qr/not inside <Directory/, on => 0, conf => $directory ],
    [ 'in Files', 'conf:Flaskbase On', qr/not inside <Files/, on => 0,
        conf => "<Files \"x\">\nFlaskbase On\n</Files>\n" ],
    [ 'in LocationMatch', 'conf:Flaskbase On', qr/not inside <LocationMatch/, on => 0,
        conf => "<LocationMatch \"^/x\">\nFlaskbase On\n</LocationMatch>\n" ],
    [ 'in Location ~', 'conf:Flaskbase On', qr/not inside <Location ~/, on => 0,
        conf => "<Location ~ \"/x\">\nFlaskbase On\n</Location>\n" ],
    [ 'in If', 'conf:Flaskbase On', qr/not inside <If/, on => 0,
        conf => "<If \"true\">\nFlaskbase On\n</If>\n" ],
    [ "two mounts", "httpd.conf", qr{already has it for /a: one server has one site}, on => 0,
        conf => "<Location \"/a\">\nFlaskbase On\n</Location>\n<Location \"/b\">\n"
            . "Flaskbase On\n</Location>\n", where => qr/httpd\.conf:\d+/ ],
    [ 'duration', 'conf:FlaskbaseSessionIdle', qr/FlaskbaseSessionIdle: .*must be a duration from 1m to 30d.*, not "banana"/,
        conf => "FlaskbaseSessionIdle banana\n" ],
    [ 'duration too short', 'conf:FlaskbaseSessionIdle', qr/FlaskbaseSessionIdle: .*from 1m to 30d.*, not "10s"/,
        conf => "FlaskbaseSessionIdle 10s\n" ],
    [ 'no value', 'conf:FlaskbaseSessionIdle', qr/takes one argument/, conf => "FlaskbaseSessionIdle\n" ],
    [ 'two values', 'conf:FlaskbaseSessionIdle', qr/takes one argument/, conf => "FlaskbaseSessionIdle 5m 6m\n" ],
    [ 'size', 'conf:FlaskbaseBodyLimit', qr/FlaskbaseBodyLimit: .*must be a size from 16k to 64M, not "5"/,
        conf => "FlaskbaseBodyLimit 5\n" ],
    [ 'choice', 'conf:FlaskbaseProfile', qr/FlaskbaseProfile: .*must be development, testing, production, .*, not "debug"/,
        conf => "FlaskbaseProfile debug\n" ],
    [ 'flag word', 'conf:FlaskbaseHome', qr/FlaskbaseHome: .*must be on or off, not "perhaps"/,
        conf => "FlaskbaseHome perhaps\n" ],
    [ 'choice of unknown URLs', 'conf:FlaskbaseUnknown', qr/FlaskbaseUnknown: .*must be pass or own, not "maybe"/,
        conf => "FlaskbaseUnknown maybe\n" ],
    [ 'mount without slash', 'conf:FlaskbaseMount', qr{APPLICATION_ROOT must be "/" or a path like "/members".*no slash at the end},
        conf => "FlaskbaseMount members\n" ],
    [ 'rate', 'conf:FlaskbaseLoginLimitAccount', qr{FlaskbaseLoginLimitAccount: .*must be a count and a time like 10/15m.*, not "10/never"},
        conf => "FlaskbaseLoginLimitAccount 10/never\n" ],
    [ 'scrypt N too small', 'conf:FlaskbaseScryptN', qr/FlaskbaseScryptN: .*whole number from 1024 to 1048576, not "16"/,
        conf => "FlaskbaseScryptN 16\n" ],
    [ 'scrypt N no power of two', 'conf:FlaskbaseScryptN', qr/power of two/, conf => "FlaskbaseScryptN 5000\n" ],
    [ 'cookie name', 'conf:FlaskbaseCookieName', qr/FlaskbaseCookieName: .*must be a name of at most 40 letters.*, not "a;b"/,
        conf => "FlaskbaseCookieName \"a;b\"\n" ],
    [ 'site name', 'conf:FlaskbaseSite', qr/FlaskbaseSite: .*must be a name of at most 32 letters.*, not "my site"/,
        conf => "FlaskbaseSite \"my site\"\n" ],
    [ 'integer', 'conf:FlaskbaseHashQueue', qr/FlaskbaseHashQueue: .*whole number from 0 to 1000, not "many"/,
        conf => "FlaskbaseHashQueue many\n" ],
    [ 'score beyond 4', 'conf:FlaskbasePasswordMinScore', qr/FlaskbasePasswordMinScore: .*whole number from 0 to 4, not "9"/,
        conf => "FlaskbasePasswordMinScore 9\n" ],
    [ 'base URL', 'conf:FlaskbaseBaseUrl', qr{FlaskbaseBaseUrl: .*must be an http:// or https:// address.*, not "ftp://example\.org"},
        conf => "FlaskbaseBaseUrl ftp://example.org\n" ],
    [ 'setting in a Location', 'conf:FlaskbaseSessionIdle', qr/not allowed/, on => 0,
        conf => "<Location \"/x\">\nFlaskbaseSessionIdle 5m\n</Location>\n" ],
    [ 'secret as directive', 'conf:FlaskbaseSecretKey', qr/Invalid command/, conf => "FlaskbaseSecretKey abc\n" ],
    [ 'trusted proxy', 'conf:FlaskbaseTrustedProxies', qr/TRUSTED_PROXIES: "nowhere" is no IP address or network/,
        conf => "FlaskbaseTrustedProxies nowhere\n" ],
    [ 'template folder missing', 'no/such/folder', qr/can not open the folder of templates .*no\/such\/folder: No such file/,
        conf => "FlaskbaseTemplateDir no/such/folder\n" ],
    [ 'unknown database', 'conf:FlaskbaseDatabase', qr{DATABASE_URL: .*must start with sqlite:///, postgresql:// or postgres://},
        conf => "FlaskbaseProfile production\nFlaskbaseDatabase mysql://x/y\n" ],

    # env file
    [ 'env file missing', 'absent.env', qr/cannot read the env file .*absent\.env: No such file/, site => 0,
        conf => "FlaskbaseEnvFile absent.env\n" ],
    [ 'env file readable by others', 'site.env', qr/chmod/, mode => 0644 ],
    [ 'env syntax', 'site.env:1', qr/site\.env:1:6: expected "=" after the name/, prepend => "this is no assignment\n" ],
    [ 'env unclosed quote', 'env:APP_NAME', qr/the quote that starts here is not closed/,
        env => { APP_NAME => '"open' } ],
    [ 'no secret key', 'SECRET_KEY', qr/SECRET_KEY is not set: put a line SECRET_KEY=/,
        env => { SECRET_KEY => undef, FLASK_CONFIG => 'production' } ],
    [ 'short secret key', 'env:SECRET_KEY', qr/SECRET_KEY.*32/, env => { SECRET_KEY => 'short' } ],
    [ 'example secret key', 'env:SECRET_KEY', qr/SECRET_KEY must be a text of 32 to 1024 bytes/,
        env => { SECRET_KEY => 'SECRET_KEY_ENV_VAR_NOT_SET', FLASK_CONFIG => 'production' } ],
    [ 'profile', 'env:FLASK_CONFIG', qr/FLASK_CONFIG must be development, testing, .*, not "staging"/,
        env => { FLASK_CONFIG => 'staging' } ],
    [ 'env duration', 'env:SESSION_IDLE', qr/SESSION_IDLE.*duration/, env => { SESSION_IDLE => 'abc' } ],
    [ 'env port', 'env:MAIL_PORT', qr/MAIL_PORT.*65535/, env => { MAIL_PORT => 99999 } ],
    [ 'env database', 'env:TEST_DATABASE_URL', qr{TEST_DATABASE_URL: .*must start with sqlite:///},
        env => { TEST_DATABASE_URL => 'oracle://x' } ],
    [ 'env base URL', 'env:BASE_URL', qr{BASE_URL must be an http:// or https:// address.*, not "example\.org"},
        env => { BASE_URL => 'example.org' } ],
    [ 'env mail address', 'env:MAIL_ADDRESS', qr/MAIL_ADDRESS must be an e-mail address.*, not "nobody"/,
        env => { MAIL_ADDRESS => 'nobody' } ],
    [ 'env control character', 'env:APP_NAME', qr/APP_NAME holds control characters/,
        env => { APP_NAME => "a\x01b" } ],
    [ 'env not UTF-8', 'env:APP_NAME', qr/site\.env:\d+:1: the line is not UTF-8/,
        env => { APP_NAME => "a\xffb" } ],

    # templates
    [ 'template syntax', 'template:main/index.html:2', qr/main\/index\.html:2:\d+: .+\n.*\{% if %\}.*\n\s*\^/,
        templates => { 'main/index.html' => "<p>\n{% if %}\n" } ],
    [ 'template end missing', 'main/index.html', qr/main\/index\.html:\d+:\d+: /,
        templates => { 'main/index.html' => "{% block content %}\n" } ],
    [ 'unknown filter', 'template:main/index.html:1', qr/nosuchfilter/,
        templates => { 'main/index.html' => "{{ 1|nosuchfilter }}\n" } ],
    [ 'unknown test', 'template:main/index.html:1', qr/nosuchtest/,
        templates => { 'main/index.html' => "{{ 1 is nosuchtest }}\n" } ],
    [ 'missing parent', 'template:main/index.html:1', qr/layouts\/none\.html/,
        templates => { 'main/index.html' => "{% extends 'layouts/none.html' %}\n" } ],
    [ 'cycle', 'main/', qr/circle/,
        templates => { 'main/a.html' => "{% extends 'main/b.html' %}", 'main/b.html' => "{% extends 'main/a.html' %}" } ],
    [ 'template not UTF-8', 'bad.html', qr/template bad\.html is not UTF-8/, templates => { 'bad.html' => "a\xff\n" } ],

    # the house around it
    [ 'foreign DBD directive', 'conf:DBDPrepareSQL', qr/DBDPrepareSQL.*database/i,
        conf => "DBDPrepareSQL \"SELECT 1\" x\n" ],
    [ 'foreign DBDriver in the virtual host', 'conf:DBDriver sqlite3', qr/DBDriver would act on the database of the Flaskbase site/, on => 0,
        conf => "<VirtualHost *:1>\nServerName a.test\nDBDriver sqlite3\nFlaskbase On\n</VirtualHost>\n" ],
    [ 'inherited DBD directive', 'conf:DBDExptime', qr/DBDExptime/, on => 0,
        conf => "DBDExptime 5\n<VirtualHost *:1>\nServerName a.test\nFlaskbase On\n</VirtualHost>\n" ],
    [ 'state folder missing', '/nonexistent/state', qr/does not exist.*install -d/,
        env => { FLASKBASE_HOME => '/nonexistent/state' } ],
    [ 'state inside the DocumentRoot', 'DocumentRoot', qr/lies inside the DocumentRoot/, document_root => 1 ],
    [ 'without mod_dbd', 'mod_dbd', qr/mod_dbd.*a2enmod dbd/, without => ['dbd'] ],
);

for my $case (@bad) {
    my ($name, $where, $says, %given) = @$case;
    my $mode    = delete $given{mode};
    my $prepend = delete $given{prepend};
    my $pattern = delete $given{where};
    my $inside  = delete $given{document_root};
    my $site    = FlaskbaseTest->new(%given);
    spew($site->env_file, $prepend . slurp($site->env_file)) if $prepend;
    chmod $mode, $site->env_file if $mode;
    $site->{conf} .= "DocumentRoot \"$site->{dir}/\"\n" if $inside;
    my ($status, $text) = $site->configtest;
    isnt($status, 0, "$name: refused");
    like($text, $says, "$name: says what");
    if ($pattern) { like($text, $pattern, "$name: says where") }
    elsif ($where =~ /^conf:(.*)$/) {
        my $line = line_of($site->conf_file, $1);
        like($text, qr/line $line of .*httpd\.conf|httpd\.conf:$line\b/, "$name: says where");
    }
    elsif ($where =~ /^env:(.*)$/) {
        my $line = line_of($site->env_file, "$1=");
        like($text, qr/site\.env:$line\b/, "$name: says where");
    }
    elsif ($where =~ /^template:(.*)$/) { like($text, qr/\Q$1\E:\d+: /, "$name: says where") }
    else { like($text, qr/\Q$where\E/, "$name: says where") }
    unlike($text, qr/n3Vq8-test-key|core dumped|Segmentation/, "$name: no secret, no crash");
}

# And the good ones.
for my $good (
    [ 'plain', {} ],
    [ 'in a virtual host', { on => 0,
        conf => "<VirtualHost *:1>\nServerName a.test\nFlaskbase On\n</VirtualHost>\n" } ],
    [ 'in a Location', { on => 0, conf => "<Location \"/members\">\nFlaskbase On\n</Location>\n" } ],
    [ 'off in a Location', { conf => "<Location \"/admin\">\nFlaskbase Off\n</Location>\n" } ],
    [ 'every kind of value', { conf => "FlaskbaseSessionIdle 45m\nFlaskbaseBodyLimit 2M\nFlaskbaseHome off\n"
            . "FlaskbaseAllowedHosts a.test b.test\nFlaskbaseLoginLimitAccount off\nFlaskbaseScryptN 2048\n" } ],
    [ 'prefork', { mpm => 'prefork' } ],
    [ 'mod_session behind us', { conf => "LoadModule session_module \"" . FlaskbaseTest::modules() . "/mod_session.so\"\n" } ],
) {
    my ($name, $given) = @$good;
    my ($status, $text) = FlaskbaseTest->new(%$given)->configtest;
    is($status, 0, "good: $name") or diag $text;
}

# What is not wrong but unwise is told.
{
    my $site = FlaskbaseTest->new;
    chmod 0755, "$site->{dir}/state";
    my ($status, $text) = $site->configtest;
    is($status, 0, 'a state folder that others can enter is accepted');
    like($text, qr/open to every user: chmod 700/, 'with a warning');
}

# `httpd -L` is the help: every directive with its sentence.
{
    my $site = FlaskbaseTest->new(site => 0, on => 0);
    $site->write_conf;
    my ($status, $text) = FlaskbaseTest::run_command([ FlaskbaseTest::httpd(), '-L', '-f', $site->conf_file ],
        env => $site->_httpd_env);
    like($text, qr/^Flaskbase \(mod_flaskbase\.c\)\n\s+\S.*served/m, 'httpd -L explains Flaskbase');
    my @names = $text =~ /^(Flaskbase\w+) \(mod_flaskbase\.c\)$/mg;
    cmp_ok(scalar @names, '>=', 40, 'and every setting');
}
done_testing;
