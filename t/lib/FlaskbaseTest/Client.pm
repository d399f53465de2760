# A small browser for tests: cookie jar, forms with their CSRF token, no redirect followed unasked.
#
#   my $reply = $client->get('/path', accept => 'text/html');
#   $reply->{status}, $reply->{headers}{name} (array for repeated ones), $reply->{content}
#   $client->post('/path', { field => 'value' });      # fields as given
#   $client->submit('/path', { field => 'value' });    # fetches the page's form first
#   $client->follow($reply);                           # GET of its Location
package FlaskbaseTest::Client;

use strict;
use warnings;

use HTTP::Tiny;

sub new {
    my ($class, %given) = @_;
    my $self = bless { jar => {}, agent => 'Mozilla/5.0 (test) Firefox/128.0', %given }, $class;
    my %tls = $self->{ca}
        ? (verify_SSL => 1, SSL_options => { SSL_ca_file => $self->{ca} }) : ();
    $self->{http} = HTTP::Tiny->new(max_redirect => 0, timeout => $given{timeout} || 120,
        keep_alive => $given{keep_alive} ? 1 : 0, agent => $self->{agent}, %tls);
    return $self;
}

sub request {
    my ($self, $method, $path, %given) = @_;
    my %headers = (accept => 'text/html,application/xhtml+xml,*/*;q=0.8', %{ $given{headers} || {} });
    my $cookies = $self->cookie_header($path);
    $headers{cookie} = $cookies if length $cookies && !exists $headers{cookie};
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
    my %options = (headers => \%headers);
    $options{content} = $given{content} if defined $given{content};
    my $url = $path =~ /^https?:/ ? $path : $self->{url} . $path;
    my $reply = $self->{http}->request($method, $url, \%options);
    die "$method $url: $reply->{content}" if $reply->{status} == 599;
    $reply->{content} = '' unless defined $reply->{content};
    $self->take_cookies($reply);
    $self->{last} = $reply;
    return $reply;
}

sub get  { my ($self, $path, %headers) = @_; return $self->request('GET', $path, headers => \%headers) }
sub head { my ($self, $path, %headers) = @_; return $self->request('HEAD', $path, headers => \%headers) }

sub post {
    my ($self, $path, $fields, %headers) = @_;
    return $self->request('POST', $path,
        headers => { 'content-type' => 'application/x-www-form-urlencoded', %headers },
        content => ref $fields ? form($fields) : $fields);
}

# Fields as application/x-www-form-urlencoded; a hash, or an array of pairs where order counts.
sub form {
    my ($fields) = @_;
    my @pairs = ref $fields eq 'HASH' ? map { ($_, $fields->{$_}) } sort keys %$fields : @$fields;
    my @out;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        next unless defined $value;
        push @out, join '=', map { my $t = $_; utf8::encode($t) if utf8::is_utf8($t);
            $t =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge; $t } $name, $value;
    }
    return join '&', @out;
}

# The CSRF token of a page.
sub token {
    my ($text) = @_;
    my ($input) = $text =~ /(<input\b[^>]*\bname="csrf_token"[^>]*>)/s or return;
    my ($value) = $input =~ /\bvalue="([^"]*)"/;
    return $value;
}

# Fetches the page, sends its form with these fields and its hidden ones.
sub submit {
    my ($self, $path, $fields, %headers) = @_;
    my $page  = $self->get($path, %headers);
    my $token = token($page->{content});
    return $self->post($path, { (defined $token ? (csrf_token => $token) : ()), %$fields }, %headers);
}

sub login {
    my ($self, $email, $password, %more) = @_;
    my $path = delete $more{path} || '/account/login';
    return $self->submit($path, { email => $email, password => $password, %more });
}

sub location {
    my ($reply) = @_;
    my $location = $reply->{headers}{location};
    return defined $location ? $location : '';
}

sub follow {
    my ($self, $reply) = @_;
    my $location = location($reply);
    die "no Location in a $reply->{status}" unless length $location;
    return $self->get($location);
}

# ---- cookies ----

sub take_cookies {
    my ($self, $reply) = @_;
    my $set = $reply->{headers}{'set-cookie'};
    for my $line (ref $set ? @$set : defined $set ? $set : ()) {
        my ($pair, @attributes) = split /\s*;\s*/, $line;
        my ($name, $value) = split /=/, $pair, 2;
        my %attribute = map { my ($n, $v) = split /=/, $_, 2; (lc $n, $v) } @attributes;
        if ($value eq '' || (defined $attribute{'max-age'} && $attribute{'max-age'} <= 0)) {
            delete $self->{jar}{$name};
        }
        else {
            $self->{jar}{$name} = { value => $value, path => $attribute{path} || '/', %attribute };
        }
    }
    return;
}

sub cookie_header {
    my ($self, $path) = @_;
    $path =~ s{^https?://[^/]*}{};
    return join '; ', map { "$_=$self->{jar}{$_}{value}" }
        grep { index($path, $self->{jar}{$_}{path}) == 0 } sort keys %{ $self->{jar} };
}

# All Set-Cookie lines of a reply.
sub set_cookies {
    my ($reply) = @_;
    my $set = $reply->{headers}{'set-cookie'};
    return ref $set ? @$set : defined $set ? ($set) : ();
}

# ---- replies from raw sockets ----

sub parse_reply {
    my ($text) = @_;
    return unless defined $text && $text =~ /^HTTP\/1\.[01] ([0-9]{3})/;
    my %reply = (status => $1, raw => $text, headers => {});
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my (undef, @lines) = split /\r\n/, $head;
    for my $line (@lines) {
        my ($name, $value) = $line =~ /^([^:]+):\s*(.*)$/ or next;
        $name = lc $name;
        my $old = $reply{headers}{$name};
        $reply{headers}{$name} = defined $old ? [ ref $old ? @$old : $old, $value ] : $value;
    }
    $body = '' unless defined $body;
    if (($reply{headers}{'transfer-encoding'} || '') eq 'chunked') {
        my $out = '';
        while ($body =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//) {
            my $len = hex $1 or last;
            $out .= substr $body, 0, $len, '';
            $body =~ s/^\r\n//;
        }
        $body = $out;
    }
    $reply{content} = $body;
    return \%reply;
}

1;
