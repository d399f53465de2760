# Logging in: R3, F1, X10, D3, D8, D11, D13, D22, D26, D29, M7; ASVS 6.2.8, 6.3.8, 7.2.4.
use strict;
use warnings;
use utf8;
use Digest::SHA ();
use Test::More;
use Time::HiRes ();
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes field field_error links problems);

binmode $_, ':encoding(UTF-8)' for *STDOUT, *STDERR;

# The first block of RFC 8018's function, which is all that these hashes need.
sub pbkdf2 {
    my ($hmac, $password, $salt, $rounds) = @_;
    my $block = my $u = $hmac->($salt . pack('N', 1), $password);
    for (2 .. $rounds) {
        $u = $hmac->($u, $password);
        $block ^= $u;
    }
    return unpack 'H*', $block;
}

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(
    env   => { LOGIN_LIMIT_ACCOUNT => '10000/1m', LOGIN_LIMIT_NETWORK => '10000/1m' },
    users => [
        { email => 'ada@example.org', password => $good, first => 'Ada', last => "O'Love & <Lace>" },
        { email => 'Root@Example.ORG', password => $good, role => 'Administrator', first => 'Root', last => 'User' },
        { email => 'spaces@example.org', password => '  two  blanks around  ' },
    ]);
my $wrong = 'error: Invalid email or password.';

# ---- F1: the form ----
{
    my $page = $site->client->get('/account/login')->{content};
    is_deeply([ problems($page) ], [], 'F1, D32 the page is well-formed');
    is(field($page, 'email')->{type}, 'email', 'F1 email');
    is(field($page, 'email')->{autocomplete}, 'username', 'F1 email can be filled in by the browser');
    is(field($page, 'password')->{type}, 'password', 'F1 password');
    is(field($page, 'password')->{autocomplete}, 'current-password', 'F1 password can be filled in');
    is(field($page, 'remember_me')->{type}, 'checkbox', 'F1 remember_me');
    like($page, qr/<label for="remember_me">Keep me logged in<\/label>/, 'F1 its label');
    is(field($page, 'submit')->{value}, 'Log in', 'F1 submit');
    ok(defined field($page, 'csrf_token')->{value}, 'X1 the form carries a token');
    like($page, qr/<form action="" method="POST" class="ui form">/, 'T3 the form as macros draw it');
    unlike($page, qr/account\/register|reset-password/, 'links show only routes that exist');
}

# ---- R3: good ----
{
    my $client = $site->client;
    my $reply  = $client->login('ada@example.org', $good);
    is($reply->{status}, 303, 'R3, D29 a good login is redirected');
    is($reply->{headers}{location}, '/', 'R3 to the index page of the role User');
    my $page = $client->follow($reply)->{content};
    is_deeply([ flashes($page) ], ['success: You are now logged in. Welcome back!'], 'R3 welcome');
    like($page, qr/Hello, Ada O&#39;Love &amp; &lt;Lace&gt;!/, 'R1, X11 greeted by full name, escaped');
    is_deeply([ flashes($client->get('/')->{content}) ], [], 'X10 the message is shown once');

    $reply = $site->client->login('root@example.org', $good);
    is($reply->{headers}{location}, '/admin/', 'R3 an administrator lands on the dashboard');
    is($site->client->login('ADA@EXAMPLE.org', $good)->{status}, 303, 'D26 case of the address does not count');
    is($site->client->login(' ada@example.org ', $good)->{status}, 303, 'F1 blanks around the address do not count');
    is($site->client->login('spaces@example.org', '  two  blanks around  ')->{status}, 303,
        'a password is never trimmed');
    is($site->client->login('spaces@example.org', 'two  blanks around')->{status}, 200, '… nor is the typed one');
}

# ---- R3: bad, the same answer for every reason (D13) ----
$site->sql("INSERT INTO users (uid, confirmed, first_name, last_name, email, email_canonical, role_id)"
        . " SELECT lower(hex(randomblob(16))), 0, 'In', 'Vited', 'invited\@example.org',"
        . " 'invited\@example.org', id FROM roles WHERE name = 'User'");
{
    my %page;
    for my $try ([ wrong => 'ada@example.org' ], [ unknown => 'nobody@example.org' ], [ invited => 'invited@example.org' ]) {
        my ($name, $email) = @$try;
        my $reply = $site->client->login($email, 'not the password 9');
        is($reply->{status}, 200, "R3 $name: the form again");
        is_deeply([ flashes($reply->{content}) ], [$wrong], "R3, D11 $name: says only that");
        is(field($reply->{content}, 'email')->{value}, $email, "R3 $name: the address is kept");
        is(field($reply->{content}, 'password')->{value} || '', '', "R3 $name: the password is not");
        $page{$name} = $reply->{content};
        $page{$name} =~ s/\Q$email\E/EMAIL/g;
        $page{$name} =~ s/(name="csrf_token"[^>]* value=")[^"]*/$1/g;
    }
    is($page{unknown}, $page{wrong}, 'D13 unknown account: the same page, byte for byte');
    is($page{invited}, $page{wrong}, 'D13 account without password: the same page, byte for byte');
    is($site->client->login('invited@example.org', '')->{status}, 200, 'R3 an empty password opens nothing');
}

# ---- field errors ----
{
    my %expect = (
        ''                       => 'This field is required.',
        'ada'                    => 'Invalid email address.',
        'ada@'                   => 'Invalid email address.',
        '@example.org'           => 'Invalid email address.',
        'a b@example.org'        => 'Invalid email address.',
        ('x' x 53) . '@example.org' => 'Field must be between 1 and 64 characters long.',
    );
    for my $email (sort keys %expect) {
        my $page = $site->client->login($email, $good)->{content};
        is(field_error($page, 'email'), $expect{$email}, "F1 '$email': $expect{$email}");
        like($page, qr/<div class="field error">/, "T3 '$email': the field is marked");
        is(field($page, 'email')->{'aria-describedby'}, 'email-error', "'$email': error and field are tied together");
        is(field($page, 'email')->{'aria-invalid'}, 'true', "'$email': the field says that it is invalid");
    }
    my $page = $site->client->login('ada@example.org', '')->{content};
    is(field_error($page, 'password'), 'This field is required.', 'F1 password required');
    is(field_error($page, 'email'), undef, 'F1 and nothing else is wrong');
    like($page, qr/class="ui form error"/, 'T3 the form says that it has errors');
    is($site->client->login(('x' x 52) . '@example.org', $good)->{status}, 200, 'F1 64 characters are fine');
    my $canary = q{'"><x y=1>{{7*7}}</script>@example.org};
    $page = $site->client->login($canary, $good)->{content};
    unlike($page, qr{<x }, q{X11, 1.2.1 what was typed comes back as text});
    is(field($page, 'email')->{value}, $canary, 'X11 unchanged');
    is_deeply([ problems($page) ], [], 'X11 and the page is still well-formed');
}

# ---- what is no form of ours (X1, 2.2.1, 2.2.2) ----
{
    my $client = $site->client;
    my $reply  = $client->post('/account/login', { email => 'ada@example.org', password => $good });
    is($reply->{status}, 400, 'X1 without a token: 400');
    like(text($reply->{content}), qr/nothing was changed/i, 'X1 says what happened');
    is(links($reply->{content})->{'Open the form again'}, '/account/login', 'X1 and offers the form again');
    is_deeply([ problems($reply->{content}) ], [], 'X1 well-formed');
    my $token = FlaskbaseTest::Client::token($client->get('/account/login')->{content});
    my @right = (csrf_token => $token, email => 'ada@example.org', password => $good);
    my %bad   = (
        'a token of another visitor' => [ csrf_token =>
            FlaskbaseTest::Client::token($site->client->get('/account/login')->{content}), @right[ 2 .. 5 ] ],
        'a field sent twice'   => [ @right, email => 'root@example.org' ],
        'a password sent twice' => [ @right, password => $good ],
        'a NUL byte'           => [ @right[ 0 .. 3 ], password => "$good\0" ],
        'invalid UTF-8'        => [ @right[ 0 .. 3 ], password => "$good\xff" ],
    );
    for my $name (sort keys %bad) {
        $reply = $client->post('/account/login', $bad{$name});
        is($reply->{status}, 400, "2.2.1 $name: 400");
        is_deeply([ problems($reply->{content}) ], [], "2.2.1 $name: with a page");
    }
    is($client->get('/account/manage')->{status}, 302, 'none of it logs in');
    my $long = 'x' x 256;
    is($client->post('/account/login', [ @right[ 0 .. 3 ], password => $long ])->{status}, 200, '2.2.1 256 characters are read');
    is($client->post('/account/login', [ @right[ 0 .. 3 ], password => "${long}x" ])->{status}, 200, '2.2.1 257, too');
    is($client->post('/account/login?email=root@example.org', [ @right, is_admin => 1, role_id => 2 ])->{status}, 303,
        'unknown fields and the query do not count');
    like(text($client->get('/account/manage')->{content}), qr/ada\@example\.org Account type User/, 'nor do they change anything');
}

# ---- next (D3) ----
{
    my @good = ('/about', '/account/manage', '/admin/', '/about?x=1&y=%C3%A9', '/');
    my @bad  = ('http://evil.example/', '//evil.example/', '/\evil.example', '\\\\evil.example', '/%2Fevil.example',
        '/%5Cevil.example', 'javascript:alert(1)', '', 'about', "/a\nb", "/%0d%0aSet-Cookie:x=y", '/%09/evil.example',
        '/../evil', '/./about', '/about#x', 'https:/evil.example', '/%252Fevil', "/\x{20ac}", '/account/logout',
        '/' . 'x' x 2000, '///evil.example', '/;@evil.example/..');
    for my $next (@good) {
        my $path  = '/account/login?' . FlaskbaseTest::Client::form({ next => $next });
        my $reply = $site->client->login('ada@example.org', $good, path => $path);
        is($reply->{headers}{location}, $next, "R3, D3 next=$next is followed");
    }
    for my $next (@bad) {
        my $path  = '/account/login?' . FlaskbaseTest::Client::form({ next => $next });
        my $reply = $site->client->login('ada@example.org', $good, path => $path);
        (my $shown = substr $next, 0, 40) =~ s/[^ -~]/?/g;
        is($reply->{headers}{location}, '/', "D3 next=$shown leads to the index page");
    }
}

# ---- X2 and back again ----
{
    my $client = $site->client;
    my $reply  = $client->get('/account/manage?a=1&b=2');
    is($reply->{status}, 302, 'X2 a login is asked for');
    like($reply->{headers}{location}, qr{^/account/login\?next=}, 'X2 with the way back');
    my $page = $client->follow($reply)->{content};
    is_deeply([ flashes($page) ], ['info: Please log in to access this page.'], 'X2 and says so');
    my $token = FlaskbaseTest::Client::token($page);
    $reply = $client->post($reply->{headers}{location},
        { csrf_token => $token, email => 'ada@example.org', password => $good });
    is($reply->{headers}{location}, '/account/manage?a=1&b=2', 'X2 after the login: what was asked for');
}

# ---- a new session at login (ASVS 7.2.4) ----
{
    my $client = $site->client;
    $client->get('/account/login');
    my ($name)  = keys %{ $client->{jar} };
    my $before  = $client->{jar}{$name}{value};
    $client->login('ada@example.org', $good);
    isnt($client->{jar}{$name}{value}, $before, '7.2.4 login changes the cookie');
    my $old = $site->client;
    $old->{jar}{$name} = { value => $before, path => '/' };
    is($old->get('/account/manage')->{status}, 302, '7.2.4 the cookie from before the login opens nothing');
    is($client->get('/account/manage')->{status}, 200, 'the new one does');
    my ($set) = grep { /^\Q$name\E=/ } FlaskbaseTest::Client::set_cookies($site->client->login('ada@example.org', $good));
    unlike($set, qr/Max-Age|Expires/i, 'X6 without remember me the cookie ends with the browser');
    ($set) = FlaskbaseTest::Client::set_cookies($site->client->login('ada@example.org', $good, remember_me => 'y'));
    like($set, qr/Max-Age=31536000|Expires=/i, 'X6 with it, it stays for 365 days');
    like($set, qr/HttpOnly/, 'D37 HttpOnly');
    like($set, qr/SameSite=Lax/, 'D37 SameSite');
}

# ---- M7: weak hashes are accepted and replaced ----
{
    my %hash = (
        'pbkdf2:sha256' => 'pbkdf2:sha256:1000$saltSALTsaltSALT$'
            . pbkdf2(\&Digest::SHA::hmac_sha256, $good, 'saltSALTsaltSALT', 1000),
        'pbkdf2:sha1' => 'pbkdf2:sha1:1000$abc$' . pbkdf2(\&Digest::SHA::hmac_sha1, $good, 'abc', 1000),
    );
    for my $format (sort keys %hash) {
        $site->sql("UPDATE users SET password_hash = '$hash{$format}' WHERE email = 'ada\@example.org'");
        is($site->client->login('ada@example.org', "$good!")->{status}, 200, "M7 $format: a wrong password fails");
        is($site->sql("SELECT password_hash FROM users WHERE email = 'ada\@example.org'"), $hash{$format},
            "M7 $format: and changes nothing");
        is($site->client->login('ada@example.org', $good)->{status}, 303, "M7 $format: the right one opens");
        like($site->sql("SELECT password_hash FROM users WHERE email = 'ada\@example.org'"), qr/^scrypt:1024:8:1\$/,
            "M7 $format: and is hashed anew");
        is($site->client->login('ada@example.org', $good)->{status}, 303, "M7 $format: which opens too");
    }
}
$site->stop;

# ---- D13, 6.3.8: the same work, whoever asks ----
# Every hash of a password leaves a debug line with its cost: one, and the same, in each case; with an
# older and cheaper hash a second one, of the difference.
{
    my $site = FlaskbaseTest->start(
        conf  => "LogLevel flaskbase:debug\n",
        users => [ { email => 'ada@example.org', password => $good } ]);
    $site->sql("INSERT INTO users (uid, confirmed, first_name, last_name, email, email_canonical, role_id)"
            . " SELECT lower(hex(randomblob(16))), 0, 'In', 'Vited', 'invited\@example.org',"
            . " 'invited\@example.org', id FROM roles WHERE name = 'User'");
    my $client = $site->client;
    my $token  = FlaskbaseTest::Client::token($client->get('/account/login')->{content});
    for my $who (qw(ada nobody invited)) {
        my $before = () = $site->error_log =~ /password hash: /g;
        my $reply  = $client->post('/account/login',
            { csrf_token => $token, email => "$who\@example.org", password => 'wrong' });
        is($reply->{status}, 200, "D13 $who is refused");
        my @hashes = $site->error_log =~ /password hash: (\S+ [\d:]+)/g;
        is_deeply([ @hashes[ $before .. $#hashes ] ], ['scrypt 1024:8:1'], "D13 $who costs one hash");
    }
    $site->sql("UPDATE users SET password_hash = 'scrypt:512:8:1\$abcdefgh\$" . '00' x 64
            . "' WHERE email = 'ada\@example.org'");
    my $before = () = $site->error_log =~ /password hash: /g;
    my $reply  = $client->post('/account/login',
        { csrf_token => $token, email => 'ada@example.org', password => 'wrong' });
    is($reply->{status}, 200, 'D13 an account with an older hash refuses');
    my @hashes = $site->error_log =~ /password hash: (\S+ [\d:]+)/g;
    is_deeply([ @hashes[ $before .. $#hashes ] ], [ 'scrypt 512:8:1', 'scrypt 1024:4:1' ],
        'D13 and makes up the difference to a new one');
    $site->stop('same work');
}

# ---- D22: limits ----
{
    my $tight = FlaskbaseTest->start(env => { LOGIN_LIMIT_ACCOUNT => '3/15m' },
        users => [ { email => 'ada@example.org', password => $good }, { email => 'bob@example.org', password => $good } ]);
    for my $email ('ada@example.org', 'nobody@example.org') {
        my $reply;
        $reply = $tight->client->login($email, "wrong $_") for 1 .. 3;
        is($reply->{status}, 200, "D22 $email: three failures are fine");
        $reply = $tight->client->login($email, $good);
        is($reply->{status}, 429, "D22 $email: then it is enough, known or not");
        like($reply->{headers}{'retry-after'}, qr/^[1-9]\d*$/, "D22 $email: Retry-After");
        like(text($reply->{content}), qr/Please wait .*(?:second|minute)/, "D22 $email: and in words");
        is_deeply([ problems($reply->{content}) ], [], "R26 $email: in the site's layout");
    }
    is($tight->client->login('bob@example.org', $good)->{status}, 303, 'D22 others are not concerned');
    $tight->stop('limits');
}
done_testing;
